/* cp: files and folders to or from a device. Survives the loss of network, broker and host: what is
 * missing is dialled and asked again, and every file goes on where it stopped. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/proto/link.pb-c.h"
#include "viewer/cli/cp_internal.h"

enum { LETTER_FORCE = 0x100, LETTER_RECURSIVE = 'r' };

enum { REDIAL_MS = 1000 };

static void release(struct slot *slot, enum cli_job_state state);

static void stop(struct cp *cp, int code)
{
    cli_progress_clear(&cp->progress);
    cli_stop(cp->cli, code);
}

void cp_give_up(struct cp *cp, int code, const char *message)
{
    cli_progress_clear(&cp->progress);
    cli_stop(cp->cli, cli_fail(code, "%s", message));
}

/* ---- being away */

static void plan_redial(struct cp *cp)
{
    (void)uv_timer_start(&cp->redial, cp->redial.timer_cb, REDIAL_MS, 0);
}

static void away(struct cp *cp, const char *why)
{
    if (cp->away_us == 0) {
        cp->away_us = cli_now_us();
    }
    (void)snprintf(cp->why, sizeof cp->why, "%s", why && *why ? why : "The connection was lost.");
    if (!cp->told_away && !cp->cli->json) {
        cp->told_away = true;
        cli_progress_clear(&cp->progress);
        (void)cli_fail(0, "%s Waiting for %s.", cp->why, cp->session.device_name);
    }
    plan_redial(cp);
}

static void on_redial(uv_timer_t *timer)
{
    struct cp *cp = timer->data;
    if (cp->away_us == 0) {
        return;
    }
    if ((double)(cli_now_us() - cp->away_us) / 1e6 >= cp->cli->timeout_s) {
        char message[600];
        (void)snprintf(message, sizeof message,
            "%s What was copied stays; run the same command again to go on.", cp->why);
        cp_give_up(cp, CLI_OFFLINE, message);
        return;
    }
    if (!cp->session.remote && cli_session_dial(&cp->session) != 0) {
        cp_give_up(cp, CLI_ERROR, "Out of memory.");
        return;
    }
    plan_redial(cp);
}

static void on_flowing(struct cli_session *session, bool flowing)
{
    struct cp *cp = session->user;
    if (!flowing) {
        away(cp, "The connection was lost.");
    } else {
        cp->away_us = 0;
        cp->told_away = false;
        (void)uv_timer_stop(&cp->redial);
    }
}

static void on_closed(struct cli_session *session, int code, const char *why)
{
    struct cp *cp = session->user;
    for (size_t i = 0; i < CP_SLOTS; i++) {
        if (cp->slots[i].used) {
            release(&cp->slots[i], CLI_JOB_WAITING); /* before the session they run in */
        }
    }
    viewer_remote_destroy(session->remote);
    session->remote = NULL;
    if (code == HEARTH__LINK__CODE__CODE_DENIED || code == HEARTH__LINK__CODE__CODE_NOT_FOUND ||
        code == HEARTH__LINK__CODE__CODE_BAD_REQUEST) {
        cp_give_up(cp, cli_exit_of_link(code), why);
        return;
    }
    away(cp, why);
}

/* An answer that ends the whole copy, unless the session is only lost. */
void cp_failed(struct cp *cp, int code, const char *message)
{
    if (code == VIEWER_FILE_LOST || code == HEARTH__SESSION__CODE__CODE_UNAVAILABLE) {
        return; /* on_closed comes, or came; go_on asks again */
    }
    cp_give_up(cp, cli_exit_of_session(code), message);
}

/* ---- copying */

static void show(struct cp *cp, const char *name)
{
    uint64_t done = cp->moved;
    for (size_t i = 0; i < CP_SLOTS; i++) {
        if (cp->slots[i].used) {
            done += cp->jobs.list[cp->slots[i].job].moved;
        }
    }
    cli_progress_show(&cp->progress, done, cp->jobs.total, name, cli_now_us());
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
    struct slot *slot = user;
    struct cli_job *job = &slot->cp->jobs.list[slot->job];
    if (job->size != total) {
        slot->cp->jobs.total += total - job->size;
        job->size = total;
    }
    job->moved = done;
    show(slot->cp, viewer_path_name(job->remote));
}

static void release(struct slot *slot, enum cli_job_state state)
{
    struct cp *cp = slot->cp;
    struct cli_job *job = &cp->jobs.list[slot->job];
    viewer_transfer_destroy(slot->transfer);
    slot->transfer = NULL;
    slot->folder_request = 0;
    slot->used = false;
    job->state = state;
    if (state == CLI_JOB_DONE && !job->folder) {
        cp->files++;
        cp->moved += job->size;
    }
    if (state == CLI_JOB_WAITING && slot->job < cp->next) {
        cp->next = slot->job;
    }
}

static void job_failed(struct slot *slot, int code, const char *why)
{
    struct cp *cp = slot->cp;
    const struct cli_job *job = &cp->jobs.list[slot->job];
    cli_progress_clear(&cp->progress);
    const int exit = cli_fail(cli_exit_of_session(code), "%s: %s", cp->up ? job->local : job->remote, why);
    cp->worst = cp->worst ? cp->worst : exit;
    release(slot, CLI_JOB_FAILED);
}

static void on_done(void *user, int code, const char *why)
{
    struct slot *slot = user;
    struct cp *cp = slot->cp;
    if (code == 0) {
        release(slot, CLI_JOB_DONE);
    } else {
        job_failed(slot, code, why);
    }
    cp_fill_slots(cp);
}

static void on_folder(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct slot *slot = user;
    struct cp *cp = slot->cp;
    slot->folder_request = 0;
    if (code == HEARTH__SESSION__CODE__CODE_UNAVAILABLE) {
        release(slot, CLI_JOB_WAITING);
        return;
    }
    if (answer) {
        release(slot, CLI_JOB_DONE);
    } else {
        job_failed(slot, code, message);
    }
    cp_fill_slots(cp);
}

static void make_far_folder(struct slot *slot, struct cli_job *job)
{
    struct cp *cp = slot->cp;
    Hearth__Session__FilePath at = HEARTH__SESSION__FILE_PATH__INIT;
    at.root = cp->root_id;
    at.path = (ProtobufCBinaryData){strlen(job->remote), (uint8_t *)job->remote};
    Hearth__Session__FileMakeFolder folder = HEARTH__SESSION__FILE_MAKE_FOLDER__INIT;
    folder.at = &at;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_MAKE_FOLDER;
    message.file_make_folder = &folder;
    slot->folder_request = viewer_remote_request(cp->session.remote, &message, on_folder, slot);
    if (slot->folder_request == 0) {
        release(slot, CLI_JOB_WAITING);
    }
}

static void start_job(struct slot *slot, size_t index)
{
    struct cp *cp = slot->cp;
    struct cli_job *job = &cp->jobs.list[index];
    slot->used = true;
    slot->job = index;
    job->state = CLI_JOB_RUNNING;
    job->moved = 0;
    if (job->folder && cp->up) {
        if (job->remote[0]) {
            make_far_folder(slot, job);
        } else {
            release(slot, CLI_JOB_DONE); /* the root itself is there */
        }
        return;
    }
    if (job->folder) {
        if (mkdir(job->local, 0777) != 0 && errno != EEXIST) {
            job_failed(slot, VIEWER_FILE_LOCAL, strerror(errno));
        } else {
            release(slot, CLI_JOB_DONE);
        }
        return;
    }
    const struct viewer_transfer_config config = {
        .remote = cp->session.remote,
        .root = cp->root_id,
        .path = job->remote,
        .local = job->local,
        .replace = cp->force,
        .progress = on_progress,
        .done = on_done,
        .user = slot,
    };
    slot->transfer = cp->up ? viewer_transfer_put(&config) : viewer_transfer_get(&config);
    if (!slot->transfer) {
        job_failed(slot, VIEWER_FILE_LOCAL, "Out of memory.");
    }
}

static bool any_used(const struct cp *cp, bool folders)
{
    for (size_t i = 0; i < CP_SLOTS; i++) {
        if (cp->slots[i].used && (!folders || cp->jobs.list[cp->slots[i].job].folder)) {
            return true;
        }
    }
    return false;
}

static void complete(struct cp *cp)
{
    cli_progress_clear(&cp->progress);
    if (cp->cli->json) {
        cli_print_json(json_pack("{s:I, s:I, s:f}", "files", (json_int_t)cp->files, "bytes",
            (json_int_t)cp->moved, "seconds", (double)(cli_now_us() - cp->began_us) / 1e6));
    }
    stop(cp, cp->worst);
}

void cp_fill_slots(struct cp *cp)
{
    if (cp->phase != PHASE_COPY || !cp->session.ready) {
        return;
    }
    for (;;) {
        while (cp->next < cp->jobs.count && cp->jobs.list[cp->next].state != CLI_JOB_WAITING) {
            cp->next++;
        }
        if (cp->next == cp->jobs.count) {
            break;
        }
        struct slot *slot = NULL;
        for (size_t i = 0; i < CP_SLOTS && !slot; i++) {
            slot = cp->slots[i].used ? NULL : &cp->slots[i];
        }
        /* What lies in a folder waits until the folder is made. */
        if (!slot || any_used(cp, true)) {
            return;
        }
        start_job(slot, cp->next);
    }
    if (!any_used(cp, false)) {
        complete(cp);
    }
}

static void on_ready(struct cli_session *session)
{
    struct cp *cp = session->user;
    if (!(cp->up ? session->files_write : session->files_read)) {
        cp_give_up(cp, CLI_DENIED,
            cp->up ? "This program may not send files to that computer."
                   : "This program may not read the files of that computer.");
        return;
    }
    on_flowing(session, true);
    cp_go_on(cp);
}

static void on_interrupt(struct cli *cli)
{
    struct cp *cp = cli->user;
    cli_progress_clear(&cp->progress);
    cli_stop(cli, cli_fail(CLI_INTERRUPTED, "Stopped. Run the same command again to go on where it was."));
}

/* ---- the command */

static int parse(struct cp *cp, struct cli *cli, int argc, char **argv)
{
    static const struct option own[] = {
        {"recursive", no_argument, NULL, LETTER_RECURSIVE},
        {"force", no_argument, NULL, LETTER_FORCE},
        {0},
    };
    const struct cli_command *command = cli_command_find("cp");
    struct viewer_place from, to;
    const char *why = NULL;
    struct stat stat_here;
    int letter = 0;
    while ((letter = cli_option(cli, command, argc, argv, own)) != -1) {
        if (letter == LETTER_RECURSIVE) {
            cp->recursive = true;
        } else if (letter == LETTER_FORCE) {
            cp->force = true;
        } else {
            return letter == 'h' ? -1 : CLI_USAGE;
        }
    }
    if (!cli_arguments(command, argc, 2)) {
        return CLI_USAGE;
    }
    if (viewer_place_parse(&from, argv[optind], &why) != 0 ||
        viewer_place_parse(&to, argv[optind + 1], &why) != 0) {
        return cli_fail(CLI_USAGE, "%s", why);
    }
    if (from.remote == to.remote) {
        return cli_fail(
            CLI_USAGE, from.remote ? "One side has to be on this computer. Copy in two steps."
                                   : "One side has to be DEVICE:FOLDER/PATH; for two places here use cp(1).");
    }
    cp->up = to.remote;
    cp->local = cp->up ? from : to;
    cp->remote = cp->up ? to : from;
    size_t len = strlen(cp->local.path);
    while (len > 1 && cp->local.path[len - 1] == '/') {
        cp->local.path[--len] = '\0';
    }
    const char *name = viewer_path_name(cp->local.path);
    if (cp->up && !viewer_name_ok(name, strlen(name))) {
        /* "." and ".." have a name of their own when they are asked for it. */
        char *real = realpath(cp->local.path, NULL);
        if (real && strlen(real) <= VIEWER_PATH_MAX) {
            (void)snprintf(cp->local.path, sizeof cp->local.path, "%s", real);
        }
        free(real);
    }
    if (!cp->remote.root[0]) {
        return cli_fail(CLI_USAGE, "Name a folder of the device, like %s:Home. \"hearth ls %s:\" lists them.",
            cp->remote.device, cp->remote.device);
    }
    if (cp->up && stat(cp->local.path, &stat_here) != 0) {
        return cli_fail(
            errno == ENOENT ? CLI_NOT_FOUND : CLI_LOCAL, "%s: %s.", cp->local.path, strerror(errno));
    }
    if (cp->up && S_ISDIR(stat_here.st_mode) && !cp->recursive) {
        return cli_fail(CLI_USAGE, "%s is a folder. Add -r to copy it with all it holds.", cp->local.path);
    }
    return CLI_OK;
}

static int run(struct cp *cp, struct cli *cli)
{
    int code = cli_session_open(&cp->session, cli, cp->remote.device);
    if (code != CLI_OK) {
        return code;
    }
    (void)uv_timer_init(&cli->loop, &cp->redial);
    cp->redial.data = cp;
    cp->redial.timer_cb = on_redial;
    cp->began_us = cli_now_us();
    cp->away_us = cp->began_us; /* until it first flows */
    plan_redial(cp);
    code = cli_run(cli);
    for (size_t i = 0; i < CP_SLOTS; i++) {
        viewer_transfer_destroy(cp->slots[i].transfer);
        cp->slots[i].transfer = NULL;
    }
    cli_session_close(&cp->session);
    cli_finish(cli);
    return code;
}

int cli_cp(struct cli *cli, int argc, char **argv)
{
    struct cp *cp = calloc(1, sizeof *cp);
    if (!cp) {
        return cli_fail(CLI_ERROR, "Out of memory.");
    }
    cp->cli = cli;
    cp->progress.quiet = cli->json;
    cp->session = (struct cli_session){
        .files = true, .on_ready = on_ready, .on_closed = on_closed, .on_flowing = on_flowing, .user = cp};
    cp->roots.session = &cp->session;
    cp->roots.done = cp_roots_known;
    cp->roots.user = cp;
    cp->listing.session = &cp->session;
    cp->listing.hidden = true;
    cp->listing.user = cp;
    for (size_t i = 0; i < CP_SLOTS; i++) {
        cp->slots[i].cp = cp;
    }
    cli->user = cp;
    cli->on_interrupt = on_interrupt;
    int code = parse(cp, cli, argc, argv);
    code = code == CLI_OK ? run(cp, cli) : (code < 0 ? CLI_OK : code);
    cli_listing_finish(&cp->listing.listing);
    cli_jobs_finish(&cp->jobs);
    free(cp);
    return code;
}
