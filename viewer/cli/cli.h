/* What the subcommands of hearth share: options, the home, the way online, exit codes, words for people.
 * One thread, one loop, one command per process. docs/man/hearth.1 */
#pragma once

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "channel/link/link.h"
#include "channel/path/net.h"

/* Part of the contract; docs/man/hearth.1 "Exit status". */
enum cli_exit {
    CLI_OK = 0,
    CLI_ERROR = 1,
    CLI_USAGE = 2,
    CLI_DENIED = 3,
    CLI_NOT_FOUND = 4,
    CLI_OFFLINE = 5,
    CLI_EXISTS = 6,
    CLI_HOSTILE = 7,
    CLI_LOCAL = 8,
    CLI_INTERRUPTED = 130
};

enum { CLI_OPTIONS_MAX = 24, CLI_TIMEOUT_DEFAULT_S = 60 };

struct cli {
    /* Options that every command has. */
    const char *home_dir; /* NULL = the default */
    bool json, insecure;
    double timeout_s;
    bool has_timeout;

    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    uv_timer_t timer;
    struct channel_home *home;
    struct channel_net *net;
    struct channel_link *link;
    /* Told by the link; commands may replace on_* before cli_online. */
    void (*on_log)(struct cli *cli);
    void (*on_presence)(struct cli *cli);
    void (*on_link)(struct cli *cli, enum channel_link_state state, const char *why);
    void (*on_interrupt)(struct cli *cli); /* NULL = stop with CLI_INTERRUPTED */
    void *user;                            /* of the command */
    bool waiting_online, online, presence_known, interrupted;
    bool quiet; /* failures to come online are kept in link_why, not printed */
    char link_why[420];
    int exit_code;
};

/* One row of the table in main.c, or a program of its own (run NULL, but a name). run gets argv[0] = the
 * command's name. */
struct cli_command {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv);
    const char *usage; /* after "hearth "; of a program of its own: after its name */
    const char *summary;
};

/* ---- options */

/* The next option of a command: its letter, '?' after a message was printed (return CLI_USAGE), 'h' when
 * help was printed (return CLI_OK), -1 at the end (optind is the first argument). own may be NULL;
 * options that every command has are handled inside. Own letters are not h, V or above 0xff. */
int cli_option(
    struct cli *cli, const struct cli_command *command, int argc, char **argv, const struct option *own);
/* Exactly `count` arguments are left; else a message and false. */
bool cli_arguments(const struct cli_command *command, int argc, int count);
int cli_usage(const struct cli_command *command);

/* ---- the way online */

/* Open the home; 0 or an exit code after a message. enrolled: it has to belong to an account. */
int cli_open_home(struct cli *cli, bool enrolled);
/* Home, network, link: returns when the link is up, the log checked and presence known, within the time-out.
 * 0 or an exit code after a message. */
int cli_online(struct cli *cli);
/* Run the loop until cli_stop; gives its code. */
int cli_run(struct cli *cli);
void cli_stop(struct cli *cli, int code);
/* Close all that is open; the loop is empty then. */
void cli_finish(struct cli *cli);
double cli_timeout_s(const struct cli *cli);

/* ---- devices */

/* By name (case does not count) or by the start of its id; NULL after a message. hosts: only these. */
const struct channel_device *cli_device(struct cli *cli, const char *name, bool hosts, int *out_exit);
const struct channel_presence *cli_presence(struct cli *cli, const uint8_t id[static CHANNEL_ID_LEN]);

/* ---- words */

/* "hearth: ..." to stderr, one line; control characters of foreign text become '?'. Returns code. */
__attribute__((format(printf, 2, 3))) int cli_fail(int code, const char *format, ...);
/* An exit code for a Code of link.proto and one of session.proto or viewer_file_code. */
int cli_exit_of_link(int code);
int cli_exit_of_session(int code);
/* Print and free. */
void cli_print_json(json_t *value);
/* To stdout with control characters as '?', so that no name can drive the terminal. */
void cli_print_text(const char *text);
void cli_hex(char *out, const uint8_t *data, size_t len); /* out has 2 * len + 1 bytes */
/* The kind of system here, "Debian GNU/Linux 12". */
void cli_os(char out[static 65]);

/* ---- commands */
int cli_signup(struct cli *cli, int argc, char **argv);
int cli_login(struct cli *cli, int argc, char **argv);
int cli_approve(struct cli *cli, int argc, char **argv);
int cli_devices(struct cli *cli, int argc, char **argv);
int cli_rename(struct cli *cli, int argc, char **argv);
int cli_revoke(struct cli *cli, int argc, char **argv);
int cli_ls(struct cli *cli, int argc, char **argv);
int cli_cp(struct cli *cli, int argc, char **argv);
int cli_ping(struct cli *cli, int argc, char **argv);
int cli_probe(struct cli *cli, int argc, char **argv);
int cli_doctor(struct cli *cli, int argc, char **argv);
const struct cli_command *cli_command_find(const char *name);
