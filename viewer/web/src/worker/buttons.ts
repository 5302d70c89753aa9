// Mouse buttons over a line with gaps. A press made while nobody can hear it is not sent later, where it would
// hit something else: it is counted, and stays unsent until it is let go. What was held before is let go after.

export class Buttons {
  private held = 0; // as the person has them
  private said = 0; // as the computer has them
  private unsent = 0; // pressed in a gap and still down
  missed = 0; // presses that were never sent

  /** What to say now; null in a gap, when nothing can be said. */
  take(buttons: number, reached: boolean): number | null {
    const pressed = buttons & ~this.held;
    this.held = buttons;
    this.unsent &= buttons;
    if (!reached) {
      for (let bits = pressed; bits !== 0; bits &= bits - 1) this.missed++;
      this.unsent |= pressed;
      return null;
    }
    this.said = buttons & ~this.unsent;
    return this.said;
  }

  /** The gap is over and the computer still has what it had before. */
  mend(): number {
    this.said &= this.held & ~this.unsent;
    return this.said;
  }

  /** Everything goes up; what the person still holds counts again when it is pressed anew. */
  release(): void {
    this.said = 0;
    this.unsent = this.held;
  }
}
