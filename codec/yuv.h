/* Screen pixels to planar video pictures and back: BT.709 matrix, full range, 8 bits. Both ways are ours on
 * every viewer, so a colour never depends on a browser or a library. Pure; any thread. */
#pragma once

#include "codec/codec.h"

#include <stddef.h>

struct codec_yuv;

/* Rectangle r of the picture to planes of the rectangle's size rounded up to even; the last column and row
 * are repeated. chroma_full: u and v have every sample; else one of each 2x2, their mean. Rows of y are
 * stride_y apart, those of u and v stride_uv. */
void codec_yuv_from_rgb(const uint32_t *pixels, size_t stride_px, struct codec_rect r, bool chroma_full,
    uint8_t *y, size_t stride_y, uint8_t *u, uint8_t *v, size_t stride_uv);

/* Pixels x0..x1 - 1 of row y of a picture as 0x00RRGGBB. */
void codec_yuv_to_rgb_row(const struct codec_yuv *yuv, int32_t x0, int32_t x1, int32_t y, uint32_t *out);
