/* The crypto port: the only door from the channel to primitives. Natively libsodium, and
 * OpenSSL where it is faster (large records, SHA-256); in the page crypto_wasm.c hands each call
 * to the worker's audited library. Choice by measurement: docs/bench.md "Sealing".
 * All functions are constant time in their secrets. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNEL_KEY_LEN = 32,
    CHANNEL_TAG_LEN = 16,
    CHANNEL_HASH_LEN = 32,
    CHANNEL_SIGNATURE_LEN = 64,
    CHANNEL_ID_LEN = 16,   /* account, device and session ids */
    CHANNEL_INFO_MAX = 128 /* bytes of an HKDF info: our own constants, so short */
};

/* Once per process before anything else; 0 or -1 when no randomness is to be had. */
__attribute__((warn_unused_result)) int channel_crypto_init(void);
void channel_crypto_random(uint8_t *out, size_t len);
void channel_crypto_wipe(void *data, size_t len);
bool channel_crypto_equal(const uint8_t *a, const uint8_t *b, size_t len);

void channel_crypto_sha256(uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *data, size_t len);
void channel_crypto_sha512(uint8_t out[static 64], const uint8_t *data, size_t len);
void channel_crypto_hmac_sha256(uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *key, size_t key_len,
    const uint8_t *data, size_t len);
/* HKDF-SHA256, out_len <= 255*32, info_len <= CHANNEL_INFO_MAX. salt NULL = zeros. */
void channel_crypto_hkdf(uint8_t *out, size_t out_len, const uint8_t *salt, size_t salt_len,
    const uint8_t *ikm, size_t ikm_len, const uint8_t *info, size_t info_len);

/* ChaCha20-Poly1305 (RFC 8439), nonce = 4 zero bytes | counter little-endian.
 * seal writes len + 16 bytes; open writes len - 16 and returns -1 when the tag is wrong (out is wiped). */
void channel_crypto_seal(uint8_t *out, const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter,
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len);
__attribute__((warn_unused_result)) int channel_crypto_open(uint8_t *out,
    const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter, const uint8_t *ad, size_t ad_len,
    const uint8_t *in, size_t len);

/* X25519. The result is -1 for a point of small order (all-zero output). */
void channel_crypto_x25519_public(uint8_t out[static 32], const uint8_t secret[static 32]);
__attribute__((warn_unused_result)) int channel_crypto_x25519(
    uint8_t out[static 32], const uint8_t secret[static 32], const uint8_t point[static 32]);

__attribute__((warn_unused_result)) bool channel_crypto_verify(const uint8_t signature[static 64],
    const uint8_t public_key[static 32], const uint8_t *message, size_t len);

/* ristretto255, for the code of an enrolment. mul: -1 for an invalid or identity result. */
void channel_crypto_ristretto_from_hash(uint8_t out[static 32], const uint8_t hash[static 64]);
__attribute__((warn_unused_result)) int channel_crypto_ristretto_mul(
    uint8_t out[static 32], const uint8_t scalar[static 32], const uint8_t point[static 32]);
void channel_crypto_ristretto_random_scalar(uint8_t out[static 32]);
