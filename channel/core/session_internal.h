/* The inside of a session, shared by the session_*.c files only:
 *   session.c         lifecycle, events, timers, handshake steps
 *   session_path.c    paths: up, down, which one carries, resuming
 *   session_send.c    what goes into the next record
 *   session_receive.c one record, and the frames in it
 *   session_stream.c  the application's calls on streams and messages */
#pragma once

#include "channel/core/message.h"
#include "channel/core/noise.h"
#include "channel/core/priority.h"
#include "channel/core/replay.h"
#include "channel/core/resume.h"

enum {
    CHANNEL_ACK_RECORDS = 32,     /* acknowledge at the latest after so many records */
    CHANNEL_ACK_DELAY_US = 25000, /* ... or this long */
    CHANNEL_ACK_BYTES_SHARE = 4,  /* ... or a quarter of what the sender can keep */
    CHANNEL_PING_US = 5000000,
    CHANNEL_SILENCE_US = 15000000,    /* nothing heard on the carrying path: it is down */
    CHANNEL_PATH_SETUP_US = 10000000, /* handshake or resume on a path */
    CHANNEL_ORPHAN_US = 60000000,     /* responder: no path for so long ends the session */
    CHANNEL_EVENTS_MAX = 8192,        /* a record holds fewer frames than this that lead to one */
    /* What one side may open (the other takes twice that, so that bursts after a resume never end an honest
     * session). The bound on memory is CHANNEL_STREAMS_MAX; this one is against floods of open and reset. */
    CHANNEL_OPENS_PER_S = 2048,
    CHANNEL_OPENS_BURST = 8192,
    CHANNEL_HELLO_MAX = CHANNEL_RECORD_HEADER + 1 + CHANNEL_ID_LEN + CHANNEL_NOISE_MAX
};

enum path_phase {
    PATH_FREE,
    PATH_HELLO,    /* the handshake happens or is repeated here */
    PATH_RESUMING, /* own resume record to send, the peer's to hear */
    PATH_UP
};

struct path {
    enum path_phase phase;
    bool asked;     /* responder: message 1 came here */
    bool said;      /* our handshake or resume record has left */
    bool heard;     /* the peer's resume record came */
    bool down_told; /* PATH_DOWN waits to be read: the number is not given out again yet */
    uint64_t order; /* of being added: the newest path that is up carries */
    uint64_t added_us, heard_us;
    uint64_t cursor[CHANNEL_LANES]; /* I, B: next number to send on it */
};

/* What a reliable lane received and has not acknowledged. */
struct ack {
    uint32_t records;
    size_t bytes;
    uint64_t due_us; /* UINT64_MAX = nobody waits for it */
    uint64_t told;   /* last number acknowledged */
};

/* Token bucket of OPENs. */
struct opens {
    uint64_t at_us;
    uint32_t left;
};

struct channel_session {
    struct channel_session_config config;
    enum channel_state state;
    uint64_t now_us;

    struct channel_noise noise;
    uint8_t hello_in[CHANNEL_HELLO_MAX]; /* responder: message 1, to know it again */
    size_t hello_in_len;
    uint8_t hello_out[CHANNEL_HELLO_MAX]; /* our handshake record, sent verbatim on every new path */
    size_t hello_out_len;
    int hello_path; /* where the message being worked on came from; -1 none */
    uint8_t hash[32], path_key[32];

    struct channel_lane_key tx[CHANNEL_LANES], rx[CHANNEL_LANES];
    struct channel_replay replay[CHANNEL_LANES]; /* S: unused */
    struct ack ack[CHANNEL_LANES];

    struct path paths[CHANNEL_PATHS_MAX];
    int carrier; /* -1 none */
    uint64_t path_order, resume_counter, orphan_us;

    uint64_t pong, ping_sent_us, ping_at_us; /* sent 0 = none is out */
    uint32_t rtt_us;

    uint32_t goaway_reason;
    char goaway_text[CHANNEL_GOAWAY_TEXT_MAX];
    size_t goaway_len;

    struct channel_streams streams;
    uint32_t next_stream;
    struct opens our_opens, their_opens;
    struct channel_message_out message_out;
    struct channel_message_in message_in;
    struct channel_priority priority;

    struct channel_event *events;
    size_t event_count, event_pos, event_cap;

    uint64_t bytes_in, bytes_out, records_in, records_out, resent;
    bool keyed; /* keys are split */
    bool lent;  /* a waiting event points into plain_in or a message buffer */
    bool ping_due, pong_due, goaway_due, goaway_sent;
    uint8_t plain_in[CHANNEL_RECORD_PLAIN_MAX], plain_out[CHANNEL_RECORD_PLAIN_MAX];
    char goodbye[CHANNEL_GOAWAY_TEXT_MAX]; /* the peer's */
};

/* session.c */
void channel_session_push(struct channel_session *s, const struct channel_event *event);
/* End the session: CLOSED with err (0 = GOAWAY). Anything after is refused. */
void channel_session_fail(struct channel_session *s, int err, const char *text, size_t len);
int channel_session_hello(struct channel_session *s, int path, const struct channel_record *record);
void channel_session_opened(struct channel_session *s);

/* session_stream.c: take one token at now_us of a bucket that refills at per_s; false = empty. */
bool channel_opens_take(struct opens *opens, uint32_t per_s, uint32_t burst, uint64_t now_us);

/* session_path.c */
struct path *channel_session_path(struct channel_session *s, int path);
void channel_session_path_up(struct channel_session *s, int path);
void channel_session_path_down(struct channel_session *s, int path, int err);
void channel_session_tell_gaps(struct channel_session *s);
void channel_session_paths_opened(struct channel_session *s);
int channel_session_resume(struct channel_session *s, int path, const struct channel_record *record);
int channel_session_path_say(struct channel_session *s, int path, uint8_t *out);
void channel_session_path_timers(struct channel_session *s);
uint64_t channel_session_path_deadline(const struct channel_session *s);

/* session_receive.c */
int channel_session_frames(
    struct channel_session *s, enum channel_lane lane, const uint8_t *data, size_t len);
