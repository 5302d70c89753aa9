/* A program's home directory: its device keys, which broker and account it belongs to, the broker's TLS
 * pin, and the account log as far as it was seen. Directory 0700, files 0600, written by temporary file,
 * fsync, rename, fsync of the directory. Host and CLI share it. Native only. Blocking file I/O; one thread
 * at a time per object. Several processes may use one home: appends are serialised by a lock file.
 *
 *   keys     u8 1 | Ed25519 seed 32 | X25519 secret 32
 *   home     JSON: version, broker, account, root, pin
 *   log      each entry: u16 length | bytes; appended
 *   head     u64 count | 32 B hash of the last entry: a log that does not hold it is refused */
#pragma once

#include "channel/identity/account.h"

enum {
    CHANNEL_HOME_URL_MAX = 512,
    CHANNEL_HOME_ACCOUNT_MAX = 64,
    CHANNEL_HOME_PIN_MAX = 128,
    CHANNEL_HOME_WHY_MAX = 512
};

/* Apart from the log's errors, which some calls hand on. */
enum channel_home_error {
    CHANNEL_HOME_OK = 0,
    CHANNEL_HOME_ERR_NOMEM = CHANNEL_LOG_ERR_NOMEM,
    CHANNEL_HOME_ERR_IO = -20,
    CHANNEL_HOME_ERR_ACCESS = -21,   /* others can read it */
    CHANNEL_HOME_ERR_FORMAT = -22,   /* a file in it is damaged */
    CHANNEL_HOME_ERR_ROLLBACK = -23, /* the log in it is shorter or another than was seen before */
    CHANNEL_HOME_ERR_STATE = -24     /* no keys, or an account already */
};

struct channel_home;

/* Open dir, NULL = $XDG_CONFIG_HOME/hearth or ~/.config/hearth; made when absent. 0, or an error with a
 * sentence for people in why (cap bytes, may be NULL). */
int channel_home_load(const char *dir, struct channel_home **out, char *why, size_t cap);
void channel_home_destroy(struct channel_home *home);
const char *channel_home_dir(const struct channel_home *home);
/* The last failure of a call on home, as a sentence for people. Never NULL. */
const char *channel_home_why(const struct channel_home *home);

/* Device keys: kept ones, or made and stored now. */
int channel_home_make_keys(struct channel_home *home);
bool channel_home_has_keys(const struct channel_home *home);
/* NULL before there are keys. Borrowed for the life of home. */
const uint8_t *channel_home_device_id(const struct channel_home *home);
const uint8_t *channel_home_sign_public(const struct channel_home *home);
const uint8_t *channel_home_dh_public(const struct channel_home *home);
/* Ed25519 with the device key; X25519 of the device key with point. 0, or -1: no keys, or a bad point. */
int channel_home_sign(const struct channel_home *home, uint8_t out[static CHANNEL_SIGNATURE_LEN],
    const uint8_t *message, size_t len);
int channel_home_dh(const struct channel_home *home, uint8_t out[static 32], const uint8_t point[static 32]);

/* Join an account: the log is checked already, holds this device, and its GENESIS root is pinned from now
 * on. tls_pin may be NULL. All is on disk when it returns 0. ERR_STATE when home belongs to another account.
 */
int channel_home_save(struct channel_home *home, const char *broker_url, const char *account,
    const char *tls_pin, const struct channel_log *log);
/* Has joined an account. */
bool channel_home_enrolled(const struct channel_home *home);
const char *channel_home_broker(const struct channel_home *home);  /* "" before */
const char *channel_home_account(const struct channel_home *home); /* name, "" before */
const char *channel_home_pin(const struct channel_home *home);     /* "" = none */
/* Only the broker's address or pin change. */
int channel_home_set_broker(struct channel_home *home, const char *broker_url, const char *tls_pin);

/* Never NULL; empty before. Borrowed; the same object for the life of home. */
const struct channel_log *channel_home_log(const struct channel_home *home);
/* Check an entry, add it and store it. An entry that is there already is taken as done. 0, CHANNEL_LOG_ERR_*,
 * or CHANNEL_HOME_ERR_IO: then the entry counts in memory and is stored with the next one. */
int channel_home_append(struct channel_home *home, const uint8_t *entry, size_t len);
/* The same by its other name. */
static inline int channel_home_log_append(struct channel_home *home, const uint8_t *entry, size_t len)
{
    return channel_home_append(home, entry, len);
}
