/* The port of jpeg.h in the page: the picture is decoded by jpeg.wasm, a module of its own, and JavaScript
 * carries the bytes over. */
#include "codec/jpeg.h"

__attribute__((import_module("env"), import_name("hearth_jpeg_decode"))) int hearth_jpeg_decode(
    const uint8_t *data, size_t len, int32_t width_px, int32_t height_px, uint32_t *out, size_t stride_px);

int codec_jpeg_decode(
    const uint8_t *data, size_t len, int32_t width_px, int32_t height_px, uint32_t *out, size_t out_stride_px)
{
    return hearth_jpeg_decode(data, len, width_px, height_px, out, out_stride_px) == 0 ? 0
                                                                                       : CODEC_ERR_CORRUPT;
}
