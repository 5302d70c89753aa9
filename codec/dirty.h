/* A short list of rectangles that covers everything added to it. Any thread; no allocation. */
#pragma once

#include "codec/codec.h"

struct codec_dirty {
    size_t count;
    struct codec_rect rect[CODEC_MAX_DIRTY];
};

/* Add a rectangle that is not empty. When the list is full, it grows the one that grows least. */
void codec_dirty_add(struct codec_dirty *d, struct codec_rect r);
