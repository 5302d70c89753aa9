/* Exact tiles: which cells and bounds of a tile are coded, by which coder, and the coders' state.
 *
 * A coder is a name and one function per direction over a patch, so that one can be replaced without
 * touching the rest. All tiles of a message share one range coder, which carries everything but the pixels of
 * natural tiles; those have bytes of their own behind it. The models live as long as the epoch and follow
 * every coded tile in order. Layout: docs/wire-screen.md "Exact tiles". One owner; no allocation. */
#pragma once

#include "codec/natural.h"
#include "codec/text_model.h"

enum {
    CODEC_TILE_TRAILER_MAX_BYTES = 4 /* length of the natural bytes, 7 bits each */
};

enum codec_tile_class { CODEC_TILE_TEXT = 0, CODEC_TILE_NATURAL = 1, CODEC_TILE_CLASSES };

struct codec_tile_models {
    struct codec_prob present[4], cell[4], cut, natural, grain;
    struct codec_natural natural_px;
    struct codec_text text;
};

/* The exact part of a message's payload while it is written: range coded bytes grow in the first half of the
 * space, natural ones in the second. */
struct codec_tile_out {
    struct codec_range range;
    uint8_t *natural_start, *natural_end, *end;
    struct codec_tile_scratch *scratch; /* borrowed */
};

/* What a writer of natural tiles works with besides. */
struct codec_tile_scratch {
    struct codec_rans_inverse inverse;
    uint32_t symbols[CODEC_NATURAL_MAX_SYMBOLS];
};

static inline void codec_tile_scratch_init(struct codec_tile_scratch *s)
{
    codec_rans_inverse_init(&s->inverse);
}

/* ... and while it is read. */
struct codec_tile_in {
    struct codec_range range;
    struct codec_rans_reader natural;
};

/* src of the writer: new pixels at tile pixel 0,0, rows CODEC_PATCH_STRIDE apart, top bytes zero. */
struct codec_tile_writer {
    const char *name;
    void (*encode)(
        struct codec_tile_out *out, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src);
};

/* False when the bytes cannot come from a writer. */
struct codec_tile_reader {
    const char *name;
    bool (*decode)(struct codec_tile_in *in, struct codec_tile_models *m, struct codec_patch *p);
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

/* Bytes so far, and those that each half can still take. */
static inline size_t codec_tile_out_bytes(const struct codec_tile_out *o)
{
    return (size_t)(o->range.out - o->range.out_start) + (size_t)(o->natural_end - o->natural_start);
}

static inline size_t codec_tile_out_room(const struct codec_tile_out *o)
{
    const size_t range = (size_t)(o->range.out_end - o->range.out);
    const size_t natural = (size_t)(o->end - o->natural_end);
    return range < natural ? range : natural;
}

void codec_tile_out_start(
    struct codec_tile_out *o, uint8_t *payload, size_t cap, struct codec_tile_scratch *scratch);
/* Bytes of the finished part, at the start of the space; 0 with range.full set when there was too little. */
size_t codec_tile_out_end(struct codec_tile_out *o);

/* Code a loaded patch: afterwards its px holds the new pixels. Full space shows in range.full. */
void codec_tile_write(struct codec_tile_out *out, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p, enum codec_tile_class class, const uint32_t *src);

/* CODEC_ERR_LENGTH when the part cannot be taken apart. data is borrowed until the part is read. */
int codec_tile_in_start(struct codec_tile_in *in, const uint8_t *data, size_t len);
/* True when all bytes were used exactly: none missing, none left. */
bool codec_tile_in_ok(const struct codec_tile_in *in);

/* Read one tile of the screen into p (tile_x, tile_y set and valid), not yet stored.
 * CODEC_ERR_RANGE or CODEC_ERR_CORRUPT. */
int codec_tile_read(struct codec_tile_in *in, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p);
