#include "host/files/upload.h"

#include "host/files/part.h"
#include "host/files/path.h"
#include "host/files/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct buffer {
    uint8_t *data; /* FILES_UPLOAD_BUFFER */
    size_t len;
};

struct files_upload {
    uv_loop_t *loop;
    uv_work_t work;
    struct files_upload_ops ops;
    void *user;
    struct buffer fill;
    size_t owed; /* bytes in fill whose credit was not paid back */
    uint64_t received;
    bool working; /* the worker owns what is below the line */
    bool announced, finished, commit_asked;
    bool ended; /* done() was called */
    bool destroyed, keep;
    unsigned busy; /* callbacks on the stack */
    atomic_bool stop;
    /* ---- */
    char *root, *keep_out;
    struct files_upload_request request;
    uint8_t path[FILES_PATH_MAX], key[FILES_KEY_MAX];
    char name[FILES_NAME_MAX + 1], part[FILES_NAME_MAX + 1];
    int dir_fd, fd;
    EVP_MD_CTX *md;
    uint64_t offset, hashed, written;
    struct buffer writing;
    uint8_t want[FILES_HASH_LEN], sha256[FILES_HASH_LEN];
    bool commit, remove;
    bool committed;
    struct files_entry entry;
    int err;
};

static void upload_free(struct files_upload *upload)
{
    if (upload->fd >= 0)
        close(upload->fd);
    if (upload->dir_fd >= 0)
        close(upload->dir_fd);
    EVP_MD_CTX_free(upload->md);
    free(upload->fill.data);
    free(upload->writing.data);
    free(upload->root);
    free(upload->keep_out);
    free(upload);
}

/* ---- worker */

static int check_target(const struct files_upload *upload, struct stat *out, bool *out_there)
{
    *out_there = fstatat(upload->dir_fd, upload->name, out, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*out_there)
        return errno == ENOENT ? FILES_OK : files_error_from_errno(errno);
    return upload->request.replace && S_ISREG(out->st_mode) ? FILES_OK : FILES_ERR_EXISTS;
}

static int check_space(const struct files_upload *upload)
{
    struct statvfs vfs;
    uint64_t free_bytes, needed = upload->request.size - upload->offset;
    if (fstatvfs(upload->dir_fd, &vfs) != 0 ||
        __builtin_mul_overflow(vfs.f_bavail, vfs.f_frsize, &free_bytes))
        return FILES_OK; /* the writes will tell */
    return needed <= free_bytes || vfs.f_blocks == 0 ? FILES_OK : FILES_ERR_NO_SPACE;
}

static int open_part(struct files_upload *upload)
{
    const struct files_upload_request *request = &upload->request;
    if (!request->at.write)
        return FILES_ERR_READ_ONLY;
    upload->dir_fd = files_tree_open_parent(&request->at, upload->name);
    if (upload->dir_fd < 0)
        return upload->dir_fd;
    if (files_part_is(upload->name))
        return FILES_ERR_PATH;
    struct stat st;
    bool there;
    int err = check_target(upload, &st, &there);
    if (err != FILES_OK)
        return err;
    files_part_name(upload->part, upload->name, upload->key, request->key_len);
    uint64_t size;
    int fd = files_part_open(upload->dir_fd, upload->part, &size);
    if (fd < 0)
        return fd;
    upload->fd = fd;
    if (size > request->size) { /* of another file: begin anew */
        if (ftruncate(fd, 0) != 0)
            return files_error_from_errno(errno);
        size = 0;
    }
    upload->offset = upload->written = size;
    err = check_space(upload);
    if (err != FILES_OK && size == 0)
        (void)unlinkat(upload->dir_fd, upload->part, 0);
    return err;
}

/* A resumed part was written by an earlier try; only its bytes on the disk count. */
static int hash_prefix(struct files_upload *upload)
{
    uint8_t *scratch = malloc(FILES_CHUNK_BYTES);
    if (!scratch)
        return FILES_ERR_NOMEM;
    uint64_t end = upload->offset;
    if (end - upload->hashed > FILES_PREFIX_BYTES)
        end = upload->hashed + FILES_PREFIX_BYTES;
    int err = FILES_OK;
    while (err == FILES_OK && upload->hashed < end && !atomic_load(&upload->stop)) {
        uint64_t left = end - upload->hashed;
        size_t want = left < FILES_CHUNK_BYTES ? (size_t)left : FILES_CHUNK_BYTES;
        ssize_t got = pread(upload->fd, scratch, want, (off_t)upload->hashed);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            err = got < 0 ? files_error_from_errno(errno) : FILES_ERR_CHANGED;
        else if (EVP_DigestUpdate(upload->md, scratch, (size_t)got) != 1)
            err = FILES_ERR_NOMEM;
        else
            upload->hashed += (size_t)got;
    }
    free(scratch);
    return err;
}

static int write_buffer(struct files_upload *upload)
{
    struct buffer *buffer = &upload->writing;
    size_t done = 0;
    int err = FILES_OK;
    while (done < buffer->len && err == FILES_OK) {
        ssize_t put = pwrite(upload->fd, buffer->data + done, buffer->len - done, (off_t)upload->written);
        if (put > 0) {
            done += (size_t)put;
            upload->written += (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            err = put == 0 ? FILES_ERR_NO_SPACE : files_error_from_errno(errno);
        }
    }
    /* After an abandoned prefix the hash is of no use and nobody asks for it. */
    if (err == FILES_OK && upload->hashed + buffer->len == upload->written) {
        if (EVP_DigestUpdate(upload->md, buffer->data, buffer->len) != 1)
            err = FILES_ERR_NOMEM;
        upload->hashed = upload->written;
    }
    buffer->len = 0;
    return err;
}

/* The folder may have been moved away since the part was opened; then its name is not ours to take. */
static int same_folder(const struct files_upload *upload)
{
    char name[FILES_NAME_MAX + 1];
    struct stat then, now;
    int fd = files_tree_open_parent(&upload->request.at, name);
    if (fd < 0)
        return fd;
    bool same = fstat(fd, &now) == 0 && fstat(upload->dir_fd, &then) == 0 && now.st_ino == then.st_ino &&
                now.st_dev == then.st_dev;
    close(fd);
    return same ? FILES_OK : FILES_ERR_CHANGED;
}

static void sync_folder(const struct files_upload *upload)
{
    /* O_PATH cannot be synced. A folder that may be written but not read cannot be either. */
    int fd = openat(upload->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static int give_name(struct files_upload *upload)
{
    struct stat target;
    bool there;
    int err = same_folder(upload);
    if (err == FILES_OK)
        err = check_target(upload, &target, &there);
    if (err != FILES_OK)
        return err;
    const int64_t ms = upload->request.mtime_ms;
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
        {.tv_sec = ms / 1000 - (ms % 1000 < 0), .tv_nsec = ((ms % 1000 + 1000) % 1000) * 1000000}};
    mode_t mode =
        there ? target.st_mode & 07777 & ~(mode_t)(S_ISUID | S_ISGID) : 0666 & ~upload->request.umask;
    if (fchmod(upload->fd, mode) != 0 && errno != EPERM && errno != ENOTSUP)
        return files_error_from_errno(errno);
    if (ms != 0)
        (void)futimens(upload->fd, times);
    if (fsync(upload->fd) != 0)
        return files_error_from_errno(errno);
    if (!upload->request.replace)
        err = files_tree_rename_at(upload->dir_fd, upload->part, upload->dir_fd, upload->name);
    else if (renameat(upload->dir_fd, upload->part, upload->dir_fd, upload->name) != 0)
        err = files_error_from_errno(errno);
    if (err != FILES_OK)
        return err;
    upload->committed = true;
    sync_folder(upload);
    struct stat st;
    if (fstat(upload->fd, &st) != 0)
        return files_error_from_errno(errno);
    files_entry_from_stat(&upload->entry, upload->name, &st, true);
    return FILES_OK;
}

static int commit_part(struct files_upload *upload)
{
    bool whole = upload->written == upload->request.size && upload->hashed == upload->written;
    if (EVP_DigestFinal_ex(upload->md, upload->sha256, NULL) != 1)
        return FILES_ERR_NOMEM;
    if (!whole || CRYPTO_memcmp(upload->sha256, upload->want, FILES_HASH_LEN) != 0) {
        (void)unlinkat(upload->dir_fd, upload->part, 0);
        return FILES_ERR_MISMATCH;
    }
    return give_name(upload);
}

static void upload_work(uv_work_t *work)
{
    struct files_upload *upload = work->data;
    if (upload->remove) {
        if (upload->fd >= 0 && !upload->committed)
            (void)unlinkat(upload->dir_fd, upload->part, 0);
    } else if (upload->fd < 0) {
        upload->err = open_part(upload);
    } else if (upload->hashed < upload->offset && !atomic_load(&upload->stop)) {
        upload->err = hash_prefix(upload);
    } else if (upload->writing.len > 0) {
        upload->err = write_buffer(upload);
    } else if (upload->commit) {
        upload->err = commit_part(upload);
    }
}

/* ---- loop */

static void upload_after(uv_work_t *work, int status);

static bool start_work(struct files_upload *upload)
{
    upload->working = uv_queue_work(upload->loop, &upload->work, upload_work, upload_after) == 0;
    if (!upload->working)
        upload->err = FILES_ERR_NOMEM;
    return upload->working;
}

static void pay(struct files_upload *upload)
{
    if (upload->owed == 0 || upload->fill.len > FILES_CHUNK_BYTES || upload->ended)
        return;
    size_t len = upload->owed;
    upload->owed = 0;
    upload->ops.took(upload->user, len);
}

/* What is to be done next by the worker, if anything. */
static bool next_work(struct files_upload *upload)
{
    if (upload->hashed < upload->offset && !upload->destroyed)
        return start_work(upload);
    if (upload->fill.len > 0) {
        struct buffer swap = upload->writing;
        upload->writing = upload->fill;
        upload->fill = swap;
        upload->fill.len = 0;
        return start_work(upload);
    }
    if (upload->finished && upload->commit_asked && !upload->commit) {
        upload->commit = true;
        return start_work(upload);
    }
    return false;
}

static void end(struct files_upload *upload)
{
    if (upload->ended)
        return;
    upload->ended = true;
    upload->ops.done(upload->user, upload->err, &upload->entry, upload->sha256);
}

/* Destroyed: write what came, or remove the part, then free. */
static void wind_up(struct files_upload *upload)
{
    if (upload->working || upload->busy > 0)
        return;
    bool open = upload->fd >= 0 && upload->err == FILES_OK && !upload->committed;
    if (open && upload->keep && upload->fill.len > 0 && !upload->remove && next_work(upload))
        return;
    if (upload->fd >= 0 && !upload->committed && !upload->keep && !upload->remove) {
        upload->remove = true;
        if (start_work(upload))
            return;
    }
    upload_free(upload);
}

static void run(struct files_upload *upload)
{
    upload->busy++;
    if (!upload->working && !upload->ended && upload->err == FILES_OK) {
        if (!upload->announced) {
            upload->announced = true;
            upload->received = upload->offset;
            upload->ops.ready(upload->user, upload->offset);
        }
        if (!upload->destroyed && upload->committed)
            end(upload);
        else if (!upload->destroyed)
            (void)next_work(upload);
    }
    if (!upload->destroyed && !upload->working && upload->err != FILES_OK)
        end(upload);
    if (!upload->destroyed)
        pay(upload);
    upload->busy--;
    if (upload->destroyed)
        wind_up(upload);
}

static void upload_after(uv_work_t *work, int status)
{
    struct files_upload *upload = work->data;
    upload->working = false;
    if (status != 0 && upload->err == FILES_OK)
        upload->err = FILES_ERR_CANCELLED;
    if (upload->destroyed)
        wind_up(upload);
    else
        run(upload);
}

struct files_upload *files_upload_create(uv_loop_t *loop, const struct files_upload_request *request,
    const struct files_upload_ops *ops, void *user)
{
    if (request->key_len < FILES_KEY_MIN || request->key_len > FILES_KEY_MAX)
        return NULL;
    struct files_upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return NULL;
    upload->loop = loop;
    upload->ops = *ops;
    upload->user = user;
    upload->work.data = upload;
    upload->dir_fd = upload->fd = -1;
    upload->keep = true;
    upload->request = *request;
    upload->root = strdup(request->at.root);
    upload->keep_out = request->at.keep_out ? strdup(request->at.keep_out) : NULL;
    upload->fill.data = malloc(FILES_UPLOAD_BUFFER);
    upload->writing.data = malloc(FILES_UPLOAD_BUFFER);
    upload->md = EVP_MD_CTX_new();
    if (!upload->root || (request->at.keep_out && !upload->keep_out) || !upload->fill.data ||
        !upload->writing.data || !upload->md || EVP_DigestInit_ex(upload->md, EVP_sha256(), NULL) != 1) {
        upload_free(upload);
        return NULL;
    }
    if (request->at.len > 0 && request->at.len <= FILES_PATH_MAX)
        memcpy(upload->path, request->at.path, request->at.len);
    memcpy(upload->key, request->key, request->key_len);
    upload->request.at.root = upload->root;
    upload->request.at.keep_out = upload->keep_out;
    upload->request.at.path = upload->path;
    upload->request.key = upload->key;
    if (!start_work(upload)) {
        upload_free(upload);
        return NULL;
    }
    return upload;
}

int files_upload_data(struct files_upload *upload, const uint8_t *data, size_t len)
{
    if (upload->ended || upload->destroyed)
        return FILES_OK; /* still on its way when the end was told */
    if (!upload->announced || upload->finished || len > upload->request.size - upload->received ||
        len > FILES_UPLOAD_BUFFER - upload->fill.len)
        return FILES_ERR_LIMIT;
    memcpy(upload->fill.data + upload->fill.len, data, len);
    upload->fill.len += len;
    upload->received += len;
    upload->owed += len;
    if (upload->busy == 0)
        run(upload);
    return FILES_OK;
}

void files_upload_finish(struct files_upload *upload)
{
    upload->finished = true;
    if (upload->busy == 0 && !upload->destroyed)
        run(upload);
}

void files_upload_commit(struct files_upload *upload, const uint8_t sha256[static FILES_HASH_LEN])
{
    if (upload->commit_asked)
        return;
    memcpy(upload->want, sha256, FILES_HASH_LEN);
    upload->commit_asked = true;
    if (upload->busy == 0 && !upload->destroyed)
        run(upload);
}

void files_upload_destroy(struct files_upload *upload, bool keep)
{
    if (!upload || upload->destroyed)
        return;
    upload->destroyed = true;
    upload->keep = keep;
    atomic_store(&upload->stop, true);
    if (upload->working && !upload->announced)
        (void)uv_cancel((uv_req_t *)&upload->work);
    wind_up(upload);
}
