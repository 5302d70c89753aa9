// Waiting times between tries: full jitter, so that a thousand pages do not come back at once. Pure.

const FIRST_MS = 500;
const MOST_MS = 60_000;

/** tries: failures so far (1, 2, ...); chance in 0..1. Result in 500..60,000 ms. */
export function backoffMs(tries: number, chance: number): number {
  const ceiling = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(tries, 20));
  return Math.round(FIRST_MS + (ceiling - FIRST_MS) * chance);
}
