import { describe, expect, it } from "vitest";
import { concat, utf8 } from "./bytes";
import { FrameReader, framed, MESSAGE_MAX } from "./framing";

describe("framing", () => {
  const stream = concat(framed(utf8("one")), framed(new Uint8Array(0)), framed(utf8("three")));

  it("whole messages come out in order", () => {
    expect(new FrameReader().push(stream).map((m) => m.length)).toEqual([3, 0, 5]);
  });

  it("messages that arrive byte by byte come out the same", () => {
    const reader = new FrameReader();
    const out = [...stream].flatMap((b) => reader.push(new Uint8Array([b])));
    expect(out).toEqual([utf8("one"), new Uint8Array(0), utf8("three")]);
  });

  it("a length over the limit is refused before its bytes arrive", () => {
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, MESSAGE_MAX + 1);
    expect(() => new FrameReader().push(header)).toThrow(RangeError);
    expect(() => framed(new Uint8Array(MESSAGE_MAX + 1))).toThrow(RangeError);
  });
});
