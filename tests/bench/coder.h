/* The coders that ours stands beside in docs/bench-offline.md, behind one call: zstd, PNG and WebP for each
 * picture on its own, x264 without loss for a stream. One thread each; not for the product. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct coder;

/* name: zstd-1, zstd-3, png-6, webp-6, x264-ultrafast or x264-veryfast. NULL when none is called so or memory
 * is out. width_px, height_px: the largest picture; of a stream the size of each. */
struct coder *coder_create(const char *name, int32_t width_px, int32_t height_px);
void coder_destroy(struct coder *c);

/* Whether it predicts from the picture before, and so wants each whole. */
bool coder_is_stream(const struct coder *c);

/* The bytes that width_px by height_px pixels (0x00RRGGBB, rows stride_px apart) become; 0 on an error.
 * alone: a stream may not look at the picture before. The bytes themselves are dropped. */
size_t coder_encode(
    struct coder *c, const uint32_t *px, size_t stride_px, int32_t width_px, int32_t height_px, bool alone);
