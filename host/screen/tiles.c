#include "host/screen/tiles.h"

#include <string.h>

enum { WORDS = SCREEN_TILES_SIDE / 64 };

void screen_tiles_init(struct screen_tiles *tiles, int32_t width_px, int32_t height_px)
{
    memset(tiles, 0, sizeof *tiles);
    tiles->width_px = width_px;
    tiles->height_px = height_px;
}

static int32_t columns(const struct screen_tiles *tiles)
{
    return (tiles->width_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
}

static int32_t rows(const struct screen_tiles *tiles)
{
    return (tiles->height_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
}

void screen_tiles_add(struct screen_tiles *tiles, const struct codec_rect *rect)
{
    int64_t x1 = (int64_t)rect->x + rect->w, y1 = (int64_t)rect->y + rect->h;
    int32_t x0 = rect->x < 0 ? 0 : rect->x, y0 = rect->y < 0 ? 0 : rect->y;
    if (x1 > tiles->width_px)
        x1 = tiles->width_px;
    if (y1 > tiles->height_px)
        y1 = tiles->height_px;
    if (x0 >= x1 || y0 >= y1)
        return;
    int32_t first = x0 / CODEC_TILE_PX, last = (int32_t)(x1 - 1) / CODEC_TILE_PX;
    uint64_t mask[WORDS] = {0};
    for (int32_t x = first; x <= last; x++)
        mask[x / 64] |= UINT64_C(1) << (x % 64);
    for (int32_t y = y0 / CODEC_TILE_PX; y <= (int32_t)(y1 - 1) / CODEC_TILE_PX; y++) {
        for (int i = 0; i < WORDS; i++)
            tiles->row[y][i] |= mask[i];
    }
}

void screen_tiles_add_all(struct screen_tiles *tiles)
{
    screen_tiles_add(tiles, &(struct codec_rect){0, 0, tiles->width_px, tiles->height_px});
}

void screen_tiles_unite(struct screen_tiles *tiles, const struct screen_tiles *other)
{
    for (int32_t y = 0; y < rows(tiles); y++) {
        for (int i = 0; i < WORDS; i++)
            tiles->row[y][i] |= other->row[y][i];
    }
}

void screen_tiles_clear(struct screen_tiles *tiles)
{
    memset(tiles->row, 0, sizeof tiles->row);
}

bool screen_tiles_empty(const struct screen_tiles *tiles)
{
    uint64_t any = 0;
    for (int32_t y = 0; y < rows(tiles); y++) {
        for (int i = 0; i < WORDS; i++)
            any |= tiles->row[y][i];
    }
    return !any;
}

size_t screen_tiles_count(const struct screen_tiles *tiles)
{
    size_t count = 0;
    for (int32_t y = 0; y < rows(tiles); y++) {
        for (int i = 0; i < WORDS; i++)
            count += (size_t)__builtin_popcountll(tiles->row[y][i]);
    }
    return count;
}

size_t screen_tiles_common(const struct screen_tiles *tiles, const struct screen_tiles *other)
{
    size_t count = 0;
    for (int32_t y = 0; y < rows(tiles); y++) {
        for (int i = 0; i < WORDS; i++)
            count += (size_t)__builtin_popcountll(tiles->row[y][i] & other->row[y][i]);
    }
    return count;
}

static bool has(const struct screen_tiles *tiles, int32_t x, int32_t y)
{
    return tiles->row[y][x / 64] >> (x % 64) & 1;
}

static struct codec_rect to_px(
    const struct screen_tiles *tiles, int32_t x0, int32_t y0, int32_t x1, int32_t y1)
{
    int32_t right = x1 * CODEC_TILE_PX, bottom = y1 * CODEC_TILE_PX;
    if (right > tiles->width_px)
        right = tiles->width_px;
    if (bottom > tiles->height_px)
        bottom = tiles->height_px;
    return (struct codec_rect){
        x0 * CODEC_TILE_PX, y0 * CODEC_TILE_PX, right - x0 * CODEC_TILE_PX, bottom - y0 * CODEC_TILE_PX};
}

/* Runs of each row, joined with an equal run right above. 0 when they are more than fit. */
static size_t exact_rects(const struct screen_tiles *tiles, struct codec_rect out[SCREEN_TILES_RECTS])
{
    size_t count = 0;
    for (int32_t y = 0; y < rows(tiles); y++) {
        for (int32_t x = 0; x < columns(tiles); x++) {
            if (!has(tiles, x, y))
                continue;
            int32_t start = x;
            while (x < columns(tiles) && has(tiles, x, y))
                x++;
            struct codec_rect run = to_px(tiles, start, y, x, y + 1);
            bool joined = false;
            for (size_t i = count; i > 0 && !joined; i--) {
                struct codec_rect *above = &out[i - 1];
                joined = above->x == run.x && above->w == run.w && above->y + above->h == run.y;
                if (joined)
                    above->h += run.h;
            }
            if (joined)
                continue;
            if (count == SCREEN_TILES_RECTS)
                return 0;
            out[count++] = run;
        }
    }
    return count;
}

size_t screen_tiles_rects(const struct screen_tiles *tiles, struct codec_rect out[SCREEN_TILES_RECTS])
{
    size_t count = exact_rects(tiles, out);
    if (count || screen_tiles_empty(tiles))
        return count;
    /* Too scattered: bands of two rows of tiles from the leftmost to the rightmost. */
    for (int32_t y = 0; y < rows(tiles); y += 2) {
        int32_t next = y + 2 < rows(tiles) ? y + 2 : rows(tiles);
        int32_t left = columns(tiles), right = 0;
        for (int32_t row = y; row < next; row++) {
            for (int32_t x = 0; x < columns(tiles); x++) {
                if (!has(tiles, x, row))
                    continue;
                left = x < left ? x : left;
                right = x + 1 > right ? x + 1 : right;
            }
        }
        if (left < right)
            out[count++] = to_px(tiles, left, y, right, next);
    }
    return count;
}
