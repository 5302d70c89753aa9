/* Memory and sessions for the page. */
#include <stdlib.h>
#include <string.h>

#include "channel/core/session.h"
#include "viewer/core/wasm.h"

/* As the worker reads it. */
struct viewer_event {
    uint32_t type, stream, lane, kind;
    int32_t path, error;
    uint32_t data, len;
    double param;
    uint8_t point[32];
};
_Static_assert(offsetof(struct viewer_event, param) == 32 && sizeof(struct viewer_event) == 72,
    "layout read by wasm.ts");

struct viewer_stats {
    double bytes_in, bytes_out, records_in, records_out, resent;
    uint32_t rtt_us, memory_bytes;
    uint32_t unacked_bytes[CHANNEL_LANES], unused;
    double sealed, acked; /* records of lane I */
};
_Static_assert(sizeof(struct viewer_stats) == 80, "layout read by wasm.ts");

void *hearth_alloc(size_t size);
void hearth_free(void *memory);
struct channel_session *hearth_session_create(const uint8_t *session_id, const uint8_t *prologue,
    size_t prologue_len, const uint8_t *local_public, const uint8_t *peer_public, const uint8_t *payload,
    size_t payload_len, double now_us);
void hearth_session_destroy(struct channel_session *s);
int hearth_session_state(const struct channel_session *s);
int hearth_session_event(struct channel_session *s, struct viewer_event *out);
int hearth_session_give_dh(struct channel_session *s, const uint8_t *shared);
int hearth_session_verdict(struct channel_session *s, int accept);
int hearth_session_path_add(struct channel_session *s, double now_us);
void hearth_session_path_lost(struct channel_session *s, int path, double now_us);
int hearth_session_receive(
    struct channel_session *s, int path, const uint8_t *data, size_t len, double now_us);
int hearth_session_send(struct channel_session *s, int path, uint8_t *out, size_t cap, double now_us);
double hearth_session_deadline_us(const struct channel_session *s);
void hearth_session_tick(struct channel_session *s, double now_us);
void hearth_session_close(struct channel_session *s, uint32_t reason, const char *text);
void hearth_session_stats(const struct channel_session *s, struct viewer_stats *out);
int hearth_stream_open(struct channel_session *s, uint32_t lane, uint32_t kind, double param);
int hearth_stream_write(struct channel_session *s, uint32_t stream, const uint8_t *data, size_t len);
size_t hearth_stream_writable(const struct channel_session *s, uint32_t stream);
int hearth_stream_finish(struct channel_session *s, uint32_t stream);
int hearth_stream_reset(struct channel_session *s, uint32_t stream, uint32_t code);
int hearth_stream_stop(struct channel_session *s, uint32_t stream, uint32_t code);
int hearth_stream_consumed(struct channel_session *s, uint32_t stream, size_t len);

VIEWER_EXPORT("hearth_alloc") void *hearth_alloc(size_t size)
{
    return malloc(size);
}

VIEWER_EXPORT("hearth_free") void hearth_free(void *memory)
{
    free(memory);
}

VIEWER_EXPORT("hearth_session_create")
struct channel_session *hearth_session_create(const uint8_t *session_id, const uint8_t *prologue,
    size_t prologue_len, const uint8_t *local_public, const uint8_t *peer_public, const uint8_t *payload,
    size_t payload_len, double now_us)
{
    struct channel_session_config config = {.role = CHANNEL_INITIATOR};
    if (prologue_len > sizeof config.prologue || payload_len > sizeof config.payload)
        return NULL;
    memcpy(config.session_id, session_id, sizeof config.session_id);
    memcpy(config.prologue, prologue, prologue_len);
    config.prologue_len = prologue_len;
    memcpy(config.local_public, local_public, sizeof config.local_public);
    memcpy(config.peer_public, peer_public, sizeof config.peer_public);
    memcpy(config.payload, payload, payload_len);
    config.payload_len = payload_len;
    return channel_session_create(&config, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_session_destroy") void hearth_session_destroy(struct channel_session *s)
{
    channel_session_destroy(s);
}

VIEWER_EXPORT("hearth_session_state") int hearth_session_state(const struct channel_session *s)
{
    return (int)channel_session_state(s);
}

/* 1 and *out filled, or 0 when there is none. data points into the session: read it before the next call. */
VIEWER_EXPORT("hearth_session_event")
int hearth_session_event(struct channel_session *s, struct viewer_event *out)
{
    struct channel_event event = {0};
    if (!channel_session_event(s, &event))
        return 0;
    *out = (struct viewer_event){
        .type = (uint32_t)event.type,
        .stream = event.stream,
        .lane = event.lane,
        .kind = event.kind,
        .path = event.path,
        .error = event.error,
        .data = (uint32_t)(uintptr_t)event.data,
        .len = (uint32_t)event.len,
        .param = (double)event.param,
    };
    memcpy(out->point, event.point, sizeof out->point);
    return 1;
}

VIEWER_EXPORT("hearth_session_give_dh")
int hearth_session_give_dh(struct channel_session *s, const uint8_t *shared)
{
    return channel_session_give_dh(s, shared);
}

VIEWER_EXPORT("hearth_session_verdict") int hearth_session_verdict(struct channel_session *s, int accept)
{
    return channel_session_verdict(s, accept != 0);
}

VIEWER_EXPORT("hearth_session_path_add") int hearth_session_path_add(struct channel_session *s, double now_us)
{
    return channel_session_path_add(s, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_session_path_lost")
void hearth_session_path_lost(struct channel_session *s, int path, double now_us)
{
    channel_session_path_lost(s, path, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_session_receive")
int hearth_session_receive(
    struct channel_session *s, int path, const uint8_t *data, size_t len, double now_us)
{
    return channel_session_receive(s, path, data, len, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_session_send")
int hearth_session_send(struct channel_session *s, int path, uint8_t *out, size_t cap, double now_us)
{
    return channel_session_send(s, path, out, cap, viewer_from_double(now_us));
}

/* Below zero: no deadline. */
VIEWER_EXPORT("hearth_session_deadline_us") double hearth_session_deadline_us(const struct channel_session *s)
{
    const uint64_t deadline_us = channel_session_deadline_us(s);
    return deadline_us == UINT64_MAX ? -1.0 : (double)deadline_us;
}

VIEWER_EXPORT("hearth_session_tick") void hearth_session_tick(struct channel_session *s, double now_us)
{
    channel_session_tick(s, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_session_close")
void hearth_session_close(struct channel_session *s, uint32_t reason, const char *text)
{
    channel_session_close(s, reason, text);
}

VIEWER_EXPORT("hearth_session_stats")
void hearth_session_stats(const struct channel_session *s, struct viewer_stats *out)
{
    struct channel_stats stats = {0};
    channel_session_stats(s, &stats);
    *out = (struct viewer_stats){
        .bytes_in = (double)stats.bytes_in,
        .bytes_out = (double)stats.bytes_out,
        .records_in = (double)stats.records_in,
        .records_out = (double)stats.records_out,
        .resent = (double)stats.resent,
        .rtt_us = stats.rtt_us,
        .memory_bytes = (uint32_t)stats.memory_bytes,
        .sealed = (double)stats.sealed[CHANNEL_LANE_I],
        .acked = (double)stats.acked[CHANNEL_LANE_I],
    };
    for (size_t i = 0; i < CHANNEL_LANES; i++)
        out->unacked_bytes[i] = (uint32_t)stats.unacked_bytes[i];
}

VIEWER_EXPORT("hearth_stream_open")
int hearth_stream_open(struct channel_session *s, uint32_t lane, uint32_t kind, double param)
{
    return channel_stream_open(
        s, (enum channel_lane)lane, (enum channel_kind)kind, viewer_from_double(param));
}

VIEWER_EXPORT("hearth_stream_write")
int hearth_stream_write(struct channel_session *s, uint32_t stream, const uint8_t *data, size_t len)
{
    return channel_stream_write(s, stream, data, len);
}

VIEWER_EXPORT("hearth_stream_writable")
size_t hearth_stream_writable(const struct channel_session *s, uint32_t stream)
{
    return channel_stream_writable(s, stream);
}

VIEWER_EXPORT("hearth_stream_finish") int hearth_stream_finish(struct channel_session *s, uint32_t stream)
{
    return channel_stream_finish(s, stream);
}

VIEWER_EXPORT("hearth_stream_reset")
int hearth_stream_reset(struct channel_session *s, uint32_t stream, uint32_t code)
{
    return channel_stream_reset(s, stream, code);
}

VIEWER_EXPORT("hearth_stream_stop")
int hearth_stream_stop(struct channel_session *s, uint32_t stream, uint32_t code)
{
    return channel_stream_stop(s, stream, code);
}

VIEWER_EXPORT("hearth_stream_consumed")
int hearth_stream_consumed(struct channel_session *s, uint32_t stream, size_t len)
{
    return channel_stream_consumed(s, stream, len);
}
