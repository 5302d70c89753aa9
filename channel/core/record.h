/* Records: the 10-byte header, and the key of a lane in one direction as it moves from epoch to epoch.
 * The only place where a nonce advances. docs/wire.md "Records". Loop thread only. */
#pragma once

#include "channel/core/session.h"

enum channel_record_type { CHANNEL_RECORD_SEALED = 1, CHANNEL_RECORD_HANDSHAKE = 2, CHANNEL_RECORD_PATH = 4 };

enum { CHANNEL_EPOCH_BITS = 20 }; /* an epoch is 2^20 records */

struct channel_record {
    enum channel_record_type type;
    enum channel_lane lane;
    uint8_t epoch;
    uint64_t number;
    const uint8_t *body; /* borrowed */
    size_t len;
};

/* One lane in one direction. next = number of the next record to seal, or the lowest one to open. */
struct channel_lane_key {
    uint8_t key[CHANNEL_KEY_LEN];
    uint64_t key_epoch, next;
};

/* Any thread, pure. 0 or CHANNEL_ERR_FORMAT. */
int channel_record_parse(const uint8_t *data, size_t len, struct channel_record *out);
void channel_record_header(uint8_t out[static CHANNEL_RECORD_HEADER], enum channel_record_type type,
    enum channel_lane lane, uint64_t number);

void channel_lane_key_init(struct channel_lane_key *lane_key, enum channel_lane lane,
    const uint8_t hash[static CHANNEL_HASH_LEN], const uint8_t direction_key[static CHANNEL_KEY_LEN]);
/* Seal len <= CHANNEL_RECORD_PLAIN_MAX bytes as the next record; out has room for len + 26. Returns its
 * length. */
size_t channel_record_seal(struct channel_lane_key *lane_key, enum channel_lane lane, uint8_t *out,
    const uint8_t *plain, size_t len);
/* Open a sealed record whose number is not below next; out has room for CHANNEL_RECORD_PLAIN_MAX. Moves next
 * past it. Returns the length of the plaintext, CHANNEL_ERR_FORMAT (epoch, length, too far ahead) or _AUTH.
 */
int channel_record_open(struct channel_lane_key *lane_key, const struct channel_record *record, uint8_t *out);
