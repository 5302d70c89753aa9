#include "codec/video_region.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW ((1u << CODEC_REGION_WINDOW) - 1)
#define LATEST ((1u << CODEC_REGION_LATEST) - 1)

enum { GROW_PERCENT = 60 /* of a row or column of tiles, in cells that move */ };

struct tile {
    uint16_t any, natural; /* moments with a change, latest in bit 0; bit 0 is still open */
    uint16_t now, once;    /* cells that changed in the open moment, and in another since the tile rested */
    uint16_t cells;        /* changed in two moments at least: what moves, not what changed once */
    bool is_natural;       /* in part, when it was last looked at */
    bool seen;             /* by the component being walked */
};

struct codec_regions {
    int32_t width_px, height_px, tiles_x, tiles_y;
    size_t tiles;
    uint64_t moment_us; /* when the open moment began; 0 = nothing was told yet */
    struct tile *tile;  /* owned */
    uint32_t *stack;    /* owned: of the walk */
};

struct codec_regions *codec_regions_create(int32_t width_px, int32_t height_px)
{
    struct codec_regions *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->width_px = width_px;
    r->height_px = height_px;
    r->tiles_x = (width_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
    r->tiles_y = (height_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
    r->tiles = (size_t)r->tiles_x * (size_t)r->tiles_y;
    r->tile = calloc(r->tiles, sizeof *r->tile);
    r->stack = calloc(r->tiles, sizeof *r->stack);
    if (!r->tile || !r->stack) {
        codec_regions_destroy(r);
        return NULL;
    }
    return r;
}

void codec_regions_destroy(struct codec_regions *r)
{
    if (!r)
        return;
    free(r->tile);
    free(r->stack);
    free(r);
}

void codec_regions_moved(struct codec_regions *r, size_t tile, uint16_t cells)
{
    struct tile *t = &r->tile[tile];
    t->any |= cells != 0;
    t->natural |= cells != 0 && t->is_natural;
    t->now = (uint16_t)(t->now | cells);
}

void codec_regions_changed(struct codec_regions *r, size_t tile, uint16_t cells, uint16_t natural)
{
    r->tile[tile].is_natural = natural != 0;
    codec_regions_moved(r, tile, cells);
}

bool codec_regions_tick(struct codec_regions *r, uint64_t now_us)
{
    if (r->moment_us == 0)
        r->moment_us = now_us;
    const uint64_t gone = now_us - r->moment_us;
    if (gone < CODEC_REGION_MOMENT_US)
        return false;
    const uint64_t pauses = gone / CODEC_REGION_PAUSE_US;
    const unsigned shift = pauses < CODEC_REGION_WINDOW ? 1 + (unsigned)pauses : 16;
    for (size_t i = 0; i < r->tiles; i++) {
        struct tile *t = &r->tile[i];
        t->any = (uint16_t)((uint32_t)t->any << shift);
        t->natural = (uint16_t)((uint32_t)t->natural << shift);
        t->cells = (uint16_t)(t->cells | (t->once & t->now));
        t->once = (uint16_t)(t->once | t->now);
        t->now = 0;
        if ((t->any & (WINDOW << 1)) == 0)
            t->cells = t->once = 0;
    }
    r->moment_us = now_us;
    return true;
}

/* Complete moments only: bit 0 is still open. What has come to rest does not move. */
static bool moves(uint16_t history)
{
    return (history >> 1 & LATEST) != 0 && __builtin_popcount(history >> 1 & WINDOW) >= CODEC_REGION_CHANGES;
}

struct box {
    int32_t x0, y0, x1, y1; /* cells */
};

static void box_add(struct box *b, int32_t tx, int32_t ty, uint16_t cells)
{
    for (int32_t i = 0; i < 16; i++) {
        if (!(cells >> i & 1))
            continue;
        const int32_t x = tx * CODEC_CELLS_PER_TILE + i % CODEC_CELLS_PER_TILE;
        const int32_t y = ty * CODEC_CELLS_PER_TILE + i / CODEC_CELLS_PER_TILE;
        b->x0 = x < b->x0 ? x : b->x0;
        b->y0 = y < b->y0 ? y : b->y0;
        b->x1 = x + 1 > b->x1 ? x + 1 : b->x1;
        b->y1 = y + 1 > b->y1 ? y + 1 : b->y1;
    }
}

/* The box around the natural moving tiles that hang together with `start`. */
static struct box walk(struct codec_regions *r, size_t start)
{
    struct box b = {INT32_MAX, INT32_MAX, 0, 0};
    size_t top = 0;
    r->stack[top++] = (uint32_t)start;
    r->tile[start].seen = true;
    while (top > 0) {
        const size_t at = r->stack[--top];
        const int32_t tx = (int32_t)(at % (size_t)r->tiles_x), ty = (int32_t)(at / (size_t)r->tiles_x);
        box_add(&b, tx, ty, r->tile[at].cells);
        for (int32_t y = ty - 1; y <= ty + 1; y++)
            for (int32_t x = tx - 1; x <= tx + 1; x++) {
                if (x < 0 || y < 0 || x >= r->tiles_x || y >= r->tiles_y)
                    continue;
                const size_t next = (size_t)y * (size_t)r->tiles_x + (size_t)x;
                struct tile *t = &r->tile[next];
                if (t->seen || !moves(t->natural))
                    continue;
                t->seen = true;
                r->stack[top++] = (uint32_t)next;
            }
    }
    return b;
}

/* Cells inside the box of tiles that move, natural or not: flat parts of a video belong to it. */
static int64_t moving_cells(const struct codec_regions *r, const struct box *b)
{
    int64_t n = 0;
    for (int32_t cy = b->y0; cy < b->y1; cy++)
        for (int32_t cx = b->x0; cx < b->x1; cx++) {
            const struct tile *t = &r->tile[(size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)r->tiles_x +
                                            (size_t)(cx / CODEC_CELLS_PER_TILE)];
            const int bit = cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE;
            n += moves(t->any) && (t->cells >> bit & 1);
        }
    return n;
}

/* Share in percent of the cells x0..x1, y0..y1 that lie in tiles which move. */
static int64_t moving_percent(const struct codec_regions *r, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    const struct box b = {x0, y0, x1, y1};
    const int64_t cells = (int64_t)(x1 - x0) * (y1 - y0);
    return cells > 0 ? moving_cells(r, &b) * 100 / cells : 0;
}

/* A sky, or what is dark, is not natural by itself: the box grows by whole rows and columns of tiles that
 * move as well. Beside a video hardly anything else fills its whole side. */
static void grow(const struct codec_regions *r, struct box *b)
{
    const int32_t step = CODEC_CELLS_PER_TILE;
    const int32_t cols = (r->width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t rows = (r->height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (bool grown = true; grown;) {
        grown = false;
        const int32_t left = b->x0 > 0 ? (b->x0 - 1) / step * step : 0;
        const int32_t top = b->y0 > 0 ? (b->y0 - 1) / step * step : 0;
        const int32_t right = (b->x1 / step + 1) * step < cols ? (b->x1 / step + 1) * step : cols;
        const int32_t bottom = (b->y1 / step + 1) * step < rows ? (b->y1 / step + 1) * step : rows;
        if (left < b->x0 && moving_percent(r, left, b->y0, b->x0, b->y1) >= GROW_PERCENT) {
            b->x0 = left;
            grown = true;
        }
        if (right > b->x1 && moving_percent(r, b->x1, b->y0, right, b->y1) >= GROW_PERCENT) {
            b->x1 = right;
            grown = true;
        }
        if (top < b->y0 && moving_percent(r, b->x0, top, b->x1, b->y0) >= GROW_PERCENT) {
            b->y0 = top;
            grown = true;
        }
        if (bottom > b->y1 && moving_percent(r, b->x0, b->y1, b->x1, bottom) >= GROW_PERCENT) {
            b->y1 = bottom;
            grown = true;
        }
    }
}

static bool overlap(struct codec_rect a, struct codec_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

size_t codec_regions_find(struct codec_regions *r, const struct codec_rect *avoid, size_t avoid_count,
    struct codec_rect *out, size_t most)
{
    size_t found = 0;
    for (size_t i = 0; i < r->tiles; i++)
        r->tile[i].seen = false;
    for (size_t i = 0; i < r->tiles && found < most; i++) {
        if (r->tile[i].seen || !moves(r->tile[i].natural))
            continue;
        struct box b = walk(r, i);
        grow(r, &b);
        struct codec_rect px = {b.x0 * CODEC_CELL_PX, b.y0 * CODEC_CELL_PX, (b.x1 - b.x0) * CODEC_CELL_PX,
            (b.y1 - b.y0) * CODEC_CELL_PX};
        px.w = px.w < r->width_px - px.x ? px.w : r->width_px - px.x;
        px.h = px.h < r->height_px - px.y ? px.h : r->height_px - px.y;
        if (px.w < CODEC_REGION_MIN_W_PX || px.h < CODEC_REGION_MIN_H_PX)
            continue;
        const int64_t cells = (int64_t)(b.x1 - b.x0) * (b.y1 - b.y0);
        if (moving_cells(r, &b) * 100 < cells * CODEC_REGION_FILL_PERCENT)
            continue;
        bool free_place = true;
        for (size_t k = 0; k < avoid_count; k++)
            free_place = free_place && !overlap(px, avoid[k]);
        for (size_t k = 0; k < found; k++)
            free_place = free_place && !overlap(px, out[k]);
        if (free_place)
            out[found++] = px;
    }
    return found;
}
