#include "codec/truth.h"

uint16_t codec_truth_diff(
    const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x, int32_t tile_y, uint16_t ask)
{
    const int32_t w = codec_screen_tile_w(s, tile_x), h = codec_screen_tile_h(s, tile_y);
    const int32_t ox = tile_x * CODEC_TILE_PX, oy = tile_y * CODEC_TILE_PX;
    uint32_t found = 0;
    for (int32_t y = 0; y < h; y++) {
        const uint32_t shift = (uint32_t)(y / CODEC_CELL_PX * CODEC_CELLS_PER_TILE);
        const uint32_t left = (ask & ~found) >> shift & 15u;
        if (left == 0) {
            y |= CODEC_CELL_PX - 1; /* nothing more to learn in this row of cells */
            continue;
        }
        const uint32_t *a = codec_truth_at(t, ox, oy + y), *b = codec_screen_at(s, ox, oy + y);
        for (int32_t c = 0; c < CODEC_CELLS_PER_TILE; c++) {
            if (!(left >> c & 1u))
                continue;
            const int32_t x = c * CODEC_CELL_PX, n = w - x;
            if (n >= CODEC_CELL_PX ? codec_truth_differs16(a + x, b + x)
                                   : codec_truth_differs(a + x, b + x, n))
                found |= 1u << (shift + (uint32_t)c);
        }
    }
    return (uint16_t)found;
}

static void include(struct codec_patch *p, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    p->x0 = x0 < p->x0 ? x0 : p->x0;
    p->y0 = y0 < p->y0 ? y0 : p->y0;
    p->x1 = x1 > p->x1 ? x1 : p->x1;
    p->y1 = y1 > p->y1 ? y1 : p->y1;
}

bool codec_truth_bounds(const struct codec_truth *t, const struct codec_screen *s, struct codec_patch *p)
{
    const int32_t w = codec_screen_tile_w(s, p->tile_x), h = codec_screen_tile_h(s, p->tile_y);
    const int32_t ox = p->tile_x * CODEC_TILE_PX, oy = p->tile_y * CODEC_TILE_PX;
    const uint32_t lossy = s->lossy[(size_t)p->tile_y * (size_t)s->tiles_x + (size_t)p->tile_x];
    p->x0 = p->y0 = CODEC_TILE_PX;
    p->x1 = p->y1 = 0;
    for (int32_t c = 0; c < CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE; c++) {
        if (!(p->cells >> c & 1))
            continue;
        const int32_t cx = c % CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        const int32_t cy = c / CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        const int32_t x1 = cx + CODEC_CELL_PX < w ? cx + CODEC_CELL_PX : w;
        const int32_t y1 = cy + CODEC_CELL_PX < h ? cy + CODEC_CELL_PX : h;
        if (lossy >> c & 1u) {
            include(p, cx, cy, x1, y1); /* only whole does it become exact */
            continue;
        }
        for (int32_t y = cy; y < y1; y++) {
            const uint32_t *a = codec_truth_at(t, ox, oy + y), *b = codec_screen_at(s, ox, oy + y);
            int32_t x = cx;
            while (x < x1 && ((a[x] ^ b[x]) & CODEC_TRUTH_MASK) == 0)
                x++;
            if (x == x1)
                continue;
            int32_t last = x1 - 1;
            while (((a[last] ^ b[last]) & CODEC_TRUTH_MASK) == 0)
                last--;
            include(p, x, y, last + 1, y + 1);
        }
    }
    return p->x0 < p->x1;
}

void codec_truth_load(
    const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x, int32_t tile_y, uint32_t *out)
{
    const int32_t w = codec_screen_tile_w(s, tile_x), h = codec_screen_tile_h(s, tile_y);
    for (int32_t y = 0; y < h; y++) {
        const uint32_t *a = codec_truth_at(t, tile_x * CODEC_TILE_PX, tile_y * CODEC_TILE_PX + y);
        for (int32_t x = 0; x < w; x++)
            out[y * CODEC_PATCH_STRIDE + x] = a[x] & CODEC_TRUTH_MASK;
    }
}
