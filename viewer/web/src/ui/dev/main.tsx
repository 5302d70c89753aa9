import { startPlaces } from "../place";
import { prefs, setPrefs } from "../prefs";
import { startPage } from "../start";
import { fakeEngine } from "./fake";

const query = new URLSearchParams(location.search);
const theme = query.get("theme");
if (theme === "dark" || theme === "light") setPrefs({ theme });
const lang = query.get("lang");
if (lang === "fr" || lang === "en") setPrefs({ language: lang });
const view = query.get("view");
if (view === "ring" || view === "grid" || view === "list") setPrefs({ view: { claire: view } });
if (query.has("used")) {
  const id = (k: number) => k.toString(16).padStart(32, "7a3c");
  setPrefs({ used: { claire: { [id(1)]: Date.now() - 60_000 * 14, [id(5)]: Date.now() - 3_600_000 * 5 } } });
}
void prefs;
startPlaces();
void startPage(fakeEngine());
