import { describe, expect, it } from "vitest";
import { codeHalves, codeReady } from "./code";

describe("the code a PC shows", () => {
  it("is taken in any case, with or without its dash", () => {
    expect(codeHalves("k7qm-4r2x")).toEqual(["K7QM", "4R2X"]);
    expect(codeHalves(" K7QM 4R2X ")).toEqual(["K7QM", "4R2X"]);
  });
  it("forgives O for 0 and I or L for 1", () => expect(codeHalves("OIL0-1111")).toEqual(["0110", "1111"]));
  it("is found in a pasted link", () =>
    expect(codeHalves("https://h.example/#add=K7QM-4R2X")).toEqual(["K7QM", "4R2X"]));
  it("is ready with eight characters only", () => {
    expect(codeReady("K7QM", "4R2")).toBe(false);
    expect(codeReady("K7QM", "4R2X")).toBe(true);
  });
});
