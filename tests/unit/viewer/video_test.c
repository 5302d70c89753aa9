/* What hearth-view does with video streams: real packets of x264 through the screen to libavcodec, and what
 * it asks of the host when they are not what they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/message.h"
#include "codec/video_module/module.h"
#include "viewer/core/screen.h"

enum { SIDE_PX = 128, W = 64, H = 48, CAP_BYTES = 1 << 16, STREAM = 3 };

struct room {
    struct viewer_screen *screen;
    struct viewer_screen_update update; /* of the last message */
    uint64_t now_us;
    uint32_t seq;
    const struct codec_video_coder *ops;
    void *coder;
    struct codec_video_pace pace;
    uint8_t sps[3];
};

static const struct codec_rect player = {32, 32, W, H};

/* One message of these operations; payload is that of its only packet. */
static int send(struct room *r, bool start, const struct codec_op *op, size_t count, const uint8_t *payload,
    size_t payload_len)
{
    uint8_t *bytes = calloc(1, CAP_BYTES + 1024);
    assert_non_null(bytes);
    bytes[0] = VIEWER_SCREEN_ENVELOPE_VERSION;
    uint8_t *head = bytes + VIEWER_SCREEN_ENVELOPE_BYTES, *at = head + CODEC_MESSAGE_HEADER_BYTES;
    for (size_t i = 0; i < count; i++)
        at += codec_op_write(at, CODEC_OP_MAX_BYTES, &op[i]);
    const size_t ops_len = (size_t)(at - head) - CODEC_MESSAGE_HEADER_BYTES;
    if (payload_len > 0)
        memcpy(at, payload, payload_len);
    codec_message_write(head, &(struct codec_message){.flags = start ? CODEC_MESSAGE_FLAG_START : 0,
                                  .epoch = 1,
                                  .seq = ++r->seq,
                                  .ops_len = (uint32_t)ops_len,
                                  .payload_len = (uint32_t)payload_len});
    const int result = viewer_screen_receive(
        r->screen, bytes, (size_t)(at - bytes) + payload_len, r->now_us += 100000, &r->update);
    free(bytes);
    return result;
}

static void start(struct room *r)
{
    const struct codec_op op = {.type = CODEC_OP_SIZE, .rect = {0, 0, SIDE_PX, SIDE_PX}};
    assert_int_equal(send(r, true, &op, 1, NULL, 0), VIEWER_SCREEN_OK);
}

static void open_stream(struct room *r, struct codec_rect rect)
{
    struct codec_op op = {.type = CODEC_OP_VIDEO_OPEN, .stream = STREAM, .rect = rect};
    memcpy(op.sps, r->sps, sizeof op.sps);
    assert_int_equal(send(r, false, &op, 1, NULL, 0), VIEWER_SCREEN_OK);
}

static void send_packet(struct room *r, bool key, const uint8_t *bytes, size_t len)
{
    const struct codec_op op = {.type = CODEC_OP_VIDEO, .stream = STREAM, .key = key, .len = (uint32_t)len};
    assert_int_equal(send(r, false, &op, 1, bytes, len), VIEWER_SCREEN_OK);
}

/* A bright picture as the coder's next packet. */
static size_t encode(struct room *r, bool key, uint8_t *out)
{
    static uint8_t luma[W * H], chroma[W * H];
    memset(luma, 200, sizeof luma);
    memset(chroma, 128, sizeof chroma);
    const struct codec_video_frame frame = {.picture = {.width_px = W,
                                                .height_px = H,
                                                .y = luma,
                                                .u = chroma,
                                                .v = chroma,
                                                .stride_y = W,
                                                .stride_uv = W / 2,
                                                .step_uv = 1},
        .key = key,
        .max_bytes = CAP_BYTES};
    struct codec_video_packet packet;
    const int n = r->ops->encode(r->coder, &frame, out, CAP_BYTES, &packet);
    assert_true(n > 0);
    return (size_t)n;
}

static uint32_t pixel(const struct room *r, int32_t x, int32_t y)
{
    int32_t w = 0, h = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(viewer_screen_decoder(r->screen), &w, &h, &stride);
    return px[(size_t)y * stride + (size_t)x];
}

static bool shown(const struct room *r)
{
    return (pixel(r, player.x, player.y) & 255u) > 150;
}

static int set_up(void **state)
{
    const struct codec_video_format format = {W, H, CODEC_VIDEO_H264};
    struct room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->screen = viewer_screen_create(SIDE_PX * SIDE_PX);
    r->ops = codec_video_coder_load();
    r->coder = r->ops->open(&r->pace, &format, r->sps);
    assert_non_null(r->screen);
    assert_non_null(r->coder);
    assert_int_equal(viewer_screen_video(r->screen), 1u << CODEC_VIDEO_H264 | 1u << CODEC_VIDEO_H264_444);
    start(r);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct room *r = *state;
    r->ops->close(r->coder);
    viewer_screen_destroy(r->screen);
    free(r);
    return 0;
}

static void a_packet_is_painted_where_its_stream_is_and_reported(void **state)
{
    static uint8_t bytes[CAP_BYTES];
    struct room *r = *state;
    open_stream(r, player);
    send_packet(r, true, bytes, encode(r, true, bytes));
    assert_int_equal(r->update.wish_count, 0);
    assert_int_equal(r->update.decoded.dirty_count, 1);
    assert_memory_equal(&r->update.decoded.dirty[0], &player, sizeof player);
    assert_true(shown(r));
    assert_int_equal(pixel(r, player.x - 1, player.y), 0);
    assert_int_equal(pixel(r, player.x + W, player.y + H - 1), 0);
}

static void a_refused_packet_asks_for_a_key_and_deltas_wait_for_it(void **state)
{
    static uint8_t bytes[CAP_BYTES];
    static const uint8_t rubbish[] = {0, 0, 0, 1, 0x65, 1, 2, 3};
    struct room *r = *state;
    open_stream(r, player);
    send_packet(r, true, rubbish, sizeof rubbish);
    assert_int_equal(r->update.wish_count, 1);
    assert_int_equal(r->update.wish[0].stream, STREAM);
    assert_true(r->update.wish[0].key);
    assert_false(r->update.wish[0].none);
    /* Not a second time for what cannot be shown anyhow. */
    send_packet(r, false, rubbish, sizeof rubbish);
    assert_int_equal(r->update.wish_count, 0);
    send_packet(r, true, bytes, encode(r, true, bytes));
    assert_int_equal(r->update.wish_count, 0);
    assert_true(shown(r));
}

static void a_stream_that_is_refused_three_times_is_no_longer_wanted(void **state)
{
    static const uint8_t rubbish[] = {0, 0, 0, 1, 0x65, 1, 2, 3};
    struct room *r = *state;
    open_stream(r, player);
    for (int i = 0; i < 3; i++) {
        send_packet(r, true, rubbish, sizeof rubbish);
        assert_int_equal(r->update.wish_count, 1);
        assert_int_equal(r->update.wish[0].none, i == 2);
    }
}

static void pictures_of_another_size_are_not_painted(void **state)
{
    static uint8_t bytes[CAP_BYTES];
    struct room *r = *state;
    open_stream(r, (struct codec_rect){32, 32, W + 16, H});
    send_packet(r, true, bytes, encode(r, true, bytes));
    assert_int_equal(r->update.wish_count, 1);
    assert_false(shown(r));
}

static void a_new_epoch_ends_the_streams_of_the_old(void **state)
{
    static uint8_t bytes[CAP_BYTES];
    struct room *r = *state;
    open_stream(r, player);
    send_packet(r, true, bytes, encode(r, true, bytes));
    start(r);
    assert_int_equal(pixel(r, player.x, player.y), 0);
    open_stream(r, player);
    /* The old decoder would know what this delta means. */
    const size_t n = encode(r, false, bytes);
    const struct codec_op op = {.type = CODEC_OP_VIDEO, .stream = STREAM, .len = (uint32_t)n};
    assert_int_equal(send(r, false, &op, 1, bytes, n), VIEWER_SCREEN_ERR_CODEC);
}

static void streams_open_and_close_for_ever(void **state)
{
    static uint8_t bytes[CAP_BYTES];
    struct room *r = *state;
    const struct codec_op close = {.type = CODEC_OP_VIDEO_CLOSE, .stream = STREAM};
    for (int i = 0; i < 50; i++) {
        open_stream(r, player);
        send_packet(r, true, bytes, encode(r, true, bytes));
        assert_int_equal(r->update.wish_count, 0);
        assert_int_equal(send(r, false, &close, 1, NULL, 0), VIEWER_SCREEN_OK);
    }
    assert_true(shown(r));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    if (!codec_video_coder_load() || !codec_video_reader_load()) {
        print_message("Built without x264 or libavcodec.\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        TEST(a_packet_is_painted_where_its_stream_is_and_reported),
        TEST(a_refused_packet_asks_for_a_key_and_deltas_wait_for_it),
        TEST(a_stream_that_is_refused_three_times_is_no_longer_wanted),
        TEST(pictures_of_another_size_are_not_painted),
        TEST(a_new_epoch_ends_the_streams_of_the_old),
        TEST(streams_open_and_close_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
