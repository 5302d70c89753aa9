#include "host/capture/x11_windows.h"

#include <string.h>

static size_t find(const struct x11_windows *windows, xcb_window_t id)
{
    size_t i = 0;
    while (i < windows->count && windows->window[i].id != id)
        i++;
    return i;
}

static void forget(struct x11_windows *windows, xcb_window_t id)
{
    const size_t i = find(windows, id);
    if (i < windows->count)
        windows->window[i] = windows->window[--windows->count];
}

static void learn(struct x11_windows *windows, xcb_window_t id, struct codec_rect at)
{
    size_t i = find(windows, id);
    if (i < windows->count) {
        windows->window[i].moved = windows->window[i].at.w == at.w && windows->window[i].at.h == at.h;
        windows->window[i].at = at;
        if (!windows->window[i].moved)
            windows->window[i].told = at; /* a new size means new content */
        return;
    }
    if (windows->count < X11_WINDOWS_MAX) {
        windows->count++;
    } else {
        i = windows->next;
        windows->next = (i + 1) % X11_WINDOWS_MAX;
    }
    windows->window[i].id = id;
    windows->window[i].at = windows->window[i].told = at;
    windows->window[i].moved = false;
}

static struct codec_rect outside(int16_t x, int16_t y, uint16_t width, uint16_t height, uint16_t border)
{
    return (struct codec_rect){x, y, width + 2 * border, height + 2 * border};
}

void x11_windows_event(struct x11_windows *windows, xcb_window_t root, const xcb_generic_event_t *event)
{
    switch (event->response_type & 0x7f) {
    case XCB_CREATE_NOTIFY: {
        const xcb_create_notify_event_t *e = (const xcb_create_notify_event_t *)event;
        if (e->parent == root)
            learn(windows, e->window, outside(e->x, e->y, e->width, e->height, e->border_width));
        break;
    }
    case XCB_CONFIGURE_NOTIFY: {
        const xcb_configure_notify_event_t *e = (const xcb_configure_notify_event_t *)event;
        if (e->event == root && e->window != root)
            learn(windows, e->window, outside(e->x, e->y, e->width, e->height, e->border_width));
        break;
    }
    case XCB_DESTROY_NOTIFY:
        forget(windows, ((const xcb_destroy_notify_event_t *)event)->window);
        break;
    case XCB_REPARENT_NOTIFY:
        /* Into or out of a frame: where it stands is told by the frame or by what comes next. */
        forget(windows, ((const xcb_reparent_notify_event_t *)event)->window);
        break;
    default:
        break;
    }
}

size_t x11_windows_take(struct x11_windows *windows, struct codec_move *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < windows->count; i++) {
        const struct codec_rect from = windows->window[i].told, to = windows->window[i].at;
        windows->window[i].told = to;
        if (windows->window[i].moved && n < cap && (from.x != to.x || from.y != to.y))
            out[n++] = (struct codec_move){from, to.x - from.x, to.y - from.y};
        windows->window[i].moved = false;
    }
    return n;
}
