import { describe, expect, it } from "vitest";
import { layRing } from "./geometry";

describe("the ring", () => {
  it("puts the first member at the top and the next one to its right", () => {
    const [first, second] = layRing(5, 1352, 820);
    expect(Math.abs(first?.x ?? 9)).toBeLessThan(2);
    expect(first?.y).toBeLessThan(-280);
    expect(second?.x).toBeGreaterThan(300);
  });
  it("keeps equal distances along the line", () => {
    const spots = layRing(8, 1352, 820);
    const right = spots[2];
    const left = spots[6];
    expect(Math.abs((right?.x ?? 0) + (left?.x ?? 0))).toBeLessThan(6);
    expect(Math.abs((right?.y ?? 0) - (left?.y ?? 0))).toBeLessThan(6);
  });
  it("turns the other way from right to left", () => {
    expect(layRing(4, 1352, 820, true)[1]?.x).toBeLessThan(0);
  });
  it("cards of twelve members stay inside and do not lie on each other", () => {
    const spots = layRing(12, 1352, 820);
    for (const spot of spots) {
      expect(Math.abs(spot.x) + 108).toBeLessThanOrEqual(676);
      expect(Math.abs(spot.y) + 89).toBeLessThanOrEqual(410);
      expect(Math.hypot(spot.ux, spot.uy)).toBeCloseTo(1);
    }
  });
  it("the parts of the line close it", () => {
    const spots = layRing(3, 1200, 800);
    for (const [i, spot] of spots.entries()) {
      const end = spot.arc.split("L").at(-1);
      const start = spots[(i + 1) % 3]?.arc.slice(1).split("L")[0];
      const gap = [end, start].map((text) => (text ?? "").split(" ").map(Number));
      expect(
        Math.hypot((gap[0]?.[0] ?? 0) - (gap[1]?.[0] ?? 9), (gap[0]?.[1] ?? 0) - (gap[1]?.[1] ?? 9)),
      ).toBeLessThan(4);
    }
  });
  it("an empty ring and a box without size are no error", () => {
    expect(layRing(0, 100, 100)).toEqual([]);
    expect(layRing(3, 0, 0)).toEqual([]);
  });
});
