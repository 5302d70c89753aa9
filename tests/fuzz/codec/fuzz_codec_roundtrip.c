/* Frames made from the input go through encoder and decoder: every message decodes, whatever is called
 * exact is, and everything ends exact. */
#include "codec/store.h"
#include "tests/unit/codec/video_link.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE_PX = 200, MAX_STEPS = 24, MAX_SETTLE = 4000, REMEMBERED = 4, STORE_TILES = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static uint32_t mix(uint32_t v)
{
    v *= 0x9E3779B1u;
    v ^= v >> 15;
    return v * 0x85EBCA6Bu;
}

static void draw(struct input *in, uint32_t *px, int32_t w, int32_t h, struct codec_rect *damage)
{
    const uint32_t kind = take(in), seed = mix(take(in) + 1);
    const int32_t x0 = (int32_t)take(in) % w, y0 = (int32_t)take(in) % h;
    const int32_t x1 = x0 + (int32_t)take(in) % (w - x0) + 1, y1 = y0 + (int32_t)take(in) % (h - y0) + 1;
    const int32_t dx = (int32_t)(seed >> 8 & 31) - 16, dy = (int32_t)(seed >> 16 & 31) - 16;
    *damage = (struct codec_rect){x0, y0, x1 - x0, y1 - y0};
    for (int32_t y = y0; y < y1; y++)
        for (int32_t x = x0; x < x1; x++) {
            uint32_t *p = px + y * w + x;
            switch (kind % 5) {
            case 0:
                *p = seed;
                break;
            case 1:
                *p = mix(seed + (uint32_t)(x * 7 + y * 131)); /* noise */
                break;
            case 2: /* few colours in a pattern */
                *p = mix(seed + ((uint32_t)(x / 3) * 5u + (uint32_t)(y / 5)) % 7u) & 0xf0f0f0u;
                break;
            case 3: /* smooth with grain: natural */
                *p = ((uint32_t)(x + dx * 3) & 255u) << 16 | ((uint32_t)(y * 2) & 255u) << 8 |
                     (mix((uint32_t)(x * y)) & 31u);
                break;
            default: /* moved within the frame, as far as it goes */
                if (x + dx >= 0 && x + dx < w && y + dy >= 0 && y + dy < h)
                    *p = px[(y + dy) * w + x + dx];
            }
        }
}

static bool equal(const struct codec_decoder *d, const uint32_t *px, int32_t w, int32_t h)
{
    int32_t dw = 0, dh = 0;
    size_t stride = 0;
    const uint32_t *got = codec_decoder_pixels(d, &dw, &dh, &stride);
    if (!got || dw != w || dh != h)
        return false;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            if (got[(size_t)y * stride + (size_t)x] != (px[y * w + x] & 0xffffffu))
                return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t message[CODEC_MAX_MESSAGE_BYTES];
    struct input in = {data, size};
    const int32_t w = (int32_t)take(&in) % MAX_SIDE_PX + 1, h = (int32_t)take(&in) % MAX_SIDE_PX + 1;
    const uint32_t kinds = take(&in);
    struct video_link video = {.refuse = (kinds & 0xf8) == 0xf8};
    const uint8_t key[CODEC_STORE_KEY_BYTES] = {(uint8_t)kinds};
    const size_t slots = take(&in) % 64; /* none now and then */
    struct codec_store *store = codec_store_create(key, STORE_TILES);
    const struct codec_encoder_config config = {.width_px = w,
        .height_px = h,
        .lossy_first = kinds & 1,
        .jpeg_quality = (int)take(&in) % 100,
        .cache_slots = slots,
        .store = store,
        .video = &video_link_coder,
        .video_data = &video,
        .video_kinds = kinds & 6};
    uint32_t *px = calloc((size_t)w * (size_t)h, sizeof *px);
    struct codec_encoder *e = codec_encoder_create(&config);
    struct codec_decoder *d = codec_decoder_create((size_t)w * (size_t)h, slots);
    uint32_t *remembered = calloc((size_t)w * (size_t)h * REMEMBERED, sizeof *px);
    if (!px || !e || !d || !store || !remembered)
        abort();
    struct codec_encoder_stats stats = {0};
    struct codec_decoded out;
    uint64_t now_us = 1;
    for (int i = 0; i < MAX_STEPS + MAX_SETTLE; i++) {
        struct codec_rect damage = {0};
        const bool drawing = i < MAX_STEPS && in.size > 0;
        if (!drawing && i > 0 && !codec_encoder_pending(e))
            break;
        if (drawing) {
            const uint32_t act = take(&in);
            uint32_t *screen = remembered + (size_t)(act / 4 % REMEMBERED) * (size_t)w * (size_t)h;
            if (act % 4 == 1) {
                memcpy(px, screen, (size_t)w * (size_t)h * sizeof *px);
                damage = (struct codec_rect){0, 0, w, h};
            } else {
                draw(&in, px, w, h, &damage);
            }
            if (act % 4 == 2)
                memcpy(screen, px, (size_t)w * (size_t)h * sizeof *px);
        }
        /* Sometimes true for moves, mostly false; the far ones reach out of any screen. */
        const int32_t far = (int32_t)(take(&in) & 15u) == 0 ? INT32_MAX / 32 : 1;
        const struct codec_move hint = {
            damage, ((int32_t)(take(&in) & 31u) - 16) * far, ((int32_t)(take(&in) & 31u) - 16) * far};
        const struct codec_encoder_frame frame = {
            .pixels = px,
            .stride_px = (size_t)w,
            .damage = &damage,
            .damage_count = drawing,
            .hints = &hint,
            .hint_count = drawing,
            .now_us = now_us += drawing ? take(&in) * 5000u : 300000u,
            .budget_bytes = drawing ? take(&in) * take(&in) : 20000,
        };
        const int n = codec_encoder_encode(e, &frame, message, sizeof message, &stats);
        if (n < 0)
            abort();
        if (n > 0) {
            uint8_t *copy = malloc((size_t)n);
            if (!copy)
                abort();
            memcpy(copy, message, (size_t)n);
            if (codec_decoder_decode(d, copy, (size_t)n, &out) != 0 || !video_link_paint(d, &out))
                abort();
            free(copy);
        }
        if (stats.exact && !equal(d, px, w, h))
            abort();
        if (drawing && (kinds & 8)) {
            const uint32_t wish = take(&in);
            codec_encoder_video_control(e, wish >> 4 & 3,
                &(struct codec_video_wish){.pause = wish & 1, .key = wish & 2, .none = (wish & 15) == 15});
        }
    }
    if (codec_encoder_pending(e) || !equal(d, px, w, h))
        abort();
    codec_encoder_destroy(e);
    if (codec_store_count(store) != 0)
        abort();
    codec_store_destroy(store);
    free(remembered);
    if (video.opened != video.closed)
        abort();
    codec_decoder_destroy(d);
    free(px);
    return 0;
}
