/* The broker's REST calls that need no device key yet: sign-up, sign-in, recovery, adding this device,
 * a new password. Synchronous; any thread that is not an event loop. docs/wire.md section 4.
 *
 * Carries derived keys and wrapped blobs only: passwords never come here. */
#pragma once

#include "channel/identity/account.h"
#include "channel/path/endpoint.h"

enum {
    CHANNEL_REST_BODY_MAX = 256 * 1024, /* bytes of a request or an answer, as the broker allows */
    CHANNEL_REST_TIMEOUT_S = 20,
    CHANNEL_WRAPPED_MAX = 256,
    CHANNEL_TICKET_LEN = 32
};

enum channel_rest_error {
    CHANNEL_REST_OK = 0,
    CHANNEL_REST_ERR_OFFLINE = -1, /* no connection, or none in time */
    CHANNEL_REST_ERR_TRUST = -2,   /* its certificate is not trusted */
    CHANNEL_REST_ERR_DENIED = -3,
    CHANNEL_REST_ERR_NOT_FOUND = -4,
    CHANNEL_REST_ERR_CONFLICT = -5,
    CHANNEL_REST_ERR_BUSY = -6,
    CHANNEL_REST_ERR_BAD_REQUEST = -7,
    CHANNEL_REST_ERR_FORMAT = -8, /* the answer is not one of a broker */
    CHANNEL_REST_ERR_INTERNAL = -9,
    CHANNEL_REST_ERR_NOMEM = -10
};

struct channel_rest;

/* endpoint is borrowed and outlives it. NULL when out of memory. */
struct channel_rest *channel_rest_create(struct channel_endpoint *endpoint);
void channel_rest_destroy(struct channel_rest *rest);
/* The last error for people: what happened, what to do. Lives until the next call. */
const char *channel_rest_message(const struct channel_rest *rest);

struct channel_rest_bytes {
    const uint8_t *data;
    size_t len;
};

struct channel_rest_signup {
    const char *account;
    struct channel_kdf kdf;
    uint8_t auth_key[32], recovery_auth[32];
    struct channel_rest_bytes wrapped_root, wrapped_recovery;
    const struct channel_rest_bytes *log;
    size_t log_count;
};

/* What sign-in gives: owned by the caller, freed by channel_rest_account_finish (which wipes). */
struct channel_rest_account {
    uint8_t account_id[CHANNEL_ID_LEN];
    uint8_t ticket[CHANNEL_TICKET_LEN];
    uint8_t wrapped[CHANNEL_WRAPPED_MAX];
    size_t wrapped_len;
    struct channel_rest_bytes *log; /* entries in order, unchecked */
    size_t log_count;
    uint8_t *log_bytes;
};
void channel_rest_account_finish(struct channel_rest_account *account);

/* Each returns 0 with its outputs written, or CHANNEL_REST_ERR_*. */
int channel_rest_info(
    struct channel_rest *rest, char out_version[static 33], char out_name[static 65], int64_t *out_skew_s);
int channel_rest_signup(struct channel_rest *rest, const struct channel_rest_signup *signup,
    uint8_t out_account_id[static CHANNEL_ID_LEN]);
int channel_rest_kdf(struct channel_rest *rest, const char *account, struct channel_kdf *out);
int channel_rest_login(struct channel_rest *rest, const char *account, const uint8_t auth_key[static 32],
    struct channel_rest_account *out);
int channel_rest_recover(struct channel_rest *rest, const char *account,
    const uint8_t recovery_auth[static 32], struct channel_rest_account *out);
int channel_rest_log(struct channel_rest *rest, const uint8_t ticket[static CHANNEL_TICKET_LEN],
    const struct channel_rest_bytes *entries, size_t count, uint64_t *out_total);
int channel_rest_password(struct channel_rest *rest, const uint8_t ticket[static CHANNEL_TICKET_LEN],
    const struct channel_kdf *kdf, const uint8_t auth_key[static 32], const uint8_t *wrapped_root,
    size_t wrapped_len);
