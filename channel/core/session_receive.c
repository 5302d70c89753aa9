/* One record from a path, and the frames in it. A record that does not verify costs its path; a frame that
 * breaks a rule came from the peer itself and costs the session. */
#include "channel/core/session_internal.h"

static struct channel_event event_of(enum channel_event_type type, const struct channel_stream *stream)
{
    return (struct channel_event){
        .type = type, .stream = stream->id, .lane = stream->lane, .kind = stream->kind, .path = -1};
}

/* ---- frames about a stream ---- */

static int on_open(struct channel_session *s, enum channel_lane lane, const struct channel_frame *frame)
{
    bool theirs = (frame->stream & 1) != (s->config.role == CHANNEL_INITIATOR);
    if (!theirs || channel_streams_find(&s->streams, frame->stream))
        return CHANNEL_ERR_FORMAT;
    if (frame->kind == CHANNEL_KIND_SCREEN && lane != CHANNEL_LANE_I)
        return CHANNEL_ERR_FORMAT;
    if (s->streams.theirs >= CHANNEL_STREAMS_MAX + CHANNEL_STREAMS_SLACK ||
        !channel_opens_take(&s->their_opens, 2 * CHANNEL_OPENS_PER_S, 2 * CHANNEL_OPENS_BURST, s->now_us))
        return CHANNEL_ERR_LIMIT;
    struct channel_stream *stream = channel_streams_add(&s->streams, frame->stream,
        frame->kind == CHANNEL_KIND_SCREEN ? CHANNEL_LANE_S : lane, (uint16_t)frame->kind, false);
    if (!stream)
        return CHANNEL_ERR_NOMEM;
    stream->tune_at_us = s->now_us;
    if (!stream->send_done)
        stream->peer_limit = frame->offset;
    struct channel_event event = event_of(CHANNEL_EVENT_STREAM_OPENED, stream);
    event.param = frame->param;
    channel_session_push(s, &event);
    return 0;
}

static int on_data(
    struct channel_session *s, struct channel_stream *stream, const struct channel_frame *frame)
{
    if (stream->lane == CHANNEL_LANE_S || frame->offset != stream->received)
        return CHANNEL_ERR_FORMAT;
    if (frame->len > stream->limit - stream->received)
        return CHANNEL_ERR_LIMIT;
    stream->received += frame->len;
    if (stream->stopped)
        return 0;
    struct channel_event event = event_of(CHANNEL_EVENT_STREAM_DATA, stream);
    event.data = frame->bytes;
    event.len = frame->len;
    channel_session_push(s, &event);
    return 0;
}

static int on_end(struct channel_session *s, struct channel_stream *stream, const struct channel_frame *frame)
{
    if (frame->offset != stream->received)
        return CHANNEL_ERR_FORMAT;
    stream->recv_done = true;
    stream->credit_due = false;
    if (stream->stopped) {
        stream->stop_due = false; /* it has ended by itself */
        return 0;
    }
    bool reset = frame->type == CHANNEL_FRAME_RESET;
    struct channel_event event =
        event_of(reset ? CHANNEL_EVENT_STREAM_RESET : CHANNEL_EVENT_STREAM_FINISHED, stream);
    event.param = frame->code;
    channel_session_push(s, &event);
    return 0;
}

static void on_stop(
    struct channel_session *s, struct channel_stream *stream, const struct channel_frame *frame)
{
    if (stream->send_done || stream->reset_due)
        return;
    channel_stream_drop_queue(&s->streams, stream);
    stream->reset_due = true;
    stream->reset_code = frame->code;
    stream->finish_wanted = stream->writable_wanted = false;
    if (s->message_out.stream == stream->id)
        channel_message_out_clear(&s->message_out);
    struct channel_event event = event_of(CHANNEL_EVENT_STREAM_STOPPED, stream);
    event.param = frame->code;
    channel_session_push(s, &event);
}

static int on_message(struct channel_session *s, enum channel_lane lane, const struct channel_frame *frame)
{
    if (lane != CHANNEL_LANE_S)
        return CHANNEL_ERR_FORMAT;
    struct channel_stream *stream = channel_streams_find(&s->streams, frame->stream);
    if (!stream)
        return 0; /* its OPEN is still on the way in lane I, or its end was quicker */
    if (stream->lane != CHANNEL_LANE_S || stream->ours)
        return CHANNEL_ERR_FORMAT;
    const uint8_t *data;
    size_t len;
    bool gap = false;
    int result = channel_message_in_take(&s->message_in, stream, frame, &data, &len, &gap);
    if (result < 0)
        return result;
    if (gap) {
        struct channel_event event = event_of(CHANNEL_EVENT_MESSAGE_GAP, stream);
        channel_session_push(s, &event);
    }
    if (result == CHANNEL_MESSAGE_WHOLE && !stream->stopped) {
        struct channel_event event = event_of(CHANNEL_EVENT_MESSAGE, stream);
        event.data = data;
        event.len = len;
        channel_session_push(s, &event);
    }
    return 0;
}

static int on_stream_frame(
    struct channel_session *s, enum channel_lane lane, const struct channel_frame *frame)
{
    struct channel_stream *stream = channel_streams_find(&s->streams, frame->stream);
    switch ((enum channel_frame_type)frame->type) {
    case CHANNEL_FRAME_DATA:
    case CHANNEL_FRAME_FIN:
    case CHANNEL_FRAME_RESET:
        if (!stream || stream->recv_done || stream->wire_lane != lane)
            return CHANNEL_ERR_FORMAT;
        return frame->type == CHANNEL_FRAME_DATA ? on_data(s, stream, frame) : on_end(s, stream, frame);
    case CHANNEL_FRAME_CREDIT:
        if (stream && frame->offset > stream->peer_limit)
            stream->peer_limit = frame->offset;
        return 0; /* one for a stream that is over was on its way */
    case CHANNEL_FRAME_STOP:
        if (stream)
            on_stop(s, stream, frame);
        return 0;
    case CHANNEL_FRAME_OPEN:
    case CHANNEL_FRAME_ACK:
    case CHANNEL_FRAME_PING:
    case CHANNEL_FRAME_PONG:
    case CHANNEL_FRAME_MESSAGE:
    case CHANNEL_FRAME_GOAWAY:
    case CHANNEL_FRAME_SKIPPED:
        break;
    }
    return CHANNEL_ERR_FORMAT;
}

/* ---- frames about the session ---- */

static void on_pong(struct channel_session *s, uint64_t opaque)
{
    if (s->ping_sent_us == 0 || opaque != s->ping_sent_us)
        return;
    uint64_t rtt = s->now_us - s->ping_sent_us;
    s->ping_sent_us = 0;
    if (rtt > UINT32_MAX)
        return;
    uint32_t sample = rtt ? (uint32_t)rtt : 1;
    s->rtt_us = s->rtt_us ? (uint32_t)(((uint64_t)s->rtt_us * 7 + sample) / 8) : sample;
    channel_session_push(
        s, &(struct channel_event){.type = CHANNEL_EVENT_RTT, .path = s->carrier, .param = sample});
}

static int on_frame(struct channel_session *s, enum channel_lane lane, const struct channel_frame *frame)
{
    switch ((enum channel_frame_type)frame->type) {
    case CHANNEL_FRAME_OPEN:
        return on_open(s, lane, frame);
    case CHANNEL_FRAME_MESSAGE:
        return on_message(s, lane, frame);
    case CHANNEL_FRAME_DATA:
    case CHANNEL_FRAME_FIN:
    case CHANNEL_FRAME_CREDIT:
    case CHANNEL_FRAME_RESET:
    case CHANNEL_FRAME_STOP:
        return on_stream_frame(s, lane, frame);
    case CHANNEL_FRAME_ACK:
        if (frame->lane != CHANNEL_LANE_I && frame->lane != CHANNEL_LANE_B)
            return CHANNEL_ERR_FORMAT;
        return channel_replay_ack(&s->replay[frame->lane], frame->number);
    case CHANNEL_FRAME_PING: /* the last one counts: a flood of them is answered once */
        s->pong = frame->number;
        s->pong_due = true;
        return 0;
    case CHANNEL_FRAME_PONG:
        on_pong(s, frame->number);
        return 0;
    case CHANNEL_FRAME_GOAWAY:
        channel_session_fail(s, 0, (const char *)frame->bytes, frame->len);
        return 0;
    case CHANNEL_FRAME_SKIPPED:
        return 0;
    }
    return CHANNEL_ERR_FORMAT;
}

/* Does the sender of this frame wait for an acknowledgement? Not of one that only acknowledges itself,
 * or two idle sides would acknowledge each other for ever. */
static bool wants_ack(uint8_t type)
{
    return type != CHANNEL_FRAME_ACK && type != CHANNEL_FRAME_PING && type != CHANNEL_FRAME_PONG;
}

int channel_session_frames(struct channel_session *s, enum channel_lane lane, const uint8_t *data, size_t len)
{
    bool wanted = false;
    for (size_t pos = 0; pos < len && s->state == CHANNEL_STATE_OPEN;) {
        struct channel_frame frame;
        int n = channel_frame_parse(data + pos, len - pos, &frame);
        int err = n < 0 ? n : 0;
        if (err == 0 && lane == CHANNEL_LANE_S && frame.type != CHANNEL_FRAME_MESSAGE &&
            frame.type != CHANNEL_FRAME_SKIPPED)
            err = CHANNEL_ERR_FORMAT; /* what may get lost carries nothing else */
        if (err == 0)
            err = on_frame(s, lane, &frame);
        if (err < 0) {
            channel_session_fail(s, err, NULL, 0);
            return err;
        }
        wanted |= wants_ack(frame.type);
        pos += (size_t)n;
    }
    if (s->state != CHANNEL_STATE_OPEN)
        return 0;
    if (wanted && lane != CHANNEL_LANE_S && s->ack[lane].due_us == UINT64_MAX)
        s->ack[lane].due_us = s->now_us + CHANNEL_ACK_DELAY_US;
    channel_streams_sweep(&s->streams);
    return 0;
}

/* ---- records ---- */

static int receive_sealed(struct channel_session *s, int path, const struct channel_record *record)
{
    struct path *p = &s->paths[path];
    bool first = s->keyed && s->state == CHANNEL_STATE_HANDSHAKE && s->config.role == CHANNEL_RESPONDER;
    if (p->phase != PATH_UP && !(p->phase == PATH_HELLO && first))
        return CHANNEL_ERR_FORMAT;
    struct channel_lane_key *rx = &s->rx[record->lane];
    bool lossy = record->lane == CHANNEL_LANE_S;
    if (record->number < rx->next)
        return 0; /* a duplicate: it came by another path already */
    if (record->number > rx->next && !lossy)
        return CHANNEL_ERR_ORDER;
    bool gap = lossy && record->number > rx->next;
    int len = channel_record_open(rx, record, s->plain_in);
    if (len < 0)
        return len;
    p->heard_us = s->now_us; /* only what the peer sealed shows that it lives: a relay can repeat the rest */
    if (first) {
        s->hello_path = path;
        channel_session_opened(s);
    }
    if (gap)
        channel_session_tell_gaps(s);
    if (lossy) {
        channel_message_in_next_record(&s->message_in);
    } else {
        s->ack[record->lane].records++;
        s->ack[record->lane].bytes += record->len;
    }
    (void)channel_session_frames(s, record->lane, s->plain_in, (size_t)len); /* its error ended the session */
    return 0;
}

int channel_session_receive(
    struct channel_session *s, int path, const uint8_t *data, size_t len, uint64_t now_us)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return CHANNEL_ERR_CLOSED;
    struct path *p = channel_session_path(s, path);
    if (!p || s->lent)
        return CHANNEL_ERR_STATE; /* what was lent would be overwritten */
    s->now_us = now_us;
    s->records_in++;
    s->bytes_in += len;
    struct channel_record record;
    int err = channel_record_parse(data, len, &record);
    if (err == 0) {
        switch (record.type) {
        case CHANNEL_RECORD_SEALED:
            err = receive_sealed(s, path, &record);
            break;
        case CHANNEL_RECORD_HANDSHAKE:
            err = channel_session_hello(s, path, &record);
            break;
        case CHANNEL_RECORD_PATH:
            err = channel_session_resume(s, path, &record);
            break;
        }
    }
    if (s->state == CHANNEL_STATE_CLOSED) {
        const struct channel_event *last = s->event_count ? &s->events[s->event_count - 1] : NULL;
        return last && last->error < 0 ? last->error : 0;
    }
    if (err < 0)
        channel_session_path_down(s, path, err);
    return err;
}
