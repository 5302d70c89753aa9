/* Copies of the newest picture that stay as they are while an encoder on another thread reads them, so
 * that grabs go on meanwhile. Each is brought up to date by what changed since its last use alone.
 * Loop thread only; a picture lent out may be read by any thread. */
#pragma once

#include "host/screen/tiles.h"

enum { SCREEN_PICTURES = 4 /* one for each thread that encodes */ };

struct screen_picture {
    uint32_t *pixels; /* 0x00RRGGBB, rows width_px apart; NULL until first used */
    struct screen_tiles stale;
    unsigned readers;
};

struct screen_pictures {
    struct screen_picture picture[SCREEN_PICTURES];
};

/* These tiles of the source changed. */
void screen_pictures_changed(struct screen_pictures *pictures, const struct screen_tiles *tiles);

/* A copy of source as it is now; NULL when all are being read or there is no memory. Give it back. */
struct screen_picture *screen_pictures_take(struct screen_pictures *pictures, const uint32_t *source,
    size_t stride_px, int32_t width_px, int32_t height_px);
void screen_picture_give(struct screen_picture *picture);

/* None may be lent out. */
void screen_pictures_finish(struct screen_pictures *pictures);
