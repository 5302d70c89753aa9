import { describe, expect, it } from "vitest";
import { bitsText, shareText, sizeText, spanText, splitName, whenText } from "./format";
import { en } from "./words/en";

describe("sizes", () => {
  it("have a unit after a thin space and few digits", () => {
    expect(sizeText(0, "en")).toBe("0\u202fB");
    expect(sizeText(999, "en")).toBe("999\u202fB");
    expect(sizeText(4100, "en")).toBe("4.1\u202fKB");
    expect(sizeText(1.42e9, "en")).toBe("1.42\u202fGB");
    expect(sizeText(999_950, "en")).toBe("1\u202fMB");
    expect(sizeText(4100, "fr")).toBe("4,1\u202fKo");
  });
  it("rates are in bits", () => expect(bitsText(2.4e6, "en")).toBe("2.4\u202fMbit/s"));
  it("100 % is said only when it is so", () => {
    expect(shareText(1, "en")).toBe("100\u202f%");
    expect(shareText(0.99999, "en")).toBe("99.9\u202f%");
  });
});

describe("times", () => {
  it("spans are short", () => {
    expect(spanText(12_000, en)).toBe("12 s");
    expect(spanText(12 * 60_000, en)).toBe("12 min");
    expect(spanText(185 * 60_000, en)).toBe("3 h 5 min");
    expect(spanText(49 * 3_600_000, en)).toBe("2 days");
    expect(spanText(-5, en)).toBe("0 s");
  });
  it("dates are as near as they can be", () => {
    const now = new Date(2026, 10, 20, 20, 0).getTime();
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 40).getTime();
    expect(whenText(at(20, 19), now, en, "en-GB")).toBe("Today, 19:40");
    expect(whenText(at(20, 19), now, en, "en-GB", true)).toBe("today, 19:40");
    expect(whenText(at(19, 23), now, en, "en-GB")).toBe("Yesterday");
    expect(whenText(at(17, 18), now, en, "en-GB")).toBe("Tue, 18:40");
    expect(whenText(at(2, 18), now, en, "en-GB")).toBe("2 Nov");
  });
});

describe("names", () => {
  it("keep their ending when they are cut", () => {
    expect(splitName("short.txt")).toEqual(["short.txt", ""]);
    const [head, tail] = splitName("kitchen-rebuild-final.ods");
    expect(head + tail).toBe("kitchen-rebuild-final.ods");
    expect(tail.endsWith(".ods")).toBe(true);
  });
});
