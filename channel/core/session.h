/* One sealed session between a viewer (initiator) and a host (responder): Noise IK, records, lanes,
 * streams, credits, acknowledgements and resuming over a new path. No I/O and no clock: bytes and
 * now_us go in, bytes, events and the next deadline come out. Natively and in WebAssembly from the
 * same files. Layout and rules: docs/wire.md section 7. Loop thread only.
 *
 * Memory: bounded by construction. Per session at most CHANNEL_SESSION_MAX_BYTES: unacknowledged
 * records (I 256 KiB, B 1 MiB), one screen message each way, stream queues by their credit. */
#pragma once

#include "channel/core/crypto.h"

enum {
    CHANNEL_RECORD_HEADER = 10,
    CHANNEL_RECORD_PLAIN_MAX = 16384,
    CHANNEL_RECORD_MAX = CHANNEL_RECORD_HEADER + CHANNEL_RECORD_PLAIN_MAX + CHANNEL_TAG_LEN,
    CHANNEL_PAYLOAD_MAX = 1024,
    CHANNEL_PROLOGUE_MAX = 128,
    CHANNEL_MESSAGE_MAX = (8 << 20) + 64,
    CHANNEL_STREAMS_MAX = 256,
    CHANNEL_PATHS_MAX = 4,
    CHANNEL_SESSION_MAX_BYTES = 40 << 20
};

enum channel_role { CHANNEL_INITIATOR = 0, CHANNEL_RESPONDER = 1 };
enum channel_lane { CHANNEL_LANE_I = 0, CHANNEL_LANE_S = 1, CHANNEL_LANE_B = 2, CHANNEL_LANES = 3 };
enum channel_kind { CHANNEL_KIND_CONTROL = 1, CHANNEL_KIND_SCREEN = 2, CHANNEL_KIND_FILE = 3 };

enum channel_error {
    CHANNEL_OK = 0,
    CHANNEL_ERR_NOMEM = -1,
    CHANNEL_ERR_FORMAT = -2, /* malformed record, frame or handshake */
    CHANNEL_ERR_AUTH = -3,   /* a tag or a handshake did not verify */
    CHANNEL_ERR_ORDER = -4,  /* a reliable lane skipped a number */
    CHANNEL_ERR_LIMIT = -5,  /* the peer broke a limit */
    CHANNEL_ERR_STATE = -6,  /* not possible now */
    CHANNEL_ERR_SPACE = -7,  /* caller's buffer too small */
    CHANNEL_ERR_CLOSED = -8,
    CHANNEL_ERR_TIMEOUT = -9
};
const char *channel_strerror(int err);

struct channel_session;

struct channel_session_config {
    enum channel_role role;
    uint8_t session_id[CHANNEL_ID_LEN];
    uint8_t prologue[CHANNEL_PROLOGUE_MAX];
    size_t prologue_len;
    uint8_t local_public[32];             /* own X25519 */
    uint8_t peer_public[32];              /* initiator: the host's; responder: ignored */
    uint8_t payload[CHANNEL_PAYLOAD_MAX]; /* what the handshake tells the peer about us */
    size_t payload_len;
};

enum channel_state { CHANNEL_STATE_HANDSHAKE, CHANNEL_STATE_OPEN, CHANNEL_STATE_CLOSED };

enum channel_event_type {
    CHANNEL_EVENT_NONE = 0,
    CHANNEL_EVENT_WANT_DH,       /* compute X25519(own secret, point) and call channel_session_give_dh */
    CHANNEL_EVENT_VERDICT,       /* both roles: data/len = peer's payload, point = its static key. Accept or
                                  * refuse by channel_session_verdict, at once or later */
    CHANNEL_EVENT_OPEN,          /* the session is up; on the responder after the first sealed record */
    CHANNEL_EVENT_PATH_UP,       /* path: records flow on it (resume done) */
    CHANNEL_EVENT_PATH_DOWN,     /* path: drop the transport; error says why, 0 = we were told */
    CHANNEL_EVENT_STREAM_OPENED, /* by the peer: stream, lane, kind, param */
    CHANNEL_EVENT_STREAM_DATA,   /* data/len, in order; consume with channel_stream_consumed */
    CHANNEL_EVENT_STREAM_FINISHED,
    CHANNEL_EVENT_STREAM_RESET,    /* the peer gave up sending; code */
    CHANNEL_EVENT_STREAM_STOPPED,  /* the peer wants no more; code */
    CHANNEL_EVENT_STREAM_WRITABLE, /* after a short write: there is room again */
    CHANNEL_EVENT_MESSAGE,         /* lane S: one whole message on stream */
    CHANNEL_EVENT_MESSAGE_GAP,     /* lane S: messages were lost (new path): start over */
    CHANNEL_EVENT_RTT,             /* param = round trip in us */
    CHANNEL_EVENT_CLOSED           /* error, or 0 with text in data/len when the peer said GOAWAY */
};

struct channel_event {
    enum channel_event_type type;
    uint32_t stream;
    uint8_t lane;
    uint16_t kind;
    int path;
    int error;
    uint64_t param; /* OPEN's param, RESET/STOP's code */
    uint8_t point[32];
    const uint8_t *data; /* borrowed until the next call into the session */
    size_t len;
};

struct channel_session *channel_session_create(const struct channel_session_config *config, uint64_t now_us);
void channel_session_destroy(struct channel_session *session);
enum channel_state channel_session_state(const struct channel_session *session);

/* Events come out one at a time until NONE (false); call after every receive, send, tick, give, verdict and
 * path call. While STREAM_DATA or MESSAGE events wait, receive refuses the next record (CHANNEL_ERR_STATE),
 * because their data is lent. */
bool channel_session_event(struct channel_session *session, struct channel_event *out);

/* Do events wait? Sending makes some too; an adapter that may not be called back there looks afterwards. */
bool channel_session_event_waits(const struct channel_session *session);

int channel_session_give_dh(struct channel_session *session, const uint8_t shared[static 32]);
int channel_session_verdict(struct channel_session *session, bool accept);
/* Session's handshake hash once open: for channel binding and tests. */
int channel_session_hash(const struct channel_session *session, uint8_t out[static 32]);

/* Paths. add: a transport is open and ready for records; returns its number or CHANNEL_ERR_LIMIT.
 * On a session that is open already the resume record is the first that send() yields. */
int channel_session_path_add(struct channel_session *session, uint64_t now_us);
void channel_session_path_lost(struct channel_session *session, int path, uint64_t now_us);

/* What the first record on a path is about, before there is a session: a new handshake, or a path more
 * for the session of that id. Pure. 0, or CHANNEL_ERR_FORMAT when it is neither. */
enum channel_first { CHANNEL_FIRST_HANDSHAKE = 1, CHANNEL_FIRST_RESUME = 2 };
int channel_session_peek(const uint8_t *data, size_t len, uint8_t out_session_id[static CHANNEL_ID_LEN],
    enum channel_first *out_kind);

/* One whole record from a path. 0, or CHANNEL_ERR_*: the path or the session is then closed as the
 * events say. Borrowed for the call. */
int channel_session_receive(
    struct channel_session *session, int path, const uint8_t *data, size_t len, uint64_t now_us);

/* The next record for a path, highest priority first; call only when the transport can take one.
 * Returns its length, 0 when there is nothing to send. cap >= CHANNEL_RECORD_MAX. */
int channel_session_send(
    struct channel_session *session, int path, uint8_t *out, size_t cap, uint64_t now_us);

/* Timers: call tick at the deadline (UINT64_MAX = none). */
uint64_t channel_session_deadline_us(const struct channel_session *session);
void channel_session_tick(struct channel_session *session, uint64_t now_us);

/* Say GOAWAY and close once it was sent. text <= 256 bytes. */
void channel_session_close(struct channel_session *session, uint32_t reason, const char *text);

/* Byte streams in lanes I and B, message streams (kind SCREEN only) in lane S. CONTROL goes both ways and is
 * gone when both sides finished or reset; FILE and SCREEN go from the opener to the other side only, who
 * can stop them. A stop is answered by a reset without the application's doing.
 * open returns the stream's number (> 0) or CHANNEL_ERR_*: _STATE before OPEN, _LIMIT for too many. */
int channel_stream_open(
    struct channel_session *session, enum channel_lane lane, enum channel_kind kind, uint64_t param);
/* Takes what fits (0 when none does; STREAM_WRITABLE follows) or CHANNEL_ERR_*. */
int channel_stream_write(struct channel_session *session, uint32_t stream, const uint8_t *data, size_t len);
size_t channel_stream_writable(const struct channel_session *session, uint32_t stream);
int channel_stream_finish(struct channel_session *session, uint32_t stream);
int channel_stream_reset(struct channel_session *session, uint32_t stream, uint64_t code);
int channel_stream_stop(struct channel_session *session, uint32_t stream, uint64_t code);
/* The application took len bytes of this stream: credit is given back to the peer. */
int channel_stream_consumed(struct channel_session *session, uint32_t stream, size_t len);

/* Lane S: one message at a time. can: the one before has left us. send copies. */
bool channel_message_can(const struct channel_session *session, uint32_t stream);
int channel_message_send(struct channel_session *session, uint32_t stream, const uint8_t *data, size_t len);

struct channel_stats {
    uint64_t bytes_in, bytes_out; /* records, headers included */
    uint64_t records_in, records_out, resent;
    uint32_t rtt_us;     /* smoothed, 0 = not known */
    size_t memory_bytes; /* held now */
    size_t unacked_bytes[CHANNEL_LANES];
    /* Record numbers of the reliable lanes: the next to be sealed, the first not acknowledged. */
    uint64_t sealed[CHANNEL_LANES], acked[CHANNEL_LANES];
};
void channel_session_stats(const struct channel_session *session, struct channel_stats *out);
