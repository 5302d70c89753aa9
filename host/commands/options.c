#include "host/commands/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "Usage: hearth-host COMMAND [OPTIONS]\n"
    "\n"
    "  enroll URL             ask to join an account; shows a code and four words, and waits\n"
    "      --name NAME        name of this PC (default: its host name)\n"
    "      --pin FINGERPRINT  sha256:... of the broker's own TLS certificate\n"
    "      --insecure-ws      allow http to a broker that is not on this PC\n"
    "  run                    share this PC until it is stopped\n"
    "      --display :N       X display to share (default: $DISPLAY)\n"
    "      --view-only        nobody may change anything\n"
    "  status                 whether this PC is enrolled, where, and what it shares\n"
    "  roots [list]           the shared folders\n"
    "  roots add FOLDER       share a folder; --name NAME, --read-only\n"
    "  roots remove ID        share it no more\n"
    "\n"
    "      --home DIR         keys and settings (default: $XDG_CONFIG_HOME/hearth/host)\n"
    "      --json             one JSON object a line\n"
    "      --help, --version\n";

static const struct option long_options[] = {
    {"home", required_argument, NULL, 'H'},
    {"name", required_argument, NULL, 'n'},
    {"pin", required_argument, NULL, 'p'},
    {"display", required_argument, NULL, 'd'},
    {"json", no_argument, NULL, 'j'},
    {"view-only", no_argument, NULL, 'v'},
    {"insecure-ws", no_argument, NULL, 'i'},
    {"read-only", no_argument, NULL, 'r'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static bool default_home(char out[static PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && config[0] == '/')
        return snprintf(out, PATH_MAX, "%s/hearth/host", config) < PATH_MAX;
    return home && snprintf(out, PATH_MAX, "%s/.config/hearth/host", home) < PATH_MAX;
}

/* 0 to go on, else 1 + exit code. */
static int take_option(struct host_options *options, int option)
{
    switch (option) {
    case 'H':
        return snprintf(options->home, PATH_MAX, "%s", optarg) < PATH_MAX ? 0 : 1 + HOST_EXIT_USAGE;
    case 'n':
        options->name = optarg;
        return 0;
    case 'p':
        options->pin = optarg;
        return 0;
    case 'd':
        options->display = optarg;
        return 0;
    case 'j':
        options->json = true;
        return 0;
    case 'v':
        options->view_only = true;
        return 0;
    case 'i':
        options->insecure = true;
        return 0;
    case 'r':
        options->read_only = true;
        return 0;
    case 'h':
        (void)fputs(usage, stdout);
        return 1 + HOST_EXIT_OK;
    case 'V':
        (void)puts("hearth-host " HEARTH_VERSION);
        return 1 + HOST_EXIT_OK;
    default:
        (void)fputs("See hearth-host --help.\n", stderr);
        return 1 + HOST_EXIT_USAGE;
    }
}

bool host_options_parse(struct host_options *out, int argc, char **argv, int *out_code)
{
    struct host_options options = {0};
    int option, end = 0;
    bool home = default_home(options.home);
    while (end == 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        end = take_option(&options, option);
        home = home || option == 'H';
    }
    if (end != 0) {
        *out_code = end - 1;
        return false;
    }
    if (optind == argc || !home) {
        if (optind == argc)
            (void)fputs(usage, stderr);
        else
            (void)host_fail(HOST_EXIT_USAGE, "There is no $HOME. Give --home DIR.");
        *out_code = HOST_EXIT_USAGE;
        return false;
    }
    options.command = argv[optind];
    options.argc = argc - optind - 1;
    options.argv = argv + optind + 1;
    *out = options;
    return true;
}
