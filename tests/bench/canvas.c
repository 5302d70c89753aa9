#include "tests/bench/canvas.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void canvas_init(struct canvas *canvas, uint32_t *px, int32_t w, int32_t h)
{
    *canvas = (struct canvas){.px = px, .w = w, .h = h};
    if (!px)
        canvas->owned = canvas->px = calloc((size_t)w * (size_t)h, sizeof *px);
    if (!canvas->px)
        abort();
    canvas->surface = cairo_image_surface_create_for_data(
        (unsigned char *)canvas->px, CAIRO_FORMAT_RGB24, w, h, w * (int)sizeof(uint32_t));
    canvas->cr = cairo_create(canvas->surface);
    if (cairo_status(canvas->cr) != CAIRO_STATUS_SUCCESS)
        abort();
}

void canvas_finish(struct canvas *canvas)
{
    cairo_destroy(canvas->cr);
    cairo_surface_destroy(canvas->surface);
    free(canvas->owned);
    *canvas = (struct canvas){0};
}

void canvas_fill(struct canvas *canvas, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t rgb)
{
    for (int32_t v = y < 0 ? 0 : y; v < y + h && v < canvas->h; v++)
        for (int32_t u = x < 0 ? 0 : x; u < x + w && u < canvas->w; u++)
            canvas->px[(int64_t)v * canvas->w + u] = rgb;
    cairo_surface_mark_dirty(canvas->surface);
}

static void set_font(struct canvas *canvas, const char *font, double size_px, bool bold)
{
    cairo_select_font_face(
        canvas->cr, font, CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cr, size_px);
}

static double paint_text(struct canvas *canvas, double x, double y, uint32_t rgb, const char *text)
{
    cairo_set_source_rgb(
        canvas->cr, (rgb >> 16 & 255u) / 255.0, (rgb >> 8 & 255u) / 255.0, (rgb & 255u) / 255.0);
    cairo_move_to(canvas->cr, x, y);
    cairo_show_text(canvas->cr, text);
    double end = x;
    cairo_get_current_point(canvas->cr, &end, &(double){0});
    cairo_surface_flush(canvas->surface);
    return end - x;
}

double canvas_text(struct canvas *canvas, double x, double y, const char *font, double size_px, uint32_t rgb,
    const char *text)
{
    set_font(canvas, font, size_px, false);
    return paint_text(canvas, x, y, rgb, text);
}

double canvas_bold(struct canvas *canvas, double x, double y, const char *font, double size_px, uint32_t rgb,
    const char *text)
{
    set_font(canvas, font, size_px, true);
    return paint_text(canvas, x, y, rgb, text);
}

double canvas_width(struct canvas *canvas, const char *font, double size_px, const char *text)
{
    cairo_text_extents_t extents;
    set_font(canvas, font, size_px, false);
    cairo_text_extents(canvas->cr, text, &extents);
    return extents.x_advance;
}

void canvas_copy(struct canvas *to, int32_t x, int32_t y, const struct canvas *from, int32_t sx, int32_t sy,
    int32_t w, int32_t h)
{
    for (int32_t v = 0; v < h; v++) {
        if (y + v < 0 || y + v >= to->h || sy + v < 0 || sy + v >= from->h)
            continue;
        int32_t left = 0, right = w;
        if (x < 0)
            left = -x;
        if (sx + left < 0)
            left = -sx;
        if (right > to->w - x)
            right = to->w - x;
        if (right > from->w - sx)
            right = from->w - sx;
        if (right > left)
            memmove(&to->px[(int64_t)(y + v) * to->w + x + left],
                &from->px[(int64_t)(sy + v) * from->w + sx + left], (size_t)(right - left) * sizeof *to->px);
    }
    cairo_surface_mark_dirty(to->surface);
}

uint32_t canvas_random(uint32_t *seed)
{
    *seed = *seed * 747796405u + 2891336453u;
    const uint32_t word = ((*seed >> ((*seed >> 28) + 4u)) ^ *seed) * 277803737u;
    return word >> 22 ^ word;
}

void canvas_words(uint32_t *seed, char *out, size_t cap, size_t limit)
{
    static const char *const words[] = {"the", "of", "and", "to", "a", "in", "is", "that", "for", "it", "was",
        "on", "as", "with", "be", "at", "by", "this", "from", "have", "or", "one", "had", "not", "but",
        "what", "all", "were", "when", "we", "there", "can", "an", "your", "which", "their", "if", "will",
        "each", "about", "how", "up", "out", "them", "then", "many", "some", "would", "other", "into", "more",
        "two", "time", "like", "no", "could", "than", "first", "water", "been", "called", "who", "find",
        "long", "down", "day", "did", "get", "come", "made", "may", "part", "over", "river", "house", "light",
        "morning", "garden", "letter", "paper", "window", "engine", "account", "measure", "kitchen", "yellow",
        "quiet", "journey", "picture", "station", "weather", "history", "machine", "village", "surface",
        "between", "through", "another", "because", "thought", "question", "children", "important",
        "different", "following", "mountain", "together", "sentence", "afternoon"};
    size_t len = 0;
    bool capital = true;
    out[0] = 0;
    for (;;) {
        const uint32_t r = canvas_random(seed);
        const char *word = words[r % (sizeof words / sizeof words[0])];
        const char *mark = r >> 24 < 20 ? "." : r >> 24 < 40 ? "," : "";
        const size_t need = strlen(word) + strlen(mark) + (len > 0);
        if (len + need > limit || len + need + 1 > cap)
            return;
        const size_t start = len + (len > 0);
        len += (size_t)snprintf(out + len, cap - len, "%s%s%s", len > 0 ? " " : "", word, mark);
        if (capital)
            out[start] = (char)(out[start] - 'a' + 'A');
        capital = mark[0] == '.';
    }
}
