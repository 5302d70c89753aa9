/* Holding the mouse for a program on the PC that hides the pointer and takes it back, as games do: moved as it likes,
 * the pointer would hit the window's edge. A pointer that stays hidden while it is moved tells of such a program
 * (typing hides it too, but the first movement shows it again); the next press then holds the mouse, as browsers
 * want a press for it. It is given back when the pointer is shown, and by Esc, after which it is not taken again
 * before the pointer was shown once. */

const MOVES = 8; // hidden through so many movements ...
const MOVED_MS = 400; // ... over so long

export class HoldRule {
  private moves = 0;
  private sinceMs = 0;
  private refused = false;

  /* Shown or hidden by the PC. */
  shown(visible: boolean): void {
    this.moves = 0;
    if (visible) this.refused = false;
  }

  moved(visible: boolean, nowMs: number): void {
    if (visible) return;
    if (this.moves === 0) this.sinceMs = nowMs;
    this.moves++;
  }

  wants(visible: boolean, nowMs: number): boolean {
    return !visible && !this.refused && this.moves >= MOVES && nowMs - this.sinceMs >= MOVED_MS;
  }

  /* The person took the mouse back. */
  givenBack(visible: boolean): void {
    if (!visible) this.refused = true;
  }
}

/* Fractions of a host pixel are kept for the next movement. */
export class MotionCounter {
  private restX = 0;
  private restY = 0;

  take(dx: number, dy: number, scale: number): { dx: number; dy: number } {
    this.restX += dx / scale;
    this.restY += dy / scale;
    const whole = { dx: Math.trunc(this.restX) + 0, dy: Math.trunc(this.restY) + 0 };
    this.restX -= whole.dx;
    this.restY -= whole.dy;
    return whole;
  }
}
