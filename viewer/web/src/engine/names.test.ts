import { describe, expect, it } from "vitest";
import { utf8 } from "../worker/bytes";
import { HearthError } from "./api";
import { bytesOfKey, keyOfBytes, keyOfName, pathOfParts, savedName, shownName } from "./names";

describe("names", () => {
  it("well-formed names are shown as they are", () => {
    expect(shownName(utf8("été 1994 – 写真.jpg"))).toBe("été 1994 – 写真.jpg");
  });

  it("bytes that are no text are shown one by one", () => {
    expect(shownName(new Uint8Array([0x61, 0xff, 0x62]))).toBe("a\\xffb");
    expect(shownName(new Uint8Array([0xc3]))).toBe("\\xc3");
    expect(shownName(new Uint8Array([0xe9, 0x74, 0xe9]))).toBe("\\xe9t\\xe9");
  });

  it("controls and direction marks cannot disguise a name", () => {
    expect(shownName(utf8("a\u202egpj.exe"))).toBe("a\\u{202e}gpj.exe");
    expect(shownName(utf8("a\nb\u0000c"))).toBe("a\\u{a}b\\u{0}c");
  });

  it("keys bring the exact bytes back", () => {
    const bytes = new Uint8Array([0xff, 0x00 + 1, 0x80, 0x2d]);
    expect(bytesOfKey(keyOfBytes(bytes))).toEqual(bytes);
  });

  it("new names with a slash, of no bytes or of too many are refused", () => {
    for (const name of ["", "a/b", ".", "..", "a\0", "x".repeat(256)])
      expect(() => keyOfName(name)).toThrow(HearthError);
    expect(bytesOfKey(keyOfName("née"))).toEqual(utf8("née"));
  });

  it("a path is its names joined by slashes", () => {
    expect(pathOfParts([])).toEqual(new Uint8Array(0));
    expect(pathOfParts(["a", "b c"].map(keyOfName))).toEqual(utf8("a/b c"));
  });

  it("a key that hides a slash is refused", () => {
    expect(() => pathOfParts([keyOfBytes(utf8("../x"))])).toThrow(HearthError);
    expect(() => pathOfParts(["!"])).toThrow(HearthError);
  });

  it("names for the browser's folder lose what it would not take", () => {
    expect(savedName("a/b\\c:d")).toBe("a_b_c_d");
    expect(savedName("...")).toBe("file");
    expect(savedName(" x. ")).toBe("x");
  });
});
