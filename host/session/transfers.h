/* A viewer's files on their way: FileGet, FilePut, FileCommit, FileCancel and the streams that carry the
 * bytes. At most SESSION_TRANSFERS_MAX at a time, each with fixed buffers. Loop thread only. */
#pragma once

#include "host/policy/policy.h"
#include "host/session/wire.h"

#include <uv.h>

enum { SESSION_TRANSFERS_MAX = 8 };

struct session_transfers;

struct session_transfers_config {
    uv_loop_t *loop;
    struct host_policy *policy;   /* borrowed */
    uint32_t rights;              /* given to this viewer */
    mode_t umask;                 /* of the program, for new files */
    struct session_wire *wire;    /* borrowed; outlives the transfers */
    void (*answered)(void *user); /* something was written outside of a request */
    /* An upload of this key begins: end any other of it on this PC (session_transfers_yield). */
    void (*taken_over)(void *user, const uint8_t *key, size_t key_len);
    void *user;
};

struct session_transfers *session_transfers_create(const struct session_transfers_config *config);
/* Uploads keep their parts. NULL is fine. */
void session_transfers_destroy(struct session_transfers *transfers);

/* A checked request; false when it is none of the four. */
bool session_transfers_take(struct session_transfers *transfers, const Hearth__Session__ToHost *request);

/* Another session resumes this upload: end ours and keep the part. */
void session_transfers_yield(struct session_transfers *transfers, const uint8_t *key, size_t key_len);

/* What happened on a stream other than the control stream. data of the event is not used after a call
 * into the session. */
void session_transfers_event(struct session_transfers *transfers, const struct channel_event *event);

size_t session_transfers_active(const struct session_transfers *transfers);
