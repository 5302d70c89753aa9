/* Pictures for the codec's tests and benchmarks, made from a seed: text, photos, windows, noise; and an
 * encoder joined to a decoder. Aborts on broken use: only for tests and benchmarks. */
#pragma once

#include "codec/decoder.h"
#include "codec/encoder.h"

struct scene {
    int32_t w, h;
    uint32_t *px; /* owned; rows w apart */
    uint32_t seed;
};

void scene_init(struct scene *s, int32_t w, int32_t h, uint32_t seed);
void scene_finish(struct scene *s);
uint32_t scene_random(struct scene *s);

void scene_fill(struct scene *s, struct codec_rect r, uint32_t colour);
/* Lines of glyph-like shapes, anti-aliased, on a pixel grid; first_line picks the words. */
void scene_text(struct scene *s, struct codec_rect r, uint32_t first_line, uint32_t ink, uint32_t paper);
/* A smooth picture with grain; phase moves it. */
void scene_photo(struct scene *s, struct codec_rect r, int32_t phase);
void scene_noise(struct scene *s, struct codec_rect r);
/* A frame, a title and some text. */
void scene_window(struct scene *s, struct codec_rect r, uint32_t first_line);
/* Move the content of r by dx, dy; what is uncovered keeps its old pixels. */
void scene_shift(struct scene *s, struct codec_rect r, int32_t dx, int32_t dy);

/* An encoder, a decoder with slots for exact tiles (SCENE_SLOTS unless the config has a number) and the bytes
 * between. */
enum { SCENE_SLOTS = 4096 };

struct scene_link {
    struct codec_store *store;
    struct codec_encoder *encoder;
    struct codec_decoder *decoder;
    uint8_t *message;
    size_t len;
    uint64_t now_us;
    const struct codec_move *hints; /* told with each message; NULL for none */
    size_t hint_count;
    uint32_t work_us; /* told with each message, as is the next */
    bool echo;
    uint64_t rate_Bps;
    struct codec_encoder_stats stats;
    struct codec_decoded decoded;
};

void scene_link_init(struct scene_link *l, const struct codec_encoder_config *config);
void scene_link_finish(struct scene_link *l);
/* One message. damage NULL: all; count 0 with damage: none. Returns its length, 0 for none; negative
 * when either side fails. */
int scene_link_send(struct scene_link *l, const struct scene *s, const struct codec_rect *damage,
    size_t damage_count, size_t budget_bytes);
/* Whether the decoder's picture equals the scene. */
bool scene_link_equal(const struct scene_link *l, const struct scene *s);
/* Largest difference of a colour channel, and the mean square error, of decoder and scene. */
int scene_link_error(const struct scene_link *l, const struct scene *s, double *out_mse);
