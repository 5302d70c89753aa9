#include "host/capture/x11_cursor.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xfixes.h>

enum { COMPANY_MAX = 8 };

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

static xcb_xfixes_get_cursor_image_reply_t *ask(xcb_connection_t *conn, uint8_t *out_error)
{
    xcb_generic_error_t *error = NULL;
    xcb_xfixes_get_cursor_image_reply_t *reply =
        xcb_xfixes_get_cursor_image_reply(conn, xcb_xfixes_get_cursor_image(conn), &error);
    *out_error = error ? error->error_code : 0;
    free(error);
    return reply;
}

/* A server with the SECURITY extension refuses the shape (BadAccess) when the program that made it has
 * ended, xsetroot for one, because the slot of that client is empty. New connections fill the lowest
 * free slots, so with some open the shape can be had. */
static xcb_xfixes_get_cursor_image_reply_t *ask_with_company(
    xcb_connection_t *conn, const char *display, uint8_t *out_error)
{
    xcb_connection_t *company[COMPANY_MAX];
    xcb_xfixes_get_cursor_image_reply_t *reply = NULL;
    int count = 0;
    while (!reply && *out_error == XCB_ACCESS && count < COMPANY_MAX) {
        company[count] = xcb_connect(display, NULL);
        if (xcb_connection_has_error(company[count++]))
            break;
        reply = ask(conn, out_error);
    }
    while (count)
        xcb_disconnect(company[--count]);
    return reply;
}

int x11_cursor_read(
    struct x11_cursor *cursor, xcb_connection_t *conn, const char *display, struct capture_cursor *out)
{
    uint8_t error;
    xcb_xfixes_get_cursor_image_reply_t *reply = ask(conn, &error);
    if (!reply && error == XCB_ACCESS)
        reply = ask_with_company(conn, display, &error);
    if (!reply) {
        if (xcb_connection_has_error(conn))
            return CAPTURE_ERR_LOST;
        if (error != XCB_CURSOR)
            return CAPTURE_ERR_NONE;
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
