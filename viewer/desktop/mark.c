#include "viewer/desktop/mark.h"

#include <math.h>

/* Its measures, in parts of 512. */
#define CENTRE_X 256.0f
#define RING_Y 250.7f
#define RING_R 162.0f
#define RING_HALF 20.0f
#define END_DX 81.0f /* from the ring's centre to its ends */
#define END_DY 140.3f
#define EMBER_Y 348.0f
#define EMBER_R 55.0f
#define CORNER_R 112.0f

static const float RING_RGB[3] = {0xf3, 0xee, 0xe8}, EMBER_RGB[3] = {0xf0, 0x71, 0x3a},
                   GROUND_RGB[3] = {0x1b, 0x18, 0x16};

/* Distances from the edge of a shape, negative inside. */
static float ring(float x, float y)
{
    const float dx = fabsf(x - CENTRE_X), dy = y - RING_Y;
    if (dy > 0 && dx * END_DY < dy * END_DX) { /* between the ends, at the bottom */
        return hypotf(dx - END_DX, dy - END_DY) - RING_HALF;
    }
    return fabsf(hypotf(dx, dy) - RING_R) - RING_HALF;
}

static float ember(float x, float y)
{
    return hypotf(x - CENTRE_X, y - EMBER_Y) - EMBER_R;
}

static float ground(float x, float y)
{
    const float dx = fmaxf(fabsf(x - 256) - (256 - CORNER_R), 0);
    const float dy = fmaxf(fabsf(y - 256) - (256 - CORNER_R), 0);
    return hypotf(dx, dy) - CORNER_R;
}

/* How much of a pixel a shape covers. */
static float cover(float distance, float pixel)
{
    return fminf(fmaxf(0.5f - distance / pixel, 0), 1);
}

void view_mark_paint(SDL_Surface *surface, int32_t x, int32_t y, int32_t side, bool rounded)
{
    const float pixel = 512.0f / (float)side;
    for (int32_t row = 0; row < side; row++) {
        uint32_t *out =
            (uint32_t *)(void *)((uint8_t *)surface->pixels + (ptrdiff_t)(y + row) * surface->pitch);
        for (int32_t column = 0; column < side; column++) {
            const float px = ((float)column + 0.5f) * pixel, py = ((float)row + 0.5f) * pixel;
            const float white = cover(ring(px, py), pixel), warm = cover(ember(px, py), pixel);
            uint8_t rgb[3];
            for (int i = 0; i < 3; i++) {
                const float under = GROUND_RGB[i] + (RING_RGB[i] - GROUND_RGB[i]) * white;
                rgb[i] = (uint8_t)(under + (EMBER_RGB[i] - under) * warm + 0.5f);
            }
            const float alpha = rounded ? cover(ground(px, py), pixel) : 1;
            out[x + column] = SDL_MapRGBA(surface->format, rgb[0], rgb[1], rgb[2], (uint8_t)(alpha * 255));
        }
    }
}
