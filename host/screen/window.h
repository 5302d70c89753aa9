/* How much screen may be on its way to one viewer, learnt from its ACKs: delivery rate and round
 * trip. Keeps the link full without a queue in front of the next key echo. Pure: time is passed
 * in; ACKs are untrusted, a viewer can at most slow itself.
 *
 * Rules (docs/architecture.md "The screen"): window = rate * (min RTT + 12 ms), 16 KiB at first,
 * doubling each round trip while delay does not grow; 0.8 when it grew by 40 ms three times, down
 * to min RTT / RTT at 100 ms; a hidden viewer gets a message a second. Any thread, one at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCREEN_WINDOW_START_BYTES = 32 * 1024,
    SCREEN_WINDOW_MIN_BYTES = 8 * 1024,
    SCREEN_WINDOW_MAX_BYTES = 4 << 20,
    SCREEN_WINDOW_FRAMES = 32,           /* messages in flight at most */
    SCREEN_WINDOW_STALL_US = 1000000,    /* nothing acknowledged for so long: probe with one message */
    SCREEN_WINDOW_HIDDEN_US = 1000000,   /* between messages to a viewer that nobody looks at */
    SCREEN_WINDOW_RTT_LIFE_US = 10000000 /* a minimum round trip counts for so long */
};

struct screen_window_sent {
    uint32_t epoch, seq;
    size_t bytes;
    uint64_t sent_us;
    uint64_t delivered;    /* bytes acknowledged in all when this was sent */
    uint64_t delivered_us; /* when the last of those was acknowledged */
    bool limited;          /* there was less to send than the link would take */
};

struct screen_window {
    struct screen_window_sent flight[SCREEN_WINDOW_FRAMES]; /* oldest first */
    size_t flight_count;
    size_t in_flight_bytes;
    size_t window_bytes;
    uint64_t delivered, delivered_us;
    uint64_t last_sent_us;
    uint32_t rtt_us, min_rtt_us;
    uint64_t min_rtt_at_us;
    uint64_t rate_Bps;
    uint64_t rate_at_us;
    uint64_t grown_us; /* last growth and last cut: each once per round trip */
    uint64_t cut_us;
    uint32_t slow_acks;
    bool starting; /* still doubling */
    bool full;     /* the window, not the screen, set the pace since the last growth */
    bool hidden;
};

void screen_window_init(struct screen_window *window, uint64_t now_us);

/* Bytes the next message should not exceed by much; 0 = nothing may go now. */
size_t screen_window_budget(const struct screen_window *window, uint64_t now_us);

/* When budget may become positive without any ACK; UINT64_MAX = it is positive now or only an ACK
 * helps. */
uint64_t screen_window_deadline_us(const struct screen_window *window, uint64_t now_us);

/* A message went out. more: the encoder had more than the budget let through. */
void screen_window_sent(
    struct screen_window *window, uint32_t epoch, uint32_t seq, size_t bytes, bool more, uint64_t now_us);

/* An ACK came: it covers that message and all before. Returns whether it was known. */
bool screen_window_acked(
    struct screen_window *window, uint32_t epoch, uint32_t seq, bool hidden, uint64_t now_us);

/* Forget what is on its way (new epoch, lost stream); what was learnt of the link stays. */
void screen_window_forget(struct screen_window *window);
