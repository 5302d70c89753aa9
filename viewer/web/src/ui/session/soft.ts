/* What an on-screen keyboard did to its hidden field, as backspaces and text. Such keyboards compose whole words
 * and rewrite them, so keys cannot be told; the difference can. */

/* Filler in front, so that there is always something for a backspace to delete. */
export const FILLER = "\u00a0".repeat(32);

export function softChange(before: string, after: string): { back: number; text: string } {
  const from = [...before];
  const to = [...after];
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return { back: from.length - same, text: to.slice(same).join("") };
}
