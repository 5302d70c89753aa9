/* Frames inside a record: varint stream | u8 type | varint length | body. Pure functions over (ptr, len);
 * no allocation. Layout: docs/wire.md "Frames in a record". Any thread. */
#pragma once

#include "channel/core/session.h"

enum channel_frame_type {
    CHANNEL_FRAME_OPEN = 1,
    CHANNEL_FRAME_DATA = 2,
    CHANNEL_FRAME_FIN = 3,
    CHANNEL_FRAME_CREDIT = 4,
    CHANNEL_FRAME_RESET = 5,
    CHANNEL_FRAME_STOP = 6,
    CHANNEL_FRAME_ACK = 7,
    CHANNEL_FRAME_PING = 8,
    CHANNEL_FRAME_PONG = 9,
    CHANNEL_FRAME_MESSAGE = 10,
    CHANNEL_FRAME_GOAWAY = 11,
    CHANNEL_FRAME_SKIPPED = 0x80 /* unknown, and its sender says that it may be skipped */
};

enum {
    CHANNEL_FRAME_FIRST = 1, /* flags of MESSAGE */
    CHANNEL_FRAME_LAST = 2,
    CHANNEL_STREAM_ID_MAX = 0x7fffffff,
    CHANNEL_GOAWAY_TEXT_MAX = 256,
    CHANNEL_FRAME_OVERHEAD_MAX = 8 + 1 + 8 + 1 + 8 + 8 + 8 /* header and the fixed part of any body */
};

/* Which fields count is said by the type; the others are zero. */
struct channel_frame {
    uint32_t stream;
    uint8_t type;
    uint8_t flags;        /* MESSAGE */
    uint8_t lane;         /* ACK */
    uint64_t kind, param; /* OPEN */
    uint64_t offset;      /* DATA, FIN, CREDIT, RESET: bytes; OPEN: credit */
    uint64_t code;        /* RESET, STOP; GOAWAY: reason */
    uint64_t number;      /* ACK, MESSAGE; PING, PONG: opaque */
    const uint8_t *bytes; /* DATA, MESSAGE, GOAWAY; borrowed from the record */
    size_t len;
};

/* QUIC's varints (RFC 9000 section 16), shortest form only, up to 2^62 - 1. parse returns bytes consumed or
 * CHANNEL_ERR_FORMAT; write returns bytes written or CHANNEL_ERR_SPACE. */
#define CHANNEL_VARINT_MAX ((UINT64_C(1) << 62) - 1)
size_t channel_varint_size(uint64_t value);
int channel_varint_parse(const uint8_t *data, size_t len, uint64_t *out);
int channel_varint_write(uint8_t *out, size_t cap, uint64_t value);

/* The frame at the start of data. Returns bytes consumed (> 0) or CHANNEL_ERR_FORMAT. */
int channel_frame_parse(const uint8_t *data, size_t len, struct channel_frame *out);
/* bytes NULL with len > 0 leaves the last len bytes for the caller to fill.
 * Returns bytes written, CHANNEL_ERR_SPACE, or CHANNEL_ERR_FORMAT for a type that cannot be written. */
int channel_frame_write(uint8_t *out, size_t cap, const struct channel_frame *frame);
/* Bytes that frame takes without its own len bytes, if its body were body_cap long at most. */
size_t channel_frame_overhead(const struct channel_frame *frame, size_t body_cap);
