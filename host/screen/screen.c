#include "host/screen/screen_internal.h"

#include "codec/store.h"
#include "codec/video_module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RESIZE_TRIES = 3 };

uint64_t screen_now_us(void)
{
    return uv_hrtime() / 1000;
}

void screen_touch(struct screen *screen)
{
    screen->attention = true;
}

void screen_enter(struct screen *screen)
{
    screen->busy++;
}

void screen_leave(struct screen *screen)
{
    if (--screen->busy)
        return;
    for (struct screen_viewer **at = &screen->viewers; *at;) {
        struct screen_viewer *viewer = *at;
        if (viewer->gone) {
            *at = viewer->next;
            free(viewer);
        } else {
            at = &viewer->next;
        }
    }
}

static void release(struct screen *screen)
{
    if (--screen->handles == 0 && screen->closing) {
        codec_store_destroy(screen->store);
        free(screen->display);
        free(screen);
    }
}

static void on_pool_closed(void *data)
{
    release(data);
}

static void on_closed(uv_handle_t *handle)
{
    struct screen *screen = handle->data;
    bool poll = handle->type == UV_POLL;
    if (poll)
        free(handle);
    release(screen);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    screen_touch(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    screen_touch(timer->data);
}

static void stop_polls(struct screen *screen)
{
    for (size_t i = 0; i < screen->poll_count; i++) {
        uv_poll_stop(screen->poll[i]);
        uv_close((uv_handle_t *)screen->poll[i], on_closed);
    }
    screen->poll_count = 0;
}

static bool start_polls(struct screen *screen)
{
    int fds[CAPTURE_MAX_FDS];
    size_t count = capture_fds(screen->source, fds);
    for (size_t i = 0; i < count; i++) {
        uv_poll_t *poll = calloc(1, sizeof *poll);
        if (!poll)
            return false;
        if (uv_poll_init(screen->loop, poll, fds[i]) != 0) {
            free(poll);
            return false;
        }
        poll->data = screen;
        screen->handles++;
        screen->poll[screen->poll_count++] = poll;
        if (uv_poll_start(poll, UV_READABLE | UV_DISCONNECT, on_readable) != 0)
            return false;
    }
    return true;
}

static void tell_geometry(struct screen *screen)
{
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer->ops->geometry)
            viewer->ops->geometry(viewer->data, &screen->geometry);
    }
    screen_leave(screen);
}

static void tell_unavailable(struct screen *screen)
{
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer->ops->unavailable)
            viewer->ops->unavailable(viewer->data, screen->problem.text);
    }
    screen_leave(screen);
}

static void tell_cursor(struct screen *screen)
{
    struct capture_cursor cursor;
    if (capture_cursor(screen->source, &cursor) != 0)
        return;
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer->started && viewer->ops->cursor)
            viewer->ops->cursor(viewer->data, &cursor);
    }
    screen_leave(screen);
}

void screen_tell_pointer(struct screen *screen, const struct screen_viewer *mover, int32_t x, int32_t y)
{
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer != mover && viewer->started && viewer->ops->pointer)
            viewer->ops->pointer(viewer->data, x, y);
    }
    screen_leave(screen);
}

static void tell_clipboard(
    struct screen *screen, const struct screen_viewer *giver, const char *text, size_t len, bool too_large)
{
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer != giver && viewer->clipboard && viewer->ops->clipboard)
            viewer->ops->clipboard(viewer->data, text, len, too_large);
    }
    screen_leave(screen);
}

static void on_clipboard(void *data, const char *text, size_t len, bool too_large)
{
    tell_clipboard(data, NULL, text, len, too_large);
}

/* New size: everything is to be grabbed and sent anew. */
static void adopt_geometry(struct screen *screen)
{
    capture_geometry(screen->source, &screen->geometry);
    screen_tiles_init(&screen->dirty, screen->geometry.width_px, screen->geometry.height_px);
    screen_tiles_add_all(&screen->dirty);
    screen_enter(screen); /* one that the screen is too large for is told, and may go */
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!viewer->gone && viewer->started)
            (void)screen_viewer_renew(viewer);
    }
    screen_leave(screen);
    tell_geometry(screen);
}

static void close_source(struct screen *screen)
{
    if (!screen->source)
        return;
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        capture_seat_destroy(viewer->seat);
        viewer->seat = NULL;
        screen_viewer_drop_encoder(viewer);
    }
    stop_polls(screen);
    capture_close(screen->source);
    screen->source = NULL;
    screen->watching = false;
    screen->clipboard = false;
}

static void retry_later(struct screen *screen)
{
    uint64_t gap = screen->retry_gap_us;
    screen->retry_us = screen_now_us() + gap;
    screen->retry_gap_us = gap * 2 > SCREEN_RETRY_MAX_US ? SCREEN_RETRY_MAX_US : gap * 2;
}

static void open_source(struct screen *screen)
{
    screen->source = screen->open(screen->display, &screen->problem);
    if (!screen->source) {
        retry_later(screen);
        return;
    }
    if (!start_polls(screen)) {
        close_source(screen);
        (void)snprintf(screen->problem.text, sizeof screen->problem.text, "%s",
            "Out of memory or of file descriptors. Raise the limits of this program.");
        retry_later(screen);
        return;
    }
    screen->retry_gap_us = SCREEN_RETRY_MIN_US;
    adopt_geometry(screen);
}

static void lose_source(struct screen *screen)
{
    close_source(screen);
    (void)snprintf(screen->problem.text, sizeof screen->problem.text, "%s",
        "The display went away: its session ended or its server stopped. The picture comes back "
        "by itself when there is a display again.");
    retry_later(screen);
    tell_unavailable(screen);
}

/* Watch while someone looks, ask for the clipboard while someone wants it. */
static int follow_interest(struct screen *screen)
{
    bool look = false, clipboard = false;
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        look = look || (!viewer->gone && viewer->started);
        clipboard = clipboard || (!viewer->gone && viewer->clipboard);
    }
    if (clipboard != screen->clipboard) {
        screen->clipboard = clipboard;
        capture_clipboard_watch(screen->source, clipboard ? on_clipboard : NULL, screen);
    }
    if (look == screen->watching)
        return 0;
    screen->watching = look;
    return capture_watch(screen->source, look);
}

static void on_changed(void *data, const struct codec_rect *area)
{
    screen_tiles_add(data, area);
}

/* Compared once for all viewers: what is as it was goes no further. */
static int grab(struct screen *screen)
{
    struct codec_rect rects[SCREEN_TILES_RECTS];
    struct screen_tiles changed;
    size_t count = screen_tiles_rects(&screen->dirty, rects);
    screen_tiles_init(&changed, screen->geometry.width_px, screen->geometry.height_px);
    int result = capture_grab(screen->source, rects, count, on_changed, &changed);
    for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        if (!result)
            viewer->captured_input = viewer->input;
        if (viewer->started && viewer->encode) {
            screen_tiles_unite(&viewer->dirty, &changed);
            screen_moves_unite(&viewer->moves, &screen->moves);
        }
    }
    screen_pictures_changed(&screen->pictures, &changed);
    if (result)
        return result;
    screen->grabs++;
    screen_tiles_clear(&screen->dirty);
    screen_moves_clear(&screen->moves);
    /* The answers may have brought events that no descriptor will announce. */
    screen_touch(screen);
    return 0;
}

static int take_changes(struct screen *screen, uint64_t now_us)
{
    struct capture_changes changes;
    int result = capture_dispatch(screen->source, now_us, &changes);
    if (result)
        return result;
    if (changes.resized)
        adopt_geometry(screen);
    for (size_t i = 0; i < changes.damage_count; i++)
        screen_tiles_add(&screen->dirty, &changes.damage[i]);
    for (size_t i = 0; i < changes.move_count; i++)
        screen_moves_add(&screen->moves, &changes.moves[i]);
    if (changes.cursor)
        tell_cursor(screen);
    if (changes.pointer)
        screen_tell_pointer(screen, NULL, changes.pointer_x, changes.pointer_y);
    return changes.resized ? CAPTURE_ERR_RESIZED : 0;
}

/* Programs draw a picture in parts. What came elsewhere on the screen while one part was read belongs to it:
 * one message then has all, and the last part need not wait until the first is encoded and sent. */
int screen_grab(struct screen *screen)
{
    const uint64_t start_us = screen_now_us();
    const struct screen_tiles first = screen->dirty;
    int result = grab(screen);
    if (!result)
        result = take_changes(screen, screen_now_us());
    if (!result && !screen_tiles_empty(&screen->dirty) &&
        2 * screen_tiles_common(&screen->dirty, &first) <= screen_tiles_count(&screen->dirty))
        result = grab(screen);
    screen->capture_us = (uint32_t)(screen_now_us() - start_us);
    return result;
}

static int serve_viewers(struct screen *screen)
{
    int result = 0;
    screen_enter(screen);
    for (struct screen_viewer *viewer = screen->viewers; viewer && !result; viewer = viewer->next)
        result = screen_viewer_turn(viewer, screen_now_us());
    screen_leave(screen);
    return result;
}

static void arm(struct screen *screen)
{
    uint64_t now_us = screen_now_us(), due = UINT64_MAX;
    if (!screen->source) {
        due = screen->retry_us;
    } else {
        due = capture_deadline_us(screen->source);
        for (struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
            uint64_t at = screen_viewer_deadline_us(viewer, now_us);
            due = at < due ? at : due;
        }
    }
    if (due == UINT64_MAX) {
        uv_timer_stop(&screen->timer);
        return;
    }
    uint64_t wait_us = due > now_us ? due - now_us : 0;
    uv_timer_start(&screen->timer, on_timer, (wait_us + 999) / 1000, 0);
}

/* Before the loop waits: take what came, send what can go, and arm the one timer for what remains. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct screen *screen = prepare->data;
    if (!screen->attention)
        return;
    int result = 0;
    if (!screen->source && screen_now_us() >= screen->retry_us)
        open_source(screen);
    for (int tries = 0; screen->source && screen->attention && tries < RESIZE_TRIES; tries++) {
        screen->attention = false;
        result = follow_interest(screen);
        if (!result)
            result = take_changes(screen, screen_now_us());
        if (!result)
            result = serve_viewers(screen);
        if (result == CAPTURE_ERR_RESIZED)
            screen->attention = true; /* the event that tells the new size is there now */
        else if (result)
            break;
    }
    if (screen->source && result && result != CAPTURE_ERR_RESIZED)
        lose_source(screen);
    bool again = screen->source && screen->attention;
    screen->attention = again;
    arm(screen);
    if (again)
        uv_timer_start(&screen->timer, on_timer, 0, 0);
}

/* Without a secret key there are no slots: a page could make tiles that meet. */
static struct codec_store *make_store(void)
{
    uint8_t key[CODEC_STORE_KEY_BYTES];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return NULL;
    return codec_store_create(key, SCREEN_STORE_TILES);
}

struct screen *screen_create(uv_loop_t *loop, capture_open_fn *open, const char *display)
{
    struct screen *screen = calloc(1, sizeof *screen);
    if (!screen)
        return NULL;
    screen->loop = loop;
    screen->open = open;
    screen->retry_gap_us = SCREEN_RETRY_MIN_US;
    screen->store = make_store();
    screen->video = codec_video_coder_load();
    screen->display = display ? strdup(display) : NULL;
    screen->pool = screen_pool_create(loop, on_pool_closed, screen);
    if (!screen->pool || (display && !screen->display)) {
        screen->closing = true;
        screen->handles = 1; /* the pool's, or this call itself */
        if (screen->pool)
            screen_pool_destroy(screen->pool);
        else
            release(screen);
        return NULL;
    }
    /* Neither of these two can fail. */
    uv_prepare_init(loop, &screen->prepare);
    uv_timer_init(loop, &screen->timer);
    screen->prepare.data = screen;
    screen->timer.data = screen;
    screen->handles = 3; /* with the pool's */
    uv_prepare_start(&screen->prepare, on_prepare);
    open_source(screen);
    screen->attention = true;
    return screen;
}

void screen_destroy(struct screen *screen)
{
    if (!screen)
        return;
    close_source(screen);
    screen->closing = true;
    screen_pool_destroy(screen->pool);
    screen_pictures_finish(&screen->pictures);
    uv_close((uv_handle_t *)&screen->prepare, on_closed);
    uv_close((uv_handle_t *)&screen->timer, on_closed);
}

bool screen_geometry(const struct screen *screen, struct capture_geometry *out)
{
    if (screen->source)
        *out = screen->geometry;
    return screen->source != NULL;
}

const char *screen_problem(const struct screen *screen)
{
    return screen->source ? NULL : screen->problem.text;
}

const char *screen_input_problem(const struct screen *screen)
{
    return screen->source ? capture_input_problem(screen->source) : NULL;
}

const char *screen_session_type(const struct screen *screen)
{
    return screen->source ? "x11" : "none";
}

int screen_layout(const struct screen *screen, char *out, size_t cap)
{
    if (screen->source)
        return capture_layout(screen->source, out, cap);
    if (cap)
        out[0] = '\0';
    return 0;
}

void screen_stats(const struct screen *screen, struct screen_stats *out)
{
    *out = (struct screen_stats){.grabs = screen->grabs,
        .frames = screen->frames,
        .bytes = screen->bytes,
        .capture_us = screen->capture_us};
    for (const struct screen_viewer *viewer = screen->viewers; viewer; viewer = viewer->next) {
        out->viewers += viewer->started && !viewer->gone;
        if (viewer->encode_us > out->encode_us)
            out->encode_us = viewer->encode_us;
    }
}

int screen_clipboard_set(
    struct screen *screen, const struct screen_viewer *giver, const char *text, size_t len)
{
    if (!screen->source)
        return CAPTURE_ERR_LOST;
    int result = capture_clipboard_set(screen->source, text, len, screen_now_us());
    screen_touch(screen);
    if (result == 0)
        tell_clipboard(screen, giver, text, len, false);
    return result;
}
