import { describe, expect, it } from "vitest";
import { WheelCounter } from "./wheel";

const event = (deltaY: number, deltaMode: number, wheelDeltaY?: number) => ({
  deltaX: 0,
  deltaY,
  deltaMode,
  ...(wheelDeltaY === undefined ? {} : { wheelDeltaY }),
});

describe("the wheel in 120ths", () => {
  it("a notch is 120 in every mode a browser counts in", () => {
    expect(new WheelCounter().take(event(100, 0, -120)).dy).toBe(120);
    expect(new WheelCounter().take(event(53, 0, -120)).dy).toBe(120);
    expect(new WheelCounter().take(event(3, 1)).dy).toBe(120);
    expect(new WheelCounter().take(event(-100, 0)).dy).toBe(-120);
  });
  it("small movements of a touchpad add up and nothing is lost", () => {
    const counter = new WheelCounter();
    let sum = 0;
    for (let i = 0; i < 100; i++) sum += counter.take(event(1.25, 0, -3.75)).dy;
    expect(Math.abs(sum - 150)).toBeLessThanOrEqual(1);
  });
});
