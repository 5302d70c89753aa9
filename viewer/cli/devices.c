/* devices, rename, revoke. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "channel/link/change.h"
#include "viewer/cli/cli.h"
#include "viewer/cli/prompt.h"

enum { LETTER_ALL = 0x100, LETTER_YES, LETTER_WATCH };

struct listing_options {
    bool all, watch;
    json_t *told; /* watching: by id, what was printed last */
};

static const char *role_name(enum channel_device_role role)
{
    switch (role) {
    case CHANNEL_ROLE_HOST:
        return "host";
    case CHANNEL_ROLE_BROWSER:
        return "browser";
    case CHANNEL_ROLE_CLI:
        return "cli";
    case CHANNEL_ROLE_DESKTOP:
        return "desktop";
    }
    return "other";
}

static json_t *uses_json(struct cli *cli, const struct channel_presence *presence)
{
    json_t *list = json_array();
    for (size_t i = 0; presence && i < presence->use_count; i++) {
        char id[33];
        cli_hex(id, presence->use[i].device_id, CHANNEL_ID_LEN);
        const struct channel_device *by =
            channel_log_find(channel_home_log(cli->home), presence->use[i].device_id);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:b}", "device", id, "name", by ? by->name : "", "since_ms",
                      (json_int_t)presence->use[i].since_ms, "view_only", presence->use[i].view_only));
    }
    return list;
}

static json_t *device_json(struct cli *cli, const struct channel_device *device)
{
    const struct channel_presence *presence = cli_presence(cli, device->id);
    char id[33];
    cli_hex(id, device->id, CHANNEL_ID_LEN);
    return json_pack("{s:s, s:s, s:b, s:I, s:s, s:s, s:s, s:b, s:b, s:I, s:o}", "id", id, "name",
        device->name, "online", presence && presence->online && !device->revoked, "last_seen",
        (json_int_t)(presence ? presence->last_seen_ms : 0), "os", presence ? presence->os : "", "version",
        presence ? presence->version : "", "role", role_name(device->role), "self",
        memcmp(device->id, channel_home_device_id(cli->home), CHANNEL_ID_LEN) == 0, "revoked",
        device->revoked, "added_ms", (json_int_t)device->added_ms, "in_use", uses_json(cli, presence));
}

static void when(char *out, size_t cap, uint64_t ms)
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm local;
    if (ms == 0 || !localtime_r(&seconds, &local) ||
        strftime(out, cap, "last seen %Y-%m-%d %H:%M", &local) == 0) {
        (void)snprintf(out, cap, "never seen");
    }
}

static void print_row(struct cli *cli, const struct channel_device *device, bool with_id)
{
    const struct channel_presence *presence = cli_presence(cli, device->id);
    const bool self = memcmp(device->id, channel_home_device_id(cli->home), CHANNEL_ID_LEN) == 0;
    char id[33], seen[64];
    if (with_id) {
        cli_hex(id, device->id, CHANNEL_ID_LEN);
        (void)printf("%.8s  ", id);
    }
    cli_print_text(device->name);
    for (size_t i = strlen(device->name); i < 24; i++) {
        (void)putchar(' ');
    }
    (void)printf("  %-8s  ", role_name(device->role));
    if (device->revoked) {
        (void)printf("removed");
    } else if (self) {
        (void)printf("this program");
    } else if (presence && presence->online) {
        (void)printf("online%s", presence->use_count ? ", in use" : "");
    } else {
        when(seen, sizeof seen, presence ? presence->last_seen_ms : 0);
        (void)printf("%s", seen);
    }
    if (presence && presence->os[0]) {
        (void)printf("  ");
        cli_print_text(presence->os);
    }
    (void)putchar('\n');
}

static void print_list(struct cli *cli, const struct listing_options *options)
{
    const struct channel_log *log = channel_home_log(cli->home);
    json_t *list = json_array();
    size_t shown = 0;
    for (size_t i = 0; i < channel_log_device_count(log); i++) {
        const struct channel_device *device = channel_log_device(log, i);
        if (device->revoked && !options->all) {
            continue;
        }
        if (cli->json) {
            (void)json_array_append_new(list, device_json(cli, device));
        } else if (device->role == CHANNEL_ROLE_HOST || options->all) {
            print_row(cli, device, options->all);
            shown++;
        }
    }
    if (cli->json) {
        cli_print_json(list);
    } else {
        json_decref(list);
        if (shown == 0) {
            (void)printf("No computer is in the account yet. Run \"hearth-host enroll %s\" on one.\n",
                channel_home_broker(cli->home));
        }
    }
}

/* ---- watching */

/* What makes a line: not last_seen, which moves all the time. */
static json_t *told_of(struct cli *cli, const struct channel_device *device)
{
    const struct channel_presence *presence = cli_presence(cli, device->id);
    return json_pack("{s:b, s:b, s:s, s:o}", "online", presence && presence->online, "revoked",
        device->revoked, "name", device->name, "in_use", uses_json(cli, presence));
}

static void print_changes(struct cli *cli)
{
    const struct listing_options *options = cli->user;
    const struct channel_log *log = channel_home_log(cli->home);
    for (size_t i = 0; cli->online && i < channel_log_device_count(log); i++) {
        const struct channel_device *device = channel_log_device(log, i);
        char id[33];
        cli_hex(id, device->id, CHANNEL_ID_LEN);
        const json_t *before = json_object_get(options->told, id);
        if ((device->revoked && !options->all && !before) ||
            (device->role != CHANNEL_ROLE_HOST && !options->all && !cli->json)) {
            continue;
        }
        json_t *now = told_of(cli, device);
        if (!now || json_equal(now, before)) {
            json_decref(now);
            continue;
        }
        (void)json_object_set_new(options->told, id, now);
        if (cli->json) {
            cli_print_json(device_json(cli, device));
        } else {
            print_row(cli, device, options->all);
        }
    }
    (void)fflush(stdout);
}

static void on_watched_link(struct cli *cli, enum channel_link_state state, const char *why)
{
    if (state == CHANNEL_LINK_REFUSED) {
        cli_stop(cli, cli_fail(CLI_DENIED, "%s", why ? why : "The broker refused this program."));
    } else if (state == CHANNEL_LINK_WAITING && why) {
        (void)cli_fail(0, "%s Waiting for the broker.", why);
    }
}

static int watch(struct cli *cli, struct listing_options *options)
{
    options->told = json_object();
    if (!options->told) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    cli->user = options;
    cli->on_presence = print_changes;
    cli->on_log = print_changes;
    cli->on_link = on_watched_link;
    channel_link_look(cli->link, true);
    print_changes(cli);
    const int code = cli_run(cli);
    cli_finish(cli); /* nothing may call back with what is freed here */
    json_decref(options->told);
    return code;
}

int cli_devices(struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {
        {"all", no_argument, NULL, LETTER_ALL}, {"watch", no_argument, NULL, LETTER_WATCH}, {0}};
    const struct cli_command *command = cli_command_find("devices");
    struct listing_options options = {0};
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter == LETTER_ALL) {
            options.all = true;
        } else if (letter == LETTER_WATCH) {
            options.watch = true;
        } else {
            return letter == 'h' ? CLI_OK : CLI_USAGE;
        }
    }
    if (!cli_arguments(command, argc, 0)) {
        return CLI_USAGE;
    }
    const int code = cli_online(cli);
    if (code != CLI_OK) {
        return code;
    }
    if (options.watch) {
        return watch(cli, &options);
    }
    print_list(cli, &options);
    return CLI_OK;
}

static void on_changed(void *user, int code, const char *message)
{
    struct cli *cli = user;
    cli_stop(cli, code == 0 ? CLI_OK : cli_fail(cli_exit_of_link(code), "%s", message));
}

static int changed(struct cli *cli, int begun)
{
    if (begun != 0) {
        return cli_fail(CLI_DENIED, "This program may not change the account that way.");
    }
    return cli_run(cli);
}

int cli_rename(struct cli *cli, int argc, char **argv)
{
    const struct cli_command *command = cli_command_find("rename");
    int exit = CLI_OK;
    const int letter = cli_option(cli, command, argc, argv, NULL);
    if (letter != -1) {
        return letter == 'h' ? CLI_OK : CLI_USAGE;
    }
    if (!cli_arguments(command, argc, 2)) {
        return CLI_USAGE;
    }
    const char *name = argv[optind + 1];
    const int code = cli_online(cli);
    const struct channel_device *device = code ? NULL : cli_device(cli, argv[optind], false, &exit);
    if (!device) {
        return code ? code : exit;
    }
    if (!*name || strlen(name) > CHANNEL_LOG_NAME_MAX) {
        return cli_fail(CLI_USAGE, "A name has 1 to %d bytes.", CHANNEL_LOG_NAME_MAX);
    }
    return changed(cli, channel_change_rename(cli->link, device->id, name, on_changed, cli));
}

int cli_revoke(struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {{"yes", no_argument, NULL, LETTER_YES}, {0}};
    const struct cli_command *command = cli_command_find("revoke");
    char question[256];
    bool yes = false;
    int letter = 0, exit = CLI_OK;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter != LETTER_YES) {
            return letter == 'h' ? CLI_OK : CLI_USAGE;
        }
        yes = true;
    }
    if (!cli_arguments(command, argc, 1)) {
        return CLI_USAGE;
    }
    const int code = cli_online(cli);
    const struct channel_device *device = code ? NULL : cli_device(cli, argv[optind], false, &exit);
    if (!device) {
        return code ? code : exit;
    }
    (void)snprintf(question, sizeof question, "Remove %s from the account for good?", device->name);
    if (!yes && !cli_confirm(question)) {
        return cli_fail(CLI_ERROR, "Nothing was removed. Answer y, or add --yes.");
    }
    return changed(cli, channel_change_revoke(cli->link, device->id, on_changed, cli));
}
