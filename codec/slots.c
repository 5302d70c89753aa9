#include "codec/slots.h"

#include "codec/cache.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,
    GHOSTS = 8192, /* hashes of tiles seen once */
    USES_MAX = 3,
    NONE = -1
};

struct slot {
    struct codec_stored *tile; /* NULL = empty */
    uint32_t message;          /* last one that found or put it */
    uint32_t serial;           /* of the tile in it */
    int32_t next;              /* of its bucket, or NONE */
    uint8_t uses;
};

struct codec_slots {
    struct codec_store *store;
    size_t count, hand, used;
    uint32_t message, serial;
    int32_t bucket[BUCKETS];
    uint32_t ghost[GHOSTS];
    struct slot slot[];
};

struct codec_slots *codec_slots_create(struct codec_store *store, size_t count)
{
    count = count < CODEC_CACHE_MAX_SLOTS ? count : CODEC_CACHE_MAX_SLOTS;
    struct codec_slots *s = calloc(1, sizeof *s + count * sizeof s->slot[0]);
    if (!s)
        return NULL;
    s->store = store;
    s->count = count;
    memset(s->bucket, 0xff, sizeof s->bucket);
    return s;
}

void codec_slots_destroy(struct codec_slots *s)
{
    if (!s)
        return;
    codec_slots_clear(s);
    free(s);
}

void codec_slots_clear(struct codec_slots *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->slot[i].tile)
            codec_store_unref(s->store, s->slot[i].tile);
        s->slot[i] = (struct slot){0};
    }
    memset(s->bucket, 0xff, sizeof s->bucket);
    memset(s->ghost, 0, sizeof s->ghost);
    s->hand = s->used = 0;
    s->message = s->serial = 0;
}

void codec_slots_begin(struct codec_slots *s)
{
    s->message++;
}

bool codec_slots_empty(const struct codec_slots *s)
{
    return s->used == 0;
}

uint64_t codec_slots_hash(const struct codec_slots *s, const struct codec_tile_view *view)
{
    return codec_store_hash(s->store, view);
}

int32_t codec_slots_find(struct codec_slots *s, uint64_t hash, const struct codec_tile_view *view)
{
    for (int32_t i = s->bucket[hash % BUCKETS]; i != NONE; i = s->slot[i].next) {
        const struct slot *slot = &s->slot[i];
        if (slot->tile->hash != hash || !codec_stored_equals(s->store, slot->tile, view))
            continue;
        codec_slots_use(s, i);
        return i;
    }
    return NONE;
}

static void empty(struct codec_slots *s, int32_t i)
{
    struct slot *slot = &s->slot[i];
    int32_t *at = &s->bucket[slot->tile->hash % BUCKETS];
    while (*at != i)
        at = &s->slot[*at].next;
    *at = slot->next;
    codec_store_unref(s->store, slot->tile);
    slot->tile = NULL;
    s->used--;
}

/* The next slot that is empty or may be emptied; NONE when all were used in this message. */
static int32_t take(struct codec_slots *s)
{
    for (size_t n = 0; n < s->count * (USES_MAX + 1); n++) {
        struct slot *slot = &s->slot[s->hand];
        const int32_t i = (int32_t)s->hand;
        s->hand = s->hand + 1 < s->count ? s->hand + 1 : 0;
        if (!slot->tile)
            return i;
        if (slot->message == s->message)
            continue;
        if (slot->uses > 0) {
            slot->uses--;
            continue;
        }
        empty(s, i);
        return i;
    }
    return NONE;
}

int32_t codec_slots_put(struct codec_slots *s, uint64_t hash, const struct codec_tile_view *view)
{
    const int32_t i = take(s);
    if (i == NONE)
        return NONE;
    struct codec_stored *tile = codec_store_ref(s->store, hash, view);
    if (!tile) {
        /* The store is full of what this and other viewers keep: give up one of ours for the next try. */
        for (size_t n = 0; n < s->count && s->used > 0; n++) {
            const size_t k = (s->hand + n) % s->count;
            if (s->slot[k].tile && s->slot[k].message != s->message) {
                empty(s, (int32_t)k);
                break;
            }
        }
        return NONE;
    }
    int32_t *bucket = &s->bucket[hash % BUCKETS];
    s->slot[i] = (struct slot){.tile = tile, .message = s->message, .serial = ++s->serial, .next = *bucket};
    *bucket = i;
    s->used++;
    return i;
}

uint32_t codec_slots_serial(const struct codec_slots *s, int32_t slot)
{
    return s->slot[slot].tile ? s->slot[slot].serial : 0;
}

void codec_slots_use(struct codec_slots *s, int32_t slot)
{
    s->slot[slot].message = s->message;
    s->slot[slot].uses = USES_MAX;
}

const struct codec_stored *codec_slots_at(const struct codec_slots *s, int32_t slot)
{
    return s->slot[slot].tile;
}

bool codec_slots_seen(struct codec_slots *s, uint64_t hash)
{
    uint32_t *ghost = &s->ghost[hash % GHOSTS];
    const uint32_t tag = (uint32_t)(hash >> 32) | 1u;
    const bool seen = *ghost == tag;
    *ghost = tag;
    return seen;
}
