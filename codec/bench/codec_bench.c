/* Bytes and time per frame of the screen codec, on made-up scenes or on recorded frames.
 *
 *   codec_bench                                  all scenes at 1920x1080
 *   codec_bench --scene NAME                     one of them
 *   codec_bench --trace FILE                     what capture_record wrote, with its damage; - reads
 *                                                standard input: zstdcat x.htr.zst | codec_bench --trace -
 *   codec_bench --frames FILE --size 1920x1080   raw BGRX frames, one after the other
 *   --runs N     the best of N runs, frame by frame: the machine has other work too
 *   --lossy      natural content as JPEG first     --still   each frame on its own, from nothing
 *   --rate N     tell the encoder a link of N bytes a second
 *   --first N    no more than N frames of each
 *   --each       a line for each frame as well: bytes, encode ms, its stages, decode ms
 *   --blind      do not tell the damage of a trace, --deaf its moves
 *   --dump FILE  also write each message behind its length (u32), and at the end 0 and a checksum of the
 *                picture: for wasm_decode.mjs
 *
 * Damage is told only for `typing` and traces; everywhere else the whole screen is compared. Times are
 * processor time of one core: all calls for a frame, the longest single call (also of the first frame), and
 * in them diff (compare with what was sent), motion (moves and what lies under), slots (screens that come
 * back) and code (fills, tiles, pictures). */
#include "codec/bench/scenes.h"
#include "codec/bench/stages.h"
#include "codec/bench/trace.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FRAMES = 4096, MAX_RUNS = 100, CALL_US = 8000 /* as the host does */ };

/* One frame, the best of all runs. */
struct cost {
    double encode_ms, decode_ms, call_ms, stage_ms[STAGE_COUNT];
    size_t bytes;
};

struct result {
    const char *name;
    int run;
    size_t frames, bytes, most_bytes, first_bytes;
    struct cost *cost; /* MAX_FRAMES, owned */
    size_t wrong;
    FILE *dump; /* or NULL */
};

struct options {
    bool lossy, still, blind, each, deaf;
    int runs;
    size_t first;
    uint64_t rate_Bps;
    FILE *dump;
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

static void lower(double *best, double now, bool first)
{
    if (first || now < *best)
        *best = now;
}

/* One frame: messages until nothing is dirty. */
static void send(
    struct result *r, struct scene_link *l, const struct scene *s, struct codec_encoder_frame frame)
{
    static const struct codec_rect none;
    struct cost now = {0};
    size_t bytes = 0;
    if (r->frames == MAX_FRAMES)
        return;
    stage_take(now.stage_ms);
    frame.pixels = s->px;
    frame.stride_px = (size_t)s->w;
    frame.now_us = l->now_us;
    frame.budget_bytes = CODEC_MAX_MESSAGE_BYTES;
    frame.work_us = CALL_US;
    do {
        const double t0 = stage_now_ms();
        const int n =
            codec_encoder_encode(l->encoder, &frame, l->message, CODEC_MAX_MESSAGE_BYTES, &l->stats);
        const double t1 = stage_now_ms();
        const int err = n > 0 ? codec_decoder_decode(l->decoder, l->message, (size_t)n, &l->decoded) : n;
        const double t2 = stage_now_ms();
        if (err < 0) {
            fprintf(stderr, "%s: %s\n", r->name, codec_strerror(err));
            exit(1);
        }
        if (r->dump && n > 0 && r->run == 0) {
            dump32(r->dump, (uint32_t)n);
            (void)fwrite(l->message, 1, (size_t)n, r->dump);
        }
        bytes += (size_t)n;
        now.encode_ms += t1 - t0;
        now.call_ms = t1 - t0 > now.call_ms ? t1 - t0 : now.call_ms;
        now.decode_ms += t2 - t1;
        frame.damage = &none;
        frame.damage_count = 0;
    } while (!l->stats.complete);
    stage_take(now.stage_ms);
    struct cost *best = &r->cost[r->frames];
    lower(&best->encode_ms, now.encode_ms, r->run == 0);
    lower(&best->decode_ms, now.decode_ms, r->run == 0);
    lower(&best->call_ms, now.call_ms, r->run == 0);
    for (int i = 0; i < STAGE_COUNT; i++)
        lower(&best->stage_ms[i], now.stage_ms[i], r->run == 0);
    best->bytes = bytes;
    r->wrong += l->stats.exact && !scene_link_equal(l, s);
    if (r->frames++ == 0) {
        r->first_bytes = bytes;
    } else {
        r->bytes += bytes;
        r->most_bytes = bytes > r->most_bytes ? bytes : r->most_bytes;
    }
}

static void begin_run(struct result *r, int run)
{
    r->run = run;
    r->frames = r->bytes = r->most_bytes = 0;
}

static void print(const struct result *r, const struct options *o)
{
    for (size_t i = 0; o->each && i < r->frames; i++) {
        const struct cost *c = &r->cost[i];
        printf("%-12.12s %5zu %8zu %8.3f %7.3f %7.3f %7.3f %7.3f %8.3f\n", r->name, i, c->bytes, c->encode_ms,
            c->stage_ms[STAGE_DIFF], c->stage_ms[STAGE_MOTION], c->stage_ms[STAGE_SLOTS],
            c->stage_ms[STAGE_CODE], c->decode_ms);
    }
    const double n = r->frames > 1 ? (double)(r->frames - 1) : 1;
    struct cost sum = {0};
    double most_ms = 0, call_ms = r->frames > 0 ? r->cost[0].call_ms : 0;
    for (size_t i = 1; i < r->frames; i++) {
        sum.encode_ms += r->cost[i].encode_ms;
        sum.decode_ms += r->cost[i].decode_ms;
        most_ms = r->cost[i].encode_ms > most_ms ? r->cost[i].encode_ms : most_ms;
        call_ms = r->cost[i].call_ms > call_ms ? r->cost[i].call_ms : call_ms;
        for (int k = 0; k < STAGE_COUNT; k++)
            sum.stage_ms[k] += r->cost[i].stage_ms[k];
    }
    printf("%-12.12s %5zu %8.1f %7.2f %7.2f %8.0f %8zu %8.3f %8.3f %7.3f %7.3f %7.3f %7.3f %8.3f %7.3f %s\n",
        r->name, r->frames, (double)r->first_bytes / 1e3, r->cost[0].encode_ms, r->cost[0].decode_ms,
        (double)r->bytes / n, r->most_bytes, sum.encode_ms / n, most_ms, call_ms,
        sum.stage_ms[STAGE_DIFF] / n, sum.stage_ms[STAGE_MOTION] / n, sum.stage_ms[STAGE_SLOTS] / n,
        sum.stage_ms[STAGE_CODE] / n, sum.decode_ms / n, r->wrong ? "WRONG" : "exact");
    fflush(stdout);
}

static struct result new_result(const char *name, const struct options *o)
{
    const char *slash = strrchr(name, '/');
    struct result r = {.name = slash ? slash + 1 : name, .dump = o->dump};
    r.cost = calloc(MAX_FRAMES, sizeof *r.cost);
    if (!r.cost)
        abort();
    return r;
}

static void link_init(struct scene_link *l, int32_t w, int32_t h, const struct options *o)
{
    scene_link_init(
        l, &(struct codec_encoder_config){.width_px = w, .height_px = h, .lossy_first = o->lossy});
}

static void run_scenes(const char *only, const struct options *o)
{
    for (size_t i = 0; i < BENCH_SCENE_COUNT; i++) {
        const struct bench_scene *scene = &BENCH_SCENES[i];
        if (only && strcmp(only, scene->name) != 0)
            continue;
        struct result r = new_result(scene->name, o);
        for (int run = 0; run < o->runs; run++) {
            struct scene s;
            struct scene_link l;
            scene_init(&s, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, 1);
            link_init(&l, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, o);
            begin_run(&r, run);
            for (int f = 0; f < scene->frames && r.frames < o->first; f++) {
                struct codec_rect damage = {0};
                scene->draw(&s, f, &damage);
                l.now_us += scene->gap_us ? scene->gap_us : 33333;
                const bool tell = f > 0 && scene->damage;
                send(&r, &l, &s,
                    (struct codec_encoder_frame){
                        .damage = tell ? &damage : NULL, .damage_count = tell, .rate_Bps = o->rate_Bps});
            }
            if (o->dump && run == 0)
                dump_end(o->dump, l.decoder);
            scene_link_finish(&l);
            scene_finish(&s);
        }
        print(&r, o);
        free(r.cost);
    }
}

static FILE *open_input(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!f)
        perror(path);
    return f;
}

/* Raw frames (w and h given) or a trace (w is 0). */
static int run_file(const char *path, int32_t w, int32_t h, const struct options *o)
{
    const bool trace = w == 0;
    static struct trace_frame recorded;
    struct result r = new_result(path, o);
    for (int run = 0; run < o->runs; run++) {
        FILE *f = open_input(path);
        if (!f || (trace && !trace_read_start(f, &w, &h))) {
            fprintf(stderr, "%s: not a trace\n", path);
            free(r.cost);
            return 1;
        }
        struct scene s;
        struct scene_link l;
        scene_init(&s, w, h, 1);
        link_init(&l, w, h, o);
        begin_run(&r, run);
        const uint64_t start_us = l.now_us;
        const size_t pixels = (size_t)w * (size_t)h;
        while (r.frames < o->first &&
               (trace ? trace_read_frame(f, &recorded, s.px, w, h) : fread(s.px, 4, pixels, f) == pixels)) {
            l.now_us = trace ? start_us + recorded.time_us : l.now_us + 33333;
            if (o->still && r.frames > 0 && codec_encoder_reset(l.encoder, w, h) < 0)
                break;
            const bool tell = trace && !o->blind && !o->still;
            send(&r, &l, &s,
                (struct codec_encoder_frame){.rate_Bps = o->rate_Bps,
                    .damage = tell ? recorded.rect : NULL,
                    .damage_count = tell ? recorded.rect_count : 0});
        }
        if (o->dump && run == 0)
            dump_end(o->dump, l.decoder);
        scene_link_finish(&l);
        scene_finish(&s);
        if (f == stdin)
            break;
        fclose(f);
    }
    print(&r, o);
    free(r.cost);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"frames", required_argument, NULL, 'f'},
        {"size", required_argument, NULL, 's'}, {"lossy", no_argument, NULL, 'l'},
        {"still", no_argument, NULL, '1'}, {"scene", required_argument, NULL, 'n'},
        {"trace", required_argument, NULL, 't'}, {"runs", required_argument, NULL, 'r'},
        {"blind", no_argument, NULL, 'b'}, {"each", no_argument, NULL, 'e'}, {"deaf", no_argument, NULL, 'h'},
        {"dump", required_argument, NULL, 'd'}, {"first", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
    const char *frames = NULL, *scene = NULL, *trace = NULL;
    int w = SCENE_WIDTH_PX, h = SCENE_HEIGHT_PX;
    struct options o = {.runs = 1, .first = MAX_FRAMES};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'f')
            frames = optarg;
        else if (c == 'l')
            o.lossy = true;
        else if (c == 'n')
            scene = optarg;
        else if (c == 't')
            trace = optarg;
        else if (c == 'e')
            o.each = true;
        else if (c == 'b')
            o.blind = true;
        else if (c == 'h')
            o.deaf = true;
        else if (c == 'd' && !o.dump && (o.dump = fopen(optarg, "wb")))
            continue;
        else if (c == 'c' && sscanf(optarg, "%zu", &o.first) == 1 && o.first > 0)
            continue;
        else if (c == 'a' && sscanf(optarg, "%" SCNu64, &o.rate_Bps) == 1)
            continue;
        else if (c == '1')
            o.still = true;
        else if (c == 'r' && sscanf(optarg, "%d", &o.runs) == 1 && o.runs > 0 && o.runs <= MAX_RUNS)
            continue;
        else if (c != 's' || sscanf(optarg, "%dx%d", &w, &h) != 2 || w < 1 || h < 1)
            return 2;
    }
    printf("%-12s %5s %8s %7s %7s %8s %8s %8s %8s %7s %7s %7s %7s %8s %7s\n", "scene", "n", "first kB",
        "enc ms", "dec ms", "B/frame", "most B", "enc ms", "most", "call", "diff", "motion", "slots", "code",
        "dec ms");
    if (frames || trace)
        return frames ? run_file(frames, w, h, &o) : run_file(trace, 0, 0, &o);
    run_scenes(scene, &o);
    return 0;
}
