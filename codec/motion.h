/* Where parts of the new picture already stand on the viewer's screen: scrolls and moved windows in any
 * direction. Rows of 16 pixels at one place of every changed cell are looked up in all positions of the
 * old picture; displacements found often are verified, cell by cell, and grown to rectangles.
 * Scratch memory is owned by the object and bounded by the screen's size. One owner. */
#pragma once

#include "codec/truth.h"

struct codec_motion;

struct codec_move {
    struct codec_rect dst;
    int32_t src_x, src_y;
};

/* NULL when out of memory. */
struct codec_motion *codec_motion_create(int32_t width_px, int32_t height_px);
void codec_motion_destroy(struct codec_motion *m);

/* Start a search over the cells whose bits are set in dirty (per tile). False when there is nothing to
 * gain. Then codec_motion_next() yields one move after another, each verified against the screen as it
 * is at that call: the caller applies it to the screen before asking for the next. */
bool codec_motion_start(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s, const uint16_t *dirty);
bool codec_motion_next(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    struct codec_move *out);
