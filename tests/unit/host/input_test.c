/* Input into real programs on Xvfb: xterm, and a window that reads keys as toolkits do. */
#include "host/input/x11.h"
#include "tests/unit/host/display.h"
#include "tests/unit/host/key_client.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include <cmocka.h>

static struct test_display display;
static char dir[] = "/tmp/hearth-input-XXXXXX";
static char text_path[64], events_path[64], ready_path[64];

static const char french[] = "Où est l'élève ? ça, € @ # ê ï œ";
static const char german[] = "Grüße, ßÄÖÜ @ € {}[]|~";
static const char lacking[] = "日本 Ω ł 🙂";

struct hands {
    struct input_x11 *input;
    struct input_seat *seat;
};

static void begin(struct hands *hands)
{
    char problem[256] = {0};
    hands->input = input_x11_create(NULL, problem, sizeof problem);
    if (!hands->input)
        print_message("%s\n", problem);
    assert_non_null(hands->input);
    hands->seat = input_seat_create(hands->input);
    /* Without a window manager keys go to the window under the pointer. */
    input_seat_pointer(hands->seat, &(struct input_pointer){.x = 20, .y = 20});
}

static void end(struct hands *hands)
{
    input_seat_destroy(hands->seat);
    input_x11_destroy(hands->input);
}

static void run_ms(struct hands *hands, int ms)
{
    uint64_t until = test_now_us() + (uint64_t)ms * 1000;
    do {
        assert_int_equal(input_x11_dispatch(hands->input, test_now_us(), NULL), 0);
        struct pollfd wait = {.fd = input_x11_fd(hands->input), .events = POLLIN};
        poll(&wait, 1, 2);
    } while (test_now_us() < until);
}

static void set_layout(const char *layout)
{
    char command[64];
    snprintf(command, sizeof command, "setxkbmap %s", layout);
    assert_int_equal(test_run(command), 0);
}

static void key(
    struct hands *hands, bool down, uint32_t code, uint32_t keysym, const char *text, uint32_t locks)
{
    struct input_key event = {.down = down,
        .code = code,
        .keysym = keysym,
        .text = text,
        .text_len = text ? strlen(text) : 0,
        .locks = locks};
    input_seat_key(hands->seat, &event);
}

static void tap(struct hands *hands, uint32_t code, uint32_t keysym, const char *text)
{
    key(hands, true, code, keysym, text, 0);
    key(hands, false, code, keysym, NULL, 0);
}

/* As a browser on another layout would send a text: key by key, with codes that mean something else here. */
static void type_as_keys(struct hands *hands, const char *text)
{
    unsigned code = 16;
    for (const char *at = text; *at;) {
        char one[8] = {0};
        size_t len = 1;
        while ((at[len] & 0xc0) == 0x80)
            len++;
        memcpy(one, at, len);
        tap(hands, code, 0, one);
        code = code == 25 ? 30 : code == 38 ? 16 : code + 1;
        at += len;
    }
}

static void expect_text(struct hands *hands, const char *want)
{
    char got[8192];
    size_t len = 0;
    for (int i = 0; i < 300 && len < strlen(want); i++) {
        run_ms(hands, 20);
        len = test_file_wait(text_path, got, sizeof got - 1, 0, 0);
    }
    run_ms(hands, 50);
    len = test_file_wait(text_path, got, sizeof got - 1, 0, 0);
    got[len] = '\0';
    assert_string_equal(got, want);
}

static pid_t start_xterm(void)
{
    static char command[256];
    snprintf(
        command, sizeof command, "stty raw -echo; echo ready > %s; exec cat > %s", ready_path, text_path);
    unlink(ready_path);
    unlink(text_path);
    const char *const argv[] = {"xterm", "-u8", "-e", "sh", "-c", command, NULL};
    pid_t pid = test_spawn(argv);
    char ready[8];
    assert_int_equal(test_file_wait(ready_path, ready, sizeof ready, 6, 10000), 6);
    return pid;
}

static const char *const layouts[] = {"us", "fr", "de"};
static const char *const texts[] = {french, german, lacking};

static void texts_arrive_in_xterm_byte_for_byte(void **state)
{
    (void)state;
    for (size_t l = 0; l < 3; l++) {
        set_layout(layouts[l]);
        for (size_t t = 0; t < 6; t++) {
            struct hands hands;
            begin(&hands);
            pid_t xterm = start_xterm();
            if (t < 3)
                input_seat_text(hands.seat, texts[t], strlen(texts[t]));
            else
                type_as_keys(&hands, texts[t - 3]);
            expect_text(&hands, texts[t % 3]);
            end(&hands);
            test_end(xterm);
        }
    }
}

static void texts_arrive_in_a_toolkit_byte_for_byte(void **state)
{
    (void)state;
    for (size_t l = 0; l < 3; l++) {
        set_layout(layouts[l]);
        for (size_t t = 0; t < 6; t++) {
            struct hands hands;
            begin(&hands);
            pid_t client = key_client_start(text_path, events_path, 0);
            if (t < 3)
                input_seat_text(hands.seat, texts[t], strlen(texts[t]));
            else
                type_as_keys(&hands, texts[t - 3]);
            expect_text(&hands, texts[t % 3]);
            end(&hands);
            test_end(client);
        }
    }
}

/* More characters than there are keycodes to lend, into a program that takes its time. */
static void a_long_text_of_foreign_characters_waits_for_a_slow_program(void **state)
{
    (void)state;
    set_layout("us");
    char text[1024] = {0};
    size_t len = 0;
    for (unsigned i = 0; i < 150; i++) {
        unsigned codepoint = 0x4e00 + i * 3;
        text[len++] = (char)(0xe0 | codepoint >> 12);
        text[len++] = (char)(0x80 | (codepoint >> 6 & 0x3f));
        text[len++] = (char)(0x80 | (codepoint & 0x3f));
    }
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 200);
    input_seat_text(hands.seat, text, len);
    tap(&hands, 45, 'x', "x"); /* what comes later waits its turn */
    text[len] = 'x';
    expect_text(&hands, text);
    end(&hands);
    test_end(client);
}

static void expect_events(struct hands *hands, const char *want)
{
    char got[4096] = {0};
    for (int i = 0; i < 50; i++) {
        run_ms(hands, 20);
        size_t len = test_file_wait(events_path, got, sizeof got - 1, 0, 0);
        got[len] = '\0';
        if (strcmp(got, want) == 0)
            return;
    }
    assert_string_equal(got, want);
}

static void a_shortcut_goes_by_its_letter_not_by_its_place(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    /* Ctrl+A of a French keyboard: the key where Q is here. */
    key(&hands, true, 29, XKB_KEY_Control_L, NULL, 0);
    tap(&hands, 16, XKB_KEY_a, "");
    /* A letter this layout does not have goes by its place: Ctrl and Cyrillic es is Ctrl+C. */
    tap(&hands, 46, XKB_KEY_Cyrillic_es, "");
    key(&hands, false, 29, XKB_KEY_Control_L, NULL, 0);
    expect_events(&hands,
        "ready\npress Control_L 0\npress a 4\nrelease a 4\npress c 4\nrelease c 4\nrelease Control_L 4\n");
    end(&hands);
    test_end(client);
}

static void held_modifiers_step_aside_and_come_back(void **state)
{
    (void)state;
    set_layout("fr");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    /* Shift+2 of a US keyboard means @; then Shift+B with the same Shift still down. */
    key(&hands, true, 42, XKB_KEY_Shift_L, NULL, 0);
    tap(&hands, 3, XKB_KEY_at, "@");
    tap(&hands, 48, XKB_KEY_B, "B");
    key(&hands, false, 42, XKB_KEY_Shift_L, NULL, 0);
    tap(&hands, 48, XKB_KEY_b, "b");
    expect_text(&hands, "@Bb");
    end(&hands);
    test_end(client);
}

static void altgr_of_the_viewer_types_what_it_shows(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    /* AltGr+0 of a French keyboard, then the Windows way with Control before it. */
    key(&hands, true, 100, XKB_KEY_ISO_Level3_Shift, NULL, 0);
    tap(&hands, 11, XKB_KEY_at, "@");
    key(&hands, false, 100, XKB_KEY_ISO_Level3_Shift, NULL, 0);
    key(&hands, true, 29, XKB_KEY_Control_L, NULL, 0);
    key(&hands, true, 100, XKB_KEY_ISO_Level3_Shift, NULL, 0);
    tap(&hands, 18, XKB_KEY_EuroSign, "€");
    tap(&hands, 11, XKB_KEY_at, "@");
    key(&hands, false, 100, XKB_KEY_ISO_Level3_Shift, NULL, 0);
    key(&hands, false, 29, XKB_KEY_Control_L, NULL, 0);
    expect_text(&hands, "@€@");
    end(&hands);
    test_end(client);
}

static void caps_lock_on_either_side_types_what_was_meant(void **state)
{
    (void)state;
    set_layout("fr");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    tap(&hands, 58, XKB_KEY_Caps_Lock, NULL); /* locked here, not at the viewer */
    input_seat_text(hands.seat, "abCÉ1é", strlen("abCÉ1é"));
    tap(&hands, 16, XKB_KEY_a, "a");
    tap(&hands, 3, XKB_KEY_eacute, "é");
    key(&hands, true, 16, XKB_KEY_A, "A", INPUT_LOCK_CAPS);
    key(&hands, false, 16, XKB_KEY_A, NULL, INPUT_LOCK_CAPS);
    tap(&hands, 16, XKB_KEY_a, "a");
    expect_text(&hands, "abCÉ1éaéAa");
    end(&hands);
    test_end(client);
}

static void the_keypad_types_digits_when_the_viewer_has_num_lock(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    key(&hands, true, 75, XKB_KEY_KP_4, "4", INPUT_LOCK_NUM);
    key(&hands, false, 75, XKB_KEY_KP_4, NULL, INPUT_LOCK_NUM);
    key(&hands, true, 75, XKB_KEY_KP_Left, NULL, 0);
    key(&hands, false, 75, XKB_KEY_KP_Left, NULL, 0);
    expect_events(&hands, "ready\npress KP_4 10\nrelease KP_4 10\npress KP_Left 0\nrelease KP_Left 0\n");
    end(&hands);
    test_end(client);
}

static void a_held_key_repeats_only_when_the_viewer_says_so(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    key(&hands, true, 30, XKB_KEY_a, "a", 0);
    run_ms(&hands, 1200); /* longer than the server waits before it repeats by itself */
    key(&hands, true, 30, XKB_KEY_a, "a", 0);
    key(&hands, true, 30, XKB_KEY_a, "a", 0);
    key(&hands, false, 30, XKB_KEY_a, NULL, 0);
    expect_events(&hands, "ready\npress a 0\nrelease a 0\npress a 0\nrelease a 0\npress a 0\nrelease a 0\n");
    end(&hands);
    test_end(client);
}

static bool anything_down(void)
{
    xcb_connection_t *conn = xcb_connect(NULL, NULL);
    xcb_query_keymap_reply_t *keys = xcb_query_keymap_reply(conn, xcb_query_keymap(conn), NULL);
    xcb_query_pointer_reply_t *pointer = xcb_query_pointer_reply(
        conn, xcb_query_pointer(conn, xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root), NULL);
    bool down = (pointer->mask & 0x1f00) != 0;
    for (size_t i = 0; i < sizeof keys->keys; i++)
        down = down || keys->keys[i];
    free(keys);
    free(pointer);
    xcb_disconnect(conn);
    return down;
}

static void everything_is_let_go_when_asked_and_when_a_seat_goes(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    for (int round = 0; round < 2; round++) {
        key(&hands, true, 29, XKB_KEY_Control_L, NULL, 0);
        key(&hands, true, 56, XKB_KEY_Alt_L, NULL, 0);
        key(&hands, true, 30, XKB_KEY_a, "a", 0);
        key(&hands, true, 0, 0x10003a9, "Ω", 0);
        input_seat_pointer(hands.seat, &(struct input_pointer){.x = 300, .y = 300, .buttons = 7});
        run_ms(&hands, 30);
        assert_true(anything_down());
        if (round == 0) {
            input_seat_release_all(hands.seat);
        } else {
            input_seat_destroy(hands.seat);
            hands.seat = input_seat_create(hands.input);
        }
        run_ms(&hands, 30);
        assert_false(anything_down());
    }
    end(&hands);
}

static void a_seat_lets_go_only_of_its_own(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    struct input_seat *other = input_seat_create(hands.input);
    const struct input_key shift = {.down = true, .code = 42, .keysym = XKB_KEY_Shift_L};
    input_seat_key(other, &shift);
    key(&hands, true, 42, XKB_KEY_Shift_L, NULL, 0);
    input_seat_release_all(hands.seat);
    run_ms(&hands, 30);
    assert_true(anything_down());
    input_seat_destroy(other);
    run_ms(&hands, 30);
    assert_false(anything_down());
    end(&hands);
}

static void buttons_and_wheel_arrive_where_the_pointer_is(void **state)
{
    (void)state;
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = -9, .y = 30, .buttons = 1});
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = 11, .y = 30, .buttons = 4});
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = 12, .y = 30, .buttons = 0});
    /* Fine steps add up to a notch; a turn of direction starts over. */
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = 13, .y = 31, .dy_120 = 50});
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = 13, .y = 31, .dy_120 = 50});
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = 13, .y = 31, .dy_120 = 50});
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = 13, .y = 31, .dy_120 = -120});
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = 13, .y = 31, .dx_120 = 120});
    expect_events(&hands,
        "ready\nbutton 1 at 0 30\nunbutton 1 at 11 30\nbutton 3 at 11 30\nunbutton 3 at 12 30\n"
        "button 5 at 13 31\nunbutton 5 at 13 31\nbutton 4 at 13 31\nunbutton 4 at 13 31\n"
        "button 7 at 13 31\nunbutton 7 at 13 31\n");
    end(&hands);
    test_end(client);
}

static void relative_motion_adds_up_and_a_wheel_may_stay_where_the_pointer_is(void **state)
{
    (void)state;
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = 100, .y = 50});
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = 7, .y = -3, .relative = true});
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = 3, .y = 0, .buttons = 1, .relative = true});
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = -1, .y = 1, .relative = true});
    input_seat_wheel(hands.seat, &(struct input_wheel){.x = -1, .y = -1, .dy_120 = 120});
    /* Far out of the screen: the display holds the pointer at its edge, whatever number came. */
    input_seat_pointer(hands.seat, &(struct input_pointer){.x = INT32_MIN, .y = INT32_MIN, .relative = true});
    input_seat_pointer(hands.seat, &(struct input_pointer){.buttons = 4, .relative = true});
    input_seat_pointer(hands.seat, &(struct input_pointer){.relative = true});
    expect_events(&hands,
        "ready\nbutton 1 at 110 47\nunbutton 1 at 109 48\nbutton 5 at 109 48\nunbutton 5 at 109 48\n"
        "button 3 at 0 0\nunbutton 3 at 0 0\n");
    end(&hands);
    test_end(client);
}

static void a_change_of_layout_is_followed(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    char name[32];
    input_seat_text(hands.seat, "@é", strlen("@é"));
    expect_text(&hands, "@é");
    set_layout("de");
    run_ms(&hands, 100);
    assert_int_equal(input_x11_layout(hands.input, name, sizeof name), 2);
    assert_string_equal(name, "de");
    input_seat_text(hands.seat, "@éz", strlen("@éz"));
    expect_text(&hands, "@é@éz");
    end(&hands);
    test_end(client);
}

static void a_second_group_of_the_layout_is_used_and_left_again(void **state)
{
    (void)state;
    set_layout("us,ru");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    static const char text[] = "Hi, Привет! ok";
    input_seat_text(hands.seat, text, strlen(text));
    expect_text(&hands, text);
    tap(&hands, 30, XKB_KEY_a, "a");
    expect_text(&hands, "Hi, Привет! oka");
    end(&hands);
    test_end(client);
}

static void a_commit_of_an_input_method_is_typed_whole(void **state)
{
    (void)state;
    set_layout("us");
    struct hands hands;
    begin(&hands);
    pid_t client = key_client_start(text_path, events_path, 0);
    tap(&hands, 0, 0, "漢字かな");
    input_seat_text(hands.seat, "a\xff\xc3(b\n\tc\x01", 10);
    expect_text(&hands, "漢字かなa(b\r\tc");
    end(&hands);
    test_end(client);
}

static int set_up(void **state)
{
    (void)state;
    setenv("LC_ALL", "C.UTF-8", 1);
    if (!mkdtemp(dir))
        return -1;
    snprintf(text_path, sizeof text_path, "%s/text", dir);
    snprintf(events_path, sizeof events_path, "%s/events", dir);
    snprintf(ready_path, sizeof ready_path, "%s/ready", dir);
    return test_display_start(&display, "800x600x24") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(text_path);
    unlink(events_path);
    unlink(ready_path);
    rmdir(dir);
    test_display_stop(&display);
    return 0;
}

int main(void)
{
    if (!test_display_possible())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_arrive_in_xterm_byte_for_byte),
        cmocka_unit_test(texts_arrive_in_a_toolkit_byte_for_byte),
        cmocka_unit_test(a_long_text_of_foreign_characters_waits_for_a_slow_program),
        cmocka_unit_test(a_shortcut_goes_by_its_letter_not_by_its_place),
        cmocka_unit_test(held_modifiers_step_aside_and_come_back),
        cmocka_unit_test(altgr_of_the_viewer_types_what_it_shows),
        cmocka_unit_test(caps_lock_on_either_side_types_what_was_meant),
        cmocka_unit_test(the_keypad_types_digits_when_the_viewer_has_num_lock),
        cmocka_unit_test(a_held_key_repeats_only_when_the_viewer_says_so),
        cmocka_unit_test(everything_is_let_go_when_asked_and_when_a_seat_goes),
        cmocka_unit_test(a_seat_lets_go_only_of_its_own),
        cmocka_unit_test(buttons_and_wheel_arrive_where_the_pointer_is),
        cmocka_unit_test(relative_motion_adds_up_and_a_wheel_may_stay_where_the_pointer_is),
        cmocka_unit_test(a_change_of_layout_is_followed),
        cmocka_unit_test(a_second_group_of_the_layout_is_used_and_left_again),
        cmocka_unit_test(a_commit_of_an_input_method_is_typed_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
