/* What the encoder, the decoder and their users share: pixels, rectangles, limits and errors.
 *
 * The codec turns successive pictures of one screen into messages and back, exactly. It does no
 * I/O, keeps no clock and logs nothing. Layout of a message: docs/wire.md "Screen messages".
 * Pixels are uint32_t 0x00RRGGBB; the top byte is ignored on input and zero on output.
 * Any thread, one object per thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CODEC_MAX_SIDE_PX = 8192,
    CODEC_MAX_PIXELS = 33 * 1024 * 1024, /* one 8K screen */
    CODEC_MAX_MESSAGE_BYTES = 8 << 20,   /* an encoder splits what would be larger */
    CODEC_TILE_PX = 64,
    CODEC_CELL_PX = 16,
    CODEC_MAX_DIRTY = 64 /* rectangles reported for one message */
};

enum codec_error {
    CODEC_OK = 0,
    CODEC_ERR_NOMEM = -1,
    CODEC_ERR_LENGTH = -2,   /* a length field does not fit what is there */
    CODEC_ERR_RANGE = -3,    /* a rectangle, slot or size outside its bounds */
    CODEC_ERR_ORDER = -4,    /* operation out of its phase, or a sequence number skipped */
    CODEC_ERR_CORRUPT = -5,  /* a coder did not consume exactly its bytes */
    CODEC_ERR_UNKNOWN = -6,  /* operation or flag that this version does not know */
    CODEC_ERR_LIMIT = -7,    /* work or memory beyond what one message may cost */
    CODEC_ERR_SPACE = -8,    /* the caller's buffer is too small */
    CODEC_ERR_SLOT = -9,     /* a slot that is empty or of another size, or a lossy tile for a slot */
    CODEC_ERR_MISMATCH = -10 /* an exact pixel is not the host's: a bug of one of the two */
};

const char *codec_strerror(int err);

struct codec_rect {
    int32_t x, y, w, h; /* px */
};

/* What stood at `from` may now stand dx, dy further, such as a window that was moved. */
struct codec_move {
    struct codec_rect from;
    int32_t dx, dy;
};
