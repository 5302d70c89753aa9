// Is the other side still there? Pure, time passed in, in ms. Something that must be answered (input, a probe)
// and is not within patience makes it doubtful; a probe that is not answered makes it silent; long silence
// makes the path dead. While nobody watches, only the rare heartbeat is left, so that an idle page sleeps.

/** Silence while somebody watches, after which it is asked whether the other side is there. */
export const BEAT_MS = 1000;
/** ... and while nobody does. */
export const BEAT_UNSEEN_MS = 5000;
export const PATIENCE_LEAST_MS = 250;
/** Over four round trips, an answer is late. */
const PATIENCE_TRIPS = 4;
const PATIENCE_MOST_MS = 2000;
/** A probe unanswered for so long, and for two patiences: the path is dead. */
export const DEAD_MS = 1500;
export const DEAD_UNSEEN_MS = 5000;
/** A timer that comes so late tells of this computer's own stall: the answers wait unread. */
const STALL_MS = 120;

export type Sign = "well" | "probe" | "silent" | "dead";

export class Pulse {
  private heardMs: number;
  private awaitedMs = 0; // since when something is unanswered; 0: nothing is
  private probedMs = 0;
  private dueMs = 0;

  constructor(nowMs: number) {
    this.heardMs = nowMs;
  }

  heard(nowMs: number): void {
    this.heardMs = nowMs;
    this.awaitedMs = 0;
    this.probedMs = 0;
  }

  /** Something was sent that is answered at once, if only by an acknowledgement. */
  asked(nowMs: number): void {
    if (this.awaitedMs === 0) this.awaitedMs = nowMs;
  }

  silentMs(nowMs: number): number {
    return nowMs - this.heardMs;
  }

  /** What to do now. After "probe" the caller has sent one. */
  look(nowMs: number, watched: boolean, rttMs: number): Sign {
    const late = this.dueMs > 0 ? nowMs - this.dueMs : 0;
    this.dueMs = 0;
    if (late > STALL_MS) {
      this.heardMs += late;
      if (this.awaitedMs > 0) this.awaitedMs += late;
      if (this.probedMs > 0) this.probedMs += late;
    }
    const patience = patienceOf(rttMs);
    if (this.probedMs > 0) {
      const unanswered = nowMs - this.probedMs;
      if (unanswered >= deadMs(watched, patience)) return "dead";
      return watched && unanswered >= patience ? "silent" : "well";
    }
    const awaited = watched && this.awaitedMs > 0 && nowMs - this.awaitedMs >= patience;
    if (!awaited && nowMs - this.heardMs < (watched ? BEAT_MS : BEAT_UNSEEN_MS)) return "well";
    this.probedMs = nowMs;
    this.asked(nowMs);
    return "probe";
  }

  /** When look is wanted next, and remembered: how late it comes tells of a stall here. */
  next(nowMs: number, watched: boolean, rttMs: number): number {
    const patience = patienceOf(rttMs);
    let due = this.heardMs + (watched ? BEAT_MS : BEAT_UNSEEN_MS);
    if (this.probedMs > 0) {
      due = this.probedMs + deadMs(watched, patience);
      if (watched && nowMs < this.probedMs + patience) due = this.probedMs + patience;
    } else if (watched && this.awaitedMs > 0) due = Math.min(due, this.awaitedMs + patience);
    this.dueMs = Math.max(nowMs + 1, due);
    return this.dueMs;
  }
}

function deadMs(watched: boolean, patience: number): number {
  return Math.max(watched ? DEAD_MS : DEAD_UNSEEN_MS, 2 * patience);
}

function patienceOf(rttMs: number): number {
  return Math.min(PATIENCE_MOST_MS, Math.max(PATIENCE_LEAST_MS, PATIENCE_TRIPS * rttMs));
}
