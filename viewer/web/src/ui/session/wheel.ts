/* Wheel events as 120ths of a notch, whole numbers, nothing lost between events. Down and right are positive. */

const LINE_120 = 40; // a notch is three lines
const PAGE_120 = 360;
const PIXEL_120 = 1.2; // a notch is 100 px in the browsers that count pixels

interface WheelLike {
  deltaX: number;
  deltaY: number;
  deltaMode: number;
  wheelDeltaX?: number;
  wheelDeltaY?: number;
  shiftKey?: boolean;
}

export class WheelCounter {
  private restX = 0;
  private restY = 0;

  take(event: WheelLike): { dx: number; dy: number } {
    this.restX += inNotches(event.deltaX, event.deltaMode, event.wheelDeltaX);
    this.restY += inNotches(event.deltaY, event.deltaMode, event.wheelDeltaY);
    const dx = Math.trunc(this.restX);
    const dy = Math.trunc(this.restY);
    this.restX -= dx;
    this.restY -= dy;
    return { dx, dy };
  }
}

function inNotches(delta: number, mode: number, legacy: number | undefined): number {
  if (delta === 0) return 0;
  if (mode === 1) return delta * LINE_120;
  if (mode === 2) return delta * PAGE_120;
  // A true wheel says so in the older field: whole notches of 120, whatever the system's scroll speed.
  if (legacy && legacy % 120 === 0) return -legacy;
  return delta * PIXEL_120;
}
