import { describe, expect, it } from "vitest";
import { anyHeld, codeOfLetter, noHolds, pressModifier, withHolds } from "./modifiers";

describe("the key row", () => {
  it("a lit modifier is held for one key", () => {
    const held = pressModifier(noHolds, "ControlLeft");
    const { codes, holds } = withHolds(held, "KeyC");
    expect(codes).toEqual(["ControlLeft", "KeyC"]);
    expect(anyHeld(holds)).toBe(false);
  });
  it("pressed twice it is locked, three times it is off", () => {
    const locked = pressModifier(pressModifier(noHolds, "AltLeft"), "AltLeft");
    expect(withHolds(withHolds(locked, "Tab").holds, "Tab").codes).toEqual(["AltLeft", "Tab"]);
    expect(anyHeld(pressModifier(locked, "AltLeft"))).toBe(false);
  });
  it("letters of an on-screen keyboard become codes for chords", () => {
    expect(codeOfLetter("c")).toBe("KeyC");
    expect(codeOfLetter("7")).toBe("Digit7");
    expect(codeOfLetter("é")).toBeNull();
  });
});
