/* What precedes the pixels of an exact tile: cells, bounds, coder. Internal to tile_write.c and
 * tile_read.c; inline for both directions. */
#pragma once

#include "codec/tile.h"

CODEC_INLINE uint32_t codec_tile_map(struct codec_range *r, const bool enc, struct codec_tile_models *m,
    const struct codec_screen *s, struct codec_patch *p, uint32_t class)
{
    uint32_t cells = enc ? p->cells : 0;
    uint32_t known = 0;
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t left = (i & 3u) ? known >> (i - 1) & 1u : 0;
        const uint32_t above = i > 3 ? known >> (i - 4) & 1u : 0;
        known |= codec_range_bit(r, enc, &m->cell[left + 2 * above], cells >> i & 1u) << i;
    }
    p->cells = (uint16_t)known;
    const int32_t w = codec_screen_tile_w(s, p->tile_x), h = codec_screen_tile_h(s, p->tile_y);
    const bool cut = enc && !(p->x0 == 0 && p->y0 == 0 && p->x1 == w && p->y1 == h);
    if (codec_range_bit(r, enc, &m->cut, cut)) {
        p->x0 = (int32_t)codec_range_raw(r, enc, 6, (uint32_t)p->x0);
        p->y0 = (int32_t)codec_range_raw(r, enc, 6, (uint32_t)p->y0);
        p->x1 = (int32_t)codec_range_raw(r, enc, 6, (uint32_t)(p->x1 - 1)) + 1;
        p->y1 = (int32_t)codec_range_raw(r, enc, 6, (uint32_t)(p->y1 - 1)) + 1;
    } else {
        p->x0 = p->y0 = 0;
        p->x1 = w;
        p->y1 = h;
    }
    return codec_range_bit(r, enc, &m->natural, class);
}

CODEC_INLINE bool codec_tile_text(struct codec_range *r, const bool enc, struct codec_tile_models *m,
    struct codec_patch *p, const uint32_t *src)
{
    for (int32_t y = p->y0; y < p->y1; y++) {
        struct codec_span span[2];
        const int n = codec_patch_spans(p, y, span);
        uint32_t *row = p->px + CODEC_PATCH_ORIGIN + y * CODEC_PATCH_STRIDE;
        for (int i = 0; i < n; i++)
            codec_text_row(r, enc, &m->text, row + span[i].x0,
                enc ? src + y * CODEC_PATCH_STRIDE + span[i].x0 : NULL, span[i].x1 - span[i].x0);
        if (enc ? r->full : !codec_range_read_going(r))
            return false;
    }
    return true;
}

/* Rows in pairs that share their cells, the models adapt after each row of cells. */
CODEC_INLINE bool codec_tile_natural(struct codec_natural_io io, const bool enc, struct codec_natural *m,
    struct codec_patch *p, const uint32_t *src, const bool grain)
{
    for (int32_t y = p->y0, end; y < p->y1; y = end) {
        end = (y / CODEC_CELL_PX + 1) * CODEC_CELL_PX;
        end = end < p->y1 ? end : p->y1;
        struct codec_span span[2];
        const int n = codec_patch_spans(p, y, span);
        for (int32_t row = y; row < end; row += 2)
            for (int i = 0; i < n; i++) {
                const int32_t at = row * CODEC_PATCH_STRIDE + span[i].x0, w = span[i].x1 - span[i].x0;
                uint32_t *q = p->px + CODEC_PATCH_ORIGIN + at;
                const uint32_t *from = enc ? src + at : NULL;
                const bool both = row + 1 < end;
                /* Each prediction has its own code. */
                if (!(grain ? codec_natural_rows(io, enc, m, q, from, w, both, -1)
                            : codec_natural_rows(io, enc, m, q, from, w, both, 0)))
                    return false;
            }
        codec_natural_learn(m, enc);
    }
    return true;
}
