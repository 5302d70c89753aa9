/* Keys that work everywhere: "/" searches, "g" and a letter goes, "?" lists them, letters act on a device's card.
 * Single letters act only when no field has focus, and can be turned off. */
import { go, place } from "../place";
import { prefs } from "../prefs";

const CHORD_MS = 1500; // how long "g" waits for its second letter

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable], canvas, dialog, [role=menu]") !== null
  );
}

function onCard(event: KeyboardEvent): boolean {
  const card = (event.target as HTMLElement).closest?.<HTMLElement>("li.dev");
  if (!card) return false;
  const wanted = event.key === "f" ? ".over, .do a" : event.key === "m" ? ".more > button" : "";
  const button = wanted ? card.querySelector<HTMLElement>(wanted) : null;
  button?.click();
  return button !== null;
}

export function startKeys(showTable: () => void): () => void {
  let armedUntil = 0;
  const keys = (event: KeyboardEvent) => {
    if (place.value.at === "session" || !prefs.value.letters) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target))
      return;
    const done = () => {
      event.preventDefault();
      armedUntil = 0;
    };
    if (event.timeStamp < armedUntil) {
      if (event.key === "r") go({ at: "ring" });
      else if (event.key === "f") go({ at: "files", left: null, right: null });
      else if (event.key === ",") go({ at: "settings", part: "security" });
      done();
      return;
    }
    if (event.key === "g") armedUntil = event.timeStamp + CHORD_MS;
    else if (event.key === "/") {
      const field = document.querySelector<HTMLElement>("[data-search]");
      if (!field) return;
      field.focus();
      done();
    } else if (event.key === "?") {
      showTable();
      done();
    } else if (onCard(event)) done();
  };
  addEventListener("keydown", keys);
  return () => removeEventListener("keydown", keys);
}
