/* The X11 source: root window pixels (x11_grab), damage by the DAMAGE extension, cursor shape by XFixes
 * (x11_cursor), resizes by RandR, input by host/input/x11.h, clipboard by host/clipboard/clipboard.h.
 *
 * Damage is reported as deltas: an area already reported is not reported again until it is subtracted,
 * which a grab does first. So a program that paints all the time costs one set of events per grab, and
 * a still screen none. */
#include "host/input/x11.h"
#include "host/capture/capture.h"
#include "host/capture/x11_cursor.h"
#include "host/capture/x11_grab.h"
#include "host/capture/x11_pointer.h"
#include "host/capture/x11_windows.h"
#include "host/clipboard/clipboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/xfixes.h>
#include <xcb/xtest.h>

struct source_x11 {
    struct capture_source base;
    xcb_connection_t *conn;
    xcb_window_t root;
    char name[CAPTURE_NAME_BYTES];
    struct x11_grab grab;
    struct x11_cursor *cursor;
    struct x11_pointer pointer;
    struct x11_windows windows;
    struct input_x11 *input;         /* NULL: the display takes none */
    struct clipboard_x11 *clipboard; /* NULL: the display has none */
    xcb_damage_damage_t damage;      /* 0: not watching */
    uint8_t damage_event, xfixes_event, randr_event;
    bool cursor_changed, all_damaged;
    char input_problem[CAPTURE_ERROR_BYTES];
};

struct seat_x11 {
    struct capture_seat base;
    struct input_seat *seat;
};

static struct source_x11 *of(const struct capture_source *source)
{
    return (struct source_x11 *)(uintptr_t)source;
}

static void x11_geometry(const struct capture_source *source, struct capture_geometry *out)
{
    const struct source_x11 *x11 = of(source);
    memset(out, 0, sizeof *out);
    out->width_px = x11->grab.width_px;
    out->height_px = x11->grab.height_px;
    memcpy(out->name, x11->name, sizeof out->name);
}

static size_t x11_fds(const struct capture_source *source, int out_fds[CAPTURE_MAX_FDS])
{
    const struct source_x11 *x11 = of(source);
    size_t count = 0;
    out_fds[count++] = xcb_get_file_descriptor(x11->conn);
    if (x11->input)
        out_fds[count++] = input_x11_fd(x11->input);
    if (x11->clipboard)
        out_fds[count++] = clipboard_x11_fd(x11->clipboard);
    return count;
}

static void add_damage(const struct source_x11 *x11, struct capture_changes *out, const xcb_rectangle_t *area)
{
    int32_t x0 = area->x < 0 ? 0 : area->x, y0 = area->y < 0 ? 0 : area->y;
    int32_t x1 = area->x + area->width, y1 = area->y + area->height;
    if (x1 > x11->grab.width_px)
        x1 = x11->grab.width_px;
    if (y1 > x11->grab.height_px)
        y1 = x11->grab.height_px;
    if (x0 >= x1 || y0 >= y1)
        return;
    if (out->damage_count == CAPTURE_MAX_DAMAGE) {
        struct codec_rect *last = &out->damage[CAPTURE_MAX_DAMAGE - 1];
        int32_t right = last->x + last->w > x1 ? last->x + last->w : x1;
        int32_t bottom = last->y + last->h > y1 ? last->y + last->h : y1;
        last->x = last->x < x0 ? last->x : x0;
        last->y = last->y < y0 ? last->y : y0;
        last->w = right - last->x;
        last->h = bottom - last->y;
        return;
    }
    out->damage[out->damage_count++] = (struct codec_rect){x0, y0, x1 - x0, y1 - y0};
}

static void damage_everything(const struct source_x11 *x11, struct capture_changes *out)
{
    out->damage_count = 0;
    if (x11->grab.width_px > 0)
        out->damage[out->damage_count++] = (struct codec_rect){0, 0, x11->grab.width_px, x11->grab.height_px};
}

static int follow_size(struct source_x11 *x11, struct capture_changes *out)
{
    xcb_get_geometry_reply_t *reply =
        xcb_get_geometry_reply(x11->conn, xcb_get_geometry(x11->conn, x11->root), NULL);
    if (!reply)
        return CAPTURE_ERR_LOST;
    int32_t width = reply->width, height = reply->height;
    free(reply);
    if (width == x11->grab.width_px && height == x11->grab.height_px)
        return 0;
    int result = x11_grab_resize(&x11->grab, width, height);
    if (x11->input)
        input_x11_set_size(x11->input, width, height);
    out->resized = true;
    if (result)
        return result == CAPTURE_ERR_NOMEM ? result : CAPTURE_ERR_LOST;
    damage_everything(x11, out);
    return 0;
}

static int x11_dispatch(struct capture_source *source, uint64_t now_us, struct capture_changes *out)
{
    struct source_x11 *x11 = of(source);
    bool size_changed = false;
    memset(out, 0, offsetof(struct capture_changes, damage));

    xcb_generic_event_t *event;
    while ((event = xcb_poll_for_event(x11->conn))) {
        uint8_t type = event->response_type & 0x7f;
        if (type == x11->damage_event + XCB_DAMAGE_NOTIFY) {
            const xcb_damage_notify_event_t *damage = (const xcb_damage_notify_event_t *)event;
            if (damage->damage == x11->damage)
                add_damage(x11, out, &damage->area);
        } else if (type == x11->xfixes_event + XCB_XFIXES_CURSOR_NOTIFY) {
            x11->cursor_changed = true;
        } else if (type == XCB_CONFIGURE_NOTIFY &&
                   ((const xcb_configure_notify_event_t *)event)->window == x11->root) {
            size_changed = true;
        } else if (type == x11->randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY) {
            size_changed = true;
        } else if (type == XCB_GE_GENERIC) {
            x11_pointer_event(&x11->pointer, event);
        } else {
            x11_windows_event(&x11->windows, x11->root, event);
        }
        free(event);
    }
    if (xcb_connection_has_error(x11->conn))
        return CAPTURE_ERR_LOST;
    if (x11_pointer_poll(&x11->pointer, now_us) && x11->damage) {
        out->pointer = true;
        out->pointer_x = x11->pointer.x;
        out->pointer_y = x11->pointer.y;
    }
    if (size_changed) {
        int result = follow_size(x11, out);
        if (result)
            return result;
    }
    out->move_count = x11_windows_take(&x11->windows, out->moves, CAPTURE_MAX_MOVES);
    if (x11->damage && x11->all_damaged) {
        x11->all_damaged = false;
        damage_everything(x11, out);
    }
    if (x11->damage && x11->cursor_changed) {
        x11->cursor_changed = false;
        out->cursor = true;
    }
    if (x11->input && input_x11_dispatch(x11->input, now_us, &out->keymap) != 0)
        return CAPTURE_ERR_LOST;
    if (x11->clipboard && clipboard_x11_dispatch(x11->clipboard, now_us) != 0)
        return CAPTURE_ERR_LOST;
    return 0;
}

static uint64_t x11_deadline_us(const struct capture_source *source)
{
    const struct source_x11 *x11 = of(source);
    uint64_t input = x11->input ? input_x11_deadline_us(x11->input) : UINT64_MAX;
    uint64_t clipboard = x11->clipboard ? clipboard_x11_deadline_us(x11->clipboard) : UINT64_MAX;
    return input < clipboard ? input : clipboard;
}

/* Windows are followed only while someone looks: at rest no event may wake this program. */
static void select_events(const struct source_x11 *x11, bool windows)
{
    const uint32_t events =
        XCB_EVENT_MASK_STRUCTURE_NOTIFY | (windows ? XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY : 0u);
    xcb_change_window_attributes(x11->conn, x11->root, XCB_CW_EVENT_MASK, &events);
}

static int x11_watch(struct capture_source *source, bool watch)
{
    struct source_x11 *x11 = of(source);
    if (watch && !x11->damage) {
        x11->damage = xcb_generate_id(x11->conn);
        xcb_damage_create(x11->conn, x11->damage, x11->root, XCB_DAMAGE_REPORT_LEVEL_DELTA_RECTANGLES);
        xcb_xfixes_select_cursor_input(x11->conn, x11->root, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
        x11_pointer_watch(&x11->pointer, true);
        select_events(x11, true);
        x11->cursor_changed = true;
        x11->all_damaged = true;
    } else if (!watch && x11->damage) {
        xcb_damage_destroy(x11->conn, x11->damage);
        xcb_xfixes_select_cursor_input(x11->conn, x11->root, 0);
        x11_pointer_watch(&x11->pointer, false);
        select_events(x11, false);
        x11->windows.count = 0; /* what moves unseen is not known */
        x11->damage = 0;
    }
    xcb_flush(x11->conn);
    return xcb_connection_has_error(x11->conn) ? CAPTURE_ERR_LOST : 0;
}

static int x11_grab(struct capture_source *source, const struct codec_rect *rects, size_t count,
    capture_changed_fn *changed, void *data)
{
    struct source_x11 *x11 = of(source);
    /* Before the pixels are read: what is drawn in between is then told again rather than lost. */
    if (x11->damage)
        xcb_damage_subtract(x11->conn, x11->damage, XCB_NONE, XCB_NONE);
    x11_pointer_refresh(&x11->pointer);
    return x11_grab_rects(&x11->grab, rects, count, changed, data);
}

static const uint32_t *x11_pixels(const struct capture_source *source, size_t *out_stride_px)
{
    const struct source_x11 *x11 = of(source);
    *out_stride_px = (size_t)x11->grab.width_px;
    return x11->grab.map;
}

static int x11_cursor(struct capture_source *source, struct capture_cursor *out)
{
    struct source_x11 *x11 = of(source);
    return x11_cursor_read(x11->cursor, x11->conn, x11->name, out);
}

static int x11_layout(const struct capture_source *source, char *out, size_t cap)
{
    const struct source_x11 *x11 = of(source);
    if (x11->input)
        return input_x11_layout(x11->input, out, cap);
    if (cap)
        out[0] = '\0';
    return 0;
}

static const char *x11_input_problem(const struct capture_source *source)
{
    const struct source_x11 *x11 = of(source);
    return x11->input ? NULL : x11->input_problem;
}

static struct capture_seat *x11_seat_create(struct capture_source *source)
{
    struct source_x11 *x11 = of(source);
    if (!x11->input)
        return NULL;
    struct seat_x11 *seat = calloc(1, sizeof *seat);
    if (!seat)
        return NULL;
    seat->base.source = source;
    seat->seat = input_seat_create(x11->input);
    if (!seat->seat) {
        free(seat);
        return NULL;
    }
    return &seat->base;
}

static struct input_seat *seat_of(struct capture_seat *seat)
{
    return ((struct seat_x11 *)seat)->seat;
}

static void x11_seat_destroy(struct capture_seat *seat)
{
    input_seat_destroy(seat_of(seat));
    free(seat);
}

static void x11_key(struct capture_seat *seat, const struct input_key *key)
{
    input_seat_key(seat_of(seat), key);
}

static uint64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int32_t clamp(int32_t value, int32_t size)
{
    return value < 0 ? 0 : value >= size ? size - 1 : value;
}

/* Where we put it ourselves is no news. */
static void expect_pointer(struct capture_seat *seat, int32_t x, int32_t y)
{
    struct source_x11 *x11 = of(seat->source);
    x11_pointer_expect(
        &x11->pointer, clamp(x, x11->grab.width_px), clamp(y, x11->grab.height_px), clock_us());
}

static void x11_point(struct capture_seat *seat, const struct input_pointer *pointer)
{
    if (!pointer->relative)
        expect_pointer(seat, pointer->x, pointer->y);
    input_seat_pointer(seat_of(seat), pointer);
}

static void x11_wheel(struct capture_seat *seat, const struct input_wheel *wheel)
{
    if (wheel->x >= 0 && wheel->y >= 0)
        expect_pointer(seat, wheel->x, wheel->y);
    input_seat_wheel(seat_of(seat), wheel);
}

static void x11_text(struct capture_seat *seat, const char *text, size_t len)
{
    input_seat_text(seat_of(seat), text, len);
}

static void x11_release_all(struct capture_seat *seat)
{
    input_seat_release_all(seat_of(seat));
}

static void x11_clipboard_watch(struct capture_source *source, capture_clipboard_fn *fn, void *data)
{
    struct source_x11 *x11 = of(source);
    if (x11->clipboard)
        clipboard_x11_watch(x11->clipboard, fn, data);
}

static int x11_clipboard_set(struct capture_source *source, const char *text, size_t len, uint64_t now_us)
{
    struct source_x11 *x11 = of(source);
    if (!x11->clipboard)
        return CAPTURE_ERR_NONE;
    switch (clipboard_x11_set(x11->clipboard, text, len, now_us)) {
    case CLIPBOARD_OK:
        return CAPTURE_OK;
    case CLIPBOARD_ERR_NOMEM:
        return CAPTURE_ERR_NOMEM;
    case CLIPBOARD_ERR_LOST:
        return CAPTURE_ERR_LOST;
    default:
        return CAPTURE_ERR_SIZE;
    }
}

static void x11_close(struct capture_source *source)
{
    struct source_x11 *x11 = of(source);
    clipboard_x11_destroy(x11->clipboard);
    input_x11_destroy(x11->input);
    x11_grab_finish(&x11->grab);
    free(x11->cursor);
    xcb_disconnect(x11->conn);
    free(x11);
}

static const struct capture_ops x11_ops = {
    .geometry = x11_geometry,
    .fds = x11_fds,
    .dispatch = x11_dispatch,
    .grab = x11_grab,
    .pixels = x11_pixels,
    .watch = x11_watch,
    .close = x11_close,
    .deadline_us = x11_deadline_us,
    .cursor = x11_cursor,
    .layout = x11_layout,
    .input_problem = x11_input_problem,
    .seat_create = x11_seat_create,
    .seat_destroy = x11_seat_destroy,
    .key = x11_key,
    .pointer = x11_point,
    .wheel = x11_wheel,
    .text = x11_text,
    .release_all = x11_release_all,
    .clipboard_watch = x11_clipboard_watch,
    .clipboard_set = x11_clipboard_set,
};

static const char *connect_trouble(const char *name, int error, char *text, size_t cap)
{
    if (!name || !*name)
        snprintf(text, cap,
            "No display is named: DISPLAY is not set. Start the host inside the desktop session, or give "
            "--display :0.");
    else if (error == XCB_CONN_CLOSED_PARSE_ERR)
        snprintf(text, cap, "The display name \"%.60s\" is not valid. Give one such as :0 or :1.", name);
    else if (error == XCB_CONN_CLOSED_INVALID_SCREEN)
        snprintf(text, cap, "The display %.60s has no such screen. Leave out the part after the dot.", name);
    else
        snprintf(text, cap,
            "The display %.60s cannot be opened: nothing answers there, or it does not let this user in. "
            "Check that "
            "a desktop session runs there and that XAUTHORITY names its key file.",
            name);
    return text;
}

/* Returns the name of the first extension that is missing, or NULL. Versions must be asked for: the
 * server speaks the one agreed on. */
static const char *missing_extension(struct source_x11 *x11)
{
    const xcb_query_extension_reply_t *damage = xcb_get_extension_data(x11->conn, &xcb_damage_id);
    const xcb_query_extension_reply_t *xfixes = xcb_get_extension_data(x11->conn, &xcb_xfixes_id);
    const xcb_query_extension_reply_t *randr = xcb_get_extension_data(x11->conn, &xcb_randr_id);
    if (!damage || !damage->present)
        return "DAMAGE, which tells what changed";
    if (!xfixes || !xfixes->present)
        return "XFIXES, which tells the shape of the pointer";
    x11->damage_event = damage->first_event;
    x11->xfixes_event = xfixes->first_event;
    free(xcb_xfixes_query_version_reply(x11->conn, xcb_xfixes_query_version(x11->conn, 4, 0), NULL));
    free(xcb_damage_query_version_reply(x11->conn, xcb_damage_query_version(x11->conn, 1, 1), NULL));
    /* Without RandR the size never changes. */
    x11->randr_event = 0;
    if (randr && randr->present) {
        free(xcb_randr_query_version_reply(x11->conn, xcb_randr_query_version(x11->conn, 1, 2), NULL));
        x11->randr_event = randr->first_event;
        xcb_randr_select_input(x11->conn, x11->root, XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE);
    }
    return NULL;
}

static const xcb_screen_t *screen_at(xcb_connection_t *conn, int number)
{
    xcb_screen_iterator_t it = xcb_setup_roots_iterator(xcb_get_setup(conn));
    while (number-- > 0 && it.rem > 1)
        xcb_screen_next(&it);
    return it.data;
}

struct capture_source *capture_x11_open(const char *display, struct capture_problem *out_problem)
{
    const char *name = display && *display ? display : getenv("DISPLAY");
    int number = 0;
    xcb_connection_t *conn = xcb_connect(display && *display ? display : NULL, &number);
    int error = xcb_connection_has_error(conn);
    if (error) {
        connect_trouble(name, error, out_problem->text, sizeof out_problem->text);
        xcb_disconnect(conn);
        return NULL;
    }

    struct source_x11 *x11 = calloc(1, sizeof *x11);
    if (!x11) {
        xcb_disconnect(conn);
        snprintf(out_problem->text, sizeof out_problem->text, "Out of memory.");
        return NULL;
    }
    const xcb_screen_t *screen = screen_at(conn, number);
    x11->base.ops = &x11_ops;
    x11->conn = conn;
    x11->root = screen->root;
    snprintf(x11->name, sizeof x11->name, "%s", name);

    const char *missing = missing_extension(x11);
    if (missing) {
        snprintf(out_problem->text, sizeof out_problem->text,
            "The display %.40s lacks the extension %s. Use a display server that has it: Xorg, Xvfb and Xvnc "
            "do.",
            name, missing);
        goto fail;
    }
    x11_pointer_init(&x11->pointer, conn, x11->root);
    const char *layout_trouble = x11_grab_init(&x11->grab, conn, screen);
    if (layout_trouble) {
        snprintf(out_problem->text, sizeof out_problem->text,
            "The display %.40s cannot be captured: %s. Set it to a depth of 24 bits.", name, layout_trouble);
        goto fail;
    }
    /* A program that grabs the server (some window managers do while they move a window) must not stop
     * this loop in the middle of a round trip. */
    const xcb_query_extension_reply_t *xtest = xcb_get_extension_data(conn, &xcb_test_id);
    if (xtest && xtest->present)
        xcb_test_grab_control(conn, true);
    select_events(x11, false);
    /* The size now, not that of the connection's setup: it may have changed since. */
    struct capture_changes changes = {0};
    x11->cursor = calloc(1, sizeof *x11->cursor);
    int result = x11->cursor ? follow_size(x11, &changes) : CAPTURE_ERR_NOMEM;
    if (result) {
        snprintf(out_problem->text, sizeof out_problem->text,
            "The display %.40s cannot be captured: there is not enough memory, or it is larger than %d x %d.",
            name, CODEC_MAX_SIDE_PX, CODEC_MAX_SIDE_PX);
        goto fail;
    }
    x11->input = input_x11_create(display, x11->input_problem, sizeof x11->input_problem);
    if (x11->input)
        input_x11_set_size(x11->input, x11->grab.width_px, x11->grab.height_px);
    x11->clipboard = clipboard_x11_create(display);
    return &x11->base;

fail:
    x11_close(&x11->base);
    return NULL;
}
