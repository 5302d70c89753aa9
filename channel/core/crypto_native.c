/* The crypto port natively: libsodium, and OpenSSL where it is faster. OpenSSL seals 16 KiB half again
 * as fast but pays for a context on every call, so short inputs stay with libsodium (docs/bench.md
 * "Sealing"); the two give the same bytes, which also makes libsodium the way out when OpenSSL has no
 * memory. The fetched algorithms are one-time library setup, made by channel_crypto_init. */
#include "channel/core/crypto.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

enum {
    OPENSSL_FROM_BYTES = 1024,
    CALL_MAX = 1 << 30 /* OpenSSL counts in int */
};

static EVP_CIPHER *aead;
static EVP_MD *sha256;

int channel_crypto_init(void)
{
    if (sodium_init() < 0)
        return -1;
    if (!aead)
        aead = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    if (!sha256)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return 0;
}

void channel_crypto_random(uint8_t *out, size_t len)
{
    randombytes_buf(out, len);
}

void channel_crypto_sha256(uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *data, size_t len)
{
    if (len >= OPENSSL_FROM_BYTES && sha256 && EVP_Digest(data, len, out, NULL, sha256, NULL) == 1)
        return;
    crypto_hash_sha256(out, data, len);
}

void channel_crypto_sha512(uint8_t out[static 64], const uint8_t *data, size_t len)
{
    crypto_hash_sha512(out, data, len);
}

void channel_crypto_hmac_sha256(
    uint8_t out[static CHANNEL_HASH_LEN], const uint8_t *key, size_t key_len, const uint8_t *data, size_t len)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_len);
    crypto_auth_hmacsha256_update(&state, data, len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

static void make_nonce(uint8_t nonce[static 12], uint64_t counter)
{
    memset(nonce, 0, 4);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(counter >> (8 * i));
}

static bool seal_openssl(uint8_t *out, const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, const uint8_t *in, size_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok = ctx && EVP_EncryptInit_ex2(ctx, aead, key, nonce, NULL) == 1 &&
              (ad_len == 0 || EVP_EncryptUpdate(ctx, NULL, &n, ad, (int)ad_len) == 1) &&
              EVP_EncryptUpdate(ctx, out, &n, in, (int)len) == 1 && n == (int)len &&
              EVP_EncryptFinal_ex(ctx, out + len, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CHANNEL_TAG_LEN, out + len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

void channel_crypto_seal(uint8_t *out, const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter,
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len)
{
    uint8_t nonce[12];
    make_nonce(nonce, counter);
    if (len >= OPENSSL_FROM_BYTES && len < CALL_MAX && ad_len < CALL_MAX && aead &&
        seal_openssl(out, key, nonce, ad, ad_len, in, len))
        return;
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, ad, ad_len, NULL, nonce, key);
}

/* 1 opened, 0 the tag is wrong, -1 not able (no memory). */
static int open_openssl(uint8_t *out, const uint8_t *key, const uint8_t *nonce, const uint8_t *ad,
    size_t ad_len, const uint8_t *in, size_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[CHANNEL_TAG_LEN];
    int n = 0, result = -1;
    memcpy(tag, in + len, sizeof tag);
    if (ctx && EVP_DecryptInit_ex2(ctx, aead, key, nonce, NULL) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CHANNEL_TAG_LEN, tag) == 1 &&
        (ad_len == 0 || EVP_DecryptUpdate(ctx, NULL, &n, ad, (int)ad_len) == 1) &&
        EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1)
        result = EVP_DecryptFinal_ex(ctx, out + len, &n) == 1 ? 1 : 0;
    EVP_CIPHER_CTX_free(ctx);
    return result;
}

int channel_crypto_open(uint8_t *out, const uint8_t key[static CHANNEL_KEY_LEN], uint64_t counter,
    const uint8_t *ad, size_t ad_len, const uint8_t *in, size_t len)
{
    uint8_t nonce[12];
    if (len < CHANNEL_TAG_LEN)
        return -1;
    size_t plain = len - CHANNEL_TAG_LEN;
    make_nonce(nonce, counter);
    int result = -1;
    if (plain >= OPENSSL_FROM_BYTES && plain < CALL_MAX && ad_len < CALL_MAX && aead)
        result = open_openssl(out, key, nonce, ad, ad_len, in, plain);
    if (result < 0)
        result =
            crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in, len, ad, ad_len, nonce, key) == 0;
    if (result == 1)
        return 0;
    channel_crypto_wipe(out, plain);
    return -1;
}

void channel_crypto_x25519_public(uint8_t out[static 32], const uint8_t secret[static 32])
{
    (void)crypto_scalarmult_curve25519_base(out, secret);
}

int channel_crypto_x25519(
    uint8_t out[static 32], const uint8_t secret[static 32], const uint8_t point[static 32])
{
    return crypto_scalarmult_curve25519(out, secret, point) == 0 ? 0 : -1;
}

bool channel_crypto_verify(const uint8_t signature[static 64], const uint8_t public_key[static 32],
    const uint8_t *message, size_t len)
{
    return crypto_sign_ed25519_verify_detached(signature, message, len, public_key) == 0;
}

void channel_crypto_ristretto_from_hash(uint8_t out[static 32], const uint8_t hash[static 64])
{
    (void)crypto_core_ristretto255_from_hash(out, hash);
}

int channel_crypto_ristretto_mul(
    uint8_t out[static 32], const uint8_t scalar[static 32], const uint8_t point[static 32])
{
    return crypto_scalarmult_ristretto255(out, scalar, point) == 0 ? 0 : -1;
}

void channel_crypto_ristretto_random_scalar(uint8_t out[static 32])
{
    crypto_core_ristretto255_scalar_random(out);
}
