#include "channel/core/stream.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_AT_FIRST = 4096,
    RTT_UNKNOWN_US = 50000 /* until the first PONG */
};

bool channel_kind_one_way(uint16_t kind)
{
    return kind == CHANNEL_KIND_FILE || kind == CHANNEL_KIND_SCREEN;
}

uint64_t channel_kind_credit(uint16_t kind)
{
    return kind == CHANNEL_KIND_SCREEN ? 0
           : kind == CHANNEL_KIND_FILE ? CHANNEL_CREDIT_FILE
                                       : CHANNEL_CREDIT_CONTROL;
}

void channel_streams_init(struct channel_streams *streams)
{
    memset(streams, 0, sizeof *streams);
    streams->last = &streams->first;
}

static void stream_free(struct channel_streams *streams, struct channel_stream *stream)
{
    channel_stream_drop_queue(streams, stream);
    free(stream->queue);
    streams->windows -= (size_t)stream->window;
    if (stream->ours)
        streams->ours--;
    else
        streams->theirs--;
    free(stream);
}

void channel_streams_finish(struct channel_streams *streams)
{
    while (streams->first) {
        struct channel_stream *stream = streams->first;
        streams->first = stream->next;
        stream_free(streams, stream);
    }
    streams->last = &streams->first;
}

struct channel_stream *channel_streams_find(const struct channel_streams *streams, uint32_t id)
{
    for (struct channel_stream *stream = streams->first; stream; stream = stream->next)
        if (stream->id == id)
            return stream;
    return NULL;
}

struct channel_stream *channel_streams_add(
    struct channel_streams *streams, uint32_t id, enum channel_lane lane, uint16_t kind, bool ours)
{
    struct channel_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->id = id;
    stream->lane = (uint8_t)lane;
    stream->wire_lane = lane == CHANNEL_LANE_S ? CHANNEL_LANE_I : (uint8_t)lane;
    stream->kind = kind;
    stream->ours = ours;
    if (channel_kind_one_way(kind)) {
        stream->send_done = !ours;
        stream->recv_done = ours;
    }
    if (!stream->send_done)
        stream->peer_limit = channel_kind_credit(kind);
    if (!stream->recv_done)
        stream->window = stream->limit = channel_kind_credit(kind);
    streams->windows += (size_t)stream->window;
    *streams->last = stream;
    streams->last = &stream->next;
    if (ours)
        streams->ours++;
    else
        streams->theirs++;
    return stream;
}

static bool over(const struct channel_stream *stream)
{
    return stream->send_done && stream->recv_done && !stream->open_due && !stream->reset_due &&
           !stream->stop_due;
}

void channel_streams_sweep(struct channel_streams *streams)
{
    struct channel_stream **at = &streams->first;
    while (*at) {
        struct channel_stream *stream = *at;
        if (!over(stream)) {
            at = &stream->next;
            continue;
        }
        *at = stream->next;
        stream_free(streams, stream);
    }
    streams->last = at;
}

void channel_streams_rotate(struct channel_streams *streams, struct channel_stream *stream)
{
    if (!stream->next)
        return;
    struct channel_stream **at = &streams->first;
    while (*at != stream)
        at = &(*at)->next;
    *at = stream->next;
    stream->next = NULL;
    *streams->last = stream;
    streams->last = &stream->next;
}

/* ---- the send queue ---- */

size_t channel_stream_room(const struct channel_streams *streams, const struct channel_stream *stream)
{
    if (stream->send_done || stream->finish_wanted || stream->lane == CHANNEL_LANE_S)
        return 0;
    size_t room = CHANNEL_STREAM_QUEUE_MAX - stream->queue_len;
    size_t all = CHANNEL_QUEUES_MAX - streams->queued;
    return room < all ? room : all;
}

static void copy_out(const struct channel_stream *stream, uint8_t *out, size_t len)
{
    size_t first = stream->queue_cap - stream->queue_head;
    if (first > len)
        first = len;
    memcpy(out, stream->queue + stream->queue_head, first);
    if (len > first)
        memcpy(out + first, stream->queue, len - first);
}

static int queue_grow(struct channel_stream *stream, size_t need)
{
    size_t cap = stream->queue_cap ? stream->queue_cap : QUEUE_AT_FIRST;
    while (cap < need)
        cap *= 2;
    if (cap == stream->queue_cap)
        return 0;
    uint8_t *queue = malloc(cap);
    if (!queue)
        return CHANNEL_ERR_NOMEM;
    if (stream->queue_len)
        copy_out(stream, queue, stream->queue_len);
    free(stream->queue);
    stream->queue = queue;
    stream->queue_cap = cap;
    stream->queue_head = 0;
    return 0;
}

int channel_stream_push(
    struct channel_streams *streams, struct channel_stream *stream, const uint8_t *data, size_t len)
{
    size_t room = channel_stream_room(streams, stream);
    size_t take = len < room ? len : room;
    if (take == 0)
        return 0;
    if (queue_grow(stream, stream->queue_len + take) < 0)
        return CHANNEL_ERR_NOMEM;
    size_t tail = (stream->queue_head + stream->queue_len) & (stream->queue_cap - 1);
    size_t first = stream->queue_cap - tail < take ? stream->queue_cap - tail : take;
    memcpy(stream->queue + tail, data, first);
    if (take > first)
        memcpy(stream->queue, data + first, take - first);
    stream->queue_len += take;
    streams->queued += take;
    return (int)take;
}

void channel_stream_pull(
    struct channel_streams *streams, struct channel_stream *stream, uint8_t *out, size_t len)
{
    copy_out(stream, out, len);
    stream->queue_head = (stream->queue_head + len) & (stream->queue_cap - 1);
    stream->queue_len -= len;
    stream->sent += len;
    streams->queued -= len;
}

void channel_stream_drop_queue(struct channel_streams *streams, struct channel_stream *stream)
{
    streams->queued -= stream->queue_len;
    stream->queue_len = 0;
    stream->queue_head = 0;
}

size_t channel_stream_sendable(const struct channel_stream *stream)
{
    if (stream->send_done || stream->peer_limit <= stream->sent)
        return 0;
    uint64_t credit = stream->peer_limit - stream->sent;
    return credit < stream->queue_len ? (size_t)credit : stream->queue_len;
}

bool channel_stream_pending(const struct channel_stream *stream)
{
    return stream->open_due || stream->reset_due || channel_stream_sendable(stream) > 0 ||
           (stream->finish_wanted && !stream->send_done && stream->queue_len == 0);
}

/* ---- credit ---- */

/* A whole window gone in less than two round trips means that the window is what limits: double it. */
static void tune(
    struct channel_streams *streams, struct channel_stream *stream, uint64_t now_us, uint32_t rtt_us)
{
    if (stream->consumed - stream->tune_from < stream->window)
        return;
    uint64_t rtt = rtt_us ? rtt_us : RTT_UNKNOWN_US;
    bool fast = now_us - stream->tune_at_us < 2 * rtt;
    stream->tune_at_us = now_us;
    stream->tune_from = stream->consumed;
    if (fast && stream->kind == CHANNEL_KIND_FILE && stream->window * 2 <= CHANNEL_CREDIT_FILE_MAX &&
        streams->windows + stream->window <= CHANNEL_CREDIT_SESSION_MAX) {
        streams->windows += (size_t)stream->window;
        stream->window *= 2;
    }
}

void channel_stream_consume(struct channel_streams *streams, struct channel_stream *stream, size_t len,
    uint64_t now_us, uint32_t rtt_us)
{
    stream->consumed += len;
    if (stream->recv_done || stream->stopped)
        return;
    tune(streams, stream, now_us, rtt_us);
    uint64_t limit = stream->consumed + stream->window;
    if (limit - stream->limit >= stream->window / 2)
        stream->credit_due = true;
}
