/* Two joined sessions whose streams end in sinks: what the tests of the session share. */
#pragma once

#include "channel/core/session_internal.h"
#include "tests/unit/channel/pair.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

/* What the responder's or initiator's streams gave, for a test with one stream of interest. */
struct sink {
    uint32_t stream;
    int opened, finished, reset, stopped, writable;
    uint16_t kind;
    uint8_t lane;
    uint64_t param, code;
    uint8_t *data;
    size_t len, cap;
    bool hold; /* do not consume */
};

static inline void on_stream(struct pair *pair, int who, const struct channel_event *event)
{
    struct sink *sink = &((struct sink *)pair->arg)[who];
    switch (event->type) {
    case CHANNEL_EVENT_STREAM_OPENED:
        sink->opened++;
        sink->stream = event->stream;
        sink->kind = event->kind;
        sink->lane = event->lane;
        sink->param = event->param;
        break;
    case CHANNEL_EVENT_STREAM_DATA:
    case CHANNEL_EVENT_MESSAGE:
        if (sink->len + event->len > sink->cap) {
            sink->cap = (sink->len + event->len) * 2;
            sink->data = realloc(sink->data, sink->cap);
            assert_non_null(sink->data);
        }
        if (event->len)
            memcpy(sink->data + sink->len, event->data, event->len);
        sink->len += event->len;
        if (event->type == CHANNEL_EVENT_STREAM_DATA && !sink->hold) {
            int err = channel_stream_consumed(pair->end[who].session, event->stream, event->len);
            assert_true(err == 0 || err == CHANNEL_ERR_CLOSED); /* a goodbye in the same record */
        }
        break;
    case CHANNEL_EVENT_STREAM_FINISHED:
        sink->finished++;
        break;
    case CHANNEL_EVENT_STREAM_RESET:
        sink->reset++;
        sink->code = event->param;
        break;
    case CHANNEL_EVENT_STREAM_STOPPED:
        sink->stopped++;
        sink->code = event->param;
        break;
    case CHANNEL_EVENT_STREAM_WRITABLE:
        sink->writable++;
        break;
    default:
        break;
    }
}

struct world {
    struct pair pair;
    struct sink sink[2];
};

static inline int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    pair_init(&world->pair);
    world->pair.on_event = on_stream;
    world->pair.arg = world->sink;
    *state = world;
    return 0;
}

static inline int world_tear_down(void **state)
{
    struct world *world = *state;
    pair_finish(&world->pair);
    free(world->sink[0].data);
    free(world->sink[1].data);
    free(world);
    return 0;
}

static inline struct pair *opened(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_OPEN);
    assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_OPEN);
    return pair;
}

static inline void fill(uint8_t *data, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
