#include "viewer/cli/cli.h"

#include <ctype.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel/proto/link.pb-c.h"
#include "channel/proto/session.pb-c.h"
#include "viewer/core/files.h"

enum { LETTER_HOME = 1, LETTER_JSON, LETTER_TIMEOUT, LETTER_INSECURE };

/* ---- words */

static void clean(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

int cli_fail(int code, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    clean(text);
    (void)fflush(stdout);
    (void)fprintf(stderr, "hearth: %s\n", text);
    return code;
}

void cli_print_text(const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        (void)putchar(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

void cli_print_json(json_t *value)
{
    (void)json_dumpf(value, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    (void)putchar('\n');
    json_decref(value);
}

void cli_hex(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[i * 2] = digits[data[i] >> 4];
        out[i * 2 + 1] = digits[data[i] & 15];
    }
    out[len * 2] = '\0';
}

void cli_os(char out[static 65])
{
    char line[256];
    FILE *file = fopen("/etc/os-release", "re");
    (void)snprintf(out, 65, "Linux");
    while (file && fgets(line, sizeof line, file)) {
        char name[65];
        if (sscanf(line, "PRETTY_NAME=\"%64[^\"]\"", name) == 1) {
            (void)snprintf(out, 65, "%s", name);
        }
    }
    if (file) {
        (void)fclose(file);
    }
}

int cli_exit_of_link(int code)
{
    switch (code) {
    case 0:
        return CLI_OK;
    case HEARTH__LINK__CODE__CODE_DENIED:
        return CLI_DENIED;
    case HEARTH__LINK__CODE__CODE_NOT_FOUND:
    case HEARTH__LINK__CODE__CODE_EXPIRED:
        return CLI_NOT_FOUND;
    case HEARTH__LINK__CODE__CODE_OFFLINE:
    case HEARTH__LINK__CODE__CODE_BUSY:
        return CLI_OFFLINE;
    default:
        return CLI_ERROR;
    }
}

int cli_exit_of_session(int code)
{
    switch (code) {
    case 0:
        return CLI_OK;
    case HEARTH__SESSION__CODE__CODE_DENIED:
    case HEARTH__SESSION__CODE__CODE_OUTSIDE:
        return CLI_DENIED;
    case HEARTH__SESSION__CODE__CODE_NOT_FOUND:
        return CLI_NOT_FOUND;
    case HEARTH__SESSION__CODE__CODE_EXISTS:
        return CLI_EXISTS;
    case HEARTH__SESSION__CODE__CODE_MISMATCH:
    case VIEWER_FILE_HOSTILE:
        return CLI_HOSTILE;
    case HEARTH__SESSION__CODE__CODE_UNAVAILABLE:
    case VIEWER_FILE_LOST:
        return CLI_OFFLINE;
    case HEARTH__SESSION__CODE__CODE_READ_ONLY:
    case HEARTH__SESSION__CODE__CODE_NO_SPACE:
    case HEARTH__SESSION__CODE__CODE_IO:
    case VIEWER_FILE_LOCAL:
        return CLI_LOCAL; /* a disk, on either side */
    default:
        return CLI_ERROR;
    }
}

/* ---- options */

static const char *program_of(const struct cli_command *command)
{
    return !command->run && command->name[0] ? command->name : "hearth";
}

int cli_usage(const struct cli_command *command)
{
    (void)fprintf(stderr, "Usage: %s %s\n", program_of(command), command->usage);
    return CLI_USAGE;
}

bool cli_arguments(const struct cli_command *command, int argc, int count)
{
    if (argc - optind == count) {
        return true;
    }
    (void)cli_usage(command);
    return false;
}

static bool take_timeout(struct cli *cli, const char *text)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value > 0) || value > 1e6) {
        (void)cli_fail(CLI_USAGE, "--timeout takes a number of seconds.");
        return false;
    }
    cli->timeout_s = value;
    cli->has_timeout = true;
    return true;
}

int cli_option(
    struct cli *cli, const struct cli_command *command, int argc, char **argv, const struct option *own)
{
    struct option all[CLI_OPTIONS_MAX] = {
        {"home", required_argument, NULL, LETTER_HOME},
        {"json", no_argument, NULL, LETTER_JSON},
        {"timeout", required_argument, NULL, LETTER_TIMEOUT},
        {"insecure-ws", no_argument, NULL, LETTER_INSECURE},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
    };
    size_t count = 6;
    char letters[CLI_OPTIONS_MAX + 4] = "";
    size_t at = 0;
    if (!command->name[0]) {
        letters[at++] = '+'; /* before the command's name: stop at it */
    }
    letters[at++] = 'h';
    for (; own && own->name && count < CLI_OPTIONS_MAX - 1; own++) {
        all[count++] = *own;
        if (own->val == 'r') {
            letters[at++] = 'r';
        }
    }
    letters[at] = '\0';
    for (;;) {
        const int letter = getopt_long(argc, argv, letters, all, NULL);
        switch (letter) {
        case LETTER_HOME:
            cli->home_dir = optarg;
            break;
        case LETTER_JSON:
            cli->json = true;
            break;
        case LETTER_INSECURE:
            cli->insecure = true;
            break;
        case LETTER_TIMEOUT:
            if (!take_timeout(cli, optarg)) {
                return '?';
            }
            break;
        case 'h':
            if (command->name[0]) {
                (void)printf(
                    "Usage: %s %s\n\n%s.\nOptions of every command: --home DIR, --json, --timeout S, "
                    "--insecure-ws, --help.\n",
                    program_of(command), command->usage, command->summary);
            }
            return 'h';
        default:
            return letter;
        }
    }
}

double cli_timeout_s(const struct cli *cli)
{
    return cli->timeout_s;
}

/* ---- home */

static void make_folder(const char *path)
{
    (void)mkdir(path, 0700);
}

/* One home per program: the command's is beside the host's. */
static int default_home(char *out, size_t cap)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char base[3072];
    if (config && config[0] == '/') {
        (void)snprintf(base, sizeof base, "%s", config);
    } else if (home && home[0] == '/') {
        (void)snprintf(base, sizeof base, "%s/.config", home);
    } else {
        return -1;
    }
    make_folder(base);
    const int folder = snprintf(out, cap, "%s/hearth", base);
    if (folder < 0 || (size_t)folder >= cap) {
        return -1;
    }
    make_folder(out);
    const int len = snprintf(out, cap, "%s/hearth/cli", base);
    return len > 0 && (size_t)len < cap ? 0 : -1;
}

int cli_open_home(struct cli *cli, bool enrolled)
{
    char folder[4096], why[CHANNEL_HOME_WHY_MAX] = "";
    if (cli->home) {
        return CLI_OK;
    }
    if (!cli->home_dir && default_home(folder, sizeof folder) != 0) {
        return cli_fail(CLI_LOCAL, "There is no home directory. Name one with --home DIR.");
    }
    const int error = channel_home_load(cli->home_dir ? cli->home_dir : folder, &cli->home, why, sizeof why);
    if (error != 0) {
        return cli_fail(error == CHANNEL_HOME_ERR_ROLLBACK ? CLI_HOSTILE : CLI_LOCAL, "%s", why);
    }
    if (enrolled && !channel_home_enrolled(cli->home)) {
        return cli_fail(CLI_DENIED,
            "This program is not signed in (%s). Run \"hearth signup URL ACCOUNT\" or \"hearth "
            "login URL ACCOUNT\".",
            channel_home_dir(cli->home));
    }
    return CLI_OK;
}

/* ---- the link */

static int online_failed(struct cli *cli, int code, const char *why)
{
    if (!cli->quiet) {
        return cli_fail(code, "%s", why);
    }
    if (why != cli->link_why) {
        (void)snprintf(cli->link_why, sizeof cli->link_why, "%s", why);
    }
    return code;
}

static void check_online(struct cli *cli)
{
    /* Presence comes after the log, so the log was checked by then. */
    if (cli->waiting_online && cli->online && cli->presence_known) {
        cli->waiting_online = false;
        cli_stop(cli, CLI_OK);
    }
}

static void on_state(void *user, enum channel_link_state state, const char *why)
{
    struct cli *cli = user;
    cli->online = state == CHANNEL_LINK_ONLINE;
    if (why) {
        (void)snprintf(cli->link_why, sizeof cli->link_why, "%s", why);
    }
    if (state == CHANNEL_LINK_REFUSED && cli->waiting_online) {
        cli->waiting_online = false;
        const bool trust =
            channel_net_endpoint(cli->net)->refused_pin[0] != '\0' || channel_link_untrusted(cli->link);
        cli_stop(cli, online_failed(cli, trust ? CLI_HOSTILE : CLI_DENIED, cli->link_why));
        return;
    }
    check_online(cli);
    if (cli->on_link) {
        cli->on_link(cli, state, why);
    }
}

static void on_log(void *user)
{
    struct cli *cli = user;
    if (cli->on_log) {
        cli->on_log(cli);
    }
}

static void on_presence(void *user)
{
    struct cli *cli = user;
    cli->presence_known = true;
    check_online(cli);
    if (cli->on_presence) {
        cli->on_presence(cli);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct cli *cli = timer->data;
    if (cli->waiting_online) {
        cli->waiting_online = false;
        cli_stop(cli,
            online_failed(cli, CLI_OFFLINE,
                cli->link_why[0] ? cli->link_why : "The broker did not answer in time. Check the network."));
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct cli *cli = handle->data;
    (void)number;
    cli->interrupted = true;
    if (cli->on_interrupt) {
        cli->on_interrupt(cli);
    } else {
        cli_stop(cli, CLI_INTERRUPTED);
    }
}

static void watch_signals(struct cli *cli)
{
    (void)uv_signal_init(&cli->loop, &cli->interrupt);
    (void)uv_signal_init(&cli->loop, &cli->terminate);
    cli->interrupt.data = cli;
    cli->terminate.data = cli;
    (void)uv_signal_start(&cli->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&cli->terminate, on_signal, SIGTERM);
    uv_unref((uv_handle_t *)&cli->interrupt);
    uv_unref((uv_handle_t *)&cli->terminate);
}

int cli_online(struct cli *cli)
{
    const char *why = NULL;
    char os[65];
    const int home = cli_open_home(cli, true);
    if (home != CLI_OK) {
        return home;
    }
    if (uv_loop_init(&cli->loop) != 0) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    (void)uv_timer_init(&cli->loop, &cli->timer);
    cli->timer.data = cli;
    watch_signals(cli);
    cli->net = channel_net_create(
        &cli->loop, channel_home_broker(cli->home), channel_home_pin(cli->home), cli->insecure, &why);
    if (!cli->net) {
        return online_failed(cli, CLI_ERROR, why);
    }
    cli_os(os);
    const struct channel_link_config config = {
        .kind = HEARTH__LINK__KIND__KIND_CLI,
        .os = os,
        .home = cli->home,
        .net = cli->net,
        .callbacks = {.state = on_state, .log_changed = on_log, .presence = on_presence},
        .user = cli,
    };
    cli->link = channel_link_create(&config);
    if (!cli->link) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    cli->waiting_online = true;
    (void)uv_timer_start(&cli->timer, on_timer, (uint64_t)(cli->timeout_s * 1000), 0);
    return cli_run(cli);
}

int cli_run(struct cli *cli)
{
    cli->exit_code = CLI_ERROR;
    (void)uv_run(&cli->loop, UV_RUN_DEFAULT);
    return cli->exit_code;
}

void cli_stop(struct cli *cli, int code)
{
    cli->exit_code = code;
    uv_stop(&cli->loop);
}

static void close_rest(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void on_net_gone(void *user)
{
    struct cli *cli = user;
    cli->net = NULL;
}

static void on_link_gone(void *user)
{
    struct cli *cli = user;
    cli->link = NULL;
    channel_net_destroy(cli->net, on_net_gone, cli);
}

void cli_finish(struct cli *cli)
{
    if (cli->net) {
        if (cli->link) {
            channel_link_destroy(cli->link, on_link_gone, cli);
        } else {
            channel_net_destroy(cli->net, on_net_gone, cli);
        }
        while (cli->net) {
            (void)uv_run(&cli->loop, UV_RUN_ONCE);
        }
    }
    if (cli->loop.data == NULL && cli->timer.data == cli) {
        uv_walk(&cli->loop, close_rest, NULL);
        (void)uv_run(&cli->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&cli->loop);
        cli->timer.data = NULL; /* a command and main both finish */
    }
    channel_home_destroy(cli->home);
    cli->home = NULL;
}

/* ---- devices */

const struct channel_presence *cli_presence(struct cli *cli, const uint8_t id[static CHANNEL_ID_LEN])
{
    for (size_t i = 0; i < channel_link_presence_count(cli->link); i++) {
        const struct channel_presence *presence = channel_link_presence(cli->link, i);
        if (memcmp(presence->device_id, id, CHANNEL_ID_LEN) == 0) {
            return presence;
        }
    }
    return NULL;
}

static bool same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

const struct channel_device *cli_device(struct cli *cli, const char *name, bool hosts, int *out_exit)
{
    const struct channel_log *log = channel_home_log(cli->home);
    const struct channel_device *found = NULL;
    const struct channel_device *other = NULL;
    size_t matches = 0;
    for (int pass = 0; pass < 2 && matches == 0; pass++) {
        for (size_t i = 0; i < channel_log_device_count(log); i++) {
            const struct channel_device *device = channel_log_device(log, i);
            char id[CHANNEL_ID_LEN * 2 + 1];
            cli_hex(id, device->id, CHANNEL_ID_LEN);
            const bool match = pass == 0 ? same_name(device->name, name)
                                         : strlen(name) >= 4 && strncasecmp(id, name, strlen(name)) == 0;
            if (!match || device->revoked) {
                continue;
            }
            if (hosts && device->role != CHANNEL_ROLE_HOST) {
                other = device;
                continue;
            }
            found = device;
            matches++;
        }
    }
    if (matches == 1) {
        return found;
    }
    if (matches > 1) {
        *out_exit = cli_fail(CLI_USAGE,
            "Several devices are called \"%s\". Use the start of an id from \"hearth devices --all\".", name);
    } else if (other) {
        *out_exit =
            cli_fail(CLI_NOT_FOUND, "\"%s\" is a viewer; there is nothing to connect to on it.", name);
    } else {
        *out_exit = cli_fail(
            CLI_NOT_FOUND, "There is no device \"%s\" in the account. \"hearth devices\" lists them.", name);
    }
    return NULL;
}
