/* What the subcommands of hearth-host share: options, exit codes, the home. */
#pragma once

#include "channel/identity/home.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit codes; scripts rely on them. docs/man/hearth-host.1 */
enum host_exit {
    HOST_EXIT_OK = 0,
    HOST_EXIT_FAILED = 1,
    HOST_EXIT_USAGE = 2,
    HOST_EXIT_DENIED = 3,      /* refused, or this PC was removed from the account */
    HOST_EXIT_UNREACHABLE = 5, /* the broker, or nobody approved in time */
    HOST_EXIT_VERIFY = 7,      /* forked or rolled-back log, another TLS key */
    HOST_EXIT_IO = 8           /* a local file */
};

struct host_options {
    const char *command;
    char home[PATH_MAX];
    const char *name;    /* --name */
    const char *pin;     /* --pin */
    const char *display; /* --display */
    bool json, view_only, insecure, read_only;
    int argc; /* what is left besides options */
    char **argv;
};

/* False: help or version was printed, or the line is wrong and that was said; *out_code is for exit(). */
bool host_options_parse(struct host_options *out, int argc, char **argv, int *out_code);

int host_command_enroll(const struct host_options *options);
int host_command_run(const struct host_options *options);
int host_command_status(const struct host_options *options);
int host_command_roots(const struct host_options *options);

/* "Message. What to do." on stderr after the program's name; returns code. */
int host_fail(enum host_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Load --home, made when absent. HOST_EXIT_OK, or the exit code after saying why. */
int host_home_open(const struct host_options *options, struct channel_home **out);
bool host_home_exists(const struct host_options *options);

/* Name of this PC for its account: its host name without the domain. Terminated. */
void host_pc_name(char *out, size_t cap);
/* "Debian GNU/Linux 12 (bookworm)", or the kernel's name. Terminated. */
void host_pc_os(char *out, size_t cap);

/* Draw text as a QR code with half blocks, dark on light; nothing when it does not fit. */
void host_qr_print(const char *text);
