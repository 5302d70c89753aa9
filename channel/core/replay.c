#include "channel/core/replay.h"

#include <stdlib.h>
#include <string.h>

enum {
    RECORDS_AT_FIRST = 32,
    LARGE_BYTES = CHANNEL_RECORD_MAX / 2 /* records from here on get a full buffer that can be used again */
};

void channel_replay_init(struct channel_replay *replay, size_t max_bytes)
{
    memset(replay, 0, sizeof *replay);
    replay->max_bytes = max_bytes;
}

void channel_replay_finish(struct channel_replay *replay)
{
    (void)channel_replay_ack(replay, replay->next);
    while (replay->spare_count)
        free(replay->spare[--replay->spare_count]);
    free(replay->ring);
    replay->ring = NULL;
    replay->cap = 0;
}

bool channel_replay_room(const struct channel_replay *replay, size_t len, size_t reserve)
{
    return replay->next - replay->base < CHANNEL_REPLAY_RECORDS_MAX &&
           replay->bytes + len + reserve <= replay->max_bytes;
}

static int grow(struct channel_replay *replay)
{
    size_t cap = replay->cap ? replay->cap * 2 : RECORDS_AT_FIRST;
    struct channel_sealed *ring = calloc(cap, sizeof *ring);
    if (!ring)
        return CHANNEL_ERR_NOMEM;
    for (uint64_t n = replay->base; n < replay->next; n++)
        ring[n & (cap - 1)] = replay->ring[n & (replay->cap - 1)];
    free(replay->ring);
    replay->ring = ring;
    replay->cap = cap;
    return 0;
}

size_t channel_replay_memory(const struct channel_replay *replay)
{
    return replay->bytes + replay->spare_count * CHANNEL_RECORD_MAX + replay->cap * sizeof *replay->ring;
}

static uint8_t *take_buffer(struct channel_replay *replay, size_t len)
{
    if (len < LARGE_BYTES)
        return malloc(len);
    return replay->spare_count ? replay->spare[--replay->spare_count] : malloc(CHANNEL_RECORD_MAX);
}

static void give_buffer(struct channel_replay *replay, struct channel_sealed *sealed)
{
    if (sealed->len >= LARGE_BYTES && replay->spare_count < CHANNEL_REPLAY_SPARE_MAX)
        replay->spare[replay->spare_count++] = sealed->bytes;
    else
        free(sealed->bytes);
    sealed->bytes = NULL;
}

int channel_replay_push(struct channel_replay *replay, const uint8_t *data, size_t len)
{
    if (replay->next - replay->base == replay->cap && grow(replay) < 0)
        return CHANNEL_ERR_NOMEM;
    uint8_t *bytes = take_buffer(replay, len);
    if (!bytes)
        return CHANNEL_ERR_NOMEM;
    memcpy(bytes, data, len);
    replay->ring[replay->next++ & (replay->cap - 1)] = (struct channel_sealed){bytes, len};
    replay->bytes += len;
    return 0;
}

const struct channel_sealed *channel_replay_get(const struct channel_replay *replay, uint64_t number)
{
    if (number < replay->base || number >= replay->next)
        return NULL;
    return &replay->ring[number & (replay->cap - 1)];
}

int channel_replay_ack(struct channel_replay *replay, uint64_t number)
{
    if (number > replay->next)
        return CHANNEL_ERR_FORMAT;
    for (; replay->base < number; replay->base++) {
        struct channel_sealed *sealed = &replay->ring[replay->base & (replay->cap - 1)];
        replay->bytes -= sealed->len;
        give_buffer(replay, sealed);
    }
    return 0;
}
