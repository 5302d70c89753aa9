/* One tile cut out of the screen with the neighbours that the coders look at.
 *
 * Coders work on this copy and never on the screen: lossy neighbours are masked to a constant here,
 * so no coder can read one, and every context read stays inside this buffer by construction.
 * Any thread; no allocation. */
#pragma once

#include "codec/screen.h"

enum {
    CODEC_PATCH_STRIDE = 80, /* px: 8 left (3 used), 64, 8 right (2 used) */
    CODEC_PATCH_ROWS = 2 + CODEC_TILE_PX,
    CODEC_PATCH_ORIGIN = 2 * CODEC_PATCH_STRIDE + 8
};

struct codec_patch {
    int32_t tile_x, tile_y;
    uint16_t cells;         /* which 16x16 cells are coded, bit (cell y * 4 + cell x) */
    int32_t x0, y0, x1, y1; /* bounds inside the tile; only pixels inside both are coded */
    uint32_t px[CODEC_PATCH_ROWS * CODEC_PATCH_STRIDE];
};

/* A piece of a row that is coded without a gap. */
struct codec_span {
    int32_t x0, x1;
};

/* The coded pieces of row y (y0 <= y < y1), left to right; at most 2. */
static inline int codec_patch_spans(const struct codec_patch *p, int32_t y, struct codec_span out[2])
{
    const uint32_t row = (uint32_t)p->cells >> (y / CODEC_CELL_PX * CODEC_CELLS_PER_TILE) & 15u;
    int n = 0;
    for (int32_t c = 0; c < CODEC_CELLS_PER_TILE;) {
        if (!(row >> c & 1u)) {
            c++;
            continue;
        }
        int32_t end = c;
        while (end < CODEC_CELLS_PER_TILE && (row >> end & 1u))
            end++;
        const int32_t a = c * CODEC_CELL_PX < p->x0 ? p->x0 : c * CODEC_CELL_PX;
        const int32_t b = end * CODEC_CELL_PX > p->x1 ? p->x1 : end * CODEC_CELL_PX;
        c = end;
        if (a < b)
            out[n++] = (struct codec_span){a, b};
    }
    return n;
}

/* Copy the bounds and their neighbours from the screen. tile, cells and bounds are set and valid. */
void codec_patch_load(struct codec_patch *p, const struct codec_screen *s);
/* Write the coded pixels back and mark the cells that became exact. Returns the pixels written. */
size_t codec_patch_store(const struct codec_patch *p, struct codec_screen *s);
