/* probe: a viewer without a window. Connects, decodes, types, measures, takes a picture. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xkbcommon/xkbcommon.h>

#include "viewer/cli/session.h"
#include "viewer/cli/shot.h"
#include "viewer/core/screen.h"

enum { LETTER_SECONDS = 0x100, LETTER_TYPE, LETTER_KEY, LETTER_CLICK, LETTER_SHOT };

enum {
    MAX_PIXELS = CODEC_MAX_PIXELS,
    ECHOES_MAX = 4096,
    ECHO_TIMEOUT_MS = 1000, /* then the echo is null */
    AFTER_ECHO_MS = 40,     /* so that one echo does not hide in the next */
    QUIET_MS = 300,         /* without a message = at rest */
    CLICK_LIMIT_PX = CODEC_MAX_SIDE_PX,
    BEFORE_INPUT_MS = 150,
    CHORD_MAX = 8
};

enum phase {
    PHASE_CONNECT,
    PHASE_SETTLE, /* the first picture is there */
    PHASE_ACT,
    PHASE_WATCH, /* until --seconds are over */
    PHASE_SHOT   /* until the picture is exact and at rest */
};

struct probe {
    struct cli_session session;
    struct viewer_screen *screen;
    uv_timer_t timer, limit;
    enum phase phase;
    double seconds;
    const char *text, *shot;
    xkb_keysym_t chord[CHORD_MAX];
    size_t chord_len;
    bool click;
    int32_t click_x, click_y;
    size_t text_at;
    bool chord_done, click_done, reset_asked;
    uint32_t echo_input; /* waited for; 0 = none */
    uint64_t echo_us, first_us, last_us;
    uint64_t frames;
    uint32_t exact_permille;
    double rtt_ms;
    json_t *echo_ms, *echo_bytes;
};

static void step(uv_timer_t *timer);

static void after(struct probe *probe, uint64_t ms)
{
    (void)uv_timer_start(&probe->timer, step, ms, 0);
}

static void stop(struct probe *probe, int code)
{
    cli_stop(probe->session.cli, code);
}

/* ---- what goes out */

static int send_body(struct probe *probe, Hearth__Session__ToHost *message)
{
    return viewer_remote_send(probe->session.remote, message);
}

static void send_key(struct probe *probe, xkb_keysym_t keysym, const char *text, bool down)
{
    Hearth__Session__Key key = HEARTH__SESSION__KEY__INIT;
    key.input = viewer_remote_next_input(probe->session.remote);
    key.down = down;
    key.keysym = keysym;
    key.text = (char *)(uintptr_t)text;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_KEY;
    message.key = &key;
    if (down) {
        probe->echo_input = key.input;
        probe->echo_us = cli_now_us();
    }
    (void)send_body(probe, &message);
}

static void send_pointer(struct probe *probe, uint32_t buttons)
{
    Hearth__Session__Pointer pointer = HEARTH__SESSION__POINTER__INIT;
    pointer.input = viewer_remote_next_input(probe->session.remote);
    pointer.x = probe->click_x;
    pointer.y = probe->click_y;
    pointer.buttons = buttons;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_POINTER;
    message.pointer = &pointer;
    (void)send_body(probe, &message);
}

static void send_ack(struct probe *probe, const struct codec_decoded *decoded, uint64_t received_us)
{
    Hearth__Session__ScreenAck ack = HEARTH__SESSION__SCREEN_ACK__INIT;
    ack.epoch = decoded->epoch;
    ack.seq = decoded->seq;
    ack.received_us = received_us;
    ack.decoded_us = cli_now_us();
    ack.presented_us = ack.decoded_us;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_ACK;
    message.screen_ack = &ack;
    (void)send_body(probe, &message);
}

static void send_reset(struct probe *probe, const char *reason)
{
    if (probe->reset_asked) {
        return;
    }
    probe->reset_asked = true;
    Hearth__Session__ScreenReset reset = HEARTH__SESSION__SCREEN_RESET__INIT;
    reset.reason = (char *)(uintptr_t)reason;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_RESET;
    message.screen_reset = &reset;
    (void)send_body(probe, &message);
}

/* The next character of --type as a key press; false at its end. */
static bool type_next(struct probe *probe)
{
    const char *at = probe->text ? probe->text + probe->text_at : "";
    if (!*at) {
        return false;
    }
    size_t len = 1;
    while (len < 4 && ((unsigned char)at[len] & 0xc0) == 0x80) {
        len++;
    }
    char one[5] = "";
    memcpy(one, at, len);
    probe->text_at += len;
    uint32_t point = (unsigned char)one[0];
    if (len > 1) {
        point &= 0xffu >> (len + 1);
        for (size_t i = 1; i < len; i++) {
            point = point << 6 | ((unsigned char)one[i] & 0x3f);
        }
    }
    const xkb_keysym_t keysym = point == '\n' ? XKB_KEY_Return : xkb_utf32_to_keysym(point);
    send_key(probe, keysym, point == '\n' ? "" : one, true);
    const uint32_t waited = probe->echo_input;
    send_key(probe, keysym, "", false);
    probe->echo_input = waited;
    return true;
}

static void press_chord(struct probe *probe)
{
    uint32_t waited = 0;
    for (size_t i = 0; i < probe->chord_len; i++) {
        send_key(probe, probe->chord[i], "", true);
        waited = probe->echo_input;
    }
    for (size_t i = probe->chord_len; i-- > 0;) {
        send_key(probe, probe->chord[i], "", false);
    }
    probe->echo_input = waited;
}

/* ---- the course of things */

static void add_echo(struct probe *probe, bool seen, uint64_t now_us, size_t bytes)
{
    if (json_array_size(probe->echo_ms) < ECHOES_MAX) {
        (void)json_array_append_new(
            probe->echo_ms, seen ? json_real((double)(now_us - probe->echo_us) / 1000.0) : json_null());
        (void)json_array_append_new(probe->echo_bytes, seen ? json_integer((json_int_t)bytes) : json_null());
    }
    probe->echo_input = 0;
}

static void finish(struct probe *probe)
{
    if (probe->shot) {
        const int error = cli_shot_write(probe->shot, viewer_screen_decoder(probe->screen));
        if (error != 0) {
            stop(probe, cli_fail(CLI_LOCAL, "%s cannot be written: %s.", probe->shot, strerror(-error)));
            return;
        }
    }
    stop(probe, CLI_OK);
}

static bool act(struct probe *probe)
{
    if (probe->click && !probe->click_done) {
        probe->click_done = true;
        send_pointer(probe, 0);
        send_pointer(probe, 1);
        send_pointer(probe, 0);
        after(probe, BEFORE_INPUT_MS);
        return true;
    }
    if (type_next(probe)) {
        after(probe, ECHO_TIMEOUT_MS);
        return true;
    }
    if (probe->chord_len > 0 && !probe->chord_done) {
        probe->chord_done = true;
        press_chord(probe);
        after(probe, ECHO_TIMEOUT_MS);
        return true;
    }
    return false;
}

static void step(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    const uint64_t now = cli_now_us();
    switch (probe->phase) {
    case PHASE_CONNECT:
        return;
    case PHASE_SETTLE:
        probe->phase = PHASE_ACT;
        /* fall through */
    case PHASE_ACT:
        if (probe->echo_input != 0) {
            add_echo(probe, false, now, 0);
        }
        if (act(probe)) {
            return;
        }
        probe->phase = PHASE_WATCH;
        /* fall through */
    case PHASE_WATCH: {
        const uint64_t until = probe->first_us + (uint64_t)(probe->seconds * 1e6);
        if (now < until) {
            after(probe, (until - now) / 1000 + 1);
            return;
        }
        probe->phase = PHASE_SHOT;
    }
        /* fall through */
    case PHASE_SHOT: {
        const uint64_t quiet_ms = (now - probe->last_us) / 1000;
        if (!probe->shot || (probe->exact_permille == 1000 && quiet_ms >= QUIET_MS)) {
            finish(probe);
            return;
        }
        after(probe, quiet_ms < QUIET_MS ? QUIET_MS - quiet_ms + 1 : QUIET_MS);
        return;
    }
    }
}

static void on_screen(struct cli_session *session, const uint8_t *data, size_t len)
{
    struct probe *probe = session->user;
    struct viewer_screen_update update;
    const uint64_t received_us = cli_now_us();
    const int result = viewer_screen_receive(probe->screen, data, len, received_us, &update);
    if (result == VIEWER_SCREEN_WAITING) {
        return;
    }
    if (result == VIEWER_SCREEN_CLOSE) {
        stop(probe,
            cli_fail(CLI_ERROR, "%s sends pictures that make no sense (%s). Update Hearth there and here.",
                session->device_name, codec_strerror(viewer_screen_error_code(probe->screen))));
        return;
    }
    if (result != VIEWER_SCREEN_OK) {
        send_reset(probe, codec_strerror(viewer_screen_error_code(probe->screen)));
        return;
    }
    probe->reset_asked = false;
    viewer_remote_wish(session->remote, &update);
    probe->frames++;
    probe->last_us = cli_now_us();
    probe->exact_permille = update.decoded.exact_permille;
    send_ack(probe, &update.decoded, received_us);
    if (probe->first_us == 0) {
        probe->first_us = probe->last_us;
        probe->phase = PHASE_SETTLE;
        after(probe, probe->text || probe->click || probe->chord_len ? BEFORE_INPUT_MS : 0);
    }
    if (probe->echo_input != 0 && update.envelope.input >= probe->echo_input &&
        update.decoded.dirty_count > 0) {
        add_echo(probe, true, probe->last_us, len);
        after(probe, AFTER_ECHO_MS);
    }
}

static void on_gap(struct cli_session *session)
{
    struct probe *probe = session->user;
    viewer_screen_lost(probe->screen);
    send_reset(probe, "messages were lost");
}

static void on_pong(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct probe *probe = user;
    (void)code;
    (void)message;
    if (answer && answer->body_case == HEARTH__SESSION__FROM_HOST__BODY_PONG) {
        probe->rtt_ms = (double)(cli_now_us() - answer->pong->t_us) / 1000.0;
    }
}

static void on_ready(struct cli_session *session)
{
    struct probe *probe = session->user;
    if (!session->may_view) {
        stop(probe, cli_fail(CLI_DENIED, "This program may not see the screen of %s.", session->device_name));
        return;
    }
    if (!session->may_control && (probe->text || probe->click || probe->chord_len)) {
        stop(probe, cli_fail(CLI_DENIED, "This program may not control %s.", session->device_name));
        return;
    }
    if (!session->has_screen) {
        stop(probe,
            cli_fail(CLI_ERROR, "%s",
                session->screen_error[0] ? session->screen_error : "There is no screen on that computer."));
        return;
    }
    Hearth__Session__Ping ping = HEARTH__SESSION__PING__INIT;
    ping.t_us = cli_now_us();
    Hearth__Session__ToHost asked = HEARTH__SESSION__TO_HOST__INIT;
    asked.body_case = HEARTH__SESSION__TO_HOST__BODY_PING;
    asked.ping = &ping;
    (void)viewer_remote_request(session->remote, &asked, on_pong, probe);
    Hearth__Session__ScreenStart start = HEARTH__SESSION__SCREEN_START__INIT;
    start.video = viewer_screen_video(probe->screen);
    start.max_pixels = MAX_PIXELS;
    start.cache_slots = VIEWER_SCREEN_SLOTS;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_SCREEN_START;
    message.screen_start = &start;
    (void)send_body(probe, &message);
}

static void on_limit(uv_timer_t *timer)
{
    struct probe *probe = timer->data;
    stop(probe, cli_fail(CLI_OFFLINE, probe->first_us ? "The picture did not come to rest in time."
                                                      : "No picture came in time."));
}

/* ---- results and options */

static void report(struct probe *probe)
{
    struct channel_stats stats = {0};
    viewer_remote_stats(probe->session.remote, &stats);
    const double connect_ms = (double)(probe->session.ready_us - probe->session.dialled_us) / 1000.0;
    const double first_ms = (double)(probe->first_us - probe->session.dialled_us) / 1000.0;
    const double rtt_ms = stats.rtt_us ? (double)stats.rtt_us / 1000.0 : probe->rtt_ms;
    const double exact = (double)probe->exact_permille / 1000.0;
    int32_t width = 0, height = 0;
    size_t stride = 0;
    (void)codec_decoder_pixels(viewer_screen_decoder(probe->screen), &width, &height, &stride);
    if (probe->session.cli->json) {
        cli_print_json(json_pack("{s:f, s:f, s:I, s:I, s:I, s:s, s:f, s:f, s:i, s:i, s:O, s:O}", "connect_ms",
            connect_ms, "first_frame_ms", first_ms, "frames", (json_int_t)probe->frames, "bytes_in",
            (json_int_t)stats.bytes_in, "bytes_out", (json_int_t)stats.bytes_out, "path", "relay", "rtt_ms",
            rtt_ms, "exact_share", exact, "width", (int)width, "height", (int)height, "echo_ms",
            probe->echo_ms, "echo_bytes", probe->echo_bytes));
        return;
    }
    (void)printf("connected in %.0f ms, first picture after %.0f ms, %dx%d\n"
                 "%llu pictures, %llu bytes in, %llu out, by the relay, round trip %.1f ms, %.1f %% exact\n",
        connect_ms, first_ms, (int)width, (int)height, (unsigned long long)probe->frames,
        (unsigned long long)stats.bytes_in, (unsigned long long)stats.bytes_out, rtt_ms, exact * 100);
    for (size_t i = 0; i < json_array_size(probe->echo_ms); i++) {
        const json_t *ms = json_array_get(probe->echo_ms, i);
        if (json_is_real(ms)) {
            (void)printf("echo %.1f ms\n", json_real_value(ms));
        } else {
            (void)printf("no echo\n");
        }
    }
}

/* "Return", "a", "Control_L+c". */
static int parse_chord(struct probe *probe, const char *text)
{
    char copy[256];
    char *rest = copy;
    if (strlen(text) >= sizeof copy) {
        return -1;
    }
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *name = strsep(&rest, "+"); name; name = strsep(&rest, "+")) {
        const xkb_keysym_t keysym = xkb_keysym_from_name(name, XKB_KEYSYM_NO_FLAGS);
        if (keysym == XKB_KEY_NoSymbol || probe->chord_len == CHORD_MAX) {
            return -1;
        }
        probe->chord[probe->chord_len++] = keysym;
    }
    return 0;
}

static int parse_click(struct probe *probe, const char *text)
{
    char *end = NULL;
    const long x = strtol(text, &end, 10);
    if (end == text || *end != ',') {
        return -1;
    }
    const char *second = end + 1;
    const long y = strtol(second, &end, 10);
    if (end == second || *end != '\0' || x < 0 || x >= CLICK_LIMIT_PX || y < 0 || y >= CLICK_LIMIT_PX) {
        return -1;
    }
    probe->click = true;
    probe->click_x = (int32_t)x;
    probe->click_y = (int32_t)y;
    return 0;
}

static int parse(struct probe *probe, struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {
        {"seconds", required_argument, NULL, LETTER_SECONDS},
        {"type", required_argument, NULL, LETTER_TYPE},
        {"key", required_argument, NULL, LETTER_KEY},
        {"click", required_argument, NULL, LETTER_CLICK},
        {"shot", required_argument, NULL, LETTER_SHOT},
        {0},
    };
    const struct cli_command *command = cli_command_find("probe");
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        char *end = NULL;
        switch (letter) {
        case LETTER_SECONDS:
            probe->seconds = strtod(optarg, &end);
            if (end == optarg || *end || !(probe->seconds >= 0) || probe->seconds > 86400) {
                return cli_fail(CLI_USAGE, "--seconds takes a number from 0 to 86400.");
            }
            break;
        case LETTER_TYPE:
            probe->text = optarg;
            break;
        case LETTER_KEY:
            if (parse_chord(probe, optarg) != 0) {
                return cli_fail(CLI_USAGE, "--key takes the X name of a key, like Return or Control_L+c.");
            }
            break;
        case LETTER_CLICK:
            if (parse_click(probe, optarg) != 0) {
                return cli_fail(CLI_USAGE, "--click takes a place in pixels, like 200,100.");
            }
            break;
        case LETTER_SHOT:
            probe->shot = optarg;
            break;
        default:
            return letter == 'h' ? -1 : CLI_USAGE;
        }
    }
    return cli_arguments(command, argc, 1) ? CLI_OK : CLI_USAGE;
}

static int run(struct probe *probe, struct cli *cli, const char *device)
{
    int code = cli_session_open(&probe->session, cli, device);
    if (code != CLI_OK) {
        return code;
    }
    (void)uv_timer_init(&cli->loop, &probe->timer);
    (void)uv_timer_init(&cli->loop, &probe->limit);
    probe->timer.data = probe;
    probe->limit.data = probe;
    const size_t keys = (probe->text ? strlen(probe->text) : 0) + 1;
    (void)uv_timer_start(&probe->limit, on_limit,
        (uint64_t)((cli->timeout_s + probe->seconds) * 1000) + keys * (ECHO_TIMEOUT_MS + AFTER_ECHO_MS), 0);
    code = cli_run(cli);
    if (code == CLI_OK) {
        report(probe);
    }
    cli_session_close(&probe->session);
    cli_finish(cli);
    return code;
}

int cli_probe(struct cli *cli, int argc, char **argv)
{
    struct probe probe = {.phase = PHASE_CONNECT};
    int code = parse(&probe, cli, argc, argv);
    if (code != CLI_OK) {
        return code < 0 ? CLI_OK : code;
    }
    probe.session.view = true;
    probe.session.control = probe.text || probe.click || probe.chord_len;
    probe.session.on_ready = on_ready;
    probe.session.on_screen = on_screen;
    probe.session.on_gap = on_gap;
    probe.session.user = &probe;
    probe.screen = viewer_screen_create(MAX_PIXELS);
    probe.echo_ms = json_array();
    probe.echo_bytes = json_array();
    code = probe.screen && probe.echo_ms && probe.echo_bytes ? run(&probe, cli, argv[optind])
                                                             : cli_fail(CLI_ERROR, "Out of memory.");
    json_decref(probe.echo_ms);
    json_decref(probe.echo_bytes);
    viewer_screen_destroy(probe.screen);
    return code;
}
