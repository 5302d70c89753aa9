/* Scenes of pictures: a photo window, photos, video; and a desktop that rests or nearly so. */
#include "tests/bench/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_W 800
#define WINDOW_H 630
#define WINDOW_TITLE_PX 30

static void put_window(struct scene *scene, uint32_t n)
{
    const int32_t x = 560 + (int32_t)(430 * sin(n * 0.045)), y = 225 + (int32_t)(160 * sin(n * 0.031 + 0.6));
    struct canvas *s = &scene->screen, *photo = scene_photo(scene, 1);
    const struct bench_area old = scene->last;
    if (old.w > 0)
        canvas_copy(s, old.x, old.y, scene_photo(scene, 0), old.x, old.y, old.w, old.h);
    canvas_fill(s, x, y, WINDOW_W, WINDOW_H, 0x2b3035);
    canvas_text(s, x + 14, y + 20, CANVAS_SANS, 13, 0xe8e8e8, "A photograph");
    canvas_copy(s, x + 1, y + WINDOW_TITLE_PX, photo, 500, 200, WINDOW_W - 2, WINDOW_H - WINDOW_TITLE_PX - 1);
    scene->last = (struct bench_area){x, y, WINDOW_W, WINDOW_H};
    /* What both places cover: new pixels, as a toolkit without a compositor paints. */
    if (old.w > 0) {
        const int32_t x0 = x < old.x ? x : old.x, y0 = y < old.y ? y : old.y;
        scene_changed(scene, x0, y0, WINDOW_W + abs(x - old.x), WINDOW_H + abs(y - old.y));
    }
}

void scene_window_start(struct scene *scene)
{
    canvas_copy(&scene->screen, 0, 0, scene_photo(scene, 0), 0, 0, BENCH_W, BENCH_H);
    put_window(scene, 0);
    scene->area = (struct bench_area){130, 65, 1660, 950};
}

void scene_window_frame(struct scene *scene, uint32_t n)
{
    put_window(scene, n);
}

static void put_photo(struct scene *scene, uint32_t n)
{
    canvas_copy(&scene->screen, 0, 0, scene_photo(scene, n), 0, 0, BENCH_W, BENCH_H);
    scene_changed(scene, 0, 0, BENCH_W, BENCH_H);
}

void scene_photo_start(struct scene *scene)
{
    for (uint32_t i = 0; i <= scene->frames && i < SCENE_PHOTOS_MAX; i++)
        (void)scene_photo(scene, i);
    put_photo(scene, 0);
    scene->area = (struct bench_area){0, 0, BENCH_W, BENCH_H};
}

void scene_photo_frame(struct scene *scene, uint32_t n)
{
    put_photo(scene, n);
}

/* A camera that pans and closes in on a photo: bilinear, so every pixel of every frame is new. 16.16. */
static void paint_pan(struct canvas *to, struct bench_area at, const struct canvas *photo, uint32_t n)
{
    const double zoom = 1.35 - 0.35 * cos(n * 0.02);
    const int32_t step = (int32_t)((double)photo->w / at.w / zoom * 0.9 * 65536);
    const double x0 = photo->w * (0.5 + 0.04 * sin(n * 0.017)) - at.w * step / 131072.0;
    const double y0 = photo->h * (0.5 + 0.04 * cos(n * 0.023)) - at.h * step / 131072.0;
    for (int32_t y = 0; y < at.h; y++) {
        const int32_t v = (int32_t)(y0 * 65536) + y * step, fy = v >> 8 & 255;
        const uint32_t *row = photo->px + (int64_t)(v >> 16) * photo->w, *below = row + photo->w;
        uint32_t *out = to->px + (int64_t)(at.y + y) * to->w + at.x;
        int32_t u = (int32_t)(x0 * 65536);
        for (int32_t x = 0; x < at.w; x++, u += step) {
            const int32_t i = u >> 16;
            const uint32_t fx = u >> 8 & 255, gy = (uint32_t)fy;
            const uint32_t a = row[i], b = row[i + 1], c = below[i], d = below[i + 1];
            /* Red and blue at once, then green. */
            const uint32_t rb0 = ((a & 0xff00ffu) * (256 - fx) + (b & 0xff00ffu) * fx) >> 8 & 0xff00ffu;
            const uint32_t rb1 = ((c & 0xff00ffu) * (256 - fx) + (d & 0xff00ffu) * fx) >> 8 & 0xff00ffu;
            const uint32_t g0 = ((a & 0xff00u) * (256 - fx) + (b & 0xff00u) * fx) >> 8 & 0xff00u;
            const uint32_t g1 = ((c & 0xff00u) * (256 - fx) + (d & 0xff00u) * fx) >> 8 & 0xff00u;
            out[x] = ((rb0 * (256 - gy) + rb1 * gy) >> 8 & 0xff00ffu) |
                     ((g0 * (256 - gy) + g1 * gy) >> 8 & 0xff00u);
        }
    }
}

#define MANDELBROT_W 960
#define MANDELBROT_H 540

/* Colours that run along the edges of the set: synthetic, saturated, sharp. */
static void paint_mandelbrot(struct canvas *to, struct bench_area at, const uint32_t *counts, uint32_t n)
{
    uint32_t colours[256];
    for (uint32_t i = 0; i < 256; i++) {
        const double t = (i + n * 2) * 0.0245;
        colours[i] = (uint32_t)(127 + 127 * sin(t * 3)) << 16 | (uint32_t)(127 + 127 * sin(t * 5 + 2)) << 8 |
                     (uint32_t)(127 + 127 * sin(t * 2 + 4));
    }
    const int32_t zoom = 65536 - (int32_t)(n % 160) * 200;
    const int32_t x0 = MANDELBROT_W / 2 * 65536 - at.w / 2 * (int32_t)((int64_t)zoom * MANDELBROT_W / at.w);
    const int32_t y0 = MANDELBROT_H / 2 * 65536 - at.h / 2 * (int32_t)((int64_t)zoom * MANDELBROT_H / at.h);
    const int32_t sx = (int32_t)((int64_t)zoom * MANDELBROT_W / at.w),
                  sy = (int32_t)((int64_t)zoom * MANDELBROT_H / at.h);
    for (int32_t y = 0; y < at.h; y++) {
        const uint32_t *row = counts + (int64_t)((y0 + y * sy) >> 16) * MANDELBROT_W;
        uint32_t *out = to->px + (int64_t)(at.y + y) * to->w + at.x;
        for (int32_t x = 0, u = x0; x < at.w; x++, u += sx)
            out[x] = colours[row[u >> 16] >> 5 & 255u];
    }
}

static void paint_video(struct scene *scene, struct bench_area at, uint32_t n)
{
    /* Three clips; the last third is synthetic. */
    const uint32_t third = scene->frames / 3 + 1;
    const uint32_t clip = n / third;
    if (clip < 2)
        paint_pan(&scene->screen, at, scene_photo(scene, 2 + clip), n);
    else
        paint_mandelbrot(&scene->screen, at, scene->counts, n);
    cairo_surface_mark_dirty(scene->screen.surface);
    scene_changed(scene, at.x, at.y, at.w, at.h);
}

static void prepare_video(struct scene *scene)
{
    (void)scene_photo(scene, 2);
    (void)scene_photo(scene, 3);
    scene->counts = malloc((size_t)MANDELBROT_W * MANDELBROT_H * sizeof *scene->counts);
    if (!scene->counts)
        abort();
    canvas_mandelbrot(scene->counts, MANDELBROT_W, MANDELBROT_H);
}

static const struct bench_area video = {480, 270, 960, 540};

void scene_video_start(struct scene *scene)
{
    prepare_video(scene);
    scene_paint_page(scene, &scene->screen, false);
    scene->area = video;
    paint_video(scene, video, 0);
    if (scene->ops->keys)
        scene_square(scene, false);
}

void scene_video_frame(struct scene *scene, uint32_t n)
{
    paint_video(scene, video, n);
}

static const struct bench_area whole = {0, 0, BENCH_W, BENCH_H};

void scene_fullvideo_start(struct scene *scene)
{
    prepare_video(scene);
    scene->area = whole;
    paint_video(scene, whole, 0);
}

void scene_fullvideo_frame(struct scene *scene, uint32_t n)
{
    paint_video(scene, whole, n);
}

void scene_idle_start(struct scene *scene)
{
    canvas_copy(&scene->screen, 0, 0, scene_photo(scene, 0), 0, 0, BENCH_W, BENCH_H);
    canvas_fill(&scene->screen, 0, BENCH_H - 44, BENCH_W, 44, 0x202428);
    canvas_text(
        &scene->screen, 40, BENCH_H - 16, CANVAS_SANS, 14, 0xe8e8e8, "Files    Browser    Terminal    Mail");
    scene->area = (struct bench_area){936, 516, 48, 48};
}

void scene_spinner_start(struct scene *scene)
{
    scene_idle_start(scene);
    scene_spinner_frame(scene, 0);
}

void scene_spinner_frame(struct scene *scene, uint32_t n)
{
    cairo_t *cr = scene->screen.cr;
    canvas_copy(&scene->screen, 936, 516, scene_photo(scene, 0), 936, 516, 48, 48);
    cairo_set_line_width(cr, 5);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_new_path(cr);
    cairo_arc(cr, 960, 540, 18, n * 0.35, n * 0.35 + 4.2);
    cairo_stroke(cr);
    cairo_surface_flush(scene->screen.surface);
    scene_changed(scene, 936, 516, 48, 48);
}

void scene_keys_start(struct scene *scene)
{
    scene_paint_editor(scene, &scene->screen, 48);
    scene_square(scene, false);
    scene->area = (struct bench_area){BENCH_FLIP_X, BENCH_FLIP_Y, BENCH_FLIP_PX, BENCH_FLIP_PX};
}
