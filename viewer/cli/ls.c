/* ls: roots, a folder, or one file of a device. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "viewer/cli/listing.h"

enum { LETTER_ALL = 0x100 };

struct ls {
    struct cli_session session;
    struct viewer_place place;
    struct cli_roots_request roots;
    struct cli_listing_request listing;
    bool all, one;
    uv_timer_t limit;
};

static const char *kind_name(Hearth__Session__FileEntry__Kind kind)
{
    switch (kind) {
    case HEARTH__SESSION__FILE_ENTRY__KIND__FILE:
        return "file";
    case HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER:
        return "folder";
    case HEARTH__SESSION__FILE_ENTRY__KIND__LINK:
        return "link";
    case HEARTH__SESSION__FILE_ENTRY__KIND__OTHER:
    default:
        return "other";
    }
}

/* Names are bytes; what is no UTF-8 reaches JSON with the bad bytes as U+FFFD. */
static json_t *name_json(const char *name)
{
    json_t *value = json_string(name);
    if (value) {
        return value;
    }
    char shown[VIEWER_NAME_MAX * 3 + 1];
    size_t at = 0;
    for (; *name; name++) {
        const unsigned char c = (unsigned char)*name;
        at += (size_t)snprintf(
            shown + at, sizeof shown - at, "%s", c < 0x80 ? (char[]){(char)c, 0} : "\xef\xbf\xbd");
    }
    return json_string(shown);
}

static void print_roots(struct ls *ls)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ls->roots.count; i++) {
        const struct cli_root *root = &ls->roots.roots[i];
        if (ls->session.cli->json) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:b, s:I}", "name", root->name, "id", root->id, "kind",
                          "root", "write", root->write, "free", (json_int_t)root->free_bytes));
        } else {
            cli_print_text(root->name);
            (void)printf("/  %s, %" PRIu64 " MB free\n", root->write ? "read and write" : "read only",
                root->free_bytes / 1000000);
        }
    }
    if (ls->session.cli->json) {
        cli_print_json(list);
    } else {
        json_decref(list);
    }
}

static void print_entry(const struct cli_entry *entry, const char *name)
{
    char when[32] = "";
    const time_t seconds = (time_t)(entry->mtime_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local)) {
        (void)strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
    }
    if (entry->kind == HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER) {
        (void)printf("%14s  %s  ", "", when);
    } else {
        (void)printf("%14" PRIu64 "  %s  ", entry->size, when);
    }
    cli_print_text(name);
    (void)printf("%s\n", entry->kind == HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER ? "/" : "");
}

static void print_entries(struct ls *ls)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ls->listing.listing.count; i++) {
        const struct cli_entry *entry = &ls->listing.listing.entries[i];
        const char *name = ls->one ? viewer_path_name(ls->place.path) : entry->name;
        if (ls->session.cli->json) {
            (void)json_array_append_new(list,
                json_pack("{s:o, s:s, s:I, s:I}", "name", name_json(name), "kind", kind_name(entry->kind),
                    "size", (json_int_t)entry->size, "mtime_ms", (json_int_t)entry->mtime_ms));
        } else {
            print_entry(entry, name);
        }
    }
    if (ls->session.cli->json) {
        cli_print_json(list);
    } else {
        json_decref(list);
    }
}

static void on_listed(struct cli_listing_request *request, int code, const char *message)
{
    struct ls *ls = request->user;
    if (code != 0) {
        cli_stop(ls->session.cli, cli_fail(cli_exit_of_session(code), "%s", message));
        return;
    }
    print_entries(ls);
    cli_stop(ls->session.cli, CLI_OK);
}

static void on_stat(struct cli_listing_request *request, int code, const char *message)
{
    struct ls *ls = request->user;
    if (code != 0) {
        on_listed(request, code, message);
        return;
    }
    if (request->listing.entries[0].kind != HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER) {
        ls->one = true;
        on_listed(request, 0, NULL);
        return;
    }
    request->done = on_listed;
    cli_listing_read(request);
}

static void on_roots(struct cli_roots_request *request, int code, const char *message)
{
    struct ls *ls = request->user;
    struct cli *cli = ls->session.cli;
    if (code != 0) {
        cli_stop(cli, cli_fail(cli_exit_of_session(code), "%s", message));
        return;
    }
    if (!ls->place.root[0]) {
        print_roots(ls);
        cli_stop(cli, CLI_OK);
        return;
    }
    const struct cli_root *root = cli_roots_find(request, ls->place.root);
    if (!root) {
        cli_stop(cli,
            cli_fail(CLI_NOT_FOUND, "%s offers no folder \"%s\". \"hearth ls %s:\" lists what it offers.",
                ls->session.device_name, ls->place.root, ls->session.device_name));
        return;
    }
    ls->listing.session = &ls->session;
    ls->listing.hidden = ls->all;
    ls->listing.user = ls;
    (void)snprintf(ls->listing.root, sizeof ls->listing.root, "%s", root->id);
    (void)snprintf(ls->listing.path, sizeof ls->listing.path, "%s", ls->place.path);
    if (ls->place.path[0]) {
        ls->listing.done = on_stat;
        cli_listing_stat(&ls->listing);
    } else {
        ls->listing.done = on_listed;
        cli_listing_read(&ls->listing);
    }
}

static void on_ready(struct cli_session *session)
{
    struct ls *ls = session->user;
    if (!session->files_read) {
        cli_stop(session->cli,
            cli_fail(CLI_DENIED, "This program may not see the files of %s.", session->device_name));
        return;
    }
    ls->roots.session = session;
    ls->roots.done = on_roots;
    ls->roots.user = ls;
    cli_roots_read(&ls->roots);
}

static void on_limit(uv_timer_t *timer)
{
    struct ls *ls = timer->data;
    cli_stop(ls->session.cli, cli_fail(CLI_OFFLINE, "%s did not answer in time.", ls->session.device_name));
}

int cli_ls(struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {{"all", no_argument, NULL, LETTER_ALL}, {0}};
    const struct cli_command *command = cli_command_find("ls");
    struct ls ls = {.session = {.files = true, .on_ready = on_ready}};
    const char *why = NULL;
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter != LETTER_ALL) {
            return letter == 'h' ? CLI_OK : CLI_USAGE;
        }
        ls.all = true;
    }
    if (!cli_arguments(command, argc, 1)) {
        return CLI_USAGE;
    }
    if (viewer_place_parse(&ls.place, argv[optind], &why) != 0) {
        return cli_fail(CLI_USAGE, "%s", why);
    }
    if (!ls.place.remote) {
        return cli_fail(CLI_USAGE, "Write DEVICE: or DEVICE:FOLDER/PATH, like desk:Home/notes.");
    }
    ls.session.user = &ls;
    int code = cli_session_open(&ls.session, cli, ls.place.device);
    if (code == CLI_OK) {
        (void)uv_timer_init(&cli->loop, &ls.limit);
        ls.limit.data = &ls;
        (void)uv_timer_start(&ls.limit, on_limit, (uint64_t)(cli->timeout_s * 1000), 0);
        code = cli_run(cli);
    }
    cli_session_close(&ls.session);
    cli_finish(cli);
    cli_listing_finish(&ls.listing.listing);
    return code;
}
