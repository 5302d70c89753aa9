#include "channel/core/session_internal.h"

#include "channel/core/bytes.h"

#include <stdlib.h>

enum { EVENTS_AT_FIRST = 16 };

const char *channel_strerror(int err)
{
    switch ((enum channel_error)err) {
    case CHANNEL_OK:
        return "no error";
    case CHANNEL_ERR_NOMEM:
        return "out of memory";
    case CHANNEL_ERR_FORMAT:
        return "malformed record";
    case CHANNEL_ERR_AUTH:
        return "not from whom it should be";
    case CHANNEL_ERR_ORDER:
        return "a record is missing";
    case CHANNEL_ERR_LIMIT:
        return "a limit was broken";
    case CHANNEL_ERR_STATE:
        return "not possible now";
    case CHANNEL_ERR_SPACE:
        return "buffer too small";
    case CHANNEL_ERR_CLOSED:
        return "the session is over";
    case CHANNEL_ERR_TIMEOUT:
        return "no answer in time";
    }
    return "unknown error";
}

/* ---- lifecycle ---- */

struct channel_session *channel_session_create(const struct channel_session_config *config, uint64_t now_us)
{
    if (config->prologue_len > CHANNEL_PROLOGUE_MAX || config->payload_len > CHANNEL_PAYLOAD_MAX)
        return NULL;
    struct channel_session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->event_cap = EVENTS_AT_FIRST; /* from the start, so that the end can always be told */
    s->events = calloc(s->event_cap, sizeof *s->events);
    if (!s->events) {
        free(s);
        return NULL;
    }
    s->config = *config;
    s->now_us = now_us;
    s->state = CHANNEL_STATE_HANDSHAKE;
    s->hello_path = -1;
    s->carrier = -1;
    s->orphan_us = now_us;
    s->next_stream = config->role == CHANNEL_INITIATOR ? 1 : 2;
    s->our_opens = (struct opens){now_us, CHANNEL_OPENS_BURST};
    s->their_opens = (struct opens){now_us, 2 * CHANNEL_OPENS_BURST};
    channel_streams_init(&s->streams);
    channel_replay_init(&s->replay[CHANNEL_LANE_I], CHANNEL_REPLAY_I_BYTES);
    channel_replay_init(&s->replay[CHANNEL_LANE_B], CHANNEL_REPLAY_B_BYTES);
    for (int lane = 0; lane < CHANNEL_LANES; lane++)
        s->ack[lane].due_us = UINT64_MAX;
    channel_noise_init(&s->noise, config->role, config->prologue, config->prologue_len, config->local_public,
        config->role == CHANNEL_INITIATOR ? config->peer_public : NULL, config->payload, config->payload_len);
    if (config->role == CHANNEL_INITIATOR) {
        uint8_t ephemeral[32];
        channel_crypto_random(ephemeral, sizeof ephemeral);
        int err = channel_noise_start(&s->noise, ephemeral);
        channel_crypto_wipe(ephemeral, sizeof ephemeral);
        if (err < 0)
            channel_session_fail(s, err, NULL, 0);
        else
            channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_WANT_DH});
    }
    return s;
}

/* Everything that a session holds for its peer and its keys; the events already pushed stay readable. */
static void release(struct channel_session *s)
{
    channel_noise_finish(&s->noise);
    channel_replay_finish(&s->replay[CHANNEL_LANE_I]);
    channel_replay_finish(&s->replay[CHANNEL_LANE_B]);
    channel_streams_finish(&s->streams);
    channel_message_out_clear(&s->message_out);
    channel_crypto_wipe(s->tx, sizeof s->tx);
    channel_crypto_wipe(s->rx, sizeof s->rx);
    channel_crypto_wipe(s->path_key, sizeof s->path_key);
}

void channel_session_destroy(struct channel_session *s)
{
    if (!s)
        return;
    release(s);
    channel_message_in_finish(&s->message_in);
    free(s->events);
    channel_crypto_wipe(s, sizeof *s);
    free(s);
}

enum channel_state channel_session_state(const struct channel_session *s)
{
    return s->state;
}

int channel_session_hash(const struct channel_session *s, uint8_t out[static 32])
{
    if (!s->keyed || s->state == CHANNEL_STATE_HANDSHAKE)
        return CHANNEL_ERR_STATE;
    memcpy(out, s->hash, 32);
    return 0;
}

/* ---- events ---- */

void channel_session_push(struct channel_session *s, const struct channel_event *event)
{
    if (s->event_count == s->event_cap && s->event_cap < CHANNEL_EVENTS_MAX) {
        size_t cap = s->event_cap * 2;
        struct channel_event *events = realloc(s->events, cap * sizeof *events);
        if (events) {
            s->events = events;
            s->event_cap = cap;
        }
    }
    if (s->event_count < s->event_cap) {
        s->events[s->event_count++] = *event;
        s->lent |= event->type == CHANNEL_EVENT_STREAM_DATA || event->type == CHANNEL_EVENT_MESSAGE;
        return;
    }
    /* An event must not be lost in silence: the session ends instead, in the place of the last one. What it
     * holds goes with destroy, because callers may be walking over it. */
    s->state = CHANNEL_STATE_CLOSED;
    s->events[s->event_count - 1] =
        (struct channel_event){.type = CHANNEL_EVENT_CLOSED, .path = -1, .error = CHANNEL_ERR_NOMEM};
}

bool channel_session_event(struct channel_session *s, struct channel_event *out)
{
    while (s->event_pos < s->event_count) {
        struct channel_event event = s->events[s->event_pos++];
        if (event.type == CHANNEL_EVENT_WANT_DH) {
            if (s->noise.step != CHANNEL_NOISE_WANT_DH)
                continue;
            memcpy(event.point, s->noise.point, 32);
        } else if (event.type == CHANNEL_EVENT_VERDICT) {
            memcpy(event.point, s->noise.peer_public, 32);
            event.data = s->noise.payload;
            event.len = s->noise.payload_len;
        } else if (event.type == CHANNEL_EVENT_PATH_DOWN) {
            s->paths[event.path].down_told = false;
        }
        *out = event;
        return true;
    }
    s->event_pos = s->event_count = 0;
    s->lent = false;
    *out = (struct channel_event){.type = CHANNEL_EVENT_NONE};
    return false;
}

bool channel_session_event_waits(const struct channel_session *s)
{
    return s->event_pos < s->event_count;
}

void channel_session_fail(struct channel_session *s, int err, const char *text, size_t len)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return;
    s->state = CHANNEL_STATE_CLOSED;
    struct channel_event event = {.type = CHANNEL_EVENT_CLOSED, .path = -1, .error = err};
    if (len) {
        memcpy(s->goodbye, text, len);
        event.data = (const uint8_t *)s->goodbye;
        event.len = len;
    }
    channel_session_push(s, &event);
    release(s);
}

/* ---- handshake ---- */

int channel_session_peek(const uint8_t *data, size_t len, uint8_t out_session_id[static CHANNEL_ID_LEN],
    enum channel_first *out_kind)
{
    struct channel_record record;
    if (channel_record_parse(data, len, &record) < 0 || record.len < 1 + CHANNEL_ID_LEN ||
        record.body[0] != 1)
        return CHANNEL_ERR_FORMAT;
    if (record.type == CHANNEL_RECORD_HANDSHAKE)
        *out_kind = CHANNEL_FIRST_HANDSHAKE;
    else if (record.type == CHANNEL_RECORD_PATH && record.len == CHANNEL_RESUME_BODY)
        *out_kind = CHANNEL_FIRST_RESUME;
    else
        return CHANNEL_ERR_FORMAT;
    memcpy(out_session_id, record.body + 1, CHANNEL_ID_LEN);
    return 0;
}

/* Our message is complete: wrap it once; every path gets the same bytes. */
static void make_hello(struct channel_session *s)
{
    channel_record_header(s->hello_out, CHANNEL_RECORD_HANDSHAKE, CHANNEL_LANE_I, 0);
    uint8_t *body = s->hello_out + CHANNEL_RECORD_HEADER;
    body[0] = s->config.role == CHANNEL_INITIATOR ? 1 : 2;
    memcpy(body + 1, s->config.session_id, CHANNEL_ID_LEN);
    memcpy(body + 1 + CHANNEL_ID_LEN, s->noise.message, s->noise.message_len);
    s->hello_out_len = CHANNEL_RECORD_HEADER + 1 + CHANNEL_ID_LEN + s->noise.message_len;
}

static void make_keys(struct channel_session *s)
{
    const uint8_t *keys[2] = {s->noise.key_initiator, s->noise.key_responder};
    memcpy(s->hash, s->noise.h, 32);
    for (int lane = 0; lane < CHANNEL_LANES; lane++) {
        channel_lane_key_init(&s->tx[lane], (enum channel_lane)lane, s->hash, keys[s->config.role]);
        channel_lane_key_init(&s->rx[lane], (enum channel_lane)lane, s->hash, keys[!s->config.role]);
    }
    channel_resume_key(s->path_key, s->hash, keys[0], keys[1]);
    channel_crypto_wipe(s->noise.key_initiator, 32);
    channel_crypto_wipe(s->noise.key_responder, 32);
    s->keyed = true;
}

/* Message 1 for the responder, message 2 for the initiator. */
int channel_session_hello(struct channel_session *s, int path, const struct channel_record *record)
{
    uint8_t expected = s->config.role == CHANNEL_INITIATOR ? 2 : 1;
    if (s->state == CHANNEL_STATE_OPEN)
        return 0; /* a repeat that was on its way while another path was quicker */
    if (record->number != 0 || record->len < 1 + CHANNEL_ID_LEN || record->len > sizeof s->hello_in ||
        record->body[0] != expected || memcmp(record->body + 1, s->config.session_id, CHANNEL_ID_LEN) != 0)
        return CHANNEL_ERR_FORMAT;
    if (s->paths[path].phase != PATH_HELLO)
        return CHANNEL_ERR_FORMAT;
    if (s->hello_in_len) {
        if (s->config.role == CHANNEL_INITIATOR)
            return 0; /* already at work on one */
        if (record->len != s->hello_in_len || memcmp(record->body, s->hello_in, record->len) != 0)
            return CHANNEL_ERR_AUTH; /* a session id serves one handshake */
        s->paths[path].asked = true;
        s->paths[path].said = false; /* answered again with the same bytes */
        return 0;
    }
    if (s->config.role == CHANNEL_INITIATOR && s->noise.step != CHANNEL_NOISE_SENT)
        return CHANNEL_ERR_FORMAT;
    memcpy(s->hello_in, record->body, record->len);
    s->hello_in_len = record->len;
    s->hello_path = path;
    s->paths[path].asked = true;
    int err =
        channel_noise_read(&s->noise, record->body + 1 + CHANNEL_ID_LEN, record->len - 1 - CHANNEL_ID_LEN);
    if (err < 0) {
        channel_session_fail(s, err, NULL, 0);
        return err;
    }
    channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_WANT_DH, .path = path});
    return 0;
}

int channel_session_give_dh(struct channel_session *s, const uint8_t shared[static 32])
{
    if (s->state != CHANNEL_STATE_HANDSHAKE || s->noise.step != CHANNEL_NOISE_WANT_DH)
        return CHANNEL_ERR_STATE;
    int err = channel_noise_give(&s->noise, shared);
    if (err < 0) {
        channel_session_fail(s, err, NULL, 0);
        return err;
    }
    switch (s->noise.step) {
    case CHANNEL_NOISE_WANT_DH:
        channel_session_push(
            s, &(struct channel_event){.type = CHANNEL_EVENT_WANT_DH, .path = s->hello_path});
        break;
    case CHANNEL_NOISE_SENT:
        make_hello(s);
        break;
    case CHANNEL_NOISE_DONE:
    case CHANNEL_NOISE_VERDICT:
        channel_session_push(
            s, &(struct channel_event){.type = CHANNEL_EVENT_VERDICT, .path = s->hello_path});
        break;
    case CHANNEL_NOISE_START:
    case CHANNEL_NOISE_FAILED:
        return CHANNEL_ERR_STATE;
    }
    return 0;
}

int channel_session_verdict(struct channel_session *s, bool accept)
{
    enum channel_noise_step step =
        s->config.role == CHANNEL_INITIATOR ? CHANNEL_NOISE_DONE : CHANNEL_NOISE_VERDICT;
    if (s->state != CHANNEL_STATE_HANDSHAKE || s->noise.step != step || s->keyed)
        return CHANNEL_ERR_STATE;
    if (!accept) {
        channel_session_fail(s, CHANNEL_ERR_AUTH, NULL, 0);
        return 0;
    }
    if (s->config.role == CHANNEL_RESPONDER) {
        uint8_t ephemeral[32];
        channel_crypto_random(ephemeral, sizeof ephemeral);
        int err = channel_noise_answer(&s->noise, ephemeral);
        channel_crypto_wipe(ephemeral, sizeof ephemeral);
        if (err < 0) {
            channel_session_fail(s, err, NULL, 0);
            return err;
        }
        make_hello(s);
        make_keys(s);
        return 0; /* open only after the first sealed record: message 1 may be a replay */
    }
    make_keys(s);
    channel_session_opened(s);
    return 0;
}

/* Keys are proven: by message 2 for the initiator, by the first sealed record for the responder. */
void channel_session_opened(struct channel_session *s)
{
    s->state = CHANNEL_STATE_OPEN;
    channel_noise_finish(&s->noise);
    channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_OPEN, .path = s->hello_path});
    channel_session_paths_opened(s);
}

/* ---- timers and the end ---- */

uint64_t channel_session_deadline_us(const struct channel_session *s)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return UINT64_MAX;
    uint64_t at = channel_session_path_deadline(s);
    if (s->carrier >= 0) {
        for (int lane = 0; lane < CHANNEL_LANES; lane++)
            if (s->ack[lane].due_us > s->now_us && s->ack[lane].due_us < at)
                at = s->ack[lane].due_us; /* one that is due already goes with the next send */
        if (!s->ping_due && s->ping_at_us < at)
            at = s->ping_at_us;
    }
    return at;
}

void channel_session_tick(struct channel_session *s, uint64_t now_us)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return;
    s->now_us = now_us;
    channel_session_path_timers(s);
    if (s->state == CHANNEL_STATE_OPEN && s->carrier >= 0 && now_us >= s->ping_at_us) {
        s->ping_due = true;
        s->ping_at_us = now_us + CHANNEL_PING_US;
    }
}

void channel_session_close(struct channel_session *s, uint32_t reason, const char *text)
{
    if (s->state == CHANNEL_STATE_CLOSED || s->goaway_due)
        return;
    s->goaway_due = true;
    s->goaway_reason = reason;
    s->goaway_len = text ? channel_text_len(text, CHANNEL_GOAWAY_TEXT_MAX) : 0;
    if (s->goaway_len)
        memcpy(s->goaway_text, text, s->goaway_len);
    if (s->carrier < 0) /* nobody to say it to */
        channel_session_fail(s, 0, NULL, 0);
}

void channel_session_stats(const struct channel_session *s, struct channel_stats *out)
{
    *out = (struct channel_stats){
        .bytes_in = s->bytes_in,
        .bytes_out = s->bytes_out,
        .records_in = s->records_in,
        .records_out = s->records_out,
        .resent = s->resent,
        .rtt_us = s->rtt_us,
    };
    size_t memory = sizeof *s + s->event_cap * sizeof *s->events + s->message_out.len;
    for (int lane = 0; lane < CHANNEL_LANES; lane++) {
        out->unacked_bytes[lane] = s->replay[lane].bytes;
        out->sealed[lane] = s->replay[lane].next;
        out->acked[lane] = s->replay[lane].base;
        memory += channel_replay_memory(&s->replay[lane]);
    }
    for (const struct channel_stream *stream = s->streams.first; stream; stream = stream->next)
        memory += sizeof *stream + stream->queue_cap;
    memory += s->message_in.buffer[0].cap + s->message_in.buffer[1].cap;
    out->memory_bytes = memory;
}
