/* The newest picture as the caller hands it in, read with its top bytes masked away, and where it differs
 * from the viewer's screen. Borrowed for one call; any thread. */
#pragma once

#include "codec/compare.h"
#include "codec/patch.h"

#define CODEC_TRUTH_MASK 0xffffffu

struct codec_truth {
    const uint32_t *pixels;
    size_t stride_px;
    codec_compare_fn *compare;
};

static inline const uint32_t *codec_truth_at(const struct codec_truth *t, int32_t x, int32_t y)
{
    return t->pixels + (size_t)y * t->stride_px + (size_t)x;
}

/* Whether a rectangle of the picture equals the screen dx, dy further; both must lie inside. */
bool codec_truth_equals(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, int32_t dx, int32_t dy);

/* Which of the asked cells differ, for count tiles in a row from tile_x on. Pixels are read row by row across
 * all of them, as memory likes it. */
void codec_truth_diff(const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x,
    int32_t tile_y, int32_t count, const uint16_t *ask, uint16_t *out_cells);

/* Bounds of what differs inside the cells of p, with lossy cells whole; false when nothing does.
 * Reads p->tile_x, tile_y, cells; writes the bounds. */
bool codec_truth_bounds(const struct codec_truth *t, const struct codec_screen *s, struct codec_patch *p);

/* Copy a tile's pixels, cut at the edge, to rows CODEC_PATCH_STRIDE apart. */
void codec_truth_load(
    const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x, int32_t tile_y, uint32_t *out);
