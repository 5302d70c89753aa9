#include "codec/classify.h"
#include "codec/tile_map.h"

static void encode_text(
    struct codec_tile_out *out, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src)
{
    (void)codec_tile_text(&out->range, true, m, p, src);
}

static void encode_natural(
    struct codec_tile_out *out, struct codec_tile_models *m, struct codec_patch *p, const uint32_t *src)
{
    struct codec_rans_writer w = {out->scratch->symbols, out->scratch->symbols, &out->scratch->inverse};
    const struct codec_natural_cost cost = codec_classify_cost(p, src);
    const bool grain = cost.grain < cost.median;
    (void)codec_range_bit(&out->range, true, &m->grain, grain);
    (void)codec_tile_natural((struct codec_natural_io){.out = &w}, true, &m->natural_px, p, src, grain);
    const size_t left = (size_t)(out->end - out->natural_end);
    uint8_t *end = out->natural_end + (left < CODEC_NATURAL_MAX_BYTES ? left : CODEC_NATURAL_MAX_BYTES);
    const uint8_t *start = codec_rans_write(&w, out->natural_end, end);
    if (!start) {
        out->range.full = true;
        return;
    }
    memmove(out->natural_end, start, (size_t)(end - start));
    out->natural_end += end - start;
}

const struct codec_tile_writer codec_tile_writers[CODEC_TILE_CLASSES] = {
    [CODEC_TILE_TEXT] = {"text", encode_text},
    [CODEC_TILE_NATURAL] = {"natural", encode_natural},
};

void codec_tile_out_start(
    struct codec_tile_out *o, uint8_t *payload, size_t cap, struct codec_tile_scratch *scratch)
{
    codec_range_write_start(&o->range, payload, cap / 2);
    o->natural_start = o->natural_end = payload + cap / 2;
    o->end = payload + cap;
    o->scratch = scratch;
}

size_t codec_tile_out_end(struct codec_tile_out *o)
{
    size_t n = codec_range_write_end(&o->range);
    const size_t natural = (size_t)(o->natural_end - o->natural_start);
    if (o->range.full || codec_tile_out_room(o) < CODEC_TILE_TRAILER_MAX_BYTES) {
        o->range.full = true;
        return 0;
    }
    uint8_t *payload = o->range.out_start;
    memmove(payload + n, o->natural_start, natural);
    n += natural;
    /* Its length behind it, to be read from the last byte on: the highest bits come first. */
    uint32_t shift = 0;
    while (natural >> shift > 127)
        shift += 7;
    payload[n++] = (uint8_t)(natural >> shift);
    while (shift > 0) {
        shift -= 7;
        payload[n++] = (uint8_t)((natural >> shift & 127) | 128);
    }
    return n;
}

void codec_tile_write(struct codec_tile_out *out, struct codec_tile_models *m, const struct codec_screen *s,
    struct codec_patch *p, enum codec_tile_class class, const uint32_t *src)
{
    (void)codec_tile_map(&out->range, true, m, s, p, (uint32_t) class);
    codec_tile_writers[class].encode(out, m, p, src);
}
