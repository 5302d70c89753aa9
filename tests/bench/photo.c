/* The made-up pictures of canvas.h. Fractal noise in several octaves gives them structure at every scale, as
 * a camera does; the last step is the camera's own grain. */
#include "tests/bench/canvas.h"

#include <math.h>

static uint32_t hash(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t v = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u ^ seed * 0xc2b2ae3du;
    v ^= v >> 15;
    v *= 0x2c1b3c6du;
    v ^= v >> 12;
    v *= 0x297a2d39u;
    return v ^ v >> 15;
}

static float unit(int32_t x, int32_t y, uint32_t seed)
{
    return (float)(hash(x, y, seed) >> 8) * (1.0f / 16777216.0f);
}

/* Value noise, 0..1. */
static float noise(float x, float y, uint32_t seed)
{
    const float fx = floorf(x), fy = floorf(y);
    const int32_t ix = (int32_t)fx, iy = (int32_t)fy;
    float u = x - fx, v = y - fy;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    const float a = unit(ix, iy, seed), b = unit(ix + 1, iy, seed);
    const float c = unit(ix, iy + 1, seed), d = unit(ix + 1, iy + 1, seed);
    return a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v;
}

static float fractal(float x, float y, int32_t octaves, uint32_t seed)
{
    float sum = 0, part = 0.5f;
    for (int32_t i = 0; i < octaves; i++) {
        sum += noise(x, y, seed + (uint32_t)i) * part;
        x *= 2.03f;
        y *= 2.03f;
        part *= 0.5f;
    }
    return sum;
}

struct tint {
    float r, g, b;
};

static struct tint blend(struct tint a, struct tint b, float part)
{
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return (struct tint){a.r + (b.r - a.r) * part, a.g + (b.g - a.g) * part, a.b + (b.b - a.b) * part};
}

static uint32_t pack(struct tint t, uint32_t grain)
{
    const float n = ((float)(grain & 255u) + (float)(grain >> 8 & 255u) - 255.0f) * 0.012f;
    const float c[3] = {t.r * 255 + n, t.g * 255 + n * 0.8f, t.b * 255 + n * 1.2f};
    uint32_t out = 0;
    for (int32_t i = 0; i < 3; i++)
        out = out << 8 | (uint32_t)(c[i] < 0 ? 0 : c[i] > 255 ? 255 : c[i]);
    return out;
}

#define RANGES 4

void canvas_photo(struct canvas *canvas, uint32_t seed)
{
    const struct tint sky_high = {0.20f + 0.10f * unit(1, 0, seed), 0.38f, 0.62f + 0.2f * unit(2, 0, seed)};
    const struct tint sky_low = {0.85f, 0.80f - 0.1f * unit(3, 0, seed), 0.72f + 0.15f * unit(4, 0, seed)};
    const struct tint cloud = {0.96f, 0.95f, 0.94f}, haze = {0.70f, 0.74f, 0.80f};
    const struct tint rock = {0.34f, 0.31f, 0.28f}, grass = {0.24f + 0.1f * unit(5, 0, seed), 0.34f, 0.13f};
    const float scale = 1.0f / (float)canvas->h;
    for (int32_t px = 0; px < canvas->w; px++) {
        const float x = (float)px * scale;
        float crest[RANGES];
        for (int32_t k = 0; k < RANGES; k++)
            crest[k] = 0.36f + 0.15f * (float)k +
                       (0.34f - 0.05f * (float)k) *
                           (0.5f - fractal(x * (1.3f + (float)k), (float)k * 7, 7, seed + 40u * (uint32_t)k));
        for (int32_t py = 0; py < canvas->h; py++) {
            const float y = (float)py * scale;
            int32_t range = RANGES - 1;
            while (range >= 0 && y < crest[range])
                range--;
            struct tint t;
            if (range < 0) {
                const float cover = fractal(x * 2.2f, y * 5.0f, 6, seed + 900) * 1.9f - 0.75f;
                t = blend(blend(sky_high, sky_low, y * 2.0f), cloud, cover);
            } else {
                const float far = (float)(RANGES - 1 - range) / RANGES;
                const float depth = y - crest[range];
                const float rough =
                    fractal(x * 16 * (2 - far), y * 22 * (2 - far), 7, seed + 77u * (uint32_t)(range + 1));
                const float light = 0.45f + 1.1f * rough - 0.25f * depth;
                t = blend(rock, grass, fractal(x * 5, y * 7, 4, seed + 500) * 3.4f - 1.2f + depth);
                t = (struct tint){t.r * light * 1.3f, t.g * light * 1.3f, t.b * light * 1.2f};
                t = blend(t, haze, far * 0.75f);
            }
            const float edge = (x - 0.89f) * (x - 0.89f) * 0.12f + (y - 0.5f) * (y - 0.5f) * 0.2f;
            t = (struct tint){t.r * (1 - edge), t.g * (1 - edge), t.b * (1 - edge)};
            canvas->px[(int64_t)py * canvas->w + px] = pack(t, hash(px, py, seed + 5));
        }
    }
    cairo_surface_mark_dirty(canvas->surface);
}

#define MANDELBROT_STEPS 200

void canvas_mandelbrot(uint32_t *counts, int32_t w, int32_t h)
{
    for (int32_t py = 0; py < h; py++) {
        for (int32_t px = 0; px < w; px++) {
            const float cx = -0.7453f + ((float)px / (float)w - 0.5f) * 0.02f;
            const float cy = 0.1127f + ((float)py / (float)h - 0.5f) * 0.01125f;
            float x = 0, y = 0, size = 0;
            int32_t n = 0;
            for (; n < MANDELBROT_STEPS && size < 256; n++) {
                const float next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                size = x * x + y * y;
            }
            const float smooth = n == MANDELBROT_STEPS ? 0 : (float)n + 1 - log2f(log2f(size) * 0.5f);
            counts[(int64_t)py * w + px] = (uint32_t)(smooth < 0 ? 0 : smooth * 256);
        }
    }
}
