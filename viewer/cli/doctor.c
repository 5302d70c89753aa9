/* doctor: is everything as it should be, and what to do where it is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/link/rest.h"
#include "viewer/cli/cli.h"

enum {
    SKEW_MAX_S = 120, /* certificates and the log's times make no sense beyond */
    LINK_TIMEOUT_S = 10
};

struct doctor {
    struct cli *cli;
    json_t *checks;
    int failures;
    int exit;
};

static void note(struct doctor *doctor, const char *check, bool good, int exit, const char *detail)
{
    if (!good) {
        doctor->failures++;
        doctor->exit = doctor->exit ? doctor->exit : exit;
    }
    if (doctor->cli->json) {
        (void)json_array_append_new(
            doctor->checks, json_pack("{s:s, s:b, s:s}", "check", check, "ok", good, "detail", detail));
        return;
    }
    (void)printf("%-4s %-9s ", good ? "ok" : "BAD", check);
    cli_print_text(detail);
    (void)putchar('\n');
}

static bool check_home(struct doctor *doctor)
{
    char detail[700];
    struct stat stat_home;
    const int code = cli_open_home(doctor->cli, false);
    if (code != CLI_OK) {
        note(doctor, "home", false, code,
            "The folder that says who this program is cannot be used; see above.");
        return false;
    }
    const char *dir = channel_home_dir(doctor->cli->home);
    if (stat(dir, &stat_home) == 0 && (stat_home.st_mode & 077) != 0) {
        (void)snprintf(detail, sizeof detail, "Others can look into %s. Run \"chmod 700 %s\".", dir, dir);
        note(doctor, "home", false, CLI_LOCAL, detail);
    } else {
        (void)snprintf(detail, sizeof detail, "%s, only yours.", dir);
        note(doctor, "home", true, 0, detail);
    }
    if (!channel_home_enrolled(doctor->cli->home)) {
        note(doctor, "account", false, CLI_DENIED,
            "This program is not signed in. Run \"hearth signup URL ACCOUNT\" or \"hearth login URL "
            "ACCOUNT\".");
        return false;
    }
    (void)snprintf(detail, sizeof detail, "%s on %s.", channel_home_account(doctor->cli->home),
        channel_home_broker(doctor->cli->home));
    note(doctor, "account", true, 0, detail);
    return true;
}

static bool check_broker(struct doctor *doctor)
{
    struct channel_endpoint endpoint;
    char version[33] = "", name[65] = "", detail[700];
    const char *why = NULL;
    int64_t skew_s = 0;
    if (channel_endpoint_parse(&endpoint, channel_home_broker(doctor->cli->home),
            channel_home_pin(doctor->cli->home), doctor->cli->insecure, &why) != 0) {
        note(doctor, "broker", false, CLI_ERROR, why);
        return false;
    }
    struct channel_rest *rest = channel_rest_create(&endpoint);
    if (!rest) {
        note(doctor, "broker", false, CLI_ERROR, "Out of memory.");
        return false;
    }
    const int error = channel_rest_info(rest, version, name, &skew_s);
    if (error != 0) {
        const bool trust = error == CHANNEL_REST_ERR_TRUST || error == CHANNEL_REST_ERR_FORMAT;
        note(doctor, trust ? "tls" : "broker", false, trust ? CLI_HOSTILE : CLI_OFFLINE,
            channel_rest_message(rest));
        channel_rest_destroy(rest);
        return false;
    }
    channel_rest_destroy(rest);
    (void)snprintf(detail, sizeof detail, "It answers; version %s.", version);
    note(doctor, "broker", true, 0, detail);
    note(doctor, "tls", true, 0,
        endpoint.pinned ? "The certificate is the pinned one."
        : endpoint.tls  ? "The certificate is signed by an authority this computer trusts."
                        : "No TLS; sessions are sealed all the same, but use https:// beyond this computer.");
    const int64_t distance = skew_s < 0 ? -skew_s : skew_s;
    (void)snprintf(detail, sizeof detail,
        distance > SKEW_MAX_S ? "This clock and the broker's are %lld s apart. Set the clock, best by NTP."
                              : "It agrees with the broker's to %lld s.",
        (long long)distance);
    note(doctor, "clock", distance <= SKEW_MAX_S, CLI_ERROR, detail);
    return true;
}

static void check_link(struct doctor *doctor)
{
    struct cli *cli = doctor->cli;
    char detail[700];
    if (!cli->has_timeout) {
        cli->timeout_s = LINK_TIMEOUT_S;
    }
    cli->quiet = true;
    const int code = cli_online(cli);
    if (code != CLI_OK) {
        note(doctor, "link", false, code, cli->link_why);
        return;
    }
    note(doctor, "link", true, 0, "The broker knows this program, and the account's log is in order.");
    const struct channel_log *log = channel_home_log(cli->home);
    size_t hosts = 0, online = 0;
    for (size_t i = 0; i < channel_log_device_count(log); i++) {
        const struct channel_device *device = channel_log_device(log, i);
        if (device->role == CHANNEL_ROLE_HOST && !device->revoked) {
            const struct channel_presence *presence = cli_presence(cli, device->id);
            hosts++;
            online += presence && presence->online;
        }
    }
    if (hosts == 0) {
        (void)snprintf(detail, sizeof detail,
            "None yet. Run \"hearth-host enroll %s\" on the computer to reach.",
            channel_home_broker(cli->home));
    } else if (online == 0) {
        (void)snprintf(detail, sizeof detail, "%zu, none online. Start \"hearth-host run\" on them.", hosts);
    } else {
        (void)snprintf(detail, sizeof detail, "%zu, %zu online.", hosts, online);
    }
    note(doctor, "computers", true, 0, detail);
}

static void check_display(struct doctor *doctor)
{
    const char *display = getenv("DISPLAY");
    char detail[300];
    if (display && *display) {
        (void)snprintf(detail, sizeof detail, "%.100s; a host on this computer can show it.", display);
    } else {
        (void)snprintf(detail, sizeof detail,
            "None. A host on this computer needs one: start it inside a desktop session, or see "
            "scripts/demo-desktop.");
    }
    note(doctor, "display", true, 0, detail);
}

int cli_doctor(struct cli *cli, int argc, char **argv)
{
    const struct cli_command *command = cli_command_find("doctor");
    struct doctor doctor = {.cli = cli};
    const int letter = cli_option(cli, command, argc, argv, NULL);
    if (letter != -1) {
        return letter == 'h' ? CLI_OK : CLI_USAGE;
    }
    if (!cli_arguments(command, argc, 0)) {
        return CLI_USAGE;
    }
    doctor.checks = json_array();
    if (check_home(&doctor) && check_broker(&doctor)) {
        check_link(&doctor);
    }
    check_display(&doctor);
    if (cli->json) {
        cli_print_json(json_pack("{s:b, s:O}", "ok", doctor.failures == 0, "checks", doctor.checks));
    }
    json_decref(doctor.checks);
    return doctor.exit;
}
