/* The decoder for the page. */
#include <string.h>

#include "codec/decoder.h"
#include "viewer/core/wasm.h"

/* As the worker reads them. */
struct viewer_video {
    uint32_t type, stream, key, sps; /* sps: profile, constraints, level from the top */
    struct codec_rect rect;
    uint32_t data, len; /* an address in this module's memory */
};

struct viewer_decoded {
    uint32_t seq, epoch, capture_us, resized;
    int32_t width_px, height_px;
    uint32_t dirty_count, exact_permille;
    struct codec_rect dirty[CODEC_MAX_DIRTY];
    uint32_t video_count;
    struct viewer_video video[CODEC_MAX_VIDEO_EVENTS];
};
_Static_assert(offsetof(struct viewer_decoded, dirty) == 32 && sizeof(struct codec_rect) == 16 &&
                   offsetof(struct viewer_decoded, video_count) == 1056 &&
                   offsetof(struct viewer_decoded, video) == 1060 && sizeof(struct viewer_video) == 40,
    "layout read by screen.ts and video.ts");

struct codec_decoder *hearth_decoder_create(size_t max_pixels, size_t slots);
void hearth_decoder_destroy(struct codec_decoder *decoder);
int hearth_decoder_decode(
    struct codec_decoder *decoder, const uint8_t *data, size_t len, struct viewer_decoded *out);
int hearth_decoder_video_paint(struct codec_decoder *decoder, uint32_t stream, int32_t width, int32_t height,
    const uint8_t *picture, size_t u, size_t v, size_t stride_y, size_t stride_uv, size_t step_uv,
    int32_t full);
int hearth_decoder_copy(const struct codec_decoder *decoder, int32_t x, int32_t y, int32_t w, int32_t h,
    uint8_t *out, size_t cap);

VIEWER_EXPORT("hearth_decoder_create")
struct codec_decoder *hearth_decoder_create(size_t max_pixels, size_t slots)
{
    return codec_decoder_create(max_pixels, slots);
}

VIEWER_EXPORT("hearth_decoder_destroy") void hearth_decoder_destroy(struct codec_decoder *decoder)
{
    codec_decoder_destroy(decoder);
}

VIEWER_EXPORT("hearth_decoder_decode")
int hearth_decoder_decode(
    struct codec_decoder *decoder, const uint8_t *data, size_t len, struct viewer_decoded *out)
{
    struct codec_decoded decoded = {0};
    const int err = codec_decoder_decode(decoder, data, len, &decoded);
    if (err < 0)
        return err;
    out->seq = decoded.seq;
    out->epoch = decoded.epoch;
    out->capture_us = decoded.capture_us;
    out->resized = decoded.resized;
    out->width_px = decoded.width_px;
    out->height_px = decoded.height_px;
    out->dirty_count = (uint32_t)decoded.dirty_count;
    out->exact_permille = decoded.exact_permille;
    memcpy(out->dirty, decoded.dirty, decoded.dirty_count * sizeof decoded.dirty[0]);
    out->video_count = (uint32_t)decoded.video_count;
    for (size_t i = 0; i < decoded.video_count; i++) {
        const struct codec_video_event *v = &decoded.video[i];
        out->video[i] = (struct viewer_video){.type = (uint32_t)v->type,
            .stream = v->stream,
            .key = v->key,
            .sps = (uint32_t)v->sps[0] << 16 | (uint32_t)v->sps[1] << 8 | v->sps[2],
            .rect = v->rect,
            .data = (uint32_t)(uintptr_t)v->data,
            .len = v->len};
    }
    return 0;
}

/* A decoded picture of a stream: planes behind each other at `picture`, at offsets in bytes. */
VIEWER_EXPORT("hearth_decoder_video_paint")
int hearth_decoder_video_paint(struct codec_decoder *decoder, uint32_t stream, int32_t width, int32_t height,
    const uint8_t *picture, size_t u, size_t v, size_t stride_y, size_t stride_uv, size_t step_uv,
    int32_t full)
{
    const struct codec_yuv yuv = {.width_px = width,
        .height_px = height,
        .y = picture,
        .u = picture + u,
        .v = picture + v,
        .stride_y = stride_y,
        .stride_uv = stride_uv,
        .step_uv = step_uv,
        .chroma_full = full != 0};
    return codec_decoder_video_paint(decoder, (uint8_t)stream, &yuv);
}

/* R, G, B, 255 of a rectangle, rows packed. */
VIEWER_EXPORT("hearth_decoder_copy")
int hearth_decoder_copy(
    const struct codec_decoder *decoder, int32_t x, int32_t y, int32_t w, int32_t h, uint8_t *out, size_t cap)
{
    return codec_decoder_copy_rgba(decoder, (struct codec_rect){.x = x, .y = y, .w = w, .h = h}, out, cap);
}
