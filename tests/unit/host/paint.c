#include "tests/unit/host/paint.h"

#include <stdlib.h>
#include <xcb/xcb.h>

struct paint {
    xcb_connection_t *conn;
    const xcb_screen_t *screen;
    xcb_window_t window;
    xcb_gcontext_t gc;
};

static void sync(struct paint *paint)
{
    free(xcb_get_input_focus_reply(paint->conn, xcb_get_input_focus(paint->conn), NULL));
}

struct paint *paint_open(void)
{
    struct paint *paint = calloc(1, sizeof *paint);
    paint->conn = xcb_connect(NULL, NULL);
    paint->screen = xcb_setup_roots_iterator(xcb_get_setup(paint->conn)).data;
    paint->window = xcb_generate_id(paint->conn);
    paint->gc = xcb_generate_id(paint->conn);
    uint32_t values[2] = {0, 1};
    xcb_create_window(paint->conn, XCB_COPY_FROM_PARENT, paint->window, paint->screen->root, 0, 0, 4096, 4096,
        0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT,
        values);
    xcb_create_gc(paint->conn, paint->gc, paint->window, 0, NULL);
    xcb_map_window(paint->conn, paint->window);
    sync(paint);
    return paint;
}

void paint_close(struct paint *paint)
{
    xcb_disconnect(paint->conn);
    free(paint);
}

static void fill(struct paint *paint, int x, int y, int w, int h, uint32_t rgb)
{
    xcb_rectangle_t rect = {(int16_t)x, (int16_t)y, (uint16_t)w, (uint16_t)h};
    xcb_change_gc(paint->conn, paint->gc, XCB_GC_FOREGROUND, &rgb);
    xcb_poly_fill_rectangle(paint->conn, paint->window, paint->gc, 1, &rect);
}

void paint_fill(struct paint *paint, int x, int y, int w, int h, uint32_t rgb)
{
    fill(paint, x, y, w, h, rgb);
    sync(paint);
}

void paint_noise(struct paint *paint, unsigned seed, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int x = rand_r(&seed) % 1000, y = rand_r(&seed) % 800;
        int w = 1 + rand_r(&seed) % 90, h = 1 + rand_r(&seed) % 60;
        /* With a top byte, as programs with translucent windows leave it. */
        fill(paint, x, y, w, h, (uint32_t)rand_r(&seed) | 0xff000000);
    }
    sync(paint);
}

uint32_t *paint_read(struct paint *paint, int *out_w, int *out_h)
{
    xcb_get_geometry_reply_t *size =
        xcb_get_geometry_reply(paint->conn, xcb_get_geometry(paint->conn, paint->screen->root), NULL);
    xcb_get_image_reply_t *image = xcb_get_image_reply(paint->conn,
        xcb_get_image(paint->conn, XCB_IMAGE_FORMAT_Z_PIXMAP, paint->screen->root, 0, 0, size->width,
            size->height, ~0u),
        NULL);
    size_t count = (size_t)size->width * size->height;
    uint32_t *out = malloc(count * 4);
    const uint32_t *pixels = (const uint32_t *)(const void *)xcb_get_image_data(image);
    for (size_t i = 0; i < count; i++)
        out[i] = pixels[i] & 0xffffff;
    *out_w = size->width;
    *out_h = size->height;
    free(image);
    free(size);
    return out;
}
