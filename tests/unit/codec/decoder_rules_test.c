/* What a decoder owes its user against a hostile host: a name for each rule. More cases of each are in
 * decoder_test.c, decoder_cache_test.c, range_test.c and video_test.c. */
#include "forge.h"
#include "scene.h"

#include "codec/bytes.h"
#include "codec/cache.h"
#include "codec/check.h"
#include "codec/jpeg_encode.h"
#include "codec/truth.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put_run(struct forge *f, enum codec_op_type type, uint32_t tile, uint32_t slot, uint32_t count)
{
    forge_put(f, (struct codec_op){.type = type, .tile = tile, .slot = slot, .count = count});
}

static size_t put_jpeg(struct forge *f, struct codec_rect r)
{
    static uint32_t px[FORGE_W_PX * FORGE_H_PX];
    for (uint32_t i = 0; i < FORGE_W_PX * FORGE_H_PX; i++)
        px[i] = i * 2654435761u >> 8;
    const struct codec_truth t = {px, FORGE_W_PX, codec_compare_best()};
    const int n =
        codec_jpeg_encode(&t, (struct codec_rect){0, 0, r.w, r.h}, 80, f->payload, sizeof f->payload);
    assert_true(n > 0);
    f->payload_len = (size_t)n;
    forge_put(f, (struct codec_op){.type = CODEC_OP_JPEG, .rect = r, .len = (uint32_t)n});
    return (size_t)n;
}

static void rule_1_every_field_is_checked_before_a_pixel_is_touched(void **state)
{
    struct forge *f = *state;
    /* The largest values of every field of every operation, after a fill that is right. */
    for (int type = CODEC_OP_COPY; type <= CODEC_OP_CHECK; type++) {
        forge_start(f);
        forge_fill(f, 0, 0, 1, 1);
        uint8_t *at = f->ops + f->ops_len;
        memset(at, 0xff, CODEC_OP_MAX_BYTES);
        at[0] = (uint8_t)type;
        struct codec_op op;
        int n = codec_op_parse(at, CODEC_OP_MAX_BYTES, &op);
        if (n == CODEC_ERR_UNKNOWN) { /* a flag: let that one be right */
            at[13] = 0;
            at[2] = 0;
            n = codec_op_parse(at, CODEC_OP_MAX_BYTES, &op);
        }
        assert_true(n > 0);
        f->ops_len += (size_t)n;
        assert_true(forge_send(f) < 0);
        int32_t w = 0, h = 0;
        size_t stride = 0;
        assert_int_equal(codec_decoder_pixels(f->decoder, &w, &h, &stride)[0], 0);
    }
}

static void rule_2_runs_end_where_their_row_ends(void **state)
{
    struct forge *f = *state;
    uint32_t seed = 1;
    /* Random coded bytes: whatever runs they tell, nothing is written beside the tiles they belong to. */
    for (int i = 0; i < 3000; i++) {
        forge_start(f);
        forge_put(f, (struct codec_op){.type = CODEC_OP_EXACT, .rect = {1, 0, 1, 1}});
        f->payload_len = 40;
        for (size_t k = 0; k < f->payload_len; k++)
            f->payload[k] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
        (void)forge_send(f);
        int32_t w = 0, h = 0;
        size_t stride = 0;
        const uint32_t *px = codec_decoder_pixels(f->decoder, &w, &h, &stride);
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++)
                if (x < 64 || x >= 128 || y >= 64)
                    assert_int_equal(px[(size_t)y * stride + (size_t)x], 0);
    }
}

static void rule_3_the_payload_is_used_to_the_last_byte_and_no_further(void **state)
{
    struct forge *f = *state;
    const struct codec_rect r = {16, 16, 48, 32};
    const size_t n = put_jpeg(f, r);
    assert_int_equal(forge_send(f), 0);
    forge_start(f);
    (void)put_jpeg(f, r);
    f->payload_len = n - 1;
    assert_int_equal(forge_send(f), CODEC_ERR_LENGTH);
    forge_start(f);
    (void)put_jpeg(f, r);
    f->payload_len = n + 1;
    assert_int_equal(forge_send(f), CODEC_ERR_LENGTH);
    forge_start(f);
    forge_put(f, (struct codec_op){.type = CODEC_OP_EXACT, .rect = {0, 0, 1, 1}});
    assert_true(forge_send(f) < 0); /* pixels that no byte tells */
}

static void rule_4_memory_is_bounded_by_what_was_announced(void **state)
{
    struct forge *f = *state;
    f->head.flags = CODEC_MESSAGE_FLAG_START;
    forge_put(f, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, FORGE_W_PX, FORGE_H_PX + 1}});
    assert_int_equal(forge_send(f), CODEC_ERR_RANGE);
    forge_start(f);
    put_run(f, CODEC_OP_SAVE, 0, FORGE_SLOTS - 1, 1);
    assert_int_equal(forge_send(f), 0);
    f->head.seq++;
    put_run(f, CODEC_OP_SAVE, 0, FORGE_SLOTS, 1);
    assert_int_equal(forge_send(f), CODEC_ERR_RANGE);
    struct codec_decoder *none = codec_decoder_create(FORGE_W_PX * FORGE_H_PX, 0);
    codec_decoder_destroy(f->decoder);
    f->decoder = none;
    forge_start(f);
    put_run(f, CODEC_OP_SAVE, 0, 0, 1);
    assert_int_equal(forge_send(f), CODEC_ERR_RANGE);
}

static void rule_5_coders_have_fixed_tables_and_no_dictionaries(void **state)
{
    struct forge *f = *state;
    /* Nothing in a message names a size for the coders: an epoch of the same screen takes the same memory,
     * and a message longer than the bound is not even looked at. */
    static uint8_t large[CODEC_MAX_MESSAGE_BYTES + 1];
    codec_message_write(
        large, &(struct codec_message){
                   .epoch = 3, .seq = 11, .payload_len = sizeof large - CODEC_MESSAGE_HEADER_BYTES});
    struct codec_decoded out;
    assert_int_equal(codec_decoder_decode(f->decoder, large, sizeof large, &out), CODEC_ERR_LENGTH);
}

static void rule_6_a_picture_is_baseline_and_of_its_rectangle(void **state)
{
    struct forge *f = *state;
    const size_t n = put_jpeg(f, (struct codec_rect){0, 0, 48, 32});
    f->ops_len = 0;
    forge_put(f, (struct codec_op){.type = CODEC_OP_JPEG, .rect = {0, 0, 64, 32}, .len = (uint32_t)n});
    assert_true(forge_send(f) < 0);
    forge_start(f);
    (void)put_jpeg(f, (struct codec_rect){0, 0, 48, 32});
    for (size_t i = 0; i + 1 < n; i++)
        if (f->payload[i] == 0xff && f->payload[i + 1] == 0xc0)
            f->payload[i + 1] = 0xc2; /* says that it is progressive */
    assert_true(forge_send(f) < 0);
}

static void rule_7_what_makes_no_sense_is_an_error_and_ends_the_epoch(void **state)
{
    struct forge *f = *state;
    put_run(f, CODEC_OP_LOAD, 0, 5, 1); /* empty */
    assert_int_equal(forge_send(f), CODEC_ERR_SLOT);
    forge_start(f);
    (void)put_jpeg(f, (struct codec_rect){0, 0, 64, 64});
    assert_int_equal(forge_send(f), 0);
    f->head.seq++;
    put_run(f, CODEC_OP_SAVE, 0, 0, 1); /* lossy */
    assert_int_equal(forge_send(f), CODEC_ERR_SLOT);
    forge_start(f);
    forge_fill(f, 0, 0, 1, 1);
    put_run(f, CODEC_OP_SAVE, 0, 0, 1); /* too late in the message */
    assert_int_equal(forge_send(f), CODEC_ERR_ORDER);
    forge_start(f);
    f->ops[0] = 99;
    f->ops_len = 1;
    assert_int_equal(forge_send(f), CODEC_ERR_UNKNOWN);
    forge_start(f);
    f->head.flags = 0x80;
    assert_int_equal(forge_send(f), CODEC_ERR_UNKNOWN);
    f->head.flags = 0;
    assert_int_equal(forge_send(f), CODEC_ERR_ORDER); /* until a new epoch */
}

static void rule_8_the_work_of_a_message_is_bounded(void **state)
{
    struct forge *f = *state;
    for (int i = 0; i < CODEC_MESSAGE_MAX_PAINT; i++)
        forge_fill(f, 0, 0, FORGE_W_PX, FORGE_H_PX);
    assert_int_equal(forge_send(f), 0);
    const enum codec_op_type kinds[] = {CODEC_OP_SAVE, CODEC_OP_CHECK};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        forge_start(f);
        for (int i = 0; i <= CODEC_MESSAGE_MAX_PAINT; i++)
            put_run(f, kinds[k], 0, 0, 8);
        assert_int_equal(forge_send(f), CODEC_ERR_LIMIT);
    }
    forge_start(f);
    for (int i = 0; i <= CODEC_MESSAGE_MAX_COPIES; i++)
        forge_put(f, (struct codec_op){.type = CODEC_OP_COPY, .rect = {0, 0, 1, 1}});
    assert_int_equal(forge_send(f), CODEC_ERR_LIMIT);
}

static void rule_9_a_new_epoch_shows_nothing_of_an_old_one(void **state)
{
    struct forge *f = *state;
    forge_fill(f, 0, 0, FORGE_W_PX, FORGE_H_PX);
    assert_int_equal(forge_send(f), 0);
    f->head.seq++;
    put_run(f, CODEC_OP_SAVE, 0, 0, 8);
    assert_int_equal(forge_send(f), 0);
    forge_start(f);
    int32_t w = 0, h = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(f->decoder, &w, &h, &stride);
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            assert_int_equal(px[(size_t)y * stride + (size_t)x], 0);
    forge_put(f, (struct codec_op){.type = CODEC_OP_SWAP, .rect = {0, 0, FORGE_W_PX, FORGE_H_PX}});
    assert_int_equal(forge_send(f), 0);
    px = codec_decoder_pixels(f->decoder, &w, &h, &stride);
    assert_int_equal(px[0], 0);
    for (uint32_t slot = 0; slot < 8; slot++) {
        forge_start(f);
        put_run(f, CODEC_OP_LOAD, 0, slot, 1);
        assert_int_equal(forge_send(f), CODEC_ERR_SLOT);
    }
}

/* The decoder's memory as it is given back. */
void __real_free(void *memory);
void __wrap_free(void *memory);

static struct {
    const uint32_t *pixel; /* somewhere in what is looked for */
    bool seen, clear;
} given_back;

void __wrap_free(void *memory)
{
    const uint8_t *bytes = memory;
    const size_t len = memory && given_back.pixel ? malloc_usable_size(memory) : 0;
    const uintptr_t at = (uintptr_t)given_back.pixel, from = (uintptr_t)memory;
    if (len > 0 && at >= from && at < from + len) {
        given_back.seen = given_back.clear = true;
        for (size_t i = 0; i < len; i++)
            given_back.clear = given_back.clear && bytes[i] == 0;
    }
    __real_free(memory);
}

static void rule_9_memory_is_cleared_before_it_is_given_back(void **state)
{
    struct forge *f = *state;
    for (int again = 0; again < 2; again++) {
        int32_t w = 0, h = 0;
        size_t stride = 0;
        forge_fill(f, 0, 0, FORGE_W_PX, FORGE_H_PX);
        assert_int_equal(forge_send(f), 0);
        given_back.pixel = codec_decoder_pixels(f->decoder, &w, &h, &stride);
        assert_int_equal(given_back.pixel[0], 0x112233);
        given_back.seen = false;
        if (again == 0) { /* a new epoch */
            forge_start(f);
        } else { /* the end of the session */
            codec_decoder_destroy(f->decoder);
            f->decoder = NULL;
        }
        assert_true(given_back.seen);
        assert_true(given_back.clear);
        given_back.pixel = NULL;
    }
}

static void rule_11_what_an_encoder_sends_is_what_is_shown(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 320, 200, 3);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 320, .height_px = 200});
    for (uint32_t i = 0; i < 30; i++) {
        scene_text(&s, (struct codec_rect){0, 0, 320, 200}, i % 4 * 50, 0x101010, 0xf0f0f0);
        scene_photo(&s, (struct codec_rect){80, 40, 160, 120}, (int32_t)(i % 3) * 77);
        assert_true(scene_link_send(&l, &s, NULL, 0, CODEC_MAX_MESSAGE_BYTES) > 0);
        assert_true(scene_link_equal(&l, &s));
        l.now_us += 700000; /* slots and checks come in as well */
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void rule_11_a_picture_that_differs_is_found_out(void **state)
{
    struct forge *f = *state;
    forge_fill(f, 3, 3, 20, 20);
    assert_int_equal(forge_send(f), 0);
    struct codec_screen mine;
    assert_int_equal(codec_screen_init(&mine, FORGE_W_PX, FORGE_H_PX), 0);
    codec_screen_fill(&mine, (struct codec_rect){3, 3, 20, 20}, 0x112233);
    const uint32_t sum = codec_check_sum(&mine, 0, 8);
    f->head.seq++;
    forge_put(f, (struct codec_op){.type = CODEC_OP_CHECK, .tile = 0, .count = 8, .sum = sum});
    assert_int_equal(forge_send(f), 0);
    for (int32_t i = 0; i < 200; i++) {
        uint32_t *px = codec_screen_at(&mine, i, i % FORGE_H_PX);
        *px ^= 1;
        assert_int_not_equal(codec_check_sum(&mine, 0, 8), sum);
        *px ^= 1;
    }
    codec_screen_finish(&mine);
    f->head.seq++;
    forge_put(f, (struct codec_op){.type = CODEC_OP_CHECK, .tile = 0, .count = 8, .sum = sum + 1});
    assert_int_equal(forge_send(f), CODEC_ERR_MISMATCH);
}

static void what_waits_is_not_called_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 640, 400, 3);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 640, .height_px = 400});
    scene_noise(&s, (struct codec_rect){0, 0, 640, 400});
    assert_true(scene_link_send(&l, &s, NULL, 0, 20000) > 0);
    assert_false(l.decoded.complete);
    assert_int_equal(l.decoded.exact_permille, 999);
    /* The host's picture goes back to what the viewer has: no pixels, but the word. */
    int32_t w = 0, h = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(l.decoder, &w, &h, &stride);
    for (int32_t y = 0; y < h; y++)
        memcpy(s.px + (size_t)y * (size_t)s.w, px + (size_t)y * stride, (size_t)s.w * sizeof *s.px);
    assert_int_equal(scene_link_send(&l, &s, NULL, 0, 20000), CODEC_MESSAGE_HEADER_BYTES);
    assert_true(l.decoded.complete);
    assert_int_equal(l.decoded.exact_permille, 1000);
    assert_int_equal(scene_link_send(&l, &s, NULL, 0, 20000), 0);
    scene_link_finish(&l);
    scene_finish(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_1_every_field_is_checked_before_a_pixel_is_touched),
        TEST(rule_2_runs_end_where_their_row_ends),
        TEST(rule_3_the_payload_is_used_to_the_last_byte_and_no_further),
        TEST(rule_4_memory_is_bounded_by_what_was_announced),
        TEST(rule_5_coders_have_fixed_tables_and_no_dictionaries),
        TEST(rule_6_a_picture_is_baseline_and_of_its_rectangle),
        TEST(rule_7_what_makes_no_sense_is_an_error_and_ends_the_epoch),
        TEST(rule_8_the_work_of_a_message_is_bounded),
        TEST(rule_9_a_new_epoch_shows_nothing_of_an_old_one),
        TEST(rule_9_memory_is_cleared_before_it_is_given_back),
        cmocka_unit_test(rule_11_what_an_encoder_sends_is_what_is_shown),
        TEST(rule_11_a_picture_that_differs_is_found_out),
        cmocka_unit_test(what_waits_is_not_called_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
