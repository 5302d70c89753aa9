/* approve: a person compares four words, then the computer that shows them is let in. */
#include <stdio.h>
#include <string.h>

#include "channel/link/enroll_link.h"
#include "viewer/cli/cli.h"
#include "viewer/cli/prompt.h"

enum { LETTER_YES = 0x100, LETTER_NAME };

struct approve {
    struct cli *cli;
    struct channel_enroll_approval *approval;
    const char *name;
    bool yes;
    char words[CHANNEL_WORDS_TEXT];
};

static void on_found(void *user, const struct channel_enroll_pc *pc, const char *words)
{
    struct approve *approve = user;
    (void)snprintf(approve->words, sizeof approve->words, "%s", words);
    if (!approve->cli->json) {
        (void)printf("Computer: ");
        cli_print_text(pc->name);
        (void)printf("\nSystem:   ");
        cli_print_text(pc->os);
        (void)printf("\nWords:    %s\n", words);
        (void)fflush(stdout);
    }
    if (!approve->yes && !cli_confirm("Does that computer show the same four words? Let it in?")) {
        channel_enroll_approval_destroy(approve->approval);
        approve->approval = NULL;
        cli_stop(approve->cli,
            cli_fail(CLI_DENIED, "Nothing was let in. Answer y when the words match, or add --yes."));
        return;
    }
    channel_enroll_approval_accept(approve->approval, approve->name);
}

static void on_done(void *user, const struct channel_device *device)
{
    struct approve *approve = user;
    char id[33];
    cli_hex(id, device->id, CHANNEL_ID_LEN);
    if (approve->cli->json) {
        cli_print_json(json_pack("{s:s, s:s, s:s}", "id", id, "name", device->name, "words", approve->words));
    } else {
        cli_print_text(device->name);
        (void)printf(" is in the account.\n");
    }
    cli_stop(approve->cli, CLI_OK);
}

static void on_failed(void *user, int code, const char *why)
{
    struct approve *approve = user;
    cli_stop(approve->cli, cli_fail(cli_exit_of_link(code), "%s", why));
}

int cli_approve(struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {
        {"yes", no_argument, NULL, LETTER_YES},
        {"name", required_argument, NULL, LETTER_NAME},
        {0},
    };
    const struct cli_command *command = cli_command_find("approve");
    struct approve approve = {.cli = cli};
    char code[CHANNEL_CODE_LEN + 1];
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter == LETTER_YES) {
            approve.yes = true;
        } else if (letter == LETTER_NAME) {
            approve.name = optarg;
        } else {
            return letter == 'h' ? CLI_OK : CLI_USAGE;
        }
    }
    if (!cli_arguments(command, argc, 1)) {
        return CLI_USAGE;
    }
    if (channel_code_normalise(code, argv[optind]) != 0) {
        return cli_fail(CLI_USAGE, "A code looks like ABCD-1234. Type the one that the computer shows.");
    }
    int exit = cli_online(cli);
    if (exit != CLI_OK) {
        return exit;
    }
    const struct channel_enroll_approval_callbacks callbacks = {
        .found = on_found, .done = on_done, .failed = on_failed};
    approve.approval = channel_enroll_approve_begin(cli->link, code, &callbacks, &approve);
    if (!approve.approval) {
        return cli_fail(CLI_OFFLINE, "The connection to the broker was lost. Try again.");
    }
    exit = cli_run(cli);
    channel_enroll_approval_destroy(approve.approval);
    return exit;
}
