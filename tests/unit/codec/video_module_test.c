/* The real coder and the real decoder, as they are loaded by the programs. */
#include "scene.h"

#include "codec/video_module/module.h"
#include "codec/yuv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 320, H = 208, CAP_BYTES = 1 << 20, NO_LIMIT = 1 << 20 };

struct pair {
    const struct codec_video_coder *coder_ops;
    const struct codec_video_reader *reader_ops;
    void *coder, *reader;
    struct codec_video_pace pace;
    enum codec_video_kind kind;
    uint8_t sps[3];
    struct scene scene;
    uint8_t plane[3][W * H];
    uint8_t packet[CAP_BYTES];
};

static void open_pair(struct pair *p, enum codec_video_kind kind)
{
    const struct codec_video_format format = {W, H, kind};
    p->kind = kind;
    p->coder = p->coder_ops->open(&p->pace, &format, p->sps);
    p->reader = p->reader_ops->open(&format);
    assert_non_null(p->coder);
    assert_non_null(p->reader);
    assert_int_equal(codec_video_kind_of(p->sps), kind);
}

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->coder_ops = codec_video_coder_load();
    p->reader_ops = codec_video_reader_load();
    scene_init(&p->scene, W, H, 7);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;
    if (p->coder)
        p->coder_ops->close(p->coder);
    if (p->reader)
        p->reader_ops->close(p->reader);
    scene_finish(&p->scene);
    free(p);
    return 0;
}

/* Something smooth that moves by parts of a pixel. */
static void draw(struct pair *p, int frame)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const double u = (x + frame * 1.7) / 23, v = (y - frame * 0.6) / 31;
            const uint32_t r = (uint32_t)(128 + 100 * sin(u + v)),
                           g = (uint32_t)(128 + 90 * sin(u * 1.3 - v)), b = (uint32_t)(128 + 80 * cos(v * 2));
            p->scene.px[y * W + x] = r << 16 | g << 8 | b;
        }
}

static int encode(struct pair *p, bool key, uint32_t max_bytes, struct codec_video_packet *out)
{
    const bool full = p->kind == CODEC_VIDEO_H264_444;
    const size_t stride_uv = full ? W : W / 2;
    codec_yuv_from_rgb(p->scene.px, W, (struct codec_rect){0, 0, W, H}, full, p->plane[0], W, p->plane[1],
        p->plane[2], stride_uv);
    const struct codec_video_frame frame = {.picture = {.width_px = W,
                                                .height_px = H,
                                                .y = p->plane[0],
                                                .u = p->plane[1],
                                                .v = p->plane[2],
                                                .stride_y = W,
                                                .stride_uv = stride_uv,
                                                .step_uv = 1,
                                                .chroma_full = full},
        .key = key,
        .max_bytes = max_bytes};
    return p->coder_ops->encode(p->coder, &frame, p->packet, sizeof p->packet, out);
}

static double psnr(const struct pair *p, const struct codec_yuv *yuv)
{
    double sum = 0;
    for (int y = 0; y < H; y++) {
        uint32_t row[W];
        codec_yuv_to_rgb_row(yuv, 0, W, y, row);
        for (int x = 0; x < W; x++)
            for (int shift = 0; shift < 24; shift += 8) {
                const double d =
                    (double)(row[x] >> shift & 255) - (double)(p->scene.px[y * W + x] >> shift & 255);
                sum += d * d;
            }
    }
    return 10 * log10(255.0 * 255.0 * 3 * W * H / (sum + 1));
}

static void play(struct pair *p, enum codec_video_kind kind)
{
    open_pair(p, kind);
    for (int i = 0; i < 12; i++) {
        struct codec_video_packet packet;
        struct codec_yuv yuv;
        draw(p, i);
        const int n = encode(p, i == 0, NO_LIMIT, &packet);
        assert_true(n > 0);
        assert_int_equal(packet.key, i == 0);
        /* One in, one out: the picture of this packet, now. */
        assert_int_equal(p->reader_ops->decode(p->reader, p->packet, (size_t)n, &yuv), 1);
        assert_true(psnr(p, &yuv) > 36);
        if (i == 0) /* start code, SPS, and what open() promised of it */
            assert_memory_equal(p->packet + 5, p->sps, 3);
    }
}

static void each_packet_gives_its_picture_at_once(void **state)
{
    play(*state, CODEC_VIDEO_H264);
}

static void full_chroma_gives_its_picture_at_once(void **state)
{
    play(*state, CODEC_VIDEO_H264_444);
}

static void a_key_can_be_had_at_any_time(void **state)
{
    struct pair *p = *state;
    open_pair(p, CODEC_VIDEO_H264);
    struct codec_video_packet packet;
    for (int i = 0; i < 5; i++) {
        draw(p, i);
        assert_true(encode(p, i == 0, NO_LIMIT, &packet) > 0);
    }
    draw(p, 5);
    const int n = encode(p, true, NO_LIMIT, &packet);
    assert_true(packet.key);
    struct codec_yuv yuv;
    assert_int_equal(p->reader_ops->decode(p->reader, p->packet, (size_t)n, &yuv), 1);
    assert_true(psnr(p, &yuv) > 36);
}

static void a_small_budget_makes_small_packets(void **state)
{
    struct pair *p = *state;
    open_pair(p, CODEC_VIDEO_H264);
    struct codec_video_packet packet;
    for (int i = 0; i < 12; i++) {
        scene_noise(&p->scene, (struct codec_rect){0, 0, W, H});
        const int n = encode(p, i == 0, i < 4 ? NO_LIMIT : 6000, &packet);
        assert_true(n > 0);
        if (i < 4)
            assert_true(n > 12000);
        if (i > 6)
            assert_true(n < 9000);
    }
}

static void a_delta_without_its_key_is_refused(void **state)
{
    struct pair *p = *state;
    open_pair(p, CODEC_VIDEO_H264);
    struct codec_video_packet packet;
    draw(p, 0);
    assert_true(encode(p, true, NO_LIMIT, &packet) > 0);
    draw(p, 1);
    const int n = encode(p, false, NO_LIMIT, &packet);
    struct codec_yuv yuv;
    assert_true(p->reader_ops->decode(p->reader, p->packet, (size_t)n, &yuv) <= 0);
}

static void packets_of_another_size_are_refused(void **state)
{
    struct pair *p = *state;
    open_pair(p, CODEC_VIDEO_H264);
    const struct codec_video_format small = {64, 64, CODEC_VIDEO_H264}, large = {W + 16, H, CODEC_VIDEO_H264};
    struct codec_video_packet packet;
    struct codec_yuv yuv;
    draw(p, 0);
    const int n = encode(p, true, NO_LIMIT, &packet);
    void *other = p->reader_ops->open(&small);
    assert_non_null(other);
    assert_true(p->reader_ops->decode(other, p->packet, (size_t)n, &yuv) < 0);
    p->reader_ops->close(other);
    other = p->reader_ops->open(&large);
    assert_non_null(other);
    assert_true(p->reader_ops->decode(other, p->packet, (size_t)n, &yuv) < 0);
    p->reader_ops->close(other);
}

static void rubbish_is_refused(void **state)
{
    struct pair *p = *state;
    open_pair(p, CODEC_VIDEO_H264);
    struct codec_video_packet packet;
    struct codec_yuv yuv;
    draw(p, 0);
    const int n = encode(p, true, NO_LIMIT, &packet);
    assert_true(p->reader_ops->decode(p->reader, p->packet, 0, &yuv) < 0);
    for (uint32_t i = 0; i < 300; i++) {
        uint8_t *bytes = malloc((size_t)n);
        assert_non_null(bytes);
        memcpy(bytes, p->packet, (size_t)n);
        for (int k = 0; k < 8; k++)
            bytes[scene_random(&p->scene) % (uint32_t)n] = (uint8_t)scene_random(&p->scene);
        if (p->reader_ops->decode(p->reader, bytes, i % 3 ? (size_t)n : (size_t)n / 2, &yuv) == 1) {
            assert_int_equal(yuv.width_px, W);
            assert_int_equal(yuv.height_px, H);
            (void)psnr(p, &yuv); /* all of it can be read */
        }
        free(bytes);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    if (!codec_video_coder_load() || !codec_video_reader_load()) {
        print_message("Built without x264 or libavcodec.\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        TEST(each_packet_gives_its_picture_at_once),
        TEST(full_chroma_gives_its_picture_at_once),
        TEST(a_key_can_be_had_at_any_time),
        TEST(a_small_budget_makes_small_packets),
        TEST(a_delta_without_its_key_is_refused),
        TEST(packets_of_another_size_are_refused),
        TEST(rubbish_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
