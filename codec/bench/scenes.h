/* Made-up scenes at 1920x1080 for codec_bench. */
#pragma once

#include "tests/unit/codec/scene.h"

enum { SCENE_WIDTH_PX = 1920, SCENE_HEIGHT_PX = 1080 };

struct bench_scene {
    const char *name;
    /* Paint frame number `frame` over the one before. */
    void (*draw)(struct scene *s, int frame, struct codec_rect *out_damage);
    int frames;
    uint32_t gap_us; /* between frames; 0 = 30 a second */
    bool damage;     /* out_damage is told to the encoder from the second frame on */
};

extern const struct bench_scene BENCH_SCENES[];
extern const size_t BENCH_SCENE_COUNT;
