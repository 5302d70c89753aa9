/* From a host to this computer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "viewer/core/files_internal.h"

static void ask(struct viewer_transfer *transfer, const struct viewer_part_source *source, uint64_t have);

static void source_id(struct viewer_transfer *transfer, uint8_t out[static 32])
{
    uint8_t key[16];
    viewer_transfer_key(
        key, viewer_remote_device(transfer->config.remote), transfer->root, transfer->path, 0, 0);
    channel_crypto_sha256(out, key, sizeof key);
}

/* Both the bytes and their hash are here: compare, name. */
static void settle(struct viewer_transfer *transfer)
{
    uint8_t hash[32];
    if (!transfer->stream_done || !transfer->has_hash || transfer->ended) {
        return;
    }
    viewer_part_hash(transfer->part, hash);
    if (transfer->at != transfer->total || memcmp(hash, transfer->hash, sizeof hash) != 0) {
        viewer_part_discard(transfer->part);
        transfer_end(transfer, VIEWER_FILE_HOSTILE,
            "The bytes that arrived are not those of the file. Nothing was kept; try again.");
        return;
    }
    const int error = viewer_part_commit(transfer->part, transfer->config.replace, transfer->mtime_ms);
    if (error != 0) {
        transfer_end_local(transfer, error, "Cannot finish");
        return;
    }
    transfer_end(transfer, 0, NULL);
}

static size_t on_data(void *user, const uint8_t *data, size_t len)
{
    struct viewer_transfer *transfer = user;
    if (transfer->ended) {
        return len;
    }
    if (!transfer->answered) {
        /* The stream may overtake the reply; nothing is written before its size is known. */
        if (len > VIEWER_FILE_CHUNK_BYTES * 2 - transfer->chunk_len) {
            transfer_end(
                transfer, VIEWER_FILE_HOSTILE, "The other computer sent a file that was not announced.");
            return len;
        }
        if (!transfer->chunk) {
            transfer->chunk = malloc(VIEWER_FILE_CHUNK_BYTES * 2);
        }
        if (!transfer->chunk) {
            transfer_end_local(transfer, -ENOMEM, "Cannot write");
            return len;
        }
        if (len > 0) {
            memcpy(transfer->chunk + transfer->chunk_len, data, len);
        }
        transfer->chunk_len += len;
        return len;
    }
    if (len > transfer->total - transfer->at) {
        transfer_end(transfer, VIEWER_FILE_HOSTILE, "The other computer sent more than the file holds.");
        return len;
    }
    const int error = viewer_part_write(transfer->part, data, len);
    if (error != 0) {
        transfer_end_local(transfer, error, "Cannot write");
        return len;
    }
    transfer->at += len;
    transfer_progress(transfer);
    return len;
}

static void on_finished(void *user)
{
    struct viewer_transfer *transfer = user;
    transfer->stream_done = true;
    settle(transfer);
}

static void on_broken(void *user)
{
    struct viewer_transfer *transfer = user;
    if (viewer_remote_ended(transfer->config.remote)) {
        transfer_end(transfer, VIEWER_FILE_LOST, "The session was lost.");
    } else if (transfer->has_hash) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer broke off a file that it called complete.");
    }
    /* Else the answer to the request says why. */
}

static void on_writable(void *user)
{
    (void)user;
}

static const struct viewer_stream_ops stream_ops = {
    .data = on_data, .finished = on_finished, .broken = on_broken, .writable = on_writable};

static void take_reply(struct viewer_transfer *transfer, const Hearth__Session__FileGetReply *reply)
{
    struct viewer_part_source source = {.size = reply->size, .mtime_ms = reply->mtime_ms};
    if (transfer->answered || reply->offset != transfer->at || reply->offset > reply->size) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer answered something that was not asked.");
        return;
    }
    source_id(transfer, source.id);
    transfer->answered = true;
    transfer->total = reply->size;
    transfer->mtime_ms = reply->mtime_ms;
    const int error = viewer_part_begin(transfer->part, &source, reply->offset);
    if (error != 0) {
        transfer_end_local(transfer, error, "Cannot write");
        return;
    }
    transfer_progress(transfer);
    if (transfer->chunk && transfer->chunk_len > 0) {
        const size_t early = transfer->chunk_len;
        transfer->chunk_len = 0;
        (void)on_data(transfer, transfer->chunk, early);
    }
}

static void on_answer(void *user, const Hearth__Session__FromHost *answer, int code, const char *message)
{
    struct viewer_transfer *transfer = user;
    if (transfer->ended) {
        return;
    }
    if (!answer && code == HEARTH__SESSION__CODE__CODE_CHANGED && transfer->at > 0 && !transfer->answered &&
        !transfer->retried) {
        /* Not the file whose first part we hold: from the start. */
        const struct viewer_part_source none = {0};
        transfer->retried = true;
        viewer_remote_drop(transfer->config.remote, transfer->request);
        transfer->request = 0;
        ask(transfer, &none, 0);
        return;
    }
    if (!answer) {
        transfer->request = 0;
        transfer_end_remote(transfer, code, message);
        return;
    }
    if (answer->body_case != HEARTH__SESSION__FROM_HOST__BODY_FILE_GET) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer answered something that was not asked.");
        return;
    }
    const Hearth__Session__FileGetReply *reply = answer->file_get;
    if (!reply->done) {
        take_reply(transfer, reply);
        return;
    }
    if (reply->sha256.len != sizeof transfer->hash || !transfer->answered) {
        transfer_end(
            transfer, VIEWER_FILE_HOSTILE, "The other computer answered something that was not asked.");
        return;
    }
    memcpy(transfer->hash, reply->sha256.data, sizeof transfer->hash);
    transfer->has_hash = true;
    settle(transfer);
}

static void ask(struct viewer_transfer *transfer, const struct viewer_part_source *source, uint64_t have)
{
    Hearth__Session__FilePath at;
    transfer_at(transfer, &at);
    Hearth__Session__FileGet get = HEARTH__SESSION__FILE_GET__INIT;
    get.at = &at;
    get.offset = have;
    get.resume = have > 0;
    get.expect_size = source->size;
    get.expect_mtime_ms = source->mtime_ms;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_GET;
    message.file_get = &get;
    transfer->at = have;
    transfer->request = viewer_remote_request(transfer->config.remote, &message, on_answer, transfer);
    if (transfer->request == 0 ||
        viewer_remote_expect(transfer->config.remote, transfer->request, &stream_ops, transfer) != 0) {
        transfer_end(transfer, VIEWER_FILE_LOST, "The session takes no more requests now.");
    }
}

void transfer_get_start(struct viewer_transfer *transfer)
{
    uint8_t id[32];
    struct viewer_part_source source;
    uint64_t have = 0;
    if (!transfer->config.replace && access(transfer->local, F_OK) == 0) {
        transfer_end_local(transfer, -EEXIST, "");
        return;
    }
    source_id(transfer, id);
    const int error = viewer_part_open(&transfer->part, transfer->local, id, &source, &have);
    if (error != 0) {
        transfer_end_local(transfer, error, "Cannot write");
        return;
    }
    ask(transfer, &source, have);
}
