#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "viewer/core/files_internal.h"

void viewer_transfer_key(uint8_t out[static 16], const uint8_t device[static 16], const char *root,
    const char *path, uint64_t size, int64_t mtime_ms)
{
    char text[VIEWER_ROOT_MAX + VIEWER_PATH_MAX + 128];
    uint8_t hash[32];
    char id[33];
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(id + i * 2, 3, "%02x", device[i]);
    }
    /* Names hold no '\n' in front of the numbers' place that could make two files one: the root has none. */
    const int len = snprintf(text, sizeof text, "hearth-put-1\n%s\n%llu\n%lld\n%s\n%s", id,
        (unsigned long long)size, (long long)mtime_ms, root, path);
    channel_crypto_sha256(hash, (const uint8_t *)text, (size_t)len);
    memcpy(out, hash, 16);
}

void transfer_at(struct viewer_transfer *transfer, Hearth__Session__FilePath *out)
{
    hearth__session__file_path__init(out);
    out->root = transfer->root;
    out->path = (ProtobufCBinaryData){strlen(transfer->path), (uint8_t *)transfer->path};
}

void transfer_progress(struct viewer_transfer *transfer)
{
    if (transfer->config.progress && !transfer->dead) {
        transfer->config.progress(transfer->config.user, transfer->at, transfer->total);
    }
}

static void let_go(struct viewer_transfer *transfer, bool keep)
{
    struct viewer_remote *remote = transfer->config.remote;
    if (transfer->request != 0) {
        viewer_remote_forget(remote, transfer->request);
        viewer_remote_drop(remote, transfer->request);
        if (!transfer->stream_done || transfer->put) {
            Hearth__Session__FileCancel cancel = HEARTH__SESSION__FILE_CANCEL__INIT;
            cancel.request = transfer->request;
            cancel.keep_part = keep;
            Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
            message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_CANCEL;
            message.file_cancel = &cancel;
            (void)viewer_remote_send(remote, &message);
        }
        transfer->request = 0;
    }
    if (transfer->commit != 0) {
        viewer_remote_forget(remote, transfer->commit);
        transfer->commit = 0;
    }
    viewer_part_close(transfer->part);
    transfer->part = NULL;
    if (transfer->fd >= 0) {
        (void)close(transfer->fd);
        transfer->fd = -1;
    }
}

void transfer_end(struct viewer_transfer *transfer, int code, const char *why)
{
    if (transfer->ended) {
        return;
    }
    transfer->ended = true;
    transfer->code = code;
    (void)snprintf(transfer->why, sizeof transfer->why, "%s", why ? why : "");
    if (code == 0) {
        /* Nothing is left to cancel. */
        viewer_remote_forget(transfer->config.remote, transfer->request);
        transfer->request = 0;
        transfer->commit = 0;
    }
    if (!transfer->dead) {
        (void)uv_timer_start(&transfer->timer, transfer->timer.timer_cb, 0, 0);
    }
}

void transfer_end_local(struct viewer_transfer *transfer, int error, const char *doing)
{
    char why[400];
    if (error == -EEXIST) {
        (void)snprintf(
            why, sizeof why, "%.200s is there already. Add --force to replace it.", transfer->local);
        transfer_end(transfer, HEARTH__SESSION__CODE__CODE_EXISTS, why);
        return;
    }
    if (error == -EBUSY) {
        (void)snprintf(why, sizeof why, "Another transfer is writing %.200s.", transfer->local);
    } else {
        (void)snprintf(why, sizeof why, "%s %.200s: %s.", doing, transfer->local, strerror(-error));
    }
    transfer_end(transfer, VIEWER_FILE_LOCAL, why);
}

void transfer_end_remote(struct viewer_transfer *transfer, int code, const char *message)
{
    if (code == HEARTH__SESSION__CODE__CODE_UNAVAILABLE) {
        code = VIEWER_FILE_LOST;
    } else if (code == HEARTH__SESSION__CODE__CODE_MISMATCH) {
        code = VIEWER_FILE_HOSTILE;
    }
    transfer_end(transfer, code, message);
}

static void on_timer(uv_timer_t *timer)
{
    struct viewer_transfer *transfer = timer->data;
    if (!transfer->started) {
        transfer->started = true;
        if (transfer->put) {
            transfer_put_start(transfer);
        } else {
            transfer_get_start(transfer);
        }
    } else if (transfer->ended) {
        let_go(transfer, true);
        transfer->config.done(transfer->config.user, transfer->code, transfer->code ? transfer->why : NULL);
    }
}

static struct viewer_transfer *create(const struct viewer_transfer_config *config, uv_loop_t *loop, bool put)
{
    struct viewer_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) {
        return NULL;
    }
    transfer->config = *config;
    transfer->put = put;
    transfer->fd = -1;
    (void)snprintf(transfer->root, sizeof transfer->root, "%s", config->root);
    (void)snprintf(transfer->path, sizeof transfer->path, "%s", config->path);
    (void)snprintf(transfer->local, sizeof transfer->local, "%s", config->local);
    (void)uv_timer_init(loop, &transfer->timer);
    transfer->timer.data = transfer;
    (void)uv_timer_start(&transfer->timer, on_timer, 0, 0);
    return transfer;
}

struct viewer_transfer *viewer_transfer_get(const struct viewer_transfer_config *config)
{
    return create(config, viewer_remote_loop(config->remote), false);
}

struct viewer_transfer *viewer_transfer_put(const struct viewer_transfer_config *config)
{
    return create(config, viewer_remote_loop(config->remote), true);
}

static void timer_closed(uv_handle_t *handle)
{
    struct viewer_transfer *transfer = handle->data;
    EVP_MD_CTX_free(transfer->digest);
    free(transfer->chunk);
    free(transfer);
}

void viewer_transfer_destroy(struct viewer_transfer *transfer)
{
    if (!transfer || transfer->dead) {
        return;
    }
    transfer->dead = true;
    transfer->ended = true;
    let_go(transfer, true);
    uv_close((uv_handle_t *)&transfer->timer, timer_closed);
}
