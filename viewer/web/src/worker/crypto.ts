// The crypto port of hearth.wasm: each import of channel/core/crypto_wasm.c, by the noble libraries.
// Arguments are offsets into linear memory, valid for the call only.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, ristretto255, ristretto255_hasher, x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";

const TAG = 16;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function numberOf(littleEndian: Uint8Array): bigint {
  let n = 0n;
  for (let i = littleEndian.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(littleEndian[i] as number);
  return n;
}

function isZero(bytes: Uint8Array): boolean {
  let any = 0;
  for (const b of bytes) any |= b;
  return any === 0;
}

/** memory: the module's bytes as they stand now (it moves when it grows). */
export function cryptoImports(
  memory: () => Uint8Array,
): Record<string, (...args: number[]) => number | undefined> {
  const at = (ptr = 0, len = 0) => memory().subarray(ptr, ptr + len);
  const put = (ptr: number, bytes: Uint8Array) => memory().set(bytes, ptr);
  return {
    hearth_crypto_random: (out = 0, len = 0) => {
      // getRandomValues takes at most 64 KiB a call.
      for (let done = 0; done < len; done += 65536)
        crypto.getRandomValues(at(out + done, Math.min(65536, len - done)) as Uint8Array<ArrayBuffer>);
      return undefined;
    },
    hearth_crypto_sha256: (out = 0, data = 0, len = 0) => {
      put(out, sha256(at(data, len)));
      return undefined;
    },
    hearth_crypto_sha512: (out = 0, data = 0, len = 0) => {
      put(out, sha512(at(data, len)));
      return undefined;
    },
    hearth_crypto_hmac_sha256: (out = 0, key = 0, keyLen = 0, data = 0, len = 0) => {
      put(out, hmac(sha256, at(key, keyLen), at(data, len)));
      return undefined;
    },
    hearth_crypto_seal: (out = 0, key = 0, nonce = 0, ad = 0, adLen = 0, input = 0, len = 0) => {
      chacha20poly1305(at(key, 32), at(nonce, 12), at(ad, adLen)).encrypt(at(input, len), at(out, len + TAG));
      return undefined;
    },
    hearth_crypto_open: (out = 0, key = 0, nonce = 0, ad = 0, adLen = 0, input = 0, len = 0) => {
      try {
        chacha20poly1305(at(key, 32), at(nonce, 12), at(ad, adLen)).decrypt(
          at(input, len),
          at(out, len - TAG),
        );
        return 0;
      } catch {
        return -1;
      }
    },
    hearth_crypto_x25519_public: (out = 0, secret = 0) => {
      put(out, x25519.getPublicKey(at(secret, 32)));
      return undefined;
    },
    hearth_crypto_x25519: (out = 0, secret = 0, point = 0) => {
      try {
        const shared = x25519.getSharedSecret(at(secret, 32), at(point, 32));
        if (isZero(shared)) return -1;
        put(out, shared);
        return 0;
      } catch {
        return -1;
      }
    },
    hearth_crypto_verify: (signature = 0, publicKey = 0, message = 0, len = 0) => {
      try {
        const good = ed25519.verify(at(signature, 64), at(message, len), at(publicKey, 32), {
          zip215: false,
        });
        return good ? 1 : 0;
      } catch {
        return 0;
      }
    },
    hearth_crypto_ristretto_from_hash: (out = 0, hash = 0) => {
      put(out, ristretto255_hasher.deriveToCurve?.(at(hash, 64)).toBytes() ?? new Uint8Array(32));
      return undefined;
    },
    hearth_crypto_ristretto_mul: (out = 0, scalar = 0, point = 0) => {
      try {
        const n = (numberOf(at(scalar, 32)) & (2n ** 255n - 1n)) % GROUP_ORDER;
        if (n === 0n) return -1;
        const product = ristretto255.Point.fromBytes(at(point, 32)).multiply(n).toBytes();
        if (isZero(product)) return -1;
        put(out, product);
        return 0;
      } catch {
        return -1;
      }
    },
    hearth_crypto_ristretto_random_scalar: (out = 0) => {
      // 64 random bytes reduced: bias below 2^-250. Zero is tried again.
      let n = 0n;
      while (n === 0n) n = numberOf(crypto.getRandomValues(new Uint8Array(64))) % GROUP_ORDER;
      const bytes = new Uint8Array(32);
      for (let i = 0; i < 32; i++) {
        bytes[i] = Number(n & 255n);
        n >>= 8n;
      }
      put(out, bytes);
      return undefined;
    },
  };
}
