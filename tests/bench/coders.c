/* Bytes and processor time of other coders on the pictures that codec_bench measures ours on.
 *
 *   bench_coders --coder NAME (--scene NAME | --trace FILE | PNG...)   names: coder.h
 *   bench_coders --raw FILE PNG...        the pictures as raw BGRX, for codec_bench --frames
 *   --first N    no more than N frames
 *
 * Prints a line per frame: bytes, milliseconds. PNGs are coded each on its own; of a scene or a trace a still
 * coder gets the rectangle around what changed since the frame before (found untimed, as damage is told to
 * ours), a stream each whole frame. A frame that equals the one before costs a still coder nothing. */
#include "codec/bench/scenes.h"
#include "codec/bench/trace.h"
#include "tests/bench/coder.h"

#include <getopt.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct job {
    const char *name;
    struct coder *coder;
    FILE *raw;        /* instead of a coder */
    uint32_t *before; /* the frame before; NULL before the first, owned */
    int32_t w, h;
    int frames, first;
    bool alone;
};

/* Processor time of this process, so that others may be using the machine. */
static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "bench_coders: %s: %s\n", name, what);
    exit(1);
}

/* Around all pixels that differ; empty when none does. */
static struct codec_rect changed(const struct job *j, const uint32_t *px)
{
    struct codec_rect r = {0, 0, j->w, j->h};
    if (!j->before || j->alone)
        return r;
    int32_t x0 = j->w, x1 = 0, y0 = j->h, y1 = 0;
    for (int32_t y = 0; y < j->h; y++) {
        const uint32_t *now = px + (size_t)y * (size_t)j->w, *then = j->before + (now - px);
        if (memcmp(now, then, (size_t)j->w * 4) == 0)
            continue;
        int32_t left = 0, right = j->w;
        while (now[left] == then[left])
            left++;
        while (now[right - 1] == then[right - 1])
            right--;
        x0 = left < x0 ? left : x0;
        x1 = right > x1 ? right : x1;
        y0 = y < y0 ? y : y0;
        y1 = y + 1;
    }
    return x1 > x0 ? (struct codec_rect){x0, y0, x1 - x0, y1 - y0} : (struct codec_rect){0};
}

static void take(struct job *j, const uint32_t *px, int32_t w, int32_t h)
{
    const size_t bytes = (size_t)w * (size_t)h * 4;
    if (j->raw) {
        if (fwrite(px, 1, bytes, j->raw) != bytes)
            die("cannot be written", j->name);
        return;
    }
    if (!j->coder) {
        j->w = w;
        j->h = h;
        j->coder = coder_create(j->name, w, h);
        if (!j->coder)
            die("no coder is called so", j->name);
    }
    if (w != j->w || h != j->h)
        die("pictures of several sizes", j->name);
    const struct codec_rect whole = {0, 0, w, h};
    const struct codec_rect r = coder_is_stream(j->coder) ? whole : changed(j, px);
    size_t n = 0;
    const double t0 = now_ms();
    if (r.w > 0)
        n = coder_encode(j->coder, px + (size_t)r.y * (size_t)w + (size_t)r.x, (size_t)w, r.w, r.h, j->alone);
    printf("%zu %.4f\n", n, now_ms() - t0);
    if (r.w > 0 && n == 0)
        die("the coder failed", j->name);
    if (!j->before && !(j->before = malloc(bytes)))
        abort();
    memcpy(j->before, px, bytes);
    j->frames++;
}

static void run_scene(struct job *j, const char *name)
{
    for (size_t i = 0; i < BENCH_SCENE_COUNT; i++) {
        const struct bench_scene *scene = &BENCH_SCENES[i];
        if (strcmp(scene->name, name) != 0)
            continue;
        struct scene s;
        scene_init(&s, SCENE_WIDTH_PX, SCENE_HEIGHT_PX, 1);
        for (int f = 0; f < scene->frames && j->frames < j->first; f++) {
            struct codec_rect damage = {0};
            scene->draw(&s, f, &damage);
            take(j, s.px, s.w, s.h);
        }
        scene_finish(&s);
        return;
    }
    die("no scene is called so", name);
}

static void run_trace(struct job *j, const char *path)
{
    static struct trace_frame recorded;
    int32_t w = 0, h = 0;
    FILE *f = fopen(path, "rb");
    if (!f || !trace_read_start(f, &w, &h))
        die("not a trace", path);
    uint32_t *px = calloc((size_t)w * (size_t)h, sizeof *px);
    if (!px)
        abort();
    while (j->frames < j->first && trace_read_frame(f, &recorded, px, w, h))
        take(j, px, w, h);
    free(px);
    fclose(f);
}

static void run_png(struct job *j, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_file(&image, path) || image.width > INT16_MAX || image.height > INT16_MAX)
        die("not a PNG", path);
    image.format = PNG_FORMAT_BGRA;
    uint32_t *px = malloc(PNG_IMAGE_SIZE(image));
    if (!px || !png_image_finish_read(&image, NULL, px, 0, NULL))
        die("not a PNG", path);
    const size_t pixels = (size_t)image.width * image.height;
    for (size_t i = 0; i < pixels; i++)
        px[i] &= 0xffffffu;
    take(j, px, (int32_t)image.width, (int32_t)image.height);
    free(px);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"coder", required_argument, NULL, 'c'},
        {"scene", required_argument, NULL, 's'}, {"trace", required_argument, NULL, 't'},
        {"raw", required_argument, NULL, 'r'}, {"first", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    struct job j = {.first = INT32_MAX};
    const char *scene = NULL, *trace = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c')
            j.name = optarg;
        else if (c == 's')
            scene = optarg;
        else if (c == 't')
            trace = optarg;
        else if (c == 'r' && !j.raw && (j.raw = fopen(optarg, "wb")))
            j.name = optarg;
        else if (c != 'n' || sscanf(optarg, "%d", &j.first) != 1 || j.first < 1)
            return 2;
    }
    if (!j.name)
        return 2;
    j.alone = !scene && !trace;
    if (scene)
        run_scene(&j, scene);
    else if (trace)
        run_trace(&j, trace);
    for (int i = optind; i < argc && j.frames < j.first; i++)
        run_png(&j, argv[i]);
    coder_destroy(j.coder);
    free(j.before);
    return j.raw && fclose(j.raw) != 0;
}
