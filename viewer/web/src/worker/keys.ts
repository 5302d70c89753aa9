// This browser's own keys: non-extractable WebCrypto handles. The page can use its identity, never leak it.

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { HearthError } from "../engine/api";
import { type Bytes, equal, random } from "./bytes";

export interface DeviceKeys {
  sign: CryptoKey;
  dh: CryptoKey;
  signPublic: Bytes;
  dhPublic: Bytes;
}

function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!found)
    throw new HearthError(
      "unsupported",
      "This page was opened without encryption, so the browser offers it no keys. Open it by https, or on this computer as http://localhost.",
    );
  return found;
}

const TOO_OLD =
  "This browser cannot make X25519 and Ed25519 keys. Use a current Chromium, Chrome, Edge, Firefox or Safari.";

export async function makeDeviceKeys(): Promise<DeviceKeys> {
  const api = subtle();
  try {
    const sign = (await api.generateKey({ name: "Ed25519" }, false, ["sign", "verify"])) as CryptoKeyPair;
    const dh = (await api.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
    return {
      sign: sign.privateKey,
      dh: dh.privateKey,
      signPublic: new Uint8Array(await api.exportKey("raw", sign.publicKey)),
      dhPublic: new Uint8Array(await api.exportKey("raw", dh.publicKey)),
    };
  } catch {
    throw new HearthError("unsupported", TOO_OLD);
  }
}

export async function signWith(keys: DeviceKeys, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().sign({ name: "Ed25519" }, keys.sign, message));
}

/** X25519 with a point from a peer; null when the result would be all zero. */
export async function agree(keys: DeviceKeys, point: Bytes): Promise<Bytes | null> {
  try {
    const api = subtle();
    const peer = await api.importKey("raw", point, { name: "X25519" }, false, []);
    const shared = new Uint8Array(await api.deriveBits({ name: "X25519", public: peer }, keys.dh, 256));
    return equal(shared, new Uint8Array(32)) ? null : shared;
  } catch {
    return null;
  }
}

/** The account's root: exists only while signing up or in; call wipe when done. */
export class RootKeys {
  private constructor(
    private readonly seed: Bytes,
    private readonly secret: Bytes,
  ) {}

  static make(): RootKeys {
    return new RootKeys(random(32), random(32));
  }

  /** Ed25519 seed 32 | X25519 secret 32; the bytes are taken over. */
  static from(raw: Bytes): RootKeys {
    return new RootKeys(raw.slice(0, 32), raw.slice(32, 64));
  }

  get signPublic(): Bytes {
    return ed25519.getPublicKey(this.seed) as Bytes;
  }

  get dhPublic(): Bytes {
    return x25519.getPublicKey(this.secret) as Bytes;
  }

  sign(message: Bytes): Bytes {
    return ed25519.sign(message, this.seed) as Bytes;
  }

  raw(): Bytes {
    const out = new Uint8Array(64);
    out.set(this.seed);
    out.set(this.secret, 32);
    return out;
  }

  wipe(): void {
    this.seed.fill(0);
    this.secret.fill(0);
  }
}
