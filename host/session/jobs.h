/* A viewer's short requests to the file system: looked up and changed on worker threads, answered on
 * the wire. Transfers are in transfers.h. Loop thread only. */
#pragma once

#include "host/policy/policy.h"
#include "host/session/wire.h"

#include <uv.h>

enum { SESSION_JOBS_MAX = 16 }; /* of one session at a time; more are refused with LIMIT */

struct session_jobs;

struct session_jobs_config {
    uv_loop_t *loop;
    struct host_policy *policy;   /* borrowed; referenced by each job */
    uint32_t rights;              /* given to this viewer */
    struct session_wire *wire;    /* borrowed; outlives the jobs object */
    void (*answered)(void *user); /* something was put on the wire outside of a request */
    void *user;
};

struct session_jobs *session_jobs_create(const struct session_jobs_config *config);
/* Running work is told to stop and ends unanswered. NULL is fine. */
void session_jobs_destroy(struct session_jobs *jobs);

/* FileRoots, FileList, FileStat, FileMakeFolder, FileRename or FileRemove; the right was checked. Returns
 * false when it is none of these. */
bool session_jobs_take(struct session_jobs *jobs, const Hearth__Session__ToHost *request);

/* The Code of session.proto for a files_error. */
Hearth__Session__Code session_code_from_files(int err);

/* The place a request names. False when no such root is shared; then the request was answered. The root
 * may be written when both it and the rights say so. */
struct files_at;
bool session_files_at(struct session_wire *wire, const struct host_policy *policy, uint32_t rights,
    uint32_t re, const Hearth__Session__FilePath *path, struct files_at *out);

/* name is borrowed by the message. */
struct files_entry;
void session_entry_to_message(Hearth__Session__FileEntry *out, struct files_entry *entry);
