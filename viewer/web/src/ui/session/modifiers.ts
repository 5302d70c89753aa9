/* The key row's modifiers: one press holds for one key, a second press locks, a third lets go. */

export type Modifier = "ControlLeft" | "AltLeft" | "MetaLeft";
export type Hold = "off" | "once" | "locked";
export type Holds = Record<Modifier, Hold>;

export const noHolds: Holds = { ControlLeft: "off", AltLeft: "off", MetaLeft: "off" };

export function pressModifier(holds: Holds, which: Modifier): Holds {
  const next: Record<Hold, Hold> = { off: "once", once: "locked", locked: "off" };
  return { ...holds, [which]: next[holds[which]] };
}

/* The chord for a key under the held modifiers, and what is held after it. */
export function withHolds(holds: Holds, code: string): { codes: string[]; holds: Holds } {
  const held = (Object.keys(holds) as Modifier[]).filter((name) => holds[name] !== "off");
  const after = { ...holds };
  for (const name of held) if (after[name] === "once") after[name] = "off";
  return { codes: [...held, code], holds: after };
}

export function anyHeld(holds: Holds): boolean {
  return Object.values(holds).some((hold) => hold !== "off");
}

const symbols: Record<string, string> = {
  " ": "Space",
  "-": "Minus",
  "=": "Equal",
  "[": "BracketLeft",
  "]": "BracketRight",
  ";": "Semicolon",
  "'": "Quote",
  ",": "Comma",
  ".": "Period",
  "/": "Slash",
  "\\": "Backslash",
  "`": "Backquote",
};

/* The code of a typed letter, for a chord such as Ctrl+C from an on-screen keyboard; null when it has none. */
export function codeOfLetter(letter: string): string | null {
  if (/^[a-z]$/i.test(letter)) return `Key${letter.toUpperCase()}`;
  if (/^\d$/.test(letter)) return `Digit${letter}`;
  return symbols[letter] ?? null;
}
