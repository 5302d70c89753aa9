/* Asking a host for roots, folders and single entries, page by page. Callbacks come from the loop. */
#pragma once

#include "viewer/cli/session.h"
#include "viewer/core/path.h"

enum {
    CLI_LISTING_PAGE = 1000,
    CLI_LISTING_MAX = 1000000 /* entries of one folder; a host that sends more is refused */
};

struct cli_entry {
    char name[VIEWER_NAME_MAX + 1];
    Hearth__Session__FileEntry__Kind kind;
    uint64_t size;
    int64_t mtime_ms;
};

struct cli_listing {
    struct cli_entry *entries;
    size_t count, cap;
};
void cli_listing_finish(struct cli_listing *listing);

/* Everything below answers through done: 0, or a code of session.proto (or VIEWER_FILE_HOSTILE) and a
 * message. Only one call at a time per request struct, which lives until done. */
struct cli_listing_request {
    struct cli_session *session;
    char root[VIEWER_ROOT_MAX + 1];
    char path[VIEWER_PATH_MAX + 1];
    bool hidden;
    struct cli_listing listing;
    void (*done)(struct cli_listing_request *request, int code, const char *message);
    void *user;
};

/* All entries of a folder, into request->listing. */
void cli_listing_read(struct cli_listing_request *request);
/* One entry, alone in request->listing. */
void cli_listing_stat(struct cli_listing_request *request);

/* The roots of the host. match: only the one of this name or id ("" = all). */
struct cli_root {
    char id[VIEWER_ROOT_MAX + 1], name[VIEWER_ROOT_MAX + 1];
    bool write;
    uint64_t free_bytes;
};
struct cli_roots_request {
    struct cli_session *session;
    struct cli_root roots[64];
    size_t count;
    void (*done)(struct cli_roots_request *request, int code, const char *message);
    void *user;
};
void cli_roots_read(struct cli_roots_request *request);
/* By name, case included, or id; NULL when there is none. */
const struct cli_root *cli_roots_find(const struct cli_roots_request *request, const char *name);
