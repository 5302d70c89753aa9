#include "broker/ratelimit.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/map.h"

/* burst = how many at once; every_us = how long until one more. */
struct rate {
    uint32_t burst;
    uint64_t every_us;
};

static const struct rate rates[BROKER_LIMIT_COUNT] = {
    [BROKER_LIMIT_ACCEPT] = {400, 50000},
    [BROKER_LIMIT_REST] = {200, 100000},
    [BROKER_LIMIT_SIGNUP] = {30, 120000000},
    [BROKER_LIMIT_LOGIN_PAIR] = {10, 60000000},
    [BROKER_LIMIT_LOGIN_NAME] = {100, 10000000},
    [BROKER_LIMIT_LOGIN_ADDRESS] = {50, 10000000},
    [BROKER_LIMIT_ENROL_OPEN] = {20, 30000000},
    [BROKER_LIMIT_ENROL_FIND] = {10, 30000000},
    [BROKER_LIMIT_LOG_APPEND] = {64, 5000000},
    [BROKER_LIMIT_CONNECT] = {60, 500000},
    [BROKER_LIMIT_REQUEST] = {400, 10000},
};

struct bucket {
    struct broker_map_node node;
    struct bucket *newer, *older;
    uint64_t full_at_us;
};

struct broker_ratelimit {
    struct broker_map map;
    struct bucket *newest, *oldest;
    size_t max;
    bool disabled;
};

struct broker_ratelimit *broker_ratelimit_create(size_t max_entries)
{
    struct broker_ratelimit *limits = calloc(1, sizeof *limits);
    if (!limits)
        return NULL;
    broker_map_init(&limits->map);
    limits->max = max_entries;
    return limits;
}

static void unlink_bucket(struct broker_ratelimit *limits, struct bucket *bucket)
{
    if (bucket->newer)
        bucket->newer->older = bucket->older;
    else
        limits->newest = bucket->older;
    if (bucket->older)
        bucket->older->newer = bucket->newer;
    else
        limits->oldest = bucket->newer;
    bucket->newer = bucket->older = NULL;
}

static void push_newest(struct broker_ratelimit *limits, struct bucket *bucket)
{
    bucket->older = limits->newest;
    if (limits->newest)
        limits->newest->newer = bucket;
    else
        limits->oldest = bucket;
    limits->newest = bucket;
}

static void drop(struct broker_ratelimit *limits, struct bucket *bucket)
{
    unlink_bucket(limits, bucket);
    broker_map_remove(&limits->map, &bucket->node);
    free(bucket);
}

void broker_ratelimit_destroy(struct broker_ratelimit *limits)
{
    if (!limits)
        return;
    while (limits->oldest)
        drop(limits, limits->oldest);
    broker_map_finish(&limits->map);
    free(limits);
}

void broker_ratelimit_disable(struct broker_ratelimit *limits)
{
    limits->disabled = true;
}

static void bucket_key(
    uint8_t out[static BROKER_MAP_KEY_LEN], enum broker_limit what, const void *who, size_t who_len)
{
    uint8_t kind = (uint8_t)what;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, BROKER_MAP_KEY_LEN);
    crypto_generichash_update(&state, &kind, 1);
    crypto_generichash_update(&state, who, who_len);
    crypto_generichash_final(&state, out, BROKER_MAP_KEY_LEN);
}

bool broker_ratelimit_take(struct broker_ratelimit *limits, enum broker_limit what, const void *who,
    size_t who_len, uint64_t now_us, uint32_t *out_retry_ms)
{
    if (limits->disabled)
        return true;
    const struct rate *rate = &rates[what];
    uint8_t key[BROKER_MAP_KEY_LEN];
    bucket_key(key, what, who, who_len);
    struct broker_map_node *node = broker_map_find(&limits->map, key);
    struct bucket *bucket = node ? BROKER_MAP_ENTRY(node, struct bucket, node) : NULL;
    if (!bucket) {
        while (limits->oldest && limits->map.count >= limits->max)
            drop(limits, limits->oldest);
        bucket = calloc(1, sizeof *bucket);
        if (!bucket)
            return false;
        if (broker_map_insert(&limits->map, key, &bucket->node) < 0) {
            free(bucket);
            return false;
        }
    } else {
        unlink_bucket(limits, bucket);
    }
    push_newest(limits, bucket);

    uint64_t full_at_us = bucket->full_at_us > now_us ? bucket->full_at_us : now_us;
    uint64_t after_us = full_at_us - now_us + rate->every_us;
    uint64_t most_us = rate->burst * rate->every_us;
    if (after_us > most_us) {
        if (out_retry_ms) {
            uint64_t wait_ms = (after_us - most_us + 999) / 1000;
            *out_retry_ms = wait_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)wait_ms;
        }
        return false;
    }
    bucket->full_at_us = full_at_us + rate->every_us;
    return true;
}

void broker_ratelimit_return(
    struct broker_ratelimit *limits, enum broker_limit what, const void *who, size_t who_len, uint64_t now_us)
{
    uint8_t key[BROKER_MAP_KEY_LEN];
    bucket_key(key, what, who, who_len);
    struct broker_map_node *node = broker_map_find(&limits->map, key);
    if (!node)
        return;
    struct bucket *bucket = BROKER_MAP_ENTRY(node, struct bucket, node);
    uint64_t every_us = rates[what].every_us;
    bucket->full_at_us = bucket->full_at_us > now_us + every_us ? bucket->full_at_us - every_us : now_us;
}

size_t broker_ratelimit_count(const struct broker_ratelimit *limits)
{
    return limits->map.count;
}

size_t broker_ratelimit_address_key(const char *address, uint8_t out[static 17])
{
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, out + 1) == 1) {
        out[0] = 4;
        return 5;
    }
    if (inet_pton(AF_INET6, address, &v6) == 1) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        if (memcmp(v6.s6_addr, mapped, sizeof mapped) == 0) {
            out[0] = 4;
            memcpy(out + 1, v6.s6_addr + 12, 4);
            return 5;
        }
        out[0] = 6;
        memcpy(out + 1, v6.s6_addr, 8);
        return 9;
    }
    out[0] = 0;
    crypto_generichash(out + 1, 16, (const uint8_t *)address, strlen(address), NULL, 0);
    return 17;
}
