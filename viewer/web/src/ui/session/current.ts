/* The session on screen, for what is asked from outside the view. */
import type { ScreenSession, SessionStats } from "../../engine/api";

let current: ScreenSession | null = null;

export function setCurrent(session: ScreenSession | null): void {
  current = session;
}

/* What `hearth probe --json` prints, for the session on screen; null without one. */
export function sessionStats(): SessionStats | null {
  return current ? { ...current.stats.value } : null;
}
