/* Exact tiles: which cells and bounds of a tile are coded, by which coder, and the coders' state.
 *
 * A coder is a name and one function per direction over a patch, so that one can be replaced without
 * touching the rest. All tiles of a message share one range coder; the models live as long as the
 * epoch and follow every coded tile in order. Layout: docs/wire-screen.md "Exact tiles".
 * One owner; no allocation besides create. */
#pragma once

#include "codec/text_model.h"

enum codec_tile_class { CODEC_TILE_TEXT = 0, CODEC_TILE_NATURAL = 1, CODEC_TILE_CLASSES };

struct codec_tile_models {
    struct codec_prob present[4], cell[4], cut, natural;
    struct codec_natural natural_px;
    struct codec_text text;
};

/* src of the writer: new pixels at tile pixel 0,0, rows CODEC_PATCH_STRIDE apart, top bytes zero. */
struct codec_tile_writer {
    const char *name;
    void (*encode)(
        struct codec_range *r, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src);
};

struct codec_tile_reader {
    const char *name;
    void (*decode)(struct codec_range *r, struct codec_tile_models *m, struct codec_patch *p);
};

extern const struct codec_tile_writer codec_tile_writers[CODEC_TILE_CLASSES];
extern const struct codec_tile_reader codec_tile_readers[CODEC_TILE_CLASSES];

/* State of a new epoch. */
void codec_tile_models_reset(struct codec_tile_models *m);

/* Whether the tile at this place is coded; left and above tell the same of its neighbours. */
CODEC_INLINE bool codec_tile_present(
    struct codec_range *r, const bool enc, struct codec_tile_models *m, bool left, bool above, bool present)
{
    return codec_range_bit(r, enc, &m->present[(left ? 1 : 0) + (above ? 2 : 0)], present);
}

/* Code a loaded patch: afterwards its px holds the new pixels. Full space shows in r->full. */
void codec_tile_write(struct codec_range *r, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p, enum codec_tile_class class, const uint32_t *src);

/* Read one tile of the screen into p (tile_x, tile_y set and valid), not yet stored.
 * CODEC_ERR_RANGE or CODEC_ERR_CORRUPT. */
int codec_tile_read(
    struct codec_range *r, struct codec_tile_models *m, const struct codec_screen *s, struct codec_patch *p);
