/* The scenes: what a desktop does, one at a time, painted into the picture of a run. Each frame says which
 * parts it changed; whoever calls brings them to the X server. The same seed gives the same frames. */
#pragma once

#include "tests/bench/canvas.h"
#include "tests/bench/run.h"

#include <stdbool.h>

#define SCENE_RECTS_MAX 4u
/* Photos of a run: one every two seconds and the wallpaper. */
#define SCENE_PHOTOS_MAX 6u

struct scene {
    struct canvas screen; /* the whole picture, borrowed */
    const struct scene_ops *ops;
    const char *cache; /* folder for made-up photos between runs, or NULL */
    struct canvas photos[SCENE_PHOTOS_MAX];
    struct canvas sheet; /* what is scrolled, moved or swapped in */
    struct canvas second;
    uint32_t *counts; /* the Mandelbrot set */
    uint32_t seed;
    struct bench_area area, last;
    struct bench_area changed[SCENE_RECTS_MAX];
    uint32_t changed_count;
    int32_t column, line, offset; /* where typing and scrolling stand */
    uint32_t frames;              /* how many there will be */
};

struct scene_ops {
    const char *name;
    uint32_t interval_us; /* 0: nothing moves */
    bool held_out;        /* nobody tunes on it */
    bool keys;            /* answers keys by its square */
    /* Paint frame 0 and set area. */
    void (*start)(struct scene *scene);
    /* Paint frame n, from 1, and note what changed; absent when nothing moves. */
    void (*frame)(struct scene *scene, uint32_t n);
};

/* All scenes, ended by a name of NULL. */
extern const struct scene_ops scene_all[];

const struct scene_ops *scene_find(const char *name);

/* Photo i of the scene, from the cache when there is one. */
struct canvas *scene_photo(struct scene *scene, uint32_t i);

void scene_changed(struct scene *scene, int32_t x, int32_t y, int32_t w, int32_t h);

/* Paint the square in its colour, for scenes with keys. */
void scene_square(struct scene *scene, bool on);

void scene_finish(struct scene *scene);

/* Pieces that several scenes share. */
void scene_paint_editor(struct scene *scene, struct canvas *to, int32_t lines);
void scene_paint_page(struct scene *scene, struct canvas *to, bool images);

/* The scenes by their file. */
void scene_typing_start(struct scene *scene);
void scene_typing_frame(struct scene *scene, uint32_t n);
void scene_scroll_start(struct scene *scene);
void scene_scroll_frame(struct scene *scene, uint32_t n);
void scene_terminal_start(struct scene *scene);
void scene_terminal_frame(struct scene *scene, uint32_t n);
void scene_alttab_start(struct scene *scene);
void scene_alttab_frame(struct scene *scene, uint32_t n);
void scene_slides_start(struct scene *scene);
void scene_slides_frame(struct scene *scene, uint32_t n);
void scene_page_start(struct scene *scene);
void scene_page_frame(struct scene *scene, uint32_t n);
void scene_sheet_start(struct scene *scene);
void scene_sheet_frame(struct scene *scene, uint32_t n);
void scene_window_start(struct scene *scene);
void scene_window_frame(struct scene *scene, uint32_t n);
void scene_photo_start(struct scene *scene);
void scene_photo_frame(struct scene *scene, uint32_t n);
void scene_video_start(struct scene *scene);
void scene_video_frame(struct scene *scene, uint32_t n);
void scene_fullvideo_start(struct scene *scene);
void scene_fullvideo_frame(struct scene *scene, uint32_t n);
void scene_spinner_start(struct scene *scene);
void scene_spinner_frame(struct scene *scene, uint32_t n);
void scene_idle_start(struct scene *scene);
void scene_keys_start(struct scene *scene);
