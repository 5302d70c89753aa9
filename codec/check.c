#include "codec/check.h"

/* Odd weights: no single pixel can change without the sum. */
static uint32_t cell_sum(const struct codec_screen *s, int32_t x0, int32_t y0, uint32_t c)
{
    const int32_t x1 = x0 + CODEC_CELL_PX < s->width_px ? x0 + CODEC_CELL_PX : s->width_px;
    const int32_t y1 = y0 + CODEC_CELL_PX < s->height_px ? y0 + CODEC_CELL_PX : s->height_px;
    uint32_t sum = 0, weight = (c * CODEC_CELL_PX * CODEC_CELL_PX) * 2 + 1;
    for (int32_t y = y0; y < y1; y++, weight += 2 * CODEC_CELL_PX) {
        const uint32_t *row = codec_screen_at(s, x0, y);
        for (int32_t x = 0; x < x1 - x0; x++)
            sum += row[x] * (weight + 2 * (uint32_t)x);
    }
    return sum;
}

uint32_t codec_check_sum(const struct codec_screen *s, uint32_t tile, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t t = tile; t < tile + count; t++) {
        const int32_t tx = (int32_t)(t % (uint32_t)s->tiles_x), ty = (int32_t)(t / (uint32_t)s->tiles_x);
        const uint32_t exact = codec_screen_tile_cells(s, tx, ty) & ~(uint32_t)s->lossy[t];
        sum *= 0x9E3779B1u;
        for (uint32_t c = 0; c < CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE; c++)
            if (exact >> c & 1u)
                sum += cell_sum(s, tx * CODEC_TILE_PX + (int32_t)(c % CODEC_CELLS_PER_TILE) * CODEC_CELL_PX,
                    ty * CODEC_TILE_PX + (int32_t)(c / CODEC_CELLS_PER_TILE) * CODEC_CELL_PX, c);
    }
    return sum;
}
