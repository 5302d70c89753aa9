#include "codec/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_header_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[CODEC_MESSAGE_HEADER_BYTES + 7] = {0};
    const struct codec_message in = {CODEC_MESSAGE_FLAG_START, 0xfedc, 0x89abcdef, 0x12345678, 5, 2};
    codec_message_write(bytes, &in);
    struct codec_message out;
    assert_int_equal(codec_message_parse(bytes, sizeof bytes, &out), 0);
    assert_int_equal(out.flags, in.flags);
    assert_int_equal(out.epoch, in.epoch);
    assert_int_equal(out.seq, in.seq);
    assert_int_equal(out.capture_us, in.capture_us);
    assert_int_equal(out.ops_len, 5);
    assert_int_equal(out.payload_len, 2);
}

static void lengths_must_add_up(void **state)
{
    (void)state;
    uint8_t bytes[CODEC_MESSAGE_HEADER_BYTES + 7] = {0};
    struct codec_message in = {0, 0, 0, 0, 5, 2}, out = {.seq = 77};
    codec_message_write(bytes, &in);
    for (size_t n = 0; n < sizeof bytes; n++)
        assert_int_equal(codec_message_parse(bytes, n, &out), CODEC_ERR_LENGTH);
    in.ops_len = 8;
    codec_message_write(bytes, &in);
    assert_int_equal(codec_message_parse(bytes, sizeof bytes, &out), CODEC_ERR_LENGTH);
    in.ops_len = UINT32_MAX;
    in.payload_len = 8;
    codec_message_write(bytes, &in);
    assert_int_equal(codec_message_parse(bytes, sizeof bytes, &out), CODEC_ERR_LENGTH);
    assert_int_equal(out.seq, 77);
}

static void unknown_types_and_flags_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[CODEC_MESSAGE_HEADER_BYTES] = {0};
    struct codec_message out;
    codec_message_write(bytes, &(struct codec_message){0});
    bytes[0] = 2;
    assert_int_equal(codec_message_parse(bytes, sizeof bytes, &out), CODEC_ERR_UNKNOWN);
    bytes[0] = 1;
    bytes[1] = 4;
    assert_int_equal(codec_message_parse(bytes, sizeof bytes, &out), CODEC_ERR_UNKNOWN);
}

static void operations_come_back_and_are_refused_when_cut(void **state)
{
    (void)state;
    const struct codec_op ops[] = {
        {.type = CODEC_OP_SIZE, .rect = {0, 0, 8192, 1}},
        {.type = CODEC_OP_COPY, .rect = {1, 65535, 300, 4}, .src_x = 5, .src_y = 60000, .under = true},
        {.type = CODEC_OP_SWAP, .rect = {5, 6, 7, 8}},
        {.type = CODEC_OP_FILL, .rect = {1, 2, 3, 4}, .colour = 0xabcdef},
        {.type = CODEC_OP_EXACT, .rect = {127, 0, 1, 128}},
        {.type = CODEC_OP_JPEG, .rect = {16, 32, 48, 64}, .len = 0x01020304},
        {.type = CODEC_OP_SAVE, .tile = 0x3fff, .slot = 0x1ffe, .count = 3},
        {.type = CODEC_OP_LOAD, .tile = 1, .slot = 2, .count = 0xffff},
        {.type = CODEC_OP_VIDEO_OPEN, .stream = 255, .rect = {16, 32, 4096, 48}, .sps = {100, 1, 31}},
        {.type = CODEC_OP_VIDEO, .stream = 3, .key = true, .len = 0x12345678},
        {.type = CODEC_OP_VIDEO_CLOSE, .stream = 9},
        {.type = CODEC_OP_VIDEO_COVER, .stream = 1, .rect = {16, 0, 8192, 16}},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        uint8_t bytes[CODEC_OP_MAX_BYTES];
        const int n = codec_op_write(bytes, sizeof bytes, &ops[i]);
        assert_true(n > 0);
        assert_int_equal(codec_op_write(bytes, (size_t)n - 1, &ops[i]), CODEC_ERR_SPACE);
        struct codec_op out = {.len = 99};
        for (size_t cut = 0; cut < (size_t)n; cut++)
            assert_int_equal(codec_op_parse(bytes, cut, &out), CODEC_ERR_LENGTH);
        assert_int_equal(out.len, 99);
        assert_int_equal(codec_op_parse(bytes, sizeof bytes, &out), n);
        assert_int_equal(out.type, ops[i].type);
        assert_memory_equal(&out.rect, &ops[i].rect, sizeof out.rect);
        assert_int_equal(out.src_x, ops[i].src_x);
        assert_int_equal(out.src_y, ops[i].src_y);
        assert_int_equal(out.under, ops[i].under);
        assert_int_equal(out.colour, ops[i].colour);
        assert_int_equal(out.len, ops[i].len);
        assert_int_equal(out.tile, ops[i].tile);
        assert_int_equal(out.slot, ops[i].slot);
        assert_int_equal(out.count, ops[i].count);
    }
}

static void phases_go_from_what_stands_to_what_is_painted(void **state)
{
    (void)state;
    const enum codec_op_type order[] = {CODEC_OP_SIZE, CODEC_OP_SAVE, CODEC_OP_COPY, CODEC_OP_SWAP,
        CODEC_OP_LOAD, CODEC_OP_FILL, CODEC_OP_EXACT, CODEC_OP_JPEG, CODEC_OP_VIDEO_OPEN, CODEC_OP_VIDEO,
        CODEC_OP_VIDEO_CLOSE, CODEC_OP_VIDEO_COVER};
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
        assert_true(codec_op_phase(order[i - 1]) < codec_op_phase(order[i]));
}

static void unknown_operations_are_refused(void **state)
{
    (void)state;
    const uint8_t none[16] = {0};
    uint8_t later[16] = {CODEC_OP_CHECK + 1};
    struct codec_op out;
    assert_int_equal(codec_op_parse(none, sizeof none, &out), CODEC_ERR_UNKNOWN);
    assert_int_equal(codec_op_parse(later, sizeof later, &out), CODEC_ERR_UNKNOWN);
    later[0] = 255;
    assert_int_equal(codec_op_parse(later, sizeof later, &out), CODEC_ERR_UNKNOWN);
}

static void a_copy_with_an_unknown_flag_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[CODEC_OP_MAX_BYTES];
    const struct codec_op op = {.type = CODEC_OP_COPY, .rect = {0, 0, 1, 1}};
    const int n = codec_op_write(bytes, sizeof bytes, &op);
    struct codec_op out;
    bytes[n - 1] = 2;
    assert_int_equal(codec_op_parse(bytes, (size_t)n, &out), CODEC_ERR_UNKNOWN);
}

static void every_error_has_words(void **state)
{
    (void)state;
    for (int err = CODEC_ERR_MISMATCH; err <= CODEC_OK; err++)
        assert_string_not_equal(codec_strerror(err), "unknown error");
    assert_string_equal(codec_strerror(-99), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_comes_back),
        cmocka_unit_test(lengths_must_add_up),
        cmocka_unit_test(unknown_types_and_flags_are_refused),
        cmocka_unit_test(operations_come_back_and_are_refused_when_cut),
        cmocka_unit_test(phases_go_from_what_stands_to_what_is_painted),
        cmocka_unit_test(unknown_operations_are_refused),
        cmocka_unit_test(a_copy_with_an_unknown_flag_is_refused),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
