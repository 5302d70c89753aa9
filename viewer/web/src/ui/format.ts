/* Sizes, times and rates as words. Pure: the clock, the words and the locale are passed in. */
import type { Words } from "./words/en";

const THIN = "\u202f"; // narrow no-break space before a unit

export function sizeText(bytes: number, locale: string): string {
  const units = locale.startsWith("fr") ? ["o", "Ko", "Mo", "Go", "To"] : ["B", "KB", "MB", "GB", "TB"];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (unit < units.length - 1 && (unit === 0 ? value >= 1000 : value >= 999.5)) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  return `${text}${THIN}${units[unit]}`;
}

export function bitsText(bitsPerS: number, locale: string): string {
  const [value, unit] =
    bitsPerS >= 1e6
      ? [bitsPerS / 1e6, "Mbit/s"]
      : bitsPerS >= 1e3
        ? [bitsPerS / 1e3, "kbit/s"]
        : [bitsPerS, "bit/s"];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)}${THIN}${unit}`;
}

export function msText(ms: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: ms < 10 ? 1 : 0 }).format(ms);
}

export function shareText(share: number, locale: string): string {
  // Rounded down: 100 % is said only when it is so.
  const tenths = Math.floor(share * 1000) / 10;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(tenths)}${THIN}%`;
}

/* How long: 8 s, 12 min, 3 h 5 min, 4 days. */
export function spanText(ms: number, w: Words): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return w.time.s(s);
  const min = Math.floor(s / 60);
  if (min < 60) return w.time.min(min);
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 && h < 10 ? w.time.hmin(h, min % 60) : w.time.h(h);
  return w.time.days(Math.floor(h / 24));
}

export function agoText(thenMs: number, nowMs: number, w: Words): string {
  return nowMs - thenMs < 10_000 ? w.time.justNow : w.time.ago(spanText(nowMs - thenMs, w));
}

function dayNumber(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000);
}

/* inside: in the middle of a sentence. When: "Today, 19:40", "Yesterday", "Tue, 18:40", "2 Nov", "2 Nov 2024". */
export function whenText(thenMs: number, nowMs: number, w: Words, locale: string, inside = false): string {
  const then = new Date(thenMs);
  const today = new Date(nowMs);
  const days = dayNumber(today) - dayNumber(then);
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(then);
  if (days === 0) return inside ? w.time.todayMid(clock) : w.time.today(clock);
  if (days === 1) return inside ? w.time.yesterdayMid : w.time.yesterday;
  if (days > 1 && days < 7) {
    return w.time.weekday(new Intl.DateTimeFormat(locale, { weekday: "short" }).format(then), clock);
  }
  const sameYear = then.getFullYear() === today.getFullYear();
  return new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" as const }),
  }).format(then);
}

/* A long name is cut in the middle, so that its ending stays: [head, tail]. */
export function splitName(name: string): [string, string] {
  const glyphs = [...name];
  const tail = Math.min(8, Math.floor(glyphs.length / 2));
  return glyphs.length <= 16
    ? [name, ""]
    : [glyphs.slice(0, glyphs.length - tail).join(""), glyphs.slice(glyphs.length - tail).join("")];
}
