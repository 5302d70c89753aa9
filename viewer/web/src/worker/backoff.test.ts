import { expect, it } from "vitest";
import { backoffMs } from "./backoff";

it("pauses lie between half a second and a minute, whatever chance says", () => {
  for (let tries = 1; tries < 40; tries++) {
    expect(backoffMs(tries, 0)).toBe(500);
    expect(backoffMs(tries, 1)).toBeLessThanOrEqual(60_000);
    expect(backoffMs(tries, 1)).toBeGreaterThanOrEqual(backoffMs(Math.max(1, tries - 1), 1));
  }
  expect(backoffMs(30, 1)).toBe(60_000);
});
