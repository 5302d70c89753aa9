/* Two sessions joined by memory paths, with a clock that the test moves. */
#pragma once

#include "channel/core/session.h"

enum { PAIR_PATHS = CHANNEL_PATHS_MAX, PAIR_QUEUE = 4096 };

struct pair_record {
    uint8_t *bytes;
    size_t len;
};

/* One direction of one path: records in flight, in order. */
struct pair_pipe {
    struct pair_record queue[PAIR_QUEUE];
    size_t head, count;
};

struct pair_end {
    struct channel_session *session;
    uint8_t secret[32], public_key[32];
    bool refuse; /* the verdict to give */
    /* seen */
    int opened, closed, close_error;
    int path_up, path_down, path_error;
    int messages, gaps;
    uint64_t rtt;
};

struct pair {
    struct pair_end end[2]; /* [0] initiator */
    /* path i joins the initiator's number a[i] and the responder's b[i]; -1 = none */
    int number[2][PAIR_PATHS];
    struct pair_pipe pipe[2][PAIR_PATHS]; /* [who sends] */
    bool up[PAIR_PATHS];
    uint64_t now_us;
    /* called for each event of stream or message kind; may be NULL */
    void (*on_event)(struct pair *pair, int who, const struct channel_event *event);
    void *arg;
};

void pair_init(struct pair *pair);
void pair_finish(struct pair *pair);
/* A path between the two; returns its index, or -1 when a session takes none. */
int pair_join(struct pair *pair);
void pair_cut(struct pair *pair, int index);
/* Take events out of a side. */
void pair_events(struct pair *pair, int who);
/* One record from who into path index's pipe, if it has one. */
bool pair_send(struct pair *pair, int who, int index);
/* Deliver the oldest record that who sent on path index. */
bool pair_deliver(struct pair *pair, int who, int index);
/* Move records both ways until none is left. */
void pair_run(struct pair *pair);
/* Let us microseconds pass in steps of the deadlines, moving records. */
void pair_pass(struct pair *pair, uint64_t us);
