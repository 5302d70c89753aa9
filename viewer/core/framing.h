/* The control stream's framing: u32 big-endian length, then that many bytes, at most 1 MiB. Pure: bytes
 * in, whole messages out; what is kept is bounded by one message. Layout: channel/proto/session.proto.
 * Any thread, one object per thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VIEWER_FRAME_HEADER_BYTES = 4, VIEWER_FRAME_MAX_BYTES = 1 << 20 };

enum viewer_framing_error {
    VIEWER_FRAMING_ERR_LENGTH = -1, /* longer than VIEWER_FRAME_MAX_BYTES */
    VIEWER_FRAMING_ERR_NOMEM = -2
};

struct viewer_framing {
    uint8_t *buffer; /* one message being gathered */
    size_t cap, have;
    size_t need; /* length of the message; valid when header_have is 4 */
    uint8_t header[VIEWER_FRAME_HEADER_BYTES];
    size_t header_have;
};

void viewer_framing_init(struct viewer_framing *framing);
void viewer_framing_finish(struct viewer_framing *framing);

/* Take bytes from *data (advanced, *len lowered). 1 with *out_message (borrowed until the next call) when
 * a message is whole, 0 when more is needed, or VIEWER_FRAMING_ERR_*: the stream is then worthless. */
int viewer_framing_take(struct viewer_framing *framing, const uint8_t **data, size_t *len,
    const uint8_t **out_message, size_t *out_len);

/* The header of a message of len bytes (<= VIEWER_FRAME_MAX_BYTES). */
void viewer_framing_header(uint8_t out[static VIEWER_FRAME_HEADER_BYTES], size_t len);
