import { describe, expect, it } from "vitest";
import { Typed } from "./typed";

describe("typed keys", () => {
  it("count until they are acknowledged", () => {
    const typed = new Typed();
    typed.sent(7, 1);
    typed.sent(8, 2);
    expect(typed.count(7)).toBe(3);
    expect(typed.count(8)).toBe(2);
    expect(typed.count(9)).toBe(0);
  });

  it("count while they wait, together with those sent into the silence", () => {
    const typed = new Typed();
    typed.sent(7, 1);
    typed.held(2);
    expect(typed.count(7)).toBe(3);
    typed.resumed(9);
    expect(typed.count(8)).toBe(2);
    expect(typed.count(10)).toBe(0);
  });
});
