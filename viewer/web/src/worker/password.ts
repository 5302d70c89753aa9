// From a password or a recovery key to the two keys of docs/wire.md section 2, and the sealed root.

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { argon2id } from "hash-wasm";
import { HearthError } from "../engine/api";
import { type Bytes, concat, random, utf8 } from "./bytes";

const FLOOR_KIB = 64 * 1024;
const CEILING_KIB = 1024 * 1024;
const FLOOR_PASSES = 3;
const CEILING_PASSES = 16;
const SALT_BYTES = 16;
const RECOVERY_BYTES = 20;
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export interface Kdf {
  salt: Bytes;
  memKib: number;
  passes: number;
}

export interface AccessKeys {
  auth: Bytes;
  wrap: Bytes;
}

export function freshKdf(): Kdf {
  return { salt: random(SALT_BYTES), memKib: FLOOR_KIB, passes: FLOOR_PASSES };
}

/** Whoever names them: parameters that are too weak or would stall the browser are refused. */
export function checkKdf(kdf: Kdf): void {
  const good =
    Number.isInteger(kdf.memKib) &&
    Number.isInteger(kdf.passes) &&
    kdf.salt.length === SALT_BYTES &&
    kdf.memKib >= FLOOR_KIB &&
    kdf.memKib <= CEILING_KIB &&
    kdf.passes >= FLOOR_PASSES &&
    kdf.passes <= CEILING_PASSES;
  if (!good)
    throw new HearthError(
      "denied",
      "The server asked to protect the password in a way this page does not accept. Nothing was sent. Ask the person who runs the server.",
    );
}

export async function argon2(password: Bytes, kdf: Kdf): Promise<Bytes> {
  return (await argon2id({
    password,
    salt: kdf.salt,
    memorySize: kdf.memKib,
    iterations: kdf.passes,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  })) as Bytes;
}

function split(secret: Bytes, salt: string): AccessKeys {
  return {
    auth: hkdf(sha256, secret, utf8(salt), utf8("auth"), 32) as Bytes,
    wrap: hkdf(sha256, secret, utf8(salt), utf8("wrap"), 32) as Bytes,
  };
}

export async function keysOfPassword(password: string, kdf: Kdf): Promise<AccessKeys> {
  checkKdf(kdf);
  const stretched = await argon2(utf8(password.normalize("NFC")), kdf);
  const keys = split(stretched, "hearth-auth-1");
  stretched.fill(0);
  return keys;
}

export function makeRecovery(): { text: string; secret: Bytes } {
  const secret = random(RECOVERY_BYTES);
  return { text: recoveryText(secret), secret };
}

/** 32 characters in 8 groups of 4. */
export function recoveryText(secret: Bytes): string {
  let bits = 0n;
  for (const b of secret) bits = (bits << 8n) | BigInt(b);
  let out = "";
  for (let i = 31; i >= 0; i--) {
    out += CROCKFORD[Number((bits >> BigInt(5 * i)) & 31n)];
    if (i % 4 === 0 && i > 0) out += "-";
  }
  return out;
}

/** Forgives case, dashes, spaces, O for 0, I and L for 1. null when it is not a recovery key. */
export function recoverySecret(text: string): Bytes | null {
  const typed = text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (typed.length !== 32) return null;
  let bits = 0n;
  for (const c of typed) {
    const value = CROCKFORD.indexOf(c);
    if (value < 0) return null;
    bits = (bits << 5n) | BigInt(value);
  }
  const out = new Uint8Array(RECOVERY_BYTES);
  for (let i = RECOVERY_BYTES - 1; i >= 0; i--) {
    out[i] = Number(bits & 255n);
    bits >>= 8n;
  }
  return out;
}

export function keysOfRecovery(secret: Bytes): AccessKeys {
  return split(secret, "hearth-recovery-1");
}

function rootContext(accountId: Uint8Array): Bytes {
  return concat(utf8("hearth-root-1\0"), accountId);
}

/** u8 1 | nonce 24 | sealed root. */
export function wrapRoot(wrap: Bytes, root: Bytes, accountId: Uint8Array, nonce = random(24)): Bytes {
  const sealed = xchacha20poly1305(wrap, nonce, rootContext(accountId)).encrypt(root);
  return concat(new Uint8Array([1]), nonce, sealed);
}

/** null when the key is not the one it was sealed with, or it is not a sealed root. */
export function unwrapRoot(wrap: Bytes, wrapped: Bytes, accountId: Uint8Array): Bytes | null {
  if (wrapped.length !== 1 + 24 + 64 + 16 || wrapped[0] !== 1) return null;
  try {
    return xchacha20poly1305(wrap, wrapped.subarray(1, 25), rootContext(accountId)).decrypt(
      wrapped.subarray(25),
    ) as Bytes;
  } catch {
    return null;
  }
}
