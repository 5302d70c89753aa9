/* What is held on a display goes up when the program that holds it dies without a word. */
#include "host/input/guard.h"
#include "host/input/x11.h"
#include "tests/unit/host/display.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include <cmocka.h>

enum { KEY_A = 30, KEY_LEFT_CONTROL = 29, EVDEV = 8, WITHIN_MS = 1000 };
static const uint32_t UNUSED_ON_A_KEYBOARD = 0x10065e5; /* 日 */

static struct test_display display;
static xcb_connection_t *conn;
static xcb_window_t root;

static bool key_down(uint8_t keycode)
{
    xcb_query_keymap_reply_t *reply = xcb_query_keymap_reply(conn, xcb_query_keymap(conn), NULL);
    assert_non_null(reply);
    const bool down = reply->keys[keycode / 8] >> (keycode % 8) & 1;
    free(reply);
    return down;
}

static bool left_down(void)
{
    xcb_query_pointer_reply_t *reply = xcb_query_pointer_reply(conn, xcb_query_pointer(conn, root), NULL);
    assert_non_null(reply);
    const bool down = reply->mask & XCB_BUTTON_MASK_1;
    free(reply);
    return down;
}

static bool mapped(uint32_t keysym)
{
    const xcb_setup_t *setup = xcb_get_setup(conn);
    const uint8_t first = setup->min_keycode, count = (uint8_t)(setup->max_keycode - first + 1);
    xcb_get_keyboard_mapping_reply_t *reply =
        xcb_get_keyboard_mapping_reply(conn, xcb_get_keyboard_mapping(conn, first, count), NULL);
    assert_non_null(reply);
    const xcb_keysym_t *keysyms = xcb_get_keyboard_mapping_keysyms(reply);
    bool found = false;
    for (int i = 0; i < xcb_get_keyboard_mapping_keysyms_length(reply); i++)
        found = found || keysyms[i] == keysym;
    free(reply);
    return found;
}

static bool nothing_lent(void)
{
    return !mapped(UNUSED_ON_A_KEYBOARD);
}

/* The only child of a process, 0 when it has none. */
static pid_t child_of(pid_t parent)
{
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    if (fscanf(file, "%d", &child) != 1)
        child = 0;
    fclose(file);
    return child;
}

static bool nothing_held(void)
{
    return !key_down(KEY_A + EVDEV) && !key_down(KEY_LEFT_CONTROL + EVDEV) && !left_down() && nothing_lent();
}

static void press(struct input_seat *seat, uint32_t code, uint32_t keysym)
{
    input_seat_key(seat, &(struct input_key){.down = true, .code = code, .keysym = keysym});
}

enum end { KEEPS, LETS_GO, ENDS };

/* Another program that holds Control, a, a lent key and the left button, says so and waits. */
static pid_t start_holder(enum end end)
{
    int said[2];
    assert_int_equal(pipe(said), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        char problem[256], byte = 0;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        struct input_x11 *input = input_x11_create(display.name, problem, sizeof problem);
        struct input_seat *seat = input ? input_seat_create(input) : NULL;
        if (!seat)
            _exit(1);
        press(seat, KEY_LEFT_CONTROL, XKB_KEY_Control_L);
        press(seat, KEY_A, XKB_KEY_a);
        if (end != LETS_GO)
            press(seat, 0, UNUSED_ON_A_KEYBOARD);
        input_seat_pointer(seat, &(struct input_pointer){.x = 5, .y = 5, .buttons = 1});
        if (end != KEEPS)
            input_seat_release_all(seat);
        if (end == ENDS) {
            input_seat_destroy(seat);
            input_x11_destroy(input);
        }
        (void)!write(said[1], &byte, 1);
        pause();
        _exit(0);
    }
    char byte;
    assert_int_equal(read(said[0], &byte, 1), 1);
    close(said[0]);
    close(said[1]);
    return pid;
}

static bool within(uint64_t ms, bool (*check)(void))
{
    const uint64_t end = test_now_us() + ms * 1000;
    while (!check()) {
        if (test_now_us() > end)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return true;
}

static void what_a_killed_program_held_goes_up_within_a_second(void **state)
{
    (void)state;
    const pid_t holder = start_holder(KEEPS);
    assert_true(key_down(KEY_A + EVDEV) && key_down(KEY_LEFT_CONTROL + EVDEV));
    assert_true(left_down());
    assert_true(mapped(UNUSED_ON_A_KEYBOARD));
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_true(within(WITHIN_MS, nothing_held));
}

static void signals_to_the_whole_group_leave_the_guard_at_work(void **state)
{
    (void)state;
    const pid_t holder = start_holder(KEEPS);
    const pid_t guard = child_of(holder);
    assert_true(guard > 0);
    assert_int_equal(kill(guard, SIGINT), 0);
    assert_int_equal(kill(guard, SIGTERM), 0);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    assert_true(within(WITHIN_MS, nothing_held));
}

static void a_program_that_ends_in_order_leaves_nothing_behind(void **state)
{
    (void)state;
    const pid_t holder = start_holder(ENDS);
    assert_true(nothing_held());
    assert_int_equal(child_of(holder), 0);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
}

static void what_went_up_before_belongs_to_others(void **state)
{
    (void)state;
    char problem[256];
    const pid_t holder = start_holder(LETS_GO);
    struct input_x11 *input = input_x11_create(display.name, problem, sizeof problem);
    struct input_seat *seat = input_seat_create(input);
    press(seat, KEY_A, XKB_KEY_a);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL); /* the guard has been here */
    assert_true(key_down(KEY_A + EVDEV));
    input_seat_destroy(seat);
    input_x11_destroy(input);
    assert_true(within(WITHIN_MS, nothing_held));
}

static void no_guard_is_as_good_as_one_that_has_nothing_to_do(void **state)
{
    (void)state;
    const uint8_t down[256] = {0}, buttons[16] = {0};
    input_guard_destroy(NULL);
    input_guard_key(NULL, 38);
    input_guard_button(NULL, 1);
    input_guard_lend(NULL, 38, true);
    input_guard_flushed(NULL, down, buttons);
}

int main(void)
{
    if (!test_display_possible())
        return 77;
    test_display_start(&display, "640x480x24");
    conn = xcb_connect(display.name, NULL);
    root = xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_killed_program_held_goes_up_within_a_second),
        cmocka_unit_test(signals_to_the_whole_group_leave_the_guard_at_work),
        cmocka_unit_test(a_program_that_ends_in_order_leaves_nothing_behind),
        cmocka_unit_test(what_went_up_before_belongs_to_others),
        cmocka_unit_test(no_guard_is_as_good_as_one_that_has_nothing_to_do),
    };
    int failed = cmocka_run_group_tests_name("host_input_guard", tests, NULL, NULL);
    xcb_disconnect(conn);
    test_display_stop(&display);
    return failed;
}
