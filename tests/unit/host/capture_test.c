/* Capture against the display itself: GetImage of the root window is the judge. */
#include "host/capture/capture.h"
#include "host/capture/x11_cursor.h"
#include "host/capture/x11_grab.h"
#include "host/capture/x11_pointer.h"
#include "tests/unit/host/display.h"
#include "tests/unit/host/paint.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>

#include <cmocka.h>

static struct capture_source *open_display(void)
{
    struct capture_problem problem = {{0}};
    struct capture_source *source = capture_x11_open(NULL, &problem);
    if (!source)
        print_message("%s\n", problem.text);
    assert_non_null(source);
    return source;
}

/* Number of descriptors that turn readable within timeout_ms. */
static int wait_ms(const struct capture_source *source, int timeout_ms)
{
    int fds[CAPTURE_MAX_FDS];
    struct pollfd polls[CAPTURE_MAX_FDS];
    nfds_t count = capture_fds(source, fds);
    for (nfds_t i = 0; i < count; i++)
        polls[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    return poll(polls, count, timeout_ms);
}

/* Dispatch until it is quiet; what happened in all. */
static struct capture_changes settle(struct capture_source *source)
{
    struct capture_changes all = {0}, changes;
    do {
        assert_int_equal(capture_dispatch(source, test_now_us(), &changes), 0);
        all.resized = all.resized || changes.resized;
        all.cursor = all.cursor || changes.cursor;
        if (changes.pointer) {
            all.pointer = true;
            all.pointer_x = changes.pointer_x;
            all.pointer_y = changes.pointer_y;
        }
        for (size_t i = 0; i < changes.damage_count && all.damage_count < CAPTURE_MAX_DAMAGE; i++)
            all.damage[all.damage_count++] = changes.damage[i];
    } while (wait_ms(source, 60) > 0);
    return all;
}

static void grab_all(struct capture_source *source)
{
    struct capture_geometry geometry;
    capture_geometry(source, &geometry);
    struct codec_rect all = {0, 0, geometry.width_px, geometry.height_px};
    assert_int_equal(capture_grab(source, &all, 1, NULL, NULL), 0);
}

static void assert_same(struct capture_source *source, struct paint *paint)
{
    int w, h;
    size_t stride;
    uint32_t *want = paint_read(paint, &w, &h);
    const uint32_t *have = capture_pixels(source, &stride);
    struct capture_geometry geometry;
    capture_geometry(source, &geometry);
    assert_int_equal(geometry.width_px, w);
    assert_int_equal(geometry.height_px, h);
    for (int y = 0; y < h; y++)
        assert_memory_equal(want + (size_t)y * (size_t)w, have + (size_t)y * stride, (size_t)w * 4);
    free(want);
}

static void a_whole_grab_equals_the_root_window(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    paint_noise(paint, 11, 400);
    grab_all(source);
    assert_same(source, paint);
    capture_close(source);
    paint_close(paint);
}

static void grabbing_what_was_damaged_keeps_the_picture_true(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    assert_int_equal(capture_watch(source, true), 0);
    struct capture_changes changes = settle(source);
    assert_int_equal(changes.damage_count > 0, 1);
    grab_all(source);
    settle(source);
    for (unsigned i = 0; i < 30; i++) {
        paint_noise(paint, 50 + i, 1 + i * 3);
        changes = settle(source);
        assert_int_equal(capture_grab(source, changes.damage, changes.damage_count, NULL, NULL), 0);
        assert_same(source, paint);
    }
    capture_close(source);
    paint_close(paint);
}

static void damage_names_the_painted_place(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    grab_all(source);
    settle(source);
    paint_fill(paint, 100, 120, 30, 20, 0x123456);
    struct capture_changes changes = settle(source);
    assert_int_equal(changes.damage_count, 1);
    assert_int_equal(changes.damage[0].x, 100);
    assert_int_equal(changes.damage[0].y, 120);
    assert_int_equal(changes.damage[0].w, 30);
    assert_int_equal(changes.damage[0].h, 20);
    capture_close(source);
    paint_close(paint);
}

static void nothing_is_told_about_a_display_at_rest(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    grab_all(source);
    settle(source);
    assert_int_equal(wait_ms(source, 1500), 0);
    assert_true(capture_deadline_us(source) == UINT64_MAX);
    capture_close(source);
    paint_close(paint);
}

static void nothing_is_told_while_nobody_watches(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    settle(source);
    paint_noise(paint, 3, 50);
    assert_int_equal(wait_ms(source, 200), 0);
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    assert_int_equal(capture_watch(source, false), 0);
    settle(source);
    paint_noise(paint, 4, 50);
    assert_int_equal(wait_ms(source, 200), 0);
    capture_close(source);
    paint_close(paint);
}

static void a_painter_that_never_stops_tells_once_until_the_next_grab(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    grab_all(source);
    settle(source);
    for (unsigned i = 0; i < 50; i++)
        paint_fill(paint, 10, 10, 200, 200, i);
    struct capture_changes changes = settle(source);
    assert_int_equal(changes.damage_count, 1);
    capture_close(source);
    paint_close(paint);
}

static void a_resize_is_followed(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    settle(source);
    test_run("xrandr --newmode m800 40 800 840 968 1056 600 601 605 628 2>/dev/null;"
             " xrandr --addmode screen m800; xrandr --output screen --mode m800");
    struct capture_changes changes = settle(source);
    assert_true(changes.resized);
    paint_noise(paint, 5, 100);
    grab_all(source);
    assert_same(source, paint);
    struct codec_rect outside = {0, 0, 1024, 768};
    assert_int_equal(capture_grab(source, &outside, 1, NULL, NULL), CAPTURE_ERR_RESIZED);
    test_run("xrandr --output screen --mode 1024x768");
    assert_true(settle(source).resized);
    grab_all(source);
    assert_same(source, paint);
    capture_close(source);
    paint_close(paint);
}

static void a_window_that_is_moved_is_told_and_one_that_grows_is_not(void **state)
{
    (void)state;
    struct capture_source *source = open_display();
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    grab_all(source);
    settle(source);
    xcb_connection_t *conn = xcb_connect(NULL, NULL);
    assert_int_equal(xcb_connection_has_error(conn), 0);
    const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(conn)).data;
    const xcb_window_t window = xcb_generate_id(conn);
    const uint32_t values[2] = {0x123456, 1};
    xcb_create_window(conn, XCB_COPY_FROM_PARENT, window, screen->root, 30, 40, 200, 100, 3,
        XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual, XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT,
        values);
    xcb_map_window(conn, window);
    xcb_flush(conn);
    settle(source);

    /* Several moves are one; the border belongs to the window. */
    xcb_configure_window(conn, window, XCB_CONFIG_WINDOW_X, &(uint32_t){50});
    xcb_configure_window(conn, window, XCB_CONFIG_WINDOW_Y, &(uint32_t){33});
    xcb_flush(conn);
    struct capture_changes changes;
    struct codec_move told = {{0}, 0, 0};
    size_t count = 0;
    for (int i = 0; i < 50 && told.from.x + told.dx != 50; i++) {
        (void)wait_ms(source, 100);
        assert_int_equal(capture_dispatch(source, test_now_us(), &changes), 0);
        if (changes.move_count > 0)
            told = changes.moves[0];
        count += changes.move_count;
    }
    assert_true(count == 1 || count == 2); /* as they arrived */
    assert_int_equal(told.from.w, 206);
    assert_int_equal(told.from.h, 106);
    assert_int_equal(told.from.x + told.dx, 50);

    settle(source);
    const uint32_t grown[2] = {70, 300};
    xcb_configure_window(conn, window, XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_WIDTH, grown);
    xcb_flush(conn);
    for (int i = 0; i < 3; i++) {
        (void)wait_ms(source, 100);
        assert_int_equal(capture_dispatch(source, test_now_us(), &changes), 0);
        assert_int_equal(changes.move_count, 0);
    }

    /* Nobody looks: nothing is told, and what moved meanwhile is not known. */
    assert_int_equal(capture_watch(source, false), 0);
    settle(source);
    xcb_configure_window(conn, window, XCB_CONFIG_WINDOW_X, &(uint32_t){10});
    xcb_flush(conn);
    assert_int_equal(wait_ms(source, 100), 0);
    xcb_disconnect(conn);
    capture_close(source);
}

static void a_grab_of_what_just_vanished_asks_to_look_again(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    settle(source);
    test_run("xrandr --output screen --mode m800");
    struct codec_rect all = {0, 0, 1024, 768};
    assert_int_equal(capture_grab(source, &all, 1, NULL, NULL), CAPTURE_ERR_RESIZED);
    assert_true(settle(source).resized);
    grab_all(source);
    test_run("xrandr --output screen --mode 1024x768");
    capture_close(source);
    paint_close(paint);
}

static void the_cursor_changes_its_shape(void **state)
{
    (void)state;
    struct capture_source *source = open_display();
    struct capture_cursor first, second;
    test_run("xsetroot -cursor_name left_ptr");
    assert_int_equal(capture_watch(source, true), 0);
    assert_true(settle(source).cursor);
    assert_int_equal(capture_cursor(source, &first), 0);
    assert_true(first.visible);
    assert_true(first.width_px > 0 && first.hot_x_px < first.width_px);
    uint32_t serial = first.serial;
    test_run("xsetroot -cursor_name crosshair");
    assert_true(settle(source).cursor);
    assert_int_equal(capture_cursor(source, &second), 0);
    assert_true(second.serial > serial);
    capture_close(source);
}

static void a_pointer_moved_by_somebody_else_is_told_and_our_own_is_not(void **state)
{
    (void)state;
    struct capture_source *source = open_display();
    struct capture_seat *seat = capture_seat_create(source);
    assert_int_equal(capture_watch(source, true), 0);
    settle(source);
    capture_pointer(seat, &(struct input_pointer){.x = 50, .y = 60});
    assert_false(settle(source).pointer);
    usleep(X11_POINTER_OURS_US);
    assert_false(settle(source).pointer);
    test_run("xdotool mousemove_relative 250 140");
    struct capture_changes changes = settle(source);
    assert_true(changes.pointer);
    assert_int_equal(changes.pointer_x, 300);
    assert_int_equal(changes.pointer_y, 200);
    /* A warp is noticed with the next grab. */
    test_run("xdotool mousemove 20 30");
    settle(source);
    grab_all(source);
    changes = settle(source);
    assert_true(changes.pointer);
    assert_int_equal(changes.pointer_x, 20);
    capture_seat_destroy(seat);
    capture_close(source);
}

static void premultiplied_cursor_pixels_become_straight(void **state)
{
    (void)state;
    uint8_t out[4];
    x11_cursor_straighten(out, 0x80402000);
    assert_int_equal(out[0], 128);
    assert_int_equal(out[1], 64);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 128);
    x11_cursor_straighten(out, 0xff0a141e);
    assert_int_equal(out[0], 10);
    x11_cursor_straighten(out, 0x00ffffff);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[3], 0);
}

static void white_and_black_stay_so_at_every_depth(void **state)
{
    (void)state;
    const uint32_t mask565[3] = {0xf800, 0x07e0, 0x001f}, mask30[3] = {0x3ff00000, 0xffc00, 0x3ff};
    const uint16_t pixels565[3] = {0xffff, 0, 0xf800};
    const uint32_t pixels30[2] = {0x3fffffff, 0x3ff00000};
    uint32_t out[3];
    x11_grab_convert(out, pixels565, 3, 16, mask565);
    assert_int_equal(out[0], 0xffffff);
    assert_int_equal(out[1], 0);
    assert_int_equal(out[2], 0xff0000);
    x11_grab_convert(out, pixels30, 2, 32, mask30);
    assert_int_equal(out[0], 0xffffff);
    assert_int_equal(out[1], 0xff0000);
}

static uint32_t pixel_at(struct capture_source *source, int x, int y)
{
    size_t stride;
    const uint32_t *pixels = capture_pixels(source, &stride);
    return pixels[(size_t)y * stride + (size_t)x];
}

static void other_depths_and_a_server_without_shared_memory_are_captured(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        uint32_t white;
    } cases[] = {{"320x200x16", 0xffff}, {"320x200x30", 0x3fffffff}};
    char before[32];
    strncpy(before, getenv("DISPLAY"), sizeof before - 1);
    for (size_t i = 0; i < 2; i++) {
        struct test_display display;
        assert_true(test_display_start(&display, cases[i].mode));
        struct paint *paint = paint_open();
        struct capture_source *source = open_display();
        paint_fill(paint, 0, 0, 320, 200, 0);
        paint_fill(paint, 17, 9, 100, 50, cases[i].white);
        grab_all(source);
        assert_int_equal(pixel_at(source, 17, 9), 0xffffff);
        assert_int_equal(pixel_at(source, 116, 58), 0xffffff);
        assert_int_equal(pixel_at(source, 16, 9), 0);
        assert_int_equal(pixel_at(source, 117, 58), 0);
        capture_close(source);
        paint_close(paint);
        test_display_stop(&display);
    }
    struct test_display plain;
    setenv("HEARTH_TEST_XVFB", "-extension MIT-SHM", 1);
    assert_true(test_display_start(&plain, "1024x768x24"));
    unsetenv("HEARTH_TEST_XVFB");
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    paint_noise(paint, 12, 200);
    grab_all(source);
    assert_same(source, paint);
    capture_close(source);
    paint_close(paint);
    test_display_stop(&plain);
    setenv("DISPLAY", before, 1);
}

static void a_program_that_grabs_the_server_does_not_stop_us(void **state)
{
    (void)state;
    struct paint *paint = paint_open();
    struct capture_source *source = open_display();
    settle(source);
    xcb_connection_t *grabber = xcb_connect(NULL, NULL);
    xcb_grab_server(grabber);
    free(xcb_get_input_focus_reply(grabber, xcb_get_input_focus(grabber), NULL));
    alarm(10);
    grab_all(source);
    struct capture_seat *seat = capture_seat_create(source);
    capture_text(seat, "a", 1);
    capture_seat_destroy(seat);
    settle(source);
    alarm(0);
    xcb_disconnect(grabber);
    assert_same(source, paint);
    capture_close(source);
    paint_close(paint);
}

static void a_display_without_xtest_can_be_watched_and_says_so(void **state)
{
    (void)state;
    char before[32];
    strncpy(before, getenv("DISPLAY"), sizeof before - 1);
    struct test_display display;
    setenv("HEARTH_TEST_XVFB", "-extension XTEST", 1);
    assert_true(test_display_start(&display, "320x200x24"));
    unsetenv("HEARTH_TEST_XVFB");
    struct capture_source *source = open_display();
    grab_all(source);
    assert_null(capture_seat_create(source));
    assert_non_null(strstr(capture_input_problem(source), "XTEST"));
    capture_key(NULL, &(struct input_key){.down = true});
    capture_close(source);
    test_display_stop(&display);
    setenv("DISPLAY", before, 1);
}

static void a_display_that_cannot_be_used_says_why(void **state)
{
    (void)state;
    char before[32];
    strncpy(before, getenv("DISPLAY"), sizeof before - 1);
    struct capture_problem problem;
    unsetenv("DISPLAY");
    assert_null(capture_x11_open(NULL, &problem));
    assert_non_null(strstr(problem.text, "DISPLAY is not set"));
    assert_null(capture_x11_open(":9753", &problem));
    assert_non_null(strstr(problem.text, ":9753 cannot be opened"));
    assert_null(capture_x11_open("nonsense", &problem));
    assert_non_null(strstr(problem.text, "not valid"));
    struct test_display display;
    setenv("HEARTH_TEST_XVFB", "-extension DAMAGE", 1);
    assert_true(test_display_start(&display, "320x200x24"));
    unsetenv("HEARTH_TEST_XVFB");
    assert_null(capture_x11_open(NULL, &problem));
    assert_non_null(strstr(problem.text, "DAMAGE"));
    test_display_stop(&display);
    assert_true(test_display_start(&display, "320x200x8"));
    assert_null(capture_x11_open(NULL, &problem));
    assert_non_null(strstr(problem.text, "24 bits"));
    test_display_stop(&display);
    setenv("DISPLAY", before, 1);
}

static struct test_display display;

static int set_up(void **state)
{
    (void)state;
    return test_display_start(&display, "1024x768x24") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    test_display_stop(&display);
    return 0;
}

int main(void)
{
    if (!test_display_possible())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_grab_equals_the_root_window),
        cmocka_unit_test(grabbing_what_was_damaged_keeps_the_picture_true),
        cmocka_unit_test(damage_names_the_painted_place),
        cmocka_unit_test(nothing_is_told_about_a_display_at_rest),
        cmocka_unit_test(nothing_is_told_while_nobody_watches),
        cmocka_unit_test(a_painter_that_never_stops_tells_once_until_the_next_grab),
        cmocka_unit_test(a_resize_is_followed),
        cmocka_unit_test(a_window_that_is_moved_is_told_and_one_that_grows_is_not),
        cmocka_unit_test(a_grab_of_what_just_vanished_asks_to_look_again),
        cmocka_unit_test(the_cursor_changes_its_shape),
        cmocka_unit_test(a_pointer_moved_by_somebody_else_is_told_and_our_own_is_not),
        cmocka_unit_test(premultiplied_cursor_pixels_become_straight),
        cmocka_unit_test(white_and_black_stay_so_at_every_depth),
        cmocka_unit_test(other_depths_and_a_server_without_shared_memory_are_captured),
        cmocka_unit_test(a_program_that_grabs_the_server_does_not_stop_us),
        cmocka_unit_test(a_display_without_xtest_can_be_watched_and_says_so),
        cmocka_unit_test(a_display_that_cannot_be_used_says_why),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
