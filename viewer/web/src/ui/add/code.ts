/* The code a PC shows, as people type it: any case, with or without the dash, O for 0, I and L for 1. */
import { cleanCrockford } from "../signin/keytext";

export const CODE_LENGTH = 8; // characters, in two halves

export function codeHalves(text: string): [string, string] {
  // A pasted link carries the code after "add=" or "add/".
  const link = /[#/&]add[=/]([^&]+)/i.exec(text);
  const clean = cleanCrockford(link?.[1] ?? text).slice(0, CODE_LENGTH);
  return [clean.slice(0, 4), clean.slice(4)];
}

export function codeReady(first: string, second: string): boolean {
  return first.length === 4 && second.length === 4;
}
