#include "host/screen/window.h"

#include <string.h>

enum {
    SLACK_US = 12000, /* kept on the way beyond the bare link, so that it never runs dry */
    CALM_US = 20000,  /* extra delay that may be the message itself: grow */
    SLOW_US = 40000,  /* extra delay that means a queue; SLOW_ACKS in a row shrink the window */
    SPIKE_US = 100000,
    SLOW_ACKS = 3,
    BURST_US = 16000, /* one message is at most so much of the time of the link */
    BURST_MIN_BYTES = 8 * 1024,
    ROOM_BYTES = 2 * 1024, /* less room than this is not worth a message */
    IDLE_US = 1000000,
    IDLE_KEEP_BYTES = 64 * 1024,
    FRAME_US = 16667,
    FRAMES_MIN = 3
};

void screen_window_init(struct screen_window *window, uint64_t now_us)
{
    memset(window, 0, sizeof *window);
    window->window_bytes = SCREEN_WINDOW_START_BYTES;
    window->starting = true;
    window->delivered_us = now_us;
}

static size_t clamp_window(uint64_t bytes)
{
    return bytes < SCREEN_WINDOW_MIN_BYTES   ? SCREEN_WINDOW_MIN_BYTES
           : bytes > SCREEN_WINDOW_MAX_BYTES ? SCREEN_WINDOW_MAX_BYTES
                                             : (size_t)bytes;
}

static size_t frames_allowed(const struct screen_window *window)
{
    size_t frames = FRAMES_MIN + window->min_rtt_us / FRAME_US;
    return frames < SCREEN_WINDOW_FRAMES ? frames : SCREEN_WINDOW_FRAMES;
}

static bool open(const struct screen_window *window)
{
    if (!window->flight_count)
        return true;
    return window->flight_count < frames_allowed(window) && window->in_flight_bytes < window->window_bytes &&
           window->window_bytes - window->in_flight_bytes >= ROOM_BYTES;
}

size_t screen_window_budget(const struct screen_window *window, uint64_t now_us)
{
    if (window->hidden) {
        if (window->last_sent_us && now_us - window->last_sent_us < SCREEN_WINDOW_HIDDEN_US)
            return 0;
    } else if (!open(window)) {
        /* The viewer may have lost its ACK; a silent link gets one message a second, no more. */
        return now_us - window->last_sent_us >= SCREEN_WINDOW_STALL_US ? SCREEN_WINDOW_MIN_BYTES : 0;
    }
    size_t room =
        window->in_flight_bytes < window->window_bytes ? window->window_bytes - window->in_flight_bytes : 0;
    uint64_t burst = window->rate_Bps * BURST_US / 1000000;
    if (burst < BURST_MIN_BYTES)
        burst = BURST_MIN_BYTES;
    /* Before the rate is known the window itself is the guess. */
    if (window->rate_Bps && !window->starting && room > burst)
        room = (size_t)burst;
    return room > ROOM_BYTES ? room : ROOM_BYTES;
}

uint64_t screen_window_deadline_us(const struct screen_window *window, uint64_t now_us)
{
    if (screen_window_budget(window, now_us))
        return UINT64_MAX;
    return window->last_sent_us + (window->hidden ? SCREEN_WINDOW_HIDDEN_US : SCREEN_WINDOW_STALL_US);
}

static void drop_oldest(struct screen_window *window, size_t count)
{
    for (size_t i = 0; i < count; i++)
        window->in_flight_bytes -= window->flight[i].bytes;
    window->flight_count -= count;
    memmove(window->flight, window->flight + count, window->flight_count * sizeof window->flight[0]);
}

void screen_window_sent(
    struct screen_window *window, uint32_t epoch, uint32_t seq, size_t bytes, bool more, uint64_t now_us)
{
    if (window->flight_count == SCREEN_WINDOW_FRAMES)
        drop_oldest(window, 1);
    if (!window->flight_count) {
        /* A rate is measured from here: nothing was on its way before. */
        window->delivered_us = now_us;
        if (window->last_sent_us && now_us - window->last_sent_us > IDLE_US &&
            window->window_bytes > IDLE_KEEP_BYTES) {
            window->window_bytes /= 2;
            if (window->window_bytes < IDLE_KEEP_BYTES)
                window->window_bytes = IDLE_KEEP_BYTES;
        }
    }
    window->flight[window->flight_count++] = (struct screen_window_sent){.epoch = epoch,
        .seq = seq,
        .bytes = bytes,
        .sent_us = now_us,
        .delivered = window->delivered,
        .delivered_us = window->delivered_us,
        .limited = !more};
    window->in_flight_bytes += bytes;
    window->last_sent_us = now_us;
    window->full = window->full || more || window->in_flight_bytes >= window->window_bytes / 2;
}

static void learn_rtt(struct screen_window *window, uint32_t rtt_us, uint64_t now_us)
{
    window->rtt_us = rtt_us;
    if (!window->min_rtt_us || rtt_us <= window->min_rtt_us ||
        now_us - window->min_rtt_at_us > SCREEN_WINDOW_RTT_LIFE_US) {
        window->min_rtt_us = rtt_us;
        window->min_rtt_at_us = now_us;
    }
}

static void learn_rate(struct screen_window *window, const struct screen_window_sent *sent, uint64_t now_us)
{
    uint64_t span_us = now_us - sent->delivered_us;
    if (!span_us)
        return;
    uint64_t sample = (window->delivered - sent->delivered) * 1000000 / span_us;
    if (sample >= window->rate_Bps)
        window->rate_Bps = sample;
    else if (!sent->limited)
        window->rate_Bps = (window->rate_Bps * 3 + sample) / 4;
}

static void resize(struct screen_window *window, const struct screen_window_sent *sent, uint64_t now_us)
{
    uint32_t extra_us = window->rtt_us - window->min_rtt_us;
    uint64_t target = window->rate_Bps * (window->min_rtt_us + (uint64_t)SLACK_US) / 1000000;
    bool fresh = sent->sent_us >= window->cut_us; /* sent under the window as it is now */

    window->slow_acks = extra_us > SLOW_US ? window->slow_acks + 1 : 0;
    if (extra_us > SPIKE_US) {
        if (!fresh)
            return;
        window->window_bytes =
            clamp_window((uint64_t)window->window_bytes * window->min_rtt_us / window->rtt_us);
        window->cut_us = now_us;
        /* After a stall the link may be as good as before: find out by doubling again. */
        window->starting = window->window_bytes == SCREEN_WINDOW_MIN_BYTES;
        window->slow_acks = 0;
    } else if (window->slow_acks >= SLOW_ACKS) {
        if (!fresh)
            return;
        window->window_bytes = clamp_window((uint64_t)window->window_bytes * 4 / 5);
        window->cut_us = now_us;
        window->starting = false;
        window->slow_acks = 0;
    } else if (extra_us <= CALM_US && window->full && now_us - window->grown_us >= window->rtt_us) {
        uint64_t grown =
            window->starting ? (uint64_t)window->window_bytes * 2 : (uint64_t)window->window_bytes * 5 / 4;
        /* Past what the rate accounts for, more on the way is only a queue. */
        if (!window->starting && grown > target * 5 / 4)
            grown = target * 5 / 4;
        window->window_bytes = clamp_window(grown > target ? grown : target);
        window->grown_us = now_us;
        window->full = false;
    } else if (extra_us > CALM_US) {
        window->starting = false;
    }
}

bool screen_window_acked(
    struct screen_window *window, uint32_t epoch, uint32_t seq, bool hidden, uint64_t now_us)
{
    window->hidden = hidden;
    size_t index = 0;
    while (index < window->flight_count &&
           (window->flight[index].epoch != epoch || window->flight[index].seq != seq))
        index++;
    if (index == window->flight_count)
        return false;
    struct screen_window_sent sent = window->flight[index];
    for (size_t i = 0; i <= index; i++)
        window->delivered += window->flight[i].bytes;
    drop_oldest(window, index + 1);
    window->delivered_us = now_us;

    uint64_t rtt_us = now_us - sent.sent_us;
    learn_rtt(window, rtt_us > UINT32_MAX ? UINT32_MAX : rtt_us ? (uint32_t)rtt_us : 1, now_us);
    learn_rate(window, &sent, now_us);
    /* Nobody looked: the delay says when the page woke, not what the link can do. */
    if (!hidden)
        resize(window, &sent, now_us);
    return true;
}

void screen_window_forget(struct screen_window *window)
{
    window->flight_count = 0;
    window->in_flight_bytes = 0;
    window->full = false;
}
