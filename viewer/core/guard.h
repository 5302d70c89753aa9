/* How much of its viewer a host may use up: messages, new epochs and mistakes, over time. A decoder bounds
 * each message; this bounds their number. Pure: the time is told. One owner; no allocation.
 *
 * A mistake costs the picture until the host begins a new epoch, which is asked for once; a second one within
 * VIEWER_GUARD_ERROR_US, or more messages than a host of ours ever sends, end the session. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    VIEWER_GUARD_ERROR_US = 10000000,
    VIEWER_GUARD_MESSAGE_US = 2000, /* one each, on average: a host sends one in 4 ms at its fastest */
    VIEWER_GUARD_MESSAGES = 2000,   /* at once: what was on its way while this side stood still */
    VIEWER_GUARD_START_US = 500000,
    VIEWER_GUARD_STARTS = 8
};

enum viewer_guard_verdict {
    VIEWER_GUARD_RESET, /* ask for a new epoch */
    VIEWER_GUARD_WAIT,  /* that was done: drop the message */
    VIEWER_GUARD_CLOSE  /* end the session */
};

struct viewer_guard {
    bool waiting; /* the picture is not valid; only a new epoch helps */
    bool erred;
    uint64_t error_us;             /* of the last mistake, when erred */
    uint64_t message_us, start_us; /* by when what came would be used up at the average */
    uint32_t errors;               /* since the start */
};

/* Before a message is decoded; start: it opens an epoch. False: too many, close. */
bool viewer_guard_message(struct viewer_guard *guard, bool start, uint64_t now_us);
/* It was decoded. */
void viewer_guard_good(struct viewer_guard *guard);
/* It was refused. */
enum viewer_guard_verdict viewer_guard_error(struct viewer_guard *guard, uint64_t now_us);
/* Messages were lost on the way: no mistake of the host. */
void viewer_guard_lost(struct viewer_guard *guard);
