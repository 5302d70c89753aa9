/* One byte stream inside a session: its send queue, its credit both ways and how it ends, and the table
 * of them. Knows nothing of records; session.c moves frames in and out. docs/wire.md "Frames in a
 * record". Internal to channel/core. Loop thread only. */
#pragma once

#include "channel/core/frame.h"

enum {
    CHANNEL_STREAM_QUEUE_MAX =
        256 << 10,                     /* bytes written and not yet sent, a stream; more is a short write */
    CHANNEL_QUEUES_MAX = 8 << 20,      /* the same over all streams */
    CHANNEL_CREDIT_CONTROL = 64 << 10, /* first credit by kind; unknown kinds as CONTROL */
    CHANNEL_CREDIT_FILE = 256 << 10,
    CHANNEL_CREDIT_FILE_MAX = 4 << 20,
    CHANNEL_CREDIT_SESSION_MAX = 8 << 20, /* windows grow only while their sum stays below */
    CHANNEL_STREAMS_SLACK = 64 /* an OPEN may overtake, in another lane, the end that made room for it */
};

struct channel_stream {
    uint32_t id;
    uint8_t lane;      /* of its data */
    uint8_t wire_lane; /* of OPEN, FIN, RESET: I for the lossy lane S, else lane */
    uint16_t kind;
    bool ours;
    uint64_t param;

    /* sending */
    uint8_t *queue; /* ring, queue_cap a power of two */
    size_t queue_cap, queue_head, queue_len;
    uint64_t sent, peer_limit, reset_code;
    bool open_due, finish_wanted, reset_due, send_done, writable_wanted;

    /* receiving */
    uint64_t received, consumed, limit, window, stop_code;
    uint64_t tune_at_us, tune_from; /* when and where the window now being measured began */
    bool credit_due, stop_due, stopped, recv_done;

    /* lane S */
    uint64_t message_next;
    bool message_seen, message_gap_told;

    struct channel_stream *next; /* in the order of opening */
};

struct channel_streams {
    struct channel_stream *first, **last;
    size_t ours, theirs;
    size_t queued;  /* bytes in all send queues */
    size_t windows; /* sum of all receive windows */
};

/* Streams of these kinds carry bytes from the opener only. */
bool channel_kind_one_way(uint16_t kind);
uint64_t channel_kind_credit(uint16_t kind);

void channel_streams_init(struct channel_streams *streams);
void channel_streams_finish(struct channel_streams *streams);
struct channel_stream *channel_streams_find(const struct channel_streams *streams, uint32_t id);
/* NULL = out of memory. lane is that of the data. */
struct channel_stream *channel_streams_add(
    struct channel_streams *streams, uint32_t id, enum channel_lane lane, uint16_t kind, bool ours);
/* Free every stream that is over in both directions. */
void channel_streams_sweep(struct channel_streams *streams);
/* Put a stream that was served to the end, so that the others have their turn. */
void channel_streams_rotate(struct channel_streams *streams, struct channel_stream *stream);

size_t channel_stream_room(const struct channel_streams *streams, const struct channel_stream *stream);
/* Copies what fits. Returns bytes taken or CHANNEL_ERR_NOMEM. */
int channel_stream_push(
    struct channel_streams *streams, struct channel_stream *stream, const uint8_t *data, size_t len);
/* Move len queued bytes out. */
void channel_stream_pull(
    struct channel_streams *streams, struct channel_stream *stream, uint8_t *out, size_t len);
void channel_stream_drop_queue(struct channel_streams *streams, struct channel_stream *stream);
/* Bytes that may be sent now: queued and covered by credit. */
size_t channel_stream_sendable(const struct channel_stream *stream);
/* Something to send in its wire lane: OPEN, DATA, FIN or RESET? */
bool channel_stream_pending(const struct channel_stream *stream);

/* The application took len bytes: move the window, let it grow when it is what slows the peer. */
void channel_stream_consume(struct channel_streams *streams, struct channel_stream *stream, size_t len,
    uint64_t now_us, uint32_t rtt_us);
