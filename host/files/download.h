/* One file on its way out: read and hashed on a worker thread a chunk ahead, handed over on the loop as
 * fast as the stream takes it. At most two chunks in memory. Loop thread only; the path and root
 * are copied. */
#pragma once

#include "host/files/files.h"

#include <uv.h>

struct files_download;

struct files_download_ops {
    /* The file is open; bytes come from offset on. */
    void (*opened)(void *user, uint64_t size, int64_t mtime_ms, uint64_t offset);
    /* Take what fits of the next bytes: returns how many (0: call files_download_wake() later). */
    size_t (*write)(void *user, const uint8_t *data, size_t len);
    /* Once, last: 0 after all bytes were taken, with the SHA-256 of the whole file, or FILES_ERR_*. */
    void (*done)(void *user, int err, const uint8_t sha256[FILES_HASH_LEN]);
};

struct files_download_request {
    struct files_at at;
    uint64_t offset; /* skipped bytes are read all the same, for the hash */
    bool resume;     /* the two below must be as the file is, else FILES_ERR_CHANGED */
    uint64_t expect_size;
    int64_t expect_mtime_ms;
};

/* Begins at once; nothing is called back before it returns. NULL when out of memory. */
struct files_download *files_download_create(uv_loop_t *loop, const struct files_download_request *request,
    const struct files_download_ops *ops, void *user);

/* There is room again. */
void files_download_wake(struct files_download *download);

/* No callback after this. Allowed inside callbacks and required after `done`. The memory goes when
 * the worker has let go of it. NULL is fine. */
void files_download_destroy(struct files_download *download);
