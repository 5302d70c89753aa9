#include "codec/patch.h"

#include <string.h>

enum { REACH_LEFT = 3, REACH_RIGHT = 2, REACH_UP = 2 };
enum { LOSSY_STAND_IN = 0 };

_Static_assert((int)REACH_LEFT <= (int)CODEC_SCREEN_MARGIN_PX && (int)REACH_UP <= (int)CODEC_SCREEN_MARGIN_PX,
    "the screen's margin holds every neighbour");

/* Cover the lossy cells that touch the loaded area. */
static void mask_lossy(struct codec_patch *p, const struct codec_screen *s)
{
    const int32_t ox = p->tile_x * CODEC_TILE_PX, oy = p->tile_y * CODEC_TILE_PX;
    int32_t x0 = ox + p->x0 - REACH_LEFT, x1 = ox + p->x1 + REACH_RIGHT;
    int32_t y0 = oy + p->y0 - REACH_UP, y1 = oy + p->y1;
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > s->width_px ? s->width_px : x1;
    y1 = y1 > s->height_px ? s->height_px : y1;
    for (int32_t cy = y0 / CODEC_CELL_PX; cy * CODEC_CELL_PX < y1; cy++)
        for (int32_t cx = x0 / CODEC_CELL_PX; cx * CODEC_CELL_PX < x1; cx++) {
            const size_t tile = (size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)s->tiles_x +
                                (size_t)(cx / CODEC_CELLS_PER_TILE);
            const int bit = cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE;
            if (!(s->lossy[tile] >> bit & 1))
                continue;
            const int32_t ax = cx * CODEC_CELL_PX > x0 ? cx * CODEC_CELL_PX : x0;
            const int32_t bx = (cx + 1) * CODEC_CELL_PX < x1 ? (cx + 1) * CODEC_CELL_PX : x1;
            const int32_t ay = cy * CODEC_CELL_PX > y0 ? cy * CODEC_CELL_PX : y0;
            const int32_t by = (cy + 1) * CODEC_CELL_PX < y1 ? (cy + 1) * CODEC_CELL_PX : y1;
            for (int32_t y = ay; y < by; y++)
                for (int32_t x = ax; x < bx; x++)
                    p->px[CODEC_PATCH_ORIGIN + (y - oy) * CODEC_PATCH_STRIDE + x - ox] = LOSSY_STAND_IN;
        }
}

void codec_patch_load(struct codec_patch *p, const struct codec_screen *s)
{
    const int32_t ox = p->tile_x * CODEC_TILE_PX, oy = p->tile_y * CODEC_TILE_PX;
    const size_t n = (size_t)(p->x1 - p->x0 + REACH_LEFT + REACH_RIGHT) * sizeof *p->px;
    const uint32_t *src =
        s->px + (ptrdiff_t)(oy + p->y0 - REACH_UP) * (ptrdiff_t)s->stride_px + ox + p->x0 - REACH_LEFT;
    uint32_t *dst = p->px + CODEC_PATCH_ORIGIN + (p->y0 - REACH_UP) * CODEC_PATCH_STRIDE + p->x0 - REACH_LEFT;
    for (int32_t y = p->y0 - REACH_UP; y < p->y1; y++) {
        memcpy(dst, src, n);
        src += s->stride_px;
        dst += CODEC_PATCH_STRIDE;
    }
    if (s->lossy_cells > 0)
        mask_lossy(p, s);
}

/* Whole cells, also where only a part is coded: so what lies under a cell is a state it once had. */
static void keep_cells(const struct codec_patch *p, struct codec_screen *s)
{
    const int32_t w = codec_screen_tile_w(s, p->tile_x), h = codec_screen_tile_h(s, p->tile_y);
    for (int32_t c = 0; c < CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE; c++) {
        if (!(p->cells >> c & 1))
            continue;
        const int32_t x = c % CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        const int32_t y = c / CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        codec_screen_keep(s, (struct codec_rect){p->tile_x * CODEC_TILE_PX + x, p->tile_y * CODEC_TILE_PX + y,
                                 w - x < CODEC_CELL_PX ? w - x : CODEC_CELL_PX,
                                 h - y < CODEC_CELL_PX ? h - y : CODEC_CELL_PX});
    }
}

size_t codec_patch_store(const struct codec_patch *p, struct codec_screen *s)
{
    const int32_t ox = p->tile_x * CODEC_TILE_PX, oy = p->tile_y * CODEC_TILE_PX;
    size_t total = 0;
    keep_cells(p, s);
    for (int32_t y = p->y0; y < p->y1; y++) {
        struct codec_span span[2];
        const int n = codec_patch_spans(p, y, span);
        for (int i = 0; i < n; i++) {
            const size_t w = (size_t)(span[i].x1 - span[i].x0);
            memcpy(codec_screen_at(s, ox + span[i].x0, oy + y),
                p->px + CODEC_PATCH_ORIGIN + y * CODEC_PATCH_STRIDE + span[i].x0, w * sizeof *p->px);
            total += w;
        }
    }
    if (s->lossy_cells > 0)
        for (int32_t c = 0; c < CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE; c++) {
            if (!(p->cells >> c & 1))
                continue;
            const int32_t cx = c % CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
            const int32_t cy = c / CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
            const int32_t ax = cx > p->x0 ? cx : p->x0, ay = cy > p->y0 ? cy : p->y0;
            const int32_t bx = cx + CODEC_CELL_PX < p->x1 ? cx + CODEC_CELL_PX : p->x1;
            const int32_t by = cy + CODEC_CELL_PX < p->y1 ? cy + CODEC_CELL_PX : p->y1;
            if (ax < bx && ay < by)
                codec_screen_mark_exact(s, (struct codec_rect){ox + ax, oy + ay, bx - ax, by - ay});
        }
    return total;
}
