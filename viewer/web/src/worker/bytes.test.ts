import { describe, expect, it } from "vitest";
import { base64url, concat, equal, hex, random, unbase64url, unhex, utf8 } from "./bytes";

describe("bytes", () => {
  it("base64url comes back for every length", () => {
    for (let len = 0; len < 70; len++) {
      const bytes = random(len);
      expect(unbase64url(base64url(bytes))).toEqual(bytes);
    }
  });

  it("text that is no base64url or hex is refused", () => {
    for (const text of ["a", "ab=", "a+b/", "ä"]) expect(unbase64url(text)).toBeNull();
    for (const text of ["a", "zz"]) expect(unhex(text)).toBeNull();
    expect(unhex("00fF")).toEqual(new Uint8Array([0, 255]));
  });

  it("joins and compares", () => {
    expect(hex(concat(utf8("a"), utf8("bc")))).toBe("616263");
    expect(equal(utf8("ab"), utf8("ab"))).toBe(true);
    expect(equal(utf8("ab"), utf8("abc"))).toBe(false);
  });
});
