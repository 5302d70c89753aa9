/* Model of colours that are new to the text coder, one at a time: median prediction from W, N and NW on green
 * and on the differences of red and blue to it, residuals bit by bit under contexts of local activity.
 * Internal to the text model; inline for both directions like range.h. */
#pragma once

#include "codec/patch.h"
#include "codec/predict.h"

enum {
    CODEC_COLOUR_CONTEXTS = 16,
    CODEC_COLOUR_STEPS = 10,  /* zero, sign, >1, >2, then 5 for the exponent */
    CODEC_COLOUR_MAX_LOG2 = 6 /* a residual is at most 128 */
};

struct codec_colour {
    struct codec_prob step[3][CODEC_COLOUR_CONTEXTS][CODEC_COLOUR_STEPS];
    struct codec_prob low[3][CODEC_COLOUR_MAX_LOG2 + 1][4];
};

static inline void codec_colour_reset(struct codec_colour *m)
{
    codec_prob_init(&m->step[0][0][0], sizeof m->step / sizeof(struct codec_prob));
    codec_prob_init(&m->low[0][0][0], sizeof m->low / sizeof(struct codec_prob));
}

/* Activity (a sum of differences) to one of 16 contexts, half an octave each. */
CODEC_INLINE uint32_t codec_colour_context(int activity)
{
    const uint32_t a = activity > 255 ? 255u : (uint32_t)activity;
    if (a < 2)
        return a;
    const uint32_t log2 = 31u - (uint32_t)__builtin_clz(a);
    return 2 * log2 + (a >> (log2 - 1) & 1u);
}

/* One residual in -128..127 (-128..128 from hostile bytes; the caller reduces modulo 256). */
CODEC_INLINE int codec_colour_residual(
    struct codec_range *r, const bool enc, struct codec_colour *m, int channel, uint32_t context, int value)
{
    struct codec_prob *p = m->step[channel][context];
    uint32_t size = (uint32_t)codec_abs(value);
    if (!codec_range_bit(r, enc, p, size != 0))
        return 0;
    const uint32_t negative = codec_range_bit(r, enc, p + 1, value < 0);
    uint32_t rest = enc ? size - 1 : 0;
    if (!codec_range_bit(r, enc, p + 2, rest > 0)) {
        rest = 0;
    } else if (!codec_range_bit(r, enc, p + 3, rest > 1)) {
        rest = 1;
    } else {
        const uint32_t target = enc ? 31u - (uint32_t)__builtin_clz(rest | 2u) : 0;
        uint32_t log2 = 1;
        while (log2 < CODEC_COLOUR_MAX_LOG2 && codec_range_bit(r, enc, p + 3 + log2, target > log2))
            log2++;
        struct codec_prob *low = m->low[channel][log2];
        uint32_t bits;
        if (log2 <= 2) {
            bits = codec_range_tree(r, enc, low, log2, rest & ((1u << log2) - 1));
        } else {
            const uint32_t raw = log2 - 2;
            bits = codec_range_tree(r, enc, low, 2, rest >> raw & 3u) << raw;
            bits |= codec_range_raw(r, enc, raw, rest & ((1u << raw) - 1));
        }
        rest = 1u << log2 | bits;
    }
    size = rest + 1;
    return negative ? -(int)size : (int)size;
}

/* The pixel at q inside a patch. px is used when writing. */
CODEC_INLINE uint32_t codec_colour_pixel(
    struct codec_range *r, const bool enc, struct codec_colour *m, const uint32_t *q, uint32_t px)
{
    const uint32_t w = q[-1], n = q[-CODEC_PATCH_STRIDE];
    const uint32_t nw = q[-CODEC_PATCH_STRIDE - 1], ne = q[-CODEC_PATCH_STRIDE + 1];
    const int wg = w >> 8 & 255, ng = n >> 8 & 255, nwg = nw >> 8 & 255, neg = ne >> 8 & 255;
    const int activity = codec_abs(wg - nwg) + codec_abs(nwg - ng) + codec_abs(ng - neg);
    int e = 0;

    const int pg = codec_predict(wg, ng, nwg);
    if (enc)
        e = codec_wrap8((int)(px >> 8 & 255) - pg);
    e = codec_colour_residual(r, enc, m, 0, codec_colour_context(activity >> 1), e);
    const int g = (pg + e) & 255, eg = codec_abs(e);

    const int wr = (int)(w >> 16 & 255) - wg, nr = (int)(n >> 16 & 255) - ng,
              nwr = (int)(nw >> 16 & 255) - nwg;
    const int pr = codec_clamp255(codec_predict(wr, nr, nwr) + g);
    const int ar = codec_abs(wr - nwr) + codec_abs(nwr - nr);
    if (enc)
        e = codec_wrap8((int)(px >> 16 & 255) - pr);
    e = codec_colour_residual(r, enc, m, 1, codec_colour_context((ar * 2 + eg) >> 1), e);
    const int red = (pr + e) & 255, er = codec_abs(e);

    const int wb = (int)(w & 255) - wg, nb = (int)(n & 255) - ng, nwb = (int)(nw & 255) - nwg;
    const int pb = codec_clamp255(codec_predict(wb, nb, nwb) + g);
    const int ab = codec_abs(wb - nwb) + codec_abs(nwb - nb);
    if (enc)
        e = codec_wrap8((int)(px & 255) - pb);
    e = codec_colour_residual(r, enc, m, 2, codec_colour_context((ab + er * 2) >> 1), e);
    const int blue = (pb + e) & 255;

    return (uint32_t)red << 16 | (uint32_t)g << 8 | (uint32_t)blue;
}
