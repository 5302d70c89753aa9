/* One file on its way in: bytes go to a hidden part beside the target (part.h), written and hashed on
 * a worker thread; at commit the whole is verified, synced and given its name in one step. Never a
 * half file under the final name: a cut leaves the part, and a later try with the same key goes on
 * from there. Loop thread only; root, path and key are copied.
 *
 * Memory: two buffers of FILES_UPLOAD_BUFFER, touched as far as they are filled. Credit is paid back through
 * `took`, so a sender never has more under way than the channel's largest window, which a buffer holds. */
#pragma once

#include "host/files/files.h"

#include <sys/types.h>
#include <uv.h>

/* CHANNEL_CREDIT_FILE_MAX, and what was paid for but waits for the disk. */
enum { FILES_UPLOAD_BUFFER = (4 << 20) + FILES_CHUNK_BYTES };

struct files_upload;

struct files_upload_ops {
    /* The part is open: send from offset on. */
    void (*ready)(void *user, uint64_t offset);
    /* len more bytes may be sent. */
    void (*took)(void *user, size_t len);
    /* Once, last. 0: the file bears its name, entry says how it is. FILES_ERR_*: it does not; the part
     * was kept for a later try unless err is FILES_ERR_MISMATCH. May come before commit. */
    void (*done)(void *user, int err, const struct files_entry *entry, const uint8_t sha256[FILES_HASH_LEN]);
};

struct files_upload_request {
    struct files_at at;
    uint64_t size;
    int64_t mtime_ms;
    const uint8_t *key;
    size_t key_len; /* FILES_KEY_MIN..FILES_KEY_MAX, checked */
    bool replace;   /* a plain file of that name is replaced; it keeps its mode */
    mode_t umask;   /* of the program, for new files */
};

/* Begins at once; nothing is called back before it returns. NULL when out of memory. */
struct files_upload *files_upload_create(uv_loop_t *loop, const struct files_upload_request *request,
    const struct files_upload_ops *ops, void *user);

/* The next bytes, after ready. 0, or FILES_ERR_LIMIT: more than was announced or than credit allowed. */
int files_upload_data(struct files_upload *upload, const uint8_t *data, size_t len);
/* All bytes were given. */
void files_upload_finish(struct files_upload *upload);
/* The hash of the whole; may come before finish. */
void files_upload_commit(struct files_upload *upload, const uint8_t sha256[static FILES_HASH_LEN]);

/* No callback after this; what was received is written first when keep is set, else the part is
 * removed. A commit that has begun is not stopped. Allowed inside callbacks and required after
 * `done`. NULL is fine. */
void files_upload_destroy(struct files_upload *upload, bool keep);
