#include "viewer/desktop/window.h"

#include "viewer/desktop/mark.h"

#include <stdlib.h>
#include <string.h>

struct view_window {
    SDL_Window *sdl;
    SDL_Surface *surface; /* SDL's; asked for again after a resize */
    SDL_Cursor *cursor;
    int32_t host_w, host_h;
    SDL_Rect place; /* where the picture stands in the window */
    bool sized, dim;
};

enum {
    START_W = 960,
    START_H = 600,
    MIN_SIDE = 160,
    ICON_PX = 64,
    MARK_PX = 160,         /* in a window without a picture */
    ONE_PUT_PX = 64 * 1024 /* so many more pixels are put in 0.1 ms */
};

static void set_icon(SDL_Window *sdl)
{
    SDL_Surface *icon = SDL_CreateRGBSurfaceWithFormat(0, ICON_PX, ICON_PX, 32, SDL_PIXELFORMAT_ARGB8888);
    if (icon) {
        view_mark_paint(icon, 0, 0, ICON_PX, true);
        SDL_SetWindowIcon(sdl, icon);
        SDL_FreeSurface(icon);
    }
}

/* Until there is a picture: otherwise what stood behind the window would shine through. */
static void put_mark(struct view_window *window)
{
    SDL_Surface *surface = window->surface;
    const uint32_t c = VIEW_MARK_GROUND;
    (void)SDL_FillRect(
        surface, NULL, SDL_MapRGB(surface->format, (uint8_t)(c >> 16), (uint8_t)(c >> 8), (uint8_t)c));
    if (surface->format->BytesPerPixel == 4 && surface->w >= MARK_PX && surface->h >= MARK_PX) {
        view_mark_paint(surface, (surface->w - MARK_PX) / 2, (surface->h - MARK_PX) / 2, MARK_PX, false);
    }
    (void)SDL_UpdateWindowSurface(window->sdl);
}

struct view_window *view_window_create(const char *title, bool fullscreen)
{
    struct view_window *window = calloc(1, sizeof *window);
    if (!window) {
        return NULL;
    }
    const uint32_t flags =
        SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI | (fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    window->sdl =
        SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, START_W, START_H, flags);
    if (!window->sdl) {
        free(window);
        return NULL;
    }
    window->sized = fullscreen;
    set_icon(window->sdl);
    SDL_SetWindowMinimumSize(window->sdl, MIN_SIDE, MIN_SIDE);
    view_window_resized(window);
    if (window->surface) {
        put_mark(window);
    }
    return window;
}

void view_window_destroy(struct view_window *window)
{
    if (!window) {
        return;
    }
    SDL_FreeCursor(window->cursor);
    SDL_DestroyWindow(window->sdl);
    free(window);
}

SDL_Window *view_window_sdl(const struct view_window *window)
{
    return window->sdl;
}

/* As large as fits and never larger than it is: a picture pixel is then a screen pixel. */
static void find_place(struct view_window *window)
{
    if (!window->surface || window->host_w == 0) {
        return;
    }
    const int32_t w = window->surface->w, h = window->surface->h;
    int32_t fit_w = window->host_w, fit_h = window->host_h;
    if (fit_w > w || fit_h > h) {
        if ((int64_t)w * window->host_h <= (int64_t)h * window->host_w) {
            fit_w = w;
            fit_h = (int32_t)((int64_t)w * window->host_h / window->host_w);
        } else {
            fit_h = h;
            fit_w = (int32_t)((int64_t)h * window->host_w / window->host_h);
        }
    }
    fit_w = fit_w > 0 ? fit_w : 1;
    fit_h = fit_h > 0 ? fit_h : 1;
    window->place = (SDL_Rect){(w - fit_w) / 2, (h - fit_h) / 2, fit_w, fit_h};
}

void view_window_resized(struct view_window *window)
{
    window->surface = SDL_GetWindowSurface(window->sdl);
    find_place(window);
}

void view_window_set_size(struct view_window *window, int32_t width_px, int32_t height_px)
{
    window->host_w = width_px;
    window->host_h = height_px;
    if (!window->sized) {
        SDL_Rect usable = {0, 0, width_px, height_px};
        const int display = SDL_GetWindowDisplayIndex(window->sdl);
        (void)SDL_GetDisplayUsableBounds(display < 0 ? 0 : display, &usable);
        SDL_SetWindowSize(window->sdl, SDL_min(width_px, usable.w), SDL_min(height_px, usable.h));
        SDL_SetWindowPosition(window->sdl, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED);
        window->sized = true;
    }
    view_window_resized(window);
}

/* The picture as a surface over the decoder's pixels, which SDL only reads. */
static SDL_Surface *picture_of(const struct codec_decoder *decoder)
{
    int32_t width = 0, height = 0;
    size_t stride = 0;
    const uint32_t *pixels = codec_decoder_pixels(decoder, &width, &height, &stride);
    if (!pixels) {
        return NULL;
    }
    return SDL_CreateRGBSurfaceWithFormatFrom(
        (void *)(uintptr_t)pixels, width, height, 32, (int)(stride * 4), SDL_PIXELFORMAT_RGB888);
}

/* The darker it is, the older: half the light. */
static void darken(SDL_Surface *surface, SDL_Rect area)
{
    for (int32_t y = area.y; y < area.y + area.h; y++) {
        uint32_t *row = (uint32_t *)(void *)((uint8_t *)surface->pixels + (ptrdiff_t)y * surface->pitch);
        for (int32_t x = area.x; x < area.x + area.w; x++) {
            row[x] = (row[x] >> 1) & 0x7f7f7fu;
        }
    }
}

static void put_all(struct view_window *window, SDL_Surface *picture)
{
    SDL_Surface *surface = window->surface;
    (void)SDL_FillRect(surface, NULL, 0);
    if (window->place.w == picture->w && window->place.h == picture->h) {
        SDL_Rect place = window->place;
        (void)SDL_BlitSurface(picture, NULL, surface, &place);
    } else if (SDL_SoftStretchLinear(picture, NULL, surface, &window->place) != 0) {
        SDL_Rect place = window->place;
        (void)SDL_BlitScaled(picture, NULL, surface, &place);
    }
    if (window->dim && surface->format->BytesPerPixel == 4) {
        darken(surface, window->place);
    }
    (void)SDL_UpdateWindowSurface(window->sdl);
}

static int by_row(const void *a, const void *b)
{
    const SDL_Rect *x = a, *y = b;
    return x->y != y->y ? (x->y > y->y) - (x->y < y->y) : (x->x > y->x) - (x->x < y->x);
}

/* As one rectangle, which nobody can see a part of, where that puts little more; else from the top down, as a
 * display is read. */
static size_t arrange(const struct codec_rect *changed, size_t count, SDL_Rect put[CODEC_MAX_DIRTY])
{
    int32_t x0 = INT32_MAX, y0 = INT32_MAX, x1 = 0, y1 = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct codec_rect r = changed[i];
        put[i] = (SDL_Rect){r.x, r.y, r.w, r.h};
        x0 = SDL_min(x0, r.x);
        y0 = SDL_min(y0, r.y);
        x1 = SDL_max(x1, r.x + r.w);
        y1 = SDL_max(y1, r.y + r.h);
        sum += (int64_t)r.w * r.h;
    }
    if ((int64_t)(x1 - x0) * (y1 - y0) <= sum + sum / 4 + ONE_PUT_PX) {
        put[0] = (SDL_Rect){x0, y0, x1 - x0, y1 - y0};
        return 1;
    }
    qsort(put, count, sizeof put[0], by_row);
    return count;
}

void view_window_put(struct view_window *window, const struct codec_decoder *decoder,
    const struct codec_rect *changed, size_t count)
{
    if (!window->surface) {
        return;
    }
    SDL_Surface *picture = picture_of(decoder);
    if (!picture) {
        put_mark(window);
        return;
    }
    if (count == 0 || count > CODEC_MAX_DIRTY || window->dim || window->place.w != picture->w ||
        window->place.h != picture->h) {
        put_all(window, picture);
        SDL_FreeSurface(picture);
        return;
    }
    SDL_Rect put[CODEC_MAX_DIRTY];
    const size_t puts = arrange(changed, count, put);
    for (size_t i = 0; i < puts; i++) {
        const SDL_Rect from = put[i];
        put[i].x += window->place.x;
        put[i].y += window->place.y;
        SDL_Rect to = put[i];
        (void)SDL_BlitSurface(picture, &from, window->surface, &to);
    }
    (void)SDL_UpdateWindowSurfaceRects(window->sdl, put, (int)puts);
    SDL_FreeSurface(picture);
}

void view_window_dim(struct view_window *window, const struct codec_decoder *decoder, bool dim)
{
    if (window->dim != dim) {
        window->dim = dim;
        view_window_put(window, decoder, NULL, 0);
    }
}

bool view_window_cursor(struct view_window *window, bool visible, uint32_t width, uint32_t height,
    uint32_t hot_x, uint32_t hot_y, const uint8_t *rgba)
{
    if (!visible) {
        (void)SDL_ShowCursor(SDL_DISABLE);
        return true;
    }
    if (rgba) {
        SDL_Surface *shape = SDL_CreateRGBSurfaceWithFormatFrom(
            (void *)(uintptr_t)rgba, (int)width, (int)height, 32, (int)(width * 4), SDL_PIXELFORMAT_RGBA32);
        SDL_Cursor *cursor = shape ? SDL_CreateColorCursor(shape, (int)hot_x, (int)hot_y) : NULL;
        SDL_FreeSurface(shape);
        if (!cursor) {
            return false;
        }
        SDL_SetCursor(cursor);
        SDL_FreeCursor(window->cursor);
        window->cursor = cursor;
    }
    (void)SDL_ShowCursor(SDL_ENABLE);
    return true;
}

bool view_window_to_host(
    const struct view_window *window, int32_t x, int32_t y, int32_t *out_x, int32_t *out_y)
{
    if (window->host_w == 0 || window->place.w == 0) {
        return false;
    }
    int32_t logical_w = 0, logical_h = 0;
    SDL_GetWindowSize(window->sdl, &logical_w, &logical_h);
    if (logical_w > 0 && logical_h > 0 && window->surface) {
        x = (int32_t)((int64_t)x * window->surface->w / logical_w);
        y = (int32_t)((int64_t)y * window->surface->h / logical_h);
    }
    /* Middle of the pixel to middle of the pixel. */
    const int64_t host_x =
        (int64_t)(2 * (x - window->place.x) + 1) * window->host_w / (2 * (int64_t)window->place.w);
    const int64_t host_y =
        (int64_t)(2 * (y - window->place.y) + 1) * window->host_h / (2 * (int64_t)window->place.h);
    *out_x = (int32_t)SDL_clamp(host_x, 0, window->host_w - 1);
    *out_y = (int32_t)SDL_clamp(host_y, 0, window->host_h - 1);
    return true;
}

void view_window_toggle_fullscreen(struct view_window *window)
{
    const bool full = (SDL_GetWindowFlags(window->sdl) & SDL_WINDOW_FULLSCREEN_DESKTOP) != 0;
    (void)SDL_SetWindowFullscreen(window->sdl, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}
