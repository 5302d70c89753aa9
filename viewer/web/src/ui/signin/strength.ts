/* How hard a password is to guess, roughly and on the side of caution: variety and length, with repeats and runs
 * counted once. It advises; only the length is required. */
export const PASSWORD_MIN = 12; // characters

export type Strength = "short" | "weak" | "fair" | "strong";

export function strengthOf(password: string): { strength: Strength; share: number } {
  const letters = [...password];
  let pool = 0;
  if (/\p{Ll}/u.test(password)) pool += 26;
  if (/\p{Lu}/u.test(password)) pool += 26;
  if (/\d/.test(password)) pool += 10;
  if (/[^\p{L}\d]/u.test(password)) pool += 20;
  let useful = 0;
  letters.forEach((letter, i) => {
    const before = letters[i - 1];
    const step = before === undefined ? 9 : (letter.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0);
    useful += Math.abs(step) <= 1 ? 0.25 : 1;
  });
  const distinct = new Set(letters).size;
  const bits = Math.min(useful, distinct * 2) * Math.log2(Math.max(2, pool)) * 0.72;
  const share = Math.min(1, bits / 90);
  if (letters.length < PASSWORD_MIN) return { strength: "short", share: Math.min(share, 0.25) };
  return { strength: bits < 40 ? "weak" : bits < 60 ? "fair" : "strong", share };
}
