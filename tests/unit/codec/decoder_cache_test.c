#include "forge.h"

#include "codec/jpeg_encode.h"
#include "codec/truth.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void put_run(struct forge *b, enum codec_op_type type, uint32_t tile, uint32_t slot, uint32_t count)
{
    forge_put(b, (struct codec_op){.type = type, .tile = tile, .slot = slot, .count = count});
}

/* The screen has 4 x 2 tiles; the last column is 8 px wide, the last row 36 px high. */
static void a_saved_tile_comes_back_where_it_is_loaded(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, 64, 64);
    forge_fill(b, 3, 4, 1, 1);
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    put_run(b, CODEC_OP_SAVE, 0, 7, 2);
    forge_fill(b, 0, 0, FORGE_W_PX, FORGE_H_PX);
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    put_run(b, CODEC_OP_LOAD, 1, 7, 1);
    put_run(b, CODEC_OP_LOAD, 0, 8, 1);
    assert_int_equal(forge_send(b), 0);
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(b->decoder, &w, &h, &stride);
    for (int32_t y = 0; y < 64; y++)
        for (int32_t x = 0; x < 64; x++) {
            assert_int_equal(px[(size_t)y * stride + (size_t)x], 0);
            assert_int_equal(px[(size_t)y * stride + (size_t)x + 64], 0x112233);
        }
    assert_int_equal(px[128], 0x112233);
}

static void slots_and_tiles_outside_are_refused(void **state)
{
    struct forge *b = *state;
    const uint32_t bad[][3] = {{0, FORGE_SLOTS, 1}, {0, FORGE_SLOTS - 1, 2}, {0, 0, 0}, {8, 0, 1}, {7, 0, 2},
        {0, 0, 9}, {65535, 65535, 65535}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (int type = CODEC_OP_SAVE; type <= CODEC_OP_LOAD; type++) {
            forge_start(b);
            put_run(b, (enum codec_op_type)type, bad[i][0], bad[i][1], bad[i][2]);
            assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
        }
}

static void an_empty_slot_is_refused(void **state)
{
    struct forge *b = *state;
    put_run(b, CODEC_OP_LOAD, 0, 0, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_SLOT);
    forge_start(b);
    put_run(b, CODEC_OP_SAVE, 0, 0, 1);
    assert_int_equal(forge_send(b), 0);
    forge_start(b); /* a new epoch empties them */
    put_run(b, CODEC_OP_LOAD, 0, 0, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_SLOT);
}

static void a_slot_of_another_size_is_refused(void **state)
{
    struct forge *b = *state;
    put_run(b, CODEC_OP_SAVE, 3, 0, 1); /* 8 x 64 */
    put_run(b, CODEC_OP_LOAD, 0, 0, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_SLOT);
}

static void saving_and_loading_count_as_work(void **state)
{
    struct forge *b = *state;
    for (int i = 0; i < 5; i++)
        put_run(b, CODEC_OP_SAVE, 0, 0, 8);
    assert_int_equal(forge_send(b), CODEC_ERR_LIMIT);
}

static void a_lossy_tile_is_not_saved(void **state)
{
    struct forge *b = *state;
    uint32_t px[32 * 16];
    for (uint32_t i = 0; i < 32 * 16; i++)
        px[i] = i * 77;
    const struct codec_truth t = {.pixels = px, .stride_px = 32};
    const int n = codec_jpeg_encode(&t, (struct codec_rect){0, 0, 32, 16}, 80, b->payload, sizeof b->payload);
    assert_true(n > 0);
    b->payload_len = (size_t)n;
    forge_put(b, (struct codec_op){.type = CODEC_OP_JPEG, .rect = {64, 0, 32, 16}, .len = (uint32_t)n});
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    put_run(b, CODEC_OP_SAVE, 0, 0, 1);
    put_run(b, CODEC_OP_LOAD, 1, 0, 1); /* makes it exact */
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    put_run(b, CODEC_OP_SAVE, 1, 0, 1);
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    b->payload_len =
        (size_t)codec_jpeg_encode(&t, (struct codec_rect){0, 0, 32, 16}, 80, b->payload, sizeof b->payload);
    forge_put(b, (struct codec_op){.type = CODEC_OP_JPEG, .rect = {64, 0, 32, 16}, .len = (uint32_t)n});
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    put_run(b, CODEC_OP_SAVE, 0, 0, 2);
    assert_int_equal(forge_send(b), CODEC_ERR_SLOT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_saved_tile_comes_back_where_it_is_loaded),
        TEST(slots_and_tiles_outside_are_refused),
        TEST(an_empty_slot_is_refused),
        TEST(a_slot_of_another_size_is_refused),
        TEST(saving_and_loading_count_as_work),
        TEST(a_lossy_tile_is_not_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
