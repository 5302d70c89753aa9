/* Model of natural pixels: photos, video, gradients with grain. Prediction from W, N, NW and NE on green, on
 * red less green and on blue less green, by the median or by a mean for grain, as the tile says; residuals by
 * rANS under contexts of local activity. Two rows are coded side by side, the second two pixels behind, so
 * that both know the same neighbours as in plain order. Internal to the tile coders; inline for both
 * directions. */
#pragma once

#include "codec/patch.h"
#include "codec/rans.h"

enum {
    CODEC_NATURAL_CONTEXTS = 12,
    CODEC_NATURAL_LAG_PX = 2,
    CODEC_NATURAL_STEP_BYTES = 2 * 3 * 4, /* two pixels of three values */
    CODEC_NATURAL_MAX_SYMBOLS = 2 * 3 * CODEC_TILE_PX * CODEC_TILE_PX,
    CODEC_NATURAL_MAX_BYTES = 2 * CODEC_NATURAL_MAX_SYMBOLS + 4 * CODEC_RANS_STATES /* of one tile */
};

struct codec_natural {
    struct codec_rans_model model[3][CODEC_NATURAL_CONTEXTS];
};

/* Both directions of a tile; the one that is not used is NULL. */
struct codec_natural_io {
    struct codec_rans_writer *out;
    struct codec_rans_reader *in;
};

static inline void codec_natural_reset(struct codec_natural *m)
{
    for (int c = 0; c < 3; c++)
        for (uint32_t i = 0; i < CODEC_NATURAL_CONTEXTS; i++)
            codec_rans_model_reset(&m->model[c][i], i < 2 ? 2 : (2 + i % 2) << (i / 2) >> 1);
}

/* After the rows of a row of cells. */
static inline void codec_natural_learn(struct codec_natural *m, const bool enc)
{
    for (int c = 0; c < 3; c++)
        for (uint32_t i = 0; i < CODEC_NATURAL_CONTEXTS; i++)
            codec_rans_model_learn(&m->model[c][i], enc);
}

/* Activity (a sum of differences) to a context, half an octave each. */
CODEC_INLINE uint32_t codec_natural_context(int activity)
{
    static const uint8_t CONTEXT[64] = {0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8,
        8, 9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11,
        11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};
    return CONTEXT[activity < 63 ? activity : 63];
}

/* Code one residual; value is used when writing. */
CODEC_INLINE int codec_natural_value(
    struct codec_natural_io io, const bool enc, uint32_t row, struct codec_rans_model *m, int value)
{
    if (!enc)
        return codec_rans_get(io.in, row, m);
    codec_rans_put(io.out, row, m, value);
    return value;
}

/* The pixel at q inside a patch. px is used when writing; *error carries the size of the last green residual
 * along the row; last: what stands to the right of N may be the picture before, N takes its place. */
CODEC_INLINE uint32_t codec_natural_pixel(struct codec_natural_io io, const bool enc, uint32_t row,
    struct codec_natural *m, const uint32_t *q, uint32_t px, int *error, const bool last, const int grain)
{
    const uint32_t w = q[-1], n = q[-CODEC_PATCH_STRIDE];
    const uint32_t nw = q[-CODEC_PATCH_STRIDE - 1], ne = last ? n : q[-CODEC_PATCH_STRIDE + 1];
    const int wg = w >> 8 & 255, ng = n >> 8 & 255, nwg = nw >> 8 & 255, neg = ne >> 8 & 255;
    const int wr = (int)(w >> 16 & 255) - wg, wb = (int)(w & 255) - wg;
    const int nr = (int)(n >> 16 & 255) - ng, nb = (int)(n & 255) - ng;
    const int nwr = (int)(nw >> 16 & 255) - nwg, nwb = (int)(nw & 255) - nwg;
    const int ner = (int)(ne >> 16 & 255) - neg, neb = (int)(ne & 255) - neg;

    const int pg = codec_clamp255(codec_predict_masked(wg, ng, nwg, neg, grain));
    const int ag = codec_abs(wg - nwg) + codec_abs(nwg - ng) + codec_abs(ng - neg);
    int e = enc ? codec_wrap8((int)(px >> 8 & 255) - pg) : 0;
    e = codec_natural_value(io, enc, row, &m->model[0][codec_natural_context((ag + *error) >> 1)], e);
    const int g = (pg + e) & 255, eg = codec_abs(e);

    const int pr = codec_clamp255(codec_predict_masked(wr, nr, nwr, ner, grain) + g);
    const int ar = codec_abs(wr - nwr) + codec_abs(nwr - nr);
    e = enc ? codec_wrap8((int)(px >> 16 & 255) - pr) : 0;
    e = codec_natural_value(io, enc, row, &m->model[1][codec_natural_context((ar * 2 + eg) >> 1)], e);
    const int red = (pr + e) & 255, er = codec_abs(e);

    /* What red was wrong by, blue will be in half: they share the light. */
    const int pb = codec_clamp255(codec_predict_masked(wb, nb, nwb, neb, grain) + g + (red - pr) / 2);
    const int ab = codec_abs(wb - nwb) + codec_abs(nwb - nb);
    e = enc ? codec_wrap8((int)(px & 255) - pb) : 0;
    e = codec_natural_value(io, enc, row, &m->model[2][codec_natural_context((ab + er * 2) >> 1)], e);
    const int blue = (pb + e) & 255;

    *error = eg * 2;
    return (uint32_t)red << 16 | (uint32_t)g << 8 | (uint32_t)blue;
}

/* n pixels of a row at q inside a patch, and of the row below when both. grain is -1 or 0. src are the new
 * pixels when writing. False when the bytes have ended. */
CODEC_INLINE bool codec_natural_rows(struct codec_natural_io io, const bool enc, struct codec_natural *m,
    uint32_t *q, const uint32_t *src, int32_t n, const bool both, const int grain)
{
    enum { BELOW = CODEC_PATCH_STRIDE - CODEC_NATURAL_LAG_PX };
    int error[2] = {0, 0};
    for (int32_t x = 0; x < n + (both ? CODEC_NATURAL_LAG_PX : 0); x++) {
        if (!enc && !codec_rans_read_ready(io.in, CODEC_NATURAL_STEP_BYTES))
            return false;
        if (x < n)
            q[x] = codec_natural_pixel(io, enc, 0, m, q + x, enc ? src[x] : 0, &error[0], x + 1 == n, grain);
        if (both && x >= CODEC_NATURAL_LAG_PX)
            q[x + BELOW] = codec_natural_pixel(io, enc, 1, m, q + x + BELOW, enc ? src[x + BELOW] : 0,
                &error[1], x + 1 == n + CODEC_NATURAL_LAG_PX, grain);
    }
    return true;
}
