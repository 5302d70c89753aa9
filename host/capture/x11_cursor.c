#include "host/capture/x11_cursor.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xfixes.h>

void x11_cursor_straighten(uint8_t rgba[static 4], uint32_t argb)
{
    uint32_t alpha = argb >> 24;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t value = argb >> (16 - 8 * i) & 0xff;
        if (alpha)
            value = (value * 255 + alpha / 2) / alpha;
        rgba[i] = (uint8_t)(alpha == 0 ? 0 : value > 255 ? 255 : value);
    }
    rgba[3] = (uint8_t)alpha;
}

int x11_cursor_read(struct x11_cursor *cursor, xcb_connection_t *conn, struct capture_cursor *out)
{
    xcb_generic_error_t *error = NULL;
    xcb_xfixes_get_cursor_image_reply_t *reply =
        xcb_xfixes_get_cursor_image_reply(conn, xcb_xfixes_get_cursor_image(conn), &error);
    if (!reply) {
        free(error);
        if (xcb_connection_has_error(conn))
            return CAPTURE_ERR_LOST;
        /* BadCursor: the display shows none. */
        memset(out, 0, sizeof *out);
        out->serial = ++cursor->serial;
        out->rgba = cursor->rgba;
        return 0;
    }

    uint32_t width = reply->width > CAPTURE_CURSOR_MAX_PX ? CAPTURE_CURSOR_MAX_PX : reply->width;
    uint32_t height = reply->height > CAPTURE_CURSOR_MAX_PX ? CAPTURE_CURSOR_MAX_PX : reply->height;
    const uint32_t *argb = xcb_xfixes_get_cursor_image_cursor_image(reply);
    size_t have = (size_t)xcb_xfixes_get_cursor_image_cursor_image_length(reply);
    bool visible = false;
    if (have < (size_t)reply->width * reply->height)
        width = height = 0;
    uint8_t *dst = cursor->rgba;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++, dst += 4) {
            uint32_t pixel = argb[(size_t)y * reply->width + x];
            x11_cursor_straighten(dst, pixel);
            visible = visible || pixel >> 24;
        }
    }
    memset(out, 0, sizeof *out);
    out->visible = visible;
    out->serial = ++cursor->serial;
    out->width_px = width;
    out->height_px = height;
    out->hot_x_px = width && reply->xhot >= width ? width - 1 : width ? reply->xhot : 0;
    out->hot_y_px = height && reply->yhot >= height ? height - 1 : height ? reply->yhot : 0;
    out->rgba = cursor->rgba;
    free(reply);
    return 0;
}
