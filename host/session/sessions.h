/* All viewers of this PC: takes new sessions, tells everyone who watches, ends them all. Loop thread only. */
#pragma once

#include "channel/link/peer.h"
#include "host/screen/screen.h"

enum { SESSIONS_MAX = 32 }; /* at once; SCREEN_MAX_VIEWERS of them may watch */

struct sessions;

struct sessions_config {
    uv_loop_t *loop;
    struct screen *screen;     /* borrowed */
    struct channel_link *link; /* borrowed: told who works here */
    const char *home;          /* where host.json is; copied. Read again for each new session. */
    const char *name, *os;     /* of this PC; copied */
    bool view_only;            /* nobody may change anything */
    mode_t umask;
};

struct sessions *sessions_create(const struct sessions_config *config);

/* A channel_peer_accept_fn; user is the sessions. */
bool sessions_accept(
    void *user, struct channel_peer *peer, struct channel_peer_callbacks *out_callbacks, void **out_user);

/* Bye to everyone, with the reason. */
void sessions_end(struct sessions *sessions, const char *reason);

/* Ends what is left. NULL is fine; the memory goes with the loop's next turn. */
void sessions_destroy(struct sessions *sessions);

size_t sessions_count(const struct sessions *sessions);
