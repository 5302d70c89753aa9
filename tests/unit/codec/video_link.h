/* A video coder for tests that keeps every byte, and a viewer's side that paints its packets. */
#pragma once

#include "codec/decoder.h"
#include "codec/encoder.h"

/* What the coder does and did; its open() gets it as data. */
struct video_link {
    bool refuse;       /* open() fails */
    bool fail;         /* encode() fails */
    uint32_t cost_us;  /* what it says a packet costs */
    uint32_t psnr_cdb; /* ... and how good it is */
    int opened, closed, packets, keys;
    uint32_t max_bytes; /* of the last frame */
};

extern const struct codec_video_coder video_link_coder;

/* Paint the packets of a message. False when a packet is not what the coder wrote. */
bool video_link_paint(struct codec_decoder *decoder, const struct codec_decoded *decoded);
