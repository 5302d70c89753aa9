#include "tests/bench/picture.h"

#include <math.h>

#define RGB 0xffffffu
#define PSNR_EXACT_DB 99.0

uint64_t picture_error(struct picture a, struct picture b, int32_t w, int32_t h)
{
    uint64_t sum = 0;
    for (int32_t y = 0; y < h; y++) {
        const uint32_t *p = a.px + (int64_t)y * a.stride, *q = b.px + (int64_t)y * b.stride;
        uint32_t row = 0; /* at most 195075 a pixel: a row of 1920 fits */
        for (int32_t x = 0; x < w; x++) {
            const int32_t r = (int32_t)(p[x] >> 16 & 255u) - (int32_t)(q[x] >> 16 & 255u);
            const int32_t g = (int32_t)(p[x] >> 8 & 255u) - (int32_t)(q[x] >> 8 & 255u);
            const int32_t c = (int32_t)(p[x] & 255u) - (int32_t)(q[x] & 255u);
            row += (uint32_t)(r * r + g * g + c * c);
        }
        sum += row;
    }
    return sum;
}

size_t picture_differences(struct picture a, struct picture b, int32_t w, int32_t h)
{
    size_t count = 0;
    for (int32_t y = 0; y < h; y++) {
        const uint32_t *p = a.px + (int64_t)y * a.stride, *q = b.px + (int64_t)y * b.stride;
        uint32_t row = 0;
        for (int32_t x = 0; x < w; x++)
            row += ((p[x] ^ q[x]) & RGB) != 0;
        count += row;
    }
    return count;
}

double picture_psnr(uint64_t error, size_t pixels)
{
    if (error == 0 || pixels == 0)
        return PSNR_EXACT_DB;
    const double mean = (double)error / (3.0 * (double)pixels);
    const double db = 10.0 * log10(255.0 * 255.0 / mean);
    return db < PSNR_EXACT_DB ? db : PSNR_EXACT_DB;
}

uint64_t picture_sum(struct picture a, int32_t w, int32_t h)
{
    uint64_t sum = 0;
    for (int32_t y = 3; y < h; y += 7)
        for (int32_t x = 3; x < w; x += 7)
            sum = sum * 1099511628211u + (a.px[(int64_t)y * a.stride + x] & RGB);
    return sum;
}
