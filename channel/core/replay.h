/* Sealed records of a reliable lane that the peer has not acknowledged: kept verbatim, so that they can be
 * sent again on another path without sealing other text under the same nonce. Bounded in bytes by the
 * caller's asking room first, and in records by CHANNEL_REPLAY_RECORDS_MAX. Loop thread only. */
#pragma once

#include "channel/core/session.h"

enum {
    CHANNEL_REPLAY_I_BYTES = 256 << 10,
    CHANNEL_REPLAY_B_BYTES = 1 << 20,
    /* What data may not fill: acknowledgements must still get out when both sides wait for one. */
    CHANNEL_REPLAY_RESERVE_BYTES = 20 << 10,
    CHANNEL_REPLAY_RECORDS_MAX = 8192,
    /* Buffers of acknowledged records kept for the next ones: without them a copy spends as long in malloc,
     * trim and page faults as in sealing. */
    CHANNEL_REPLAY_SPARE_MAX = 32
};

struct channel_sealed {
    uint8_t *bytes;
    size_t len;
};

struct channel_replay {
    struct channel_sealed *ring; /* of cap entries, cap a power of two; record n is at n & (cap - 1) */
    size_t cap;
    uint64_t base, next; /* held: base <= n < next */
    size_t bytes, max_bytes;
    uint8_t *spare[CHANNEL_REPLAY_SPARE_MAX]; /* of CHANNEL_RECORD_MAX bytes each */
    size_t spare_count;
};

void channel_replay_init(struct channel_replay *replay, size_t max_bytes);
void channel_replay_finish(struct channel_replay *replay);

/* Is there room for a record of len bytes that leaves reserve bytes free? */
bool channel_replay_room(const struct channel_replay *replay, size_t len, size_t reserve);
/* Memory held now, spare buffers included. */
size_t channel_replay_memory(const struct channel_replay *replay);
/* Keep a copy as record number next. 0 or CHANNEL_ERR_NOMEM. */
int channel_replay_push(struct channel_replay *replay, const uint8_t *data, size_t len);
/* NULL when number is not held. Borrowed until the next push or ack. */
const struct channel_sealed *channel_replay_get(const struct channel_replay *replay, uint64_t number);
/* The peer expects number next: free everything below. 0, or CHANNEL_ERR_FORMAT when it was never sent. */
int channel_replay_ack(struct channel_replay *replay, uint64_t number);
