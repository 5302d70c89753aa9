/* The window of hearth-view: the remote picture put where it belongs, the remote cursor, and the way
 * from a place in the window to a place on the host. Software surfaces of SDL. Main thread only. */
#pragma once

#include <stdbool.h>

#include <SDL.h>

#include "codec/decoder.h"

struct view_window;

/* NULL with a sentence from SDL_GetError() when there is no display. */
struct view_window *view_window_create(const char *title, bool fullscreen);
void view_window_destroy(struct view_window *window);

SDL_Window *view_window_sdl(const struct view_window *window);

/* The host's screen has this size: the first time the window takes it, as far as the display allows. */
void view_window_set_size(struct view_window *window, int32_t width_px, int32_t height_px);

/* Put changed rectangles of the decoder's picture (host pixels), all in one request to the display; count 0 =
 * all of it. */
void view_window_put(struct view_window *window, const struct codec_decoder *decoder,
    const struct codec_rect *changed, size_t count);

/* The window's size or the surface behind it changed. */
void view_window_resized(struct view_window *window);

/* No news from the host: the picture is old. */
void view_window_dim(struct view_window *window, const struct codec_decoder *decoder, bool dim);

/* width 0: hidden. rgba: straight alpha; NULL keeps the shape. Returns false when SDL refused it. */
bool view_window_cursor(struct view_window *window, bool visible, uint32_t width, uint32_t height,
    uint32_t hot_x, uint32_t hot_y, const uint8_t *rgba);

/* A place in the window to host pixels, kept inside the screen; false before the first picture. */
bool view_window_to_host(
    const struct view_window *window, int32_t x, int32_t y, int32_t *out_x, int32_t *out_y);

void view_window_toggle_fullscreen(struct view_window *window);
