/* What both coders of true colours share: the prediction of a channel from its neighbours. Inline, integer
 * only, the same on every machine. */
#pragma once

#include "codec/range.h"

CODEC_INLINE int codec_abs(int v)
{
    return v < 0 ? -v : v;
}

CODEC_INLINE int codec_clamp255(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* A residual modulo 256, as -128..127. */
CODEC_INLINE int codec_wrap8(int v)
{
    return ((v + 128) & 255) - 128;
}

/* Median of w, n and w + n - nw: the side that an edge suggests. */
CODEC_INLINE int codec_predict(int w, int n, int nw)
{
    const int hi = w > n ? w : n, lo = w < n ? w : n;
    return nw >= hi ? lo : nw <= lo ? hi : w + n - nw;
}

/* The same with a weighted mean of the neighbours at half its weight when mask is -1: better where there is
 * grain or noise, worse at clean edges. With 0 it is the median. */
CODEC_INLINE int codec_predict_masked(int w, int n, int nw, int ne, int mask)
{
    const int median = codec_predict(w, n, nw);
    return median + ((3 * w + 2 * n + ne - 2 * nw - 4 * median + 4) >> 3 & mask);
}
