// The page's and the programs' secrets are the same bytes: vectors that the C tests publish.
import { describe, expect, it } from "vitest";
import vectors from "../../../../tests/data/identity-vectors.json";
import { type Bytes, concat, hex, unbase64url, unhex } from "./bytes";
import type { Core } from "./core";
import { wordsOf } from "./enroll";
import { AccountLog, accountId, deviceId, LogError } from "./log";
import {
  argon2,
  keysOfPassword,
  keysOfRecovery,
  recoverySecret,
  recoveryText,
  unwrapRoot,
  wrapRoot,
} from "./password";
import { instantiate } from "./wasm";

const bytes = (text: string): Bytes => unhex(text) ?? new Uint8Array(0);

// Present after the wasm preset was built and npm's prebuild copied it.
const found = import.meta.glob<string>("./modules/hearth.wasm", {
  query: "?url&inline",
  import: "default",
  eager: true,
});
const dataUrl = Object.values(found)[0];

function core(): Core {
  const base64 = (dataUrl ?? "").slice((dataUrl ?? "").indexOf(",") + 1);
  const wasm = unbase64url(base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  return instantiate(new WebAssembly.Module(wasm ?? new Uint8Array(0)));
}

describe("secrets as every program makes them", () => {
  for (const v of vectors.passwords)
    it(`the keys of a password of ${v.password.length} characters`, async () => {
      const keys = await keysOfPassword(v.password, {
        salt: bytes(v.salt),
        memKib: v.mem_kib,
        passes: v.passes,
      });
      expect(hex(keys.auth)).toBe(v.auth_key);
      expect(hex(keys.wrap)).toBe(v.wrap_key);
    });

  it("the recovery key's text and keys", () => {
    const v = vectors.recovery;
    expect(recoveryText(bytes(v.key))).toBe(v.text);
    expect(hex(recoverySecret(v.text) ?? new Uint8Array(0))).toBe(v.key);
    const keys = keysOfRecovery(bytes(v.key));
    expect(hex(keys.auth)).toBe(v.recovery_auth);
    expect(hex(keys.wrap)).toBe(v.wrap_key);
  });

  it("the sealed root", () => {
    const v = vectors.root;
    const root = concat(bytes(v.keys.ed25519_seed), bytes(v.keys.x25519_secret));
    const wrapped = wrapRoot(bytes(v.wrap_key), root, bytes(v.account_id), bytes(v.nonce));
    expect(hex(wrapped)).toBe(v.wrapped_root);
    expect(unwrapRoot(bytes(v.wrap_key), wrapped, bytes(v.account_id))).toEqual(root);
  });
});

describe.skipIf(dataUrl === undefined)("hearth.wasm", () => {
  it("names accounts and devices by their keys", () => {
    const c = core();
    const { keys, account_id } = vectors.root;
    expect(hex(accountId(c, bytes(keys.ed25519_public), bytes(keys.x25519_public)))).toBe(account_id);
    const { device, device_id } = vectors.words;
    expect(hex(deviceId(c, bytes(device.ed25519_public), bytes(device.x25519_public)))).toBe(device_id);
  });

  it("finds the same check words", async () => {
    const v = vectors.words;
    const keys = concat(bytes(v.device.ed25519_public), bytes(v.device.x25519_public));
    const seed = await argon2(keys, { salt: bytes(v.salt), memKib: 65_536, passes: 3 });
    expect(hex(seed)).toBe(v.seed);
    expect(wordsOf(core(), seed)).toEqual(v.words);
  });

  it("takes the published log and makes the same head", () => {
    const log = new AccountLog(core());
    for (const { entry } of vectors.log.entries) log.append(bytes(entry));
    expect(log.count).toBe(vectors.log.entries.length);
    expect(hex(log.hashAt(log.count - 1) ?? new Uint8Array(0))).toBe(vectors.log.head_hash);
    expect(hex(log.head())).toBe(vectors.log.handshake_payload);
    expect(log.judgeHead(bytes(vectors.log.handshake_payload))).toBe(1);
    expect(log.find(bytes(vectors.log.pc_id))).not.toBeNull();
  });

  it("refuses an entry with one bit changed, and the log stays as it was", () => {
    const log = new AccountLog(core());
    const [first, second] = vectors.log.entries.map(({ entry }) => bytes(entry));
    log.append(first as Bytes);
    const changed = new Uint8Array(second as Bytes);
    changed[100] = (changed[100] as number) ^ 1;
    expect(() => log.append(changed)).toThrow(LogError);
    expect(log.count).toBe(1);
    expect(() => log.append(second as Bytes)).not.toThrow();
  });

  it("tells a fork and a shorter history from its own", () => {
    const c = core();
    const log = new AccountLog(c);
    const entries = vectors.log.entries.map(({ entry }) => bytes(entry));
    for (const entry of entries) log.append(entry);
    const head = log.hashAt(entries.length - 1) ?? new Uint8Array(32);
    const shorter = new AccountLog(c);
    for (const entry of entries.slice(0, 2)) shorter.append(entry);
    expect(shorter.contains(entries.length, head)).toBe(0);
    expect(log.contains(2, head)).toBeLessThan(0);
    expect(log.contains(entries.length, head)).toBe(1);
  });
});
