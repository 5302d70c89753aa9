/* The clipboard against xclip, and against programs that misbehave. */
#include "host/clipboard/clipboard.h"
#include "tests/unit/host/display.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xcb/xcb.h>

#include <cmocka.h>

static struct test_display display;
static char dir[] = "/tmp/hearth-clipboard-XXXXXX";
static char in_path[64], out_path[64];

struct heard {
    unsigned count, too_large;
    size_t len;
    char *text;
};

static void on_text(void *data, const char *text, size_t len, bool too_large)
{
    struct heard *heard = data;
    heard->count++;
    heard->too_large += too_large;
    free(heard->text);
    heard->text = text ? strndup(text, len) : NULL;
    heard->len = len;
}

static void run_ms(struct clipboard_x11 *clipboard, int ms)
{
    uint64_t until = test_now_us() + (uint64_t)ms * 1000;
    do {
        assert_int_equal(clipboard_x11_dispatch(clipboard, test_now_us()), 0);
        struct pollfd wait = {.fd = clipboard_x11_fd(clipboard), .events = POLLIN};
        poll(&wait, 1, 5);
    } while (test_now_us() < until);
}

static void wait_count(struct clipboard_x11 *clipboard, const struct heard *heard, unsigned count)
{
    for (int i = 0; i < 200 && heard->count < count; i++)
        run_ms(clipboard, 20);
    assert_int_equal(heard->count, count);
}

static struct clipboard_x11 *begin(struct heard *heard)
{
    struct clipboard_x11 *clipboard = clipboard_x11_create(NULL);
    assert_non_null(clipboard);
    memset(heard, 0, sizeof *heard);
    clipboard_x11_watch(clipboard, on_text, heard);
    run_ms(clipboard, 60);
    heard->count = 0;
    return clipboard;
}

static void end(struct clipboard_x11 *clipboard, struct heard *heard)
{
    clipboard_x11_destroy(clipboard);
    free(heard->text);
}

/* Another program takes the clipboard; it keeps running in the background. */
static void copy_elsewhere(const char *text, size_t len)
{
    char command[320];
    FILE *file = fopen(in_path, "wb");
    fwrite(text, 1, len, file);
    fclose(file);
    snprintf(command, sizeof command, "xclip -selection clipboard -i %s >/dev/null 2>&1", in_path);
    assert_int_equal(test_run(command), 0);
}

/* Another program pastes while we go on serving. */
static size_t paste_elsewhere(struct clipboard_x11 *clipboard, const char *target, char *out, size_t cap)
{
    char command[320];
    snprintf(command, sizeof command,
        "timeout 10 xclip -selection clipboard -o -t %s > %s; echo done >> %s.done", target, out_path,
        out_path);
    const char *const argv[] = {"sh", "-c", command, NULL};
    char done_path[80], done[8];
    snprintf(done_path, sizeof done_path, "%s.done", out_path);
    unlink(done_path);
    pid_t pid = test_spawn(argv);
    for (int i = 0; i < 500 && test_file_wait(done_path, done, sizeof done, 1, 0) == 0; i++)
        run_ms(clipboard, 10);
    test_end(pid);
    unlink(done_path);
    return test_file_wait(out_path, out, cap, 0, 0);
}

static char *long_text(size_t len)
{
    char *text = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 80 == 79 ? '\n' : (char)('a' + i * 7 % 26);
    text[len] = '\0';
    return text;
}

static void what_another_program_copies_is_told(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    copy_elsewhere("Grüße 日本 🙂\n", strlen("Grüße 日本 🙂\n"));
    wait_count(clipboard, &heard, 1);
    assert_string_equal(heard.text, "Grüße 日本 🙂\n");
    copy_elsewhere("second", 6);
    wait_count(clipboard, &heard, 2);
    assert_string_equal(heard.text, "second");
    end(clipboard, &heard);
}

static void what_is_there_already_is_told_at_the_start(void **state)
{
    (void)state;
    copy_elsewhere("before", 6);
    struct clipboard_x11 *clipboard = clipboard_x11_create(NULL);
    struct heard heard = {0};
    clipboard_x11_watch(clipboard, on_text, &heard);
    /* xclip may take the clipboard a little after its command has ended. */
    for (int i = 0; i < 100 && !(heard.text && strcmp(heard.text, "before") == 0); i++)
        run_ms(clipboard, 20);
    assert_non_null(heard.text);
    assert_string_equal(heard.text, "before");
    end(clipboard, &heard);
}

static void a_long_text_arrives_in_pieces(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    /* xclip sends by INCR from a quarter of the largest request on. */
    char *text = long_text(CLIPBOARD_MAX_BYTES);
    copy_elsewhere(text, CLIPBOARD_MAX_BYTES);
    wait_count(clipboard, &heard, 1);
    assert_int_equal(heard.len, CLIPBOARD_MAX_BYTES);
    assert_memory_equal(heard.text, text, CLIPBOARD_MAX_BYTES);
    free(text);
    end(clipboard, &heard);
}

static void too_long_a_text_is_told_as_such(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    size_t sizes[] = {CLIPBOARD_MAX_BYTES + 1, 6 << 20};
    for (unsigned i = 0; i < 2; i++) {
        char *text = long_text(sizes[i]);
        copy_elsewhere(text, sizes[i]);
        wait_count(clipboard, &heard, i + 1);
        assert_int_equal(heard.too_large, i + 1);
        free(text);
    }
    copy_elsewhere("short again", 11);
    wait_count(clipboard, &heard, 3);
    assert_string_equal(heard.text, "short again");
    end(clipboard, &heard);
}

static void what_is_set_can_be_pasted_elsewhere(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    static const char text[] = "Où est l'élève ? 日本 🙂";
    char got[4096] = {0};
    assert_int_equal(clipboard_x11_set(clipboard, text, strlen(text), test_now_us()), 0);
    size_t len = paste_elsewhere(clipboard, "UTF8_STRING", got, sizeof got);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, len);
    len = paste_elsewhere(clipboard, "'text/plain;charset=utf-8'", got, sizeof got);
    assert_int_equal(len, strlen(text));
    len = paste_elsewhere(clipboard, "STRING", got, sizeof got);
    static const char latin1[] = "O\xf9 est l'\xe9l\xe8ve ? ?? ?";
    assert_int_equal(len, strlen(latin1));
    assert_memory_equal(got, latin1, len);
    len = paste_elsewhere(clipboard, "TARGETS", got, sizeof got - 1);
    got[len] = '\0';
    assert_non_null(strstr(got, "TIMESTAMP"));
    assert_non_null(strstr(got, "UTF8_STRING"));
    end(clipboard, &heard);
}

static void a_long_text_is_pasted_in_pieces(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    char *text = long_text(CLIPBOARD_MAX_BYTES), *got = malloc(CLIPBOARD_MAX_BYTES + 1);
    assert_int_equal(clipboard_x11_set(clipboard, text, CLIPBOARD_MAX_BYTES, test_now_us()), 0);
    assert_int_equal(
        paste_elsewhere(clipboard, "UTF8_STRING", got, CLIPBOARD_MAX_BYTES + 1), CLIPBOARD_MAX_BYTES);
    assert_memory_equal(got, text, CLIPBOARD_MAX_BYTES);
    assert_int_equal(paste_elsewhere(clipboard, "STRING", got, CLIPBOARD_MAX_BYTES + 1), CLIPBOARD_MAX_BYTES);
    assert_memory_equal(got, text, CLIPBOARD_MAX_BYTES);
    assert_true(clipboard_x11_deadline_us(clipboard) == UINT64_MAX);
    free(text);
    free(got);
    end(clipboard, &heard);
}

static void what_is_set_is_not_told_back(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    assert_int_equal(clipboard_x11_set(clipboard, "ours", 4, test_now_us()), 0);
    run_ms(clipboard, 200);
    assert_int_equal(heard.count, 0);
    /* A clipboard manager that takes the same text over is no news either. */
    copy_elsewhere("ours", 4);
    run_ms(clipboard, 300);
    assert_int_equal(heard.count, 0);
    copy_elsewhere("theirs", 6);
    wait_count(clipboard, &heard, 1);
    end(clipboard, &heard);
}

static void what_cannot_be_set_is_refused(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    char *text = long_text(CLIPBOARD_MAX_BYTES + 1);
    assert_int_equal(clipboard_x11_set(clipboard, text, CLIPBOARD_MAX_BYTES + 1, 0), CLIPBOARD_ERR_LENGTH);
    assert_int_equal(clipboard_x11_set(clipboard, "a\xff", 2, 0), CLIPBOARD_ERR_TEXT);
    assert_int_equal(clipboard_x11_set(clipboard, "a\0b", 3, 0), CLIPBOARD_ERR_TEXT);
    assert_int_equal(clipboard_x11_set(clipboard, "\xed\xa0\x80", 3, 0), CLIPBOARD_ERR_TEXT);
    free(text);
    end(clipboard, &heard);
}

static void nothing_is_fetched_while_nobody_watches(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    clipboard_x11_watch(clipboard, NULL, NULL);
    copy_elsewhere("unseen", 6);
    run_ms(clipboard, 200);
    assert_int_equal(heard.count, 0);
    end(clipboard, &heard);
}

/* Owns the clipboard and never answers anyone. */
static xcb_connection_t *own_in_silence(void)
{
    xcb_connection_t *conn = xcb_connect(NULL, NULL);
    xcb_window_t window = xcb_generate_id(conn);
    xcb_intern_atom_reply_t *atom =
        xcb_intern_atom_reply(conn, xcb_intern_atom(conn, false, 9, "CLIPBOARD"), NULL);
    xcb_create_window(conn, 0, window, xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root, 0, 0, 1, 1,
        0, XCB_WINDOW_CLASS_INPUT_ONLY, 0, 0, NULL);
    xcb_set_selection_owner(conn, window, atom->atom, XCB_CURRENT_TIME);
    xcb_flush(conn);
    free(atom);
    return conn;
}

static void an_owner_that_never_answers_is_given_up(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    xcb_connection_t *silent = own_in_silence();
    run_ms(clipboard, 100);
    uint64_t deadline = clipboard_x11_deadline_us(clipboard);
    assert_true(deadline > test_now_us() && deadline <= test_now_us() + CLIPBOARD_TIMEOUT_US);
    assert_int_equal(clipboard_x11_dispatch(clipboard, deadline), 0);
    assert_true(clipboard_x11_deadline_us(clipboard) == UINT64_MAX);
    assert_int_equal(heard.count, 0);
    /* The next one is heard. */
    copy_elsewhere("alive", 5);
    wait_count(clipboard, &heard, 1);
    xcb_disconnect(silent);
    end(clipboard, &heard);
}

/* Asks for a long text by INCR and never takes the first piece. */
static void a_reader_that_stops_is_given_up(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    char *text = long_text(200000);
    assert_int_equal(clipboard_x11_set(clipboard, text, 200000, test_now_us()), 0);
    xcb_connection_t *conn = xcb_connect(NULL, NULL);
    xcb_window_t window = xcb_generate_id(conn);
    xcb_create_window(conn, 0, window, xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root, 0, 0, 1, 1,
        0, XCB_WINDOW_CLASS_INPUT_ONLY, 0, 0, NULL);
    xcb_intern_atom_reply_t *selection =
        xcb_intern_atom_reply(conn, xcb_intern_atom(conn, false, 9, "CLIPBOARD"), NULL);
    xcb_intern_atom_reply_t *target =
        xcb_intern_atom_reply(conn, xcb_intern_atom(conn, false, 11, "UTF8_STRING"), NULL);
    for (unsigned i = 0; i < CLIPBOARD_MAX_READERS + 2; i++)
        xcb_convert_selection(
            conn, window, selection->atom, target->atom, XCB_ATOM_CUT_BUFFER0 + i % 8, XCB_CURRENT_TIME);
    xcb_flush(conn);
    run_ms(clipboard, 200);
    uint64_t deadline = clipboard_x11_deadline_us(clipboard);
    assert_true(deadline != UINT64_MAX);
    assert_int_equal(clipboard_x11_dispatch(clipboard, test_now_us() + 2 * CLIPBOARD_TIMEOUT_US), 0);
    assert_true(clipboard_x11_deadline_us(clipboard) == UINT64_MAX);
    free(selection);
    free(target);
    xcb_disconnect(conn);
    char *got = malloc(200001);
    assert_int_equal(paste_elsewhere(clipboard, "UTF8_STRING", got, 200001), 200000);
    free(got);
    free(text);
    end(clipboard, &heard);
}

static void an_image_is_not_taken_for_text(void **state)
{
    (void)state;
    struct heard heard;
    struct clipboard_x11 *clipboard = begin(&heard);
    char command[320];
    snprintf(command, sizeof command, "xclip -selection clipboard -t image/png -i %s >/dev/null 2>&1",
        "/bin/true");
    assert_int_equal(test_run(command), 0);
    run_ms(clipboard, 300);
    assert_int_equal(heard.count, 0);
    assert_true(clipboard_x11_deadline_us(clipboard) == UINT64_MAX);
    end(clipboard, &heard);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(in_path, sizeof in_path, "%s/in", dir);
    snprintf(out_path, sizeof out_path, "%s/out", dir);
    return test_display_start(&display, "320x200x24") ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(in_path);
    unlink(out_path);
    rmdir(dir);
    test_display_stop(&display);
    return 0;
}

int main(void)
{
    if (!test_display_possible())
        return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_program_copies_is_told),
        cmocka_unit_test(what_is_there_already_is_told_at_the_start),
        cmocka_unit_test(a_long_text_arrives_in_pieces),
        cmocka_unit_test(too_long_a_text_is_told_as_such),
        cmocka_unit_test(what_is_set_can_be_pasted_elsewhere),
        cmocka_unit_test(a_long_text_is_pasted_in_pieces),
        cmocka_unit_test(what_is_set_is_not_told_back),
        cmocka_unit_test(what_cannot_be_set_is_refused),
        cmocka_unit_test(nothing_is_fetched_while_nobody_watches),
        cmocka_unit_test(an_owner_that_never_answers_is_given_up),
        cmocka_unit_test(a_reader_that_stops_is_given_up),
        cmocka_unit_test(an_image_is_not_taken_for_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
