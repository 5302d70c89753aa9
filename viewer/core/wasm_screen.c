/* The decoder for the page. */
#include <string.h>

#include "codec/decoder.h"
#include "viewer/core/wasm.h"

/* As the worker reads it. */
struct viewer_decoded {
    uint32_t seq, epoch, capture_us, resized;
    int32_t width_px, height_px;
    uint32_t dirty_count, exact_permille;
    struct codec_rect dirty[CODEC_MAX_DIRTY];
};
_Static_assert(offsetof(struct viewer_decoded, dirty) == 32 && sizeof(struct codec_rect) == 16,
    "layout read by wasm.ts");

struct codec_decoder *hearth_decoder_create(size_t max_pixels, size_t slots);
void hearth_decoder_destroy(struct codec_decoder *decoder);
int hearth_decoder_decode(
    struct codec_decoder *decoder, const uint8_t *data, size_t len, struct viewer_decoded *out);
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
    return 0;
}

/* R, G, B, 255 of a rectangle, rows packed. */
VIEWER_EXPORT("hearth_decoder_copy")
int hearth_decoder_copy(
    const struct codec_decoder *decoder, int32_t x, int32_t y, int32_t w, int32_t h, uint8_t *out, size_t cap)
{
    return codec_decoder_copy_rgba(decoder, (struct codec_rect){.x = x, .y = y, .w = w, .h = h}, out, cap);
}
