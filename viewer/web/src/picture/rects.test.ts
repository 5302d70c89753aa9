import { describe, expect, it } from "vitest";
import { area, bounds, joined, merge, RECTS_MOST } from "./rects";

const rect = (x: number, y: number, w: number, h: number) => ({ x, y, w, h });

describe("rectangles", () => {
  it("what is covered is not kept twice", () => {
    expect(merge([rect(0, 0, 10, 10)], [rect(2, 2, 3, 3)])).toEqual([rect(0, 0, 10, 10)]);
    expect(merge([rect(2, 2, 3, 3)], [rect(0, 0, 10, 10)])).toEqual([rect(0, 0, 10, 10)]);
  });

  it("too many become the box around all", () => {
    const many = Array.from({ length: RECTS_MOST + 1 }, (_, i) => rect(i * 20, i, 10, 10));
    const merged = merge([], many);
    expect(merged).toEqual([bounds(many)]);
    expect(merged[0]).toEqual(rect(0, 0, RECTS_MOST * 20 + 10, RECTS_MOST + 10));
  });

  it("neighbours become one where few pixels lie between, and far ones stay apart", () => {
    expect(joined([rect(0, 0, 1600, 400), rect(0, 405, 1600, 400)])).toEqual([rect(0, 0, 1600, 805)]);
    const apart = [rect(0, 0, 64, 64), rect(1800, 1000, 64, 64)];
    expect(joined(apart)).toEqual(apart);
    // The third closes the gap between the first two.
    expect(joined([rect(0, 0, 100, 1000), rect(400, 0, 100, 1000), rect(100, 0, 300, 1000)])).toEqual([
      rect(0, 0, 500, 1000),
    ]);
  });

  it("area counts each rectangle", () => {
    expect(area([rect(0, 0, 2, 3), rect(5, 5, 1, 1)])).toBe(7);
  });
});
