/* The catalogue in use. English is in the first bundle; French is fetched when it is chosen. */
import { computed, signal } from "@preact/signals";
import { HearthError } from "../../engine/api";
import { prefs } from "../prefs";
import { en, type Words } from "./en";

export type { Words };

export type Lang = "en" | "fr";

export const words = signal<Words>(en);
export const locale = computed(() => (words.value.lang === "fr" ? "fr" : navigatorEnglish()));

function navigatorEnglish(): string {
  const first = navigator.languages?.find((tag) => tag.toLowerCase().startsWith("en"));
  return first ?? "en-GB";
}

export function wantedLang(): Lang {
  const chosen = prefs.value.language;
  if (chosen !== "auto") return chosen;
  return navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en";
}

export async function loadWords(): Promise<void> {
  const lang = wantedLang();
  words.value = lang === "fr" ? (await import("./fr")).fr : en;
  document.documentElement.lang = lang;
}

/* What to show for a failure: the engine's own sentence in English, ours by code in other languages. */
export function errorSentence(error: unknown): string {
  const w = words.value;
  if (!(error instanceof HearthError)) return w.errors.internal;
  if (w.lang === "en" && error.message) return error.message;
  return w.errors[error.code];
}
