/* Which lane may send next: I before S before B, but B gets at least one byte in CHANNEL_BULK_SHARE over
 * time, so that a busy screen cannot stop a copy for ever. Pure. */
#pragma once

#include "channel/core/session.h"

enum { CHANNEL_BULK_SHARE = 20 /* 5 % */ };

struct channel_priority {
    size_t waited_bytes; /* sent by I and S while B had something to send */
};

/* ready[lane]: has something to send. Returns the lane, or CHANNEL_LANES when none has. */
static inline int channel_priority_pick(
    const struct channel_priority *priority, const bool ready[CHANNEL_LANES])
{
    if (ready[CHANNEL_LANE_B] &&
        priority->waited_bytes >= (CHANNEL_BULK_SHARE - 1) * (size_t)CHANNEL_RECORD_PLAIN_MAX)
        return CHANNEL_LANE_B;
    for (int lane = 0; lane < CHANNEL_LANES; lane++)
        if (ready[lane])
            return lane;
    return CHANNEL_LANES;
}

/* A record of len bytes left in lane. A short bulk record leaves the rest of its turn owed. */
static inline void channel_priority_sent(
    struct channel_priority *priority, int lane, size_t len, bool bulk_waits)
{
    if (lane == CHANNEL_LANE_B) {
        size_t paid = (CHANNEL_BULK_SHARE - 1) * len;
        priority->waited_bytes = priority->waited_bytes > paid ? priority->waited_bytes - paid : 0;
    } else if (bulk_waits) {
        priority->waited_bytes += len;
    } else {
        priority->waited_bytes = 0;
    }
}
