#include "forge.h"
#include "scene.h"

#include "codec/jpeg_encode.h"
#include "codec/message.h"
#include "codec/tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void nothing_stands_before_the_first_message(void **state)
{
    (void)state;
    struct codec_decoder *d = codec_decoder_create(100, 0);
    int32_t w = 5, h = 5;
    size_t stride;
    uint8_t rgba[4];
    assert_null(codec_decoder_pixels(d, &w, &h, &stride));
    assert_int_equal(codec_decoder_copy_rgba(d, (struct codec_rect){0, 0, 1, 1}, rgba, 4), CODEC_ERR_RANGE);
    codec_decoder_destroy(d);
    codec_decoder_destroy(NULL);
}

static void an_epoch_must_be_opened_first(void **state)
{
    struct forge *b = *state;
    codec_decoder_destroy(b->decoder);
    b->decoder = codec_decoder_create(FORGE_W_PX * FORGE_H_PX, FORGE_SLOTS);
    forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void a_sequence_number_skipped_is_refused(void **state)
{
    struct forge *b = *state;
    b->head.seq = 12;
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void a_message_twice_is_refused(void **state)
{
    struct forge *b = *state;
    assert_int_equal(forge_send(b), 0);
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void another_epoch_without_a_start_is_refused(void **state)
{
    struct forge *b = *state;
    b->head.epoch = 4;
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void after_an_error_only_a_start_is_taken(void **state)
{
    struct forge *b = *state;
    forge_fill(b, FORGE_W_PX, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
    forge_start(b);
    forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), 0);
}

static void a_start_without_size_is_refused(void **state)
{
    struct forge *b = *state;
    b->head.flags = CODEC_MESSAGE_FLAG_START;
    assert_int_equal(forge_send(b), CODEC_ERR_LENGTH);
    forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void a_size_inside_an_epoch_is_refused(void **state)
{
    struct forge *b = *state;
    forge_put(b, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, FORGE_W_PX, FORGE_H_PX}});
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void sizes_out_of_bounds_are_refused(void **state)
{
    struct forge *b = *state;
    const int32_t sizes[][2] = {
        {0, 1}, {1, 0}, {8193, 1}, {1, 8193}, {65535, 65535}, {FORGE_W_PX, FORGE_H_PX + 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        b->head.flags = CODEC_MESSAGE_FLAG_START;
        forge_put(b, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, sizes[i][0], sizes[i][1]}});
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    }
}

static void operations_out_of_phase_are_refused(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, 10, 10);
    forge_put(b, (struct codec_op){.type = CODEC_OP_COPY, .rect = {0, 0, 5, 5}, .src_x = 5, .src_y = 5});
    assert_int_equal(forge_send(b), CODEC_ERR_ORDER);
}

static void rectangles_outside_are_refused(void **state)
{
    struct forge *b = *state;
    const struct codec_rect bad[] = {{0, 0, 0, 1}, {0, 0, 1, 0}, {FORGE_W_PX, 0, 1, 1}, {0, FORGE_H_PX, 1, 1},
        {1, 0, FORGE_W_PX, 1}, {0, 1, 1, FORGE_H_PX}, {65535, 65535, 65535, 65535}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        forge_start(b);
        forge_put(b, (struct codec_op){.type = CODEC_OP_FILL, .rect = bad[i]});
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
        forge_start(b);
        forge_put(b, (struct codec_op){.type = CODEC_OP_SWAP, .rect = bad[i]});
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
        forge_start(b);
        forge_put(b, (struct codec_op){.type = CODEC_OP_COPY, .rect = bad[i]});
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
        forge_start(b);
        forge_put(b, (struct codec_op){.type = CODEC_OP_JPEG, .rect = bad[i], .len = 1});
        b->payload_len = 1;
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    }
}

static void a_copy_from_outside_is_refused(void **state)
{
    struct forge *b = *state;
    forge_put(b, (struct codec_op){
                     .type = CODEC_OP_COPY, .rect = {0, 0, 10, 10}, .src_x = FORGE_W_PX - 9, .src_y = 0});
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
}

static void exact_tiles_outside_are_refused(void **state)
{
    struct forge *b = *state;
    const struct codec_rect bad[] = {{0, 0, 5, 1}, {0, 0, 1, 3}, {4, 0, 1, 1}, {0, 0, 0, 1}, {0, 0, 1, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        forge_start(b);
        forge_put(b, (struct codec_op){.type = CODEC_OP_EXACT, .rect = bad[i]});
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    }
}

static void too_many_copies_are_refused(void **state)
{
    struct forge *b = *state;
    for (int i = 0; i <= CODEC_MESSAGE_MAX_COPIES; i++)
        forge_put(b, (struct codec_op){.type = CODEC_OP_COPY, .rect = {0, 0, 1, 1}, .src_x = 1, .src_y = 1});
    assert_int_equal(forge_send(b), CODEC_ERR_LIMIT);
}

static void too_many_operations_are_refused(void **state)
{
    struct forge *b = *state;
    for (int i = 0; i <= CODEC_MESSAGE_MAX_OPS; i++)
        forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_LIMIT);
}

static void too_much_painting_is_refused(void **state)
{
    struct forge *b = *state;
    for (int i = 0; i < CODEC_MESSAGE_MAX_PAINT; i++)
        forge_fill(b, 0, 0, FORGE_W_PX, FORGE_H_PX);
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    for (int i = 0; i < CODEC_MESSAGE_MAX_PAINT; i++)
        forge_fill(b, 0, 0, FORGE_W_PX, FORGE_H_PX);
    forge_fill(b, 0, 0, 1, 1);
    assert_int_equal(forge_send(b), CODEC_ERR_LIMIT);
}

static void an_operation_cut_short_is_refused(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, 1, 1);
    b->ops_len--;
    assert_int_equal(forge_send(b), CODEC_ERR_LENGTH);
}

static void a_payload_nobody_asked_for_is_refused(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, 1, 1);
    b->payload_len = 1;
    assert_int_equal(forge_send(b), CODEC_ERR_LENGTH);
}

/* Exact tiles by hand. */

static struct codec_tile_models models;

static void write_start(struct forge *b, struct codec_range *r, struct codec_rect tiles)
{
    codec_tile_models_reset(&models);
    codec_range_write_start(r, b->payload, sizeof b->payload);
    forge_put(b, (struct codec_op){.type = CODEC_OP_EXACT, .rect = tiles});
    (void)codec_tile_present(r, true, &models, false, false, true);
}

static void write_cells(struct codec_range *r, uint32_t cells)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t left = (i & 3u) ? known >> (i - 1) & 1u : 0;
        const uint32_t above = i > 3 ? known >> (i - 4) & 1u : 0;
        known |= codec_range_bit(r, true, &models.cell[left + 2 * above], cells >> i & 1u) << i;
    }
}

static void write_end(struct forge *b, struct codec_range *r)
{
    b->payload_len = codec_range_write_end(r);
    b->payload[b->payload_len++] = 0; /* no natural bytes */
}

static void a_tile_without_cells_is_refused(void **state)
{
    struct forge *b = *state;
    struct codec_range r;
    write_start(b, &r, (struct codec_rect){0, 0, 1, 1});
    write_cells(&r, 0);
    (void)codec_range_bit(&r, true, &models.cut, 0);
    (void)codec_range_bit(&r, true, &models.natural, 0);
    write_end(b, &r);
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
}

static void cells_beyond_the_edge_are_refused(void **state)
{
    struct forge *b = *state;
    struct codec_range r;
    write_start(b, &r, (struct codec_rect){3, 0, 1, 1}); /* 8 px wide */
    write_cells(&r, 0x2);
    (void)codec_range_bit(&r, true, &models.cut, 0);
    (void)codec_range_bit(&r, true, &models.natural, 0);
    write_end(b, &r);
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
}

static void bounds_beyond_the_edge_or_empty_are_refused(void **state)
{
    struct forge *b = *state;
    const uint32_t bad[][4] = {{0, 0, 8, 0}, {0, 0, 0, 63}, {5, 0, 4, 0}, {0, 5, 0, 4}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct codec_range r;
        forge_start(b);
        write_start(b, &r, (struct codec_rect){3, 1, 1, 1}); /* 8 x 36 px */
        write_cells(&r, 0x1);
        (void)codec_range_bit(&r, true, &models.cut, 1);
        for (int k = 0; k < 4; k++)
            (void)codec_range_raw(&r, true, 6, bad[i][k]);
        (void)codec_range_bit(&r, true, &models.natural, 0);
        write_end(b, &r);
        assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    }
}

static void bounds_that_miss_the_cells_are_refused(void **state)
{
    struct forge *b = *state;
    struct codec_range r;
    write_start(b, &r, (struct codec_rect){0, 0, 1, 1});
    write_cells(&r, 0x1);
    (void)codec_range_bit(&r, true, &models.cut, 1);
    const uint32_t bounds[4] = {40, 40, 50, 50};
    for (int k = 0; k < 4; k++)
        (void)codec_range_raw(&r, true, 6, bounds[k]);
    (void)codec_range_bit(&r, true, &models.natural, 0);
    write_end(b, &r);
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
}

/* A good message of one text tile; returns the length of its payload. */
static size_t write_tile(struct forge *b)
{
    static struct codec_patch p;
    static uint32_t src[CODEC_TILE_PX * CODEC_PATCH_STRIDE];
    struct codec_screen s;
    struct codec_range r;
    assert_int_equal(codec_screen_init(&s, FORGE_W_PX, FORGE_H_PX), 0);
    for (uint32_t i = 0; i < sizeof src / sizeof src[0]; i++)
        src[i] = i * 2654435761u >> 8;
    write_start(b, &r, (struct codec_rect){0, 0, 1, 1});
    p.cells = 0xffff;
    p.x1 = p.y1 = CODEC_TILE_PX;
    codec_patch_load(&p, &s);
    struct codec_tile_out out = {.range = r};
    codec_tile_write(&out, &models, &s, &p, CODEC_TILE_TEXT, src);
    write_end(b, &out.range);
    codec_screen_finish(&s);
    return b->payload_len;
}

static void a_good_tile_by_hand_is_taken(void **state)
{
    struct forge *b = *state;
    assert_true(write_tile(b) > 1000);
    assert_int_equal(forge_send(b), 0);
}

static void coded_bytes_cut_short_are_refused(void **state)
{
    struct forge *b = *state;
    const size_t n = write_tile(b);
    b->ops_len = 0;
    for (size_t cut = 9; cut < n; cut += n / 13) {
        forge_start(b);
        (void)write_tile(b);
        b->payload_len -= cut;
        b->payload[b->payload_len - 1] = 0;
        assert_int_equal(forge_send(b), CODEC_ERR_CORRUPT);
    }
}

static void coded_bytes_left_over_are_refused(void **state)
{
    struct forge *b = *state;
    (void)write_tile(b);
    memset(b->payload + b->payload_len, 0, 9);
    b->payload_len += 9;
    assert_int_equal(forge_send(b), CODEC_ERR_CORRUPT);
}

/* Pictures. */

static size_t make_jpeg(struct forge *b, int32_t w, int32_t h)
{
    struct scene s;
    scene_init(&s, w, h, 3);
    scene_photo(&s, (struct codec_rect){0, 0, w, h}, 0);
    const struct codec_truth t = {.pixels = s.px, .stride_px = (size_t)w};
    const int n = codec_jpeg_encode(&t, (struct codec_rect){0, 0, w, h}, 80, b->payload, sizeof b->payload);
    assert_true(n > 0);
    scene_finish(&s);
    b->payload_len = (size_t)n;
    return (size_t)n;
}

static void put_jpeg(struct forge *b, struct codec_rect r, size_t len)
{
    forge_put(b, (struct codec_op){.type = CODEC_OP_JPEG, .rect = r, .len = (uint32_t)len});
}

static void a_good_picture_is_taken_and_marked(void **state)
{
    struct forge *b = *state;
    put_jpeg(b, (struct codec_rect){16, 16, 48, 32}, make_jpeg(b, 48, 32));
    assert_int_equal(forge_send(b), 0);
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(b->decoder, &w, &h, &stride);
    uint32_t all = 0;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            all |= px[(size_t)y * stride + (size_t)x];
    assert_int_equal(all >> 24, 0);
    assert_true(all != 0);
}

static void a_picture_of_another_size_is_refused(void **state)
{
    struct forge *b = *state;
    put_jpeg(b, (struct codec_rect){16, 16, 48, 48}, make_jpeg(b, 48, 32));
    assert_int_equal(forge_send(b), CODEC_ERR_CORRUPT);
}

static void a_picture_off_the_cells_is_refused(void **state)
{
    struct forge *b = *state;
    put_jpeg(b, (struct codec_rect){8, 16, 48, 32}, make_jpeg(b, 48, 32));
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    forge_start(b);
    put_jpeg(b, (struct codec_rect){0, 0, 40, 32}, make_jpeg(b, 40, 32));
    assert_int_equal(forge_send(b), CODEC_ERR_RANGE);
    forge_start(b);
    put_jpeg(b, (struct codec_rect){192, 96, 8, 4}, make_jpeg(b, 8, 4)); /* cut by the edge: fine */
    assert_int_equal(forge_send(b), 0);
}

static void a_picture_cut_short_is_refused(void **state)
{
    struct forge *b = *state;
    const size_t n = make_jpeg(b, 48, 32);
    for (size_t cut = 1; cut < n; cut += n / 20) {
        forge_start(b);
        (void)make_jpeg(b, 48, 32);
        put_jpeg(b, (struct codec_rect){16, 16, 48, 32}, n - cut);
        b->payload_len = n - cut;
        assert_int_equal(forge_send(b), CODEC_ERR_CORRUPT);
    }
}

static void a_picture_longer_than_the_payload_is_refused(void **state)
{
    struct forge *b = *state;
    const size_t n = make_jpeg(b, 48, 32);
    put_jpeg(b, (struct codec_rect){16, 16, 48, 32}, n + 1);
    assert_int_equal(forge_send(b), CODEC_ERR_LENGTH);
    forge_start(b);
    (void)make_jpeg(b, 48, 32);
    put_jpeg(b, (struct codec_rect){16, 16, 48, 32}, 0);
    assert_int_equal(forge_send(b), CODEC_ERR_LENGTH);
}

static void a_progressive_picture_is_refused(void **state)
{
    struct forge *b = *state;
    const size_t n = make_jpeg(b, 48, 32);
    for (size_t i = 0; i + 1 < n; i++)
        if (b->payload[i] == 0xff && b->payload[i + 1] == 0xc0)
            b->payload[i + 1] = 0xc2;
    put_jpeg(b, (struct codec_rect){16, 16, 48, 32}, n);
    assert_int_equal(forge_send(b), CODEC_ERR_CORRUPT);
}

static void a_new_epoch_shows_nothing_of_the_old(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, FORGE_W_PX, FORGE_H_PX);
    assert_int_equal(forge_send(b), 0);
    forge_start(b);
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(b->decoder, &w, &h, &stride);
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            assert_int_equal(px[(size_t)y * stride + (size_t)x], 0);
}

static void pixels_are_copied_as_rgba(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 1, 0, 1, 2);
    assert_int_equal(forge_send(b), 0);
    uint8_t rgba[16];
    const uint8_t want[16] = {0, 0, 0, 255, 0x11, 0x22, 0x33, 255, 0, 0, 0, 255, 0x11, 0x22, 0x33, 255};
    const struct codec_rect r = {0, 0, 2, 2};
    assert_int_equal(codec_decoder_copy_rgba(b->decoder, r, rgba, sizeof rgba), 16);
    assert_memory_equal(rgba, want, 16);
    assert_int_equal(codec_decoder_copy_rgba(b->decoder, r, rgba, 15), CODEC_ERR_SPACE);
    assert_int_equal(
        codec_decoder_copy_rgba(b->decoder, (struct codec_rect){FORGE_W_PX - 1, 0, 2, 1}, rgba, 16),
        CODEC_ERR_RANGE);
}

static void copies_overlap_like_memmove(void **state)
{
    struct forge *b = *state;
    forge_fill(b, 0, 0, 3, 3);
    assert_int_equal(forge_send(b), 0);
    b->head.seq++;
    forge_put(b, (struct codec_op){.type = CODEC_OP_COPY, .rect = {1, 1, 3, 3}, .src_x = 0, .src_y = 0});
    assert_int_equal(forge_send(b), 0);
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(b->decoder, &w, &h, &stride);
    for (int32_t y = 0; y < 6; y++)
        for (int32_t x = 0; x < 6; x++) {
            const bool set = (x < 3 && y < 3) || (x >= 1 && x < 4 && y >= 1 && y < 4);
            assert_int_equal(px[(size_t)y * stride + (size_t)x], set ? 0x112233 : 0);
        }
}

static void a_swap_shows_what_was_painted_over_and_back(void **state)
{
    struct forge *b = *state;
    int32_t w, h;
    size_t stride;
    const uint32_t want[] = {0x112233, 0, 0x112233};
    forge_fill(b, 0, 0, 20, 20);
    assert_int_equal(forge_send(b), 0);
    for (int i = 1; i < 3; i++) {
        b->head.seq++;
        forge_put(b, (struct codec_op){.type = CODEC_OP_SWAP, .rect = {0, 0, 30, 30}});
        assert_int_equal(forge_send(b), 0);
        const uint32_t *px = codec_decoder_pixels(b->decoder, &w, &h, &stride);
        assert_int_equal(px[19 * stride + 19], want[i]);
        assert_int_equal(px[20 * stride + 20], 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stands_before_the_first_message),
        TEST(an_epoch_must_be_opened_first),
        TEST(a_sequence_number_skipped_is_refused),
        TEST(a_message_twice_is_refused),
        TEST(another_epoch_without_a_start_is_refused),
        TEST(after_an_error_only_a_start_is_taken),
        TEST(a_start_without_size_is_refused),
        TEST(a_size_inside_an_epoch_is_refused),
        TEST(sizes_out_of_bounds_are_refused),
        TEST(operations_out_of_phase_are_refused),
        TEST(rectangles_outside_are_refused),
        TEST(a_copy_from_outside_is_refused),
        TEST(exact_tiles_outside_are_refused),
        TEST(too_many_copies_are_refused),
        TEST(too_many_operations_are_refused),
        TEST(too_much_painting_is_refused),
        TEST(an_operation_cut_short_is_refused),
        TEST(a_payload_nobody_asked_for_is_refused),
        TEST(a_tile_without_cells_is_refused),
        TEST(cells_beyond_the_edge_are_refused),
        TEST(bounds_beyond_the_edge_or_empty_are_refused),
        TEST(bounds_that_miss_the_cells_are_refused),
        TEST(a_good_tile_by_hand_is_taken),
        TEST(coded_bytes_cut_short_are_refused),
        TEST(coded_bytes_left_over_are_refused),
        TEST(a_good_picture_is_taken_and_marked),
        TEST(a_picture_of_another_size_is_refused),
        TEST(a_picture_off_the_cells_is_refused),
        TEST(a_picture_cut_short_is_refused),
        TEST(a_picture_longer_than_the_payload_is_refused),
        TEST(a_progressive_picture_is_refused),
        TEST(a_new_epoch_shows_nothing_of_the_old),
        TEST(pixels_are_copied_as_rgba),
        TEST(a_swap_shows_what_was_painted_over_and_back),
        TEST(copies_overlap_like_memmove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
