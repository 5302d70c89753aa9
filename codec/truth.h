/* The newest picture as the caller hands it in, read with its top bytes masked away.
 * Borrowed for one call; any thread. */
#pragma once

#include "codec/patch.h"

#define CODEC_TRUTH_MASK 0xffffffu

struct codec_truth {
    const uint32_t *pixels;
    size_t stride_px;
};

static inline const uint32_t *codec_truth_at(const struct codec_truth *t, int32_t x, int32_t y)
{
    return t->pixels + (size_t)y * t->stride_px + (size_t)x;
}

static inline bool codec_truth_differs16(const uint32_t *truth, const uint32_t *sent)
{
    uint32_t d = 0;
    for (int i = 0; i < 16; i++)
        d |= truth[i] ^ sent[i];
    return (d & CODEC_TRUTH_MASK) != 0;
}

/* Whether n pixels differ. Blocks of 16 are what compilers turn into vector code. */
static inline bool codec_truth_differs(const uint32_t *truth, const uint32_t *sent, int32_t n)
{
    int32_t i = 0;
    for (; n - i >= 16; i += 16)
        if (codec_truth_differs16(truth + i, sent + i))
            return true;
    uint32_t d = 0;
    for (; i < n; i++)
        d |= truth[i] ^ sent[i];
    return (d & CODEC_TRUTH_MASK) != 0;
}

/* Which of the asked cells of a tile differ from the screen. */
uint16_t codec_truth_diff(
    const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x, int32_t tile_y, uint16_t ask);

/* Bounds of what differs inside the cells of p, with lossy cells whole; false when nothing does.
 * Reads p->tile_x, tile_y, cells; writes the bounds. */
bool codec_truth_bounds(const struct codec_truth *t, const struct codec_screen *s, struct codec_patch *p);

/* Copy a tile's pixels, cut at the edge, to rows CODEC_PATCH_STRIDE apart. */
void codec_truth_load(
    const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x, int32_t tile_y, uint32_t *out);
