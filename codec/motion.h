/* Where parts of the new picture already stand on the viewer's screen: scrolls and moved windows in any
 * direction, several at a time.
 *
 * Vectors are guessed, cheapest first, until little of the change is left: hints of the caller, those that
 * worked last, vertical ones by rows of some strips of the picture, and any by short rows of pixels looked up
 * in all positions of the old picture (motion_search.c). Whatever they come from, every move is verified
 * pixel by pixel, and grown to the largest rectangle it holds for. A guess that is wrong costs time only.
 * Scratch memory is owned by the object and bounded by the screen's size. One owner. */
#pragma once

#include "codec/truth.h"

enum { CODEC_MAX_COPIES = 32 /* of one search */ };

struct codec_motion;

struct codec_copy {
    struct codec_rect dst;
    int32_t src_x, src_y;
};

/* NULL when out of memory. */
struct codec_motion *codec_motion_create(int32_t width_px, int32_t height_px);
void codec_motion_destroy(struct codec_motion *m);

/* Search for what explains the cells whose bits are set in dirty (per tile). Each copy holds against the
 * screen as it is now; they are ordered so that, as far as possible, none reads what an earlier one writes or
 * uncovers. The caller compares again where one does. Returns how many of out are used. now_us: monotonic. */
size_t codec_motion_find(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    const uint16_t *dirty, const struct codec_move *hints, size_t hint_count, uint64_t now_us,
    struct codec_copy out[CODEC_MAX_COPIES]);

/* Whether two rectangles have a pixel in common. */
bool codec_motion_meet(struct codec_rect a, struct codec_rect b);
