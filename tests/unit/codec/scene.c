#include "scene.h"

#include "codec/store.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

void scene_init(struct scene *s, int32_t w, int32_t h, uint32_t seed)
{
    *s = (struct scene){w, h, must(calloc((size_t)w * (size_t)h, sizeof *s->px)), seed * 2654435761u + 1};
}

void scene_finish(struct scene *s)
{
    free(s->px);
    s->px = NULL;
}

uint32_t scene_random(struct scene *s)
{
    s->seed ^= s->seed << 13;
    s->seed ^= s->seed >> 17;
    s->seed ^= s->seed << 5;
    return s->seed;
}

static uint32_t mix(uint32_t v)
{
    v ^= v >> 16;
    v *= 0x7feb352du;
    v ^= v >> 15;
    v *= 0x846ca68bu;
    return v ^ v >> 16;
}

static struct codec_rect cut(const struct scene *s, struct codec_rect r)
{
    const int32_t x0 = r.x < 0 ? 0 : r.x, y0 = r.y < 0 ? 0 : r.y;
    const int32_t x1 = r.x + r.w > s->w ? s->w : r.x + r.w, y1 = r.y + r.h > s->h ? s->h : r.y + r.h;
    return (struct codec_rect){x0, y0, x1 > x0 ? x1 - x0 : 0, y1 > y0 ? y1 - y0 : 0};
}

static uint32_t *at(const struct scene *s, int32_t x, int32_t y)
{
    return s->px + (size_t)y * (size_t)s->w + (size_t)x;
}

void scene_fill(struct scene *s, struct codec_rect r, uint32_t colour)
{
    r = cut(s, r);
    for (int32_t y = r.y; y < r.y + r.h; y++)
        for (int32_t x = r.x; x < r.x + r.w; x++)
            *at(s, x, y) = colour;
}

static uint32_t blend(uint32_t a, uint32_t b, uint32_t part) /* part of 4 */
{
    uint32_t out = 0;
    for (uint32_t shift = 0; shift < 24; shift += 8)
        out |= (((a >> shift & 255u) * (4 - part) + (b >> shift & 255u) * part) / 4) << shift;
    return out;
}

/* Ink 0..4 of a made-up letter: strokes on a 7 x 11 grid with softened edges. */
static uint32_t glyph(uint32_t letter, int32_t x, int32_t y)
{
    const uint32_t h = mix(letter * 977u + 13u);
    const bool stem = x == (int32_t)(h % 3u) || (h >> 8 & 1u && x == 5);
    const bool bar = y == (int32_t)(2 + (h >> 12) % 4u) || (h >> 20 & 1u && y == 9);
    if (x > 5 || y < 1 || y > 9)
        return 0;
    if (stem || (bar && x < 6))
        return 4;
    return x == (int32_t)(h % 3u) + 1 ? 1 + (h >> 24) % 3u : 0;
}

void scene_text(struct scene *s, struct codec_rect r, uint32_t first_line, uint32_t ink, uint32_t paper)
{
    enum { GLYPH_W = 8, LINE_H = 15 };
    const struct codec_rect in = cut(s, r);
    for (int32_t y = in.y; y < in.y + in.h; y++) {
        const uint32_t line = first_line + (uint32_t)((y - r.y) / LINE_H);
        const uint32_t length = mix(line) % (uint32_t)(r.w / GLYPH_W + 1);
        for (int32_t x = in.x; x < in.x + in.w; x++) {
            const uint32_t column = (uint32_t)((x - r.x) / GLYPH_W);
            const uint32_t letter = mix(line * 131u + column) % 40u;
            uint32_t part = 0;
            if (column < length && letter < 32)
                part = glyph(letter, (x - r.x) % GLYPH_W, (y - r.y) % LINE_H);
            *at(s, x, y) = blend(paper, ink, part);
        }
    }
}

void scene_photo(struct scene *s, struct codec_rect r, int32_t phase)
{
    const struct codec_rect in = cut(s, r);
    for (int32_t y = in.y; y < in.y + in.h; y++)
        for (int32_t x = in.x; x < in.x + in.w; x++) {
            const uint32_t u = (uint32_t)(x - r.x + phase), v = (uint32_t)(y - r.y);
            const uint32_t grain = mix(u * 7919u + v * 104729u);
            const uint32_t wave = (u * 3 + v * v / 97 + (u * v) / 211) & 511u;
            const uint32_t base = wave < 256 ? wave : 511 - wave;
            const uint32_t red = (base * 3 / 4 + (grain & 15u)) & 255u;
            const uint32_t green = (base / 2 + v / 8 + (grain >> 8 & 15u)) & 255u;
            const uint32_t blue = (255 - base + (grain >> 16 & 15u)) & 255u;
            *at(s, x, y) = red << 16 | green << 8 | blue;
        }
}

void scene_noise(struct scene *s, struct codec_rect r)
{
    r = cut(s, r);
    for (int32_t y = r.y; y < r.y + r.h; y++)
        for (int32_t x = r.x; x < r.x + r.w; x++)
            *at(s, x, y) = scene_random(s); /* with a top byte that must not matter */
}

void scene_window(struct scene *s, struct codec_rect r, uint32_t first_line)
{
    scene_fill(s, r, 0x303540);
    scene_fill(s, (struct codec_rect){r.x + 1, r.y + 1, r.w - 2, 22}, 0x4a6fa5);
    scene_text(s, (struct codec_rect){r.x + 8, r.y + 4, r.w - 16, 15}, first_line, 0xffffff, 0x4a6fa5);
    scene_text(
        s, (struct codec_rect){r.x + 1, r.y + 24, r.w - 2, r.h - 25}, first_line + 7, 0x202020, 0xf8f8f2);
}

void scene_shift(struct scene *s, struct codec_rect r, int32_t dx, int32_t dy)
{
    r = cut(s, r);
    uint32_t *old = must(malloc((size_t)r.w * (size_t)r.h * sizeof *old + 1));
    for (int32_t y = 0; y < r.h; y++)
        memcpy(old + (size_t)y * (size_t)r.w, at(s, r.x, r.y + y), (size_t)r.w * sizeof *old);
    for (int32_t y = 0; y < r.h; y++)
        for (int32_t x = 0; x < r.w; x++) {
            const int32_t tx = r.x + x + dx, ty = r.y + y + dy;
            if (tx >= r.x && tx < r.x + r.w && ty >= r.y && ty < r.y + r.h)
                *at(s, tx, ty) = old[(size_t)y * (size_t)r.w + (size_t)x];
        }
    free(old);
}

void scene_link_init(struct scene_link *l, const struct codec_encoder_config *config)
{
    *l = (struct scene_link){0};
    static const uint8_t key[CODEC_STORE_KEY_BYTES] = "for tests alone";
    struct codec_encoder_config with = *config;
    l->store = with.store = must(codec_store_create(key, SCENE_SLOTS));
    if (with.cache_slots == 0)
        with.cache_slots = SCENE_SLOTS;
    l->encoder = must(codec_encoder_create(&with));
    l->decoder = must(codec_decoder_create(CODEC_MAX_PIXELS, with.cache_slots));
    l->message = must(malloc(CODEC_MAX_MESSAGE_BYTES));
    l->now_us = 1000000;
}

void scene_link_finish(struct scene_link *l)
{
    codec_encoder_destroy(l->encoder);
    codec_store_destroy(l->store);
    codec_decoder_destroy(l->decoder);
    free(l->message);
}

int scene_link_send(struct scene_link *l, const struct scene *s, const struct codec_rect *damage,
    size_t damage_count, size_t budget_bytes)
{
    const struct codec_encoder_frame frame = {
        .pixels = s->px,
        .stride_px = (size_t)s->w,
        .damage = damage,
        .damage_count = damage_count,
        .hints = l->hints,
        .hint_count = l->hint_count,
        .work_us = l->work_us,
        .echo = l->echo,
        .rate_Bps = l->rate_Bps,
        .now_us = l->now_us,
        .capture_us = (uint32_t)l->now_us,
        .budget_bytes = budget_bytes,
    };
    const int n = codec_encoder_encode(l->encoder, &frame, l->message, CODEC_MAX_MESSAGE_BYTES, &l->stats);
    l->len = n > 0 ? (size_t)n : 0;
    if (n <= 0)
        return n;
    const int err = codec_decoder_decode(l->decoder, l->message, l->len, &l->decoded);
    return err < 0 ? err : n;
}

bool scene_link_equal(const struct scene_link *l, const struct scene *s)
{
    double mse;
    return scene_link_error(l, s, &mse) == 0;
}

int scene_link_error(const struct scene_link *l, const struct scene *s, double *out_mse)
{
    int32_t w = 0, h = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(l->decoder, &w, &h, &stride);
    if (!px || w != s->w || h != s->h)
        return 1000;
    int worst = 0;
    double sum = 0;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++) {
            const uint32_t a = px[(size_t)y * stride + (size_t)x], b = *at(s, x, y);
            if (a > 0xffffffu)
                return 2000;
            for (uint32_t shift = 0; shift < 24; shift += 8) {
                const int d = (int)(a >> shift & 255u) - (int)(b >> shift & 255u);
                worst = d > worst ? d : -d > worst ? -d : worst;
                sum += (double)d * d;
            }
        }
    *out_mse = sum / (3.0 * w * h);
    return worst;
}
