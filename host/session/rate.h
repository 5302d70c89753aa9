/* How many events a viewer may bring: a token bucket with time passed in. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    SESSION_INPUT_RATE = 1000, /* events a second that a hand and a fast macro stay under */
    SESSION_INPUT_BURST = 2000 /* events at once */
};

struct session_rate {
    uint64_t tokens_us; /* each event costs 1000000 / SESSION_INPUT_RATE */
    uint64_t last_us;
};

void session_rate_init(struct session_rate *rate, uint64_t now_us);
/* False: over the limit, nothing was taken. */
bool session_rate_take(struct session_rate *rate, uint64_t events, uint64_t now_us);
