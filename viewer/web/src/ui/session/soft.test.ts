import { describe, expect, it } from "vitest";
import { softChange } from "./soft";

describe("an on-screen keyboard's field", () => {
  it("tells appended text", () => expect(softChange("··ab", "··abc")).toEqual({ back: 0, text: "c" }));
  it("tells a backspace", () => expect(softChange("··ab", "··a")).toEqual({ back: 1, text: "" }));
  it("tells a word that was corrected", () =>
    expect(softChange("··teh", "··the ")).toEqual({ back: 2, text: "he " }));
  it("counts a character outside the basic plane once", () =>
    expect(softChange("··😀", "··")).toEqual({ back: 1, text: "" }));
});
