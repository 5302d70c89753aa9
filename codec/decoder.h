/* The decoder: messages in, pixels out. Never trusts the host: memory is fixed by the limits given
 * at creation, every rectangle and length is checked before a write, and a message must be consumed
 * exactly. A message is applied whole or not at all as far as the caller sees: after an error the
 * picture is not valid until a message of a new epoch was decoded (ask the host for a reset).
 * The same source builds natively and to WebAssembly. */
#pragma once

#include "codec/video.h"

struct codec_decoder;

struct codec_decoded {
    uint32_t seq;
    uint16_t epoch;
    uint32_t capture_us; /* host clock, differences only */
    bool resized;        /* a new epoch: width and height below are new, no stream is open */
    int32_t width_px, height_px;
    size_t dirty_count;
    struct codec_rect dirty[CODEC_MAX_DIRTY]; /* what changed on the screen, inside it */
    size_t video_count;
    struct codec_video_event video[CODEC_MAX_VIDEO_EVENTS]; /* for the caller's video decoders */
    bool complete;           /* the host had nothing newer to send when it took this picture */
    uint32_t exact_permille; /* share of the cells that are not lossy; 1000 = complete, and equal to the
                              * host's in every pixel */
};

/* max_pixels bounds width*height of any screen it will accept; slots, those for exact tiles that the host
 * may use, 16 KiB each and at most CODEC_CACHE_MAX_SLOTS (cache.h). NULL when out of memory. */
struct codec_decoder *codec_decoder_create(size_t max_pixels, size_t slots);
void codec_decoder_destroy(struct codec_decoder *decoder);

/* Decode one whole message. 0 and *out filled, or CODEC_ERR_* with *out untouched. */
int codec_decoder_decode(
    struct codec_decoder *decoder, const uint8_t *data, size_t len, struct codec_decoded *out);

/* A decoded picture of an open stream: it is painted where the stream's cells are lossy now, and stays there
 * until something else is. 0: the stream's rectangle may have changed. CODEC_ERR_RANGE: no such stream, or a
 * picture of another size than its rectangle rounded up to even. */
int codec_decoder_video_paint(struct codec_decoder *decoder, uint8_t stream, const struct codec_yuv *picture);

/* The picture as it stands: 0x00RRGGBB, borrowed until the next call. NULL before the first message. */
const uint32_t *codec_decoder_pixels(const struct codec_decoder *decoder, int32_t *out_width_px,
    int32_t *out_height_px, size_t *out_stride_px);

/* Copy a rectangle as R,G,B,255 bytes, rows packed, for canvas and PNG. cap in bytes.
 * Returns bytes written or CODEC_ERR_RANGE / CODEC_ERR_SPACE. */
int codec_decoder_copy_rgba(
    const struct codec_decoder *decoder, struct codec_rect rect, uint8_t *out, size_t cap);
