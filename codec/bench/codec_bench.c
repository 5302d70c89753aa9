/* Bytes and time per frame of the screen codec, on made-up scenes or on recorded frames.
 *
 *   codec_bench                                  all scenes at 1920x1080
 *   codec_bench --frames FILE --size 1920x1080   raw BGRX frames, one after the other
 *   codec_bench --scene NAME                     one of them
 *   --dump FILE                                  also write each message behind its length (u32), and at the
 *                                                end 0 and a checksum of the picture: for wasm_decode.mjs
 *   --lossy    natural content as JPEG first     --still   each frame on its own, from nothing
 *
 * Damage is told only for `typing`; everywhere else the whole screen is compared. Times are processor time of
 * one core. */
#include "tests/unit/codec/scene.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH_PX = 1920, HEIGHT_PX = 1080, FRAMES = 60 };

struct result {
    const char *name;
    size_t frames, bytes, most_bytes, first_bytes;
    double encode_ms, most_encode_ms, decode_ms, first_encode_ms, first_decode_ms;
    size_t wrong;
    FILE *dump; /* or NULL */
};

/* FNV-1a over red, green, blue, 255 of every pixel: what the page would hand to a canvas. */
static uint32_t checksum(const struct codec_decoder *d)
{
    int32_t w = 0, h = 0;
    size_t stride = 0;
    uint32_t sum = 2166136261u;
    const uint32_t *px = codec_decoder_pixels(d, &w, &h, &stride);
    for (int32_t y = 0; px && y < h; y++)
        for (int32_t x = 0; x < w; x++) {
            const uint32_t c = px[(size_t)y * stride + (size_t)x];
            const uint32_t bytes[4] = {c >> 16 & 255u, c >> 8 & 255u, c & 255u, 255u};
            for (int i = 0; i < 4; i++)
                sum = (sum ^ bytes[i]) * 16777619u;
        }
    return sum;
}

static void dump32(FILE *f, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    (void)fwrite(bytes, 1, sizeof bytes, f);
}

static void dump_end(FILE *f, const struct codec_decoder *d)
{
    dump32(f, 0);
    dump32(f, checksum(d));
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be using the machine */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* One frame: messages until nothing is dirty. */
static void send(
    struct result *r, struct scene_link *l, const struct scene *s, const struct codec_rect *damage)
{
    const struct codec_rect none = {0};
    double encode_ms = 0, decode_ms = 0;
    size_t bytes = 0;
    l->stats.complete = false;
    for (bool first = true; !l->stats.complete; first = false) {
        const struct codec_encoder_frame frame = {
            .pixels = s->px,
            .stride_px = (size_t)s->w,
            .damage = first ? damage : &none,
            .damage_count = first && damage ? 1 : 0,
            .now_us = l->now_us,
            .budget_bytes = CODEC_MAX_MESSAGE_BYTES,
        };
        const double t0 = now_ms();
        const int n =
            codec_encoder_encode(l->encoder, &frame, l->message, CODEC_MAX_MESSAGE_BYTES, &l->stats);
        const double t1 = now_ms();
        const int err = n > 0 ? codec_decoder_decode(l->decoder, l->message, (size_t)n, &l->decoded) : n;
        const double t2 = now_ms();
        if (err < 0) {
            fprintf(stderr, "%s: %s\n", r->name, codec_strerror(err));
            exit(1);
        }
        if (r->dump && n > 0) {
            dump32(r->dump, (uint32_t)n);
            (void)fwrite(l->message, 1, (size_t)n, r->dump);
        }
        bytes += (size_t)n;
        encode_ms += t1 - t0;
        decode_ms += t2 - t1;
    }
    r->wrong += l->stats.exact && !scene_link_equal(l, s);
    if (r->frames++ == 0) {
        r->first_bytes = bytes;
        r->first_encode_ms = encode_ms;
        r->first_decode_ms = decode_ms;
        return;
    }
    r->bytes += bytes;
    r->most_bytes = bytes > r->most_bytes ? bytes : r->most_bytes;
    r->encode_ms += encode_ms;
    r->most_encode_ms = encode_ms > r->most_encode_ms ? encode_ms : r->most_encode_ms;
    r->decode_ms += decode_ms;
}

static void print(const struct result *r)
{
    const double n = r->frames > 1 ? (double)(r->frames - 1) : 1;
    printf("%-12s %5zu %9.1f %7.2f %7.2f %9.0f %9zu %8.3f %8.3f %8.3f %s\n", r->name, r->frames,
        (double)r->first_bytes / 1e3, r->first_encode_ms, r->first_decode_ms, (double)r->bytes / n,
        r->most_bytes, r->encode_ms / n, r->most_encode_ms, r->decode_ms / n, r->wrong ? "WRONG" : "exact");
}

static void scene_typing(struct scene *s, int frame, struct codec_rect *damage)
{
    *damage = (struct codec_rect){40 + frame * 8, 500, 8, 15};
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    else
        scene_text(s, *damage, 1000 + (uint32_t)frame, 0x202020, 0xffffff);
}

static void scene_scroll(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    scene_shift(s, (struct codec_rect){0, 90, s->w, s->h - 90}, 0, -60);
    scene_text(s, (struct codec_rect){0, s->h - 60, s->w, 60}, 500 + (uint32_t)frame * 4, 0x202020, 0xffffff);
}

static void scene_terminal(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 100 + (uint32_t)frame * 4, 0xd0d0d0, 0x101010);
}

static void scene_drag(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    static const struct codec_rect all = {0, 0, WIDTH_PX, HEIGHT_PX};
    scene_photo(s, all, 0);
    const int at = frame < FRAMES / 4 ? frame : FRAMES / 2 - frame; /* there and back */
    scene_window(s, (struct codec_rect){100 + at * 12, 80 + at * 5, 760, 520}, 3);
}

static void scene_switch(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_fill(s, (struct codec_rect){0, 0, s->w, s->h}, 0xeeeeec);
    for (int i = 0; i < 4; i++)
        scene_window(s, (struct codec_rect){60 + i * 300, 40 + i * 120 + frame % 7, 800, 600},
            (uint32_t)(frame * 40 + i * 9));
}

static void scene_photos(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    scene_photo(s, (struct codec_rect){0, 0, s->w, s->h}, frame * 517);
}

static void scene_video(struct scene *s, int frame, struct codec_rect *damage)
{
    (void)damage;
    if (frame == 0)
        scene_text(s, (struct codec_rect){0, 0, s->w, s->h}, 3, 0x202020, 0xffffff);
    scene_photo(s, (struct codec_rect){480, 270, 960, 540}, frame * 517);
}

static const struct {
    const char *name;
    void (*draw)(struct scene *s, int frame, struct codec_rect *damage);
    int frames;
    bool damage;
} SCENES[] = {
    {"typing", scene_typing, FRAMES, true},
    {"scroll", scene_scroll, FRAMES, false},
    {"terminal", scene_terminal, FRAMES, false},
    {"window", scene_drag, FRAMES / 2, false},
    {"switch", scene_switch, FRAMES / 4, false},
    {"photo", scene_photos, 4, false},
    {"video", scene_video, 10, false},
};

static void run_scenes(bool lossy, const char *only, FILE *out)
{
    for (size_t i = 0; i < sizeof SCENES / sizeof SCENES[0]; i++) {
        if (only && strcmp(only, SCENES[i].name) != 0)
            continue;
        struct scene s;
        struct scene_link l;
        struct result r = {.name = SCENES[i].name, .dump = out};
        scene_init(&s, WIDTH_PX, HEIGHT_PX, 1);
        scene_link_init(&l, &(struct codec_encoder_config){
                                .width_px = WIDTH_PX, .height_px = HEIGHT_PX, .lossy_first = lossy});
        for (int f = 0; f < SCENES[i].frames; f++) {
            struct codec_rect damage = {0};
            SCENES[i].draw(&s, f, &damage);
            l.now_us += 33333;
            send(&r, &l, &s, f > 0 && SCENES[i].damage ? &damage : NULL);
        }
        print(&r);
        if (out)
            dump_end(out, l.decoder);
        scene_link_finish(&l);
        scene_finish(&s);
    }
}

static int run_file(const char *path, int32_t w, int32_t h, bool lossy, bool still, FILE *out)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    struct scene s;
    struct scene_link l;
    const char *slash = strrchr(path, '/');
    struct result r = {.name = slash ? slash + 1 : path, .dump = out};
    scene_init(&s, w, h, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = w, .height_px = h, .lossy_first = lossy});
    while (fread(s.px, 4, (size_t)w * (size_t)h, f) == (size_t)w * (size_t)h) {
        l.now_us += 33333;
        if (still && r.frames > 0 && codec_encoder_reset(l.encoder, w, h) < 0)
            break;
        send(&r, &l, &s, NULL);
    }
    print(&r);
    if (out)
        dump_end(out, l.decoder);
    scene_link_finish(&l);
    scene_finish(&s);
    fclose(f);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"frames", required_argument, NULL, 'f'},
        {"size", required_argument, NULL, 's'}, {"lossy", no_argument, NULL, 'l'},
        {"still", no_argument, NULL, '1'}, {"scene", required_argument, NULL, 'n'},
        {"dump", required_argument, NULL, 'd'}, {NULL, 0, NULL, 0}};
    const char *frames = NULL, *scene = NULL;
    int w = WIDTH_PX, h = HEIGHT_PX;
    bool lossy = false, still = false;
    FILE *out = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'f')
            frames = optarg;
        else if (c == 'l')
            lossy = true;
        else if (c == 'n')
            scene = optarg;
        else if (c == 'd' && !out && (out = fopen(optarg, "wb")))
            continue;
        else if (c == '1')
            still = true;
        else if (c != 's' || sscanf(optarg, "%dx%d", &w, &h) != 2)
            return 2;
    }
    printf("%-12s %5s %9s %7s %7s %9s %9s %8s %8s %8s\n", "scene", "n", "first kB", "enc ms", "dec ms",
        "B/frame", "most B", "enc ms", "most", "dec ms");
    if (frames)
        return run_file(frames, w, h, lossy, still, out);
    run_scenes(lossy, scene, out);
    return 0;
}
