/* Hearth's mark, as viewer/web/public/icon.svg has it: for the window's icon, and for a window that has no
 * picture yet. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include <SDL.h>

#define VIEW_MARK_GROUND 0x1b1816u

/* Paint it into the square at x, y with side px of a surface of 4 bytes a pixel, on its ground. rounded:
 * corners of the ground are clear, for which the surface needs an alpha channel. */
void view_mark_paint(SDL_Surface *surface, int32_t x, int32_t y, int32_t side, bool rounded);
