/* What this browser remembers about its look. No secret belongs here: local storage is readable by the page. */
import { effect, signal } from "@preact/signals";

export interface Prefs {
  theme: "auto" | "light" | "dark";
  language: "auto" | "en" | "fr";
  letters: boolean;
  shareClipboard: boolean;
  hiddenFiles: boolean;
  /* per account */
  view: Record<string, "ring" | "grid" | "list">;
  used: Record<string, Record<string, number>>;
  /* per screen size "1920x1080": edge and place along it, 0..1 */
  bar: Record<string, { foot: boolean; at: number }>;
}

const KEY = "hearth.look";
const USED_MAX = 16; // devices remembered per account; the oldest goes

const defaults: Prefs = {
  theme: "auto",
  language: "auto",
  letters: true,
  shareClipboard: true,
  hiddenFiles: false,
  view: {},
  used: {},
  bar: {},
};

function load(): Prefs {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof found === "object" && found ? { ...defaults, ...found } : defaults;
  } catch {
    return defaults;
  }
}

export const prefs = signal<Prefs>(load());

export function setPrefs(change: Partial<Prefs>): void {
  prefs.value = { ...prefs.value, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs.value));
  } catch {
    // Storage is shut or full: the choice lasts as long as the page.
  }
}

export function noteUsed(account: string, device: string, nowMs: number): void {
  const mine = { ...prefs.value.used[account], [device]: nowMs };
  const kept = Object.entries(mine)
    .sort((a, b) => b[1] - a[1])
    .slice(0, USED_MAX);
  setPrefs({ used: { ...prefs.value.used, [account]: Object.fromEntries(kept) } });
}

effect(() => {
  const theme = prefs.value.theme;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
});
