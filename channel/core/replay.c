#include "channel/core/replay.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS_AT_FIRST = 32 };

void channel_replay_init(struct channel_replay *replay, size_t max_bytes)
{
    memset(replay, 0, sizeof *replay);
    replay->max_bytes = max_bytes;
}

void channel_replay_finish(struct channel_replay *replay)
{
    (void)channel_replay_ack(replay, replay->next);
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

int channel_replay_push(struct channel_replay *replay, const uint8_t *data, size_t len)
{
    if (replay->next - replay->base == replay->cap && grow(replay) < 0)
        return CHANNEL_ERR_NOMEM;
    uint8_t *bytes = malloc(len);
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
        free(sealed->bytes);
        sealed->bytes = NULL;
    }
    return 0;
}
