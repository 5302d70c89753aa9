#include "channel/core/frame.h"
#include "channel/core/priority.h"
#include "channel/core/record.h"
#include "channel/core/replay.h"
#include "channel/core/resume.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void varints_are_those_of_rfc_9000_in_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        uint8_t bytes[8];
        size_t len;
    } cases[] = {
        {37, {0x25}, 1}, /* appendix A.1 of the RFC */
        {15293, {0x7b, 0xbd}, 2},
        {494878333, {0x9d, 0x7f, 0x3e, 0x7d}, 4},
        {151288809941952652, {0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}, 8},
        {0, {0}, 1},
        {63, {0x3f}, 1},
        {64, {0x40, 0x40}, 2},
        {16383, {0x7f, 0xff}, 2},
        {16384, {0x80, 0, 0x40, 0}, 4},
        {(1u << 30) - 1, {0xbf, 0xff, 0xff, 0xff}, 4},
        {1u << 30, {0xc0, 0, 0, 0, 0x40, 0, 0, 0}, 8},
        {CHANNEL_VARINT_MAX, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[8];
        uint64_t value;
        assert_int_equal(channel_varint_write(out, sizeof out, cases[i].value), cases[i].len);
        assert_memory_equal(out, cases[i].bytes, cases[i].len);
        assert_int_equal(channel_varint_parse(out, cases[i].len, &value), cases[i].len);
        assert_true(value == cases[i].value);
        assert_int_equal(channel_varint_parse(out, cases[i].len - 1, &value), CHANNEL_ERR_FORMAT);
        assert_int_equal(channel_varint_write(out, cases[i].len - 1, cases[i].value), CHANNEL_ERR_SPACE);
    }
    uint64_t value;
    assert_int_equal(channel_varint_parse((const uint8_t[]){0x40, 0x25}, 2, &value), CHANNEL_ERR_FORMAT);
    uint8_t out[8];
    assert_int_equal(channel_varint_write(out, 8, CHANNEL_VARINT_MAX + 1), CHANNEL_ERR_FORMAT);
}

static void every_frame_comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const struct channel_frame frames[] = {
        {.stream = 1, .type = CHANNEL_FRAME_OPEN, .kind = 3, .param = 1u << 31, .offset = 65536},
        {.stream = 300,
            .type = CHANNEL_FRAME_DATA,
            .offset = 1u << 20,
            .bytes = (const uint8_t *)"abc",
            .len = 3},
        {.stream = 2, .type = CHANNEL_FRAME_FIN, .offset = 99},
        {.stream = 2, .type = CHANNEL_FRAME_CREDIT, .offset = 1u << 22},
        {.stream = 70000, .type = CHANNEL_FRAME_RESET, .code = 7, .offset = 12},
        {.stream = 5, .type = CHANNEL_FRAME_STOP, .code = 1},
        {.type = CHANNEL_FRAME_ACK, .lane = 2, .number = 1u << 21},
        {.type = CHANNEL_FRAME_PING, .number = UINT64_MAX},
        {.type = CHANNEL_FRAME_PONG, .number = 5},
        {.stream = 4,
            .type = CHANNEL_FRAME_MESSAGE,
            .flags = 3,
            .number = 9,
            .bytes = (const uint8_t *)"xy",
            .len = 2},
        {.type = CHANNEL_FRAME_GOAWAY, .code = 4, .bytes = (const uint8_t *)"bye", .len = 3},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        const struct channel_frame *in = &frames[i];
        uint8_t data[64];
        struct channel_frame out;
        int n = channel_frame_write(data, sizeof data, in);
        assert_true(n > 0);
        for (int short_of = 0; short_of < n; short_of++) {
            assert_int_equal(channel_frame_parse(data, (size_t)short_of, &out), CHANNEL_ERR_FORMAT);
            uint8_t small[64];
            assert_int_equal(channel_frame_write(small, (size_t)short_of, in), CHANNEL_ERR_SPACE);
        }
        assert_int_equal(channel_frame_parse(data, (size_t)n, &out), n);
        assert_int_equal(out.stream, in->stream);
        assert_int_equal(out.type, in->type);
        assert_true(out.kind == in->kind && out.param == in->param && out.offset == in->offset);
        assert_true(out.code == in->code && out.number == in->number);
        assert_true(out.flags == in->flags && out.lane == in->lane && out.len == in->len);
        if (in->len)
            assert_memory_equal(out.bytes, in->bytes, in->len);
    }
}

static void record_headers_out_of_their_bounds_are_refused(void **state)
{
    (void)state;
    uint8_t data[CHANNEL_RECORD_MAX + 1] = {1};
    struct channel_record record;
    assert_int_equal(channel_record_parse(data, CHANNEL_RECORD_MAX, &record), 0);
    assert_int_equal(channel_record_parse(data, CHANNEL_RECORD_MAX + 1, &record), CHANNEL_ERR_FORMAT);
    assert_int_equal(channel_record_parse(data, 9, &record), CHANNEL_ERR_FORMAT);
    data[1] = 0xc0; /* lane 3 */
    assert_int_equal(channel_record_parse(data, 40, &record), CHANNEL_ERR_FORMAT);
    data[1] = 0x40;
    assert_int_equal(channel_record_parse(data, 40, &record), 0);
    data[0] = 2; /* a handshake has no lane */
    assert_int_equal(channel_record_parse(data, 40, &record), CHANNEL_ERR_FORMAT);
    data[0] = 3;
    data[1] = 0;
    assert_int_equal(channel_record_parse(data, 40, &record), CHANNEL_ERR_FORMAT);
}

static void a_lane_changes_its_key_every_epoch_and_the_receiver_follows(void **state)
{
    (void)state;
    static const uint8_t hash[32] = {1}, key[32] = {2};
    struct channel_lane_key tx, rx;
    struct channel_record record;
    uint8_t sealed[64], plain[CHANNEL_RECORD_PLAIN_MAX], first[32];
    channel_lane_key_init(&tx, CHANNEL_LANE_B, hash, key);
    rx = tx;
    memcpy(first, tx.key, 32);
    for (uint64_t number = (1u << CHANNEL_EPOCH_BITS) - 2; number < (1u << CHANNEL_EPOCH_BITS) + 2;
         number++) {
        if (number == (1u << CHANNEL_EPOCH_BITS) - 2)
            tx.next = rx.next = number;
        size_t n = channel_record_seal(&tx, CHANNEL_LANE_B, sealed, (const uint8_t *)"text", 4);
        assert_int_equal(channel_record_parse(sealed, n, &record), 0);
        assert_true(record.number == number);
        assert_int_equal(record.epoch, number >> CHANNEL_EPOCH_BITS);
        assert_int_equal(channel_record_open(&rx, &record, plain), 4);
        assert_true(rx.next == number + 1);
    }
    assert_int_equal(rx.key_epoch, 1);
    assert_memory_not_equal(rx.key, first, 32);
}

static void a_record_far_ahead_costs_no_hashes(void **state)
{
    (void)state;
    static const uint8_t hash[32] = {1}, key[32] = {2};
    struct channel_lane_key rx;
    uint8_t data[64] = {0}, plain[CHANNEL_RECORD_PLAIN_MAX];
    struct channel_record record;
    channel_lane_key_init(&rx, CHANNEL_LANE_S, hash, key);
    channel_record_header(data, CHANNEL_RECORD_SEALED, CHANNEL_LANE_S, UINT64_C(5) << CHANNEL_EPOCH_BITS);
    assert_int_equal(channel_record_parse(data, sizeof data, &record), 0);
    assert_int_equal(channel_record_open(&rx, &record, plain), CHANNEL_ERR_FORMAT);
    channel_record_header(data, CHANNEL_RECORD_SEALED, CHANNEL_LANE_S, UINT64_C(1) << CHANNEL_EPOCH_BITS);
    assert_int_equal(channel_record_parse(data, sizeof data, &record), 0);
    assert_int_equal(channel_record_open(&rx, &record, plain), CHANNEL_ERR_AUTH);
    assert_int_equal(rx.key_epoch, 0);
    assert_true(rx.next == 0);
}

static void a_resume_is_taken_from_the_peer_only(void **state)
{
    (void)state;
    static const uint8_t key[32] = {4}, other[32] = {5};
    uint8_t data[CHANNEL_RESUME_LEN];
    struct channel_resume resume = {.counter = 3, .session_id = {9}, .next_i = 17, .next_b = 4}, out;
    struct channel_record record;
    channel_resume_write(data, &resume, CHANNEL_INITIATOR, key);
    assert_int_equal(channel_record_parse(data, sizeof data, &record), 0);
    assert_int_equal(channel_resume_read(&record, CHANNEL_INITIATOR, key, &out), 0);
    assert_memory_equal(&out, &resume, sizeof out);
    assert_int_equal(
        channel_resume_read(&record, CHANNEL_RESPONDER, key, &out), CHANNEL_ERR_AUTH); /* reflected */
    assert_int_equal(channel_resume_read(&record, CHANNEL_INITIATOR, other, &out), CHANNEL_ERR_AUTH);
    for (size_t i = 2; i < sizeof data; i++) {
        data[i] ^= 1;
        assert_int_equal(channel_record_parse(data, sizeof data, &record), 0);
        assert_true(channel_resume_read(&record, CHANNEL_INITIATOR, key, &out) < 0);
        data[i] ^= 1;
    }
}

static void sealed_records_are_kept_until_they_are_acknowledged(void **state)
{
    (void)state;
    struct channel_replay replay;
    uint8_t data[CHANNEL_RECORD_MAX];
    channel_replay_init(&replay, CHANNEL_REPLAY_B_BYTES);
    for (int round = 0; round < 5; round++) {
        uint64_t first = replay.next;
        int count = 0;
        for (; channel_replay_room(&replay, sizeof data, 0); count++) {
            memset(data, count, sizeof data);
            assert_int_equal(channel_replay_push(&replay, data, count & 1 ? sizeof data : 100), 0);
        }
        assert_true(replay.bytes <= CHANNEL_REPLAY_B_BYTES);
        for (int i = 0; i < count; i++) {
            const struct channel_sealed *sealed = channel_replay_get(&replay, first + (uint64_t)i);
            assert_non_null(sealed);
            assert_int_equal(sealed->len, i & 1 ? sizeof data : 100);
            assert_int_equal(sealed->bytes[50], (uint8_t)i);
        }
        assert_int_equal(channel_replay_ack(&replay, replay.next + 1), CHANNEL_ERR_FORMAT);
        assert_int_equal(channel_replay_ack(&replay, first + 10), 0);
        assert_null(channel_replay_get(&replay, first + 9));
        assert_non_null(channel_replay_get(&replay, first + 10));
        assert_int_equal(channel_replay_ack(&replay, first), 0); /* an old one changes nothing */
        assert_int_equal(channel_replay_ack(&replay, replay.next), 0);
        assert_int_equal(replay.bytes, 0);
    }
    channel_replay_finish(&replay);
}

static void bulk_gets_its_share_and_no_more(void **state)
{
    (void)state;
    struct channel_priority priority = {0};
    const bool all[CHANNEL_LANES] = {true, true, true}, none[CHANNEL_LANES] = {false, false, false};
    size_t bytes[CHANNEL_LANES] = {0};
    assert_int_equal(channel_priority_pick(&priority, none), CHANNEL_LANES);
    for (int i = 0; i < 20000; i++) {
        int lane = channel_priority_pick(&priority, all);
        size_t len = lane == CHANNEL_LANE_B ? CHANNEL_RECORD_PLAIN_MAX : 700;
        bytes[lane] += len;
        channel_priority_sent(&priority, lane, len, true);
    }
    size_t total = bytes[0] + bytes[1] + bytes[2];
    assert_in_range(bytes[CHANNEL_LANE_B] * 1000 / total, 45, 55);
    assert_int_equal(bytes[CHANNEL_LANE_S], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_are_those_of_rfc_9000_in_their_shortest_form),
        cmocka_unit_test(every_frame_comes_back_as_it_was_written),
        cmocka_unit_test(record_headers_out_of_their_bounds_are_refused),
        cmocka_unit_test(a_lane_changes_its_key_every_epoch_and_the_receiver_follows),
        cmocka_unit_test(a_record_far_ahead_costs_no_hashes),
        cmocka_unit_test(a_resume_is_taken_from_the_peer_only),
        cmocka_unit_test(sealed_records_are_kept_until_they_are_acknowledged),
        cmocka_unit_test(bulk_gets_its_share_and_no_more),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
