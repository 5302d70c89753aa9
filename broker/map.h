/* A hash table of caller-owned nodes under 16-byte keys, keyed by SipHash with a random seed so that a
 * peer who chooses keys cannot make it slow. No limit of its own: whoever inserts bounds the count.
 * One thread per map. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BROKER_MAP_KEY_LEN = 16 };

struct broker_map_node {
    struct broker_map_node *next;
    uint64_t hash;
    uint8_t key[BROKER_MAP_KEY_LEN];
};

struct broker_map {
    struct broker_map_node **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t count;
    uint8_t seed[16];
};

/* The structure that embeds a node. */
#define BROKER_MAP_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

void broker_map_init(struct broker_map *map);
/* Forgets the nodes, frees none of them. */
void broker_map_finish(struct broker_map *map);

/* Insert under key; a node with that key must not be inside. BROKER_OK or BROKER_ERR_NOMEM. */
int broker_map_insert(
    struct broker_map *map, const uint8_t key[static BROKER_MAP_KEY_LEN], struct broker_map_node *node);
struct broker_map_node *broker_map_find(
    const struct broker_map *map, const uint8_t key[static BROKER_MAP_KEY_LEN]);
void broker_map_remove(struct broker_map *map, struct broker_map_node *node);

/* Visit all nodes; visit may remove the node it is given, no other. */
void broker_map_each(
    struct broker_map *map, void (*visit)(struct broker_map_node *node, void *context), void *context);

/* Key of a number. */
void broker_map_key_u64(uint8_t out[static BROKER_MAP_KEY_LEN], uint64_t number);
