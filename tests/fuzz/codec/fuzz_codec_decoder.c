/* A whole stream from a hostile host: messages, each behind a 16 bit length, to one decoder. Sequence
 * and epoch are repaired, so that mutations reach the operations and the coders. */
#include "codec/bytes.h"
#include "codec/decoder.h"
#include "codec/message.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PIXELS = 512 * 512, SLOTS = 128, MAX_MESSAGES = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the picture promises after every message, good or bad. */
static void check(const struct codec_decoder *d, int err, const struct codec_decoded *out)
{
    int32_t w = 0, h = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(d, &w, &h, &stride);
    if (!px) {
        if (err == 0)
            abort();
        return;
    }
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            if (px[(size_t)y * stride + (size_t)x] > 0xffffffu && err == 0)
                abort();
    if (err != 0)
        return;
    if (out->width_px != w || out->height_px != h || out->dirty_count > CODEC_MAX_DIRTY ||
        out->exact_permille > 1000)
        abort();
    for (size_t i = 0; i < out->dirty_count; i++) {
        const struct codec_rect r = out->dirty[i];
        if (r.x < 0 || r.y < 0 || r.w < 1 || r.h < 1 || r.w > w - r.x || r.h > h - r.y)
            abort();
    }
}

/* What a viewer does with packets, whatever they hold: a picture of the stream's size comes back. */
static void paint(struct codec_decoder *d, const struct codec_decoded *out)
{
    static uint8_t plane[3 * 514 * 514];
    if (out->video_count > CODEC_MAX_VIDEO_EVENTS)
        abort();
    for (size_t i = 0; i < out->video_count; i++) {
        const struct codec_video_event *v = &out->video[i];
        if (v->type != CODEC_OP_VIDEO)
            continue;
        plane[0] ^= v->data[0] ^ v->data[v->len - 1]; /* all of it is there */
        const int32_t w = codec_video_even(v->rect.w), h = codec_video_even(v->rect.h);
        const struct codec_yuv yuv = {.width_px = w,
            .height_px = h,
            .y = plane,
            .u = plane,
            .v = plane,
            .stride_y = (size_t)w,
            .stride_uv = (size_t)w,
            .step_uv = 1 + (v->data[0] & 1),
            .chroma_full = v->data[0] & 2};
        /* Its stream may have been closed in the same message. */
        (void)codec_decoder_video_paint(d, v->stream, &yuv);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct codec_decoder *d = codec_decoder_create(MAX_PIXELS, SLOTS);
    if (!d)
        return 0;
    uint32_t seq = 0;
    for (int i = 0; i < MAX_MESSAGES && size >= 2; i++) {
        size_t len = codec_get16(data);
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        uint8_t *message = malloc(len ? len : 1);
        if (!message)
            break;
        memcpy(message, data, len);
        if (len >= CODEC_MESSAGE_HEADER_BYTES) {
            (void)codec_put16(message + 2, 1);
            (void)codec_put32(message + 4, ++seq);
        }
        struct codec_decoded out;
        const int err = codec_decoder_decode(d, message, len, &out);
        if (err == 0)
            paint(d, &out);
        free(message);
        check(d, err, &out);
        data += len;
        size -= len;
    }
    codec_decoder_destroy(d);
    return 0;
}
