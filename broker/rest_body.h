/* The JSON bodies of the REST calls, checked and turned into fixed structures. Pure. Any thread.
 * docs/wire.md section 4. */
#pragma once

#include <jansson.h>

#include "broker/account.h"
#include "broker/tokens.h"

struct broker_rest_entries {
    size_t count;
    size_t len[BROKER_APPEND_MAX];
    uint8_t bytes[BROKER_APPEND_MAX][CHANNEL_LOG_ENTRY_MAX];
};

struct broker_rest_signup {
    char name[BROKER_NAME_MAX + 1];
    struct broker_kdf kdf;
    uint8_t auth_key[BROKER_AUTH_LEN], recovery_auth[BROKER_AUTH_LEN];
    uint8_t wrapped_root[BROKER_WRAPPED_LEN], wrapped_recovery[BROKER_WRAPPED_LEN];
    struct broker_rest_entries log;
};

struct broker_rest_proof { /* login and recover */
    char name[BROKER_NAME_MAX + 1];
    uint8_t proof[BROKER_AUTH_LEN];
};

struct broker_rest_log {
    uint8_t ticket[BROKER_TOKEN_LEN];
    uint64_t from; /* with no entries: read from here */
    struct broker_rest_entries log;
};

struct broker_rest_password {
    uint8_t ticket[BROKER_TOKEN_LEN];
    struct broker_kdf kdf;
    uint8_t auth_key[BROKER_AUTH_LEN], wrapped_root[BROKER_WRAPPED_LEN];
};

/* Each: NULL and *out written when the body is good, else what is wrong with it (static English). */
const char *broker_rest_signup_parse(const uint8_t *data, size_t len, struct broker_rest_signup *out);
/* field = "auth_key" or "recovery_auth". */
const char *broker_rest_proof_parse(
    const uint8_t *data, size_t len, const char *field, struct broker_rest_proof *out);
const char *broker_rest_log_parse(const uint8_t *data, size_t len, struct broker_rest_log *out);
const char *broker_rest_password_parse(const uint8_t *data, size_t len, struct broker_rest_password *out);

/* Bytes as a JSON string of base64url without padding; NULL when out of memory. */
json_t *broker_rest_base64(const uint8_t *bytes, size_t len);
json_t *broker_rest_kdf(const struct broker_kdf *kdf);
