/* The resume record: the first on a new path of a session whose keys are known. It says which records are
 * expected next, under a MAC that only the two sides can make. docs/wire.md "Paths and resuming".
 * Pure functions. Internal to channel/core. */
#pragma once

#include "channel/core/record.h"

enum {
    CHANNEL_RESUME_BODY = 1 + 16 + 8 + 8 + 16 + 32,
    CHANNEL_RESUME_LEN = CHANNEL_RECORD_HEADER + CHANNEL_RESUME_BODY
};

struct channel_resume {
    uint64_t counter;
    uint8_t session_id[CHANNEL_ID_LEN];
    uint64_t next_i, next_b; /* numbers the sender expects next */
};

/* Path key from the two direction keys of the handshake. */
void channel_resume_key(uint8_t out[static 32], const uint8_t hash[static 32],
    const uint8_t initiator_key[static 32], const uint8_t responder_key[static 32]);
/* role is the sender's. */
void channel_resume_write(uint8_t out[static CHANNEL_RESUME_LEN], const struct channel_resume *resume,
    enum channel_role role, const uint8_t path_key[static 32]);
/* record is of type PATH. 0, CHANNEL_ERR_FORMAT, or CHANNEL_ERR_AUTH when it is not from that role. */
int channel_resume_read(const struct channel_record *record, enum channel_role role,
    const uint8_t path_key[static 32], struct channel_resume *out);
