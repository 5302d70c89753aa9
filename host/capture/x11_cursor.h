/* The pointer's shape on an X display, by XFixes. Loop thread only. */
#pragma once

#include "host/capture/capture.h"

#include <xcb/xcb.h>

struct x11_cursor {
    uint32_t serial;
    uint8_t rgba[CAPTURE_CURSOR_MAX_PX * CAPTURE_CURSOR_MAX_PX * 4];
};

/* Ask for the shape now (one round trip). A shape without any opaque pixel, and no shape at all, are an
 * invisible cursor. display as for the connection. 0, CAPTURE_ERR_NONE when the server does not let us see
 * it, or CAPTURE_ERR_LOST. */
int x11_cursor_read(
    struct x11_cursor *cursor, xcb_connection_t *conn, const char *display, struct capture_cursor *out);

/* Premultiplied 0xAARRGGBB to straight R, G, B, A bytes. */
void x11_cursor_straighten(uint8_t rgba[static 4], uint32_t argb);
