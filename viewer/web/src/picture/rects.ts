// Sets of rectangles that changed and wait to be shown. Pure.

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** As many as one decoded message reports; beyond, one box around all. */
export const RECTS_MOST = 64;

export function bounds(rects: Rect[]): Rect {
  const x = Math.min(...rects.map((r) => r.x));
  const y = Math.min(...rects.map((r) => r.y));
  return {
    x,
    y,
    w: Math.max(...rects.map((r) => r.x + r.w)) - x,
    h: Math.max(...rects.map((r) => r.y + r.h)) - y,
  };
}

function covers(a: Rect, b: Rect): boolean {
  return a.x <= b.x && a.y <= b.y && a.x + a.w >= b.x + b.w && a.y + a.h >= b.y + b.h;
}

/** Adds more to held without keeping what is covered. */
export function merge(held: Rect[], more: Rect[]): Rect[] {
  let out = held;
  for (const rect of more) {
    if (out.some((r) => covers(r, rect))) continue;
    out = [...out.filter((r) => !covers(rect, r)), rect];
  }
  return out.length > RECTS_MOST ? [bounds(out)] : out;
}

/** A rectangle more costs the canvas about as much as so many pixels more (measured: 40 us each). */
const JOIN_WASTE_PX = 16_384;

/** The same pixels and some between them in fewer rectangles, where that is cheaper to show. */
export function joined(rects: Rect[]): Rect[] {
  const out: Rect[] = [];
  for (const rect of rects) {
    let one = rect;
    // What has grown may now reach another.
    for (let i = 0; i < out.length; ) {
      const held = out[i] as Rect;
      const both = bounds([held, one]);
      if (both.w * both.h - held.w * held.h - one.w * one.h > JOIN_WASTE_PX) {
        i++;
        continue;
      }
      one = both;
      out.splice(i, 1);
      i = 0;
    }
    out.push(one);
  }
  return out;
}

export function area(rects: Rect[]): number {
  return rects.reduce((sum, r) => sum + r.w * r.h, 0);
}
