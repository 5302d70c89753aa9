#include "host/session/screen.h"

#include "channel/identity/log.h"
#include "codec/encoder.h"
#include "host/session/request.h"

#include <stdlib.h>
#include <string.h>

typedef Hearth__Session__ToHost Request;
typedef Hearth__Session__FromHost Reply;

struct session_screen {
    struct session_screen_config config;
    struct screen_viewer *viewer;
    struct session_input input;
    uint32_t stream; /* 0 = not watching */
    bool flowing;
    uint64_t limited_us; /* when a flood of input was told last; 0 = never */
    bool cursor_waits;   /* a shape was left out because the viewer did not keep up */
    bool cursor_known;
    uint32_t cursor_serial; /* last shape sent */
    uint64_t clipboard_serial;
    struct capture_cursor cursor; /* last told; rgba in shape */
    uint8_t *shape;
    size_t shape_len;
    bool stats_armed;
    uv_timer_t stats;
    bool pointer_armed, pointer_waits;
    int32_t pointer_x, pointer_y; /* host px, where somebody else left it */
    uv_timer_t pointer;
    unsigned closing; /* timers that are */
};

static void answered(struct session_screen *screen)
{
    screen->config.answered(screen->config.user);
}

/* ---- from host/screen */

static void stats_due(uv_timer_t *timer)
{
    struct session_screen *screen = timer->data;
    Hearth__Session__HostStats stats = HEARTH__SESSION__HOST_STATS__INIT;
    Reply message = HEARTH__SESSION__FROM_HOST__INIT;
    struct screen_viewer_stats of;
    struct screen_stats all;
    screen->stats_armed = false;
    if (screen->stream == 0 || session_wire_full(screen->config.wire))
        return;
    screen_viewer_stats(screen->viewer, &of);
    screen_stats(screen->config.screen, &all);
    stats.capture_us = of.capture_us;
    stats.encode_us = of.encode_us;
    stats.frames = of.frames;
    stats.bytes = of.bytes;
    stats.viewers = all.viewers;
    stats.codec = (char *)(uintptr_t) "hearth-1";
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_STATS;
    message.stats = &stats;
    session_wire_send(screen->config.wire, &message);
    answered(screen);
}

static bool screen_send(void *data, const uint8_t *message, size_t len)
{
    struct session_screen *screen = data;
    if (screen->stream == 0 ||
        channel_message_send(screen->config.wire->session, screen->stream, message, len) != 0)
        return false;
    /* Armed by pictures alone, so a still screen wakes nobody. */
    if (!screen->stats_armed && uv_timer_start(&screen->stats, stats_due, SESSION_STATS_MS, 0) == 0)
        screen->stats_armed = true;
    answered(screen);
    return true;
}

static bool screen_can_send(void *data)
{
    const struct session_screen *screen = data;
    return screen->stream != 0 && screen->flowing &&
           channel_message_can(screen->config.wire->session, screen->stream);
}

static void cursor_send(struct session_screen *screen)
{
    Hearth__Session__Cursor cursor = HEARTH__SESSION__CURSOR__INIT;
    Reply message = HEARTH__SESSION__FROM_HOST__INIT;
    screen->cursor_waits = false;
    cursor.visible = screen->cursor.visible;
    if (screen->cursor.visible && (!screen->cursor_known || screen->cursor.serial != screen->cursor_serial)) {
        cursor.width = screen->cursor.width_px;
        cursor.height = screen->cursor.height_px;
        cursor.hot_x = screen->cursor.hot_x_px;
        cursor.hot_y = screen->cursor.hot_y_px;
        cursor.rgba.data = screen->shape;
        cursor.rgba.len = screen->shape_len;
        screen->cursor_known = true;
        screen->cursor_serial = screen->cursor.serial;
    }
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_CURSOR;
    message.cursor = &cursor;
    session_wire_send(screen->config.wire, &message);
    answered(screen);
}

static void screen_cursor(void *data, const struct capture_cursor *cursor)
{
    struct session_screen *screen = data;
    size_t len = cursor->visible ? (size_t)cursor->width_px * cursor->height_px * 4 : 0;
    if (screen->stream == 0)
        return;
    if (len > 0) {
        uint8_t *shape = realloc(screen->shape, len);
        if (!shape)
            return;
        memcpy(shape, cursor->rgba, len);
        screen->shape = shape;
        screen->shape_len = len;
    }
    screen->cursor = *cursor;
    screen->cursor.rgba = NULL;
    if (session_wire_full(screen->config.wire))
        screen->cursor_waits = true;
    else
        cursor_send(screen);
}

static void pointer_send(struct session_screen *screen);

static void pointer_due(uv_timer_t *timer)
{
    struct session_screen *screen = timer->data;
    screen->pointer_armed = false;
    if (screen->pointer_waits && screen->stream != 0)
        pointer_send(screen);
}

static void pointer_send(struct session_screen *screen)
{
    Hearth__Session__Cursor cursor = HEARTH__SESSION__CURSOR__INIT;
    Reply message = HEARTH__SESSION__FROM_HOST__INIT;
    screen->pointer_waits = false;
    cursor.visible = screen->cursor.visible;
    cursor.moved = true;
    cursor.x = screen->pointer_x;
    cursor.y = screen->pointer_y;
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_CURSOR;
    message.cursor = &cursor;
    session_wire_send(screen->config.wire, &message);
    screen->pointer_armed = uv_timer_start(&screen->pointer, pointer_due, SESSION_POINTER_MS, 0) == 0;
    answered(screen);
}

static void screen_pointer(void *data, int32_t x_px, int32_t y_px)
{
    struct session_screen *screen = data;
    if (screen->stream == 0)
        return;
    screen->pointer_x = x_px;
    screen->pointer_y = y_px;
    screen->pointer_waits = true;
    if (!screen->pointer_armed && !session_wire_full(screen->config.wire))
        pointer_send(screen);
}

static void screen_told_geometry(void *data, const struct capture_geometry *geometry)
{
    struct session_screen *screen = data;
    if (!(screen->config.rights & CHANNEL_RIGHT_VIEW))
        return;
    Hearth__Session__Screen shape = HEARTH__SESSION__SCREEN__INIT;
    Reply message = HEARTH__SESSION__FROM_HOST__INIT;
    struct capture_geometry copy = *geometry;
    shape.id = 1;
    shape.width = copy.width_px;
    shape.height = copy.height_px;
    shape.name = copy.name;
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_SCREEN;
    message.screen = &shape;
    session_wire_send(screen->config.wire, &message);
    answered(screen);
}

static void screen_unavailable(void *data, const char *problem)
{
    struct session_screen *screen = data;
    if (screen->stream == 0)
        return;
    session_wire_error(screen->config.wire, 0, HEARTH__SESSION__CODE__CODE_UNAVAILABLE, problem);
    answered(screen);
}

static void screen_clipboard(void *data, const char *text, size_t len, bool too_large)
{
    struct session_screen *screen = data;
    Hearth__Session__Clipboard clipboard = HEARTH__SESSION__CLIPBOARD__INIT;
    Reply message = HEARTH__SESSION__FROM_HOST__INIT;
    if (!(screen->config.rights & CHANNEL_RIGHT_CLIPBOARD_OUT) || session_wire_full(screen->config.wire))
        return;
    char *copy = too_large || len > SESSION_CLIPBOARD_MAX ? NULL : strndup(text, len);
    clipboard.serial = ++screen->clipboard_serial;
    clipboard.too_large = copy == NULL;
    if (copy)
        clipboard.text = copy;
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_CLIPBOARD;
    message.clipboard = &clipboard;
    session_wire_send(screen->config.wire, &message);
    free(copy);
    answered(screen);
}

static const struct screen_viewer_ops viewer_ops = {.send = screen_send,
    .can_send = screen_can_send,
    .cursor = screen_cursor,
    .pointer = screen_pointer,
    .geometry = screen_told_geometry,
    .unavailable = screen_unavailable,
    .clipboard = screen_clipboard};

/* ---- from the viewer */

static void start(struct session_screen *screen, uint32_t re, const Hearth__Session__ScreenStart *wanted)
{
    struct session_wire *wire = screen->config.wire;
    if (screen->stream == 0) {
        int stream = channel_stream_open(wire->session, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
        if (stream <= 0) {
            session_wire_error(wire, re, HEARTH__SESSION__CODE__CODE_LIMIT,
                "Too many streams are open. End the session and connect again.");
            return;
        }
        screen->stream = (uint32_t)stream;
    }
    /* Without a display the viewer stays started: pictures come as soon as there is one. */
    const char *problem = screen_problem(screen->config.screen);
    if (problem)
        session_wire_error(wire, re, HEARTH__SESSION__CODE__CODE_UNAVAILABLE, problem);
    else
        session_wire_done(wire, re);
    if (screen->config.rights & CHANNEL_RIGHT_CLIPBOARD_OUT)
        screen_viewer_watch_clipboard(screen->viewer, true);
    screen_viewer_set_limits(screen->viewer, wanted->max_pixels, wanted->cache_slots);
    screen_viewer_set_video(screen->viewer, wanted->video);
    if (screen_viewer_start(screen->viewer) != 0 && !problem)
        session_wire_error(wire, 0, HEARTH__SESSION__CODE__CODE_UNAVAILABLE,
            "The PC is out of memory for this picture. Close something there and try again.");
    screen->config.watching(screen->config.user);
}

static void stop(struct session_screen *screen)
{
    if (screen->stream == 0)
        return;
    screen_viewer_watch_clipboard(screen->viewer, false);
    screen_viewer_stop(screen->viewer);
    (void)channel_stream_reset(screen->config.wire->session, screen->stream, 0);
    screen->stream = 0;
    screen->cursor_known = false;
    screen->cursor_waits = false;
    (void)uv_timer_stop(&screen->stats);
    (void)uv_timer_stop(&screen->pointer);
    screen->stats_armed = screen->pointer_armed = screen->pointer_waits = false;
    screen->config.watching(screen->config.user);
}

static void take_clipboard(struct session_screen *screen, const Request *request)
{
    struct session_wire *wire = screen->config.wire;
    const Hearth__Session__Clipboard *clipboard = request->clipboard;
    if (clipboard->too_large)
        return; /* the viewer says that it has something it cannot send */
    int err =
        screen_clipboard_set(screen->config.screen, screen->viewer, clipboard->text, strlen(clipboard->text));
    if (err != CAPTURE_OK)
        session_wire_error(wire, request->id, HEARTH__SESSION__CODE__CODE_UNAVAILABLE,
            "The PC has no clipboard now, because it has no display. Copy again when it has one.");
    else if (request->id != 0)
        session_wire_done(wire, request->id);
}

static void take_input(struct session_screen *screen, const Request *request, uint64_t now_us)
{
    bool taken = session_input_take(&screen->input, request, screen->viewer, now_us);
    if (taken || (screen->limited_us != 0 && now_us - screen->limited_us < SESSION_LIMIT_MS * UINT64_C(1000)))
        return;
    screen->limited_us = now_us;
    session_wire_error(screen->config.wire, request->id, HEARTH__SESSION__CODE__CODE_LIMIT,
        "Too much input at once. What was held down was released, and some of it was left out.");
}

static void take_ack(struct session_screen *screen, const Hearth__Session__ScreenAck *said)
{
    const struct screen_window_ack ack = {.epoch = said->epoch,
        .seq = said->seq,
        .received_us = said->received_us,
        .decoded_us = said->decoded_us,
        .presented_us = said->presented_us,
        .queue = said->queue,
        .hidden = said->hidden};
    screen_viewer_ack(screen->viewer, &ack);
}

bool session_screen_take(struct session_screen *screen, const Request *request, uint64_t now_us)
{
    switch (request->body_case) {
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_START:
        start(screen, request->id, request->screen_start);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_STOP:
        stop(screen);
        session_wire_done(screen->config.wire, request->id);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_ACK:
        take_ack(screen, request->screen_ack);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_SCREEN_RESET:
        session_screen_gap(screen);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_VIDEO_CONTROL: {
        const Hearth__Session__VideoControl *control = request->video_control;
        if (control->stream <= UINT8_MAX)
            screen_viewer_video(screen->viewer, (uint8_t)control->stream,
                &(struct codec_video_wish){
                    .pause = control->pause, .key = control->key, .none = control->none});
        return true;
    }
    case HEARTH__SESSION__TO_HOST__BODY_KEY:
    case HEARTH__SESSION__TO_HOST__BODY_POINTER:
    case HEARTH__SESSION__TO_HOST__BODY_MOTION:
    case HEARTH__SESSION__TO_HOST__BODY_WHEEL:
    case HEARTH__SESSION__TO_HOST__BODY_TEXT:
    case HEARTH__SESSION__TO_HOST__BODY_RELEASE_ALL:
        take_input(screen, request, now_us);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD:
        take_clipboard(screen, request);
        return true;
    default:
        return false;
    }
}

void session_screen_settle(struct session_screen *screen)
{
    session_input_flush(&screen->input, screen->viewer);
}

/* ---- from the channel */

void session_screen_drained(struct session_screen *screen)
{
    if (screen->stream == 0)
        return;
    if (screen->cursor_waits && !session_wire_full(screen->config.wire))
        cursor_send(screen);
    screen_viewer_wake(screen->viewer);
}

void session_screen_gap(struct session_screen *screen)
{
    if (screen->stream != 0)
        screen_viewer_reset(screen->viewer);
}

void session_screen_flowing(struct session_screen *screen, bool flowing)
{
    if (flowing == screen->flowing)
        return;
    screen->flowing = flowing;
    if (!flowing) {
        /* Whoever held a key cannot let it go now. */
        session_input_flush(&screen->input, screen->viewer);
        screen_viewer_release_all(screen->viewer, screen->input.pending_input);
        screen->input.buttons = 0;
    } else if (screen->stream != 0) {
        screen_viewer_reset(screen->viewer);
        screen_viewer_wake(screen->viewer);
    }
}

void session_screen_stopped(struct session_screen *screen, uint32_t stream)
{
    if (stream != 0 && stream == screen->stream)
        stop(screen);
}

bool session_screen_watching(const struct session_screen *screen)
{
    return screen->stream != 0;
}

/* ---- life */

static void timer_closed(uv_handle_t *handle)
{
    struct session_screen *screen = handle->data;
    if (--screen->closing > 0)
        return;
    free(screen->shape);
    free(screen);
}

struct session_screen *session_screen_create(const struct session_screen_config *config)
{
    struct session_screen *screen = calloc(1, sizeof *screen);
    if (!screen)
        return NULL;
    screen->config = *config;
    screen->flowing = true;
    screen->viewer = screen_viewer_create(config->screen, &viewer_ops, screen);
    if (!screen->viewer) {
        free(screen);
        return NULL;
    }
    session_input_init(&screen->input, uv_hrtime() / 1000);
    (void)uv_timer_init(config->loop, &screen->stats);
    screen->stats.data = screen;
    (void)uv_timer_init(config->loop, &screen->pointer);
    screen->pointer.data = screen;
    return screen;
}

void session_screen_destroy(struct session_screen *screen)
{
    if (!screen)
        return;
    screen->stream = 0;
    screen_viewer_destroy(screen->viewer);
    screen->closing = 2;
    uv_close((uv_handle_t *)&screen->stats, timer_closed);
    uv_close((uv_handle_t *)&screen->pointer, timer_closed);
}
