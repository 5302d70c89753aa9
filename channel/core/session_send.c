/* What goes into the next record. Nothing is built before the transport asks: what is sent is always the
 * newest, and nothing bulky ever waits in front of a key press. */
#include "channel/core/session_internal.h"

#include <string.h>

enum {
    CONTROL_BYTES = 1024,     /* of a record that carries acknowledgements only, when the lane is full */
    WRITABLE_BYTES = 64 << 10 /* room that is worth an event */
};

struct builder {
    uint8_t *data;
    size_t len, cap;
};

static bool put(struct builder *b, const struct channel_frame *frame)
{
    int n = channel_frame_write(b->data + b->len, b->cap - b->len, frame);
    if (n < 0)
        return false;
    b->len += (size_t)n;
    return true;
}

/* ---- the session's own frames, lane I ---- */

static size_t replay_max(int lane)
{
    return lane == CHANNEL_LANE_I ? CHANNEL_REPLAY_I_BYTES : CHANNEL_REPLAY_B_BYTES;
}

static bool ack_due(const struct channel_session *s)
{
    for (int lane = 0; lane < CHANNEL_LANES; lane++) {
        const struct ack *ack = &s->ack[lane];
        if (ack->records >= CHANNEL_ACK_RECORDS || ack->bytes >= replay_max(lane) / CHANNEL_ACK_BYTES_SHARE ||
            ack->due_us <= s->now_us)
            return true;
    }
    return false;
}

static bool control_due(const struct channel_session *s)
{
    if (s->ping_due || s->pong_due || s->goaway_due || ack_due(s))
        return true;
    for (const struct channel_stream *stream = s->streams.first; stream; stream = stream->next)
        if (stream->credit_due || stream->stop_due)
            return true;
    return false;
}

static void put_acks(struct channel_session *s, struct builder *b)
{
    static const uint8_t lanes[] = {CHANNEL_LANE_I, CHANNEL_LANE_B};
    for (size_t i = 0; i < sizeof lanes; i++) {
        struct ack *ack = &s->ack[lanes[i]];
        uint64_t next = s->rx[lanes[i]].next;
        if (next == ack->told)
            continue;
        if (!put(b, &(struct channel_frame){.type = CHANNEL_FRAME_ACK, .lane = lanes[i], .number = next}))
            continue;
        *ack = (struct ack){.due_us = UINT64_MAX, .told = next};
    }
}

static void put_pings(struct channel_session *s, struct builder *b)
{
    if (s->pong_due && put(b, &(struct channel_frame){.type = CHANNEL_FRAME_PONG, .number = s->pong}))
        s->pong_due = false;
    if (s->ping_due && put(b, &(struct channel_frame){.type = CHANNEL_FRAME_PING, .number = s->now_us})) {
        s->ping_due = false;
        s->ping_sent_us = s->now_us;
    }
}

static void put_credits(struct channel_session *s, struct builder *b)
{
    for (struct channel_stream *stream = s->streams.first; stream; stream = stream->next) {
        struct channel_frame frame = {.stream = stream->id};
        if (stream->stop_due) {
            frame.type = CHANNEL_FRAME_STOP;
            frame.code = stream->stop_code;
            if (put(b, &frame))
                stream->stop_due = false;
        }
        if (stream->credit_due) {
            frame.type = CHANNEL_FRAME_CREDIT;
            frame.offset = stream->consumed + stream->window;
            if (put(b, &frame)) {
                stream->limit = frame.offset;
                stream->credit_due = false;
            }
        }
    }
}

static bool streams_pending(const struct channel_session *s, int lane)
{
    for (const struct channel_stream *stream = s->streams.first; stream; stream = stream->next)
        if (stream->wire_lane == lane && channel_stream_pending(stream))
            return true;
    return false;
}

static void put_goaway(struct channel_session *s, struct builder *b, bool data)
{
    if (!s->goaway_due || (data && streams_pending(s, CHANNEL_LANE_I)))
        return; /* what was said before it goes before it */
    struct channel_frame frame = {.type = CHANNEL_FRAME_GOAWAY,
        .code = s->goaway_reason,
        .bytes = (const uint8_t *)s->goaway_text,
        .len = s->goaway_len};
    s->goaway_sent = put(b, &frame);
}

/* ---- streams ---- */

static bool put_data(struct channel_session *s, struct channel_stream *stream, struct builder *b)
{
    struct channel_frame frame = {.stream = stream->id, .type = CHANNEL_FRAME_DATA, .offset = stream->sent};
    size_t space = b->cap - b->len;
    size_t overhead = channel_frame_overhead(&frame, space);
    if (space <= overhead)
        return false;
    size_t want = channel_stream_sendable(stream);
    frame.len = want < space - overhead ? want : space - overhead;
    if (!put(b, &frame))
        return false;
    channel_stream_pull(&s->streams, stream, b->data + b->len - frame.len, frame.len);
    return frame.len == want;
}

/* All that one stream has to say, or what fits. False when the record is full. */
static bool put_stream(struct channel_session *s, struct channel_stream *stream, struct builder *b)
{
    struct channel_frame frame = {.stream = stream->id};
    if (stream->open_due) {
        frame.type = CHANNEL_FRAME_OPEN;
        frame.kind = stream->kind;
        frame.param = stream->param;
        frame.offset = stream->recv_done ? 0 : stream->limit;
        if (!put(b, &frame))
            return false;
        stream->open_due = false;
    }
    if (stream->reset_due) {
        frame.type = CHANNEL_FRAME_RESET;
        frame.code = stream->reset_code;
        frame.offset = stream->sent;
        if (!put(b, &frame))
            return false;
        stream->reset_due = false;
        stream->send_done = true;
        return true;
    }
    if (channel_stream_sendable(stream) > 0 && !put_data(s, stream, b))
        return false;
    if (stream->finish_wanted && !stream->send_done && stream->queue_len == 0) {
        frame.type = CHANNEL_FRAME_FIN;
        frame.offset = stream->sent;
        if (!put(b, &frame))
            return false;
        stream->send_done = true;
    }
    return true;
}

static void put_streams(struct channel_session *s, int lane, struct builder *b)
{
    for (struct channel_stream *stream = s->streams.first; stream; stream = stream->next) {
        if (stream->wire_lane != lane || !channel_stream_pending(stream))
            continue;
        if (!put_stream(s, stream, b)) {
            channel_streams_rotate(
                &s->streams, stream); /* it had a record's worth: the others first next time */
            return;
        }
    }
}

static void tell_writable(struct channel_session *s)
{
    for (struct channel_stream *stream = s->streams.first; stream; stream = stream->next) {
        if (!stream->writable_wanted || channel_stream_room(&s->streams, stream) < WRITABLE_BYTES)
            continue;
        stream->writable_wanted = false;
        channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_STREAM_WRITABLE,
                                    .stream = stream->id,
                                    .lane = stream->lane,
                                    .kind = stream->kind,
                                    .path = -1});
    }
}

/* ---- records ---- */

enum room { ROOM_NONE, ROOM_CONTROL, ROOM_DATA };

static enum room lane_room(const struct channel_session *s, int lane)
{
    const struct channel_replay *replay = &s->replay[lane];
    if (channel_replay_room(replay, CHANNEL_RECORD_MAX, CHANNEL_REPLAY_RESERVE_BYTES))
        return ROOM_DATA;
    size_t control = CONTROL_BYTES + CHANNEL_RECORD_HEADER + CHANNEL_TAG_LEN;
    return lane == CHANNEL_LANE_I && channel_replay_room(replay, control, 0) ? ROOM_CONTROL : ROOM_NONE;
}

static bool lane_ready(const struct channel_session *s, const struct path *p, int lane)
{
    if (lane == CHANNEL_LANE_S)
        return s->message_out.stream != 0;
    if (p->cursor[lane] < s->replay[lane].next)
        return true;
    enum room room = lane_room(s, lane);
    return (room == ROOM_DATA && streams_pending(s, lane)) ||
           (room != ROOM_NONE && lane == CHANNEL_LANE_I && control_due(s));
}

/* The plaintext of a new record. */
static size_t build(struct channel_session *s, int lane)
{
    struct builder b = {.data = s->plain_out, .cap = sizeof s->plain_out};
    if (lane == CHANNEL_LANE_S)
        return channel_message_out_write(&s->message_out, b.data, b.cap);
    bool data = lane_room(s, lane) == ROOM_DATA;
    if (!data)
        b.cap = CONTROL_BYTES;
    if (lane == CHANNEL_LANE_I) {
        put_acks(s, &b);
        put_pings(s, &b);
        put_credits(s, &b);
    }
    if (data)
        put_streams(s, lane, &b);
    if (lane == CHANNEL_LANE_I)
        put_goaway(s, &b, data);
    return b.len;
}

static int send_again(struct channel_session *s, struct path *p, int lane, uint8_t *out)
{
    const struct channel_sealed *sealed = channel_replay_get(&s->replay[lane], p->cursor[lane]);
    if (!sealed)
        return 0;
    memcpy(out, sealed->bytes, sealed->len);
    p->cursor[lane]++;
    s->resent++;
    return (int)sealed->len;
}

static int send_new(struct channel_session *s, struct path *p, int lane, uint8_t *out)
{
    size_t plain = build(s, lane);
    if (plain == 0)
        return 0;
    size_t len = channel_record_seal(&s->tx[lane], (enum channel_lane)lane, out, s->plain_out, plain);
    if (lane != CHANNEL_LANE_S) {
        if (channel_replay_push(&s->replay[lane], out, len) < 0) {
            channel_session_fail(s, CHANNEL_ERR_NOMEM, NULL, 0);
            return CHANNEL_ERR_NOMEM;
        }
        p->cursor[lane] = s->replay[lane].next;
    }
    channel_streams_sweep(&s->streams);
    tell_writable(s);
    if (s->goaway_sent)
        channel_session_fail(s, 0, NULL, 0);
    return (int)len;
}

static int send_carried(struct channel_session *s, struct path *p, uint8_t *out)
{
    bool ready[CHANNEL_LANES];
    for (int lane = 0; lane < CHANNEL_LANES; lane++) {
        if (lane != CHANNEL_LANE_S && p->cursor[lane] < s->replay[lane].base)
            p->cursor[lane] = s->replay[lane].base; /* acknowledged meanwhile, by way of another path */
        ready[lane] = lane_ready(s, p, lane);
    }
    int lane = channel_priority_pick(&s->priority, ready);
    if (lane == CHANNEL_LANES)
        return 0;
    bool again = lane != CHANNEL_LANE_S && p->cursor[lane] < s->replay[lane].next;
    int len = again ? send_again(s, p, lane, out) : send_new(s, p, lane, out);
    if (len > 0)
        channel_priority_sent(&s->priority, lane, (size_t)len, ready[CHANNEL_LANE_B]);
    return len;
}

int channel_session_send(struct channel_session *s, int path, uint8_t *out, size_t cap, uint64_t now_us)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return CHANNEL_ERR_CLOSED;
    struct path *p = channel_session_path(s, path);
    if (!p)
        return CHANNEL_ERR_STATE;
    if (cap < CHANNEL_RECORD_MAX)
        return CHANNEL_ERR_SPACE;
    s->now_us = now_us;
    int len = 0;
    if (p->phase != PATH_UP)
        len = channel_session_path_say(s, path, out);
    else if (path == s->carrier)
        len = send_carried(s, p, out);
    if (len > 0) {
        s->records_out++;
        s->bytes_out += (size_t)len;
    }
    return len;
}
