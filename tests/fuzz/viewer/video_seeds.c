/* video_seeds DIR: writes the seeds of fuzz_viewer_video from real packets of the x264 module. */
#include "codec/bytes.h"
#include "codec/video_module/module.h"
#include "codec/yuv.h"
#include "tests/fuzz/viewer/video_script.h"
#include "tests/unit/codec/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_W = 128, MAX_H = 96, FRAMES = 5, PACKET_BYTES = 60000 };

struct writer {
    FILE *file;
    const struct codec_video_coder *ops;
    struct codec_video_pace pace;
    void *coder;
    struct scene scene;
    struct codec_video_format format;
    uint8_t sps[3];
    uint8_t plane[3][MAX_W * MAX_H], packet[PACKET_BYTES];
};

static void put(struct writer *w, const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, w->file) != len)
        abort();
}
#define PUT(w, ...) put((w), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void encode_with(struct writer *w, int32_t width_px, int32_t height_px, enum codec_video_kind kind)
{
    if (w->coder)
        w->ops->close(w->coder);
    w->format = (struct codec_video_format){width_px, height_px, kind};
    w->coder = w->ops->open(&w->pace, &w->format, w->sps);
    if (!w->coder)
        abort();
}

/* Picture n of the coder as a packet of the stream. */
static void put_packet(struct writer *w, uint8_t stream, int n, bool key)
{
    const struct codec_rect all = {0, 0, w->format.width_px, w->format.height_px};
    const bool full = w->format.kind == CODEC_VIDEO_H264_444;
    const size_t stride_uv = full ? MAX_W : MAX_W / 2;
    scene_photo(&w->scene, (struct codec_rect){0, 0, MAX_W, MAX_H}, n * 3);
    codec_yuv_from_rgb(
        w->scene.px, MAX_W, all, full, w->plane[0], MAX_W, w->plane[1], w->plane[2], stride_uv);
    const struct codec_video_frame frame = {.picture = {.width_px = all.w,
                                                .height_px = all.h,
                                                .y = w->plane[0],
                                                .u = w->plane[1],
                                                .v = w->plane[2],
                                                .stride_y = MAX_W,
                                                .stride_uv = stride_uv,
                                                .step_uv = 1,
                                                .chroma_full = full},
        .key = key,
        .max_bytes = 1500};
    struct codec_video_packet told;
    const int len = w->ops->encode(w->coder, &frame, w->packet, sizeof w->packet, &told);
    if (len <= 0)
        abort();
    PUT(w, key ? VIDEO_KEY : VIDEO_DELTA, stream, (uint8_t)len, (uint8_t)(len >> 8));
    put(w, w->packet, (size_t)len);
    PUT(w, VIDEO_SEND);
}

static void play(struct writer *w, uint8_t stream)
{
    for (int n = 0; n < FRAMES; n++)
        put_packet(w, stream, n, n == 0);
}

/* Steps of VIDEO_STEP_PX, as the rectangles of the script are. */
static void put_open(struct writer *w, uint8_t stream, uint8_t x, uint8_t y)
{
    PUT(w, VIDEO_OPEN, stream, w->sps[0], x, y, (uint8_t)(w->format.width_px / VIDEO_STEP_PX - 1),
        (uint8_t)(w->format.height_px / VIDEO_STEP_PX - 1));
}

static void half_chroma(struct writer *w)
{
    encode_with(w, 64, 48, CODEC_VIDEO_H264);
    put_open(w, 1, 2, 2);
    play(w, 1);
    PUT(w, VIDEO_CLOSE, 1, VIDEO_SEND);
}

static void full_chroma(struct writer *w)
{
    encode_with(w, 64, 64, CODEC_VIDEO_H264_444);
    put_open(w, 1, 4, 4);
    play(w, 1);
}

static void two_streams_and_a_menu(struct writer *w)
{
    encode_with(w, 64, 48, CODEC_VIDEO_H264);
    put_open(w, 1, 0, 0);
    play(w, 1);
    PUT(w, VIDEO_FILL, 2, 2, 3, 3);
    encode_with(w, 48, 48, CODEC_VIDEO_H264);
    put_open(w, 2, 8, 8);
    play(w, 2);
    PUT(w, VIDEO_COVER, 1, 2, 2, 3, 3, VIDEO_CLOSE, 1, VIDEO_SEND);
    put_packet(w, 2, 7, false);
}

static void other_sizes_than_announced(struct writer *w)
{
    encode_with(w, 64, 48, CODEC_VIDEO_H264);
    PUT(w, VIDEO_OPEN, 3, w->sps[0], 0, 0, 11, 9);
    play(w, 3);
    PUT(w, VIDEO_CLOSE, 3, VIDEO_SEND);
    PUT(w, VIDEO_OPEN, 3, w->sps[0], 0, 0, 3, 3);
    play(w, 3);
    put_open(w, 4, 8, 8);
    play(w, 4);
}

static void an_odd_edge(struct writer *w)
{
    PUT(w, VIDEO_START, 76, 60); /* 77x61 */
    encode_with(w, 46, 30, CODEC_VIDEO_H264);
    PUT(w, VIDEO_OPEN, 1, w->sps[0], 4, 4, 31, 31);
    play(w, 1);
}

static void epochs_between_packets(struct writer *w)
{
    encode_with(w, 64, 48, CODEC_VIDEO_H264);
    put_open(w, 1, 2, 2);
    put_packet(w, 1, 0, true);
    PUT(w, VIDEO_START, 109, 99);
    put_packet(w, 1, 1, false);
    put_open(w, 1, 2, 2);
    put_packet(w, 1, 2, false);
    put_packet(w, 1, 3, true);
    put_packet(w, 1, 4, false);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(struct writer *w);
    } seeds[] = {
        {"half-chroma", half_chroma},
        {"full-chroma", full_chroma},
        {"two-streams", two_streams_and_a_menu},
        {"other-sizes", other_sizes_than_announced},
        {"odd-edge", an_odd_edge},
        {"epochs", epochs_between_packets},
    };
    static struct writer w; /* large: not on the stack */
    if (argc != 2 || !(w.ops = codec_video_coder_load())) {
        fputs("usage: video_seeds DIR, beside the x264 module\n", stderr);
        return 2;
    }
    scene_init(&w.scene, MAX_W, MAX_H, 5);
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], seeds[i].name);
        if (!(w.file = fopen(path, "wb"))) {
            perror(path);
            return 1;
        }
        seeds[i].write(&w);
        if (fclose(w.file) != 0)
            return 1;
    }
    w.ops->close(w.coder);
    scene_finish(&w.scene);
    return 0;
}
