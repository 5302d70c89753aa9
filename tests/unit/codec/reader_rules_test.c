/* Rule 6 of a decoder against a hostile host, for its video: libavcodec gets one thread, takes no picture of
 * another size or kind than was announced, and its errors are numbers. */
#include "codec/video_module/module.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { W = 64, H = 48, CAP_BYTES = 1 << 20, MOST_BYTES = 8 << 20 };

static const struct codec_video_format small = {W, H, CODEC_VIDEO_H264},
                                       small_444 = {W, H, CODEC_VIDEO_H264_444};

static const struct codec_video_coder *coder_ops;
static const struct codec_video_reader *reader_ops;

/* A picture of its own coder as a key packet: real bytes of any format. */
static size_t key_of(const struct codec_video_format *format, uint8_t *out)
{
    const bool full = format->kind == CODEC_VIDEO_H264_444;
    const size_t w = (size_t)format->width_px, h = (size_t)format->height_px;
    struct codec_video_pace pace = {0};
    uint8_t sps[3];
    void *coder = coder_ops->open(&pace, format, sps);
    uint8_t *plane = malloc(w * h);
    assert_non_null(coder);
    assert_non_null(plane);
    for (size_t i = 0; i < w * h; i++)
        plane[i] = (uint8_t)(i % w / 4 + i / w);
    const struct codec_video_frame frame = {.picture = {.width_px = format->width_px,
                                                .height_px = format->height_px,
                                                .y = plane,
                                                .u = plane,
                                                .v = plane,
                                                .stride_y = w,
                                                .stride_uv = full ? w : w / 2,
                                                .step_uv = 1,
                                                .chroma_full = full},
        .key = true,
        .max_bytes = CAP_BYTES};
    struct codec_video_packet packet;
    const int n = coder_ops->encode(coder, &frame, out, CAP_BYTES, &packet);
    coder_ops->close(coder);
    free(plane);
    assert_true(n > 0);
    return (size_t)n;
}

static int read_packet(void *reader, const uint8_t *data, size_t len)
{
    struct codec_yuv yuv = {.width_px = 4711};
    const int result = reader_ops->decode(reader, data, len, &yuv);
    assert_true(result == 1 || yuv.width_px == 4711);
    return result;
}

static size_t threads_now(void)
{
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    size_t count = 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void rule_6_it_works_in_the_thread_of_its_caller_alone(void **state)
{
    (void)state;
    static uint8_t packet[CAP_BYTES];
    const struct codec_video_format large = {1920, 1080, CODEC_VIDEO_H264};
    const size_t len = key_of(&large, packet);
    const size_t before = threads_now();
    void *reader = reader_ops->open(&large);
    assert_non_null(reader);
    assert_int_equal(read_packet(reader, packet, len), 1);
    assert_int_equal(threads_now(), before);
    reader_ops->close(reader);
}

static void rule_6_no_other_size_than_announced_is_taken(void **state)
{
    (void)state;
    static uint8_t packet[CAP_BYTES];
    static const int32_t sizes[][2] = {
        {W + 2, H}, {W, H + 2}, {W - 2, H}, {W, H - 16}, {H, W}, {16, 16}, {W * 64, 16}, {4096, 2304}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct codec_video_format other = {sizes[i][0], sizes[i][1], CODEC_VIDEO_H264};
        const size_t len = key_of(&other, packet);
        void *reader = reader_ops->open(&small);
        assert_non_null(reader);
        assert_true(read_packet(reader, packet, len) < 0);
        reader_ops->close(reader);
    }
}

static void rule_6_a_stream_cannot_grow_in_the_middle(void **state)
{
    (void)state;
    static uint8_t packet[CAP_BYTES];
    const struct codec_video_format large = {1024, 768, CODEC_VIDEO_H264};
    void *reader = reader_ops->open(&small);
    assert_non_null(reader);
    size_t len = key_of(&small, packet);
    assert_int_equal(read_packet(reader, packet, len), 1);
    len = key_of(&large, packet);
    assert_true(read_packet(reader, packet, len) < 0);
    len = key_of(&small, packet);
    assert_int_equal(read_packet(reader, packet, len), 1);
    reader_ops->close(reader);
}

static void rule_6_no_other_chroma_than_announced_is_taken(void **state)
{
    (void)state;
    static uint8_t packet[CAP_BYTES];
    void *reader = reader_ops->open(&small);
    assert_non_null(reader);
    size_t len = key_of(&small_444, packet);
    assert_true(read_packet(reader, packet, len) < 0);
    reader_ops->close(reader);
    reader = reader_ops->open(&small_444);
    assert_non_null(reader);
    len = key_of(&small, packet);
    assert_true(read_packet(reader, packet, len) < 0);
    reader_ops->close(reader);
}

static void rule_6_a_packet_is_bounded(void **state)
{
    (void)state;
    uint8_t *bytes = calloc(1, MOST_BYTES + 1);
    void *reader = reader_ops->open(&small);
    assert_non_null(bytes);
    assert_non_null(reader);
    assert_int_equal(read_packet(reader, bytes, MOST_BYTES + 1), CODEC_ERR_LENGTH);
    assert_int_equal(read_packet(reader, bytes, 0), CODEC_ERR_LENGTH);
    assert_true(read_packet(reader, bytes, MOST_BYTES) <= 0);
    reader_ops->close(reader);
    free(bytes);
}

/* Nothing on the user's terminal either: it would be the host's to fill. */
static void rule_6_errors_are_numbers_and_a_key_helps(void **state)
{
    (void)state;
    static uint8_t packet[CAP_BYTES], broken[CAP_BYTES];
    const size_t len = key_of(&small, packet);
    FILE *said = tmpfile();
    const int terminal = dup(STDERR_FILENO);
    assert_non_null(said);
    assert_int_equal(dup2(fileno(said), STDERR_FILENO), STDERR_FILENO);
    void *reader = reader_ops->open(&small);
    unsigned refused = 0;
    uint32_t seed = 5;
    for (int i = 0; i < 500; i++) {
        memcpy(broken, packet, len);
        for (int k = 0; k < 6; k++) {
            seed = seed * 1664525u + 1013904223u;
            broken[(seed >> 8) % len] = (uint8_t)seed;
        }
        refused += read_packet(reader, broken, len) < 0;
    }
    const int after = read_packet(reader, packet, len);
    reader_ops->close(reader);
    const off_t bytes = lseek(STDERR_FILENO, 0, SEEK_END);
    assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    close(terminal);
    fclose(said);
    assert_true(refused > 50);
    assert_int_equal(after, 1);
    assert_int_equal(bytes, 0);
}

int main(void)
{
    coder_ops = codec_video_coder_load();
    reader_ops = codec_video_reader_load();
    if (!coder_ops || !reader_ops) {
        print_message("Built without x264 or libavcodec.\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_6_it_works_in_the_thread_of_its_caller_alone),
        cmocka_unit_test(rule_6_no_other_size_than_announced_is_taken),
        cmocka_unit_test(rule_6_a_stream_cannot_grow_in_the_middle),
        cmocka_unit_test(rule_6_no_other_chroma_than_announced_is_taken),
        cmocka_unit_test(rule_6_a_packet_is_bounded),
        cmocka_unit_test(rule_6_errors_are_numbers_and_a_key_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
