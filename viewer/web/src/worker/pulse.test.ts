import { describe, expect, it } from "vitest";
import { BEAT_MS, BEAT_UNSEEN_MS, DEAD_MS, DEAD_UNSEEN_MS, PATIENCE_LEAST_MS, Pulse } from "./pulse";

/** Signs with their times until ms, as an owner who looks when it is due sees them. */
function signs(pulse: Pulse, from: number, until: number, watched: boolean, rtt = 1) {
  const seen: [string, number][] = [];
  for (let now = pulse.next(from, watched, rtt); now <= until; now = pulse.next(now, watched, rtt)) {
    const sign = pulse.look(now, watched, rtt);
    if (sign !== "well") seen.push([sign, now]);
    if (sign === "dead") break;
  }
  return seen;
}

describe("the pulse", () => {
  it("input without an answer is probed, then taken for silence, within half a second", () => {
    const pulse = new Pulse(0);
    pulse.heard(10_000);
    pulse.asked(10_100);
    expect(signs(pulse, 10_100, 20_000, true)).toEqual([
      ["probe", 10_100 + PATIENCE_LEAST_MS],
      ["silent", 10_100 + 2 * PATIENCE_LEAST_MS],
      ["dead", 10_100 + PATIENCE_LEAST_MS + DEAD_MS],
    ]);
  });

  it("a still picture that is watched has a heartbeat", () => {
    const pulse = new Pulse(0);
    expect(signs(pulse, 0, BEAT_MS + PATIENCE_LEAST_MS, true)).toEqual([
      ["probe", BEAT_MS],
      ["silent", BEAT_MS + PATIENCE_LEAST_MS],
    ]);
  });

  it("an answer makes it well again", () => {
    const pulse = new Pulse(0);
    pulse.asked(10);
    expect(pulse.look(260, true, 1)).toBe("probe");
    pulse.heard(300);
    expect(signs(pulse, 300, 1299, true)).toEqual([]);
  });

  it("a slow line is given more time", () => {
    const pulse = new Pulse(0);
    pulse.asked(10);
    expect(signs(pulse, 10, 1610, true, 200)).toEqual([
      ["probe", 810],
      ["silent", 1610],
    ]);
  });

  it("unseen, nothing is doubted: a rare probe, and dead after long", () => {
    const pulse = new Pulse(0);
    pulse.asked(10);
    expect(signs(pulse, 0, 60_000, false)).toEqual([
      ["probe", BEAT_UNSEEN_MS],
      ["dead", BEAT_UNSEEN_MS + DEAD_UNSEEN_MS],
    ]);
  });

  it("seen again after a while it is asked first and not doubted at once", () => {
    const pulse = new Pulse(0);
    pulse.next(0, false, 1);
    expect(pulse.look(4400, true, 1)).toBe("probe");
    expect(pulse.look(4410, true, 1)).toBe("well");
  });

  it("a stall of this computer is no silence of the other", () => {
    const pulse = new Pulse(0);
    pulse.asked(10);
    pulse.next(0, true, 1);
    expect(pulse.look(3000, true, 1)).toBe("probe");
    expect(pulse.look(3001, true, 1)).toBe("well");
  });
});
