#include "host/screen/picture.h"

#include <stdlib.h>
#include <string.h>

static bool fits(const struct screen_picture *picture, int32_t width_px, int32_t height_px)
{
    return picture->pixels && picture->stale.width_px == width_px && picture->stale.height_px == height_px;
}

void screen_pictures_changed(struct screen_pictures *pictures, const struct screen_tiles *tiles)
{
    for (size_t i = 0; i < SCREEN_PICTURES; i++) {
        struct screen_picture *picture = &pictures->picture[i];
        if (fits(picture, tiles->width_px, tiles->height_px))
            screen_tiles_unite(&picture->stale, tiles);
    }
}

static bool renew(struct screen_picture *picture, int32_t width_px, int32_t height_px)
{
    free(picture->pixels);
    picture->pixels = malloc((size_t)width_px * (size_t)height_px * sizeof *picture->pixels);
    screen_tiles_init(&picture->stale, width_px, height_px);
    screen_tiles_add_all(&picture->stale);
    return picture->pixels != NULL;
}

static void update(struct screen_picture *picture, const uint32_t *source, size_t stride_px)
{
    struct codec_rect rects[SCREEN_TILES_RECTS];
    const size_t count = screen_tiles_rects(&picture->stale, rects);
    const size_t width = (size_t)picture->stale.width_px;
    for (size_t i = 0; i < count; i++) {
        const struct codec_rect *r = &rects[i];
        for (int32_t y = r->y; y < r->y + r->h; y++)
            memcpy(picture->pixels + (size_t)y * width + (size_t)r->x,
                source + (size_t)y * stride_px + (size_t)r->x, (size_t)r->w * sizeof *source);
    }
    screen_tiles_clear(&picture->stale);
}

struct screen_picture *screen_pictures_take(struct screen_pictures *pictures, const uint32_t *source,
    size_t stride_px, int32_t width_px, int32_t height_px)
{
    struct screen_picture *best = NULL;
    for (size_t i = 0; i < SCREEN_PICTURES; i++) {
        struct screen_picture *picture = &pictures->picture[i];
        const bool good = fits(picture, width_px, height_px);
        if (good && screen_tiles_empty(&picture->stale)) {
            picture->readers++; /* nothing changed since: shared */
            return picture;
        }
        if (!picture->readers && (!best || (good && !fits(best, width_px, height_px))))
            best = picture;
    }
    if (!best || (!fits(best, width_px, height_px) && !renew(best, width_px, height_px)))
        return NULL;
    update(best, source, stride_px);
    best->readers++;
    return best;
}

void screen_picture_give(struct screen_picture *picture)
{
    picture->readers--;
}

void screen_pictures_finish(struct screen_pictures *pictures)
{
    for (size_t i = 0; i < SCREEN_PICTURES; i++)
        free(pictures->picture[i].pixels);
    memset(pictures, 0, sizeof *pictures);
}
