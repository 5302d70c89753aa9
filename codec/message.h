/* Header and operations of a screen message, written and parsed. Layout: docs/wire-screen.md.
 * Pure functions over bytes; any thread. */
#pragma once

#include "codec/codec.h"

enum {
    CODEC_MESSAGE_HEADER_BYTES = 20,
    CODEC_MESSAGE_TYPE_SCREEN = 1,
    CODEC_MESSAGE_FLAG_START = 1, /* first of an epoch: state is reset, SIZE follows */
    CODEC_MESSAGE_FLAG_COMPLETE =
        2, /* afterwards the viewer has the host's newest picture, but for lossy cells */
    CODEC_MESSAGE_MAX_OPS = 65536,
    CODEC_MESSAGE_MAX_COPIES = 64,
    CODEC_MESSAGE_MAX_PAINT = 4, /* times the screen's pixels */
    CODEC_OP_MAX_BYTES = 14
};

struct codec_message {
    uint8_t flags;
    uint16_t epoch;
    uint32_t seq;
    uint32_t capture_us;
    uint32_t ops_len, payload_len; /* bytes */
};

/* All but SIZE may repeat. The order inside a message is that of codec_op_phase(). */
enum codec_op_type {
    CODEC_OP_SIZE = 1,
    CODEC_OP_COPY = 2,
    CODEC_OP_SWAP = 3,
    CODEC_OP_FILL = 4,
    CODEC_OP_EXACT = 5,
    CODEC_OP_JPEG = 6,
    CODEC_OP_SAVE = 7,
    CODEC_OP_LOAD = 8,
    CODEC_OP_VIDEO_OPEN = 9,
    CODEC_OP_VIDEO = 10,
    CODEC_OP_VIDEO_CLOSE = 11,
    CODEC_OP_VIDEO_COVER = 12,
    CODEC_OP_CHECK = 13
};

struct codec_op {
    enum codec_op_type type;
    struct codec_rect rect; /* px; of EXACT in tiles; of SIZE only w and h */
    int32_t src_x, src_y;   /* COPY */
    bool under;             /* COPY: keep what it covers, give back what it uncovers */
    uint32_t colour;        /* FILL */
    uint32_t len;           /* JPEG, VIDEO: bytes of the payload */
    uint32_t tile, slot;    /* SAVE, LOAD, CHECK: first of a run of tiles, row by row, and of slots */
    uint32_t count;         /* length of both runs */
    uint32_t sum;           /* CHECK */
    uint8_t stream;         /* VIDEO and its kin */
    bool key;               /* VIDEO */
    uint8_t sps[3];         /* VIDEO_OPEN: profile, constraints, level */
};

/* Writes CODEC_MESSAGE_HEADER_BYTES. */
void codec_message_write(uint8_t *out, const struct codec_message *m);
/* CODEC_ERR_LENGTH unless len is exactly header, operations and payload; CODEC_ERR_UNKNOWN. */
int codec_message_parse(const uint8_t *data, size_t len, struct codec_message *out);

/* Whether this is a message that opens an epoch, as far as its header tells. */
bool codec_message_starts(const uint8_t *data, size_t len);

/* A message must not have an operation after one of a later phase. Phases grow from SIZE on: what is saved
 * is the picture before the message, what moves comes before what is painted. */
int codec_op_phase(enum codec_op_type type);

/* Bytes written (<= CODEC_OP_MAX_BYTES) or CODEC_ERR_SPACE. */
int codec_op_write(uint8_t *out, size_t cap, const struct codec_op *op);
/* Bytes consumed, CODEC_ERR_LENGTH when cut, CODEC_ERR_UNKNOWN. No bounds are checked here. */
int codec_op_parse(const uint8_t *data, size_t len, struct codec_op *out);
