/* A set of 64 x 64 px tiles of a screen: what is damaged, what a viewer has not seen. Fixed size, no
 * allocation. Loop thread only. */
#pragma once

#include "codec/codec.h"

enum {
    SCREEN_TILES_SIDE = CODEC_MAX_SIDE_PX / CODEC_TILE_PX,
    SCREEN_TILES_RECTS = 64 /* what screen_tiles_rects() gives at most */
};

struct screen_tiles {
    int32_t width_px, height_px;
    uint64_t row[SCREEN_TILES_SIDE][SCREEN_TILES_SIDE / 64];
};

/* Empty, for a screen of this size (at most CODEC_MAX_SIDE_PX). */
void screen_tiles_init(struct screen_tiles *tiles, int32_t width_px, int32_t height_px);

/* Add every tile that rect touches; parts outside the screen are ignored. */
void screen_tiles_add(struct screen_tiles *tiles, const struct codec_rect *rect);
void screen_tiles_add_all(struct screen_tiles *tiles);

/* Add those of other, which must be of the same size. */
void screen_tiles_unite(struct screen_tiles *tiles, const struct screen_tiles *other);

void screen_tiles_clear(struct screen_tiles *tiles);
bool screen_tiles_empty(const struct screen_tiles *tiles);
size_t screen_tiles_count(const struct screen_tiles *tiles);
/* How many are in both, of the same size. */
size_t screen_tiles_common(const struct screen_tiles *tiles, const struct screen_tiles *other);

/* Disjoint rectangles inside the screen that cover the set: exactly, or somewhat more where the exact
 * ones would be more than SCREEN_TILES_RECTS. Returns how many. */
size_t screen_tiles_rects(const struct screen_tiles *tiles, struct codec_rect out[SCREEN_TILES_RECTS]);
