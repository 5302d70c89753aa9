#include "codec/classify.h"

#include <string.h>

enum {
    NATURAL_MAX_EQUAL_PERCENT = 55, /* pixels that equal a neighbour; more is text */
    NATURAL_NEW_COLOURS = 12,       /* of so many other pixels, one has a colour not seen before */
    TEXT_CELL_EQUAL_PERCENT = 60,   /* inside a natural tile: this cell is text all the same */
    SEEN_BITS = 10
};

struct count {
    uint32_t all, equal;
};

struct codec_class codec_classify(
    const struct codec_patch *p, const uint32_t *px, const struct codec_tile_models *m)
{
    uint8_t seen[1 << SEEN_BITS];
    struct count cell[16] = {{0, 0}};
    uint32_t all = 0, equal = 0, fresh = 0;
    memset(seen, 0, sizeof seen);
    /* Every second row tells as much as all. The first row and column have no neighbours here. */
    for (int32_t y = p->y0 | 1; y < p->y1; y += 2) {
        struct codec_span span[2];
        const int n = codec_patch_spans(p, y, span);
        for (int i = 0; i < n; i++)
            for (int32_t x = span[i].x0 > 0 ? span[i].x0 : 1; x < span[i].x1; x++) {
                const uint32_t *q = px + y * CODEC_PATCH_STRIDE + x;
                struct count *c = &cell[y / CODEC_CELL_PX * CODEC_CELLS_PER_TILE + x / CODEC_CELL_PX];
                c->all++;
                if (*q == q[-1] || *q == q[-CODEC_PATCH_STRIDE] || *q == q[-CODEC_PATCH_STRIDE - 1] ||
                    (x + 1 < CODEC_TILE_PX && *q == q[-CODEC_PATCH_STRIDE + 1])) {
                    c->equal++;
                    continue;
                }
                if (m->text.cache[codec_text_cache_slot(*q)] != *q) {
                    uint8_t *s = &seen[*q * 0x9E3779B1u >> (32 - SEEN_BITS)];
                    fresh += *s == 0;
                    *s = 1;
                }
            }
    }
    struct codec_class out = {CODEC_TILE_TEXT, 0};
    for (int i = 0; i < 16; i++) {
        all += cell[i].all;
        equal += cell[i].equal;
        if (cell[i].equal * 100 < cell[i].all * TEXT_CELL_EQUAL_PERCENT)
            out.natural_cells = (uint16_t)(out.natural_cells | 1u << i);
    }
    if (equal * 100 < all * NATURAL_MAX_EQUAL_PERCENT && fresh * NATURAL_NEW_COLOURS > all - equal)
        out.tile = CODEC_TILE_NATURAL;
    out.natural_cells = (uint16_t)(out.natural_cells & p->cells);
    return out;
}

bool codec_classify_solid(const uint32_t *px, int32_t w, int32_t h)
{
    const uint32_t c = px[0];
    for (int32_t y = 0; y < h; y++) {
        uint32_t d = 0;
        for (int32_t x = 0; x < w; x++)
            d |= px[y * CODEC_PATCH_STRIDE + x] ^ c;
        if (d)
            return false;
    }
    return true;
}
