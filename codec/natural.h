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

/* Activity (a sum of differences) to the model of its context, half an octave each. */
CODEC_INLINE struct codec_rans_model *codec_natural_model(
    struct codec_rans_model models[CODEC_NATURAL_CONTEXTS], int activity)
{
    static const uint8_t CONTEXT[64] = {0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8,
        8, 9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11,
        11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};
    return models + CONTEXT[activity < 63 ? activity : 63];
}

/* Code one residual; value is used when writing. */
CODEC_INLINE int codec_natural_value(
    struct codec_rans_place *at, const bool enc, uint32_t row, struct codec_rans_model *m, int value)
{
    if (!enc)
        return codec_rans_get(at, row, m);
    codec_rans_put(at, row, m, value);
    return value;
}

/* A pixel as it is predicted: green, red less green, blue less green. */
struct codec_natural_px {
    int g, r, b;
};

CODEC_INLINE struct codec_natural_px codec_natural_split(uint32_t px)
{
    const int g = px >> 8 & 255;
    return (struct codec_natural_px){g, (int)(px >> 16 & 255) - g, (int)(px & 255) - g};
}

/* One row while it is coded: the neighbours of the next pixel, and the size of the last green residual. */
struct codec_natural_row {
    struct codec_natural_px w, nw, n;
    int error;
};

/* A pixel on its way: its row, its NE and, when writing, the pixel; then what is known of it so far. */
struct codec_natural_step {
    struct codec_natural_row *here;
    struct codec_natural_px ne;
    uint32_t px;
    int g, r, b;
    int wrong_g, wrong_r; /* sizes of the residuals of green and red */
    int red_off;          /* red less its prediction */
};

CODEC_INLINE void codec_natural_green(struct codec_rans_place *at, const bool enc, uint32_t row,
    struct codec_natural *m, struct codec_natural_step *s, const int grain)
{
    const struct codec_natural_row *h = s->here;
    const int p = codec_clamp255(codec_predict_masked(h->w.g, h->n.g, h->nw.g, s->ne.g, grain));
    const int activity =
        codec_abs(h->w.g - h->nw.g) + codec_abs(h->nw.g - h->n.g) + codec_abs(h->n.g - s->ne.g) + h->error;
    int e = enc ? codec_wrap8((int)(s->px >> 8 & 255) - p) : 0;
    e = codec_natural_value(at, enc, row, codec_natural_model(m->model[0], activity >> 1), e);
    s->g = (p + e) & 255;
    s->wrong_g = codec_abs(e);
}

CODEC_INLINE void codec_natural_red(struct codec_rans_place *at, const bool enc, uint32_t row,
    struct codec_natural *m, struct codec_natural_step *s, const int grain)
{
    const struct codec_natural_row *h = s->here;
    const int p = codec_clamp255(codec_predict_masked(h->w.r, h->n.r, h->nw.r, s->ne.r, grain) + s->g);
    const int activity = (codec_abs(h->w.r - h->nw.r) + codec_abs(h->nw.r - h->n.r)) * 2 + s->wrong_g;
    int e = enc ? codec_wrap8((int)(s->px >> 16 & 255) - p) : 0;
    e = codec_natural_value(at, enc, row, codec_natural_model(m->model[1], activity >> 1), e);
    s->r = (p + e) & 255;
    s->red_off = s->r - p;
    s->wrong_r = codec_abs(e);
}

CODEC_INLINE void codec_natural_blue(struct codec_rans_place *at, const bool enc, uint32_t row,
    struct codec_natural *m, struct codec_natural_step *s, const int grain)
{
    const struct codec_natural_row *h = s->here;
    /* What red was wrong by, blue will be in half: they share the light. */
    const int p =
        codec_clamp255(codec_predict_masked(h->w.b, h->n.b, h->nw.b, s->ne.b, grain) + s->g + s->red_off / 2);
    const int activity = codec_abs(h->w.b - h->nw.b) + codec_abs(h->nw.b - h->n.b) + s->wrong_r * 2;
    int e = enc ? codec_wrap8((int)(s->px & 255) - p) : 0;
    e = codec_natural_value(at, enc, row, codec_natural_model(m->model[2], activity >> 1), e);
    s->b = (p + e) & 255;
}

/* The row goes on to the next pixel. Returns this one. */
CODEC_INLINE uint32_t codec_natural_end(struct codec_natural_step *s)
{
    struct codec_natural_row *h = s->here;
    *h = (struct codec_natural_row){{s->g, s->r - s->g, s->b - s->g}, h->n, s->ne, s->wrong_g * 2};
    return (uint32_t)s->r << 16 | (uint32_t)s->g << 8 | (uint32_t)s->b;
}

CODEC_INLINE uint32_t codec_natural_pixel(struct codec_rans_place *at, const bool enc, uint32_t row,
    struct codec_natural *m, struct codec_natural_step *s, const int grain)
{
    codec_natural_green(at, enc, row, m, s, grain);
    codec_natural_red(at, enc, row, m, s, grain);
    codec_natural_blue(at, enc, row, m, s, grain);
    return codec_natural_end(s);
}

/* A pixel of either row, colour by colour: neither waits for the other, and a processor works on both. */
CODEC_INLINE void codec_natural_pair(struct codec_rans_place *at, const bool enc, struct codec_natural *m,
    struct codec_natural_step *one, struct codec_natural_step *two, const int grain)
{
    codec_natural_green(at, enc, 0, m, one, grain);
    codec_natural_green(at, enc, 1, m, two, grain);
    codec_natural_red(at, enc, 0, m, one, grain);
    codec_natural_red(at, enc, 1, m, two, grain);
    codec_natural_blue(at, enc, 0, m, one, grain);
    codec_natural_blue(at, enc, 1, m, two, grain);
}

CODEC_INLINE struct codec_natural_row codec_natural_row_start(const uint32_t *q, struct codec_natural_px n)
{
    return (struct codec_natural_row){
        codec_natural_split(q[-1]), codec_natural_split(q[-CODEC_PATCH_STRIDE - 1]), n, 0};
}

/* n pixels of a row at q inside a patch, and of the row below when both. What stands to the right of the last
 * pixel's N may be the picture before: N takes its place. grain is -1 or 0. src are the new pixels when
 * writing. False when the bytes have ended. */
CODEC_INLINE bool codec_natural_rows(struct codec_natural_io io, const bool enc, struct codec_natural *m,
    uint32_t *q, const uint32_t *src, int32_t n, const bool both, const int grain)
{
    enum { UP = CODEC_PATCH_STRIDE, LAG = CODEC_NATURAL_LAG_PX, BELOW = UP - LAG };
    struct codec_rans_place at = {0};
    if (enc)
        at.end = io.out->end;
    else
        at = (struct codec_rans_place){NULL, io.in->at, {io.in->state[0], io.in->state[1]}};
    struct codec_natural_row upper = codec_natural_row_start(q, codec_natural_split(q[-UP])), lower = upper;
    const int32_t end = n + (both ? LAG : 0);
    for (int32_t x = 0; x < end; x++) {
        if (!enc && __builtin_expect(io.in->end - at.at < CODEC_NATURAL_STEP_BYTES, 0)) {
            io.in->at = at.at;
            if (!codec_rans_read_ready(io.in, CODEC_NATURAL_STEP_BYTES))
                return false;
            at.at = io.in->at;
        }
        /* The lower row is behind by LAG: its NE is what the upper one has done last. */
        if (both && x == LAG)
            lower = codec_natural_row_start(q + UP, codec_natural_split(q[0]));
        const struct codec_natural_px beside = x + 1 < end ? upper.w : lower.n;
        struct codec_natural_step one = {.here = &upper}, two = {.here = &lower, .ne = beside};
        if (x < n) {
            one.ne = x + 1 < n ? codec_natural_split(q[x + 1 - UP]) : upper.n;
            one.px = enc ? src[x] : 0;
        }
        if (!both || x < LAG) {
            if (x < n)
                q[x] = codec_natural_pixel(&at, enc, 0, m, &one, grain);
            continue;
        }
        two.px = enc ? src[x + BELOW] : 0;
        if (x < n) {
            codec_natural_pair(&at, enc, m, &one, &two, grain);
            q[x] = codec_natural_end(&one);
            q[x + BELOW] = codec_natural_end(&two);
        } else {
            q[x + BELOW] = codec_natural_pixel(&at, enc, 1, m, &two, grain);
        }
    }
    if (enc) {
        io.out->end = at.end;
    } else {
        io.in->at = at.at;
        io.in->state[0] = at.state[0];
        io.in->state[1] = at.state[1];
    }
    return true;
}
