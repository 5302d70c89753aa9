/* Comparing pictures of 0xXXRRGGBB pixels; the X byte is ignored. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One picture in memory: rows stride pixels apart. */
struct picture {
    const uint32_t *px;
    int32_t stride;
};

/* Sum of squared differences over red, green and blue of w x h pixels. */
uint64_t picture_error(struct picture a, struct picture b, int32_t w, int32_t h);

/* How many of w x h pixels differ. */
size_t picture_differences(struct picture a, struct picture b, int32_t w, int32_t h);

/* PSNR in dB of an error over this many pixels; 99 for none. */
double picture_psnr(uint64_t error, size_t pixels);

/* A cheap number that changes when w x h pixels change: every 7th pixel of every 7th row. */
uint64_t picture_sum(struct picture a, int32_t w, int32_t h);
