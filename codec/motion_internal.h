/* Inside the search for moves: motion.c (cells, rectangles, order) and motion_search.c (guessing vectors). */
#pragma once

#include "codec/motion.h"

enum {
    MOTION_TABLE_BITS = 15,
    MOTION_BLOOM_BITS = 18,
    MOTION_VOTE_BITS = 12,
    MOTION_MIN_VOTES = 6,
    MOTION_RECENT = 4,
    MOTION_UNREST = 2, /* by one search; a cell that did not change loses 1 */
    MOTION_RESTLESS = 6,
    MOTION_MAX_UNREST = 12,
    MOTION_MAX_TRIED = 16 /* recent ones, and those voted for */
};

enum motion_cell { MOTION_SAME, MOTION_WANTED, MOTION_EXPLAINED };

struct motion_vector {
    int32_t dx, dy; /* old place minus new place, px */
};

struct motion_vote {
    struct motion_vector by;
    int32_t count;
};

/* A row of pixels, and where it stands. */
struct motion_pattern {
    uint64_t hash;
    int16_t x, y;
    uint32_t count;
};

struct motion_box { /* of cells, inclusive */
    int32_t left, right, top, bottom;
};

struct codec_motion {
    int32_t cols, rows; /* of cells */
    struct motion_box box;
    int32_t changed, unexplained;
    uint8_t *cell;     /* owned, per cell: enum motion_cell */
    uint8_t *match;    /* owned, per cell: equal under the present vector */
    uint8_t *restless; /* owned, per cell: grows by searches that leave it unexplained, wears off */
    bool all_calm;     /* this search looks at restless parts too */
    uint32_t searches;
    int32_t *line; /* owned: scratch of the larger of cols and rows, twice */
    size_t lines;
    struct motion_vector recent[MOTION_RECENT]; /* what worked, the latest first */
    int32_t recent_count;
    struct motion_vector tried[MOTION_MAX_TRIED]; /* in the whole box, in this search */
    int32_t tried_count;
    uint64_t searched_us;
    uint64_t area, max_area; /* px moved in this search */
    size_t copies;
    struct codec_copy copy[CODEC_MAX_COPIES];
    uint8_t bloom[1 << (MOTION_BLOOM_BITS - 3)];
    struct motion_pattern table[1 << MOTION_TABLE_BITS];
    struct motion_vote vote[1 << MOTION_VOTE_BITS];
};

/* Fill m->vote: by rows of strips, vertical vectors only; by patterns, all. Cells that no search has
 * explained for a while are left out most of the time: a video must not cost a search in each of its frames.
 */
void motion_search_strips(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s);
void motion_search_patterns(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s);

/* The vector with most votes, taken out; false when none has MOTION_MIN_VOTES. */
bool motion_search_best(struct codec_motion *m, struct motion_vector *out);

/* Whether a pattern could be read at a pixel of the picture: false when it is flat or cut by the edge. */
bool motion_pattern_hash(
    const struct codec_truth *t, const struct codec_screen *s, int32_t x, int32_t y, uint64_t *out);

static inline bool motion_calm(const struct codec_motion *m, int32_t i)
{
    return m->all_calm || m->restless[i] < MOTION_RESTLESS;
}
