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

export function area(rects: Rect[]): number {
  return rects.reduce((sum, r) => sum + r.w * r.h, 0);
}
