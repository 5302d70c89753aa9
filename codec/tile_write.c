#include "codec/tile_map.h"

static void encode_text(
    struct codec_range *r, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src)
{
    codec_tile_pixels(r, true, m, p, src, CODEC_TILE_TEXT);
}

static void encode_natural(
    struct codec_range *r, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src)
{
    codec_tile_pixels(r, true, m, p, src, CODEC_TILE_NATURAL);
}

const struct codec_tile_writer codec_tile_writers[CODEC_TILE_CLASSES] = {
    [CODEC_TILE_TEXT] = {"text", encode_text},
    [CODEC_TILE_NATURAL] = {"natural", encode_natural},
};

void codec_tile_write(struct codec_range *r, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p, enum codec_tile_class class, const uint32_t *src)
{
    (void)codec_tile_map(r, true, m, s, p, (uint32_t) class);
    codec_tile_writers[class].encode(r, m, p, src);
}
