/* The shared screen over a real display and the real codec: what viewers decode is what is shown. */
#include "codec/decoder.h"
#include "host/screen/screen.h"
#include "tests/unit/host/display.h"
#include "tests/unit/host/paint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { SLOTS = 500 };

struct viewer {
    struct screen *screen;
    struct screen_viewer *viewer;
    struct codec_decoder *decoder;
    bool blocked, silent, destroy_on_message;
    unsigned messages, cursors, geometries, unavailable;
    uint32_t input;
    char problem[CAPTURE_ERROR_BYTES];
    char clipboard[64];
    bool failed;
};

static struct test_display display;
static uv_loop_t loop;

static bool on_send(void *data, const uint8_t *message, size_t len)
{
    struct viewer *v = data;
    struct codec_decoded decoded;
    v->messages++;
    v->input = (uint32_t)message[1] | (uint32_t)message[2] << 8 | (uint32_t)message[3] << 16 |
               (uint32_t)message[4] << 24;
    if (message[0] != SCREEN_ENVELOPE_VERSION ||
        codec_decoder_decode(
            v->decoder, message + SCREEN_ENVELOPE_BYTES, len - SCREEN_ENVELOPE_BYTES, &decoded) != 0)
        v->failed = true;
    else if (!v->silent)
        screen_viewer_ack(v->viewer, &(struct screen_window_ack){.epoch = decoded.epoch, .seq = decoded.seq});
    if (v->destroy_on_message) {
        screen_viewer_destroy(v->viewer);
        v->viewer = NULL;
    }
    return true;
}

static bool on_can_send(void *data)
{
    return !((struct viewer *)data)->blocked;
}

static void on_cursor(void *data, const struct capture_cursor *cursor)
{
    (void)cursor;
    ((struct viewer *)data)->cursors++;
}

static void on_geometry(void *data, const struct capture_geometry *geometry)
{
    (void)geometry;
    ((struct viewer *)data)->geometries++;
}

static void on_unavailable(void *data, const char *problem)
{
    struct viewer *v = data;
    v->unavailable++;
    strncpy(v->problem, problem, sizeof v->problem - 1);
}

static void on_clipboard(void *data, const char *text, size_t len, bool too_large)
{
    struct viewer *v = data;
    (void)too_large;
    memcpy(v->clipboard, text, len < sizeof v->clipboard ? len : sizeof v->clipboard - 1);
}

static const struct screen_viewer_ops ops = {.send = on_send,
    .can_send = on_can_send,
    .cursor = on_cursor,
    .geometry = on_geometry,
    .unavailable = on_unavailable,
    .clipboard = on_clipboard};

static void join(struct viewer *v, struct screen *screen)
{
    memset(v, 0, sizeof *v);
    v->screen = screen;
    v->decoder = codec_decoder_create(CODEC_MAX_PIXELS, SLOTS);
    v->viewer = screen_viewer_create(screen, &ops, v);
    assert_non_null(v->viewer);
    screen_viewer_set_limits(v->viewer, CODEC_MAX_PIXELS, SLOTS);
    assert_int_equal(screen_viewer_start(v->viewer), 0);
}

static void leave(struct viewer *v)
{
    screen_viewer_destroy(v->viewer);
    codec_decoder_destroy(v->decoder);
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_end_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

static void run_ms(unsigned ms)
{
    uv_timer_t timer;
    bool closed = false;
    uv_update_time(&loop); /* what ran outside of the loop took its time */
    uv_timer_init(&loop, &timer);
    timer.data = &closed;
    uv_timer_start(&timer, on_end, ms, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, on_end_closed);
    while (!closed)
        uv_run(&loop, UV_RUN_NOWAIT);
}

static bool equals(const struct viewer *v, struct paint *paint)
{
    int w, h;
    int32_t have_w = 0, have_h = 0;
    size_t stride = 0;
    uint32_t *want = paint_read(paint, &w, &h);
    const uint32_t *have = codec_decoder_pixels(v->decoder, &have_w, &have_h, &stride);
    bool same = have && have_w == w && have_h == h;
    for (int y = 0; same && y < h; y++)
        same = memcmp(want + (size_t)y * (size_t)w, have + (size_t)y * stride, (size_t)w * 4) == 0;
    free(want);
    return same && !v->failed;
}

static bool wait_equal(const struct viewer *v, struct paint *paint)
{
    for (int i = 0; i < 300; i++) {
        if (equals(v, paint))
            return true;
        run_ms(10);
    }
    return false;
}

static struct screen *start(void)
{
    struct screen *screen = screen_create(&loop, capture_x11_open, display.name);
    assert_non_null(screen);
    assert_null(screen_problem(screen));
    return screen;
}

static void end(struct screen *screen)
{
    screen_destroy(screen);
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
}

/* What every test has: a painter, the screen it paints on, and one viewer, who need not join. */
struct room {
    struct paint *paint;
    struct screen *screen;
    struct viewer v;
};

static int open_room(void **state)
{
    static struct room room;
    room = (struct room){.paint = paint_open()};
    paint_noise(room.paint, 1, 300);
    room.screen = start();
    *state = &room;
    return 0;
}

static int close_room(void **state)
{
    struct room *r = *state;
    leave(&r->v);
    end(r->screen);
    paint_close(r->paint);
    return 0;
}

/* The viewer joins, and has the picture. */
static struct viewer *enter(struct room *r)
{
    join(&r->v, r->screen);
    assert_true(wait_equal(&r->v, r->paint));
    return &r->v;
}

static void a_viewer_gets_the_screen_exactly_and_what_changes(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    assert_int_equal(v->cursors >= 1, 1);
    for (unsigned i = 0; i < 20; i++) {
        paint_noise(r->paint, 100 + i, 10);
        assert_true(wait_equal(v, r->paint));
    }
}

static void two_viewers_of_different_speed_both_end_exact(void **state)
{
    struct room *r = *state;
    struct viewer fast, slow;
    join(&fast, r->screen);
    join(&slow, r->screen);
    assert_true(wait_equal(&fast, r->paint));
    assert_true(wait_equal(&slow, r->paint));
    slow.blocked = true;
    unsigned before = slow.messages;
    for (unsigned i = 0; i < 10; i++) {
        paint_noise(r->paint, 200 + i, 20);
        assert_true(wait_equal(&fast, r->paint));
    }
    assert_int_equal(slow.messages, before);
    slow.blocked = false;
    screen_viewer_wake(slow.viewer);
    assert_true(wait_equal(&slow, r->paint));
    leave(&fast);
    leave(&slow);
}

static void a_still_screen_wakes_nothing(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    run_ms(1500);
    struct rusage before, after;
    unsigned messages = v->messages;
    getrusage(RUSAGE_SELF, &before);
    run_ms(2000);
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(v->messages, messages);
    /* The test's own timer is one wake-up. */
    assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 0, 2);
}

static void a_viewer_that_never_acknowledges_gets_little(void **state)
{
    struct room *r = *state;
    struct viewer *v = &r->v;
    join(v, r->screen);
    v->silent = true;
    for (unsigned i = 0; i < 60; i++) {
        paint_noise(r->paint, 300 + i, 40);
        run_ms(20);
    }
    assert_in_range(v->messages, 1, 8);
}

/* Rule 12 of the decoder's hardening, the host's side: at most it harms itself. */
static void rule_12_a_viewer_that_lies_in_its_acknowledgements_harms_no_other(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    struct viewer liar;
    join(&liar, r->screen);
    liar.silent = true;
    for (unsigned i = 0; i < 20; i++) {
        static const uint64_t times[] = {0, 1, UINT64_MAX, UINT64_MAX / 2};
        for (uint32_t k = 0; k < 16; k++)
            screen_viewer_ack(liar.viewer, &(struct screen_window_ack){.epoch = (uint16_t)(k % 3),
                                               .seq = k % 5 ? k * 0x10000001u : liar.messages + k,
                                               .received_us = times[k % 4],
                                               .decoded_us = times[k / 4],
                                               .presented_us = times[(k + i) % 4],
                                               .queue = UINT32_MAX - k});
        paint_noise(r->paint, 600 + i, 20);
        assert_true(wait_equal(v, r->paint));
    }
    leave(&liar);
    /* Who comes after it is served like any other. */
    join(&liar, r->screen);
    assert_true(wait_equal(&liar, r->paint));
    leave(&liar);
}

static void a_resize_reaches_the_viewer(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    unsigned before = v->geometries;
    test_run("xrandr --newmode m640 25.18 640 656 752 800 480 490 492 525 2>/dev/null;"
             " xrandr --addmode screen m640; xrandr --output screen --mode m640");
    assert_true(wait_equal(v, r->paint));
    struct capture_geometry geometry;
    assert_true(screen_geometry(r->screen, &geometry));
    assert_int_equal(geometry.width_px, 640);
    assert_int_equal(geometry.height_px, 480);
    assert_true(v->geometries > before);
    test_run("xrandr --output screen --mode 1024x768");
    assert_true(wait_equal(v, r->paint));
}

static void a_screen_larger_than_the_viewer_can_show_is_told(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    screen_viewer_set_limits(v->viewer, 1024 * 768 - 1, 0);
    assert_int_equal(screen_viewer_start(v->viewer), 0);
    assert_int_equal(v->unavailable, 1);
    assert_non_null(strstr(v->problem, "1024 x 768"));
    const unsigned before = v->messages;
    paint_noise(r->paint, 8, 3);
    run_ms(200);
    assert_int_equal(v->messages, before);
    /* Another limit, and it is back. */
    screen_viewer_set_limits(v->viewer, 1024 * 768, SLOTS);
    assert_int_equal(screen_viewer_start(v->viewer), 0);
    assert_true(wait_equal(v, r->paint));
}

static void the_last_input_before_the_capture_is_named(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    struct input_pointer at = {.x = 5, .y = 6};
    screen_viewer_pointer(v->viewer, 41, &at);
    screen_viewer_pointer(v->viewer, 42, &at);
    paint_noise(r->paint, 8, 3);
    assert_true(wait_equal(v, r->paint));
    assert_int_equal(v->input, 42);
}

static void a_viewer_may_go_inside_its_own_message(void **state)
{
    struct room *r = *state;
    struct viewer *v = &r->v;
    join(v, r->screen);
    v->destroy_on_message = true;
    /* On a busy machine the first picture takes its time. */
    for (unsigned i = 0; v->viewer && i < 50; i++)
        run_ms(100);
    run_ms(100);
    assert_null(v->viewer);
    assert_int_equal(v->messages, 1);
}

static void what_is_painted_again_as_it_was_is_not_sent(void **state)
{
    struct room *r = *state;
    struct viewer *v = enter(r);
    paint_fill(r->paint, 0, 0, 1000, 700, 0x203040);
    assert_true(wait_equal(v, r->paint));
    run_ms(300);
    unsigned messages = v->messages;
    struct screen_stats before, after;
    screen_stats(r->screen, &before);
    for (int i = 0; i < 5; i++) {
        paint_fill(r->paint, 0, 0, 1000, 700, 0x203040);
        run_ms(50);
    }
    screen_stats(r->screen, &after);
    assert_true(after.grabs > before.grabs);
    assert_int_equal(v->messages, messages);
}

/* Whoever goes, or asks for a new start, while a thread encodes for it. */
static void viewers_may_go_and_start_over_while_they_are_encoded_for(void **state)
{
    struct room *r = *state;
    struct viewer stays;
    join(&stays, r->screen);
    for (unsigned i = 0; i < 25; i++) {
        struct viewer v;
        paint_noise(r->paint, 400 + i, 300);
        join(&v, r->screen);
        uv_run(&loop, UV_RUN_NOWAIT);
        if (i % 3 == 0) {
            screen_viewer_reset(v.viewer);
            run_ms(2);
        } else if (i % 3 == 1) {
            screen_viewer_stop(v.viewer);
            assert_int_equal(screen_viewer_start(v.viewer), 0);
        }
        leave(&v);
    }
    screen_viewer_reset(stays.viewer);
    assert_true(wait_equal(&stays, r->paint));
    paint_noise(r->paint, 500, 300);
    uv_run(&loop, UV_RUN_NOWAIT);
    leave(&stays);
}

static void clipboard_of_one_viewer_reaches_the_others(void **state)
{
    struct room *r = *state;
    struct viewer a, b;
    join(&a, r->screen);
    join(&b, r->screen);
    screen_viewer_watch_clipboard(a.viewer, true);
    screen_viewer_watch_clipboard(b.viewer, true);
    run_ms(50);
    assert_int_equal(screen_clipboard_set(r->screen, a.viewer, "from a", 6), 0);
    run_ms(100);
    assert_string_equal(a.clipboard, "");
    assert_string_equal(b.clipboard, "from a");
    leave(&a);
    leave(&b);
}

static void a_display_that_goes_is_told_and_one_that_comes_is_found(void **state)
{
    (void)state;
    struct test_display own;
    char before[32];
    strcpy(before, display.name);
    assert_true(test_display_start(&own, "640x480x24"));
    struct screen *screen = screen_create(&loop, capture_x11_open, own.name);
    struct viewer v;
    join(&v, screen);
    run_ms(100);
    assert_true(v.messages > 0);
    test_display_stop(&own);
    run_ms(300);
    assert_int_equal(v.unavailable, 1);
    assert_non_null(screen_problem(screen));
    assert_non_null(strstr(v.problem, "went away"));
    struct input_pointer at = {.x = 5, .y = 6};
    screen_viewer_pointer(v.viewer, 1, &at);

    const char *const argv[] = {"Xvfb", own.name, "-screen", "0", "640x480x24", "-nolisten", "tcp", NULL};
    pid_t again = test_spawn(argv);
    unsigned messages = v.messages;
    for (int i = 0; i < 60 && v.messages == messages; i++)
        run_ms(100);
    assert_true(v.messages > messages);
    assert_false(v.failed);
    assert_null(screen_problem(screen));
    leave(&v);
    end(screen);
    test_end(again);
    setenv("DISPLAY", before, 1);
}

static int set_up(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    return test_display_start(&display, "1024x768x24") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    test_display_stop(&display);
    return uv_loop_close(&loop);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_room, close_room)

int main(void)
{
    if (!test_display_possible())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST(a_viewer_gets_the_screen_exactly_and_what_changes),
        TEST(two_viewers_of_different_speed_both_end_exact),
        TEST(a_still_screen_wakes_nothing),
        TEST(a_viewer_that_never_acknowledges_gets_little),
        TEST(rule_12_a_viewer_that_lies_in_its_acknowledgements_harms_no_other),
        TEST(a_resize_reaches_the_viewer),
        TEST(a_screen_larger_than_the_viewer_can_show_is_told),
        TEST(the_last_input_before_the_capture_is_named),
        TEST(a_viewer_may_go_inside_its_own_message),
        TEST(what_is_painted_again_as_it_was_is_not_sent),
        TEST(viewers_may_go_and_start_over_while_they_are_encoded_for),
        TEST(clipboard_of_one_viewer_reaches_the_others),
        cmocka_unit_test(a_display_that_goes_is_told_and_one_that_comes_is_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
