/* Which coder suits a tile. Mistakes are lopsided: text coded as natural costs up to 85 % more bytes,
 * a photo coded as text 2 to 3 %, so a tile is text unless it is clearly natural. Any thread. */
#pragma once

#include "codec/tile.h"

struct codec_class {
    enum codec_tile_class tile;
    uint16_t natural_cells; /* of a natural tile: the cells that may be sent as a picture first */
};

/* px: the new pixels, rows CODEC_PATCH_STRIDE apart; p: cells and bounds; m: colours already known. */
struct codec_class codec_classify(
    const struct codec_patch *p, const uint32_t *px, const struct codec_tile_models *m);

/* What a pixel would cost in the natural coder by either prediction, from an eighth of a tile's rows: in 1/16
 * bits. 0 for tiles of a row or two, which have none to judge by. */
struct codec_natural_cost {
    uint32_t median, grain;
};

struct codec_natural_cost codec_classify_cost(const struct codec_patch *p, const uint32_t *px);

/* Whether w x h pixels, rows CODEC_PATCH_STRIDE apart, have one colour. */
bool codec_classify_solid(const uint32_t *px, int32_t w, int32_t h);
