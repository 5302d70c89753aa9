import { describe, expect, it } from "vitest";
import { Buttons } from "./buttons";

describe("buttons over a gap", () => {
  it("are told as they are while somebody listens", () => {
    const buttons = new Buttons();
    expect([0, 1, 3, 2, 0].map((now) => buttons.take(now, true))).toEqual([0, 1, 3, 2, 0]);
    expect(buttons.missed).toBe(0);
  });

  it("a click in a gap is counted and never sent", () => {
    const buttons = new Buttons();
    expect([0, 1, 0, 5, 0].map((now) => buttons.take(now, false))).toEqual([null, null, null, null, null]);
    expect(buttons.missed).toBe(3);
    expect(buttons.mend()).toBe(0);
  });

  it("what is pressed in a gap and held over its end stays unsent until it is let go", () => {
    const buttons = new Buttons();
    buttons.take(1, false);
    expect(buttons.mend()).toBe(0);
    expect([1, 3, 1, 0, 1].map((now) => buttons.take(now, true))).toEqual([0, 2, 0, 0, 1]);
  });

  it("what was let go in the gap goes up after it", () => {
    const buttons = new Buttons();
    expect(buttons.take(1, true)).toBe(1);
    buttons.take(0, false);
    expect(buttons.mend()).toBe(0);
  });

  it("what was let go and pressed again in the gap goes up as well", () => {
    const buttons = new Buttons();
    buttons.take(1, true);
    buttons.take(0, false);
    buttons.take(1, false);
    expect(buttons.mend()).toBe(0);
    expect(buttons.take(1, true)).toBe(0);
  });

  it("what is held all along stays held", () => {
    const buttons = new Buttons();
    buttons.take(1, true);
    buttons.take(1, false);
    expect(buttons.mend()).toBe(1);
  });

  it("after everything went up, only a new press counts", () => {
    const buttons = new Buttons();
    buttons.take(1, true);
    buttons.release();
    expect([1, 0, 1].map((now) => buttons.take(now, true))).toEqual([0, 0, 1]);
  });
});
