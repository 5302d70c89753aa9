/* The crypto port in the page: each primitive is an import of module "env", given by the worker from its
 * audited library. Every argument is a pointer or a length in linear memory; nothing may be kept after the
 * call. Imports (names are a contract with viewer/web):
 *
 *   hearth_crypto_random(out, len)
 *   hearth_crypto_sha256(out32, data, len)
 *   hearth_crypto_sha512(out64, data, len)
 *   hearth_crypto_hmac_sha256(out32, key, key_len, data, len)
 *   hearth_crypto_seal(out, key32, nonce12, ad, ad_len, in, len)          writes len + 16
 *   hearth_crypto_open(out, key32, nonce12, ad, ad_len, in, len) -> i32   0, or -1 when the tag is wrong;
 *                                                                         len counts the tag
 *   hearth_crypto_x25519_public(out32, secret32)
 *   hearth_crypto_x25519(out32, secret32, point32) -> i32                 -1 when the result is all zero
 *   hearth_crypto_verify(signature64, public32, message, len) -> i32      1 good, 0 bad. Ed25519 as RFC 8032
 *                                                                         (no ZIP 215: small orders and
 *                                                                         non-canonical points refused)
 *   hearth_crypto_ristretto_from_hash(out32, hash64)                      RFC 9496 4.3.4
 *   hearth_crypto_ristretto_mul(out32, scalar32, point32) -> i32          -1 for an invalid point or identity
 *   hearth_crypto_ristretto_random_scalar(out32)                          uniform in 1..L-1, little-endian
 *
 * in and out never overlap in seal and open. AEAD is ChaCha20-Poly1305 of RFC 8439. */
#include "channel/core/crypto.h"

#include <string.h>

#define IMPORT(name) __attribute__((import_module("env"), import_name(name))) extern

IMPORT("hearth_crypto_random") void import_random(uint8_t *out, size_t len);
IMPORT("hearth_crypto_sha256") void import_sha256(uint8_t *out, const uint8_t *data, size_t len);
IMPORT("hearth_crypto_sha512") void import_sha512(uint8_t *out, const uint8_t *data, size_t len);
IMPORT("hearth_crypto_hmac_sha256")
void import_hmac_sha256(uint8_t *out, const uint8_t *key, size_t key_len, const uint8_t *data, size_t len);
IMPORT("hearth_crypto_seal")
void import_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce, const uint8_t *ad, size_t ad_len,
    const uint8_t *in, size_t len);
IMPORT("hearth_crypto_open")
int import_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce, const uint8_t *ad, size_t ad_len,
    const uint8_t *in, size_t len);
IMPORT("hearth_crypto_x25519_public") void import_x25519_public(uint8_t *out, const uint8_t *secret);
IMPORT("hearth_crypto_x25519") int import_x25519(uint8_t *out, const uint8_t *secret, const uint8_t *point);
IMPORT("hearth_crypto_verify")
int import_verify(const uint8_t *signature, const uint8_t *public_key, const uint8_t *message, size_t len);
IMPORT("hearth_crypto_ristretto_from_hash")
void import_ristretto_from_hash(uint8_t *out, const uint8_t *hash);
IMPORT("hearth_crypto_ristretto_mul")
int import_ristretto_mul(uint8_t *out, const uint8_t *scalar, const uint8_t *point);
IMPORT("hearth_crypto_ristretto_random_scalar") void import_ristretto_random_scalar(uint8_t *out);

int channel_crypto_init(void)
{
    return 0;
}

void channel_crypto_random(uint8_t *out, size_t len)
{
    import_random(out, len);
}

void channel_crypto_sha256(uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *data, size_t len)
{
    import_sha256(out, data, len);
}

void channel_crypto_sha512(uint8_t out[static 64], const uint8_t *data, size_t len)
{
    import_sha512(out, data, len);
}

void channel_crypto_hmac_sha256(
    uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *key, size_t key_len, const uint8_t *data, size_t len)
{
    import_hmac_sha256(out, key, key_len, data, len);
}

static void make_nonce(uint8_t nonce[static 12], uint64_t counter)
{
    memset(nonce, 0, 4);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(counter >> (8 * i));
}

void channel_crypto_seal(uint8_t *out, const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter,
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len)
{
    uint8_t nonce[12];
    make_nonce(nonce, counter);
    import_seal(out, key, nonce, ad, ad_len, in, len);
}

int channel_crypto_open(uint8_t *out, const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter,
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len)
{
    uint8_t nonce[12];
    if (len < CHANNEL_TAG_LEN)
        return -1;
    make_nonce(nonce, counter);
    if (import_open(out, key, nonce, ad, ad_len, in, len) == 0)
        return 0;
    channel_crypto_wipe(out, len - CHANNEL_TAG_LEN);
    return -1;
}

void channel_crypto_x25519_public(uint8_t out[static 32], const uint8_t secret[static 32])
{
    import_x25519_public(out, secret);
}

int channel_crypto_x25519(
    uint8_t out[static 32], const uint8_t secret[static 32], const uint8_t point[static 32])
{
    return import_x25519(out, secret, point) == 0 ? 0 : -1;
}

bool channel_crypto_verify(const uint8_t signature[static 64], const uint8_t public_key[static 32],
    const uint8_t *message, size_t len)
{
    return import_verify(signature, public_key, message, len) == 1;
}

void channel_crypto_ristretto_from_hash(uint8_t out[static 32], const uint8_t hash[static 64])
{
    import_ristretto_from_hash(out, hash);
}

int channel_crypto_ristretto_mul(
    uint8_t out[static 32], const uint8_t scalar[static 32], const uint8_t point[static 32])
{
    return import_ristretto_mul(out, scalar, point) == 0 ? 0 : -1;
}

void channel_crypto_ristretto_random_scalar(uint8_t out[static 32])
{
    import_ristretto_random_scalar(out);
}
