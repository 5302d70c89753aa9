import { describe, expect, it } from "vitest";
import { EVDEV, type KeyLike, keysymOfCharacter, wantedOf, wantedOfCode } from "./keys";

function key(code: string, name: string, location = 0, states: string[] = []): KeyLike {
  return { code, key: name, location, getModifierState: (s) => states.includes(s) };
}

describe("keys", () => {
  it("a letter carries its place, its keysym and its text", () => {
    expect(wantedOf(key("KeyA", "a"))).toEqual({ code: 30, keysym: 0x61, text: "a", locks: 0 });
    expect(wantedOf(key("KeyQ", "A"))).toEqual({ code: 16, keysym: 0x41, text: "A", locks: 0 });
  });

  it("characters beyond Latin-1 follow the Unicode rule of keysyms", () => {
    expect(keysymOfCharacter(0xe9)).toBe(0xe9);
    expect(keysymOfCharacter(0x20ac)).toBe(0x010020ac);
    expect(keysymOfCharacter(0x1f600)).toBe(0x0101f600);
    expect(wantedOf(key("KeyE", "€")).text).toBe("€");
  });

  it("modifiers are told apart by side", () => {
    expect(wantedOf(key("ControlLeft", "Control", 1)).keysym).toBe(0xffe3);
    expect(wantedOf(key("ControlRight", "Control", 2)).keysym).toBe(0xffe4);
    expect(wantedOf(key("AltRight", "Alt", 2)).keysym).toBe(0xffea);
  });

  it("the right Alt key of a level-3 layout is AltGraph", () => {
    expect(wantedOf(key("AltRight", "AltGraph", 2)).keysym).toBe(0xfe03);
  });

  it("keypad keys are keypad keysyms, with and without num lock", () => {
    expect(wantedOf(key("Numpad7", "7", 3, ["NumLock"]))).toEqual({
      code: 71,
      keysym: 0xffb7,
      text: "7",
      locks: 2,
    });
    expect(wantedOf(key("Numpad7", "Home", 3)).keysym).toBe(0xff95);
    expect(wantedOf(key("NumpadEnter", "Enter", 3))).toEqual({
      code: 96,
      keysym: 0xff8d,
      text: "",
      locks: 0,
    });
  });

  it("a dead key goes by its place and asks for no character", () => {
    expect(wantedOf(key("BracketLeft", "Dead"))).toEqual({ code: 26, keysym: 0, text: "", locks: 0 });
  });

  it("function keys up to F24 have code and keysym", () => {
    expect(wantedOf(key("F1", "F1"))).toMatchObject({ code: 59, keysym: 0xffbe });
    expect(wantedOf(key("F12", "F12"))).toMatchObject({ code: 88, keysym: 0xffc9 });
    expect(wantedOf(key("F24", "F24"))).toMatchObject({ code: 194, keysym: 0xffd5 });
  });

  it("caps lock and num lock travel as the viewer has them", () => {
    expect(wantedOf(key("KeyA", "A", 0, ["CapsLock"])).locks).toBe(1);
    expect(wantedOf(key("KeyA", "A", 0, ["CapsLock", "NumLock"])).locks).toBe(3);
  });

  it("chords by code are keys of a US keyboard without text", () => {
    expect(wantedOfCode("Delete")).toEqual({ code: 111, keysym: 0xffff, text: "", locks: 0 });
    expect(wantedOfCode("KeyC")).toEqual({ code: 46, keysym: 0x63, text: "", locks: 0 });
    expect(wantedOfCode("MetaLeft")?.keysym).toBe(0xffeb);
    expect(wantedOfCode("Nonsense")).toBeNull();
  });

  it("no two codes share a number", () => {
    const numbers = Object.values(EVDEV);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
