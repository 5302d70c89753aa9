#include "codec/store.h"

#include "codec/bytes.h"
#include "codec/compare.h"
#include "codec/truth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct codec_store {
    size_t max_tiles;
    codec_compare_fn *compare;
    pthread_mutex_t mutex; /* guards count, the buckets and the references */
    size_t count;
    struct codec_stored *bucket[BUCKETS];
    uint32_t key[CODEC_TILE_PX * CODEC_TILE_PX];
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t v)
{
    v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9u;
    v = (v ^ v >> 27) * 0x94D049BB133111EBu;
    return v ^ v >> 31;
}

struct codec_store *codec_store_create(const uint8_t key[static CODEC_STORE_KEY_BYTES], size_t max_tiles)
{
    struct codec_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    if (pthread_mutex_init(&store->mutex, NULL) != 0) {
        free(store);
        return NULL;
    }
    store->max_tiles = max_tiles < CODEC_STORE_MAX_TILES ? max_tiles : CODEC_STORE_MAX_TILES;
    store->compare = codec_compare_best();
    uint64_t half[2] = {0};
    for (int i = 0; i < 2; i++)
        half[i] = codec_get32(key + 8 * i) | (uint64_t)codec_get32(key + 8 * i + 4) << 32;
    for (size_t i = 0; i < sizeof store->key / sizeof store->key[0]; i++) {
        half[0] += 0x9E3779B97F4A7C15u;
        half[1] += 0xD1B54A32D192ED03u;
        store->key[i] = (uint32_t)(mix(half[0]) ^ mix(half[1]) >> 32);
    }
    return store;
}

void codec_store_destroy(struct codec_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct codec_stored *t = store->bucket[i], *next; t; t = next) {
            next = t->next;
            free(t);
        }
    (void)pthread_mutex_destroy(&store->mutex);
    free(store);
}

/* Pairs of pixels are one above the other: two rows of 64 then multiply lane by lane. */
uint64_t codec_store_hash(const struct codec_store *store, const struct codec_tile_view *view)
{
    static const uint32_t blank[CODEC_TILE_PX];
    uint64_t sum = (uint64_t)view->w << 32 | (uint64_t)view->h;
    for (int32_t y = 0; y < view->h; y += 2) {
        const uint32_t *a = view->px + (size_t)y * view->stride_px;
        const uint32_t *b = y + 1 < view->h ? a + view->stride_px : blank;
        const uint32_t *ka = store->key + (size_t)y * CODEC_TILE_PX, *kb = ka + CODEC_TILE_PX;
        for (int32_t x = 0; x < view->w; x++)
            sum += (uint64_t)((a[x] & CODEC_TRUTH_MASK) + ka[x]) * ((b[x] & CODEC_TRUTH_MASK) + kb[x]);
    }
    return mix(sum);
}

bool codec_stored_equals(
    const struct codec_store *store, const struct codec_stored *tile, const struct codec_tile_view *view)
{
    if (tile->w != view->w || tile->h != view->h)
        return false;
    const uint32_t *kept = tile->px;
    for (int32_t y = 0; y < view->h; y++, kept += view->w)
        if (store->compare(view->px + (size_t)y * view->stride_px, kept, view->w) != 0)
            return false;
    return true;
}

static struct codec_stored *find_or_add(
    struct codec_store *store, uint64_t hash, const struct codec_tile_view *view)
{
    struct codec_stored **bucket = &store->bucket[hash % BUCKETS];
    for (struct codec_stored *t = *bucket; t; t = t->next)
        if (t->hash == hash && codec_stored_equals(store, t, view)) {
            t->refs++;
            return t;
        }
    if (store->count >= store->max_tiles)
        return NULL;
    struct codec_stored *t = malloc(sizeof *t + (size_t)view->w * (size_t)view->h * sizeof t->px[0]);
    if (!t)
        return NULL;
    *t = (struct codec_stored){
        .next = *bucket, .hash = hash, .refs = 1, .w = (uint8_t)view->w, .h = (uint8_t)view->h};
    uint32_t *to = t->px;
    for (int32_t y = 0; y < view->h; y++, to += view->w)
        for (int32_t x = 0; x < view->w; x++)
            to[x] = view->px[(size_t)y * view->stride_px + (size_t)x] & CODEC_TRUTH_MASK;
    *bucket = t;
    store->count++;
    return t;
}

struct codec_stored *codec_store_ref(
    struct codec_store *store, uint64_t hash, const struct codec_tile_view *view)
{
    (void)pthread_mutex_lock(&store->mutex);
    struct codec_stored *tile = find_or_add(store, hash, view);
    (void)pthread_mutex_unlock(&store->mutex);
    return tile;
}

static void drop(struct codec_store *store, struct codec_stored *tile)
{
    if (--tile->refs > 0)
        return;
    struct codec_stored **at = &store->bucket[tile->hash % BUCKETS];
    while (*at != tile)
        at = &(*at)->next;
    *at = tile->next;
    free(tile);
    store->count--;
}

void codec_store_unref(struct codec_store *store, struct codec_stored *tile)
{
    (void)pthread_mutex_lock(&store->mutex);
    drop(store, tile);
    (void)pthread_mutex_unlock(&store->mutex);
}

size_t codec_store_count(struct codec_store *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    const size_t count = store->count;
    (void)pthread_mutex_unlock(&store->mutex);
    return count;
}
