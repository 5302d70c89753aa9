/* From this computer to a host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "viewer/core/files_internal.h"

static int64_t mtime_of(const struct stat *stat)
{
    return (int64_t)stat->st_mtim.tv_sec * 1000 + stat->st_mtim.tv_nsec / 1000000;
}

static void on_committed(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct viewer_transfer *transfer = user;
    transfer->commit = 0;
    if (transfer->ended) {
        return;
    }
    if (!answer) {
        transfer_end_remote(transfer, code, message);
    } else if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_COMMITTED) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer answered something that was not asked.");
    } else {
        transfer_end(transfer, 0, NULL);
    }
}

/* All bytes are on their way: was it one file from first to last, and what is its hash. */
static void commit(struct viewer_transfer *transfer)
{
    struct stat stat;
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_len = 0;
    if (fstat(transfer->fd, &stat) != 0 || (uint64_t)stat.st_size != transfer->total ||
        mtime_of(&stat) != transfer->mtime_ms) {
        transfer_end(transfer, HEARTH__SESSION__CODE__CODE_CHANGED,
            "The file changed while it was sent. Nothing was kept; send it again.");
        return;
    }
    (void)EVP_DigestFinal_ex(transfer->digest, hash, &hash_len);
    Hearth__Session__FileCommit body = HEARTH__SESSION__FILE_COMMIT__INIT;
    body.put = transfer->request;
    body.sha256 = (ProtobufCBinaryData){32, hash};
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_COMMIT;
    message.file_commit = &body;
    transfer->commit = viewer_remote_request(transfer->config.remote, &message, on_committed, transfer);
    if (transfer->commit == 0) {
        transfer_end(transfer, VIEWER_FILE_LOST, "The session takes no more requests now.");
    }
}

/* Read the next chunk; 0, or -errno. */
static int refill(struct viewer_transfer *transfer, uint64_t position)
{
    ssize_t got = 0;
    do {
        got = pread(transfer->fd, transfer->chunk, VIEWER_FILE_CHUNK_BYTES, (off_t)position);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return -errno;
    }
    const uint64_t left = transfer->total - position;
    transfer->chunk_len = (uint64_t)got < left ? (size_t)got : (size_t)left;
    transfer->chunk_at = 0;
    if (transfer->chunk_len > 0) {
        (void)EVP_DigestUpdate(transfer->digest, transfer->chunk, transfer->chunk_len);
    }
    return 0;
}

/* Write while the stream takes; it calls again when there is room. */
static void feed(struct viewer_transfer *transfer)
{
    while (!transfer->ended && transfer->at < transfer->total) {
        if (transfer->chunk_at == transfer->chunk_len) {
            const int error = refill(transfer, transfer->at);
            if (error != 0) {
                transfer_end_local(transfer, error, "Cannot read");
                return;
            }
            if (transfer->chunk_len == 0) {
                transfer_end(transfer, HEARTH__SESSION__CODE__CODE_CHANGED,
                    "The file became shorter while it was sent. Send it again.");
                return;
            }
        }
        const int took = viewer_remote_write(transfer->config.remote, transfer->stream,
            transfer->chunk + transfer->chunk_at, transfer->chunk_len - transfer->chunk_at);
        if (took < 0) {
            return; /* broken() or the request's error tells */
        }
        if (took == 0) {
            break;
        }
        transfer->chunk_at += (size_t)took;
        transfer->at += (uint64_t)took;
        transfer_progress(transfer);
    }
    viewer_remote_flush(transfer->config.remote);
    if (!transfer->ended && transfer->at == transfer->total && !transfer->stream_done) {
        transfer->stream_done = true;
        (void)viewer_remote_finish_stream(transfer->config.remote, transfer->stream);
        commit(transfer);
    }
}

static size_t on_data(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    return len; /* a host has nothing to say on an upload's stream */
}

static void on_nothing(void *user)
{
    (void)user;
}

static void on_writable(void *user)
{
    feed(user);
}

static const struct viewer_stream_ops stream_ops = {
    .data = on_data, .finished = on_nothing, .broken = on_nothing, .writable = on_writable};

/* What an earlier try left over there counts for the hash. */
static int hash_sent(struct viewer_transfer *transfer, uint64_t offset)
{
    uint64_t position = 0;
    while (position < offset) {
        const size_t want = offset - position < VIEWER_FILE_CHUNK_BYTES ? (size_t)(offset - position)
                                                                        : VIEWER_FILE_CHUNK_BYTES;
        const ssize_t got = pread(transfer->fd, transfer->chunk, want, (off_t)position);
        if (got <= 0) {
            return got < 0 ? -errno : -EIO;
        }
        (void)EVP_DigestUpdate(transfer->digest, transfer->chunk, (size_t)got);
        position += (uint64_t)got;
    }
    return 0;
}

static void on_answer(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct viewer_transfer *transfer = user;
    if (transfer->ended) {
        return;
    }
    if (!answer) {
        transfer->request = 0;
        transfer_end_remote(transfer, code, message);
        return;
    }
    if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_PUT || transfer->stream != 0 ||
        transfer->stream_done || answer->file_put->offset > transfer->total) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer answered something that was not asked.");
        return;
    }
    const uint64_t offset = answer->file_put->offset;
    const int error = hash_sent(transfer, offset);
    if (error != 0) {
        transfer_end_local(transfer, error, "Cannot read");
        return;
    }
    transfer->at = offset;
    if (offset == transfer->total && offset > 0) {
        /* All of it is there already; only the commit is missing. */
        transfer->stream_done = true;
        transfer_progress(transfer);
        commit(transfer);
        return;
    }
    const int stream = viewer_remote_open(transfer->config.remote, transfer->request, &stream_ops, transfer);
    if (stream <= 0) {
        transfer_end(transfer, VIEWER_FILE_LOST, "The session takes no more streams now.");
        return;
    }
    transfer->stream = (uint32_t)stream;
    transfer_progress(transfer);
    feed(transfer);
}

void transfer_put_start(struct viewer_transfer *transfer)
{
    uint8_t key[16];
    struct stat stat;
    transfer->fd = open(transfer->local, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (transfer->fd < 0 || fstat(transfer->fd, &stat) != 0) {
        transfer_end_local(transfer, -errno, "Cannot read");
        return;
    }
    if (!S_ISREG(stat.st_mode)) {
        transfer_end_local(transfer, S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL, "Cannot send");
        return;
    }
    transfer->total = (uint64_t)stat.st_size;
    transfer->mtime_ms = mtime_of(&stat);
    transfer->chunk = malloc(VIEWER_FILE_CHUNK_BYTES);
    transfer->digest = EVP_MD_CTX_new();
    if (!transfer->chunk || !transfer->digest ||
        EVP_DigestInit_ex(transfer->digest, EVP_sha256(), NULL) != 1) {
        transfer_end_local(transfer, -ENOMEM, "Cannot send");
        return;
    }
    viewer_transfer_key(key, viewer_remote_device(transfer->config.remote), transfer->root, transfer->path,
        transfer->total, transfer->mtime_ms);
    Hearth__Session__FilePath at;
    transfer_at(transfer, &at);
    Hearth__Session__FilePut put = HEARTH__SESSION__FILE_PUT__INIT;
    put.at = &at;
    put.size = transfer->total;
    put.mtime_ms = transfer->mtime_ms;
    put.key = (ProtobufCBinaryData){sizeof key, key};
    put.replace = transfer->config.replace;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_PUT;
    message.file_put = &put;
    transfer->request = viewer_remote_request(transfer->config.remote, &message, on_answer, transfer);
    if (transfer->request == 0) {
        transfer_end(transfer, VIEWER_FILE_LOST, "The session takes no more requests now.");
    }
}
