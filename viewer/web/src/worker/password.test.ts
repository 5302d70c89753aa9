import { describe, expect, it } from "vitest";
import { random } from "./bytes";
import {
  checkKdf,
  freshKdf,
  keysOfPassword,
  makeRecovery,
  recoverySecret,
  recoveryText,
  unwrapRoot,
  wrapRoot,
} from "./password";

describe("password", () => {
  it("weak or absurd stretching is refused, whoever names it", () => {
    const good = freshKdf();
    expect(() => checkKdf(good)).not.toThrow();
    for (const bad of [
      { ...good, memKib: 65_535 },
      { ...good, memKib: 1024 * 1024 + 1 },
      { ...good, passes: 2 },
      { ...good, passes: 17 },
      { ...good, passes: 3.5 },
      { ...good, salt: random(15) },
    ])
      expect(() => checkKdf(bad)).toThrow();
  });

  it("two spellings of the same letters are one password", async () => {
    const kdf = freshKdf();
    const [a, b] = [await keysOfPassword("\u00e9", kdf), await keysOfPassword("e\u0301", kdf)];
    expect(a.auth).toEqual(b.auth);
    expect(a.wrap).toEqual(b.wrap);
    expect(a.auth).not.toEqual(a.wrap);
  });

  it("a recovery key survives being read aloud", () => {
    const { text, secret } = makeRecovery();
    expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = text.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
    expect(recoverySecret(typed)).toEqual(secret);
    expect(recoverySecret(text.slice(1))).toBeNull();
    expect(recoverySecret(`U${text.slice(1)}`)).toBeNull();
  });

  it("the recovery key's first character holds the first five bits", () => {
    expect(recoveryText(new Uint8Array([0xff, ...new Uint8Array(19)]))).toBe(
      "ZW00-0000-0000-0000-0000-0000-0000-0000",
    );
  });

  it("a sealed root opens with its key and account only", () => {
    const [wrap, root, account] = [random(32), random(64), random(16)];
    const sealed = wrapRoot(wrap, root, account);
    expect(sealed.length).toBe(105);
    expect(unwrapRoot(wrap, sealed, account)).toEqual(root);
    expect(unwrapRoot(random(32), sealed, account)).toBeNull();
    expect(unwrapRoot(wrap, sealed, random(16))).toBeNull();
    sealed[50] = (sealed[50] as number) ^ 1;
    expect(unwrapRoot(wrap, sealed, account)).toBeNull();
  });
});
