/* A native viewer's session with one host: dials it, says hello, matches answers to requests, and
 * hands out screen messages and file streams. libuv loop thread only. channel/proto/session.proto. */
#pragma once

#include "channel/link/peer.h"
#include "channel/proto/session.pb-c.h"

enum {
    VIEWER_REMOTE_REQUESTS_MAX = 256,       /* unanswered; one more is refused */
    VIEWER_REMOTE_STREAMS_MAX = 64,         /* file streams at a time */
    VIEWER_REMOTE_QUEUE_BYTES = 2 << 20,    /* control messages that the session did not take yet */
    VIEWER_REMOTE_CREDIT_BYTES = 256 * 1024 /* of a file stream that the host opens */
};

struct viewer_remote;
struct viewer_screen_update;

struct viewer_remote_callbacks {
    /* The host's hello (borrowed): what it gave us, what it is. */
    void (*ready)(void *user, const Hearth__Session__HostHello *hello);
    /* Everything that is not an answer to a request. Borrowed. May be NULL. */
    void (*message)(void *user, const Hearth__Session__FromHost *message);
    /* One screen message; borrowed. gap: some were lost. May be NULL. */
    void (*screen)(void *user, const uint8_t *data, size_t len);
    void (*gap)(void *user);
    /* Records flow, or do not at the moment. May be NULL. */
    void (*flowing)(void *user, bool flowing);
    /* Final; code: Code of link.proto, 0 = ended in order. Open requests and streams were told before.
     * The remote is still yours to destroy. */
    void (*closed)(void *user, int code, const char *why);
};

struct viewer_remote_config {
    uv_loop_t *loop;
    struct channel_link *link;
    uint8_t device[CHANNEL_ID_LEN];
    const char *agent;                               /* "cli", ...; static */
    bool view, control, clipboard, files, view_only; /* what to ask for */
    struct viewer_remote_callbacks callbacks;
    void *user;
};

/* Begins to dial. NULL when out of memory. */
struct viewer_remote *viewer_remote_create(const struct viewer_remote_config *config);
/* No callback after it returns. Safe inside callbacks. NULL is fine. */
void viewer_remote_destroy(struct viewer_remote *remote);

/* Exactly once, or several times for FileGet (until done) and FilePut (until forgotten): the answer, or NULL
 * with a code of session.proto and a message. CODE_UNAVAILABLE = the session ended. */
typedef void viewer_remote_answer_fn(
    void *user, const Hearth__Session__FromHost *answer, int code, const char *message);
/* Returns the request's id, 0 when it could not be sent (fn is then not called). */
uint32_t viewer_remote_request(
    struct viewer_remote *remote, Hearth__Session__ToHost *message, viewer_remote_answer_fn *fn, void *user);
void viewer_remote_forget(struct viewer_remote *remote, uint32_t request);
/* Without an answer. 0 or -1. */
int viewer_remote_send(struct viewer_remote *remote, Hearth__Session__ToHost *message);
/* Tell the host what a screen update asks for its video streams. */
void viewer_remote_wish(struct viewer_remote *remote, const struct viewer_screen_update *update);
/* The number of the next input event: 1, 2, ... */
uint32_t viewer_remote_next_input(struct viewer_remote *remote);

/* File streams. All entries mandatory; nothing comes after finished, reset or stopped. */
struct viewer_stream_ops {
    /* Returns how many bytes were taken for good: credit for them goes back to the host. The rest is
     * the caller's to give back later with viewer_remote_consumed. */
    size_t (*data)(void *user, const uint8_t *data, size_t len);
    void (*finished)(void *user);
    /* The host gave up sending (reset) or wants no more (stopped), or the session ended. */
    void (*broken)(void *user);
    void (*writable)(void *user);
};
/* Told when the host opens the FILE stream of this request. 0, or -1 when there are too many. */
int viewer_remote_expect(
    struct viewer_remote *remote, uint32_t request, const struct viewer_stream_ops *ops, void *user);
/* Open one to the host; its number, or negative. */
int viewer_remote_open(
    struct viewer_remote *remote, uint32_t request, const struct viewer_stream_ops *ops, void *user);
/* Bytes taken, 0 = wait for writable; negative = broken. Call viewer_remote_flush after a run of them. */
int viewer_remote_write(struct viewer_remote *remote, uint32_t stream, const uint8_t *data, size_t len);
int viewer_remote_finish_stream(struct viewer_remote *remote, uint32_t stream);
void viewer_remote_consumed(struct viewer_remote *remote, uint32_t stream, size_t len);
/* Forget this stream (and tell the host, if it is still open). Names the request it belongs to. */
void viewer_remote_drop(struct viewer_remote *remote, uint32_t request);
void viewer_remote_flush(struct viewer_remote *remote);

/* The session is over; only destroy is left. */
bool viewer_remote_ended(const struct viewer_remote *remote);
uv_loop_t *viewer_remote_loop(const struct viewer_remote *remote);
const uint8_t *viewer_remote_device(const struct viewer_remote *remote);
void viewer_remote_stats(struct viewer_remote *remote, struct channel_stats *out);
