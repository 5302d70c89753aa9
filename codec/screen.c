#include "codec/screen.h"

#include "codec/wipe.h"

#include <stdlib.h>
#include <string.h>

bool codec_size_ok(int64_t width_px, int64_t height_px, size_t max_pixels)
{
    if (width_px < 1 || height_px < 1 || width_px > CODEC_MAX_SIDE_PX || height_px > CODEC_MAX_SIDE_PX)
        return false;
    const uint64_t pixels = (uint64_t)width_px * (uint64_t)height_px;
    return pixels <= CODEC_MAX_PIXELS && pixels <= max_pixels;
}

int codec_screen_init(struct codec_screen *s, int32_t width_px, int32_t height_px)
{
    if (!codec_size_ok(width_px, height_px, CODEC_MAX_PIXELS))
        return CODEC_ERR_RANGE;
    struct codec_screen n = {.width_px = width_px, .height_px = height_px};
    n.tiles_x = (width_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
    n.tiles_y = (height_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
    n.stride_px = (size_t)width_px + 2 * CODEC_SCREEN_MARGIN_PX;
    const size_t rows = (size_t)height_px + CODEC_SCREEN_MARGIN_PX;
    n.base = calloc(rows * n.stride_px, sizeof *n.base);
    n.lossy = calloc((size_t)n.tiles_x * (size_t)n.tiles_y, sizeof *n.lossy);
    n.under = calloc((size_t)width_px * (size_t)height_px, sizeof *n.under);
    if (!n.base || !n.lossy || !n.under) {
        codec_screen_finish(&n);
        return CODEC_ERR_NOMEM;
    }
    n.px = n.base + CODEC_SCREEN_MARGIN_PX * n.stride_px + CODEC_SCREEN_MARGIN_PX;
    n.cells = (size_t)((width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX) *
              (size_t)((height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX);
    *s = n;
    return 0;
}

void codec_screen_finish(struct codec_screen *s)
{
    const size_t rows = (size_t)s->height_px + CODEC_SCREEN_MARGIN_PX;
    codec_wipe(s->base, rows * s->stride_px * sizeof *s->base);
    codec_wipe(s->under, (size_t)s->width_px * (size_t)s->height_px * sizeof *s->under);
    free(s->base);
    free(s->lossy);
    free(s->under);
    *s = (struct codec_screen){0};
}

bool codec_screen_has(const struct codec_screen *s, struct codec_rect r)
{
    return r.w > 0 && r.h > 0 && r.x >= 0 && r.y >= 0 && r.w <= s->width_px && r.h <= s->height_px &&
           r.x <= s->width_px - r.w && r.y <= s->height_px - r.h;
}

bool codec_screen_cell_aligned(const struct codec_screen *s, struct codec_rect r)
{
    const int32_t x1 = r.x + r.w, y1 = r.y + r.h;
    return r.x % CODEC_CELL_PX == 0 && r.y % CODEC_CELL_PX == 0 &&
           (x1 % CODEC_CELL_PX == 0 || x1 == s->width_px) && (y1 % CODEC_CELL_PX == 0 || y1 == s->height_px);
}

uint16_t codec_screen_tile_cells(const struct codec_screen *s, int32_t tile_x, int32_t tile_y)
{
    const int32_t cw = (codec_screen_tile_w(s, tile_x) + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t ch = (codec_screen_tile_h(s, tile_y) + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const uint32_t row = (1u << cw) - 1;
    return (uint16_t)((row * 0x1111u) & ((1u << (ch * CODEC_CELLS_PER_TILE)) - 1));
}

static bool cell_is_lossy(const struct codec_screen *s, int32_t cx, int32_t cy)
{
    const size_t tile =
        (size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)s->tiles_x + (size_t)(cx / CODEC_CELLS_PER_TILE);
    const int bit = cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE;
    return s->lossy[tile] >> bit & 1;
}

bool codec_screen_is_lossy(const struct codec_screen *s, int32_t x, int32_t y)
{
    return cell_is_lossy(s, x / CODEC_CELL_PX, y / CODEC_CELL_PX);
}

static void cell_set(struct codec_screen *s, int32_t cx, int32_t cy, bool lossy)
{
    const size_t tile =
        (size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)s->tiles_x + (size_t)(cx / CODEC_CELLS_PER_TILE);
    const uint32_t bit = 1u << (cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE);
    const uint32_t was = s->lossy[tile];
    if (lossy == ((was & bit) != 0))
        return;
    s->lossy[tile] = (uint16_t)(was ^ bit);
    s->lossy_cells = lossy ? s->lossy_cells + 1 : s->lossy_cells - 1;
}

void codec_screen_mark_lossy(struct codec_screen *s, struct codec_rect r)
{
    for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
        for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++)
            cell_set(s, cx, cy, true);
}

static bool cell_covered(const struct codec_screen *s, struct codec_rect r, int32_t cx, int32_t cy)
{
    const int32_t x0 = cx * CODEC_CELL_PX, y0 = cy * CODEC_CELL_PX;
    const int32_t x1 = x0 + CODEC_CELL_PX < s->width_px ? x0 + CODEC_CELL_PX : s->width_px;
    const int32_t y1 = y0 + CODEC_CELL_PX < s->height_px ? y0 + CODEC_CELL_PX : s->height_px;
    return r.x <= x0 && r.y <= y0 && r.x + r.w >= x1 && r.y + r.h >= y1;
}

void codec_screen_mark_exact(struct codec_screen *s, struct codec_rect r)
{
    if (s->lossy_cells == 0)
        return;
    for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
        for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++)
            if (cell_covered(s, r, cx, cy))
                cell_set(s, cx, cy, false);
}

/* The state of a destination cell after a copy, from the marks before it: lossy when any source cell
 * it reads is lossy; exact when it is wholly overwritten from exact cells; else as it was. Cells are
 * visited in the direction that never reads a mark already changed. */
static void copy_marks(struct codec_screen *s, struct codec_rect dst, int32_t src_x, int32_t src_y)
{
    const int32_t dx = src_x - dst.x, dy = src_y - dst.y;
    const int32_t cx0 = dst.x / CODEC_CELL_PX, cx1 = (dst.x + dst.w - 1) / CODEC_CELL_PX;
    const int32_t cy0 = dst.y / CODEC_CELL_PX, cy1 = (dst.y + dst.h - 1) / CODEC_CELL_PX;
    const bool up = dy < 0, left = dx < 0;
    for (int32_t j = 0; j <= cy1 - cy0; j++) {
        const int32_t cy = up ? cy1 - j : cy0 + j;
        for (int32_t i = 0; i <= cx1 - cx0; i++) {
            const int32_t cx = left ? cx1 - i : cx0 + i;
            int32_t x0 = cx * CODEC_CELL_PX, x1 = x0 + CODEC_CELL_PX;
            int32_t y0 = cy * CODEC_CELL_PX, y1 = y0 + CODEC_CELL_PX;
            x0 = x0 < dst.x ? dst.x : x0;
            y0 = y0 < dst.y ? dst.y : y0;
            x1 = x1 > dst.x + dst.w ? dst.x + dst.w : x1;
            y1 = y1 > dst.y + dst.h ? dst.y + dst.h : y1;
            bool lossy = false;
            for (int32_t sy = (y0 + dy) / CODEC_CELL_PX; sy <= (y1 - 1 + dy) / CODEC_CELL_PX; sy++)
                for (int32_t sx = (x0 + dx) / CODEC_CELL_PX; sx <= (x1 - 1 + dx) / CODEC_CELL_PX; sx++)
                    lossy = lossy || cell_is_lossy(s, sx, sy);
            if (lossy)
                cell_set(s, cx, cy, true);
            else if (cell_covered(s, dst, cx, cy))
                cell_set(s, cx, cy, false);
        }
    }
}

int codec_screen_difference(struct codec_rect a, struct codec_rect b, struct codec_rect out[2])
{
    const int32_t dx = b.x - a.x, dy = b.y - a.y;
    const int32_t w = a.w - (dx < 0 ? -dx : dx), h = a.h - (dy < 0 ? -dy : dy);
    if (w <= 0 || h <= 0) {
        out[0] = a;
        return 1;
    }
    int n = 0;
    if (dy != 0)
        out[n++] = (struct codec_rect){a.x, dy > 0 ? a.y : a.y + h, a.w, a.h - h};
    if (dx != 0)
        out[n++] = (struct codec_rect){dx > 0 ? a.x : a.x + w, dy > 0 ? a.y + dy : a.y, a.w - w, h};
    return n;
}

void codec_screen_keep(struct codec_screen *s, struct codec_rect r)
{
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        const uint32_t *px = codec_screen_at(s, 0, y);
        uint32_t *under = codec_screen_under_at(s, 0, y);
        if (s->lossy_cells == 0) {
            for (int32_t x = r.x; x < r.x + r.w; x++)
                under[x] = px[x] | CODEC_UNDER_KNOWN;
            continue;
        }
        for (int32_t x = r.x; x < r.x + r.w;) {
            const int32_t cell_end = (x / CODEC_CELL_PX + 1) * CODEC_CELL_PX;
            const int32_t end = cell_end < r.x + r.w ? cell_end : r.x + r.w;
            const bool lossy = cell_is_lossy(s, x / CODEC_CELL_PX, y / CODEC_CELL_PX);
            for (; x < end; x++)
                under[x] = lossy ? 0 : px[x] | CODEC_UNDER_KNOWN;
        }
    }
}

/* Show what is known under a rectangle. A lossy cell becomes exact when all of it was known. */
static void give_back(struct codec_screen *s, struct codec_rect r)
{
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        uint32_t *px = codec_screen_at(s, 0, y);
        const uint32_t *under = codec_screen_under_at(s, 0, y);
        for (int32_t x = r.x; x < r.x + r.w; x++)
            if (under[x] != 0)
                px[x] = under[x] & 0xffffffu;
    }
    if (s->lossy_cells == 0)
        return;
    for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
        for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++) {
            if (!cell_is_lossy(s, cx, cy) || !cell_covered(s, r, cx, cy))
                continue;
            bool known = true;
            for (int32_t y = cy * CODEC_CELL_PX; y < (cy + 1) * CODEC_CELL_PX && y < s->height_px; y++)
                for (int32_t x = cx * CODEC_CELL_PX; x < (cx + 1) * CODEC_CELL_PX && x < s->width_px; x++)
                    known = known && *codec_screen_under_at(s, x, y) != 0;
            if (known)
                cell_set(s, cx, cy, false);
        }
}

void codec_screen_copy(
    struct codec_screen *s, struct codec_rect dst, int32_t src_x, int32_t src_y, bool under)
{
    const struct codec_rect src = {src_x, src_y, dst.w, dst.h};
    struct codec_rect part[2];
    if (under) {
        const int n = codec_screen_difference(dst, src, part);
        for (int i = 0; i < n; i++)
            codec_screen_keep(s, part[i]);
    }
    const bool up = src_y < dst.y;
    for (int32_t j = 0; j < dst.h; j++) {
        const int32_t y = up ? dst.h - 1 - j : j;
        memmove(codec_screen_at(s, dst.x, dst.y + y), codec_screen_at(s, src_x, src_y + y),
            (size_t)dst.w * sizeof *s->px);
    }
    if (s->lossy_cells > 0)
        copy_marks(s, dst, src_x, src_y);
    if (under) {
        const int n = codec_screen_difference(src, dst, part);
        for (int i = 0; i < n; i++)
            give_back(s, part[i]);
    }
}

/* Swap without a look at the marks; whether all of r was known. Written for vector code: a whole screen
 * goes through here when windows are switched. */
static bool swap_pixels(struct codec_screen *s, struct codec_rect r, bool lossy)
{
    const uint32_t keep = lossy ? 0 : UINT32_MAX;
    uint32_t unknown = 0;
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        uint32_t *restrict px = codec_screen_at(s, r.x, y);
        uint32_t *restrict under = codec_screen_under_at(s, r.x, y);
        for (int32_t x = 0; x < r.w; x++) {
            const uint32_t u = under[x], p = px[x];
            const uint32_t known = 0u - (u >> 24 & 1u);
            under[x] = (p | CODEC_UNDER_KNOWN) & known & keep;
            px[x] = (u & known & 0xffffffu) | (p & ~known);
            unknown |= ~known;
        }
    }
    return unknown == 0;
}

void codec_screen_swap(struct codec_screen *s, struct codec_rect r)
{
    if (s->lossy_cells == 0) {
        (void)swap_pixels(s, r, false);
        return;
    }
    for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
        for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++) {
            const int32_t x0 = cx * CODEC_CELL_PX, x1 = x0 + CODEC_CELL_PX;
            const int32_t y0 = cy * CODEC_CELL_PX, y1 = y0 + CODEC_CELL_PX;
            struct codec_rect in = {x0 > r.x ? x0 : r.x, y0 > r.y ? y0 : r.y, 0, 0};
            in.w = (x1 < r.x + r.w ? x1 : r.x + r.w) - in.x;
            in.h = (y1 < r.y + r.h ? y1 : r.y + r.h) - in.y;
            const bool known = swap_pixels(s, in, cell_is_lossy(s, cx, cy));
            if (known && cell_covered(s, r, cx, cy))
                cell_set(s, cx, cy, false);
        }
}

void codec_screen_fill(struct codec_screen *s, struct codec_rect r, uint32_t colour)
{
    codec_screen_keep(s, r);
    for (int32_t y = r.y; y < r.y + r.h; y++) {
        uint32_t *row = codec_screen_at(s, r.x, y);
        for (int32_t x = 0; x < r.w; x++)
            row[x] = colour;
    }
    codec_screen_mark_exact(s, r);
}
