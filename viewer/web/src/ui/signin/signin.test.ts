import { describe, expect, it } from "vitest";
import { cleanCrockford, keyGroups } from "./keytext";
import { strengthOf } from "./strength";

describe("passwords", () => {
  it("shorter than twelve are short whatever they hold", () =>
    expect(strengthOf("aB3$xY9!k").strength).toBe("short"));
  it("repeats and runs are weak", () => {
    expect(strengthOf("aaaaaaaaaaaaaaaa").strength).toBe("weak");
    expect(strengthOf("abcdefghijklmnop").strength).toBe("weak");
  });
  it("a sentence is strong", () => expect(strengthOf("copper linen harbour seven").strength).toBe("strong"));
});

describe("recovery keys", () => {
  it("are read in any case and spacing", () => {
    expect(cleanCrockford("7qxm k2rd-9vht")).toBe("7QXMK2RD9VHT");
    expect(keyGroups("7QXMK2RD-9VHT")).toEqual(["7QXM", "K2RD", "9VHT"]);
  });
});
