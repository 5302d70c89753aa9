/* hearth: the devices of an account from a terminal. docs/man/hearth.1 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "viewer/cli/cli.h"

static const struct cli_command commands[] = {
    {"signup", cli_signup, "signup URL ACCOUNT [--password-file FILE] [--pin FINGERPRINT] [--name NAME]",
        "make an account on a broker"},
    {"login", cli_login,
        "login URL ACCOUNT [--password-file FILE] [--recovery [--recovery-file FILE]] [--pin FINGERPRINT] "
        "[--name NAME]",
        "sign this program in to an account"},
    {"approve", cli_approve, "approve CODE [--yes] [--name NAME]", "let a computer that shows this code in"},
    {"devices", cli_devices, "devices [--all] [--watch]", "list the devices of the account"},
    {"rename", cli_rename, "rename DEVICE NAME", "give a device another name"},
    {"revoke", cli_revoke, "revoke DEVICE [--yes]", "remove a device for good"},
    {"ls", cli_ls, "ls DEVICE:[ROOT[/PATH]] [--all]", "list folders and files of a device"},
    {"cp", cli_cp, "cp [-r] [--force] FROM TO", "copy files; either side may be DEVICE:ROOT/PATH"},
    {"ping", cli_ping, "ping DEVICE [--count N]", "path and round trip to a device"},
    {"probe", cli_probe,
        "probe DEVICE [--seconds N] [--type TEXT] [--key KEYSYM] [--click X,Y] [--shot FILE.png]",
        "look at a screen without a window, for scripts and monitoring"},
    {"doctor", cli_doctor, "doctor", "check this installation and say what to do"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static void help(FILE *out)
{
    (void)fprintf(out, "Usage: hearth [--home DIR] [--json] COMMAND ...\n\nCommands:\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].summary);
    }
    (void)fprintf(out, "\nOptions of every command:\n"
                       "  --home DIR     where this program keeps who it is\n"
                       "  --json         results as JSON\n"
                       "  --timeout S    give up after so many seconds\n"
                       "  --insecure-ws  allow a broker without TLS that is not on this computer\n"
                       "  --help, --version\n\n"
                       "\"hearth COMMAND --help\" tells more; exit codes are in hearth(1).\n");
}

int main(int argc, char **argv)
{
    struct cli cli = {.timeout_s = CLI_TIMEOUT_DEFAULT_S};
    const struct cli_command all = {.name = "", .usage = "[--home DIR] [--json] COMMAND ...", .summary = ""};
    (void)signal(SIGPIPE, SIG_IGN);
    for (;;) {
        /* '+' inside: options behind the command's name are the command's. */
        const int option = cli_option(&cli, &all, argc, argv, NULL);
        if (option == -1) {
            break;
        }
        if (option == 'h') {
            help(stdout);
            return CLI_OK;
        }
        if (option == 'V') {
            (void)printf("hearth %s\n", HEARTH_VERSION);
            return CLI_OK;
        }
        return CLI_USAGE;
    }
    if (optind >= argc) {
        help(stderr);
        return CLI_USAGE;
    }
    const struct cli_command *command = cli_command_find(argv[optind]);
    if (!command) {
        return cli_fail(CLI_USAGE, "There is no command \"%s\". \"hearth --help\" lists them.", argv[optind]);
    }
    argc -= optind;
    argv += optind;
    optind = 0; /* glibc: start over */
    if (channel_crypto_init() != 0) {
        return cli_fail(CLI_ERROR, "The system gives no random numbers.");
    }
    const int code = command->run(&cli, argc, argv);
    cli_finish(&cli);
    return code;
}
