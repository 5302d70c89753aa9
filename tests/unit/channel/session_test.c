/* The session between two ends: handshake, streams, priority and messages. */
#include "tests/unit/channel/world.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
