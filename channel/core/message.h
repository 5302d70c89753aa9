/* Screen messages in lane S: one going out in pieces, and pieces coming in put together again. Bounded:
 * one message out, one coming in and one delivered, each CHANNEL_MESSAGE_MAX bytes. docs/wire.md
 * "Frames in a record", MESSAGE. Internal to channel/core. Loop thread only. */
#pragma once

#include "channel/core/stream.h"

struct channel_message_out {
    uint8_t *data;
    size_t len, pos;
    uint32_t stream; /* 0 = none waits */
    uint64_t number;
};

struct channel_message_buffer {
    uint8_t *data;
    size_t len, cap;
};

struct channel_message_in {
    struct channel_message_buffer buffer[2]; /* [filling] takes pieces, the other was delivered */
    int filling;
    uint32_t stream; /* of the message being put together, 0 = none */
    uint64_t number;
    bool ended_in_record; /* the delivered buffer is lent until the next record */
};

/* What a MESSAGE frame led to. */
enum channel_message_result { CHANNEL_MESSAGE_PART, CHANNEL_MESSAGE_WHOLE, CHANNEL_MESSAGE_LOST };

int channel_message_out_set(
    struct channel_message_out *out, struct channel_stream *stream, const uint8_t *data, size_t len);
void channel_message_out_clear(struct channel_message_out *out);
/* The next piece as a frame of at most cap bytes. Returns bytes written, 0 when nothing fits. */
size_t channel_message_out_write(struct channel_message_out *out, uint8_t *dst, size_t cap);

/* One MESSAGE frame of a known stream. On WHOLE, out_data/out_len is the message, borrowed until the next
 * record. On LOST something before is missing: it starts over with the next first piece. *out_gap says that
 * messages in front of this one are missing. Returns a result, or CHANNEL_ERR_FORMAT, _LIMIT or _NOMEM. */
int channel_message_in_take(struct channel_message_in *in, struct channel_stream *stream,
    const struct channel_frame *frame, const uint8_t **out_data, size_t *out_len, bool *out_gap);
/* A new record begins: what was lent is taken back. */
void channel_message_in_next_record(struct channel_message_in *in);
/* Pieces were lost: forget the message being put together. */
void channel_message_in_drop(struct channel_message_in *in);
void channel_message_in_finish(struct channel_message_in *in);
