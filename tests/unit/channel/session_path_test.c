/* The session and its paths: cut, silent, several at a time, and what a hostile peer or relay does. */
#include "tests/unit/channel/world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
