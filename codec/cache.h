/* The viewer's slots for exact tiles: an array without a mind of its own. The host says what goes into
 * which slot (SAVE) and where it is shown again (LOAD), so that a screen that was seen before costs a few
 * bytes. Bounds: docs/wire-screen.md "Slots".
 *
 * Memory is fixed by the number of slots; it is taken in blocks as slots come into use, so a viewer that
 * is never shown a second screen pays for none. One owner. */
#pragma once

#include "codec/screen.h"

enum {
    CODEC_CACHE_MAX_SLOTS = 8192,
    CODEC_CACHE_BLOCK_SLOTS = 64, /* 1 MiB */
    CODEC_CACHE_BLOCKS = CODEC_CACHE_MAX_SLOTS / CODEC_CACHE_BLOCK_SLOTS,
    CODEC_CACHE_SLOT_PX = CODEC_TILE_PX * CODEC_TILE_PX
};

struct codec_cache {
    size_t slots;
    uint32_t *block[CODEC_CACHE_BLOCKS]; /* owned; NULL until a slot in it is used */
    uint8_t w[CODEC_CACHE_MAX_SLOTS];    /* of the tile in the slot, px; 0 = empty */
    uint8_t h[CODEC_CACHE_MAX_SLOTS];
};

/* slots above CODEC_CACHE_MAX_SLOTS are not there. No memory is taken. */
void codec_cache_init(struct codec_cache *c, size_t slots);
/* All slots become empty and their memory is given back. */
void codec_cache_clear(struct codec_cache *c);

/* Pixels of a run of tiles of the screen, row by row; false unless count > 0 and all of it is on the
 * screen. *out_px counts what lies on the screen, and may be short when it is more than limit. */
bool codec_cache_run_px(
    const struct codec_screen *s, uint32_t tile, uint32_t count, uint64_t limit, uint64_t *out_px);

/* The tile must be on the screen. CODEC_ERR_RANGE for the slot, CODEC_ERR_SLOT when a cell of the tile is
 * lossy, CODEC_ERR_NOMEM. */
int codec_cache_save(struct codec_cache *c, const struct codec_screen *s, uint32_t tile, uint32_t slot);
/* Show a slot; the tile becomes exact, what lies under it stays. The tile must be on the screen.
 * CODEC_ERR_RANGE for the slot, CODEC_ERR_SLOT when it is empty or holds a tile of another size. */
int codec_cache_load(const struct codec_cache *c, struct codec_screen *s, uint32_t tile, uint32_t slot);
