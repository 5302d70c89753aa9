#include "codec/decoder.h"
#include "codec/message.h"
#include "codec/yuv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 200, H = 100, CAP_BYTES = 4096, GREY = 0x646464 };

/* A decoder with a screen of W x H filled with grey, and a message in the making. */
struct bench {
    struct codec_decoder *decoder;
    struct codec_message head;
    uint8_t ops[CAP_BYTES];
    size_t ops_len;
    uint8_t payload[CAP_BYTES];
    size_t payload_len;
    uint8_t *bytes; /* of the last message: events point into it */
    struct codec_decoded out;
};

static void put(struct bench *b, struct codec_op op)
{
    const int n = codec_op_write(b->ops + b->ops_len, sizeof b->ops - b->ops_len, &op);
    assert_true(n > 0 && n <= CODEC_OP_MAX_BYTES);
    b->ops_len += (size_t)n;
}

static int send(struct bench *b)
{
    b->head.ops_len = (uint32_t)b->ops_len;
    b->head.payload_len = (uint32_t)b->payload_len;
    const size_t len = CODEC_MESSAGE_HEADER_BYTES + b->ops_len + b->payload_len;
    free(b->bytes);
    b->bytes = malloc(len);
    assert_non_null(b->bytes);
    codec_message_write(b->bytes, &b->head);
    memcpy(b->bytes + CODEC_MESSAGE_HEADER_BYTES, b->ops, b->ops_len);
    memcpy(b->bytes + CODEC_MESSAGE_HEADER_BYTES + b->ops_len, b->payload, b->payload_len);
    const int err = codec_decoder_decode(b->decoder, b->bytes, len, &b->out);
    b->head.flags = 0;
    b->head.seq++;
    b->ops_len = b->payload_len = 0;
    return err;
}

static void start(struct bench *b)
{
    b->head = (struct codec_message){.flags = CODEC_MESSAGE_FLAG_START, .epoch = 3, .seq = 10};
    b->ops_len = b->payload_len = 0;
    put(b, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, W, H}});
    put(b, (struct codec_op){.type = CODEC_OP_FILL, .rect = {0, 0, W, H}, .colour = GREY});
    assert_int_equal(send(b), 0);
}

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->decoder = codec_decoder_create((size_t)W * H, 0);
    assert_non_null(b->decoder);
    start(b);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    codec_decoder_destroy(b->decoder);
    free(b->bytes);
    free(b);
    return 0;
}

static void open_stream(struct bench *b, uint8_t id, struct codec_rect r)
{
    put(b, (struct codec_op){.type = CODEC_OP_VIDEO_OPEN, .stream = id, .rect = r, .sps = {100, 0, 31}});
}

static void packet(struct bench *b, uint8_t id, bool key, size_t len)
{
    put(b, (struct codec_op){.type = CODEC_OP_VIDEO, .stream = id, .key = key, .len = (uint32_t)len});
    memset(b->payload + b->payload_len, id, len);
    b->payload_len += len;
}

static void close_stream(struct bench *b, uint8_t id)
{
    put(b, (struct codec_op){.type = CODEC_OP_VIDEO_CLOSE, .stream = id});
}

static void cover(struct bench *b, uint8_t id, struct codec_rect r)
{
    put(b, (struct codec_op){.type = CODEC_OP_VIDEO_COVER, .stream = id, .rect = r});
}

static const struct codec_rect REGION = {32, 16, 96, 64};

static uint32_t pixel(const struct bench *b, int32_t x, int32_t y)
{
    int32_t w, h;
    size_t stride;
    return codec_decoder_pixels(b->decoder, &w, &h, &stride)[(size_t)y * stride + (size_t)x];
}

/* A picture of one grey value, for a stream of w x h. */
static int paint(struct bench *b, uint8_t id, int32_t w, int32_t h, uint8_t grey)
{
    uint8_t *y = malloc((size_t)w * (size_t)h), *c = malloc((size_t)w * (size_t)h);
    assert_non_null(y);
    assert_non_null(c);
    memset(y, grey, (size_t)w * (size_t)h);
    memset(c, 128, (size_t)w * (size_t)h);
    const struct codec_yuv yuv = {.width_px = w,
        .height_px = h,
        .y = y,
        .u = c,
        .v = c,
        .stride_y = (size_t)w,
        .stride_uv = (size_t)w / 2,
        .step_uv = 1};
    const int err = codec_decoder_video_paint(b->decoder, id, &yuv);
    free(y);
    free(c);
    return err;
}

static void packets_are_handed_out_in_order(void **state)
{
    struct bench *b = *state;
    open_stream(b, 7, REGION);
    packet(b, 7, true, 5);
    assert_int_equal(send(b), 0);
    assert_int_equal(b->out.video_count, 2);
    assert_int_equal(b->out.video[0].type, CODEC_OP_VIDEO_OPEN);
    assert_int_equal(b->out.video[0].sps[2], 31);
    assert_memory_equal(&b->out.video[0].rect, &REGION, sizeof REGION);
    assert_int_equal(b->out.video[1].type, CODEC_OP_VIDEO);
    assert_true(b->out.video[1].key);
    assert_int_equal(b->out.video[1].len, 5);
    assert_int_equal(b->out.video[1].data[4], 7);
    packet(b, 7, false, 3);
    close_stream(b, 7);
    assert_int_equal(send(b), 0);
    assert_int_equal(b->out.video_count, 2);
    assert_int_equal(b->out.video[1].type, CODEC_OP_VIDEO_CLOSE);
}

static void a_picture_is_painted_on_the_cells_of_its_stream(void **state)
{
    struct bench *b = *state;
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    assert_int_equal(b->out.dirty_count, 0);
    assert_true(b->out.exact_permille < 1000);
    assert_int_equal(paint(b, 1, 96, 64, 200), 0);
    assert_int_equal(pixel(b, 32, 16), 0xc8c8c8);
    assert_int_equal(pixel(b, 127, 79), 0xc8c8c8);
    assert_int_equal(pixel(b, 31, 16), GREY);
    assert_int_equal(pixel(b, 128, 79), GREY);
    assert_int_equal(pixel(b, 32, 80), GREY);
}

static void what_is_exact_stands_above_the_video_until_it_is_covered(void **state)
{
    struct bench *b = *state;
    const struct codec_rect window = {48, 32, 32, 16};
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    put(b, (struct codec_op){.type = CODEC_OP_FILL, .rect = window, .colour = 0x123456});
    packet(b, 1, false, 4);
    assert_int_equal(send(b), 0);
    assert_int_equal(paint(b, 1, 96, 64, 200), 0);
    assert_int_equal(pixel(b, 48, 32), 0x123456);
    assert_int_equal(pixel(b, 79, 47), 0x123456);
    assert_int_equal(pixel(b, 47, 32), 0xc8c8c8);
    assert_int_equal(pixel(b, 80, 47), 0xc8c8c8);
    cover(b, 1, window);
    assert_int_equal(send(b), 0);
    assert_int_equal(pixel(b, 48, 32), 0x123456);
    assert_int_equal(paint(b, 1, 96, 64, 50), 0);
    assert_int_equal(pixel(b, 48, 32), 0x323232);
}

static void a_stream_may_end_at_an_odd_edge(void **state)
{
    struct bench *b = *state;
    b->head = (struct codec_message){.flags = CODEC_MESSAGE_FLAG_START, .epoch = 4, .seq = 1};
    put(b, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, 101, 51}});
    open_stream(b, 1, (struct codec_rect){64, 32, 37, 19});
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    assert_int_equal(paint(b, 1, 37, 19, 9), CODEC_ERR_RANGE);
    assert_int_equal(paint(b, 1, 38, 20, 9), 0);
    assert_int_equal(pixel(b, 100, 50), 0x090909);
}

static void a_picture_of_another_size_is_not_painted(void **state)
{
    struct bench *b = *state;
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    assert_int_equal(paint(b, 1, 94, 64, 1), CODEC_ERR_RANGE);
    assert_int_equal(paint(b, 1, 96, 62, 1), CODEC_ERR_RANGE);
    assert_int_equal(paint(b, 2, 96, 64, 1), CODEC_ERR_RANGE);
    close_stream(b, 1);
    assert_int_equal(send(b), 0);
    assert_int_equal(paint(b, 1, 96, 64, 1), CODEC_ERR_RANGE);
    assert_int_equal(pixel(b, 40, 40), GREY);
}

static void a_new_epoch_has_no_streams(void **state)
{
    struct bench *b = *state;
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    start(b);
    assert_int_equal(b->out.video_count, 0);
    assert_int_equal(paint(b, 1, 96, 64, 1), CODEC_ERR_RANGE);
    packet(b, 1, false, 4);
    assert_int_equal(send(b), CODEC_ERR_ORDER);
}

static void streams_beyond_the_limit_or_over_each_other_are_refused(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < CODEC_MAX_VIDEOS; i++)
        open_stream(b, (uint8_t)i, (struct codec_rect){i * 32, 0, 32, 32});
    assert_int_equal(send(b), 0);
    open_stream(b, 9, (struct codec_rect){0, 48, 32, 32});
    assert_int_equal(send(b), CODEC_ERR_LIMIT);
    start(b);
    open_stream(b, 1, REGION);
    open_stream(b, 2, (struct codec_rect){112, 64, 32, 32});
    assert_int_equal(send(b), CODEC_ERR_RANGE);
    start(b);
    open_stream(b, 1, REGION);
    open_stream(b, 1, (struct codec_rect){160, 0, 32, 32});
    assert_int_equal(send(b), CODEC_ERR_ORDER);
}

static void rectangles_of_streams_are_checked(void **state)
{
    static const struct codec_rect bad[] = {
        {33, 16, 64, 64},                 /* off the cells */
        {32, 16, 60, 64},                 /* ends inside a cell */
        {32, 16, 176, 64},                /* beyond the screen */
        {32, 16, 0, 64}, {192, 0, 8, 32}, /* narrower than a stream may be */
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        open_stream(b, 1, bad[i]);
        assert_int_equal(send(b), CODEC_ERR_RANGE);
        start(b);
    }
    open_stream(b, 1, REGION);
    cover(b, 1, (struct codec_rect){16, 16, 32, 32}); /* reaches outside its stream */
    assert_int_equal(send(b), CODEC_ERR_RANGE);
}

static void packets_nobody_can_decode_are_refused(void **state)
{
    struct bench *b = *state;
    packet(b, 1, true, 4); /* not open */
    assert_int_equal(send(b), CODEC_ERR_ORDER);
    start(b);
    open_stream(b, 1, REGION);
    packet(b, 1, false, 4); /* a delta first */
    assert_int_equal(send(b), CODEC_ERR_ORDER);
    start(b);
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    packet(b, 1, false, 4); /* two at once */
    assert_int_equal(send(b), CODEC_ERR_LIMIT);
    start(b);
    open_stream(b, 1, REGION);
    packet(b, 1, true, 0);
    assert_int_equal(send(b), CODEC_ERR_LENGTH);
    start(b);
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    b->payload_len--; /* the packet reaches beyond the message */
    assert_int_equal(send(b), CODEC_ERR_LENGTH);
    start(b);
    put(b, (struct codec_op){.type = CODEC_OP_VIDEO_OPEN, .rect = REGION, .sps = {110, 0, 31}});
    assert_int_equal(send(b), CODEC_ERR_UNKNOWN); /* a profile that no viewer announced */
}

static void nothing_is_painted_after_an_error(void **state)
{
    struct bench *b = *state;
    open_stream(b, 1, REGION);
    packet(b, 1, true, 4);
    assert_int_equal(send(b), 0);
    close_stream(b, 2);
    assert_int_equal(send(b), CODEC_ERR_ORDER);
    assert_int_equal(paint(b, 1, 96, 64, 200), CODEC_ERR_RANGE);
}

/* ---- colours */

enum { YUV_W = 37, YUV_H = 21 };

static void round_trip(bool full, const uint32_t *px, uint32_t *back)
{
    uint8_t y[(YUV_W + 1) * (YUV_H + 1)], u[sizeof y], v[sizeof y], uv[2 * sizeof y];
    const size_t stride_uv = full ? YUV_W + 1 : (YUV_W + 1) / 2;
    codec_yuv_from_rgb(
        px, YUV_W, (struct codec_rect){0, 0, YUV_W, YUV_H}, full, y, YUV_W + 1, u, v, stride_uv);
    struct codec_yuv yuv = {.width_px = YUV_W + 1,
        .height_px = YUV_H + 1,
        .y = y,
        .u = u,
        .v = v,
        .stride_y = YUV_W + 1,
        .stride_uv = stride_uv,
        .step_uv = 1,
        .chroma_full = full};
    for (int32_t row = 0; row < YUV_H; row++)
        codec_yuv_to_rgb_row(&yuv, 0, YUV_W, row, back + row * YUV_W);
    /* Samples that alternate, and a row in odd parts, say the same. */
    for (size_t i = 0; i < sizeof u; i++) {
        uv[2 * i] = u[i];
        uv[2 * i + 1] = v[i];
    }
    yuv.u = uv;
    yuv.v = uv + 1;
    yuv.step_uv = 2;
    yuv.stride_uv = 2 * stride_uv;
    for (int32_t row = 0; row < YUV_H; row++) {
        uint32_t other[YUV_W];
        codec_yuv_to_rgb_row(&yuv, 0, 7, row, other);
        codec_yuv_to_rgb_row(&yuv, 7, YUV_W, row, other + 7);
        assert_memory_equal(other, back + row * YUV_W, sizeof other);
    }
}

static int channel_error(uint32_t a, uint32_t b)
{
    int worst = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int d = abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
        worst = d > worst ? d : worst;
    }
    return worst;
}

static void colours_survive_full_chroma_within_two_steps(void **state)
{
    (void)state;
    uint32_t px[YUV_W * YUV_H], back[YUV_W * YUV_H];
    for (uint32_t i = 0; i < YUV_W * YUV_H; i++)
        px[i] = i * 0x9E3779B1u & 0xffffffu;
    px[0] = 0xffffff;
    px[1] = 0;
    px[2] = 0xff0000;
    px[3] = 0x00ff00;
    px[4] = 0x0000ff;
    round_trip(true, px, back);
    for (uint32_t i = 0; i < YUV_W * YUV_H; i++)
        assert_true(channel_error(px[i], back[i]) <= 2);
    assert_int_equal(back[0], 0xffffff);
    assert_int_equal(back[1], 0);
}

static void colours_of_flat_areas_survive_half_chroma(void **state)
{
    (void)state;
    uint32_t px[YUV_W * YUV_H], back[YUV_W * YUV_H];
    for (uint32_t y = 0; y < YUV_H; y++)
        for (uint32_t x = 0; x < YUV_W; x++)
            px[y * YUV_W + x] = (x / 2 * 7u + y / 2 * 131u) * 0x9E3779B1u & 0xffffffu;
    round_trip(false, px, back);
    for (uint32_t i = 0; i < YUV_W * YUV_H; i++)
        assert_true(channel_error(px[i], back[i]) <= 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packets_are_handed_out_in_order),
        TEST(a_picture_is_painted_on_the_cells_of_its_stream),
        TEST(what_is_exact_stands_above_the_video_until_it_is_covered),
        TEST(a_stream_may_end_at_an_odd_edge),
        TEST(a_picture_of_another_size_is_not_painted),
        TEST(a_new_epoch_has_no_streams),
        TEST(streams_beyond_the_limit_or_over_each_other_are_refused),
        TEST(rectangles_of_streams_are_checked),
        TEST(packets_nobody_can_decode_are_refused),
        TEST(nothing_is_painted_after_an_error),
        cmocka_unit_test(colours_survive_full_chroma_within_two_steps),
        cmocka_unit_test(colours_of_flat_areas_survive_half_chroma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
