/* The account log: hash-chained, signed entries that say which devices belong to an account and what
 * they may do. Nothing about a device is believed that is not in here. Pure functions over bytes and
 * one table; no I/O. Layout and rules: docs/wire.md section 3. Any thread, one log per thread. */
#pragma once

#include "channel/core/crypto.h"

enum {
    CHANNEL_LOG_BODY_MAX = 512,
    CHANNEL_LOG_ENTRY_MAX = 84 + CHANNEL_LOG_BODY_MAX + 64,
    CHANNEL_LOG_ENTRIES_MAX = 65536,
    CHANNEL_LOG_NAME_MAX = 64
};

enum channel_log_kind {
    CHANNEL_LOG_GENESIS = 1,
    CHANNEL_LOG_ADD = 2,
    CHANNEL_LOG_REVOKE = 3,
    CHANNEL_LOG_RENAME = 4,
    CHANNEL_LOG_RECOVERY = 5
};
enum channel_device_role {
    CHANNEL_ROLE_HOST = 1,
    CHANNEL_ROLE_BROWSER = 2,
    CHANNEL_ROLE_CLI = 3,
    CHANNEL_ROLE_DESKTOP = 4
};
enum channel_right {
    CHANNEL_RIGHT_VIEW = 1u << 0,
    CHANNEL_RIGHT_CONTROL = 1u << 1,
    CHANNEL_RIGHT_CLIPBOARD_IN = 1u << 2,
    CHANNEL_RIGHT_CLIPBOARD_OUT = 1u << 3,
    CHANNEL_RIGHT_FILES_READ = 1u << 4,
    CHANNEL_RIGHT_FILES_WRITE = 1u << 5,
    CHANNEL_RIGHT_TERMINAL = 1u << 6,
    CHANNEL_RIGHT_AUDIO = 1u << 7,
    CHANNEL_RIGHT_TUNNEL = 1u << 8
};
#define CHANNEL_RIGHT_ADMIN (1u << 31)
#define CHANNEL_RIGHTS_ALL 0x800001ffu

enum channel_log_error {
    CHANNEL_LOG_OK = 0,
    CHANNEL_LOG_ERR_NOMEM = -1,
    CHANNEL_LOG_ERR_FORMAT = -2, /* not an entry */
    CHANNEL_LOG_ERR_CHAIN = -3,  /* not the next entry: number, account or hash of the one before */
    CHANNEL_LOG_ERR_SIGNATURE = -4,
    CHANNEL_LOG_ERR_DENIED = -5,   /* its signer may not do that */
    CHANNEL_LOG_ERR_FORK = -6,     /* another history than the one kept */
    CHANNEL_LOG_ERR_ROLLBACK = -7, /* shorter than the one kept */
    CHANNEL_LOG_ERR_LIMIT = -8
};
const char *channel_log_strerror(int err);

struct channel_device {
    uint8_t id[CHANNEL_ID_LEN];
    uint8_t sign_public[32], dh_public[32];
    enum channel_device_role role;
    uint32_t rights;
    uint64_t not_before_ms, not_after_ms; /* not_after 0 = none */
    uint64_t added_seq, added_ms;
    char name[CHANNEL_LOG_NAME_MAX + 1];
    bool revoked;
};

struct channel_log;

struct channel_log *channel_log_create(void);
void channel_log_destroy(struct channel_log *log);

/* Check and add the next entry. 0 or CHANNEL_LOG_ERR_*; the log is unchanged on error. */
int channel_log_append(struct channel_log *log, const uint8_t *entry, size_t len);

uint64_t channel_log_count(const struct channel_log *log);
/* Hash of the last entry (count > 0), or of entry seq; false when there is none. */
bool channel_log_head(const struct channel_log *log, uint8_t out[static 32]);
bool channel_log_hash_at(const struct channel_log *log, uint64_t seq, uint8_t out[static 32]);
const uint8_t *channel_log_entry(const struct channel_log *log, uint64_t seq, size_t *out_len);
bool channel_log_account(const struct channel_log *log, uint8_t out_id[static 16],
    uint8_t out_root_sign[static 32], uint8_t out_root_dh[static 32]);

/* Devices, revoked ones included, in order of their ADD. Borrowed until the next append. */
size_t channel_log_device_count(const struct channel_log *log);
const struct channel_device *channel_log_device(const struct channel_log *log, size_t index);
const struct channel_device *channel_log_find(const struct channel_log *log, const uint8_t id[static 16]);
const struct channel_device *channel_log_find_dh(
    const struct channel_log *log, const uint8_t dh_public[static 32]);
/* Not revoked and inside its validity. */
bool channel_device_active(const struct channel_device *device, uint64_t now_ms);

/* First 16 bytes of the hash of the root's keys (docs/wire.md section 2). */
void channel_account_id(
    uint8_t out[static 16], const uint8_t root_sign[static 32], const uint8_t root_dh[static 32]);
void channel_device_id(
    uint8_t out[static 16], const uint8_t sign_public[static 32], const uint8_t dh_public[static 32]);

/* Build the bytes to sign of the next entry (everything before the signature; sign
 * "hearth-log-1" 0x00 | those bytes and append the 64 bytes). signer NULL = root.
 * Each returns the length written, CHANNEL_LOG_ERR_LIMIT when cap or the log is full, _ERR_FORMAT for a
 * name that is none, or _ERR_CHAIN when the log has no GENESIS yet. */
int channel_log_make_genesis(uint8_t *out, size_t cap, const uint8_t root_sign[static 32],
    const uint8_t root_dh[static 32], uint64_t time_ms);
int channel_log_make_add(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const struct channel_device *device);
int channel_log_make_revoke(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const uint8_t device[static 16]);
int channel_log_make_rename(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const uint8_t device[static 16], const char *name);
int channel_log_make_recovery(const struct channel_log *log, uint8_t *out, size_t cap, uint64_t time_ms);
/* What to sign for an unsigned entry: prefix | entry. Returns length or CHANNEL_LOG_ERR_LIMIT. */
int channel_log_signing_input(uint8_t *out, size_t cap, const uint8_t *entry, size_t len);

/* The payload of a handshake: u8 1 | count | head. write returns 41; parse 0 or _ERR_FORMAT. */
int channel_log_head_write(const struct channel_log *log, uint8_t *out, size_t cap);
int channel_log_head_parse(const uint8_t *data, size_t len, uint64_t *out_count, uint8_t out_hash[static 32]);
/* Does our log contain that head? 1 yes, 0 we have fewer entries (fetch more), _ERR_FORK otherwise. */
int channel_log_contains(const struct channel_log *log, uint64_t count, const uint8_t hash[static 32]);
