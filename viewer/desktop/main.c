/* hearth-view: one device of the account in a window. docs/man/hearth-view.1
 * One thread: libuv's loop sleeps on the network and on the display's socket; SDL's events are taken at
 * every turn, because drawing reads some of them into SDL's queue. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <SDL.h>
#include <SDL_syswm.h>

#include "codec/dirty.h"
#include "viewer/cli/session.h"
#include "viewer/core/cursor.h"
#include "viewer/core/screen.h"
#include "viewer/desktop/input.h"
#include "viewer/desktop/window.h"

enum {
    LETTER_FULLSCREEN = 0x100,
    LETTER_VIEW_ONLY,
    POLL_MS = 4,
    TITLE_MAX = 512,
    RETRY_MIN_MS = 200,
    RETRY_MAX_MS = 5000
};

/* What was decoded and not shown yet, and the newest message of it: the ACK for that covers all before. */
struct unseen {
    bool some, whole; /* whole: all of the screen, not only what is in dirty */
    struct codec_dirty dirty;
    uint32_t epoch, seq;
    uint64_t received_us, decoded_us;
};

struct view {
    struct cli_session session;
    struct viewer_screen *screen;
    struct view_window *window;
    struct view_input input;
    struct unseen unseen;
    uv_prepare_t prepare;
    uv_poll_t display;
    uv_timer_t poll; /* where the display has no socket to wait for */
    uv_timer_t retry;
    uint64_t retry_ms;
    bool fullscreen, view_only, pictured, reset_asked;
};

static void set_title(struct view *view, const char *state)
{
    char title[TITLE_MAX];
    (void)snprintf(
        title, sizeof title, "%s%s%s – Hearth", view->session.device_name, state[0] ? " – " : "", state);
    SDL_SetWindowTitle(view_window_sdl(view->window), title);
}

static void send_message(struct view *view, Hearth__Session__ToHost *message)
{
    (void)viewer_remote_send(view->session.remote, message);
}

/* ---- from the host */

static void send_ack(struct view *view)
{
    Hearth__Session__ScreenAck ack = HEARTH__SESSION__SCREEN_ACK__INIT;
    ack.epoch = view->unseen.epoch;
    ack.seq = view->unseen.seq;
    ack.received_us = view->unseen.received_us;
    ack.decoded_us = view->unseen.decoded_us;
    ack.presented_us = cli_now_us();
    ack.hidden =
        (SDL_GetWindowFlags(view_window_sdl(view->window)) & (SDL_WINDOW_MINIMIZED | SDL_WINDOW_HIDDEN)) != 0;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_ACK;
    message.screen_ack = &ack;
    send_message(view, &message);
}

/* All that came in this turn of the loop is put at once and acknowledged once. */
static void show(struct view *view)
{
    struct unseen *unseen = &view->unseen;
    if (!unseen->some) {
        return;
    }
    const struct codec_decoder *decoder = viewer_screen_decoder(view->screen);
    if (unseen->whole) {
        view_window_put(view->window, decoder, NULL, 0);
    } else if (unseen->dirty.count > 0) {
        view_window_put(view->window, decoder, unseen->dirty.rect, unseen->dirty.count);
    }
    send_ack(view);
    unseen->some = unseen->whole = false;
    unseen->dirty.count = 0;
}

static void ask_reset(struct view *view, const char *reason)
{
    if (view->reset_asked) {
        return;
    }
    view->reset_asked = true;
    Hearth__Session__ScreenReset reset = HEARTH__SESSION__SCREEN_RESET__INIT;
    reset.reason = (char *)(uintptr_t)reason;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_RESET;
    message.screen_reset = &reset;
    send_message(view, &message);
}

static void on_screen(struct cli_session *session, const uint8_t *data, size_t len)
{
    struct view *view = session->user;
    struct viewer_screen_update update;
    const uint64_t received_us = cli_now_us();
    const int result = viewer_screen_receive(view->screen, data, len, received_us, &update);
    if (result == VIEWER_SCREEN_WAITING) {
        return;
    }
    if (result == VIEWER_SCREEN_CLOSE) {
        cli_stop(session->cli,
            cli_fail(CLI_ERROR, "%s sends pictures that make no sense (%s). Update Hearth there and here.",
                session->device_name, codec_strerror(viewer_screen_error_code(view->screen))));
        return;
    }
    const struct codec_decoder *decoder = viewer_screen_decoder(view->screen);
    if (result != VIEWER_SCREEN_OK) {
        view_window_dim(view->window, decoder, true);
        ask_reset(view, codec_strerror(viewer_screen_error_code(view->screen)));
        return;
    }
    view->reset_asked = false;
    viewer_remote_wish(session->remote, &update);
    if (update.decoded.resized || !view->pictured) {
        view->pictured = true;
        view_window_set_size(view->window, update.decoded.width_px, update.decoded.height_px);
        view->unseen.whole = true;
    }
    for (size_t i = 0; i < update.decoded.dirty_count && !view->unseen.whole; i++) {
        codec_dirty_add(&view->unseen.dirty, update.decoded.dirty[i]);
    }
    view_window_dim(view->window, decoder, false);
    view->unseen.some = true;
    view->unseen.epoch = update.decoded.epoch;
    view->unseen.seq = update.decoded.seq;
    view->unseen.received_us = received_us;
    view->unseen.decoded_us = cli_now_us();
}

static void on_gap(struct cli_session *session)
{
    struct view *view = session->user;
    viewer_screen_lost(view->screen);
    ask_reset(view, "messages were lost");
}

static void take_cursor(struct view *view, const Hearth__Session__Cursor *cursor)
{
    const bool shaped = viewer_cursor_shaped(cursor);
    if (cursor->moved && !shaped) {
        return; /* where the host put its pointer; this window's own stays in the hand of its user */
    }
    (void)view_window_cursor(view->window, cursor->visible, cursor->width, cursor->height, cursor->hot_x,
        cursor->hot_y, shaped ? cursor->rgba.data : NULL);
}

static void on_message(struct cli_session *session, const Hearth__Session__FromHost *message)
{
    struct view *view = session->user;
    switch (message->body_case) {
    case HEARTH__SESSION__FROM_HOST__BODY_CURSOR:
        take_cursor(view, message->cursor);
        break;
    case HEARTH__SESSION__FROM_HOST__BODY_CLIPBOARD:
        if (!message->clipboard->too_large) {
            view_input_clipboard_from_host(&view->input, message->clipboard->text);
        }
        break;
    case HEARTH__SESSION__FROM_HOST__BODY_RIGHTS:
        view->input.control = message->rights->control && !view->view_only;
        break;
    case HEARTH__SESSION__FROM_HOST__BODY_ERROR:
        set_title(view, message->error->message);
        break;
    case HEARTH__SESSION__FROM_HOST__BODY_SCREEN:
        set_title(view, "");
        break;
    default:
        break;
    }
}

static void on_flowing(struct cli_session *session, bool flowing)
{
    struct view *view = session->user;
    set_title(view, flowing ? "" : "connecting again");
    if (!flowing) {
        view->input.held_count = 0;
        view->input.buttons = 0;
    }
    if (view->pictured && !flowing) {
        view_window_dim(view->window, viewer_screen_decoder(view->screen), true);
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct view *view = timer->data;
    if (cli_session_dial(&view->session) != 0) {
        cli_stop(view->session.cli, cli_fail(CLI_ERROR, "Out of memory."));
    }
}

/* The session is over. What was seen once is tried again until the person closes the window. */
static void on_closed(struct cli_session *session, int code, const char *why)
{
    struct view *view = session->user;
    const int exit = code ? cli_exit_of_link(code) : CLI_OFFLINE;
    view->input.remote = NULL;
    view->unseen.some = false;
    if (!view->pictured || exit == CLI_DENIED || exit == CLI_HOSTILE) {
        cli_stop(session->cli, cli_fail(exit, "%s", why && *why ? why : "The session ended."));
        return;
    }
    set_title(view, why && *why ? why : "connecting again");
    view_window_dim(view->window, viewer_screen_decoder(view->screen), true);
    viewer_screen_lost(view->screen);
    cli_session_close(session);
    /* Half of it at random, so that many viewers of one host do not come at once. */
    uint32_t random = 0;
    channel_crypto_random((uint8_t *)&random, sizeof random);
    const uint64_t wait_ms = view->retry_ms / 2 + random % (view->retry_ms / 2 + 1);
    (void)uv_timer_start(&view->retry, on_retry, wait_ms, 0);
    view->retry_ms = SDL_min(view->retry_ms * 2, RETRY_MAX_MS);
}

static void on_ready(struct cli_session *session)
{
    struct view *view = session->user;
    if (!session->may_view) {
        cli_stop(session->cli,
            cli_fail(CLI_DENIED, "This program may not see the screen of %s.", session->device_name));
        return;
    }
    if (!session->has_screen && session->screen_error[0]) {
        set_title(view, session->screen_error);
    }
    view->retry_ms = RETRY_MIN_MS;
    view->input.remote = session->remote;
    set_title(view, "");
    view->input.control = session->may_control && !view->view_only;
    view->input.clipboard = session->may_control && !view->view_only;
    Hearth__Session__ScreenStart start = HEARTH__SESSION__SCREEN_START__INIT;
    start.video = viewer_screen_video(view->screen);
    start.max_pixels = CODEC_MAX_PIXELS;
    start.cache_slots = VIEWER_SCREEN_SLOTS;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_START;
    message.screen_start = &start;
    send_message(view, &message);
}

/* ---- from the person */

static bool own_chord(struct view *view, const SDL_Event *event)
{
    const uint16_t all = KMOD_CTRL | KMOD_ALT | KMOD_SHIFT;
    if (event->type != SDL_KEYDOWN || !(event->key.keysym.mod & KMOD_CTRL) ||
        !(event->key.keysym.mod & KMOD_ALT) || !(event->key.keysym.mod & KMOD_SHIFT & all)) {
        return false;
    }
    if (event->key.keysym.sym == SDLK_f) {
        view_input_release(&view->input);
        view_window_toggle_fullscreen(view->window);
        return true;
    }
    if (event->key.keysym.sym == SDLK_q) {
        cli_stop(view->session.cli, CLI_OK);
        return true;
    }
    return false;
}

static void take_window_event(struct view *view, const SDL_WindowEvent *event)
{
    SDL_Window *window = view_window_sdl(view->window);
    switch (event->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
    case SDL_WINDOWEVENT_EXPOSED:
        view_window_resized(view->window);
        view_window_put(view->window, viewer_screen_decoder(view->screen), NULL, 0);
        break;
    case SDL_WINDOWEVENT_FOCUS_GAINED:
        /* All keys go to the host, the window manager's too; Control+Alt+Shift+F gives them back. */
        SDL_SetWindowKeyboardGrab(
            window, (SDL_GetWindowFlags(window) & SDL_WINDOW_FULLSCREEN) ? SDL_TRUE : SDL_FALSE);
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        view_input_release(&view->input);
        SDL_SetWindowKeyboardGrab(window, SDL_FALSE);
        break;
    default:
        break;
    }
}

static void turn(struct view *view)
{
    SDL_Event event;
    show(view);
    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT) {
            cli_stop(view->session.cli, CLI_OK);
        } else if (event.type == SDL_WINDOWEVENT) {
            take_window_event(view, &event.window);
        } else if (!own_chord(view, &event)) {
            (void)view_input_take(&view->input, &event);
        }
    }
    view_input_flush(&view->input);
}

static void on_prepare(uv_prepare_t *prepare)
{
    turn(prepare->data);
}

static void on_display(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

static void on_poll(uv_timer_t *timer)
{
    turn(timer->data);
}

/* The display's socket wakes the loop; elsewhere a short timer looks. */
static void watch_display(struct view *view, uv_loop_t *loop)
{
    (void)uv_prepare_init(loop, &view->prepare);
    view->prepare.data = view;
    (void)uv_prepare_start(&view->prepare, on_prepare);
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    int fd = -1;
#if defined(SDL_VIDEO_DRIVER_X11)
    if (SDL_GetWindowWMInfo(view_window_sdl(view->window), &info) && info.subsystem == SDL_SYSWM_X11) {
        fd = ConnectionNumber(info.info.x11.display);
    }
#endif
    if (fd >= 0 && uv_poll_init(loop, &view->display, fd) == 0) {
        view->display.data = view;
        (void)uv_poll_start(&view->display, UV_READABLE, on_display);
        return;
    }
    (void)uv_timer_init(loop, &view->poll);
    view->poll.data = view;
    (void)uv_timer_start(&view->poll, on_poll, POLL_MS, POLL_MS);
}

/* ---- options and life */

static int parse(struct view *view, struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
    static const struct option own[] = {
        {"fullscreen", no_argument, NULL, LETTER_FULLSCREEN},
        {"view-only", no_argument, NULL, LETTER_VIEW_ONLY},
        {0},
    };
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        switch (letter) {
        case LETTER_FULLSCREEN:
            view->fullscreen = true;
            break;
        case LETTER_VIEW_ONLY:
            view->view_only = true;
            break;
        case 'V':
            (void)printf("hearth-view %s\n", HEARTH_VERSION);
            return -1;
        default:
            return letter == 'h' ? -1 : CLI_USAGE;
        }
    }
    return cli_arguments(command, argc, 1) ? CLI_OK : CLI_USAGE;
}

static int run(struct view *view, struct cli *cli, const char *device)
{
    /* A title with a dash, or a name with an umlaut, is otherwise refused by Xlib and never shown. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    (void)SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    (void)SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
    (void)SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    (void)SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    (void)SDL_SetHint(SDL_HINT_APP_NAME, "Hearth");
    /* SDL may settle for a display that nobody sees. */
    if (SDL_Init(SDL_INIT_VIDEO) != 0 || strcmp(SDL_GetCurrentVideoDriver(), "offscreen") == 0 ||
        strcmp(SDL_GetCurrentVideoDriver(), "dummy") == 0) {
        SDL_Quit();
        return cli_fail(
            CLI_ERROR, "There is no display to open a window on. Set DISPLAY, or use \"hearth probe\".");
    }
    int code = cli_session_open(&view->session, cli, device);
    if (code == CLI_OK) {
        view->window = view_window_create(view->session.device_name, view->fullscreen);
        if (!view->window) {
            code = cli_fail(CLI_ERROR, "No window can be opened here: %s.", SDL_GetError());
        }
    }
    if (code == CLI_OK) {
        view->input.window = view->window;
        set_title(view, "connecting");
        watch_display(view, &cli->loop);
        (void)uv_timer_init(&cli->loop, &view->retry);
        view->retry.data = view;
        view->retry_ms = RETRY_MIN_MS;
        code = cli_run(cli);
        view_input_release(&view->input);
    }
    cli_session_close(&view->session);
    cli_finish(cli);
    view_input_finish(&view->input);
    view_window_destroy(view->window);
    SDL_Quit();
    return code;
}

int main(int argc, char **argv)
{
    struct view view = {0};
    struct cli cli = {.timeout_s = CLI_TIMEOUT_DEFAULT_S};
    const struct cli_command command = {.name = "hearth-view",
        .usage = "[--fullscreen] [--view-only] [--home DIR] DEVICE",
        .summary = "see and control a device of the account in a window"};
    (void)signal(SIGPIPE, SIG_IGN);
    int code = parse(&view, &cli, &command, argc, argv);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    if (channel_crypto_init() != 0) {
        return cli_fail(CLI_ERROR, "The system gives no random numbers.");
    }
    view.session.view = true;
    view.session.control = !view.view_only;
    view.session.clipboard = !view.view_only;
    view.session.agent = "desktop";
    view.session.on_ready = on_ready;
    view.session.on_screen = on_screen;
    view.session.on_gap = on_gap;
    view.session.on_message = on_message;
    view.session.on_flowing = on_flowing;
    view.session.on_closed = on_closed;
    view.session.user = &view;
    view.screen = viewer_screen_create(CODEC_MAX_PIXELS);
    code = view.screen ? run(&view, &cli, argv[optind]) : cli_fail(CLI_ERROR, "Out of memory.");
    viewer_screen_destroy(view.screen);
    return code;
}
