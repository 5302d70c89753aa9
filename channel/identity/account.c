#include "channel/identity/account.h"

#include "channel/core/bytes.h"
#include "channel/identity/code.h"

#include <sodium.h>
#include <stdlib.h>
#include <uninorm.h>
#include <unistr.h>

_Static_assert(crypto_pwhash_argon2id_SALTBYTES == CHANNEL_KDF_SALT_LEN, "wire.md section 2");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == CHANNEL_WRAP_NONCE_LEN, "wire.md section 2");

static const char label_auth[] = "auth", label_wrap[] = "wrap";

const char *channel_account_strerror(int err)
{
    switch ((enum channel_account_error)err) {
    case CHANNEL_ACCOUNT_OK:
        return "no error";
    case CHANNEL_ACCOUNT_ERR_NOMEM:
        return "out of memory";
    case CHANNEL_ACCOUNT_ERR_WEAK:
        return "the password parameters are outside what this program accepts";
    case CHANNEL_ACCOUNT_ERR_FORMAT:
        return "not in the right form";
    case CHANNEL_ACCOUNT_ERR_KEY:
        return "this key does not open it";
    }
    return "unknown error";
}

/* ---- keys ---- */

void channel_keys_from(
    struct channel_keys *out, const uint8_t sign_seed[static 32], const uint8_t dh_secret[static 32])
{
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES];
    memcpy(out->sign_seed, sign_seed, 32);
    memcpy(out->dh_secret, dh_secret, 32);
    (void)crypto_sign_ed25519_seed_keypair(out->sign_public, secret, out->sign_seed);
    channel_crypto_x25519_public(out->dh_public, out->dh_secret);
    sodium_memzero(secret, sizeof secret);
}

void channel_keys_make(struct channel_keys *out)
{
    uint8_t seed[64];
    channel_crypto_random(seed, sizeof seed);
    channel_keys_from(out, seed, seed + 32);
    sodium_memzero(seed, sizeof seed);
}

void channel_keys_wipe(struct channel_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

void channel_keys_sign(const struct channel_keys *keys, uint8_t out[static CHANNEL_SIGNATURE_LEN],
    const uint8_t *message, size_t len)
{
    uint8_t secret[crypto_sign_ed25519_SECRETKEYBYTES], public_key[32];
    (void)crypto_sign_ed25519_seed_keypair(public_key, secret, keys->sign_seed);
    (void)crypto_sign_ed25519_detached(out, NULL, message, len, secret);
    sodium_memzero(secret, sizeof secret);
}

int channel_keys_sign_entry(const struct channel_keys *keys, uint8_t *entry, size_t cap, size_t len)
{
    uint8_t input[64 + CHANNEL_LOG_ENTRY_MAX];
    int n = channel_log_signing_input(input, sizeof input, entry, len);
    if (n < 0 || len > cap || cap - len < CHANNEL_SIGNATURE_LEN)
        return CHANNEL_LOG_ERR_LIMIT;
    channel_keys_sign(keys, entry + len, input, (size_t)n);
    return (int)len + CHANNEL_SIGNATURE_LEN;
}

/* ---- password ---- */

void channel_kdf_default(struct channel_kdf *out)
{
    channel_crypto_random(out->salt, sizeof out->salt);
    out->mem_kib = CHANNEL_KDF_MEM_KIB_MIN;
    out->passes = CHANNEL_KDF_PASSES_MIN;
}

static bool kdf_acceptable(const struct channel_kdf *kdf)
{
    return kdf->mem_kib >= CHANNEL_KDF_MEM_KIB_MIN && kdf->mem_kib <= CHANNEL_KDF_MEM_KIB_MAX &&
           kdf->passes >= CHANNEL_KDF_PASSES_MIN && kdf->passes <= CHANNEL_KDF_PASSES_MAX;
}

/* Two keys of 32 bytes from a secret, told apart by their info. */
static void split_keys(uint8_t out_auth[static 32], uint8_t out_wrap[static 32], const char *salt,
    const uint8_t *secret, size_t len)
{
    channel_crypto_hkdf(out_auth, 32, (const uint8_t *)salt, strlen(salt), secret, len,
        (const uint8_t *)label_auth, sizeof label_auth - 1);
    channel_crypto_hkdf(out_wrap, 32, (const uint8_t *)salt, strlen(salt), secret, len,
        (const uint8_t *)label_wrap, sizeof label_wrap - 1);
}

static int argon2id(uint8_t out[static 32], const char *secret, size_t len, const uint8_t salt[static 16],
    uint32_t mem_kib, uint32_t passes)
{
    return crypto_pwhash(
               out, 32, secret, len, salt, passes, (size_t)mem_kib << 10, crypto_pwhash_ALG_ARGON2ID13) == 0
               ? 0
               : CHANNEL_ACCOUNT_ERR_NOMEM;
}

int channel_password_keys(uint8_t out_auth[static 32], uint8_t out_wrap[static 32], const char *password,
    const struct channel_kdf *kdf)
{
    size_t len = channel_text_len(password, CHANNEL_PASSWORD_MAX + 1);
    if (!kdf_acceptable(kdf))
        return CHANNEL_ACCOUNT_ERR_WEAK;
    if (len == 0 || len > CHANNEL_PASSWORD_MAX || u8_check((const uint8_t *)password, len))
        return CHANNEL_ACCOUNT_ERR_FORMAT;
    /* The same password typed on two systems may come composed or decomposed: NFC makes it one. */
    size_t normal_len = 0;
    uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)password, len, NULL, &normal_len);
    if (!normal)
        return CHANNEL_ACCOUNT_ERR_NOMEM;
    uint8_t key[32];
    int err = argon2id(key, (const char *)normal, normal_len, kdf->salt, kdf->mem_kib, kdf->passes);
    if (err == 0)
        split_keys(out_auth, out_wrap, "hearth-auth-1", key, sizeof key);
    sodium_memzero(key, sizeof key);
    sodium_memzero(normal, normal_len);
    free(normal);
    return err;
}

int channel_words_seed(uint8_t out[static 32], const uint8_t sign_public[static 32],
    const uint8_t dh_public[static 32], const char code[static CHANNEL_CODE_LEN])
{
    char input[64];
    uint8_t salt[16];
    memcpy(input, sign_public, 32);
    memcpy(input + 32, dh_public, 32);
    channel_words_salt(salt, code);
    return argon2id(out, input, sizeof input, salt, CHANNEL_KDF_MEM_KIB_MIN, CHANNEL_KDF_PASSES_MIN);
}

/* ---- recovery key ---- */

void channel_recovery_make(uint8_t out[static CHANNEL_RECOVERY_LEN])
{
    channel_crypto_random(out, CHANNEL_RECOVERY_LEN);
}

void channel_recovery_format(
    char out[static CHANNEL_RECOVERY_TEXT], const uint8_t key[static CHANNEL_RECOVERY_LEN])
{
    size_t pos = 0;
    for (unsigned i = 0; i < 32; i++) {
        unsigned value = 0;
        for (unsigned bit = i * 5; bit < i * 5 + 5; bit++)
            value = value << 1 | ((unsigned)key[bit / 8] >> (7 - bit % 8) & 1u);
        if (i && i % 4 == 0)
            out[pos++] = '-';
        out[pos++] = channel_crockford_char(value);
    }
    out[pos] = '\0';
}

int channel_recovery_parse(uint8_t out[static CHANNEL_RECOVERY_LEN], const char *typed)
{
    char text[33];
    if (channel_crockford_normalise(text, 32, typed) < 0)
        return CHANNEL_ACCOUNT_ERR_FORMAT;
    memset(out, 0, CHANNEL_RECOVERY_LEN);
    for (unsigned i = 0; i < 160; i++) {
        unsigned value = (unsigned)channel_crockford_value(text[i / 5]);
        if (value >> (4 - i % 5) & 1u)
            out[i / 8] = (uint8_t)(out[i / 8] | 0x80u >> (i % 8));
    }
    sodium_memzero(text, sizeof text);
    return 0;
}

void channel_recovery_keys(
    uint8_t out_auth[static 32], uint8_t out_wrap[static 32], const uint8_t key[static CHANNEL_RECOVERY_LEN])
{
    split_keys(out_auth, out_wrap, "hearth-recovery-1", key, CHANNEL_RECOVERY_LEN);
}

/* ---- the root, wrapped ---- */

static const char root_label[] = "hearth-root-1"; /* its zero byte counts */

static void root_ad(uint8_t out[static sizeof root_label + 16], const uint8_t account_id[static 16])
{
    memcpy(out, root_label, sizeof root_label);
    memcpy(out + sizeof root_label, account_id, 16);
}

void channel_root_wrap(uint8_t out[static CHANNEL_WRAPPED_LEN], const uint8_t wrap_key[static 32],
    const struct channel_keys *root, const uint8_t *nonce)
{
    uint8_t ad[sizeof root_label + 16], account[16], plain[64];
    channel_account_id(account, root->sign_public, root->dh_public);
    root_ad(ad, account);
    memcpy(plain, root->sign_seed, 32);
    memcpy(plain + 32, root->dh_secret, 32);
    out[0] = 1;
    if (nonce)
        memcpy(out + 1, nonce, CHANNEL_WRAP_NONCE_LEN);
    else
        channel_crypto_random(out + 1, CHANNEL_WRAP_NONCE_LEN);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + 1 + CHANNEL_WRAP_NONCE_LEN, NULL, plain, sizeof plain, ad, sizeof ad, NULL, out + 1, wrap_key);
    sodium_memzero(plain, sizeof plain);
}

int channel_root_unwrap(struct channel_keys *out, const uint8_t *wrapped, size_t len,
    const uint8_t wrap_key[static 32], const uint8_t account_id[static CHANNEL_ID_LEN])
{
    uint8_t ad[sizeof root_label + 16], account[16], plain[64];
    if (len != CHANNEL_WRAPPED_LEN || wrapped[0] != 1)
        return CHANNEL_ACCOUNT_ERR_FORMAT;
    root_ad(ad, account_id);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, wrapped + 1 + CHANNEL_WRAP_NONCE_LEN,
            len - 1 - CHANNEL_WRAP_NONCE_LEN, ad, sizeof ad, wrapped + 1, wrap_key) != 0)
        return CHANNEL_ACCOUNT_ERR_KEY;
    struct channel_keys keys;
    channel_keys_from(&keys, plain, plain + 32);
    sodium_memzero(plain, sizeof plain);
    channel_account_id(account, keys.sign_public, keys.dh_public);
    bool right = channel_crypto_equal(account, account_id, sizeof account);
    if (right)
        *out = keys;
    channel_keys_wipe(&keys);
    return right ? 0 : CHANNEL_ACCOUNT_ERR_KEY;
}
