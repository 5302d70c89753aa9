/* Where two rows of pixels differ: the inner loop of diff, bounds and motion, in the widest form that the
 * processor has. Any thread; no state. */
#pragma once

#include "codec/codec.h"

/* Bit i is set when pixel i of n differs in red, green or blue; n is 1..64, neither row need be aligned. */
typedef uint64_t codec_compare_fn(const uint32_t *a, const uint32_t *b, int32_t n);

enum { CODEC_COMPARE_MAX_PX = 64 };

/* The quickest for this processor; asks it once, so the caller keeps the answer. */
codec_compare_fn *codec_compare_best(void);

/* All forms that this processor can run, the portable one first; NULL from the end on. For tests, which
 * hold them against each other. */
codec_compare_fn *codec_compare_form(size_t i);

/* One bit for each run of CODEC_CELL_PX pixels that has a bit set. */
static inline uint32_t codec_compare_fold(uint64_t pixels)
{
    uint32_t cells = 0;
    for (uint32_t c = 0; c < CODEC_COMPARE_MAX_PX / CODEC_CELL_PX; c++)
        cells |= (uint32_t)((pixels >> (c * CODEC_CELL_PX) & 0xffffu) != 0) << c;
    return cells;
}
