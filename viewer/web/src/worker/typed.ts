// Keys that the computer may not have yet: what was sent and is not acknowledged, and what waits in a gap.

const MARKS_MOST = 1000;

export class Typed {
  private marks: { record: number; keys: number }[] = [];
  private waiting = 0;

  /** keys went into the record of this number, or a later one. */
  sent(record: number, keys: number): void {
    this.marks.push({ record, keys });
    if (this.marks.length > MARKS_MOST) this.marks.shift();
  }

  held(keys: number): void {
    this.waiting += keys;
  }

  /** acked: the first record that the computer has not acknowledged. */
  count(acked: number): number {
    this.marks = this.marks.filter((mark) => mark.record >= acked);
    return this.waiting + this.marks.reduce((sum, mark) => sum + mark.keys, 0);
  }

  /** The gap is over: what waited is under way and is told as sent from now on. */
  resumed(record: number): void {
    if (this.waiting > 0) this.sent(record, this.waiting);
    this.waiting = 0;
  }

  clear(): void {
    this.marks = [];
    this.waiting = 0;
  }
}
