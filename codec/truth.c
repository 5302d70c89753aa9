#include "codec/truth.h"

#include <string.h>

bool codec_truth_equals(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, int32_t dx, int32_t dy)
{
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        const uint32_t *a = codec_truth_at(t, r.x, y), *b = codec_screen_at(s, r.x + dx, y + dy);
        for (int32_t x = 0; x < r.w; x += CODEC_COMPARE_MAX_PX) {
            const int32_t n = r.w - x < CODEC_COMPARE_MAX_PX ? r.w - x : CODEC_COMPARE_MAX_PX;
            if (t->compare(a + x, b + x, n) != 0)
                return false;
        }
    }
    return true;
}

/* All pixels of the cells in a row of a tile. */
static uint64_t unfold(uint32_t cells)
{
    uint64_t pixels = 0;
    for (uint32_t c = 0; c < CODEC_CELLS_PER_TILE; c++)
        pixels |= (uint64_t)(cells >> c & 1u ? 0xffffu : 0u) << (c * CODEC_CELL_PX);
    return pixels;
}

void codec_truth_diff(const struct codec_truth *t, const struct codec_screen *s, int32_t tile_x,
    int32_t tile_y, int32_t count, const uint16_t *ask, uint16_t *out_cells)
{
    uint8_t left[CODEC_MAX_SIDE_PX / CODEC_TILE_PX], differs[CODEC_MAX_SIDE_PX / CODEC_TILE_PX];
    const int32_t h = codec_screen_tile_h(s, tile_y);
    const int32_t last_w = codec_screen_tile_w(s, tile_x + count - 1);
    memset(out_cells, 0, (size_t)count * sizeof *out_cells);
    for (int32_t top = 0; top < CODEC_TILE_PX; top += CODEC_CELL_PX) {
        const uint32_t shift = (uint32_t)(top / CODEC_CELL_PX * CODEC_CELLS_PER_TILE);
        const int32_t end = top + CODEC_CELL_PX < h ? top + CODEC_CELL_PX : h;
        for (int32_t i = 0; i < count; i++) {
            left[i] = (uint8_t)(ask[i] >> shift & 15u);
            differs[i] = 0;
        }
        bool more = true;
        for (int32_t y = top; y < end && more; y++) {
            const uint32_t *a = codec_truth_at(t, tile_x * CODEC_TILE_PX, tile_y * CODEC_TILE_PX + y);
            const uint32_t *b = codec_screen_at(s, tile_x * CODEC_TILE_PX, tile_y * CODEC_TILE_PX + y);
            more = false;
            for (int32_t i = 0; i < count; i++) {
                if (left[i] == 0)
                    continue;
                const uint64_t d = t->compare(
                    a + i * CODEC_TILE_PX, b + i * CODEC_TILE_PX, i == count - 1 ? last_w : CODEC_TILE_PX);
                if (d != 0) {
                    const uint32_t found = codec_compare_fold(d) & left[i];
                    differs[i] = (uint8_t)(differs[i] | found);
                    left[i] = (uint8_t)(left[i] & ~found);
                }
                more = more || left[i] != 0;
            }
        }
        for (int32_t i = 0; i < count; i++)
            out_cells[i] = (uint16_t)(out_cells[i] | (uint32_t)differs[i] << shift);
    }
}

bool codec_truth_bounds(const struct codec_truth *t, const struct codec_screen *s, struct codec_patch *p)
{
    const int32_t w = codec_screen_tile_w(s, p->tile_x), h = codec_screen_tile_h(s, p->tile_y);
    const int32_t ox = p->tile_x * CODEC_TILE_PX, oy = p->tile_y * CODEC_TILE_PX;
    const uint32_t lossy = p->cells & s->lossy[(size_t)p->tile_y * (size_t)s->tiles_x + (size_t)p->tile_x];
    uint64_t columns = 0;
    p->y0 = CODEC_TILE_PX;
    p->y1 = 0;
    for (int32_t y = 0; y < h; y++) {
        const uint32_t shift = (uint32_t)(y / CODEC_CELL_PX * CODEC_CELLS_PER_TILE);
        const uint32_t cells = (uint32_t)p->cells >> shift & 15u;
        if (cells == 0) {
            y |= CODEC_CELL_PX - 1;
            continue;
        }
        const uint64_t d =
            (t->compare(codec_truth_at(t, ox, oy + y), codec_screen_at(s, ox, oy + y), w) & unfold(cells)) |
            unfold(lossy >> shift & 15u); /* only whole does a lossy cell become exact */
        if (d == 0)
            continue;
        columns |= d;
        p->y0 = y < p->y0 ? y : p->y0;
        p->y1 = y + 1;
    }
    if (columns == 0)
        return false;
    p->x0 = __builtin_ctzll(columns);
    p->x1 = CODEC_TILE_PX - __builtin_clzll(columns);
    p->x1 = p->x1 < w ? p->x1 : w;
    return true;
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
