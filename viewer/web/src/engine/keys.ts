// From a browser's key event to what the host wants: evdev code of the physical key, X keysym, text. Pure.

/** KeyboardEvent.code to Linux evdev codes (input-event-codes.h). */
export const EVDEV: Readonly<Record<string, number>> = {
  Escape: 1,
  Digit1: 2,
  Digit2: 3,
  Digit3: 4,
  Digit4: 5,
  Digit5: 6,
  Digit6: 7,
  Digit7: 8,
  Digit8: 9,
  Digit9: 10,
  Digit0: 11,
  Minus: 12,
  Equal: 13,
  Backspace: 14,
  Tab: 15,
  KeyQ: 16,
  KeyW: 17,
  KeyE: 18,
  KeyR: 19,
  KeyT: 20,
  KeyY: 21,
  KeyU: 22,
  KeyI: 23,
  KeyO: 24,
  KeyP: 25,
  BracketLeft: 26,
  BracketRight: 27,
  Enter: 28,
  ControlLeft: 29,
  KeyA: 30,
  KeyS: 31,
  KeyD: 32,
  KeyF: 33,
  KeyG: 34,
  KeyH: 35,
  KeyJ: 36,
  KeyK: 37,
  KeyL: 38,
  Semicolon: 39,
  Quote: 40,
  Backquote: 41,
  ShiftLeft: 42,
  Backslash: 43,
  KeyZ: 44,
  KeyX: 45,
  KeyC: 46,
  KeyV: 47,
  KeyB: 48,
  KeyN: 49,
  KeyM: 50,
  Comma: 51,
  Period: 52,
  Slash: 53,
  ShiftRight: 54,
  NumpadMultiply: 55,
  AltLeft: 56,
  Space: 57,
  CapsLock: 58,
  F1: 59,
  F2: 60,
  F3: 61,
  F4: 62,
  F5: 63,
  F6: 64,
  F7: 65,
  F8: 66,
  F9: 67,
  F10: 68,
  NumLock: 69,
  ScrollLock: 70,
  Numpad7: 71,
  Numpad8: 72,
  Numpad9: 73,
  NumpadSubtract: 74,
  Numpad4: 75,
  Numpad5: 76,
  Numpad6: 77,
  NumpadAdd: 78,
  Numpad1: 79,
  Numpad2: 80,
  Numpad3: 81,
  Numpad0: 82,
  NumpadDecimal: 83,
  Lang5: 85,
  IntlBackslash: 86,
  F11: 87,
  F12: 88,
  IntlRo: 89,
  Lang3: 90,
  Lang4: 91,
  Convert: 92,
  KanaMode: 93,
  NonConvert: 94,
  NumpadEnter: 96,
  ControlRight: 97,
  NumpadDivide: 98,
  PrintScreen: 99,
  AltRight: 100,
  Home: 102,
  ArrowUp: 103,
  PageUp: 104,
  ArrowLeft: 105,
  ArrowRight: 106,
  End: 107,
  ArrowDown: 108,
  PageDown: 109,
  Insert: 110,
  Delete: 111,
  AudioVolumeMute: 113,
  AudioVolumeDown: 114,
  AudioVolumeUp: 115,
  Power: 116,
  NumpadEqual: 117,
  Pause: 119,
  NumpadComma: 121,
  Lang1: 122,
  Lang2: 123,
  IntlYen: 124,
  MetaLeft: 125,
  MetaRight: 126,
  ContextMenu: 127,
  BrowserStop: 128,
  Again: 129,
  Props: 130,
  Undo: 131,
  Select: 132,
  Copy: 133,
  Open: 134,
  Paste: 135,
  Find: 136,
  Cut: 137,
  Help: 138,
  LaunchApp2: 140,
  Sleep: 142,
  WakeUp: 143,
  LaunchMail: 155,
  BrowserFavorites: 156,
  BrowserBack: 158,
  BrowserForward: 159,
  Eject: 161,
  MediaTrackNext: 163,
  MediaPlayPause: 164,
  MediaTrackPrevious: 165,
  MediaStop: 166,
  BrowserHome: 172,
  BrowserRefresh: 173,
  F13: 183,
  F14: 184,
  F15: 185,
  F16: 186,
  F17: 187,
  F18: 188,
  F19: 189,
  F20: 190,
  F21: 191,
  F22: 192,
  F23: 193,
  F24: 194,
  BrowserSearch: 217,
  MediaSelect: 226,
};

/** Keys without a character (KeyboardEvent.key) to X keysyms (keysymdef.h). */
const NAMED: Readonly<Record<string, number>> = {
  Backspace: 0xff08,
  Tab: 0xff09,
  Clear: 0xff0b,
  Enter: 0xff0d,
  Pause: 0xff13,
  ScrollLock: 0xff14,
  Escape: 0xff1b,
  Home: 0xff50,
  ArrowLeft: 0xff51,
  ArrowUp: 0xff52,
  ArrowRight: 0xff53,
  ArrowDown: 0xff54,
  PageUp: 0xff55,
  PageDown: 0xff56,
  End: 0xff57,
  Select: 0xff60,
  PrintScreen: 0xff61,
  Execute: 0xff62,
  Insert: 0xff63,
  Undo: 0xff65,
  Redo: 0xff66,
  ContextMenu: 0xff67,
  Find: 0xff68,
  Cancel: 0xff69,
  Help: 0xff6a,
  NumLock: 0xff7f,
  CapsLock: 0xffe5,
  AltGraph: 0xfe03,
  Delete: 0xffff,
  Compose: 0xff20,
  Convert: 0xff23,
  NonConvert: 0xff22,
  KanaMode: 0xff2d,
  HiraganaKatakana: 0xff27,
  ZenkakuHankaku: 0xff2a,
  Hangul: 0xff31,
  HanjaMode: 0xff34,
  AudioVolumeDown: 0x1008ff11,
  AudioVolumeMute: 0x1008ff12,
  AudioVolumeUp: 0x1008ff13,
  MediaPlayPause: 0x1008ff14,
  MediaStop: 0x1008ff15,
  MediaTrackPrevious: 0x1008ff16,
  MediaTrackNext: 0x1008ff17,
  BrowserHome: 0x1008ff18,
  LaunchMail: 0x1008ff19,
  BrowserSearch: 0x1008ff1b,
  BrowserBack: 0x1008ff26,
  BrowserForward: 0x1008ff27,
  BrowserStop: 0x1008ff28,
  BrowserRefresh: 0x1008ff29,
  BrowserFavorites: 0x1008ff30,
  Copy: 0x1008ff57,
  Cut: 0x1008ff58,
  Paste: 0x1008ff6d,
};

/** Keys that are there twice or thrice, by KeyboardEvent.code. */
const PLACED: Readonly<Record<string, number>> = {
  ShiftLeft: 0xffe1,
  ShiftRight: 0xffe2,
  ControlLeft: 0xffe3,
  ControlRight: 0xffe4,
  AltLeft: 0xffe9,
  AltRight: 0xffea,
  MetaLeft: 0xffeb,
  MetaRight: 0xffec,
};

const KEYPAD: Readonly<Record<string, number>> = {
  Enter: 0xff8d,
  Home: 0xff95,
  ArrowLeft: 0xff96,
  ArrowUp: 0xff97,
  ArrowRight: 0xff98,
  ArrowDown: 0xff99,
  PageUp: 0xff9a,
  PageDown: 0xff9b,
  End: 0xff9c,
  Clear: 0xff9d,
  Insert: 0xff9e,
  Delete: 0xff9f,
  "=": 0xffbd,
  "*": 0xffaa,
  "+": 0xffab,
  "-": 0xffad,
  ".": 0xffae,
  ",": 0xffac,
  "/": 0xffaf,
};

const KEYPAD_LOCATION = 3;
const TEXT_MOST_BYTES = 32;

export interface KeyLike {
  readonly code: string;
  readonly key: string;
  readonly location: number;
  getModifierState(name: string): boolean;
}

export interface KeyWanted {
  code: number;
  keysym: number;
  text: string;
  locks: number;
}

/** Unicode's place among the keysyms: Latin-1 stands for itself, the rest is 0x01000000 + code point. */
export function keysymOfCharacter(point: number): number {
  const latin1 = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
  return latin1 ? point : 0x01000000 + point;
}

function onlyCharacter(key: string): number | null {
  const point = key.codePointAt(0);
  return point !== undefined && String.fromCodePoint(point) === key && point >= 0x20 && point !== 0x7f
    ? point
    : null;
}

function keysymOf(event: KeyLike): number {
  const { key, code, location } = event;
  const point = onlyCharacter(key);
  if (location === KEYPAD_LOCATION) {
    const pad = KEYPAD[key];
    if (pad !== undefined) return pad;
    if (point !== null && point >= 0x30 && point <= 0x39) return 0xffb0 + point - 0x30;
  }
  if (point !== null) return keysymOfCharacter(point);
  // With a level-3 layout the right Alt key says AltGraph: what it does counts, not where it is.
  if (key === "AltGraph") return NAMED.AltGraph as number;
  const placed = PLACED[code];
  if (placed !== undefined && ["Shift", "Control", "Alt", "Meta"].includes(key)) return placed;
  const f = /^F([1-9]|[12]\d|3[0-5])$/.exec(key);
  if (f) return 0xffbe + Number(f[1]) - 1;
  // A dead key has no character yet: the host's own layout does the composing, by the physical key.
  return NAMED[key] ?? 0;
}

export function wantedOf(event: KeyLike): KeyWanted {
  const text = onlyCharacter(event.key) !== null ? event.key : "";
  return {
    code: EVDEV[event.code] ?? 0,
    keysym: keysymOf(event),
    text: new TextEncoder().encode(text).length <= TEXT_MOST_BYTES ? text : "",
    locks: (event.getModifierState("CapsLock") ? 1 : 0) | (event.getModifierState("NumLock") ? 2 : 0),
  };
}

/** For chords from buttons: the key as on a US keyboard. null for an unknown name. */
export function wantedOfCode(code: string): KeyWanted | null {
  const evdev = EVDEV[code];
  if (evdev === undefined) return null;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  const key = letter?.toLowerCase() ?? digit ?? (code === "Space" ? " " : code);
  const keysym = PLACED[code] ?? keysymOf({ code, key, location: 0, getModifierState: () => false });
  return { code: evdev, keysym, text: "", locks: 0 };
}
