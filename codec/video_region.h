/* Which parts of the screen are moving pictures: areas whose natural content changed in most of the last
 * moments. Pure: told what changed and when, tells rectangles; it sends nothing and keeps no pixels.
 *
 * Time is counted in moments: an observation is one, and a pause is as many as fit in it, so that
 * a slow link that shows five pictures a second still finds a video while a slide show does not become one.
 */
#pragma once

#include "codec/screen.h"

enum {
    CODEC_REGION_MOMENT_US = 40000, /* changes closer than this are one */
    CODEC_REGION_PAUSE_US = 250000, /* a pause counts one more moment for each of these */
    CODEC_REGION_WINDOW = 15,       /* moments looked back */
    CODEC_REGION_CHANGES = 6,       /* of them with a change: moving */
    CODEC_REGION_LATEST = 3,        /* ... and one of the latest of them */
    CODEC_REGION_MIN_W_PX = 128,
    CODEC_REGION_MIN_H_PX = 96,
    CODEC_REGION_FILL_PERCENT = 70 /* of the rectangle, in cells that move */
};

struct codec_regions;

/* For a screen of this size; NULL when out of memory. */
struct codec_regions *codec_regions_create(int32_t width_px, int32_t height_px);
void codec_regions_destroy(struct codec_regions *regions);

/* Cells of a tile that changed now, and are what they were when it was last looked at: natural or not. */
void codec_regions_moved(struct codec_regions *regions, size_t tile, uint16_t cells);

/* Cells of a tile that changed, and those of them that are natural. */
void codec_regions_changed(struct codec_regions *regions, size_t tile, uint16_t cells, uint16_t natural);

/* The changes of now_us are told. True when a moment is complete and codec_regions_find() may know more. */
bool codec_regions_tick(struct codec_regions *regions, uint64_t now_us);

/* Rectangles that move, on cells, in no order; they touch none of the `avoid`.
 * Returns how many of out are used, at most most. */
size_t codec_regions_find(struct codec_regions *regions, const struct codec_rect *avoid, size_t avoid_count,
    struct codec_rect *out, size_t most);
