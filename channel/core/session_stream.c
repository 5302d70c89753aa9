/* The application's calls on streams and messages. */
#include "channel/core/session_internal.h"

bool channel_opens_take(struct opens *opens, uint32_t per_s, uint32_t burst, uint64_t now_us)
{
    uint64_t elapsed_us = now_us - opens->at_us;
    if (elapsed_us > 1000000 * (uint64_t)burst / per_s) { /* full again; also keeps the product small */
        opens->left = burst;
        opens->at_us = now_us;
    } else {
        uint64_t fresh = elapsed_us * per_s / 1000000;
        if (fresh > 0) {
            opens->left = fresh > burst - opens->left ? burst : opens->left + (uint32_t)fresh;
            opens->at_us = now_us;
        }
    }
    if (opens->left == 0)
        return false;
    opens->left--;
    return true;
}

int channel_stream_open(
    struct channel_session *s, enum channel_lane lane, enum channel_kind kind, uint64_t param)
{
    if (s->state != CHANNEL_STATE_OPEN)
        return s->state == CHANNEL_STATE_CLOSED ? CHANNEL_ERR_CLOSED : CHANNEL_ERR_STATE;
    if ((kind == CHANNEL_KIND_SCREEN) != (lane == CHANNEL_LANE_S) || param > CHANNEL_VARINT_MAX)
        return CHANNEL_ERR_FORMAT;
    if (s->streams.ours >= CHANNEL_STREAMS_MAX || s->next_stream > CHANNEL_STREAM_ID_MAX - 2 ||
        !channel_opens_take(&s->our_opens, CHANNEL_OPENS_PER_S, CHANNEL_OPENS_BURST, s->now_us))
        return CHANNEL_ERR_LIMIT;
    struct channel_stream *stream =
        channel_streams_add(&s->streams, s->next_stream, lane, (uint16_t)kind, true);
    if (!stream)
        return CHANNEL_ERR_NOMEM;
    stream->param = param;
    stream->open_due = true;
    stream->tune_at_us = s->now_us;
    s->next_stream += 2;
    return (int)stream->id;
}

/* The stream, for a call of the application; *err says why there is none. */
static struct channel_stream *stream_for(struct channel_session *s, uint32_t id, int *err)
{
    if (s->state == CHANNEL_STATE_CLOSED) {
        *err = CHANNEL_ERR_CLOSED;
        return NULL;
    }
    struct channel_stream *stream = channel_streams_find(&s->streams, id);
    *err = stream ? 0 : CHANNEL_ERR_STATE;
    return stream;
}

int channel_stream_write(struct channel_session *s, uint32_t id, const uint8_t *data, size_t len)
{
    int err;
    struct channel_stream *stream = stream_for(s, id, &err);
    if (!stream)
        return err;
    if (stream->send_done || stream->finish_wanted || stream->reset_due || stream->lane == CHANNEL_LANE_S)
        return CHANNEL_ERR_STATE;
    int taken = channel_stream_push(&s->streams, stream, data, len);
    if (taken >= 0 && (size_t)taken < len)
        stream->writable_wanted = true;
    return taken;
}

size_t channel_stream_writable(const struct channel_session *s, uint32_t id)
{
    const struct channel_stream *stream = channel_streams_find(&s->streams, id);
    return stream && !stream->reset_due ? channel_stream_room(&s->streams, stream) : 0;
}

int channel_stream_finish(struct channel_session *s, uint32_t id)
{
    int err;
    struct channel_stream *stream = stream_for(s, id, &err);
    if (stream && !stream->send_done && !stream->reset_due)
        stream->finish_wanted = true;
    return err;
}

int channel_stream_reset(struct channel_session *s, uint32_t id, uint64_t code)
{
    int err;
    struct channel_stream *stream = stream_for(s, id, &err);
    if (code > CHANNEL_VARINT_MAX)
        return CHANNEL_ERR_FORMAT;
    if (!stream || stream->send_done)
        return err;
    channel_stream_drop_queue(&s->streams, stream);
    stream->reset_due = true;
    stream->reset_code = code;
    stream->finish_wanted = stream->writable_wanted = false;
    if (s->message_out.stream == id)
        channel_message_out_clear(&s->message_out);
    return 0;
}

int channel_stream_stop(struct channel_session *s, uint32_t id, uint64_t code)
{
    int err;
    struct channel_stream *stream = stream_for(s, id, &err);
    if (code > CHANNEL_VARINT_MAX)
        return CHANNEL_ERR_FORMAT;
    if (!stream || stream->recv_done || stream->stopped)
        return err;
    stream->stopped = stream->stop_due = true;
    stream->stop_code = code;
    stream->credit_due = false;
    return 0;
}

int channel_stream_consumed(struct channel_session *s, uint32_t id, size_t len)
{
    int err;
    struct channel_stream *stream = stream_for(s, id, &err);
    if (!stream)
        return s->state == CHANNEL_STATE_CLOSED ? err : 0; /* over already: no credit is needed */
    if (len > stream->received - stream->consumed)
        return CHANNEL_ERR_LIMIT;
    channel_stream_consume(&s->streams, stream, len, s->now_us, s->rtt_us);
    return 0;
}

/* ---- messages ---- */

bool channel_message_can(const struct channel_session *s, uint32_t id)
{
    if (s->state != CHANNEL_STATE_OPEN || s->message_out.stream)
        return false;
    const struct channel_stream *stream = channel_streams_find(&s->streams, id);
    return stream && stream->ours && stream->lane == CHANNEL_LANE_S && !stream->send_done &&
           !stream->finish_wanted && !stream->reset_due;
}

int channel_message_send(struct channel_session *s, uint32_t id, const uint8_t *data, size_t len)
{
    if (!channel_message_can(s, id))
        return s->state == CHANNEL_STATE_CLOSED ? CHANNEL_ERR_CLOSED : CHANNEL_ERR_STATE;
    return channel_message_out_set(&s->message_out, channel_streams_find(&s->streams, id), data, len);
}
