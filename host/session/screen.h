/* A viewer's picture, hands and clipboard: joins host/screen to one session's streams.
 * Loop thread only. */
#pragma once

#include "host/screen/screen.h"
#include "host/session/input.h"
#include "host/session/wire.h"

enum {
    SESSION_STATS_MS = 1000, /* between HostStats, while pictures flow */
    SESSION_LIMIT_MS = 1000, /* between two words about too much input */
    SESSION_POINTER_MS = 12  /* between two places of a pointer that somebody else moves */
};

struct session_screen;

struct session_screen_config {
    uv_loop_t *loop;
    struct screen *screen;        /* borrowed */
    struct session_wire *wire;    /* borrowed; outlives this */
    uint32_t rights;              /* given to this viewer */
    void (*answered)(void *user); /* something was written outside of a request */
    void (*watching)(void *user); /* started or stopped to see the picture */
    void *user;
};

/* NULL when out of memory or too many viewers. */
struct session_screen *session_screen_create(const struct session_screen_config *config);
/* Everything held down is released. NULL is fine; the memory goes with the loop's next turn. */
void session_screen_destroy(struct session_screen *screen);

/* Screen, input and clipboard requests; the right was checked. False when it is none of these. */
bool session_screen_take(
    struct session_screen *screen, const Hearth__Session__ToHost *request, uint64_t now_us);

/* No more requests are at hand. */
void session_screen_settle(struct session_screen *screen);

/* The transport is empty: a picture may go. */
void session_screen_drained(struct session_screen *screen);
/* Records flow again (true) or not (false): what the viewer holds goes up, its picture starts over. */
void session_screen_flowing(struct session_screen *screen, bool flowing);
/* Messages were lost. */
void session_screen_gap(struct session_screen *screen);
/* The viewer closed this stream; ours or not. */
void session_screen_stopped(struct session_screen *screen, uint32_t stream);

bool session_screen_watching(const struct session_screen *screen);
