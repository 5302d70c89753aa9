#include "host/session/transfers.h"

#include "host/files/download.h"
#include "host/files/upload.h"
#include "host/session/jobs.h"

#include <stdlib.h>
#include <string.h>

typedef Hearth__Session__ToHost Request;

struct transfer {
    struct session_transfers *owner;
    uint32_t id;     /* of the request; 0 with no download and no upload = free */
    uint32_t stream; /* 0 = none (yet) */
    struct files_download *download;
    struct files_upload *upload;
    bool used;
    bool committing;
    bool whole; /* the part held everything already: no stream is needed */
    uint32_t commit;
    int failed; /* an upload that ended before its commit; kept to answer it */
    uint8_t key[FILES_KEY_MAX];
    size_t key_len;
    uint64_t size; /* of an upload, bytes */
};

struct session_transfers {
    struct session_transfers_config config;
    struct transfer slots[SESSION_TRANSFERS_MAX];
};

static struct channel_session *session_of(const struct transfer *transfer)
{
    return transfer->owner->config.wire->session;
}

static void refuse(struct transfer *transfer, uint32_t re, int err)
{
    session_wire_error(transfer->owner->config.wire, re, session_code_from_files(err), files_strerror(err));
}

static void answered(struct transfer *transfer)
{
    transfer->owner->config.answered(transfer->owner->config.user);
}

static struct transfer *find_id(struct session_transfers *transfers, uint32_t id)
{
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++)
        if (transfers->slots[i].used && transfers->slots[i].id == id)
            return &transfers->slots[i];
    return NULL;
}

static struct transfer *find_stream(struct session_transfers *transfers, uint32_t stream)
{
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++)
        if (transfers->slots[i].used && stream != 0 && transfers->slots[i].stream == stream)
            return &transfers->slots[i];
    return NULL;
}

/* A free slot, else one whose transfer failed and whose commit nobody sent. */
static struct transfer *find_free(struct session_transfers *transfers)
{
    struct transfer *found = NULL;
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++) {
        struct transfer *slot = &transfers->slots[i];
        if (!slot->used || (!found && slot->failed != FILES_OK))
            found = slot;
        if (!slot->used)
            break;
    }
    return found;
}

static struct transfer *claim(struct session_transfers *transfers, uint32_t id)
{
    if (find_id(transfers, id)) {
        session_wire_error(transfers->config.wire, id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            "A request of that number is under way. Give each its own.");
        return NULL;
    }
    struct transfer *slot = find_free(transfers);
    if (!slot) {
        session_wire_error(transfers->config.wire, id, HEARTH__SESSION__CODE__CODE_LIMIT,
            "Eight files are on their way already. Start this one when another has ended.");
        return NULL;
    }
    *slot = (struct transfer){.owner = transfers, .id = id, .used = true};
    return slot;
}

/* The transfer itself is over; code 0 = its stream ended well or was never there. */
static void release(struct transfer *transfer, Hearth__Session__Code code, bool keep)
{
    if (transfer->stream != 0 && code != 0 && transfer->download)
        (void)channel_stream_reset(session_of(transfer), transfer->stream, (uint64_t)code);
    if (transfer->stream != 0 && code != 0 && transfer->upload)
        (void)channel_stream_stop(session_of(transfer), transfer->stream, (uint64_t)code);
    files_download_destroy(transfer->download);
    files_upload_destroy(transfer->upload, keep);
    *transfer = (struct transfer){.owner = transfer->owner};
}

/* ---- download */

static void get_opened(void *user, uint64_t size, int64_t mtime_ms, uint64_t offset)
{
    struct transfer *transfer = user;
    Hearth__Session__FileGetReply get = HEARTH__SESSION__FILE_GET_REPLY__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    int stream = channel_stream_open(session_of(transfer), CHANNEL_LANE_B, CHANNEL_KIND_FILE, transfer->id);
    if (stream <= 0) {
        refuse(transfer, transfer->id, FILES_ERR_LIMIT);
        release(transfer, 0, true);
        answered(transfer);
        return;
    }
    transfer->stream = (uint32_t)stream;
    get.size = size;
    get.mtime_ms = mtime_ms;
    get.offset = offset;
    reply.re = transfer->id;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_GET;
    reply.file_get = &get;
    session_wire_send(transfer->owner->config.wire, &reply);
    answered(transfer);
}

static size_t get_write(void *user, const uint8_t *data, size_t len)
{
    struct transfer *transfer = user;
    int took = channel_stream_write(session_of(transfer), transfer->stream, data, len);
    if (took > 0)
        answered(transfer);
    return took > 0 ? (size_t)took : 0;
}

static void get_done(void *user, int err, const uint8_t sha256[FILES_HASH_LEN])
{
    struct transfer *transfer = user;
    if (err != FILES_OK) {
        refuse(transfer, transfer->id, err);
        release(transfer, session_code_from_files(err), true);
        answered(transfer);
        return;
    }
    Hearth__Session__FileGetReply get = HEARTH__SESSION__FILE_GET_REPLY__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    (void)channel_stream_finish(session_of(transfer), transfer->stream);
    get.done = true;
    get.sha256.data = (uint8_t *)(uintptr_t)sha256;
    get.sha256.len = FILES_HASH_LEN;
    reply.re = transfer->id;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_GET;
    reply.file_get = &get;
    session_wire_send(transfer->owner->config.wire, &reply);
    release(transfer, 0, true);
    answered(transfer);
}

static void take_get(struct session_transfers *transfers, const Request *request)
{
    static const struct files_download_ops ops = {get_opened, get_write, get_done};
    const Hearth__Session__FileGet *get = request->file_get;
    const struct session_transfers_config *config = &transfers->config;
    struct files_download_request what = {.offset = get->offset,
        .resume = get->resume,
        .expect_size = get->expect_size,
        .expect_mtime_ms = get->expect_mtime_ms};
    if (!session_files_at(config->wire, config->policy, config->rights, request->id, get->at, &what.at))
        return;
    struct transfer *slot = claim(transfers, request->id);
    if (!slot)
        return;
    slot->download = files_download_create(config->loop, &what, &ops, slot);
    if (!slot->download) {
        refuse(slot, slot->id, FILES_ERR_NOMEM);
        release(slot, 0, true);
    }
}

/* ---- upload */

static void put_ready(void *user, uint64_t offset)
{
    struct transfer *transfer = user;
    Hearth__Session__FilePutReply put = HEARTH__SESSION__FILE_PUT_REPLY__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    put.offset = offset;
    transfer->whole = offset == transfer->size;
    reply.re = transfer->id;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_PUT;
    reply.file_put = &put;
    session_wire_send(transfer->owner->config.wire, &reply);
    answered(transfer);
}

static void put_took(void *user, size_t len)
{
    struct transfer *transfer = user;
    if (transfer->stream != 0) {
        (void)channel_stream_consumed(session_of(transfer), transfer->stream, len);
        answered(transfer);
    }
}

static void put_done(
    void *user, int err, const struct files_entry *entry, const uint8_t sha256[FILES_HASH_LEN])
{
    struct transfer *transfer = user;
    if (err != FILES_OK && !transfer->committing) {
        refuse(transfer, transfer->id, err);
        const uint32_t id = transfer->id;
        release(transfer, session_code_from_files(err), true);
        *transfer = (struct transfer){.owner = transfer->owner, .used = true, .id = id, .failed = err};
    } else if (err != FILES_OK) {
        refuse(transfer, transfer->commit, err);
        release(transfer, session_code_from_files(err), true);
    } else {
        struct files_entry named = *entry;
        Hearth__Session__FileEntry message;
        Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
        session_entry_to_message(&message, &named);
        message.sha256.data = (uint8_t *)(uintptr_t)sha256;
        message.sha256.len = FILES_HASH_LEN;
        reply.re = transfer->commit;
        reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_FILE_COMMITTED;
        reply.file_committed = &message;
        session_wire_send(transfer->owner->config.wire, &reply);
        release(transfer, 0, true);
    }
    answered(transfer);
}

static void take_put(struct session_transfers *transfers, const Request *request)
{
    static const struct files_upload_ops ops = {put_ready, put_took, put_done};
    const Hearth__Session__FilePut *put = request->file_put;
    const struct session_transfers_config *config = &transfers->config;
    struct files_upload_request what = {.size = put->size,
        .mtime_ms = put->mtime_ms,
        .key = put->key.data,
        .key_len = put->key.len,
        .replace = put->replace,
        .umask = config->umask};
    if (!session_files_at(config->wire, config->policy, config->rights, request->id, put->at, &what.at))
        return;
    config->taken_over(config->user, put->key.data, put->key.len);
    struct transfer *slot = claim(transfers, request->id);
    if (!slot)
        return;
    memcpy(slot->key, put->key.data, put->key.len);
    slot->key_len = put->key.len;
    slot->size = put->size;
    slot->upload = files_upload_create(config->loop, &what, &ops, slot);
    if (!slot->upload) {
        refuse(slot, slot->id, FILES_ERR_NOMEM);
        release(slot, 0, true);
    }
}

static void take_commit(struct session_transfers *transfers, const Request *request)
{
    const Hearth__Session__FileCommit *commit = request->file_commit;
    struct transfer *slot = find_id(transfers, commit->put);
    if (!slot || (!slot->upload && slot->failed == FILES_OK)) {
        session_wire_error(transfers->config.wire, request->id, HEARTH__SESSION__CODE__CODE_NOT_FOUND,
            "No such upload is under way. Send the file again; it goes on where it stopped.");
    } else if (slot->failed != FILES_OK) {
        refuse(slot, request->id, slot->failed);
        release(slot, 0, true);
    } else if (slot->committing) {
        session_wire_error(transfers->config.wire, request->id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            "This upload is being completed already.");
    } else {
        slot->committing = true;
        slot->commit = request->id;
        if (slot->whole && slot->stream == 0)
            files_upload_finish(slot->upload);
        files_upload_commit(slot->upload, commit->sha256.data);
    }
}

static void take_cancel(struct session_transfers *transfers, const Request *request)
{
    struct transfer *slot = find_id(transfers, request->file_cancel->request);
    if (slot)
        release(slot, HEARTH__SESSION__CODE__CODE_CANCELLED, request->file_cancel->keep_part);
    session_wire_done(transfers->config.wire, request->id);
}

bool session_transfers_take(struct session_transfers *transfers, const Request *request)
{
    switch (request->body_case) {
    case HEARTH__SESSION__TO_HOST__BODY_FILE_GET:
        take_get(transfers, request);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_PUT:
        take_put(transfers, request);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_COMMIT:
        take_commit(transfers, request);
        return true;
    case HEARTH__SESSION__TO_HOST__BODY_FILE_CANCEL:
        take_cancel(transfers, request);
        return true;
    default:
        return false;
    }
}

void session_transfers_yield(struct session_transfers *transfers, const uint8_t *key, size_t key_len)
{
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++) {
        struct transfer *slot = &transfers->slots[i];
        if (!slot->used || !slot->upload || slot->key_len != key_len || memcmp(slot->key, key, key_len) != 0)
            continue;
        session_wire_error(transfers->config.wire, slot->committing ? slot->commit : slot->id,
            HEARTH__SESSION__CODE__CODE_CANCELLED, "The same file is being sent again.");
        release(slot, HEARTH__SESSION__CODE__CODE_CANCELLED, true);
    }
}

/* ---- streams */

static void stream_opened(struct session_transfers *transfers, const struct channel_event *event)
{
    struct transfer *slot = event->param <= UINT32_MAX ? find_id(transfers, (uint32_t)event->param) : NULL;
    if (event->lane != CHANNEL_LANE_B || event->kind != CHANNEL_KIND_FILE || !slot || !slot->upload ||
        slot->stream != 0) {
        (void)channel_stream_stop(
            transfers->config.wire->session, event->stream, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
        return;
    }
    slot->stream = event->stream;
}

static void stream_data(struct transfer *slot, const struct channel_event *event)
{
    int err = files_upload_data(slot->upload, event->data, event->len);
    if (err != FILES_OK) {
        refuse(slot, slot->id, err);
        release(slot, HEARTH__SESSION__CODE__CODE_LIMIT, false);
    }
}

void session_transfers_event(struct session_transfers *transfers, const struct channel_event *event)
{
    if (event->type == CHANNEL_EVENT_STREAM_OPENED) {
        stream_opened(transfers, event);
        return;
    }
    struct transfer *slot = find_stream(transfers, event->stream);
    if (!slot) {
        /* Bytes that were under way when their transfer ended: take them off the wire. */
        if (event->type == CHANNEL_EVENT_STREAM_DATA)
            (void)channel_stream_consumed(transfers->config.wire->session, event->stream, event->len);
        return;
    }
    if (event->type == CHANNEL_EVENT_STREAM_DATA && slot->upload)
        stream_data(slot, event);
    else if (event->type == CHANNEL_EVENT_STREAM_FINISHED && slot->upload)
        files_upload_finish(slot->upload);
    else if (event->type == CHANNEL_EVENT_STREAM_WRITABLE && slot->download)
        files_download_wake(slot->download);
    else if (event->type == CHANNEL_EVENT_STREAM_RESET || event->type == CHANNEL_EVENT_STREAM_STOPPED)
        release(slot, HEARTH__SESSION__CODE__CODE_CANCELLED, true);
}

size_t session_transfers_active(const struct session_transfers *transfers)
{
    size_t count = 0;
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++)
        count += transfers->slots[i].download || transfers->slots[i].upload;
    return count;
}

struct session_transfers *session_transfers_create(const struct session_transfers_config *config)
{
    struct session_transfers *transfers = calloc(1, sizeof *transfers);
    if (!transfers)
        return NULL;
    transfers->config = *config;
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++)
        transfers->slots[i].owner = transfers;
    return transfers;
}

void session_transfers_destroy(struct session_transfers *transfers)
{
    if (!transfers)
        return;
    for (size_t i = 0; i < SESSION_TRANSFERS_MAX; i++)
        if (transfers->slots[i].used)
            release(&transfers->slots[i], 0, true);
    free(transfers);
}
