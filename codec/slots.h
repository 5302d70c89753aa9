/* What a host knows of one viewer's slots (cache.h): which tile is in which, where a tile can be found, and
 * which slot to use next.
 *
 * A slot that was loaded again is worth more than one that was only saved: a hand goes round over the slots
 * in order, takes one that was not loaded since it came by, and lets the others off with a mark less. That
 * keeps what is used through a flood of new tiles, as a segmented list would, and gives slots out in order,
 * so that a run of tiles is one operation. Single tiles are admitted at second sight.
 *
 * What was found or put since codec_slots_begin() is not given away: a message saves before it loads. */
#pragma once

#include "codec/store.h"

struct codec_slots;

/* count as the viewer announced it, at most CODEC_CACHE_MAX_SLOTS and at least 1; the store is borrowed and
 * outlives this. NULL when out of memory. */
struct codec_slots *codec_slots_create(struct codec_store *store, size_t count);
/* NULL is fine. */
void codec_slots_destroy(struct codec_slots *slots);
/* A new epoch: all are empty. */
void codec_slots_clear(struct codec_slots *slots);
/* A new message. */
void codec_slots_begin(struct codec_slots *slots);

/* True when no slot holds anything. */
bool codec_slots_empty(const struct codec_slots *slots);
uint64_t codec_slots_hash(const struct codec_slots *slots, const struct codec_tile_view *view);
/* The slot with these pixels, marked as used; -1 = none. */
int32_t codec_slots_find(struct codec_slots *slots, uint64_t hash, const struct codec_tile_view *view);
/* Put the pixels into a slot; -1 when none can be had now. */
int32_t codec_slots_put(struct codec_slots *slots, uint64_t hash, const struct codec_tile_view *view);
/* A number that no other putting into a slot has, until the slots are cleared; 0 = empty. */
uint32_t codec_slots_serial(const struct codec_slots *slots, int32_t slot);
/* Mark a slot as found. */
void codec_slots_use(struct codec_slots *slots, int32_t slot);
/* What a slot holds. */
const struct codec_stored *codec_slots_at(const struct codec_slots *slots, int32_t slot);
/* Whether this hash was asked about before, not too long ago. It is from now on. */
bool codec_slots_seen(struct codec_slots *slots, uint64_t hash);
