/* Exact tiles that a host keeps for its viewers, each once: what is in the slots of several viewers at a
 * time is one counted copy here. A tile is found by a keyed hash and then compared whole, so that two
 * pictures with one hash are two tiles, and a page that does not know the key cannot make such pictures.
 *
 * The hash is NH (Black, Halevi, Krawczyk, Krovetz, Rogaway 1999: UMAC): without the key two different tiles
 * meet with a chance of at most 2^-32.
 *
 * Any thread: taking and giving a reference lock the store, a tile that is referred to never changes. So
 * encoders with one store may run at a time. */
#pragma once

#include "codec/screen.h"

enum { CODEC_STORE_KEY_BYTES = 16, CODEC_STORE_MAX_TILES = 16384 };

struct codec_store;

/* Pixels to look up or to keep, borrowed: w and h at most CODEC_TILE_PX, top bytes ignored. */
struct codec_tile_view {
    const uint32_t *px;
    size_t stride_px;
    int32_t w, h;
};

struct codec_stored {
    struct codec_stored *next; /* of its bucket */
    uint64_t hash;
    uint32_t refs;
    uint8_t w, h;
    uint32_t px[]; /* rows w apart, top bytes zero */
};

/* max_tiles (16 KiB each, taken when used) bounds what all users together keep; at most
 * CODEC_STORE_MAX_TILES. The key is secret and random. NULL when out of memory. */
struct codec_store *codec_store_create(const uint8_t key[static CODEC_STORE_KEY_BYTES], size_t max_tiles);
/* Nothing refers to its tiles any more. NULL is fine. */
void codec_store_destroy(struct codec_store *store);

uint64_t codec_store_hash(const struct codec_store *store, const struct codec_tile_view *view);
/* Whether the tile shows these pixels. */
bool codec_stored_equals(
    const struct codec_store *store, const struct codec_stored *tile, const struct codec_tile_view *view);

/* A tile with these pixels and one reference more: the one that is there, or a copy. NULL when max_tiles
 * are there or memory is short. hash is that of the view. */
struct codec_stored *codec_store_ref(
    struct codec_store *store, uint64_t hash, const struct codec_tile_view *view);
/* One reference less; the last one frees the tile. */
void codec_store_unref(struct codec_store *store, struct codec_stored *tile);

/* Tiles that are kept now. */
size_t codec_store_count(struct codec_store *store);
