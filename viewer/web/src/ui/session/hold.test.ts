import { describe, expect, it } from "vitest";
import { HoldRule, MotionCounter } from "./hold";

/** Ten movements, 50 ms apart. */
function move(rule: HoldRule, visible: boolean, from = 0) {
  for (let i = 0; i < 10; i++) rule.moved(visible, from + i * 50);
}

describe("holding the mouse", () => {
  it("is wanted when the pointer stays hidden while it is moved", () => {
    const rule = new HoldRule();
    move(rule, false);
    expect(rule.wants(false, 450)).toBe(true);
  });

  it("is not wanted for a pointer that typing hid and a movement showed again", () => {
    const rule = new HoldRule();
    rule.shown(false);
    rule.moved(false, 0);
    rule.shown(true);
    move(rule, true, 10);
    expect(rule.wants(true, 600)).toBe(false);
  });

  it("is not wanted again after the person took it back, until the pointer was shown once", () => {
    const rule = new HoldRule();
    move(rule, false);
    rule.givenBack(false);
    move(rule, false, 1000);
    expect(rule.wants(false, 2000)).toBe(false);
    rule.shown(true);
    rule.shown(false);
    move(rule, false, 3000);
    expect(rule.wants(false, 3500)).toBe(true);
  });

  it("loses no fraction of a movement", () => {
    const counter = new MotionCounter();
    let sum = 0;
    for (let i = 0; i < 10; i++) sum += counter.take(1, -1, 1.6).dx;
    expect(sum).toBe(6);
    expect(counter.take(-0.1, 0, 1)).toEqual({ dx: 0, dy: 0 });
  });
});
