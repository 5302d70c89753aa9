/* An account's secrets on the client: keys from the password, the recovery key, the root keys and how the
 * broker may store them without reading them. Native only; the page does the same in TypeScript, against
 * tests/data/identity-vectors.json. docs/wire.md section 2. Any thread; the two calls that run Argon2id
 * take about a tenth of a second and 64 MiB or more: not on a loop thread. */
#pragma once

#include "channel/identity/enroll.h"

enum {
    CHANNEL_KDF_SALT_LEN = 16,
    CHANNEL_KDF_MEM_KIB_MIN = 64 << 10, /* a client refuses weaker, and what would exhaust it, whoever asks */
    CHANNEL_KDF_MEM_KIB_MAX = 1 << 20,
    CHANNEL_KDF_PASSES_MIN = 3,
    CHANNEL_KDF_PASSES_MAX = 16,
    CHANNEL_PASSWORD_MAX = 1024, /* bytes of UTF-8 */
    CHANNEL_WRAPPED_LEN = 1 + 24 + 64 + 16,
    CHANNEL_WRAP_NONCE_LEN = 24,
    CHANNEL_RECOVERY_LEN = 20,
    CHANNEL_RECOVERY_TEXT = 8 * 4 + 7 + 1 /* with its zero byte */
};

enum channel_account_error {
    CHANNEL_ACCOUNT_OK = 0,
    CHANNEL_ACCOUNT_ERR_NOMEM = -1,
    CHANNEL_ACCOUNT_ERR_WEAK = -2,   /* parameters under the floor or over the ceiling */
    CHANNEL_ACCOUNT_ERR_FORMAT = -3, /* not UTF-8, not a recovery key, not wrapped keys */
    CHANNEL_ACCOUNT_ERR_KEY = -4     /* wrong key: it does not open */
};
const char *channel_account_strerror(int err);

struct channel_kdf {
    uint8_t salt[CHANNEL_KDF_SALT_LEN];
    uint32_t mem_kib, passes;
};
/* Fresh salt and today's parameters (64 MiB, 3 passes). */
void channel_kdf_default(struct channel_kdf *out);

/* Ed25519 and X25519 of a device or of an account's root. */
struct channel_keys {
    uint8_t sign_seed[32], sign_public[32];
    uint8_t dh_secret[32], dh_public[32];
};
void channel_keys_make(struct channel_keys *out);
/* The public halves from the secret ones. */
void channel_keys_from(
    struct channel_keys *out, const uint8_t sign_seed[static 32], const uint8_t dh_secret[static 32]);
void channel_keys_wipe(struct channel_keys *keys);
/* Ed25519 over message. */
void channel_keys_sign(const struct channel_keys *keys, uint8_t out[static CHANNEL_SIGNATURE_LEN],
    const uint8_t *message, size_t len);
/* Complete an unsigned entry from channel_log_make_*: appends the signature. entry has room for len + 64.
 * Returns the whole length or CHANNEL_LOG_ERR_LIMIT. */
int channel_keys_sign_entry(const struct channel_keys *keys, uint8_t *entry, size_t cap, size_t len);

/* Password (UTF-8, brought to NFC here) to the key sent to the broker and the key that never leaves.
 * 0, _ERR_WEAK, _ERR_FORMAT (empty, too long or not UTF-8) or _ERR_NOMEM. Slow. */
int channel_password_keys(uint8_t out_auth[static 32], uint8_t out_wrap[static 32], const char *password,
    const struct channel_kdf *kdf);

/* Recovery key: 20 random bytes as 8 groups of 4 Crockford characters with dashes. parse forgives case,
 * dashes, spaces, O for 0, I and L for 1; 0 or _ERR_FORMAT. */
void channel_recovery_make(uint8_t out[static CHANNEL_RECOVERY_LEN]);
void channel_recovery_format(
    char out[static CHANNEL_RECOVERY_TEXT], const uint8_t key[static CHANNEL_RECOVERY_LEN]);
int channel_recovery_parse(uint8_t out[static CHANNEL_RECOVERY_LEN], const char *typed);
void channel_recovery_keys(
    uint8_t out_auth[static 32], uint8_t out_wrap[static 32], const uint8_t key[static CHANNEL_RECOVERY_LEN]);

/* Seal the root's secrets under a wrap key, and open them again: the account id that the caller expects is
 * bound in and checked against the keys. nonce NULL = random (a test gives one). */
void channel_root_wrap(uint8_t out[static CHANNEL_WRAPPED_LEN], const uint8_t wrap_key[static 32],
    const struct channel_keys *root, const uint8_t *nonce);
int channel_root_unwrap(struct channel_keys *out, const uint8_t *wrapped, size_t len,
    const uint8_t wrap_key[static 32], const uint8_t account_id[static CHANNEL_ID_LEN]);

/* The seed of a PC's check words, for channel_words_from_seed. 0 or _ERR_NOMEM. Slow. */
int channel_words_seed(uint8_t out[static 32], const uint8_t sign_public[static 32],
    const uint8_t dh_public[static 32], const char code[static CHANNEL_CODE_LEN]);
