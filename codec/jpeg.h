/* JPEG behind one small port: libjpeg-turbo natively; in the page a WebAssembly module of its own,
 * made from the same library, so that its error exit (a trap) costs one picture and not the session. */
#pragma once

#include "codec/codec.h"

/* Decode a baseline picture into out (0x00RRGGBB). Its size must equal width x height; anything else,
 * progressive or arithmetic coding, or a warning is an error. 0 or CODEC_ERR_CORRUPT/NOMEM. */
int codec_jpeg_decode(const uint8_t *data, size_t len, int32_t width_px, int32_t height_px, uint32_t *out,
    size_t out_stride_px);
