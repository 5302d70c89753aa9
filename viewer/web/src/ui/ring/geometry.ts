/* Where the members of the ring stand. Pure: pixels in, pixels out; origin at the centre, y down. */

export interface Spot {
  x: number;
  y: number;
  ux: number; // unit vector from the centre: shadows fall along it
  uy: number;
  arc: string; // the member's part of the line, as SVG path data in the box's own pixels
}

const STEPS = 1440;
const POWER = 2 / 2.6; // a superellipse of exponent 2.6: room for wide cards at the corners

type Point = [number, number];

/* count members at equal arc length, the first at the top, clockwise (mirrored when rtl). */
export function layRing(count: number, width: number, height: number, rtl = false): Spot[] {
  if (count === 0 || width <= 0 || height <= 0) return [];
  const rx = Math.max(0, Math.min(540, width / 2 - 126)) * (rtl ? -1 : 1);
  const ry = Math.max(0, Math.min(300, height / 2 - 104));
  const points: Point[] = [];
  const along: number[] = [0];
  for (let k = 0; k <= STEPS; k++) {
    const a = (k / STEPS) * 2 * Math.PI;
    const sin = Math.sin(a);
    const cos = Math.cos(a);
    points.push([
      rx * Math.sign(sin) * Math.abs(sin) ** POWER,
      -ry * Math.sign(cos) * Math.abs(cos) ** POWER,
    ]);
    if (k > 0) {
      const [x0, y0] = points[k - 1] as Point;
      const [x1, y1] = points[k] as Point;
      along.push((along[k - 1] as number) + Math.hypot(x1 - x0, y1 - y0));
    }
  }
  const length = along[STEPS] as number;
  const indexAt = (distance: number) => {
    const wanted = ((distance % length) + length) % length;
    let low = 0;
    let high = STEPS;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((along[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return Array.from({ length: count }, (_, i) => {
    const [x, y] = points[indexAt((length * i) / count)] as Point;
    const far = Math.hypot(x, y) || 1;
    const from = indexAt((length * (i - 0.5)) / count);
    const to = indexAt((length * (i + 0.5)) / count);
    const part =
      count === 1
        ? points
        : from < to
          ? points.slice(from, to + 1)
          : [...points.slice(from), ...points.slice(0, to + 1)];
    const arc = part
      .map(([px, py]) => `${(px + width / 2).toFixed(1)} ${(py + height / 2).toFixed(1)}`)
      .join("L");
    return { x, y, ux: x / far, uy: y / far, arc: `M${arc}` };
  });
}
