/* ping: which way a session takes and how long a round trip lasts. */
#include <stdio.h>
#include <stdlib.h>

#include "viewer/cli/session.h"

enum { LETTER_COUNT = 0x100, COUNT_DEFAULT = 4, COUNT_MAX = 1000, GAP_MS = 200 };

struct ping {
    struct cli_session session;
    uv_timer_t timer;
    long count, sent, got;
    uint64_t sent_us;
    double min_ms, max_ms, sum_ms;
};

static void next(uv_timer_t *timer);

static void report(struct ping *ping)
{
    const double connect_ms = (double)(ping->session.ready_us - ping->session.dialled_us) / 1000.0;
    const double mean = ping->sum_ms / (double)ping->got;
    if (ping->session.cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:I}", "device", ping->session.device_name,
            "path", "relay", "connect_ms", connect_ms, "rtt_ms", mean, "rtt_min_ms", ping->min_ms,
            "rtt_max_ms", ping->max_ms, "count", (json_int_t)ping->got));
    } else {
        cli_print_text(ping->session.device_name);
        (void)printf(": by the broker's relay, connected in %.0f ms, round trip %.1f ms (%.1f to %.1f)\n",
            connect_ms, mean, ping->min_ms, ping->max_ms);
    }
}

static void on_pong(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct ping *ping = user;
    (void)message;
    if (!answer) {
        if (code != HEARTH__SESSION__CODE__CODE_UNAVAILABLE) {
            cli_stop(ping->session.cli, cli_fail(CLI_ERROR, "The other computer did not answer."));
        }
        return;
    }
    const double ms = (double)(cli_now_us() - ping->sent_us) / 1000.0;
    ping->min_ms = ping->got == 0 || ms < ping->min_ms ? ms : ping->min_ms;
    ping->max_ms = ms > ping->max_ms ? ms : ping->max_ms;
    ping->sum_ms += ms;
    ping->got++;
    if (ping->got == ping->count) {
        report(ping);
        cli_stop(ping->session.cli, CLI_OK);
        return;
    }
    (void)uv_timer_start(&ping->timer, next, GAP_MS, 0);
}

static void next(uv_timer_t *timer)
{
    struct ping *ping = timer->data;
    Hearth__Session__Ping body = HEARTH__SESSION__PING__INIT;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_PING;
    message.ping = &body;
    ping->sent_us = cli_now_us();
    body.t_us = ping->sent_us;
    if (viewer_remote_request(ping->session.remote, &message, on_pong, ping) == 0) {
        cli_stop(ping->session.cli, cli_fail(CLI_OFFLINE, "The session was lost."));
    }
}

static void on_ready(struct cli_session *session)
{
    struct ping *ping = session->user;
    next(&ping->timer);
}

int cli_ping(struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {{"count", required_argument, NULL, LETTER_COUNT}, {0}};
    const struct cli_command *command = cli_command_find("ping");
    struct ping ping = {.count = COUNT_DEFAULT};
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter != LETTER_COUNT) {
            return letter == 'h' ? CLI_OK : CLI_USAGE;
        }
        ping.count = strtol(optarg, NULL, 10);
        if (ping.count < 1 || ping.count > COUNT_MAX) {
            return cli_fail(CLI_USAGE, "--count takes a number from 1 to %d.", COUNT_MAX);
        }
    }
    if (!cli_arguments(command, argc, 1)) {
        return CLI_USAGE;
    }
    ping.session.on_ready = on_ready;
    ping.session.user = &ping;
    int code = cli_session_open(&ping.session, cli, argv[optind]);
    if (code != CLI_OK) {
        return code;
    }
    (void)uv_timer_init(&cli->loop, &ping.timer);
    ping.timer.data = &ping;
    code = cli_run(cli);
    cli_session_close(&ping.session);
    cli_finish(cli);
    return code;
}
