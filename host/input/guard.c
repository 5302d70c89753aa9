#include "host/input/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

enum {
    KEYCODES = 256,
    BUTTONS = 16,
    DISPLAY_NAME_MAX = 256, /* bytes, with the NUL */
    /* The display may read what we wrote before we died after it has read the first release. */
    ROUNDS = 3,
    ROUND_PAUSE_MS = 60,
    PIPE_FD = 3 /* of the child */
};

/* Shared: written here, read there after the pipe ended. */
struct page {
    _Atomic(uint8_t) key[KEYCODES], button[BUTTONS], lent[KEYCODES];
    _Atomic(uint8_t) ended; /* in order */
};

struct input_guard {
    struct page *page;
    pid_t pid;
    int pipe;
};

static bool any(const _Atomic(uint8_t) *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (atomic_load(&list[i]))
            return true;
    return false;
}

/* Each once: a key that is down again after that was pressed by somebody else. */
static void release(xcb_connection_t *conn, struct page *page, xcb_window_t root)
{
    xcb_query_keymap_reply_t *keymap = xcb_query_keymap_reply(conn, xcb_query_keymap(conn), NULL);
    for (unsigned key = 8; keymap && key < KEYCODES; key++) {
        if ((keymap->keys[key / 8] >> (key % 8) & 1) && atomic_exchange(&page->key[key], 0))
            xcb_test_fake_input(conn, XCB_KEY_RELEASE, (uint8_t)key, XCB_CURRENT_TIME, root, 0, 0, 0);
    }
    free(keymap);
    /* Of most buttons a client cannot ask; a release of one that is up says nothing to anybody. */
    for (unsigned button = 1; button < BUTTONS; button++) {
        if (atomic_load(&page->button[button]))
            xcb_test_fake_input(conn, XCB_BUTTON_RELEASE, (uint8_t)button, XCB_CURRENT_TIME, root, 0, 0, 0);
    }
}

static void clean_up(struct page *page, const char *display)
{
    if (!any(page->key, KEYCODES) && !any(page->button, BUTTONS) && !any(page->lent, KEYCODES))
        return;
    xcb_connection_t *conn = xcb_connect(display, NULL);
    if (xcb_connection_has_error(conn))
        return; /* the display went too */
    xcb_test_grab_control(conn, true);
    const xcb_window_t root = xcb_setup_roots_iterator(xcb_get_setup(conn)).data->root;
    for (int round = 0; round < ROUNDS && !xcb_connection_has_error(conn); round++) {
        release(conn, page, root);
        for (unsigned key = 8; round == 0 && key < KEYCODES; key++) {
            static const xcb_keysym_t none[2] = {XCB_NO_SYMBOL, XCB_NO_SYMBOL};
            if (atomic_load(&page->lent[key]))
                xcb_change_keyboard_mapping(conn, 1, (uint8_t)key, 2, none);
        }
        /* A round trip: all was taken. */
        free(xcb_get_input_focus_reply(conn, xcb_get_input_focus(conn), NULL));
        (void)nanosleep(&(struct timespec){.tv_nsec = ROUND_PAUSE_MS * 1000000L}, NULL);
    }
    xcb_disconnect(conn);
}

/* The process: never returns. glibc keeps malloc and stdio usable in the child of a threaded process, and
 * nothing else that locks is called. */
_Noreturn static void wait_for_the_end(int pipe, struct page *page, const char *display)
{
    char byte;
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd); /* whoever reads our log is not kept waiting by this process */
    if (pipe != PIPE_FD)
        (void)dup2(pipe, PIPE_FD);
    (void)close_range(PIPE_FD + 1, ~0U, 0);
    (void)prctl(PR_SET_NAME, "hearth-guard");
    while (read(PIPE_FD, &byte, 1) > 0) {
    }
    if (!atomic_load(&page->ended))
        clean_up(page, display);
    _exit(0);
}

struct input_guard *input_guard_create(const char *display)
{
    struct input_guard *guard = calloc(1, sizeof *guard);
    int ends[2] = {-1, -1};
    char name[DISPLAY_NAME_MAX];
    const char *shown = display && *display ? display : getenv("DISPLAY");
    sigset_t all, before;
    if (!guard || !shown || strlen(shown) >= sizeof name)
        goto fail;
    memcpy(name, shown, strlen(shown) + 1);
    guard->page = mmap(NULL, sizeof *guard->page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (guard->page == MAP_FAILED)
        goto fail;
    if (pipe2(ends, O_CLOEXEC) != 0)
        goto fail_page;
    /* Ctrl-C and a service manager's SIGTERM go to the whole group; this process ends when we did. */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    guard->pid = fork();
    if (guard->pid == 0)
        wait_for_the_end(ends[0], guard->page, name);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[0]);
    guard->pipe = ends[1];
    if (guard->pid > 0)
        return guard;
    (void)close(ends[1]);
fail_page:
    (void)munmap(guard->page, sizeof *guard->page);
fail:
    free(guard);
    return NULL;
}

void input_guard_destroy(struct input_guard *guard)
{
    if (!guard)
        return;
    atomic_store(&guard->page->ended, 1);
    (void)close(guard->pipe);
    /* The pipe's end need not reach it: a process that we forked since may hold the other end too. */
    (void)kill(guard->pid, SIGKILL);
    (void)waitpid(guard->pid, NULL, 0);
    (void)munmap(guard->page, sizeof *guard->page);
    free(guard);
}

void input_guard_key(struct input_guard *guard, uint8_t keycode)
{
    if (guard)
        atomic_store(&guard->page->key[keycode], 1);
}

void input_guard_button(struct input_guard *guard, uint8_t button)
{
    if (guard && button < BUTTONS)
        atomic_store(&guard->page->button[button], 1);
}

void input_guard_lend(struct input_guard *guard, uint8_t keycode, bool lent)
{
    if (guard)
        atomic_store(&guard->page->lent[keycode], lent);
}

void input_guard_flushed(
    struct input_guard *guard, const uint8_t down[static KEYCODES], const uint8_t buttons[static BUTTONS])
{
    if (!guard)
        return;
    for (size_t i = 0; i < KEYCODES; i++)
        atomic_store(&guard->page->key[i], down[i] != 0);
    for (size_t i = 0; i < BUTTONS; i++)
        atomic_store(&guard->page->button[i], buttons[i] != 0);
}
