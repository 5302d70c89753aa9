/* One viewer connected to this PC: says hello, gives rights, checks each request against them and hands
 * it to the screen, the clipboard or the files. The host decides every right: what the device's
 * certificate gives, what the viewer wants and what this PC's policy allows, all three. Deny by
 * default. Loop thread only. docs/wire.md section 8. */
#pragma once

#include "channel/link/peer.h"
#include "host/policy/policy.h"
#include "host/screen/screen.h"

enum { SESSION_HELLO_MS = 15000 }; /* from the open channel to the viewer's hello */

struct session;

struct session_shared {
    uv_loop_t *loop;
    struct screen *screen;
    char name[CHANNEL_LOG_NAME_MAX + 1]; /* of this PC */
    char os[65];
    mode_t umask;
    /* The list of who watches changed. */
    void (*changed)(void *user);
    /* This session is over and destroyed itself; why is a sentence. */
    void (*ended)(void *user, struct session *session, int code, const char *why);
    /* An upload of this key begins in `session`; the others let go of it. */
    void (*taken_over)(void *user, struct session *session, const uint8_t *key, size_t key_len);
    void *user;
};

/* peer: its callbacks must be session_callbacks with this session as user. shared outlives it; policy is
 * referenced. NULL when out of memory. */
struct session *session_create(
    const struct session_shared *shared, struct channel_peer *peer, struct host_policy *policy);
extern const struct channel_peer_callbacks session_callbacks;

/* Say Bye with the reason, release everything, close the peer, free. ended() is not called. */
void session_end(struct session *session, const char *reason);

const struct channel_device *session_device(const struct session *session);
bool session_watching(const struct session *session);
bool session_view_only(const struct session *session);
uint64_t session_since_ms(const struct session *session); /* Unix time */

/* Tell the viewer who watches; after its hello. */
struct Hearth__Session__Viewers;
void session_tell_viewers(struct session *session, const struct Hearth__Session__Viewers *viewers);

/* Another session resumes an upload of this key. */
void session_yield(struct session *session, const uint8_t *key, size_t key_len);
