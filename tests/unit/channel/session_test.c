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

static void on_stream(struct pair *pair, int who, const struct channel_event *event)
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

static int world_set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    pair_init(&world->pair);
    world->pair.on_event = on_stream;
    world->pair.arg = world->sink;
    *state = world;
    return 0;
}

static int world_tear_down(void **state)
{
    struct world *world = *state;
    pair_finish(&world->pair);
    free(world->sink[0].data);
    free(world->sink[1].data);
    free(world);
    return 0;
}

static struct pair *opened(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_OPEN);
    assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_OPEN);
    return pair;
}

static void fill(uint8_t *data, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
}

/* ---- handshake ---- */

static void a_handshake_opens_both_sides_with_one_hash(void **state)
{
    struct pair *pair = opened(state);
    uint8_t a[32], b[32];
    assert_int_equal(pair->end[0].opened, 1);
    assert_int_equal(pair->end[1].opened, 1);
    assert_int_equal(pair->end[0].path_up, 1);
    assert_int_equal(pair->end[1].path_up, 1);
    assert_int_equal(channel_session_hash(pair->end[0].session, a), 0);
    assert_int_equal(channel_session_hash(pair->end[1].session, b), 0);
    assert_memory_equal(a, b, 32);
}

static void the_responder_opens_nothing_before_the_first_sealed_record(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    assert_int_equal(pair_join(pair), 0);
    pair_events(pair, 0);
    assert_true(pair_send(pair, 0, 0)); /* message 1 */
    assert_true(pair_deliver(pair, 0, 0));
    assert_true(pair_send(pair, 1, 0)); /* message 2 */
    assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_HANDSHAKE);
    assert_false(pair_send(pair, 1, 0));
    assert_int_equal(channel_stream_open(pair->end[1].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0),
        CHANNEL_ERR_STATE);
    pair_run(pair);
    assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_OPEN);
}

static void peek_tells_a_handshake_from_a_resume(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    uint8_t record[CHANNEL_RECORD_MAX], id[16], expected[16];
    enum channel_first first;
    memset(expected, 7, sizeof expected);
    assert_int_equal(pair_join(pair), 0);
    int n =
        channel_session_send(pair->end[0].session, pair->number[0][0], record, sizeof record, pair->now_us);
    assert_true(n > 0);
    assert_int_equal(channel_session_peek(record, (size_t)n, id, &first), 0);
    assert_int_equal(first, CHANNEL_FIRST_HANDSHAKE);
    assert_memory_equal(id, expected, 16);
    assert_int_equal(channel_session_peek(record, 20, id, &first), CHANNEL_ERR_FORMAT);
}

static void a_path_cut_during_the_handshake_is_made_good_by_the_next(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    for (int lost = 0; lost < 3; lost++) {
        assert_int_equal(pair_join(pair), 0);
        pair_events(pair, 0);
        assert_true(pair_send(pair, 0, 0)); /* message 1 */
        if (lost > 0) {
            assert_true(pair_deliver(pair, 0, 0));
            assert_true(pair_send(pair, 1, 0)); /* message 2 */
        }
        if (lost == 2) {
            assert_true(pair_deliver(pair, 1, 0));
            assert_true(pair_send(pair, 0, 0)); /* the first sealed record */
            assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_OPEN);
        }
        pair_cut(pair, 0);
        assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_HANDSHAKE);
    }
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_OPEN);
    assert_int_equal(channel_session_state(pair->end[1].session), CHANNEL_STATE_OPEN);
    assert_int_equal(pair->end[1].closed, 0);
}

static void two_paths_during_the_handshake_both_come_up(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    assert_int_equal(pair_join(pair), 0);
    assert_int_equal(pair_join(pair), 1);
    pair_run(pair);
    assert_int_equal(pair->end[0].path_up, 2);
    assert_int_equal(pair->end[1].path_up, 2);
    assert_int_equal(pair->end[0].path_down + pair->end[1].path_down, 0);
}

static void a_refused_verdict_closes_without_an_answer(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    pair->end[1].refuse = true;
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(pair->end[1].closed, 1);
    assert_int_equal(pair->end[1].close_error, CHANNEL_ERR_AUTH);
    assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_HANDSHAKE);
}

static void a_path_without_a_handshake_is_down_after_ten_seconds(void **state)
{
    struct pair *pair = &((struct world *)*state)->pair;
    struct channel_event event;
    int number = channel_session_path_add(pair->end[1].session, pair->now_us);
    assert_int_equal(number, 0);
    channel_session_tick(pair->end[1].session, pair->now_us + 9999999);
    assert_false(channel_session_event(pair->end[1].session, &event));
    assert_int_equal(channel_session_deadline_us(pair->end[1].session), pair->now_us + 10000000);
    channel_session_tick(pair->end[1].session, pair->now_us + 10000000);
    assert_true(channel_session_event(pair->end[1].session, &event));
    assert_int_equal(event.type, CHANNEL_EVENT_PATH_DOWN);
    assert_int_equal(event.error, CHANNEL_ERR_TIMEOUT);
    assert_false(channel_session_event(pair->end[1].session, &event));
    channel_session_tick(pair->end[1].session, pair->now_us + 70000000);
    assert_true(channel_session_event(pair->end[1].session, &event));
    assert_int_equal(event.type, CHANNEL_EVENT_CLOSED);
}

/* ---- streams ---- */

static void a_control_stream_carries_bytes_both_ways(void **state)
{
    struct pair *pair = opened(state);
    struct sink *sink = ((struct world *)*state)->sink;
    int id = channel_stream_open(pair->end[0].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 42);
    assert_int_equal(id, 1);
    assert_int_equal(channel_stream_write(pair->end[0].session, 1, (const uint8_t *)"hello", 5), 5);
    pair_run(pair);
    assert_int_equal(sink[1].opened, 1);
    assert_int_equal(sink[1].kind, CHANNEL_KIND_CONTROL);
    assert_int_equal(sink[1].lane, CHANNEL_LANE_I);
    assert_int_equal(sink[1].param, 42);
    assert_memory_equal(sink[1].data, "hello", 5);
    assert_int_equal(channel_stream_write(pair->end[1].session, 1, (const uint8_t *)"yes", 3), 3);
    assert_int_equal(channel_stream_finish(pair->end[0].session, 1), 0);
    pair_run(pair);
    assert_memory_equal(sink[0].data, "yes", 3);
    assert_int_equal(sink[1].finished, 1);
    assert_int_equal(channel_stream_finish(pair->end[1].session, 1), 0);
    pair_run(pair);
    assert_int_equal(sink[0].finished, 1);
    assert_int_equal(
        channel_stream_write(pair->end[0].session, 1, (const uint8_t *)"x", 1), CHANNEL_ERR_STATE);
}

static void a_file_of_many_windows_arrives_whole(void **state)
{
    enum { LEN = 9 << 20 };
    struct pair *pair = opened(state);
    struct sink *sink = ((struct world *)*state)->sink;
    uint8_t *data = malloc(LEN);
    assert_non_null(data);
    fill(data, LEN, 5);
    int id = channel_stream_open(pair->end[1].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 7);
    assert_int_equal(id, 2);
    for (size_t at = 0; at < LEN;) {
        int n = channel_stream_write(pair->end[1].session, 2, data + at, LEN - at);
        assert_true(n >= 0);
        at += (size_t)n;
        pair_run(pair);
        pair->now_us += 1000;
    }
    assert_int_equal(channel_stream_finish(pair->end[1].session, 2), 0);
    pair_run(pair);
    assert_int_equal(sink[0].len, LEN);
    assert_memory_equal(sink[0].data, data, LEN);
    assert_int_equal(sink[0].finished, 1);
    assert_true(sink[1].writable > 0);
    /* one way: gone on both sides without a finish of the receiver */
    assert_null(channel_streams_find(&pair->end[0].session->streams, 2));
    assert_null(channel_streams_find(&pair->end[1].session->streams, 2));
    free(data);
}

static void a_receiver_that_does_not_consume_stops_the_sender_at_its_credit(void **state)
{
    struct pair *pair = opened(state);
    struct sink *sink = ((struct world *)*state)->sink;
    static uint8_t data[300 << 10];
    sink[1].hold = true;
    int id = channel_stream_open(pair->end[0].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    assert_int_equal(channel_stream_write(pair->end[0].session, (uint32_t)id, data, sizeof data), 256 << 10);
    assert_int_equal(channel_stream_writable(pair->end[0].session, (uint32_t)id), 0);
    pair_run(pair);
    pair_pass(pair, 200000);
    assert_int_equal(sink[1].len, CHANNEL_CREDIT_CONTROL);
    sink[1].hold = false;
    assert_int_equal(channel_stream_consumed(pair->end[1].session, (uint32_t)id, CHANNEL_CREDIT_CONTROL), 0);
    pair_run(pair);
    pair_pass(pair, 200000);
    assert_int_equal(sink[1].len, 256 << 10);
    assert_int_equal(channel_stream_consumed(pair->end[1].session, (uint32_t)id, 1), CHANNEL_ERR_LIMIT);
}

static void a_stop_is_answered_by_a_reset(void **state)
{
    struct pair *pair = opened(state);
    struct sink *sink = ((struct world *)*state)->sink;
    static uint8_t data[1000];
    int id = channel_stream_open(pair->end[0].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    assert_int_equal(
        channel_stream_write(pair->end[0].session, (uint32_t)id, data, sizeof data), sizeof data);
    pair_run(pair);
    assert_int_equal(channel_stream_stop(pair->end[1].session, (uint32_t)id, 99), 0);
    pair_run(pair);
    assert_int_equal(sink[0].stopped, 1);
    assert_int_equal(sink[0].code, 99);
    assert_null(channel_streams_find(&pair->end[0].session->streams, (uint32_t)id));
    assert_null(channel_streams_find(&pair->end[1].session->streams, (uint32_t)id));
}

static void a_reset_is_told_with_its_code(void **state)
{
    struct pair *pair = opened(state);
    struct sink *sink = ((struct world *)*state)->sink;
    int id = channel_stream_open(pair->end[0].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    assert_int_equal(channel_stream_reset(pair->end[0].session, (uint32_t)id, 12), 0);
    pair_run(pair);
    assert_int_equal(sink[1].opened, 1);
    assert_int_equal(sink[1].reset, 1);
    assert_int_equal(sink[1].code, 12);
}

static void streams_are_limited_and_come_free_again(void **state)
{
    struct pair *pair = opened(state);
    struct channel_session *s = pair->end[0].session;
    for (int round = 0; round < 3; round++) {
        int ids[CHANNEL_STREAMS_MAX];
        for (int i = 0; i < CHANNEL_STREAMS_MAX; i++) {
            ids[i] = channel_stream_open(s, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
            assert_true(ids[i] > 0);
        }
        assert_int_equal(channel_stream_open(s, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0), CHANNEL_ERR_LIMIT);
        for (int i = 0; i < CHANNEL_STREAMS_MAX; i++)
            assert_int_equal(channel_stream_finish(s, (uint32_t)ids[i]), 0);
        pair_run(pair);
        assert_int_equal(pair->end[1].closed, 0);
    }
}

static void data_not_taken_yet_is_not_written_over(void **state)
{
    struct pair *pair = opened(state);
    uint8_t first[CHANNEL_RECORD_MAX], second[CHANNEL_RECORD_MAX];
    struct channel_event event;
    struct channel_session *a = pair->end[0].session, *b = pair->end[1].session;
    int id = channel_stream_open(a, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    assert_int_equal(channel_stream_write(a, (uint32_t)id, (const uint8_t *)"one", 3), 3);
    int n = channel_session_send(a, 0, first, sizeof first, pair->now_us);
    assert_int_equal(channel_stream_write(a, (uint32_t)id, (const uint8_t *)"two", 3), 3);
    int m = channel_session_send(a, 0, second, sizeof second, pair->now_us);
    assert_true(n > 0 && m > 0);
    assert_int_equal(channel_session_receive(b, 0, first, (size_t)n, pair->now_us), 0);
    assert_int_equal(channel_session_receive(b, 0, second, (size_t)m, pair->now_us), CHANNEL_ERR_STATE);
    assert_true(channel_session_event(b, &event)); /* OPENED */
    assert_true(channel_session_event(b, &event));
    assert_memory_equal(event.data, "one", 3);
    assert_false(channel_session_event(b, &event));
    assert_int_equal(channel_session_receive(b, 0, second, (size_t)m, pair->now_us), 0);
    pair_events(pair, 1);
    assert_memory_equal(((struct world *)*state)->sink[1].data, "two", 3);
}

/* ---- priority ---- */

static void a_key_press_overtakes_a_copy_and_the_copy_still_moves(void **state)
{
    struct pair *pair = opened(state);
    struct channel_session *s = pair->end[0].session;
    static uint8_t data[200 << 10];
    uint8_t record[CHANNEL_RECORD_MAX];
    int control = channel_stream_open(s, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    int file = channel_stream_open(s, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    int screen = channel_stream_open(s, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
    pair_run(pair);
    assert_true(channel_stream_write(s, (uint32_t)file, data, sizeof data) > 0);
    assert_int_equal(channel_stream_write(s, (uint32_t)control, data, 10), 10);
    size_t bytes[CHANNEL_LANES] = {0};
    for (int i = 0; i < 60; i++) {
        if (channel_message_can(s, (uint32_t)screen))
            assert_int_equal(channel_message_send(s, (uint32_t)screen, data, sizeof data), 0);
        int n = channel_session_send(s, 0, record, sizeof record, pair->now_us);
        assert_true(n > 0);
        if (i == 0)
            assert_int_equal(record[1] >> 6, CHANNEL_LANE_I);
        bytes[record[1] >> 6] += (size_t)n;
    }
    size_t all = bytes[CHANNEL_LANE_S] + bytes[CHANNEL_LANE_B];
    assert_in_range(bytes[CHANNEL_LANE_B] * 100 / all, 3, 8);
}

/* ---- screen messages ---- */

static void a_large_message_arrives_whole_and_another_follows(void **state)
{
    enum { LEN = 3 << 20 };
    struct pair *pair = opened(state);
    struct world *world = *state;
    uint8_t *data = malloc(LEN);
    assert_non_null(data);
    fill(data, LEN, 9);
    struct channel_session *s = pair->end[1].session;
    int id = channel_stream_open(s, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 3);
    assert_true(id > 0);
    pair_run(pair);
    assert_int_equal(world->sink[0].lane, CHANNEL_LANE_S);
    size_t lens[] = {LEN, 1, 0, 20000, LEN};
    for (size_t i = 0; i < 5; i++) {
        world->sink[0].len = 0;
        assert_true(channel_message_can(s, (uint32_t)id));
        assert_int_equal(channel_message_send(s, (uint32_t)id, data, lens[i]), 0);
        assert_false(channel_message_can(s, (uint32_t)id));
        pair_run(pair);
        assert_int_equal(pair->end[0].messages, i + 1);
        assert_int_equal(world->sink[0].len, lens[i]);
        assert_memory_equal(world->sink[0].data, data, lens[i]);
    }
    assert_int_equal(pair->end[0].gaps, 0);
    assert_int_equal(
        channel_message_send(s, (uint32_t)id, data, (size_t)CHANNEL_MESSAGE_MAX + 1), CHANNEL_ERR_LIMIT);
    free(data);
}

/* ---- paths ---- */

static void a_cut_path_costs_no_byte_and_a_screen_gap_is_told(void **state)
{
    struct pair *pair = opened(state);
    struct world *world = *state;
    static uint8_t data[100 << 10];
    fill(data, sizeof data, 3);
    struct channel_session *s = pair->end[0].session;
    int file = channel_stream_open(s, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    int screen = channel_stream_open(pair->end[1].session, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
    pair_run(pair);
    assert_int_equal(channel_stream_write(s, (uint32_t)file, data, sizeof data), sizeof data);
    assert_int_equal(channel_message_send(pair->end[1].session, (uint32_t)screen, data, sizeof data), 0);
    for (int i = 0; i < 4; i++) { /* in flight when the cut comes */
        assert_true(pair_send(pair, 0, 0));
        assert_true(pair_send(pair, 1, 0));
    }
    assert_true(pair_deliver(pair, 0, 0));
    pair_cut(pair, 0);
    pair_pass(pair, 3000000);
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    pair_pass(pair, 100000);
    assert_int_equal(world->sink[1].len, sizeof data);
    assert_memory_equal(world->sink[1].data, data, sizeof data);
    assert_true(pair->end[0].gaps >= 1);
    assert_true(channel_message_can(pair->end[1].session, (uint32_t)screen));
    struct channel_stats stats;
    channel_session_stats(s, &stats);
    assert_true(stats.resent > 0);
    assert_int_equal(stats.unacked_bytes[CHANNEL_LANE_B], 0);
    assert_true(stats.sealed[CHANNEL_LANE_B] > 0);
    assert_int_equal(stats.acked[CHANNEL_LANE_B], stats.sealed[CHANNEL_LANE_B]);
}

static void the_newest_path_carries_and_the_older_takes_over_when_it_is_cut(void **state)
{
    struct pair *pair = opened(state);
    struct world *world = *state;
    struct channel_session *s = pair->end[0].session;
    int id = channel_stream_open(s, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    pair_run(pair);
    assert_int_equal(pair_join(pair), 1);
    pair_run(pair);
    assert_int_equal(channel_stream_write(s, (uint32_t)id, (const uint8_t *)"abc", 3), 3);
    assert_false(pair_send(pair, 0, 0));
    assert_true(pair_send(pair, 0, 1));
    pair_cut(pair, 1);
    pair_run(pair);
    assert_int_equal(world->sink[1].len, 3);
    assert_memory_equal(world->sink[1].data, "abc", 3);
}

static void a_silent_path_is_down_after_fifteen_seconds_and_an_idle_one_is_not(void **state)
{
    struct pair *pair = opened(state);
    pair_pass(pair, 60000000);
    assert_int_equal(pair->end[0].path_down, 0);
    assert_true(pair->end[0].rtt > 0);
    struct channel_stats stats;
    channel_session_stats(pair->end[0].session, &stats);
    assert_in_range(stats.records_out, 12, 60); /* pings, and hardly more: idle sides do not chat */
    uint64_t from = pair->now_us;
    while (pair->end[0].path_down == 0 && pair->now_us < from + 30000000) { /* the responder says nothing */
        uint8_t record[CHANNEL_RECORD_MAX];
        pair->now_us += 100000;
        channel_session_tick(pair->end[0].session, pair->now_us);
        (void)channel_session_send(
            pair->end[0].session, pair->number[0][0], record, sizeof record, pair->now_us);
        pair_events(pair, 0);
    }
    assert_in_range(pair->now_us - from, 10000000, 15100000);
    assert_int_equal(pair->end[0].path_error, CHANNEL_ERR_TIMEOUT);
    assert_int_equal(channel_session_state(pair->end[0].session), CHANNEL_STATE_OPEN);
}

/* A relay that repeats what it once heard must not make a dead peer look alive. */
static void a_repeated_record_does_not_keep_a_path_up(void **state)
{
    struct pair *pair = opened(state);
    uint8_t record[CHANNEL_RECORD_MAX], out[CHANNEL_RECORD_MAX];
    assert_true(channel_stream_open(pair->end[1].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0) > 0);
    int len =
        channel_session_send(pair->end[1].session, pair->number[1][0], record, sizeof record, pair->now_us);
    assert_true(len > 0);
    uint64_t from = pair->now_us;
    while (pair->end[0].path_down == 0 && pair->now_us < from + 30000000) {
        pair->now_us += 100000;
        (void)channel_session_receive(
            pair->end[0].session, pair->number[0][0], record, (size_t)len, pair->now_us);
        channel_session_tick(pair->end[0].session, pair->now_us);
        (void)channel_session_send(pair->end[0].session, pair->number[0][0], out, sizeof out, pair->now_us);
        pair_events(pair, 0);
    }
    assert_in_range(pair->now_us - from, 10000000, 15200000);
    assert_int_equal(pair->end[0].path_error, CHANNEL_ERR_TIMEOUT);
}

static void a_session_without_a_path_ends_at_the_responder_after_a_minute(void **state)
{
    struct pair *pair = opened(state);
    pair_cut(pair, 0);
    pair_pass(pair, 59000000);
    assert_int_equal(pair->end[1].closed, 0);
    pair_pass(pair, 2000000);
    assert_int_equal(pair->end[1].closed, 1);
    assert_int_equal(pair->end[0].closed, 0);
}

static void a_goodbye_comes_after_what_was_said_before(void **state)
{
    struct pair *pair = opened(state);
    struct world *world = *state;
    struct channel_session *s = pair->end[1].session;
    int id = channel_stream_open(s, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    static uint8_t data[40000];
    assert_int_equal(channel_stream_write(s, (uint32_t)id, data, sizeof data), sizeof data);
    channel_session_close(s, 4, "The owner ended the session.");
    pair_run(pair);
    assert_int_equal(world->sink[0].len, sizeof data);
    assert_int_equal(pair->end[0].closed, 1);
    assert_int_equal(pair->end[0].close_error, 0);
    assert_int_equal(pair->end[1].closed, 1);
}

/* ---- hostile ---- */

static void a_changed_record_costs_the_path_and_not_the_session(void **state)
{
    struct pair *pair = opened(state);
    struct channel_session *s = pair->end[0].session;
    int id = channel_stream_open(s, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    assert_int_equal(channel_stream_write(s, (uint32_t)id, (const uint8_t *)"abc", 3), 3);
    assert_true(pair_send(pair, 0, 0));
    struct pair_pipe *pipe = &pair->pipe[0][0];
    pipe->queue[pipe->head % PAIR_QUEUE].bytes[12] ^= 1;
    assert_true(pair_deliver(pair, 0, 0));
    assert_int_equal(pair->end[1].path_down, 1);
    assert_int_equal(pair->end[1].path_error, CHANNEL_ERR_AUTH);
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(((struct world *)*state)->sink[1].len, 3);
}

static void a_missing_record_costs_the_path_and_nothing_is_lost(void **state)
{
    struct pair *pair = opened(state);
    struct channel_session *s = pair->end[0].session;
    int id = channel_stream_open(s, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    assert_true(pair_send(pair, 0, 0));
    assert_int_equal(channel_stream_write(s, (uint32_t)id, (const uint8_t *)"abc", 3), 3);
    assert_true(pair_send(pair, 0, 0));
    struct pair_pipe *pipe = &pair->pipe[0][0];
    free(pipe->queue[pipe->head++ % PAIR_QUEUE].bytes);
    pipe->count--;
    assert_true(pair_deliver(pair, 0, 0));
    assert_int_equal(pair->end[1].path_error, CHANNEL_ERR_ORDER);
    assert_int_equal(pair_join(pair), 0);
    pair_run(pair);
    assert_int_equal(((struct world *)*state)->sink[1].len, 3);
}

/* Give the responder plaintext frames as if the initiator had sealed them. */
static int frames(struct pair *pair, enum channel_lane lane, const void *data, size_t len)
{
    int err = channel_session_frames(pair->end[1].session, lane, data, len);
    pair_events(pair, 1);
    return err;
}

static void frames_that_break_a_rule_end_the_session(void **state)
{
    static const struct {
        const char *what;
        enum channel_lane lane;
        uint8_t data[24];
        size_t len;
        int err;
    } cases[] = {
        {"data for a stream never opened", 0, {1, 2, 2, 0, 'x'}, 5, CHANNEL_ERR_FORMAT},
        {"an open with the responder's parity", 0, {2, 1, 3, 1, 0, 0}, 6, CHANNEL_ERR_FORMAT},
        {"an unknown type without bit 7", 0, {0, 0x20, 0}, 3, CHANNEL_ERR_FORMAT},
        {"a length past the record", 0, {1, 2, 9, 0, 'x'}, 5, CHANNEL_ERR_FORMAT},
        {"a varint longer than it needs", 0, {0x40, 1, 7, 2, 0, 0}, 6, CHANNEL_ERR_FORMAT},
        {"an acknowledgement of what was never sent", 0, {0, 7, 3, 0, 0x7f, 0xff}, 6, CHANNEL_ERR_FORMAT},
        {"an acknowledgement of lane S", 0, {0, 7, 2, 1, 0}, 5, CHANNEL_ERR_FORMAT},
        {"a screen opened in lane B", 2, {1, 1, 3, 2, 0, 0}, 6, CHANNEL_ERR_FORMAT},
        {"a message in lane I", 0, {1, 10, 2, 3, 0}, 5, CHANNEL_ERR_FORMAT},
        {"an open in lane S", 1, {1, 1, 3, 1, 0, 0}, 6, CHANNEL_ERR_FORMAT},
        {"the same stream opened twice", 0, {1, 1, 3, 1, 0, 0, 1, 1, 3, 1, 0, 0}, 12, CHANNEL_ERR_FORMAT},
        {"data at another offset", 0, {1, 1, 3, 1, 0, 0, 1, 2, 2, 5, 'x'}, 11, CHANNEL_ERR_FORMAT},
        {"data after the end", 0, {1, 1, 3, 1, 0, 0, 1, 3, 1, 0, 1, 2, 2, 0, 'x'}, 15, CHANNEL_ERR_FORMAT},
        {"an end at another offset", 0, {1, 1, 3, 1, 0, 0, 1, 3, 1, 9}, 10, CHANNEL_ERR_FORMAT},
        {"a ping on a stream", 0, {1, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0}, 11, CHANNEL_ERR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *own = NULL;
        world_set_up(&own);
        struct pair *pair = opened(&own);
        int err = frames(pair, cases[i].lane, cases[i].data, cases[i].len);
        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].what, err);
        assert_int_equal(pair->end[1].closed, 1);
        world_tear_down(&own);
    }
}

static void an_unknown_type_with_bit_7_is_skipped(void **state)
{
    struct pair *pair = opened(state);
    static const uint8_t data[] = {0, 0x90, 2, 1, 2, 1, 1, 3, 1, 0, 0};
    assert_int_equal(frames(pair, CHANNEL_LANE_I, data, sizeof data), 0);
    assert_int_equal(((struct world *)*state)->sink[1].opened, 1);
}

static void more_bytes_than_the_credit_end_the_session(void **state)
{
    struct pair *pair = opened(state);
    static const uint8_t open[] = {1, 1, 3, 1, 0, 0};
    static uint8_t body[16000];
    uint8_t record[CHANNEL_RECORD_PLAIN_MAX];
    ((struct world *)*state)->sink[1].hold = true;
    assert_int_equal(frames(pair, CHANNEL_LANE_I, open, sizeof open), 0);
    int err = 0;
    for (uint64_t at = 0; err == 0 && at < 100000; at += sizeof body) {
        struct channel_frame frame = {
            .stream = 1, .type = CHANNEL_FRAME_DATA, .offset = at, .bytes = body, .len = sizeof body};
        int n = channel_frame_write(record, sizeof record, &frame);
        assert_true(n > 0);
        err = frames(pair, CHANNEL_LANE_I, record, (size_t)n);
    }
    assert_int_equal(err, CHANNEL_ERR_LIMIT);
    assert_true(((struct world *)*state)->sink[1].len <= CHANNEL_CREDIT_CONTROL);
}

static void a_flood_of_opens_and_resets_ends_the_session(void **state)
{
    struct pair *pair = opened(state);
    int err = 0;
    uint32_t id = 1;
    for (; err == 0 && id < 100000; id += 2) {
        uint8_t data[64];
        struct channel_frame open = {.stream = id, .type = CHANNEL_FRAME_OPEN, .kind = CHANNEL_KIND_FILE};
        struct channel_frame reset = {.stream = id, .type = CHANNEL_FRAME_RESET};
        int n = channel_frame_write(data, sizeof data, &open);
        n += channel_frame_write(data + n, sizeof data - (size_t)n, &reset);
        err = frames(pair, CHANNEL_LANE_B, data, (size_t)n);
    }
    assert_int_equal(err, CHANNEL_ERR_LIMIT);
    assert_in_range(id / 2, 10000, 20000);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(a_handshake_opens_both_sides_with_one_hash),
        WORLD(the_responder_opens_nothing_before_the_first_sealed_record),
        WORLD(peek_tells_a_handshake_from_a_resume),
        WORLD(a_path_cut_during_the_handshake_is_made_good_by_the_next),
        WORLD(two_paths_during_the_handshake_both_come_up),
        WORLD(a_refused_verdict_closes_without_an_answer),
        WORLD(a_path_without_a_handshake_is_down_after_ten_seconds),
        WORLD(a_control_stream_carries_bytes_both_ways),
        WORLD(a_file_of_many_windows_arrives_whole),
        WORLD(a_receiver_that_does_not_consume_stops_the_sender_at_its_credit),
        WORLD(a_stop_is_answered_by_a_reset),
        WORLD(a_reset_is_told_with_its_code),
        WORLD(streams_are_limited_and_come_free_again),
        WORLD(data_not_taken_yet_is_not_written_over),
        WORLD(a_key_press_overtakes_a_copy_and_the_copy_still_moves),
        WORLD(a_large_message_arrives_whole_and_another_follows),
        WORLD(a_cut_path_costs_no_byte_and_a_screen_gap_is_told),
        WORLD(the_newest_path_carries_and_the_older_takes_over_when_it_is_cut),
        WORLD(a_silent_path_is_down_after_fifteen_seconds_and_an_idle_one_is_not),
        WORLD(a_repeated_record_does_not_keep_a_path_up),
        WORLD(a_session_without_a_path_ends_at_the_responder_after_a_minute),
        WORLD(a_goodbye_comes_after_what_was_said_before),
        WORLD(a_changed_record_costs_the_path_and_not_the_session),
        WORLD(a_missing_record_costs_the_path_and_nothing_is_lost),
        cmocka_unit_test(frames_that_break_a_rule_end_the_session),
        WORLD(an_unknown_type_with_bit_7_is_skipped),
        WORLD(more_bytes_than_the_credit_end_the_session),
        WORLD(a_flood_of_opens_and_resets_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
