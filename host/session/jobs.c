#include "host/session/jobs.h"

#include "channel/identity/log.h"
#include "host/files/files.h"
#include "host/files/list.h"
#include "host/files/remove.h"
#include "host/files/tree.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef Hearth__Session__ToHost Request;

struct job {
    struct job *next, **at; /* in its session; at NULL once that is gone */
    struct session_jobs *jobs;
    uv_work_t work;
    uint32_t id;
    Hearth__Session__ToHost__BodyCase kind;
    struct host_policy *policy; /* keeps root alive */
    struct files_at where;      /* path points below */
    uint8_t path[FILES_PATH_MAX], other[FILES_PATH_MAX];
    size_t other_len; /* FileRename.to, FileList.after */
    bool flag;        /* parents, recursive, hidden */
    uint32_t limit;
    atomic_bool stop;
    /* the worker's answer */
    int err;
    struct files_entry entry;
    struct files_list list;
    uint64_t free_bytes[HOST_POLICY_ROOTS_MAX];
};

struct session_jobs {
    struct session_jobs_config config;
    struct job *first;
    size_t count;
};

Hearth__Session__Code session_code_from_files(int err)
{
    switch (err) {
    case FILES_ERR_PATH:
    case FILES_ERR_KIND:
        return HEARTH__SESSION__CODE__CODE_BAD_REQUEST;
    case FILES_ERR_DENIED:
        return HEARTH__SESSION__CODE__CODE_DENIED;
    case FILES_ERR_NOT_FOUND:
        return HEARTH__SESSION__CODE__CODE_NOT_FOUND;
    case FILES_ERR_EXISTS:
    case FILES_ERR_NOT_EMPTY:
        return HEARTH__SESSION__CODE__CODE_EXISTS;
    case FILES_ERR_NO_SPACE:
        return HEARTH__SESSION__CODE__CODE_NO_SPACE;
    case FILES_ERR_READ_ONLY:
        return HEARTH__SESSION__CODE__CODE_READ_ONLY;
    case FILES_ERR_OUTSIDE:
        return HEARTH__SESSION__CODE__CODE_OUTSIDE;
    case FILES_ERR_CHANGED:
        return HEARTH__SESSION__CODE__CODE_CHANGED;
    case FILES_ERR_MISMATCH:
        return HEARTH__SESSION__CODE__CODE_MISMATCH;
    case FILES_ERR_UNSUPPORTED:
    case FILES_ERR_BUSY:
        return HEARTH__SESSION__CODE__CODE_UNAVAILABLE;
    case FILES_ERR_LIMIT:
        return HEARTH__SESSION__CODE__CODE_LIMIT;
    case FILES_ERR_CANCELLED:
        return HEARTH__SESSION__CODE__CODE_CANCELLED;
    default:
        return HEARTH__SESSION__CODE__CODE_IO;
    }
}

bool session_files_at(struct session_wire *wire, const struct host_policy *policy, uint32_t rights,
    uint32_t re, const Hearth__Session__FilePath *path, struct files_at *out)
{
    const struct host_policy_root *root = host_policy_find(policy, path->root);
    if (!root) {
        session_wire_error(wire, re, HEARTH__SESSION__CODE__CODE_NOT_FOUND,
            "No folder of that id is shared by this PC. Ask for its shared folders again.");
        return false;
    }
    *out = (struct files_at){.root = root->path,
        .keep_out = host_policy_keep_out(policy),
        .write = root->write && (rights & CHANNEL_RIGHT_FILES_WRITE) != 0,
        .path = path->path.data,
        .len = path->path.len};
    return true;
}

void session_entry_to_message(Hearth__Session__FileEntry *out, struct files_entry *entry)
{
    hearth__session__file_entry__init(out);
    out->name.data = (uint8_t *)entry->name;
    out->name.len = strlen(entry->name);
    out->kind = (Hearth__Session__FileEntry__Kind)entry->kind;
    out->size = entry->size;
    out->mtime_ms = entry->mtime_ms;
    out->write = entry->write;
}

/* ---- worker */

static void job_work(uv_work_t *work)
{
    struct job *job = work->data;
    switch (job->kind) {
    case HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS:
        for (size_t i = 0; i < host_policy_root_count(job->policy); i++)
            (void)files_tree_free(host_policy_root(job->policy, i)->path, &job->free_bytes[i]);
        break;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_LIST:
        job->err = files_list_read(&job->where, job->other, job->other_len, job->limit, job->flag,
            (int64_t)time(NULL), &job->stop, &job->list);
        break;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_STAT:
        job->err = files_tree_stat(&job->where, &job->entry);
        break;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_MAKE_FOLDER:
        job->err = files_tree_make_folder(&job->where, job->flag);
        break;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_RENAME:
        job->err = files_tree_rename(&job->where, job->other, job->other_len);
        break;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE:
        job->err = files_remove(&job->where, job->flag, &job->stop);
        break;
    default:
        break;
    }
}

/* ---- answers */

static void answer_roots(struct job *job, Hearth__Session__FromHost *reply)
{
    Hearth__Session__FileRootsReply roots = HEARTH__SESSION__FILE_ROOTS_REPLY__INIT;
    Hearth__Session__FileRoot root[HOST_POLICY_ROOTS_MAX], *list[HOST_POLICY_ROOTS_MAX];
    roots.n_roots = host_policy_root_count(job->policy);
    roots.roots = list;
    for (size_t i = 0; i < roots.n_roots; i++) {
        const struct host_policy_root *from = host_policy_root(job->policy, i);
        hearth__session__file_root__init(&root[i]);
        root[i].id = (char *)(uintptr_t)from->id;
        root[i].name = (char *)(uintptr_t)from->name;
        root[i].write = from->write && (job->jobs->config.rights & CHANNEL_RIGHT_FILES_WRITE) != 0;
        root[i].free_bytes = job->free_bytes[i];
        list[i] = &root[i];
    }
    reply->body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_ROOTS;
    reply->file_roots = &roots;
    session_wire_send(job->jobs->config.wire, reply);
}

static void answer_list(struct job *job, Hearth__Session__FromHost *reply)
{
    Hearth__Session__FileListReply list = HEARTH__SESSION__FILE_LIST_REPLY__INIT;
    size_t count = job->list.count;
    Hearth__Session__FileEntry *entries = calloc(count ? count : 1, sizeof *entries);
    list.entries = calloc(count ? count : 1, sizeof(Hearth__Session__FileEntry *));
    if (entries && list.entries) {
        for (size_t i = 0; i < count; i++) {
            session_entry_to_message(&entries[i], &job->list.entries[i]);
            list.entries[i] = &entries[i];
        }
        list.n_entries = count;
        list.more = job->list.more;
        reply->body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_LIST;
        reply->file_list = &list;
        session_wire_send(job->jobs->config.wire, reply);
    } else {
        session_wire_error(
            job->jobs->config.wire, job->id, HEARTH__SESSION__CODE__CODE_IO, files_strerror(FILES_ERR_NOMEM));
    }
    free(list.entries);
    free(entries);
}

static void answer(struct job *job)
{
    struct session_wire *wire = job->jobs->config.wire;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    Hearth__Session__FileEntry entry;
    reply.re = job->id;
    if (job->err != FILES_OK) {
        session_wire_error(wire, job->id, session_code_from_files(job->err), files_strerror(job->err));
    } else if (job->kind == HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS) {
        answer_roots(job, &reply);
    } else if (job->kind == HEARTH__SESSION__TO_HOST__BODY_FILE_LIST) {
        answer_list(job, &reply);
    } else if (job->kind == HEARTH__SESSION__TO_HOST__BODY_FILE_STAT) {
        session_entry_to_message(&entry, &job->entry);
        reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_STAT;
        reply.file_stat = &entry;
        session_wire_send(wire, &reply);
    } else {
        session_wire_done(wire, job->id);
    }
}

/* ---- loop */

static void job_unlink(struct job *job)
{
    if (!job->at)
        return;
    *job->at = job->next;
    if (job->next)
        job->next->at = job->at;
    job->at = NULL;
    job->jobs->count--;
}

static void job_after(uv_work_t *work, int status)
{
    struct job *job = work->data;
    if (status != 0)
        job->err = FILES_ERR_CANCELLED;
    if (job->at) {
        answer(job);
        job_unlink(job);
        job->jobs->config.answered(job->jobs->config.user);
    }
    files_list_finish(&job->list);
    host_policy_unref(job->policy);
    free(job);
}

static bool copy_path(struct job *job, const Hearth__Session__FilePath *path)
{
    const struct session_jobs_config *config = &job->jobs->config;
    if (!session_files_at(config->wire, config->policy, config->rights, job->id, path, &job->where))
        return false;
    if (path->path.len > 0)
        memcpy(job->path, path->path.data, path->path.len);
    job->where.path = job->path;
    return true;
}

static void copy_other(struct job *job, const ProtobufCBinaryData *bytes)
{
    if (bytes->len > 0)
        memcpy(job->other, bytes->data, bytes->len);
    job->other_len = bytes->len;
}

/* 1 ready, 0 answered already, -1 not ours. */
static int job_fill(struct job *job, const Request *request)
{
    switch (request->body_case) {
    case HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS:
        return 1;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_LIST:
        copy_other(job, &request->file_list->after);
        job->limit = request->file_list->limit;
        job->flag = request->file_list->hidden;
        return copy_path(job, request->file_list->at);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_STAT:
        return copy_path(job, request->file_stat->at);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_MAKE_FOLDER:
        job->flag = request->file_make_folder->parents;
        return copy_path(job, request->file_make_folder->at);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_RENAME:
        copy_other(job, &request->file_rename->to);
        return copy_path(job, request->file_rename->from);
    case HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE:
        job->flag = request->file_remove->recursive;
        return copy_path(job, request->file_remove->at);
    default:
        return -1;
    }
}

bool session_jobs_take(struct session_jobs *jobs, const Request *request)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        session_wire_error(
            jobs->config.wire, request->id, HEARTH__SESSION__CODE__CODE_IO, files_strerror(FILES_ERR_NOMEM));
        return true;
    }
    job->jobs = jobs;
    job->id = request->id;
    job->kind = request->body_case;
    job->work.data = job;
    int fit = job_fill(job, request);
    if (fit == 1 && jobs->count == SESSION_JOBS_MAX) {
        session_wire_error(jobs->config.wire, job->id, HEARTH__SESSION__CODE__CODE_LIMIT,
            "Too many requests at once. Wait for answers, then ask again.");
        fit = 0;
    }
    job->policy = host_policy_ref(jobs->config.policy);
    if (fit == 1 && uv_queue_work(jobs->config.loop, &job->work, job_work, job_after) == 0) {
        job->next = jobs->first;
        job->at = &jobs->first;
        if (job->next)
            job->next->at = &job->next;
        jobs->first = job;
        jobs->count++;
        return true;
    }
    if (fit == 1)
        session_wire_error(
            jobs->config.wire, job->id, HEARTH__SESSION__CODE__CODE_IO, files_strerror(FILES_ERR_NOMEM));
    host_policy_unref(job->policy);
    free(job);
    return fit >= 0;
}

struct session_jobs *session_jobs_create(const struct session_jobs_config *config)
{
    struct session_jobs *jobs = calloc(1, sizeof *jobs);
    if (jobs)
        jobs->config = *config;
    return jobs;
}

void session_jobs_destroy(struct session_jobs *jobs)
{
    if (!jobs)
        return;
    while (jobs->first) {
        struct job *job = jobs->first;
        atomic_store(&job->stop, true);
        job_unlink(job);
        (void)uv_cancel((uv_req_t *)&job->work);
    }
    free(jobs);
}
