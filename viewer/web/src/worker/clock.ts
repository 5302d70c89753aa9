/** Microseconds of the wall clock: one clock for all threads of the page. */
export function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
