/* A natural picture as baseline JPEG, first look before it becomes exact. Native only. Any thread. */
#pragma once

#include "codec/truth.h"

/* Writes rectangle r of the picture to out. Returns the bytes written, CODEC_ERR_SPACE when they do not
 * fit, or CODEC_ERR_NOMEM. quality 1..100; chroma is halved in both directions below 90. */
int codec_jpeg_encode(
    const struct codec_truth *t, struct codec_rect r, int quality, uint8_t *out, size_t cap);
