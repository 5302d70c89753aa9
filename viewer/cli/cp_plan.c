/* cp: what there is to copy, and where it goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/proto/session.pb-c.h"
#include "viewer/cli/cp_internal.h"

static void on_walked(struct cli_listing_request *request, int code, const char *message)
{
    struct cp *cp = request->user;
    char local[VIEWER_PATH_MAX + 1], remote[VIEWER_PATH_MAX + 1];
    if (code != 0) {
        cp_failed(cp, code, message);
        return;
    }
    for (size_t i = 0; i < request->listing.count; i++) {
        const struct cli_entry *entry = &request->listing.entries[i];
        const struct cli_job *parent = &cp->jobs.list[cp->walked];
        const bool folder = entry->kind == HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER;
        if (!folder && entry->kind != HEARTH__SESSION__FILE_ENTRY__KIND__FILE) {
            (void)cli_fail(0, "%s/%s is not a plain file; skipped.", parent->remote, entry->name);
            continue;
        }
        if (viewer_path_join(local, sizeof local, parent->local, entry->name) != 0 ||
            viewer_path_join(remote, sizeof remote, parent->remote, entry->name) != 0) {
            (void)cli_fail(0, "%s/%s is too long a path; skipped.", parent->remote, entry->name);
            continue;
        }
        if (cli_jobs_add(&cp->jobs, local, remote, folder, folder ? 0 : entry->size) != 0) {
            cp_give_up(cp, CLI_ERROR, "Out of memory.");
            return;
        }
    }
    cp->walked++;
    cp_go_on(cp);
}

static void walk(struct cp *cp)
{
    while (cp->walked < cp->jobs.count && !cp->jobs.list[cp->walked].folder) {
        cp->walked++;
    }
    if (cp->walked == cp->jobs.count) {
        cp->phase = PHASE_COPY;
        cp_fill_slots(cp);
        return;
    }
    (void)snprintf(cp->listing.path, sizeof cp->listing.path, "%s", cp->jobs.list[cp->walked].remote);
    cp->listing.done = on_walked;
    cli_listing_read(&cp->listing);
}

/* The last name of what is copied; that of the root for a root. */
static const char *source_name(const struct cp *cp)
{
    if (!cp->up) {
        return cp->remote.path[0] ? viewer_path_name(cp->remote.path) : cp->remote.root;
    }
    return viewer_path_name(cp->local.path);
}

static int plan_upload(struct cp *cp, bool into_folder)
{
    char far[VIEWER_PATH_MAX + 1];
    struct stat stat_here;
    if (stat(cp->local.path, &stat_here) != 0) {
        cp_give_up(cp, errno == ENOENT ? CLI_NOT_FOUND : CLI_LOCAL,
            "The file to copy cannot be read. Check its name.");
        return -1;
    }
    if (viewer_path_join(far, sizeof far, cp->remote.path, into_folder ? source_name(cp) : "") != 0) {
        cp_give_up(cp, CLI_USAGE, "That path is too long.");
        return -1;
    }
    const int result = S_ISDIR(stat_here.st_mode)
                           ? cli_jobs_walk(&cp->jobs, cp->local.path, far)
                           : cli_jobs_add(&cp->jobs, cp->local.path, far, false, (uint64_t)stat_here.st_size);
    if (result != 0) {
        cp_give_up(cp, CLI_ERROR, "Out of memory.");
    }
    return result;
}

static int plan_download(struct cp *cp, bool folder, uint64_t size)
{
    char near[VIEWER_PATH_MAX + 1];
    struct stat stat_here;
    const bool into = stat(cp->local.path, &stat_here) == 0 && S_ISDIR(stat_here.st_mode);
    if (folder && !cp->recursive) {
        cp_give_up(cp, CLI_USAGE, "That is a folder. Add -r to copy it with all it holds.");
        return -1;
    }
    if (into && !viewer_name_ok(source_name(cp), strlen(source_name(cp)))) {
        cp_give_up(cp, CLI_USAGE, "Name the target; a root's name cannot be one here.");
        return -1;
    }
    if (viewer_path_join(near, sizeof near, cp->local.path, into ? source_name(cp) : "") != 0 ||
        cli_jobs_add(&cp->jobs, near, cp->remote.path, folder, size) != 0) {
        cp_give_up(cp, CLI_USAGE, "That path is too long.");
        return -1;
    }
    return 0;
}

static void on_place(struct cli_listing_request *request, int code, const char *message)
{
    struct cp *cp = request->user;
    const bool found = code == 0;
    const struct cli_entry *entry = found ? &request->listing.entries[0] : NULL;
    const bool folder = found && entry->kind == HEARTH__SESSION__FILE_ENTRY__KIND__FOLDER;
    if (!found && !(cp->up && code == HEARTH__SESSION__CODE__CODE_NOT_FOUND)) {
        cp_failed(cp, code, message);
        return;
    }
    const int planned = cp->up ? plan_upload(cp, folder) : plan_download(cp, folder, found ? entry->size : 0);
    if (planned == 0) {
        cp->phase = cp->up ? PHASE_COPY : PHASE_WALK;
        cp_go_on(cp);
    }
}

void cp_roots_known(struct cli_roots_request *request, int code, const char *message)
{
    struct cp *cp = request->user;
    char text[600];
    if (code != 0) {
        cp_failed(cp, code, message);
        return;
    }
    const struct cli_root *root = cli_roots_find(request, cp->remote.root);
    if (!root) {
        (void)snprintf(text, sizeof text,
            "%s offers no folder \"%s\". \"hearth ls %s:\" lists what it offers.", cp->session.device_name,
            cp->remote.root, cp->session.device_name);
        cp_give_up(cp, CLI_NOT_FOUND, text);
        return;
    }
    (void)snprintf(cp->root_id, sizeof cp->root_id, "%s", root->id);
    (void)snprintf(cp->listing.root, sizeof cp->listing.root, "%s", root->id);
    cp->phase = PHASE_PLACE;
    cp_go_on(cp);
}

/* Ask (again) for what this phase needs. */
void cp_go_on(struct cp *cp)
{
    if (!cp->session.ready) {
        return;
    }
    switch (cp->phase) {
    case PHASE_ROOTS:
        cli_roots_read(&cp->roots);
        return;
    case PHASE_PLACE:
        if (!cp->remote.path[0]) {
            const int planned = cp->up ? plan_upload(cp, true) : plan_download(cp, true, 0);
            if (planned == 0) {
                cp->phase = cp->up ? PHASE_COPY : PHASE_WALK;
                cp_go_on(cp);
            }
            return;
        }
        (void)snprintf(cp->listing.path, sizeof cp->listing.path, "%s", cp->remote.path);
        cp->listing.done = on_place;
        cli_listing_stat(&cp->listing);
        return;
    case PHASE_WALK:
        walk(cp);
        return;
    case PHASE_COPY:
        cp_fill_slots(cp);
        return;
    }
}
