#include "viewer/cli/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/core/files.h"

static const char ODD[] = "The other computer answered something that was not asked.";
static const char LOST[] = "The session was lost.";

void cli_listing_finish(struct cli_listing *listing)
{
    free(listing->entries);
    memset(listing, 0, sizeof *listing);
}

/* A name that could leave the folder it is in, or is none, never gets past here. */
static int add(struct cli_listing *listing, const Hearth__Session__FileEntry *from, bool any_name)
{
    const char *name = (const char *)from->name.data;
    if (!any_name && !viewer_name_ok(name, from->name.len)) {
        return -1;
    }
    if (from->name.len > VIEWER_NAME_MAX || listing->count == CLI_LISTING_MAX) {
        return -1;
    }
    if (listing->count == listing->cap) {
        const size_t cap = listing->cap ? listing->cap * 2 : 64;
        struct cli_entry *grown = realloc(listing->entries, cap * sizeof *grown);
        if (!grown) {
            return -1;
        }
        listing->entries = grown;
        listing->cap = cap;
    }
    struct cli_entry *to = &listing->entries[listing->count++];
    memset(to, 0, sizeof *to);
    if (from->name.len > 0) {
        memcpy(to->name, name, from->name.len);
    }
    to->kind = from->kind;
    to->size = from->size;
    to->mtime_ms = from->mtime_ms;
    return 0;
}

static void fill_at(struct cli_listing_request *request, Hearth__Session__FilePath *at)
{
    hearth__session__file_path__init(at);
    at->root = request->root;
    at->path = (ProtobufCBinaryData){strlen(request->path), (uint8_t *)request->path};
}

static void ask_page(struct cli_listing_request *request);

static void on_page(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct cli_listing_request *request = user;
    if (!answer) {
        request->done(request, code, message);
        return;
    }
    if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_LIST) {
        request->done(request, VIEWER_FILE_HOSTILE, ODD);
        return;
    }
    const Hearth__Session__FileListReply *page = answer->file_list;
    for (size_t i = 0; i < page->n_entries; i++) {
        if (add(&request->listing, page->entries[i], false) != 0) {
            request->done(request, VIEWER_FILE_HOSTILE, ODD);
            return;
        }
    }
    if (!page->more) {
        request->done(request, 0, NULL);
    } else if (page->n_entries == 0) {
        request->done(request, VIEWER_FILE_HOSTILE, ODD);
    } else {
        ask_page(request);
    }
}

static void ask_page(struct cli_listing_request *request)
{
    Hearth__Session__FilePath at;
    Hearth__Session__FileList list = HEARTH__SESSION__FILE_LIST__INIT;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    char *after = request->listing.count ? request->listing.entries[request->listing.count - 1].name : NULL;
    fill_at(request, &at);
    list.at = &at;
    list.limit = CLI_LISTING_PAGE;
    list.hidden = request->hidden;
    list.after = (ProtobufCBinaryData){after ? strlen(after) : 0, (uint8_t *)after};
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_LIST;
    message.file_list = &list;
    if (viewer_remote_request(request->session->remote, &message, on_page, request) == 0) {
        request->done(request, VIEWER_FILE_LOST, LOST);
    }
}

void cli_listing_read(struct cli_listing_request *request)
{
    cli_listing_finish(&request->listing);
    ask_page(request);
}

static void on_stat(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct cli_listing_request *request = user;
    if (!answer) {
        request->done(request, code, message);
    } else if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_STAT ||
               add(&request->listing, answer->file_stat, true) != 0) {
        request->done(request, VIEWER_FILE_HOSTILE, ODD);
    } else {
        request->done(request, 0, NULL);
    }
}

void cli_listing_stat(struct cli_listing_request *request)
{
    Hearth__Session__FilePath at;
    Hearth__Session__FileStat stat = HEARTH__SESSION__FILE_STAT__INIT;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    cli_listing_finish(&request->listing);
    fill_at(request, &at);
    stat.at = &at;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_STAT;
    message.file_stat = &stat;
    if (viewer_remote_request(request->session->remote, &message, on_stat, request) == 0) {
        request->done(request, VIEWER_FILE_LOST, LOST);
    }
}

static void on_roots(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct cli_roots_request *request = user;
    if (!answer) {
        request->done(request, code, message);
        return;
    }
    if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_ROOTS) {
        request->done(request, VIEWER_FILE_HOSTILE, ODD);
        return;
    }
    const size_t max = sizeof request->roots / sizeof request->roots[0];
    request->count = 0;
    for (size_t i = 0; i < answer->file_roots->n_roots && request->count < max; i++) {
        const Hearth__Session__FileRoot *from = answer->file_roots->roots[i];
        struct cli_root *to = &request->roots[request->count++];
        (void)snprintf(to->id, sizeof to->id, "%s", from->id);
        (void)snprintf(to->name, sizeof to->name, "%s", from->name);
        to->write = from->write;
        to->free_bytes = from->free_bytes;
    }
    request->done(request, 0, NULL);
}

void cli_roots_read(struct cli_roots_request *request)
{
    Hearth__Session__FileRoots roots = HEARTH__SESSION__FILE_ROOTS__INIT;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS;
    message.file_roots = &roots;
    if (viewer_remote_request(request->session->remote, &message, on_roots, request) == 0) {
        request->done(request, VIEWER_FILE_LOST, LOST);
    }
}

const struct cli_root *cli_roots_find(const struct cli_roots_request *request, const char *name)
{
    for (size_t i = 0; i < request->count; i++) {
        if (strcmp(request->roots[i].name, name) == 0 || strcmp(request->roots[i].id, name) == 0) {
            return &request->roots[i];
        }
    }
    return NULL;
}
