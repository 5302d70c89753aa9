/* Recorded pictures of a real display, for codec_bench: written by capture_record, changes only.
 *
 * Layout, little endian: "HTR1", u32 width, u32 height; then per frame u32 time since the first in
 * microseconds, u32 rectangles, u32 moves, the rectangles (i32 x, y, w, h), the moves (i32 x, y, w, h of
 * the place before, dx, dy), and the pixels of each rectangle row by row, u32 0x00RRGGBB. The picture is
 * black before the first frame. A tool of developers: sizes are checked, damage is an error message. */
#pragma once

#include "codec/codec.h"

#include <stdbool.h>
#include <stdio.h>

enum { TRACE_MAX_RECTS = 1024, TRACE_MAX_MOVES = 64 };

struct trace_frame {
    uint32_t time_us, rect_count, move_count;
    struct codec_rect rect[TRACE_MAX_RECTS];
    struct codec_move move[TRACE_MAX_MOVES];
};

/* False when it cannot be written or is no trace. */
bool trace_write_start(FILE *f, int32_t width_px, int32_t height_px);
bool trace_read_start(FILE *f, int32_t *out_width_px, int32_t *out_height_px);

/* px: the whole picture, rows stride_px apart. */
bool trace_write_frame(FILE *f, const struct trace_frame *frame, const uint32_t *px, size_t stride_px);
/* Paints what changed into px, width_px by height_px pixels. False at the end or on damage. */
bool trace_read_frame(FILE *f, struct trace_frame *out, uint32_t *px, int32_t width_px, int32_t height_px);
