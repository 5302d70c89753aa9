/* How much screen may be on its way to one viewer, learnt from its ACKs: delivery rate, round trip, and
 * how long the viewer needs for a message. Keeps the link full without a queue in front of the next key
 * echo. Pure: time is passed in. ACKs are untrusted: numbers that were not sent are ignored, times are
 * clamped to what the host's own clock allows, so a viewer can at most slow itself.
 *
 * Rules (docs/architecture.md "The screen"), after BBR (Cardwell et al., ACM Queue 14.5, 2016):
 *   window = rate * (least round trip + 12 ms + the time that the viewer and the host themselves need for a
 *   message). The rate is the highest delivered lately; it falls at once when delay stays high while the
 * window was full, to what arrived in that time. So a stall or a packet sent again costs nothing, a slower
 * link is followed within a few messages, and nothing is multiplied down without end. A sample may lower the
 * rate only when the window was full: else the encoder, small changes or the pace set it, and the link could
 * have done more. Small changes for minutes so leave the rate as it was. While there is more to send and no
 * queue, the window grows. A message is 12 ms of the link, up to 9 more when the encoder was late, and
 * messages are spaced by their time on it, so that each is read from the newest picture; an echo may go out
 * of turn. A viewer that needs longer than a frame for a message gets them at its own pace. A hidden viewer
 * gets a message a second. Any thread, one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCREEN_WINDOW_START_BYTES = 16 * 1024, /* what a new TCP connection takes in its first flight */
    SCREEN_WINDOW_MIN_BYTES = 3 * 1024,
    SCREEN_WINDOW_MAX_BYTES = 4 << 20,
    SCREEN_WINDOW_SLICE_BYTES = 1536,     /* the least a message is allowed */
    SCREEN_WINDOW_FRAMES = 64,            /* messages in flight at most */
    SCREEN_WINDOW_STALL_US = 1000000,     /* nothing acknowledged for so long: probe with one message */
    SCREEN_WINDOW_HIDDEN_US = 1000000,    /* between messages to a viewer that nobody looks at */
    SCREEN_WINDOW_RTT_LIFE_US = 10000000, /* a least round trip counts for so long */
    SCREEN_WINDOW_SERVE_MAX_US = 1000000  /* a viewer's own time for a message counts up to this */
};

/* What a viewer says about one message; its clock has any origin. */
struct screen_window_ack {
    uint32_t epoch, seq;
    uint64_t received_us, decoded_us, presented_us;
    uint32_t queue; /* messages it holds behind this one */
    bool hidden;    /* nobody looks */
};

struct screen_window_sent {
    uint32_t epoch, seq;
    size_t bytes;
    uint64_t sent_us;
    uint64_t delivered;    /* bytes acknowledged in all when this was sent */
    uint64_t delivered_us; /* when the last of those was acknowledged */
    bool limited;          /* not the link set the pace: there was less to send, or the viewer is slow */
};

struct screen_window {
    struct screen_window_sent flight[SCREEN_WINDOW_FRAMES]; /* oldest first */
    size_t flight_count;
    size_t in_flight_bytes;
    size_t window_bytes;
    uint64_t delivered, delivered_us;
    uint64_t last_sent_us;
    uint64_t pace_us;            /* no message before, but an echo */
    uint64_t opened_us;          /* when it last was full and something arrived */
    uint32_t rtt_us, min_rtt_us; /* without the viewer's own time; 0 = not known */
    uint64_t min_rtt_at_us;
    uint64_t drain_us;             /* until then little is sent, to see the least round trip again; 0 = not */
    uint64_t rate_Bps;             /* 0 = not known */
    uint64_t best_Bps[2], best_us; /* highest of this span of time and of the one before; its start */
    uint64_t learnt_us;            /* the last that counted */
    uint64_t round_delivered, round_rate_Bps;
    uint64_t high_Bps, high_us;       /* the highest rate of the last seconds, and when */
    uint64_t slow_us, slow_delivered; /* since when delay is high, and what had arrived then; 0 = it is not */
    uint64_t cut_us;                  /* when the rate was last set from what arrived in that time */
    uint64_t share_Bps;               /* what it was set to first */
    uint32_t cuts;                    /* how often since */
    uint32_t high_rtt_us;             /* the least round trip of what was sent after it */
    uint32_t serve_us;                /* the viewer's time for a message, smoothed */
    uint32_t make_us;                 /* the host's */
    uint32_t queue;                   /* as the viewer said last */
    bool starting;                    /* still doubling */
    uint32_t vain;                    /* round trips that this brought nothing */
    bool full;                        /* the window, not the screen, set the pace in this round trip */
    bool hidden;
};

void screen_window_init(struct screen_window *window, uint64_t now_us);

/* Bytes the next message should not exceed by much; 0 = nothing may go now. echo: the answer to an input
 * is in it; it need not wait for its turn and may exceed the window by a slice. */
size_t screen_window_budget(const struct screen_window *window, bool echo, uint64_t now_us);

/* When budget may become positive without any ACK; UINT64_MAX = it is positive now. */
uint64_t screen_window_deadline_us(const struct screen_window *window, bool echo, uint64_t now_us);

/* A message went out, begun at begun_us with the budget of that time. more: the encoder had more than that
 * let through. */
void screen_window_sent(struct screen_window *window, uint32_t epoch, uint32_t seq, size_t bytes, bool more,
    uint64_t begun_us, uint64_t now_us);

/* An ACK came: it covers that message and all before. Returns whether it was known. */
bool screen_window_acked(struct screen_window *window, const struct screen_window_ack *ack, uint64_t now_us);

/* Forget what is on its way (new epoch, lost stream); what was learnt of the link stays. */
void screen_window_forget(struct screen_window *window);
