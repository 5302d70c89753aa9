#include "codec/cache.h"

#include "codec/wipe.h"

#include <stdlib.h>
#include <string.h>

void codec_cache_init(struct codec_cache *c, size_t slots)
{
    *c = (struct codec_cache){.slots = slots < CODEC_CACHE_MAX_SLOTS ? slots : CODEC_CACHE_MAX_SLOTS};
}

void codec_cache_clear(struct codec_cache *c)
{
    for (size_t i = 0; i < CODEC_CACHE_BLOCKS; i++) {
        codec_wipe(c->block[i], (size_t)CODEC_CACHE_BLOCK_SLOTS * CODEC_CACHE_SLOT_PX * sizeof *c->block[i]);
        free(c->block[i]);
    }
    codec_cache_init(c, c->slots);
}

bool codec_cache_run_px(
    const struct codec_screen *s, uint32_t tile, uint32_t count, uint64_t limit, uint64_t *out_px)
{
    const uint32_t cols = (uint32_t)s->tiles_x, tiles = cols * (uint32_t)s->tiles_y;
    if (count == 0 || tile >= tiles || count > tiles - tile)
        return false;
    uint64_t px = 0;
    for (uint32_t t = tile; t < tile + count && px <= limit; t++)
        px += (uint64_t)codec_screen_tile_w(s, (int32_t)(t % cols)) *
              (uint64_t)codec_screen_tile_h(s, (int32_t)(t / cols));
    *out_px = px;
    return true;
}

static uint32_t *slot_px(const struct codec_cache *c, uint32_t slot)
{
    return c->block[slot / CODEC_CACHE_BLOCK_SLOTS] +
           (size_t)(slot % CODEC_CACHE_BLOCK_SLOTS) * CODEC_CACHE_SLOT_PX;
}

int codec_cache_save(struct codec_cache *c, const struct codec_screen *s, uint32_t tile, uint32_t slot)
{
    if (slot >= c->slots)
        return CODEC_ERR_RANGE;
    if (s->lossy[tile] != 0)
        return CODEC_ERR_SLOT;
    uint32_t **block = &c->block[slot / CODEC_CACHE_BLOCK_SLOTS];
    if (!*block)
        *block = calloc((size_t)CODEC_CACHE_BLOCK_SLOTS * CODEC_CACHE_SLOT_PX, sizeof **block);
    if (!*block)
        return CODEC_ERR_NOMEM;
    const int32_t tx = (int32_t)(tile % (uint32_t)s->tiles_x), ty = (int32_t)(tile / (uint32_t)s->tiles_x);
    const int32_t w = codec_screen_tile_w(s, tx), h = codec_screen_tile_h(s, ty);
    uint32_t *to = slot_px(c, slot);
    for (int32_t y = 0; y < h; y++, to += CODEC_TILE_PX)
        memcpy(to, codec_screen_at(s, tx * CODEC_TILE_PX, ty * CODEC_TILE_PX + y), (size_t)w * sizeof *to);
    c->w[slot] = (uint8_t)w;
    c->h[slot] = (uint8_t)h;
    return 0;
}

int codec_cache_load(const struct codec_cache *c, struct codec_screen *s, uint32_t tile, uint32_t slot)
{
    if (slot >= c->slots)
        return CODEC_ERR_RANGE;
    const int32_t tx = (int32_t)(tile % (uint32_t)s->tiles_x), ty = (int32_t)(tile / (uint32_t)s->tiles_x);
    const int32_t w = codec_screen_tile_w(s, tx), h = codec_screen_tile_h(s, ty);
    if (c->w[slot] != w || c->h[slot] != h)
        return CODEC_ERR_SLOT;
    const uint32_t *from = slot_px(c, slot);
    for (int32_t y = 0; y < h; y++, from += CODEC_TILE_PX)
        memcpy(
            codec_screen_at(s, tx * CODEC_TILE_PX, ty * CODEC_TILE_PX + y), from, (size_t)w * sizeof *from);
    codec_screen_mark_exact(s, (struct codec_rect){tx * CODEC_TILE_PX, ty * CODEC_TILE_PX, w, h});
    return 0;
}
