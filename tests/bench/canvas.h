/* Painting for the scenes: real text, smoothed as toolkits do, and made-up pictures. One thread. */
#pragma once

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

#define CANVAS_MONO "DejaVu Sans Mono"
#define CANVAS_SANS "DejaVu Sans"
#define CANVAS_SERIF "DejaVu Serif"

/* A picture with its painter; pixels are 0x00RRGGBB, rows w apart. */
struct canvas {
    uint32_t *px;
    int32_t w, h;
    cairo_surface_t *surface;
    cairo_t *cr;
    void *owned; /* px when it is ours */
};

/* Paint on px (borrowed), or on memory of its own when NULL. Aborts when there is none: only for tools. */
void canvas_init(struct canvas *canvas, uint32_t *px, int32_t w, int32_t h);
void canvas_finish(struct canvas *canvas);

void canvas_fill(struct canvas *canvas, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t rgb);
/* A line of text with its baseline at y; returns its width in px. */
double canvas_text(struct canvas *canvas, double x, double y, const char *font, double size_px, uint32_t rgb,
    const char *text);
double canvas_bold(struct canvas *canvas, double x, double y, const char *font, double size_px, uint32_t rgb,
    const char *text);
/* Width of a text without painting it. */
double canvas_width(struct canvas *canvas, const char *font, double size_px, const char *text);
/* Copy w x h pixels; what lies outside either picture is left out. */
void canvas_copy(struct canvas *to, int32_t x, int32_t y, const struct canvas *from, int32_t sx, int32_t sy,
    int32_t w, int32_t h);

/* A natural-looking landscape with cloud, hills and sensor noise, another for each seed. */
void canvas_photo(struct canvas *canvas, uint32_t seed);
/* A Mandelbrot set's smooth iteration counts, w x h, scaled by 256. */
void canvas_mandelbrot(uint32_t *counts, int32_t w, int32_t h);

/* A random number from a seed, for scenes that are the same in every run. */
uint32_t canvas_random(uint32_t *seed);
/* Words of running text into out (cap bytes), at most limit characters; a sentence's first in capitals. */
void canvas_words(uint32_t *seed, char *out, size_t cap, size_t limit);
