#include "codec/classify.h"

#include <string.h>

enum {
    NATURAL_MAX_EQUAL_PERCENT = 90, /* pixels that equal a neighbour; more is text */
    NATURAL_NEW_COLOURS = 12,       /* of so many other pixels, one has a colour not seen before */
    TEXT_CELL_EQUAL_PERCENT = 60,   /* inside a natural tile: this cell is text all the same */
    /* What a pixel costs as text, in 1/16 bits: one that equals a neighbour, in content where they do so by
     * chance; one of a known colour; one of a new colour besides its natural cost. */
    TEXT_EQUAL_COST = 30,
    TEXT_KNOWN_COST = 220,
    TEXT_NEW_COST = 110,
    NATURAL_COST_MAX = 107, /* of one value in the natural coder */
    NATURAL_MOST_COST = 3 * NATURAL_COST_MAX,
    SEEN_BITS = 12,
    SAMPLED_ROWS = 8
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
    if (equal * 100 < all * NATURAL_MAX_EQUAL_PERCENT && fresh * NATURAL_NEW_COLOURS > all - equal) {
        /* Without what the pixels of new colours cost either way. Mostly the worst case decides. */
        const uint32_t text =
            equal * TEXT_EQUAL_COST + (all - equal - fresh) * TEXT_KNOWN_COST + fresh * TEXT_NEW_COST;
        bool natural = NATURAL_MOST_COST * (all - fresh) < text;
        if (!natural) {
            const struct codec_natural_cost cost = codec_classify_cost(p, px);
            natural = (cost.median < cost.grain ? cost.median : cost.grain) * (all - fresh) < text;
        }
        out.tile = natural ? CODEC_TILE_NATURAL : CODEC_TILE_TEXT;
    }
    out.natural_cells = (uint16_t)(out.natural_cells & p->cells);
    return out;
}

/* Of residuals by size, in 1/16 bits: about what the adaptive models make of a photo. */
static uint32_t cost_of(int residual)
{
    static const uint8_t COST[32] = {20, 36, 46, 54, 60, 65, 69, 72, 75, 78, 80, 82, 84, 86, 88, 89, 91, 92,
        94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, NATURAL_COST_MAX};
    const int size = residual < 0 ? -residual : residual;
    return COST[size < 32 ? size : 31];
}

static uint32_t cost_both(int e, int other, uint32_t *grain)
{
    *grain += cost_of(other);
    return cost_of(e);
}

struct codec_natural_cost codec_classify_cost(const struct codec_patch *p, const uint32_t *px)
{
    struct codec_natural_cost out = {0, 0};
    uint32_t n = 0;
    for (int32_t y = (p->y0 + SAMPLED_ROWS - 2) / SAMPLED_ROWS * SAMPLED_ROWS + 1; y < p->y1;
         y += SAMPLED_ROWS) {
        struct codec_span span[2];
        const int spans = codec_patch_spans(p, y, span);
        for (int i = 0; i < spans; i++) {
            const uint32_t *q = px + y * CODEC_PATCH_STRIDE;
            for (int32_t x = span[i].x0 > 0 ? span[i].x0 : 1; x < span[i].x1 && x + 1 < CODEC_TILE_PX;
                 x++, n++) {
                const uint32_t near[5] = {q[x], q[x - 1], q[x - CODEC_PATCH_STRIDE],
                    q[x - CODEC_PATCH_STRIDE - 1], q[x - CODEC_PATCH_STRIDE + 1]};
                int g[5], r[5], b[5];
                for (int k = 0; k < 5; k++) {
                    g[k] = near[k] >> 8 & 255;
                    r[k] = (int)(near[k] >> 16 & 255) - g[k];
                    b[k] = (int)(near[k] & 255) - g[k];
                }
                const int er = r[0] - codec_predict_masked(r[1], r[2], r[3], r[4], 0);
                const int er2 = r[0] - codec_predict_masked(r[1], r[2], r[3], r[4], -1);
                out.median += cost_both(g[0] - codec_predict_masked(g[1], g[2], g[3], g[4], 0),
                    g[0] - codec_predict_masked(g[1], g[2], g[3], g[4], -1), &out.grain);
                out.median += cost_both(er, er2, &out.grain);
                out.median += cost_both(b[0] - codec_predict_masked(b[1], b[2], b[3], b[4], 0) - er / 2,
                    b[0] - codec_predict_masked(b[1], b[2], b[3], b[4], -1) - er2 / 2, &out.grain);
            }
        }
    }
    if (n > 0) {
        out.median /= n;
        out.grain /= n;
    }
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
