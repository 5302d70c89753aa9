#include "broker/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"

enum { MAP_FIRST_BUCKETS = 64 };

_Static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8, "SipHash-2-4");

void broker_map_init(struct broker_map *map)
{
    *map = (struct broker_map){0};
    randombytes_buf(map->seed, sizeof map->seed);
}

void broker_map_finish(struct broker_map *map)
{
    free(map->buckets);
    map->buckets = NULL;
    map->bucket_count = map->count = 0;
}

static uint64_t hash_key(const struct broker_map *map, const uint8_t *key)
{
    uint8_t out[8];
    crypto_shorthash(out, key, BROKER_MAP_KEY_LEN, map->seed);
    uint64_t hash;
    memcpy(&hash, out, sizeof hash);
    return hash;
}

static int grow(struct broker_map *map)
{
    size_t wanted = map->bucket_count ? map->bucket_count * 2 : MAP_FIRST_BUCKETS;
    struct broker_map_node **buckets = calloc(wanted, sizeof(void *));
    if (!buckets)
        return BROKER_ERR_NOMEM;
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct broker_map_node *node = map->buckets[i];
        while (node) {
            struct broker_map_node *next = node->next;
            struct broker_map_node **slot = &buckets[node->hash & (wanted - 1)];
            node->next = *slot;
            *slot = node;
            node = next;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = wanted;
    return BROKER_OK;
}

int broker_map_insert(
    struct broker_map *map, const uint8_t key[static BROKER_MAP_KEY_LEN], struct broker_map_node *node)
{
    /* A table that could not grow still works, only slower. */
    if (map->count >= map->bucket_count && grow(map) < 0 && !map->bucket_count)
        return BROKER_ERR_NOMEM;
    memcpy(node->key, key, BROKER_MAP_KEY_LEN);
    node->hash = hash_key(map, key);
    struct broker_map_node **slot = &map->buckets[node->hash & (map->bucket_count - 1)];
    node->next = *slot;
    *slot = node;
    map->count++;
    return BROKER_OK;
}

struct broker_map_node *broker_map_find(
    const struct broker_map *map, const uint8_t key[static BROKER_MAP_KEY_LEN])
{
    if (!map->bucket_count)
        return NULL;
    struct broker_map_node *node = map->buckets[hash_key(map, key) & (map->bucket_count - 1)];
    while (node && memcmp(node->key, key, BROKER_MAP_KEY_LEN) != 0)
        node = node->next;
    return node;
}

void broker_map_remove(struct broker_map *map, struct broker_map_node *node)
{
    if (!map->bucket_count)
        return;
    struct broker_map_node **slot = &map->buckets[node->hash & (map->bucket_count - 1)];
    while (*slot && *slot != node)
        slot = &(*slot)->next;
    if (!*slot)
        return;
    *slot = node->next;
    node->next = NULL;
    map->count--;
}

void broker_map_each(
    struct broker_map *map, void (*visit)(struct broker_map_node *node, void *context), void *context)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        struct broker_map_node *node = map->buckets[i];
        while (node) {
            struct broker_map_node *next = node->next;
            visit(node, context);
            node = next;
        }
    }
}

void broker_map_key_u64(uint8_t out[static BROKER_MAP_KEY_LEN], uint64_t number)
{
    memset(out, 0, BROKER_MAP_KEY_LEN);
    memcpy(out, &number, sizeof number);
}
