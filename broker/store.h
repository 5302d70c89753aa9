/* What the database holds, as typed calls. All of them run on the database worker and touch only what
 * they are given. Each returns BROKER_OK or one of broker/error.h; a write is durable when it returns. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/text.h"

enum {
    BROKER_SALT_LEN = 16,
    BROKER_AUTH_LEN = 32,
    BROKER_WRAPPED_LEN = 1 + 24 + 64 + 16,
    BROKER_SCHEME_MAX = 15,
    BROKER_OS_MAX = 64,
    BROKER_VERSION_MAX = 32
};

struct broker_kdf {
    char scheme[BROKER_SCHEME_MAX + 1];
    uint8_t salt[BROKER_SALT_LEN];
    uint32_t mem_kib, passes;
};

/* A row of account; the hashes are of what the client proves, never the proof itself. */
struct broker_credentials {
    uint8_t account_id[16];
    char name[BROKER_NAME_MAX + 1];
    struct broker_kdf kdf;
    uint8_t auth_salt[BROKER_SALT_LEN], auth_hash[BROKER_AUTH_LEN];
    uint8_t wrapped_root[BROKER_WRAPPED_LEN];
    uint8_t recovery_salt[BROKER_SALT_LEN], recovery_hash[BROKER_AUTH_LEN];
    uint8_t wrapped_recovery[BROKER_WRAPPED_LEN];
    uint64_t created_ms;
};

struct broker_bytes {
    const uint8_t *data;
    size_t len;
};

struct broker_seen {
    uint8_t account_id[16], device_id[16];
    uint64_t last_seen_ms;
    int kind;
    char os[BROKER_OS_MAX + 1], version[BROKER_VERSION_MAX + 1];
};

/* CONFLICT when the name or the id is taken. */
int broker_store_account_create(sqlite3 *sql, const struct broker_credentials *credentials,
    const struct broker_bytes *entries, size_t count);
/* NOT_FOUND when there is none. */
int broker_store_account_by_name(sqlite3 *sql, const char *name, struct broker_credentials *out);
int broker_store_account_name(
    sqlite3 *sql, const uint8_t account_id[static 16], char out_name[static BROKER_NAME_MAX + 1]);
int broker_store_password(sqlite3 *sql, const uint8_t account_id[static 16], const struct broker_kdf *kdf,
    const uint8_t auth_salt[static BROKER_SALT_LEN], const uint8_t auth_hash[static BROKER_AUTH_LEN],
    const uint8_t wrapped_root[static BROKER_WRAPPED_LEN]);

/* Entries seq from .. as take says: visit returns false to stop. *out_total = entries of the account. */
int broker_store_log_read(sqlite3 *sql, const uint8_t account_id[static 16], uint64_t from,
    bool (*visit)(const uint8_t *entry, size_t len, void *context), void *context, uint64_t *out_total);
/* All or nothing; CONFLICT unless from is exactly the number of entries there. */
int broker_store_log_append(sqlite3 *sql, const uint8_t account_id[static 16], uint64_t from,
    const struct broker_bytes *entries, size_t count);

int broker_store_seen_write(sqlite3 *sql, const struct broker_seen *seen, size_t count);
int broker_store_seen_read(sqlite3 *sql, const uint8_t account_id[static 16],
    bool (*visit)(const struct broker_seen *seen, void *context), void *context);
