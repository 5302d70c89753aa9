#include "viewer/core/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/proto/link.pb-c.h"
#include "viewer/core/framing.h"
#include "viewer/core/screen.h"

struct request {
    uint32_t id; /* 0 = free */
    viewer_remote_answer_fn *fn;
    void *user;
};

struct stream {
    uint32_t request; /* 0 = free */
    uint32_t number;  /* of the session; 0 = the host has not opened it yet */
    const struct viewer_stream_ops *ops;
    void *user;
};

struct viewer_remote {
    struct channel_peer *peer;
    struct viewer_remote_callbacks callbacks;
    void *user;
    struct viewer_remote_config config;
    struct viewer_framing framing;
    uint32_t control; /* stream; 0 = not open */
    uint32_t screen;  /* stream of the host's pictures; 0 = none */
    uint32_t next_id, next_input, hello_id;
    bool ready, ended, dead;
    uint8_t *queue; /* framed control messages that wait for room */
    size_t queue_len, queue_cap;
    uint8_t scratch[CHANNEL_RECORD_PLAIN_MAX];
    struct request requests[VIEWER_REMOTE_REQUESTS_MAX];
    struct stream streams[VIEWER_REMOTE_STREAMS_MAX];
    uv_timer_t release; /* frees outside of any callback */
};

static struct channel_session *session_of(struct viewer_remote *remote)
{
    return channel_peer_session(remote->peer);
}

/* ---- the end */

static void end(struct viewer_remote *remote, int code, const char *why)
{
    if (remote->ended) {
        return;
    }
    remote->ended = true;
    for (size_t i = 0; i < VIEWER_REMOTE_STREAMS_MAX && !remote->dead; i++) {
        const struct stream stream = remote->streams[i];
        memset(&remote->streams[i], 0, sizeof remote->streams[i]);
        if (stream.request != 0) {
            stream.ops->broken(stream.user);
        }
    }
    for (size_t i = 0; i < VIEWER_REMOTE_REQUESTS_MAX && !remote->dead; i++) {
        const struct request request = remote->requests[i];
        memset(&remote->requests[i], 0, sizeof remote->requests[i]);
        if (request.id != 0) {
            request.fn(request.user, NULL, HEARTH__SESSION__CODE__CODE_UNAVAILABLE, why);
        }
    }
    if (!remote->dead) {
        remote->callbacks.closed(remote->user, code, why);
    }
}

/* The host broke the protocol: nothing more is believed. */
static void refuse(struct viewer_remote *remote, const char *why)
{
    channel_session_close(session_of(remote), HEARTH__LINK__CODE__CODE_BAD_REQUEST, why);
    end(remote, HEARTH__LINK__CODE__CODE_BAD_REQUEST, why);
}

/* ---- control messages out */

static void drain_queue(struct viewer_remote *remote)
{
    if (remote->queue_len == 0 || remote->control == 0) {
        return;
    }
    const int took =
        channel_stream_write(session_of(remote), remote->control, remote->queue, remote->queue_len);
    if (took > 0) {
        remote->queue_len -= (size_t)took;
        memmove(remote->queue, remote->queue + took, remote->queue_len);
    }
}

static int queue(struct viewer_remote *remote, const Hearth__Session__ToHost *message)
{
    const size_t len = hearth__session__to_host__get_packed_size(message);
    const size_t need = VIEWER_FRAME_HEADER_BYTES + len;
    if (remote->control == 0 || remote->ended || len > VIEWER_FRAME_MAX_BYTES ||
        need > VIEWER_REMOTE_QUEUE_BYTES - remote->queue_len) {
        return -1;
    }
    if (need > remote->queue_cap - remote->queue_len) {
        size_t cap = remote->queue_cap ? remote->queue_cap : 4096;
        while (cap < remote->queue_len + need) {
            cap *= 2;
        }
        uint8_t *grown = realloc(remote->queue, cap);
        if (!grown) {
            return -1;
        }
        remote->queue = grown;
        remote->queue_cap = cap;
    }
    viewer_framing_header(remote->queue + remote->queue_len, len);
    (void)hearth__session__to_host__pack(
        message, remote->queue + remote->queue_len + VIEWER_FRAME_HEADER_BYTES);
    remote->queue_len += need;
    drain_queue(remote);
    channel_peer_flush(remote->peer);
    return 0;
}

int viewer_remote_send(struct viewer_remote *remote, Hearth__Session__ToHost *message)
{
    message->id = 0;
    return queue(remote, message);
}

uint32_t viewer_remote_request(
    struct viewer_remote *remote, Hearth__Session__ToHost *message, viewer_remote_answer_fn *fn, void *user)
{
    for (size_t i = 0; i < VIEWER_REMOTE_REQUESTS_MAX; i++) {
        struct request *slot = &remote->requests[i];
        if (slot->id == 0) {
            remote->next_id = remote->next_id == UINT32_MAX ? 1 : remote->next_id + 1;
            *slot = (struct request){remote->next_id, fn, user};
            message->id = slot->id;
            if (queue(remote, message) != 0) {
                memset(slot, 0, sizeof *slot);
                return 0;
            }
            return message->id;
        }
    }
    return 0;
}

void viewer_remote_forget(struct viewer_remote *remote, uint32_t request)
{
    for (size_t i = 0; i < VIEWER_REMOTE_REQUESTS_MAX; i++) {
        if (request != 0 && remote->requests[i].id == request) {
            memset(&remote->requests[i], 0, sizeof remote->requests[i]);
        }
    }
}

void viewer_remote_wish(struct viewer_remote *remote, const struct viewer_screen_update *update)
{
    for (size_t i = 0; i < update->wish_count; i++) {
        Hearth__Session__VideoControl control = HEARTH__SESSION__VIDEO_CONTROL__INIT;
        control.stream = update->wish[i].stream;
        control.key = update->wish[i].key;
        control.none = update->wish[i].none;
        Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_VIDEO_CONTROL;
        message.video_control = &control;
        (void)viewer_remote_send(remote, &message);
    }
}

uint32_t viewer_remote_next_input(struct viewer_remote *remote)
{
    return ++remote->next_input;
}

/* ---- control messages in */

static void take_hello(struct viewer_remote *remote, const Hearth__Session__FromHost *message)
{
    if (message->hello->version != 1 || !message->hello->rights) {
        refuse(remote, "The other computer runs another version of Hearth. Update the older of the two.");
        return;
    }
    remote->ready = true;
    remote->callbacks.ready(remote->user, message->hello);
}

/* FileGet is answered twice: what is coming, and its hash when it has come. FilePut's yes may be
 * followed by an error while the bytes travel; its asker forgets it in the end. */
static bool more_follows(const Hearth__Session__FromHost *message)
{
    return (message->body_case == HEARTH__SESSION__FROM_HOST__BODY_FILE_GET && !message->file_get->done) ||
           message->body_case == HEARTH__SESSION__FROM_HOST__BODY_FILE_PUT;
}

static void take_answer(struct viewer_remote *remote, const Hearth__Session__FromHost *message)
{
    for (size_t i = 0; i < VIEWER_REMOTE_REQUESTS_MAX; i++) {
        struct request *slot = &remote->requests[i];
        if (slot->id != message->re) {
            continue;
        }
        const struct request request = *slot;
        if (!more_follows(message)) {
            memset(slot, 0, sizeof *slot);
        }
        if (message->body_case == HEARTH__SESSION__FROM_HOST__BODY_ERROR) {
            const int code =
                message->error->code ? (int)message->error->code : HEARTH__SESSION__CODE__CODE_IO;
            request.fn(request.user, NULL, code, message->error->message);
        } else {
            request.fn(request.user, message, 0, NULL);
        }
        return;
    }
}

static void take_message(struct viewer_remote *remote, const uint8_t *data, size_t len)
{
    Hearth__Session__FromHost *message = hearth__session__from_host__unpack(NULL, len, data);
    if (!message) {
        refuse(remote, "The other computer sent something that is not a message.");
        return;
    }
    if (!remote->ready) {
        if (message->body_case == HEARTH__SESSION__FROM_HOST__BODY_HELLO) {
            take_hello(remote, message);
        } else if (message->body_case == HEARTH__SESSION__FROM_HOST__BODY_ERROR) {
            char why[300];
            (void)snprintf(why, sizeof why, "%s", message->error->message);
            channel_session_close(session_of(remote), 0, "");
            end(remote, HEARTH__LINK__CODE__CODE_DENIED, why);
        } else {
            refuse(remote, "The other computer spoke before it said hello.");
        }
    } else if (message->re != 0) {
        take_answer(remote, message);
    } else if (message->body_case == HEARTH__SESSION__FROM_HOST__BODY_BYE) {
        char why[300];
        (void)snprintf(why, sizeof why, "%s",
            message->bye->reason[0] ? message->bye->reason : "The other computer ended the session.");
        channel_session_close(session_of(remote), 0, "");
        end(remote, 0, why);
    } else if (remote->callbacks.message) {
        remote->callbacks.message(remote->user, message);
    }
    hearth__session__from_host__free_unpacked(message, NULL);
}

static void take_control(struct viewer_remote *remote, const uint8_t *data, size_t len)
{
    const size_t whole = len;
    while (!remote->dead && !remote->ended) {
        const uint8_t *message = NULL;
        size_t message_len = 0;
        const int got = viewer_framing_take(&remote->framing, &data, &len, &message, &message_len);
        if (got < 0) {
            refuse(remote, "The other computer sent a message that is too long.");
        } else if (got == 0) {
            break;
        } else {
            take_message(remote, message, message_len);
        }
    }
    if (!remote->dead && !remote->ended) {
        (void)channel_stream_consumed(session_of(remote), remote->control, whole);
    }
}

/* ---- file streams */

static struct stream *by_number(struct viewer_remote *remote, uint32_t number)
{
    for (size_t i = 0; i < VIEWER_REMOTE_STREAMS_MAX; i++) {
        if (number != 0 && remote->streams[i].number == number) {
            return &remote->streams[i];
        }
    }
    return NULL;
}

static struct stream *by_request(struct viewer_remote *remote, uint32_t request)
{
    for (size_t i = 0; i < VIEWER_REMOTE_STREAMS_MAX; i++) {
        if (request != 0 && remote->streams[i].request == request) {
            return &remote->streams[i];
        }
    }
    return NULL;
}

int viewer_remote_expect(
    struct viewer_remote *remote, uint32_t request, const struct viewer_stream_ops *ops, void *user)
{
    for (size_t i = 0; i < VIEWER_REMOTE_STREAMS_MAX && !remote->ended; i++) {
        if (remote->streams[i].request == 0) {
            remote->streams[i] = (struct stream){request, 0, ops, user};
            return 0;
        }
    }
    return -1;
}

int viewer_remote_open(
    struct viewer_remote *remote, uint32_t request, const struct viewer_stream_ops *ops, void *user)
{
    if (viewer_remote_expect(remote, request, ops, user) != 0) {
        return CHANNEL_ERR_LIMIT;
    }
    struct stream *stream = by_request(remote, request);
    const int number = channel_stream_open(session_of(remote), CHANNEL_LANE_B, CHANNEL_KIND_FILE, request);
    if (number <= 0) {
        memset(stream, 0, sizeof *stream);
        return number;
    }
    stream->number = (uint32_t)number;
    return number;
}

int viewer_remote_write(struct viewer_remote *remote, uint32_t stream, const uint8_t *data, size_t len)
{
    return remote->ended ? CHANNEL_ERR_CLOSED : channel_stream_write(session_of(remote), stream, data, len);
}

int viewer_remote_finish_stream(struct viewer_remote *remote, uint32_t stream)
{
    const int result = remote->ended ? CHANNEL_ERR_CLOSED : channel_stream_finish(session_of(remote), stream);
    viewer_remote_flush(remote);
    return result;
}

void viewer_remote_consumed(struct viewer_remote *remote, uint32_t stream, size_t len)
{
    if (!remote->ended) {
        (void)channel_stream_consumed(session_of(remote), stream, len);
    }
}

void viewer_remote_drop(struct viewer_remote *remote, uint32_t request)
{
    struct stream *stream = by_request(remote, request);
    if (!stream) {
        return;
    }
    if (stream->number != 0 && !remote->ended) {
        /* Ours end with a reset, the host's with a stop; the other call has no effect. */
        (void)channel_stream_reset(session_of(remote), stream->number, HEARTH__SESSION__CODE__CODE_CANCELLED);
        (void)channel_stream_stop(session_of(remote), stream->number, HEARTH__SESSION__CODE__CODE_CANCELLED);
        channel_peer_flush(remote->peer);
    }
    memset(stream, 0, sizeof *stream);
}

void viewer_remote_flush(struct viewer_remote *remote)
{
    if (!remote->ended) {
        channel_peer_flush(remote->peer);
    }
}

/* ---- the peer's callbacks */

static void take_opened(struct viewer_remote *remote, const struct channel_event *event)
{
    if (event->kind == CHANNEL_KIND_SCREEN && event->lane == CHANNEL_LANE_S && remote->callbacks.screen) {
        remote->screen = event->stream;
        return;
    }
    struct stream *stream = event->param <= UINT32_MAX ? by_request(remote, (uint32_t)event->param) : NULL;
    if (event->kind == CHANNEL_KIND_FILE && event->lane == CHANNEL_LANE_B && stream && stream->number == 0) {
        stream->number = event->stream;
        return;
    }
    (void)channel_stream_stop(session_of(remote), event->stream, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void take_data(struct viewer_remote *remote, const struct channel_event *event)
{
    if (event->stream == remote->control) {
        /* Answers may call into the session, whose bytes these are. */
        const size_t len = event->len < sizeof remote->scratch ? event->len : sizeof remote->scratch;
        memcpy(remote->scratch, event->data, len);
        take_control(remote, remote->scratch, len);
        return;
    }
    struct stream *stream = by_number(remote, event->stream);
    if (!stream) {
        (void)channel_stream_consumed(session_of(remote), event->stream, event->len);
        return;
    }
    const size_t taken = stream->ops->data(stream->user, event->data, event->len);
    if (taken > 0 && !remote->dead && !remote->ended) {
        (void)channel_stream_consumed(session_of(remote), event->stream, taken);
    }
}

static void take_stream_end(struct viewer_remote *remote, const struct channel_event *event)
{
    if (event->stream == remote->control) {
        channel_session_close(session_of(remote), 0, "");
        end(remote, 0, "The other computer ended the session.");
        return;
    }
    if (event->stream == remote->screen) {
        remote->screen = 0;
        return;
    }
    struct stream *slot = by_number(remote, event->stream);
    if (!slot) {
        return;
    }
    const struct stream stream = *slot;
    memset(slot, 0, sizeof *slot);
    if (event->type == CHANNEL_EVENT_STREAM_FINISHED) {
        stream.ops->finished(stream.user);
    } else {
        stream.ops->broken(stream.user);
    }
}

static void on_event(void *user, const struct channel_event *event)
{
    struct viewer_remote *remote = user;
    if (remote->dead || remote->ended) {
        return;
    }
    switch (event->type) {
    case CHANNEL_EVENT_STREAM_OPENED:
        take_opened(remote, event);
        return;
    case CHANNEL_EVENT_STREAM_DATA:
        take_data(remote, event);
        return;
    case CHANNEL_EVENT_STREAM_FINISHED:
    case CHANNEL_EVENT_STREAM_RESET:
    case CHANNEL_EVENT_STREAM_STOPPED:
        take_stream_end(remote, event);
        return;
    case CHANNEL_EVENT_STREAM_WRITABLE:
        if (event->stream == remote->control) {
            drain_queue(remote);
        } else {
            const struct stream *stream = by_number(remote, event->stream);
            if (stream) {
                stream->ops->writable(stream->user);
            }
        }
        return;
    case CHANNEL_EVENT_MESSAGE:
        if (event->stream == remote->screen && remote->callbacks.screen) {
            remote->callbacks.screen(remote->user, event->data, event->len);
        }
        return;
    case CHANNEL_EVENT_MESSAGE_GAP:
        if (remote->callbacks.gap) {
            remote->callbacks.gap(remote->user);
        }
        return;
    case CHANNEL_EVENT_NONE:
    case CHANNEL_EVENT_WANT_DH:
    case CHANNEL_EVENT_VERDICT:
    case CHANNEL_EVENT_OPEN:
    case CHANNEL_EVENT_PATH_UP:
    case CHANNEL_EVENT_PATH_DOWN:
    case CHANNEL_EVENT_RTT:
    case CHANNEL_EVENT_CLOSED:
        return;
    }
}

static void on_open(void *user, const struct channel_device *peer)
{
    struct viewer_remote *remote = user;
    (void)peer;
    const int control = channel_stream_open(session_of(remote), CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    if (control <= 0) {
        refuse(remote, "The session could not be opened.");
        return;
    }
    remote->control = (uint32_t)control;
    Hearth__Session__Rights want = HEARTH__SESSION__RIGHTS__INIT;
    want.view = remote->config.view;
    want.control = remote->config.control;
    want.clipboard_in = remote->config.clipboard;
    want.clipboard_out = remote->config.clipboard;
    want.files_read = remote->config.files;
    want.files_write = remote->config.files;
    Hearth__Session__ViewerHello hello = HEARTH__SESSION__VIEWER_HELLO__INIT;
    hello.version = 1;
    hello.want = &want;
    hello.view_only = remote->config.view_only;
    hello.agent = (char *)(uintptr_t)remote->config.agent;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_HELLO;
    message.hello = &hello;
    (void)viewer_remote_send(remote, &message);
}

static void on_flowing(void *user, bool flowing)
{
    struct viewer_remote *remote = user;
    if (!remote->ended && remote->callbacks.flowing) {
        remote->callbacks.flowing(remote->user, flowing);
    }
}

static void on_closed(void *user, int code, const char *why)
{
    end(user, code, why);
}

struct viewer_remote *viewer_remote_create(const struct viewer_remote_config *config)
{
    struct viewer_remote *remote = calloc(1, sizeof *remote);
    if (!remote) {
        return NULL;
    }
    remote->config = *config;
    remote->callbacks = config->callbacks;
    remote->user = config->user;
    viewer_framing_init(&remote->framing);
    const struct channel_peer_callbacks callbacks = {
        .open = on_open, .event = on_event, .flowing = on_flowing, .closed = on_closed};
    remote->peer = channel_peer_dial(config->link, config->device, &callbacks, remote);
    if (!remote->peer) {
        free(remote);
        return NULL;
    }
    (void)uv_timer_init(config->loop, &remote->release);
    remote->release.data = remote;
    return remote;
}

static void released(uv_handle_t *handle)
{
    struct viewer_remote *remote = handle->data;
    viewer_framing_finish(&remote->framing);
    free(remote->queue);
    free(remote);
}

void viewer_remote_destroy(struct viewer_remote *remote)
{
    if (!remote || remote->dead) {
        return;
    }
    remote->dead = true;
    remote->ended = true;
    channel_peer_close(remote->peer, 0, "");
    uv_close((uv_handle_t *)&remote->release, released);
}

bool viewer_remote_ended(const struct viewer_remote *remote)
{
    return remote->ended;
}

uv_loop_t *viewer_remote_loop(const struct viewer_remote *remote)
{
    return remote->config.loop;
}

const uint8_t *viewer_remote_device(const struct viewer_remote *remote)
{
    return remote->config.device;
}

void viewer_remote_stats(struct viewer_remote *remote, struct channel_stats *out)
{
    channel_session_stats(session_of(remote), out);
}
