/* One screen as both sides keep it: pixels with a margin of zeros, and which 16x16 cells are lossy.
 *
 * Every operation that changes pixels also keeps the lossy marks, by the same rules on both sides,
 * because the exact coder must never look at a lossy pixel: JPEG decoders differ in the last bit.
 * On the decoder a lossy cell holds what the JPEG decoder made of it, on the encoder the picture it
 * was made from. Rules: docs/wire-screen.md "Lossy cells".
 *
 * A second layer of pixels, "under", remembers at every place what was last painted over there, when
 * that was exact: a window that is dragged away gives back what it covered without a byte sent.
 * Not thread safe; one owner. */
#pragma once

#include "codec/codec.h"

enum {
    CODEC_SCREEN_MARGIN_PX = 8, /* left and right of every row, and rows above: what contexts reach */
    CODEC_CELLS_PER_TILE = CODEC_TILE_PX / CODEC_CELL_PX,
    CODEC_ALL_CELLS = 0xffff,
    CODEC_UNDER_KNOWN = 1 << 24
};

struct codec_screen {
    int32_t width_px, height_px;
    int32_t tiles_x, tiles_y;
    size_t stride_px;
    uint32_t *base;  /* owned */
    uint32_t *px;    /* pixel 0,0 inside base */
    uint16_t *lossy; /* owned; per tile, bit (cell y * 4 + cell x) */
    uint32_t *under; /* owned; rows width_px apart; CODEC_UNDER_KNOWN | pixel, or 0 */
    size_t lossy_cells;
    size_t cells;
};

bool codec_size_ok(int64_t width_px, int64_t height_px, size_t max_pixels);

/* A black, exact screen. CODEC_ERR_RANGE or CODEC_ERR_NOMEM leave it untouched. */
int codec_screen_init(struct codec_screen *s, int32_t width_px, int32_t height_px);
void codec_screen_finish(struct codec_screen *s);

/* True when the rectangle is not empty and lies inside the screen. */
bool codec_screen_has(const struct codec_screen *s, struct codec_rect r);

/* Whether it starts on a cell and ends on a cell or at the screen's edge; r must be inside. */
bool codec_screen_cell_aligned(const struct codec_screen *s, struct codec_rect r);

/* All rectangles below must satisfy codec_screen_has(). */

/* Remember the exact pixels of a rectangle that is about to be painted over, forget under lossy ones. */
void codec_screen_keep(struct codec_screen *s, struct codec_rect r);
/* under: keep the part of dst that is not source, and give back what is known under the part of the
 * source that is not dst. */
void codec_screen_copy(
    struct codec_screen *s, struct codec_rect dst, int32_t src_x, int32_t src_y, bool under);
/* Exchange the screen with what is known under it: back to what was painted over, and again. */
void codec_screen_swap(struct codec_screen *s, struct codec_rect r);
/* Keeps what it covers. */
void codec_screen_fill(struct codec_screen *s, struct codec_rect r, uint32_t colour);

/* What a copy uncovers: rectangle a without b, both of one size. Returns how many of out are used. */
int codec_screen_difference(struct codec_rect a, struct codec_rect b, struct codec_rect out[2]);

static inline uint32_t *codec_screen_under_at(const struct codec_screen *s, int32_t x, int32_t y)
{
    return s->under + (size_t)y * (size_t)s->width_px + (size_t)x;
}

/* Cells touched become lossy; used with cell aligned rectangles. */
void codec_screen_mark_lossy(struct codec_screen *s, struct codec_rect r);
/* Cells wholly inside the rectangle become exact. */
void codec_screen_mark_exact(struct codec_screen *s, struct codec_rect r);

/* Whether the cell of a pixel inside the screen is lossy. */
bool codec_screen_is_lossy(const struct codec_screen *s, int32_t x, int32_t y);

/* Bits of the cells of a tile that touch the screen. */
uint16_t codec_screen_tile_cells(const struct codec_screen *s, int32_t tile_x, int32_t tile_y);
/* Size of a tile after the cut by the screen edge. */
static inline int32_t codec_screen_tile_w(const struct codec_screen *s, int32_t tile_x)
{
    const int32_t left = s->width_px - tile_x * CODEC_TILE_PX;
    return left < CODEC_TILE_PX ? left : CODEC_TILE_PX;
}

static inline int32_t codec_screen_tile_h(const struct codec_screen *s, int32_t tile_y)
{
    const int32_t left = s->height_px - tile_y * CODEC_TILE_PX;
    return left < CODEC_TILE_PX ? left : CODEC_TILE_PX;
}

static inline uint32_t *codec_screen_at(const struct codec_screen *s, int32_t x, int32_t y)
{
    return s->px + (size_t)y * s->stride_px + (size_t)x;
}
