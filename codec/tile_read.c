#include "codec/tile_map.h"

#include <string.h>

static bool decode_text(struct codec_tile_in *in, struct codec_tile_models *m, struct codec_patch *p)
{
    return codec_tile_text(&in->range, false, m, p, NULL);
}

static bool decode_natural(struct codec_tile_in *in, struct codec_tile_models *m, struct codec_patch *p)
{
    const bool grain = codec_range_bit(&in->range, false, &m->grain, 0);
    const struct codec_natural_io io = {.in = &in->natural};
    return codec_range_read_going(&in->range) && codec_rans_read_tile(&in->natural) &&
           codec_tile_natural(io, false, &m->natural_px, p, NULL, grain) &&
           codec_rans_read_tile_ok(&in->natural);
}

const struct codec_tile_reader codec_tile_readers[CODEC_TILE_CLASSES] = {
    [CODEC_TILE_TEXT] = {"text", decode_text},
    [CODEC_TILE_NATURAL] = {"natural", decode_natural},
};

void codec_tile_models_reset(struct codec_tile_models *m)
{
    memset(m, 0, sizeof *m);
    codec_prob_init(m->present, 4);
    codec_prob_init(m->cell, 4);
    codec_prob_init(&m->cut, 1);
    codec_prob_init(&m->natural, 1);
    codec_prob_init(&m->grain, 1);
    codec_natural_reset(&m->natural_px);
    struct codec_text *t = &m->text;
    codec_prob_init(t->run_full, sizeof t->run_full / sizeof(struct codec_prob));
    codec_prob_init(&t->run_len[0][0], sizeof t->run_len / sizeof(struct codec_prob));
    codec_prob_init(&t->far_miss[0][0], sizeof t->far_miss / sizeof(struct codec_prob));
    codec_prob_init(&t->near_miss[0][0], sizeof t->near_miss / sizeof(struct codec_prob));
    codec_prob_init(&t->differs[0][0], sizeof t->differs / sizeof(struct codec_prob));
    codec_prob_init(&t->pair_miss[0][0], sizeof t->pair_miss / sizeof(struct codec_prob));
    codec_prob_init(&t->not_recent, 1);
    codec_prob_init(&t->not_cached, 1);
    codec_prob_init(t->rank, sizeof t->rank / sizeof(struct codec_prob));
    codec_colour_reset(&t->fresh);
}

int codec_tile_in_start(struct codec_tile_in *in, const uint8_t *data, size_t len)
{
    size_t natural = 0, at = len;
    uint32_t shift = 0;
    uint8_t byte;
    do {
        if (at == 0 || shift == 7 * CODEC_TILE_TRAILER_MAX_BYTES)
            return CODEC_ERR_LENGTH;
        byte = data[--at];
        natural |= (size_t)(byte & 127u) << shift;
        shift += 7;
    } while (byte & 128u);
    if (natural > at || (byte == 0 && shift > 7))
        return CODEC_ERR_LENGTH;
    codec_range_read_start(&in->range, data, at - natural);
    codec_rans_read_start(&in->natural, data + (at - natural), natural);
    return 0;
}

bool codec_tile_in_ok(const struct codec_tile_in *in)
{
    return codec_range_read_ok(&in->range) && codec_rans_read_ok(&in->natural);
}

int codec_tile_read(struct codec_tile_in *in, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p)
{
    const uint32_t class = codec_tile_map(&in->range, false, m, s, p, 0);
    if (!codec_range_read_going(&in->range))
        return CODEC_ERR_CORRUPT;
    const uint32_t outside = (uint32_t)~codec_screen_tile_cells(s, p->tile_x, p->tile_y);
    if (p->cells == 0 || (p->cells & outside & CODEC_ALL_CELLS))
        return CODEC_ERR_RANGE;
    if (p->x0 >= p->x1 || p->y0 >= p->y1 || p->x1 > codec_screen_tile_w(s, p->tile_x) ||
        p->y1 > codec_screen_tile_h(s, p->tile_y))
        return CODEC_ERR_RANGE;
    codec_patch_load(p, s);
    return codec_tile_readers[class].decode(in, m, p) ? 0 : CODEC_ERR_CORRUPT;
}
