#include "host/files/download.h"

#include "host/files/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct chunk {
    uint8_t *data; /* FILES_CHUNK_BYTES */
    size_t len, taken;
};

struct files_download {
    uv_loop_t *loop;
    uv_work_t work;
    struct files_download_ops ops;
    void *user;
    bool working;   /* the worker owns what is below the line */
    bool announced; /* opened() was called */
    bool destroyed;
    unsigned busy; /* callbacks on the stack */
    struct chunk ready;
    atomic_bool stop;
    /* ---- */
    char *root, *keep_out;
    struct files_download_request request;
    uint8_t path[FILES_PATH_MAX];
    int fd;
    struct stat st;
    EVP_MD_CTX *md;
    uint64_t hashed;
    struct chunk filling;
    bool finished;
    uint8_t sha256[FILES_HASH_LEN];
    int err;
};

static void download_free(struct files_download *download)
{
    if (download->fd >= 0)
        close(download->fd);
    EVP_MD_CTX_free(download->md);
    free(download->ready.data);
    free(download->filling.data);
    free(download->root);
    free(download->keep_out);
    free(download);
}

/* ---- worker */

/* A first look without opening: a device or a pipe can act on being opened. */
static int open_file(struct files_download *download)
{
    const struct files_download_request *request = &download->request;
    struct files_entry entry;
    int err = files_tree_stat(&request->at, &entry);
    if (err != FILES_OK)
        return err;
    if (entry.kind != FILES_FILE)
        return FILES_ERR_KIND;
    int fd = files_tree_open(&request->at, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fd;
    download->fd = fd;
    if (fstat(fd, &download->st) != 0)
        return files_error_from_errno(errno);
    if (!S_ISREG(download->st.st_mode))
        return FILES_ERR_KIND;
    files_entry_from_stat(&entry, "", &download->st, false);
    if (request->resume && (entry.size != request->expect_size || entry.mtime_ms != request->expect_mtime_ms))
        return FILES_ERR_CHANGED;
    if (request->offset > entry.size)
        return FILES_ERR_CHANGED;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return FILES_OK;
}

static int read_chunk(struct files_download *download, uint64_t end)
{
    struct chunk *chunk = &download->filling;
    uint64_t left = end - download->hashed;
    size_t want = left < FILES_CHUNK_BYTES ? (size_t)left : FILES_CHUNK_BYTES;
    chunk->len = chunk->taken = 0;
    while (chunk->len < want) {
        ssize_t got = pread(download->fd, chunk->data + chunk->len, want - chunk->len,
            (off_t)(download->hashed + chunk->len));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return files_error_from_errno(errno);
        if (got == 0)
            return FILES_ERR_CHANGED; /* shorter than it was */
        chunk->len += (size_t)got;
    }
    download->hashed += chunk->len;
    return EVP_DigestUpdate(download->md, chunk->data, chunk->len) == 1 ? FILES_OK : FILES_ERR_NOMEM;
}

static int hash_prefix(struct files_download *download)
{
    uint64_t end = download->request.offset;
    if (end - download->hashed > FILES_PREFIX_BYTES)
        end = download->hashed + FILES_PREFIX_BYTES;
    int err = FILES_OK;
    while (err == FILES_OK && download->hashed < end && !atomic_load(&download->stop))
        err = read_chunk(download, end);
    download->filling.len = 0;
    return err;
}

static int finish(struct files_download *download)
{
    struct stat now;
    const struct stat *then = &download->st;
    if (fstat(download->fd, &now) != 0)
        return files_error_from_errno(errno);
    if (now.st_size != then->st_size || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != then->st_mtim.tv_nsec)
        return FILES_ERR_CHANGED;
    if (EVP_DigestFinal_ex(download->md, download->sha256, NULL) != 1)
        return FILES_ERR_NOMEM;
    download->finished = true;
    return FILES_OK;
}

static void download_work(uv_work_t *work)
{
    struct files_download *download = work->data;
    uint64_t size = (uint64_t)download->st.st_size;
    if (download->fd < 0) {
        download->err = open_file(download);
        return;
    }
    if (download->hashed < download->request.offset) {
        download->err = hash_prefix(download);
        return;
    }
    if (download->hashed < size)
        download->err = read_chunk(download, size);
    if (download->err == FILES_OK && download->hashed == size)
        download->err = finish(download);
}

/* ---- loop */

static void download_after(uv_work_t *work, int status);

static void start_work(struct files_download *download)
{
    download->working = true;
    if (uv_queue_work(download->loop, &download->work, download_work, download_after) != 0) {
        download->working = false;
        download->err = FILES_ERR_NOMEM;
    }
}

static void pump(struct files_download *download)
{
    for (;;) {
        struct chunk *ready = &download->ready;
        while (!download->destroyed && ready->taken < ready->len) {
            size_t took =
                download->ops.write(download->user, ready->data + ready->taken, ready->len - ready->taken);
            if (took == 0)
                return;
            ready->taken += took;
        }
        if (download->destroyed || download->working)
            return;
        if (download->err != FILES_OK) {
            download->ops.done(download->user, download->err, download->sha256);
            return;
        }
        if (download->filling.len > 0) {
            struct chunk swap = *ready;
            *ready = download->filling;
            download->filling = swap;
            download->filling.len = download->filling.taken = 0;
        } else if (download->finished) {
            download->ops.done(download->user, FILES_OK, download->sha256);
            return;
        }
        if (!download->finished)
            start_work(download);
    }
}

static void run(struct files_download *download)
{
    download->busy++;
    if (!download->announced && !download->working && download->err == FILES_OK && download->fd >= 0) {
        struct files_entry entry;
        files_entry_from_stat(&entry, "", &download->st, false);
        download->announced = true;
        download->ops.opened(download->user, entry.size, entry.mtime_ms, download->request.offset);
    }
    if (!download->destroyed)
        pump(download);
    if (--download->busy == 0 && download->destroyed && !download->working)
        download_free(download);
}

static void download_after(uv_work_t *work, int status)
{
    struct files_download *download = work->data;
    download->working = false;
    if (status != 0 && download->err == FILES_OK)
        download->err = FILES_ERR_CANCELLED;
    if (download->destroyed && download->busy == 0)
        download_free(download);
    else
        run(download);
}

struct files_download *files_download_create(uv_loop_t *loop, const struct files_download_request *request,
    const struct files_download_ops *ops, void *user)
{
    struct files_download *download = calloc(1, sizeof *download);
    if (!download)
        return NULL;
    download->loop = loop;
    download->ops = *ops;
    download->user = user;
    download->work.data = download;
    download->fd = -1;
    download->request = *request;
    download->root = strdup(request->at.root);
    download->keep_out = request->at.keep_out ? strdup(request->at.keep_out) : NULL;
    download->ready.data = malloc(FILES_CHUNK_BYTES);
    download->filling.data = malloc(FILES_CHUNK_BYTES);
    download->md = EVP_MD_CTX_new();
    if (!download->root || (request->at.keep_out && !download->keep_out) || !download->ready.data ||
        !download->filling.data || !download->md ||
        EVP_DigestInit_ex(download->md, EVP_sha256(), NULL) != 1) {
        download_free(download);
        return NULL;
    }
    if (request->at.len > 0 && request->at.len <= FILES_PATH_MAX)
        memcpy(download->path, request->at.path, request->at.len);
    download->request.at.root = download->root;
    download->request.at.keep_out = download->keep_out;
    download->request.at.path = download->path;
    start_work(download);
    if (!download->working) {
        download_free(download);
        return NULL;
    }
    return download;
}

void files_download_wake(struct files_download *download)
{
    if (download->busy == 0 && !download->destroyed && download->announced)
        run(download);
}

void files_download_destroy(struct files_download *download)
{
    if (!download || download->destroyed)
        return;
    download->destroyed = true;
    atomic_store(&download->stop, true);
    if (download->working)
        (void)uv_cancel((uv_req_t *)&download->work);
    else if (download->busy == 0)
        download_free(download);
}
