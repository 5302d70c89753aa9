// File names are bytes; people read text. key: the exact bytes as base64url. name: safe to show. Pure.

import { type Bytes, base64url, unbase64url, utf8 } from "../worker/bytes";
import { HearthError } from "./api";

const NAME_MOST_BYTES = 255;
const strict = new TextDecoder("utf-8", { fatal: true });

// Controls, and what changes the direction of the text around it ("gpj.exe" must not read "exe.jpg").
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function escaped(text: string): string {
  return text.replace(UNSAFE, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}

/** Bytes that are no UTF-8 are shown as \xNN each; nothing is lost, nothing pretends to be another name. */
export function shownName(bytes: Uint8Array): string {
  try {
    return escaped(strict.decode(bytes));
  } catch {
    // Byte by byte: keep what is well formed.
  }
  let out = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i] as number;
    const len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    let piece: string | null = null;
    try {
      piece = strict.decode(bytes.subarray(i, i + len));
    } catch {
      piece = null;
    }
    if (piece !== null && i + len <= bytes.length) {
      out += escaped(piece);
      i += len;
    } else {
      out += `\\x${first.toString(16).padStart(2, "0")}`;
      i += 1;
    }
  }
  return out;
}

export function keyOfBytes(bytes: Uint8Array): string {
  return base64url(bytes);
}

/** The key of a new name a person typed. */
export function keyOfName(name: string): string {
  const bytes = utf8(name.normalize("NFC"));
  if (
    bytes.length === 0 ||
    bytes.length > NAME_MOST_BYTES ||
    /[/\0]/.test(name) ||
    name === "." ||
    name === ".."
  )
    throw new HearthError("bad-input", "That name does not work. Use 1 to 255 bytes without a slash.");
  return base64url(bytes);
}

/** The bytes of one name. */
export function bytesOfKey(key: string): Bytes {
  const bytes = unbase64url(key);
  if (
    !bytes ||
    bytes.length === 0 ||
    bytes.length > NAME_MOST_BYTES ||
    bytes.includes(0x2f) ||
    bytes.includes(0)
  )
    throw new HearthError("bad-input", "That name does not work. Use 1 to 255 bytes without a slash.");
  return bytes;
}

/** Names joined by '/', relative to the root. */
export function pathOfParts(parts: string[]): Bytes {
  const names = parts.map(bytesOfKey);
  const out = new Uint8Array(names.reduce((sum, n) => sum + n.length + 1, 0) - (names.length > 0 ? 1 : 0));
  let at = 0;
  for (const name of names) {
    if (at > 0) out[at++] = 0x2f;
    out.set(name, at);
    at += name.length;
  }
  return out;
}

/** For the browser's own folder, which is picky: no separators, no reserved ends. */
export function savedName(shown: string): string {
  const cleaned = shown
    .replace(/[\\/:*?"<>|]/g, "_")
    .replace(/^[\s.]+|[\s.]+$/g, "")
    .slice(0, 200);
  return cleaned === "" ? "file" : cleaned;
}
