#include "host/screen/window.h"

#include <string.h>

enum {
    BURST_US = 12000,      /* a message is so much of the time of the link, and so much is on the way
                            * beyond what the bare link holds, so that it never runs dry */
    BURST_LATE_US = 9000,  /* ... and so much more when its turn was that long ago */
    BURST_MOST_US = 50000, /* ... or a slow viewer's own time */
    CALM_US = 10000,       /* less extra delay than this: there may be more to have */
    END_US = 20000,        /* so much while doubling: the link is full */
    SLOW_US = 30000,       /* a queue */
    MAKE_MOST_US = 20000,  /* of the time to make a message: more is a busy machine, not the rule */
    OWN_MOST_US = 50000,   /* of a message's own time on the link; the rate may be wrong */
    SUSTAIN_US = 60000,    /* a queue that lasts; shorter is a packet sent again */
    FOREIGN_CUTS = 2,      /* a queue that stays when ours is gone is not ours */
    SPAN_US = 400000,      /* the highest rate counts for one to two of these, or of 8 round trips */
    SPAN_RTTS = 8,
    DRAIN_EXTRA_US = 5000,
    PROBE_US = 10000,   /* so much more is tried while there is no queue */
    STARTING_BURST = 4, /* while doubling a message may be so much longer */
    FRAME_US = 16667,
    HIGH_LIFE_US = 3000000,
    GROWTH_ROUNDS = 3, /* doubled in vain so often: that is all there is */
    PAUSE_US = 250000, /* after it the window begins with what is known */
    IDLE_US = 10000000,
    IDLE_KEEP_BYTES = 64 * 1024,
    ECHO_FRAMES = 4, /* more messages, small ones, for answers to inputs */
    VIEWER_QUEUE = 3 /* messages a viewer may hold behind the one it shows */
};

void screen_window_init(struct screen_window *window, uint64_t now_us)
{
    memset(window, 0, sizeof *window);
    window->window_bytes = SCREEN_WINDOW_START_BYTES;
    window->starting = true;
    window->delivered_us = now_us;
    window->best_us = window->learnt_us = now_us;
}

static size_t clamp_window(uint64_t bytes)
{
    return bytes < SCREEN_WINDOW_MIN_BYTES   ? SCREEN_WINDOW_MIN_BYTES
           : bytes > SCREEN_WINDOW_MAX_BYTES ? SCREEN_WINDOW_MAX_BYTES
                                             : (size_t)bytes;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t target_bytes(const struct screen_window *window)
{
    return window->rate_Bps * (window->min_rtt_us + (uint64_t)window->serve_us + window->make_us + BURST_US) /
           1000000;
}

static bool slow_viewer(const struct screen_window *window)
{
    return window->serve_us > FRAME_US;
}

/* The time of the link, or of a slow viewer, that a message should fill. */
static uint64_t burst_us(const struct screen_window *window)
{
    return window->serve_us < BURST_US        ? BURST_US
           : window->serve_us > BURST_MOST_US ? BURST_MOST_US
                                              : window->serve_us;
}

/* The same and what its turn is late by because of the host: making the one before took its time as well. */
static uint64_t message_us(const struct screen_window *window, uint64_t now_us)
{
    const uint64_t due_us = window->pace_us > window->opened_us ? window->pace_us : window->opened_us;
    const uint64_t late_us = now_us > due_us && !slow_viewer(window) ? now_us - due_us : 0;
    return burst_us(window) + (late_us < BURST_LATE_US ? late_us : BURST_LATE_US);
}

static size_t frames_allowed(const struct screen_window *window)
{
    const size_t frames = 4 + (size_t)(window->min_rtt_us / burst_us(window));
    return frames < SCREEN_WINDOW_FRAMES - ECHO_FRAMES ? frames : SCREEN_WINDOW_FRAMES - ECHO_FRAMES;
}

/* The window as it is now: hardly anything while the way is emptied to see its length. */
static size_t window_now(const struct screen_window *window, uint64_t now_us)
{
    return now_us < window->drain_us ? window->window_bytes / 4 : window->window_bytes;
}

static bool viewer_has_room(const struct screen_window *window, bool echo)
{
    return window->flight_count < frames_allowed(window) + (echo ? ECHO_FRAMES : 0) &&
           (window->queue < VIEWER_QUEUE || window->flight_count < VIEWER_QUEUE);
}

static bool open(const struct screen_window *window, bool echo, uint64_t now_us)
{
    if (!window->flight_count)
        return true;
    /* An echo needs no room of its own: it may exceed the window by a slice, as others leave one free. */
    const size_t most = window_now(window, now_us), fly = window->in_flight_bytes;
    const size_t with = echo ? fly : fly + 2 * SCREEN_WINDOW_SLICE_BYTES;
    return viewer_has_room(window, echo) && with <= most + SCREEN_WINDOW_SLICE_BYTES;
}

/* The earliest time for a message as far as the pace goes. */
static uint64_t turn_us(const struct screen_window *window, bool echo)
{
    if (!window->flight_count)
        return 0;
    uint64_t due = slow_viewer(window) ? window->last_sent_us + window->serve_us : 0;
    return !echo && window->pace_us > due ? window->pace_us : due;
}

static bool stalled(const struct screen_window *window, uint64_t now_us)
{
    return now_us - window->last_sent_us >= SCREEN_WINDOW_STALL_US;
}

size_t screen_window_budget(const struct screen_window *window, bool echo, uint64_t now_us)
{
    if (window->hidden) {
        if (window->last_sent_us && now_us - window->last_sent_us < SCREEN_WINDOW_HIDDEN_US)
            return 0;
    } else if (!open(window, echo, now_us)) {
        /* The viewer may have lost its ACK; a silent link gets one message a second, no more. */
        return stalled(window, now_us) ? SCREEN_WINDOW_SLICE_BYTES : 0;
    } else if (now_us < turn_us(window, echo)) {
        return 0;
    }
    const size_t most = window_now(window, now_us);
    size_t room = window->in_flight_bytes < most ? most - window->in_flight_bytes : 0;
    if (window->rate_Bps) {
        uint64_t burst = window->rate_Bps * message_us(window, now_us) / 1000000;
        if (window->starting)
            burst = burst * STARTING_BURST < most / 2 ? burst * STARTING_BURST : most / 2;
        else if (slow_viewer(window))
            burst += burst / 4; /* most of its time may go by messages, not by bytes: see whether more fits */
        room = room > burst ? (size_t)burst : room;
    }
    return room > SCREEN_WINDOW_SLICE_BYTES ? room : SCREEN_WINDOW_SLICE_BYTES;
}

uint64_t screen_window_deadline_us(const struct screen_window *window, bool echo, uint64_t now_us)
{
    if (screen_window_budget(window, echo, now_us))
        return UINT64_MAX;
    if (window->hidden)
        return window->last_sent_us + SCREEN_WINDOW_HIDDEN_US;
    if (open(window, echo, now_us))
        return turn_us(window, echo);
    uint64_t due = window->last_sent_us + SCREEN_WINDOW_STALL_US;
    return now_us < window->drain_us && window->drain_us < due ? window->drain_us : due;
}

static void drop_oldest(struct screen_window *window, size_t count)
{
    for (size_t i = 0; i < count; i++)
        window->in_flight_bytes -= window->flight[i].bytes;
    window->flight_count -= count;
    memmove(window->flight, window->flight + count, window->flight_count * sizeof window->flight[0]);
}

/* What doubling or probing had asked for is asked for anew; after a long pause the way may be another. */
static void after_pause(struct screen_window *window, uint64_t now_us)
{
    const uint64_t pause_us = window->last_sent_us ? now_us - window->last_sent_us : 0;
    if (pause_us <= PAUSE_US || !window->rate_Bps)
        return;
    const uint64_t most = larger(target_bytes(window), SCREEN_WINDOW_START_BYTES);
    const uint64_t kept = window->window_bytes < most ? window->window_bytes : most;
    const bool long_ago = pause_us > IDLE_US && kept > IDLE_KEEP_BYTES;
    window->window_bytes = clamp_window(long_ago ? larger(kept / 2, IDLE_KEEP_BYTES) : kept);
}

/* Whether what is on its way with this message is as much as may be: else something other than the way, such
 * as the encoder, sets the pace, and it tells nothing of what the way could do. */
static bool fills(const struct screen_window *window, size_t bytes, bool more)
{
    return window->rate_Bps && !slow_viewer(window)
               ? window->in_flight_bytes + bytes + SCREEN_WINDOW_SLICE_BYTES > window->window_bytes
               : more;
}

void screen_window_sent(struct screen_window *window, uint32_t epoch, uint32_t seq, size_t bytes, bool more,
    uint64_t begun_us, uint64_t now_us)
{
    const uint64_t make_us = now_us - begun_us < MAKE_MOST_US ? now_us - begun_us : MAKE_MOST_US;
    window->make_us = (uint32_t)((window->make_us * UINT64_C(3) + make_us) / 4);
    if (window->flight_count == SCREEN_WINDOW_FRAMES)
        drop_oldest(window, 1);
    if (!window->flight_count) {
        /* A rate is measured from here: nothing was on its way before. */
        window->delivered_us = now_us;
        after_pause(window, now_us);
    }
    window->flight[window->flight_count++] = (struct screen_window_sent){.epoch = epoch,
        .seq = seq,
        .bytes = bytes,
        .sent_us = now_us,
        .delivered = window->delivered,
        .delivered_us = window->delivered_us,
        .limited = window->hidden || now_us < window->drain_us || !fills(window, bytes, more)};
    window->in_flight_bytes += bytes;
    window->last_sent_us = now_us;
    window->full = window->full || more || window->in_flight_bytes >= window->window_bytes / 2;
    /* A quarter faster than the link, so that it is the window that rules. */
    const uint64_t gap_us =
        window->rate_Bps && !window->starting ? bytes * 1000000 / window->rate_Bps * 4 / 5 : 0;
    /* From its turn on: the time that it took to make does not count. */
    const uint64_t early_us = now_us > BURST_LATE_US ? now_us - BURST_LATE_US : 0;
    const uint64_t turn_us = window->pace_us > now_us     ? now_us
                             : window->pace_us > early_us ? window->pace_us
                                                          : early_us;
    window->pace_us = turn_us + (gap_us < BURST_MOST_US ? gap_us : BURST_MOST_US);
}

/* Duration between two times of the viewer's clock, or 0 when they make none. */
static uint64_t span(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? to_us - from_us : 0;
}

static void learn_viewer(struct screen_window *window, const struct screen_window_ack *ack)
{
    const uint64_t decode = span(ack->received_us, ack->decoded_us);
    const uint64_t present = span(ack->decoded_us, ack->presented_us);
    uint64_t serve = decode > present ? decode : present;
    serve = serve < SCREEN_WINDOW_SERVE_MAX_US ? serve : SCREEN_WINDOW_SERVE_MAX_US;
    window->serve_us = (uint32_t)((window->serve_us * UINT64_C(3) + serve) / 4);
    window->queue = ack->queue;
}

static void learn_rtt(struct screen_window *window, uint64_t rtt_us, uint64_t now_us)
{
    const uint32_t rtt = rtt_us > UINT32_MAX ? UINT32_MAX : rtt_us ? (uint32_t)rtt_us : 1;
    window->rtt_us = rtt;
    const bool drained = window->drain_us && now_us >= window->drain_us;
    if (!window->min_rtt_us || rtt <= window->min_rtt_us || drained) {
        window->min_rtt_us = rtt;
        window->min_rtt_at_us = now_us;
        window->drain_us = 0;
    } else if (!window->drain_us && now_us - window->min_rtt_at_us > SCREEN_WINDOW_RTT_LIFE_US) {
        /* With a full window no round trip is free of our own queue: let it run empty once. */
        window->drain_us = now_us + window->rtt_us + DRAIN_EXTRA_US;
    }
}

/* Restart the search for the highest rate from here. */
static void set_rate(struct screen_window *window, uint64_t rate_Bps, uint64_t now_us)
{
    window->rate_Bps = window->best_Bps[0] = rate_Bps;
    window->best_Bps[1] = 0;
    window->best_us = now_us;
}

static void learn_rate(struct screen_window *window, const struct screen_window_sent *sent, uint64_t now_us)
{
    const uint64_t passed_us = now_us - sent->delivered_us;
    if (!passed_us)
        return;
    const uint64_t sample = (window->delivered - sent->delivered) * 1000000 / passed_us;
    /* A few small messages tell little; that they came fast counts once there is a rate to compare with. */
    if (sent->limited && (!window->rate_Bps || sample <= window->rate_Bps))
        return;
    const uint64_t rounds_us = (uint64_t)SPAN_RTTS * window->min_rtt_us;
    const uint64_t span_us = rounds_us > SPAN_US ? rounds_us : SPAN_US;
    /* Time in which nothing was learnt does not make it old. */
    const uint64_t gap_us = now_us - window->learnt_us;
    if (gap_us > span_us / 2)
        window->best_us += gap_us;
    window->learnt_us = now_us;
    if (now_us > window->best_us && now_us - window->best_us > span_us) {
        window->best_Bps[1] = window->best_Bps[0];
        window->best_Bps[0] = 0;
        window->best_us = now_us;
    }
    if (sample > window->best_Bps[0])
        window->best_Bps[0] = sample;
    window->rate_Bps = window->best_Bps[0] > window->best_Bps[1] ? window->best_Bps[0] : window->best_Bps[1];
}

/* Delay that is neither the way nor the message's own time on it. */
static uint64_t extra_us(const struct screen_window *window, const struct screen_window_sent *sent)
{
    uint64_t own_us = window->rate_Bps ? (uint64_t)sent->bytes * 1000000 / window->rate_Bps : 0;
    own_us = own_us < OWN_MOST_US ? own_us : OWN_MOST_US;
    uint64_t extra = window->rtt_us - window->min_rtt_us;
    return extra > own_us ? extra - own_us : 0;
}

/* A queue that lasts while the window was full tells the rate: what arrives meanwhile. One that is still
 * there for messages sent after that is not ours: it belongs to the way from then on. Whether it lasts. */
static bool follow_queue(
    struct screen_window *window, const struct screen_window_sent *sent, uint64_t extra, uint64_t now_us)
{
    if (extra <= SLOW_US || !window->rate_Bps) {
        window->slow_us = 0;
        window->cuts = 0;
        return false;
    }
    const bool anew = window->cuts > 0 && sent->sent_us >= window->cut_us;
    if (anew && (!window->high_rtt_us || window->rtt_us < window->high_rtt_us))
        window->high_rtt_us = window->rtt_us;
    if (sent->limited || !window->slow_us) {
        window->slow_us = now_us;
        window->slow_delivered = window->delivered;
        return false;
    }
    const uint64_t passed_us = now_us - window->slow_us;
    if (passed_us < (window->min_rtt_us > SUSTAIN_US ? window->min_rtt_us : SUSTAIN_US))
        return false;
    uint64_t rate_Bps = (window->delivered - window->slow_delivered) * 1000000 / passed_us;
    if (!anew) {
        window->cuts = 1;
        window->high_rtt_us = 0;
        window->share_Bps = rate_Bps;
    } else if (++window->cuts > FOREIGN_CUTS) {
        window->cuts = 0;
        window->min_rtt_us = window->high_rtt_us;
        window->min_rtt_at_us = now_us;
        rate_Bps = window->share_Bps;
    }
    /* What was late may have been a busy machine: to a half at a time at most. */
    set_rate(window, rate_Bps > window->rate_Bps / 2 ? rate_Bps : window->rate_Bps / 2, now_us);
    window->slow_us = window->cut_us = now_us;
    window->slow_delivered = window->delivered;
    window->starting = false;
    window->window_bytes = clamp_window(target_bytes(window));
    return true;
}

/* The highest rate of the last while: what the link could do before a cut, and may do again. */
static uint64_t high_rate(struct screen_window *window, uint64_t now_us)
{
    if (window->rate_Bps >= window->high_Bps || now_us - window->high_us > HIGH_LIFE_US) {
        window->high_Bps = window->rate_Bps;
        window->high_us = now_us;
    }
    return window->high_Bps;
}

/* No queue although there was more to send: the way holds more than is known. Faster towards what it could do
 * a while ago. */
static uint64_t grown_bytes(const struct screen_window *window, uint64_t target, uint64_t high_Bps)
{
    const bool back = window->rate_Bps < high_Bps / 2;
    const uint64_t probe = larger(window->rate_Bps * PROBE_US / 1000000, SCREEN_WINDOW_SLICE_BYTES);
    const uint64_t most = target + (back ? target / 3 : probe);
    const uint64_t step = larger(window->window_bytes / (back ? 3 : 5), SCREEN_WINDOW_SLICE_BYTES);
    const uint64_t next = larger(window->window_bytes + step, target);
    return next < most ? next : most;
}

/* Once per round trip. */
static void resize(struct screen_window *window, uint64_t extra, uint64_t now_us)
{
    if (!window->rate_Bps)
        return;
    const uint64_t target = target_bytes(window), high_Bps = high_rate(window, now_us);
    const bool full = window->full;
    const bool rose = window->rate_Bps > window->round_rate_Bps + window->round_rate_Bps / 10;
    window->full = false;
    window->round_delivered = window->delivered + window->in_flight_bytes;
    window->round_rate_Bps = window->rate_Bps;
    if (rose)
        window->vain = 0;
    else if (full)
        window->vain += extra > END_US ? 2 : 1;
    if (window->starting && window->vain >= GROWTH_ROUNDS)
        window->starting = false;
    else if (!window->starting && full && rose && extra <= CALM_US)
        window->starting = true;
    if (window->starting) {
        const uint64_t twice = (uint64_t)window->window_bytes * 2;
        if (full)
            window->window_bytes = clamp_window(twice < target * 2 ? twice : target * 2);
        return;
    }
    const bool grow = full && extra <= CALM_US && !slow_viewer(window);
    window->window_bytes = clamp_window(grow ? grown_bytes(window, target, high_Bps) : target);
}

bool screen_window_acked(struct screen_window *window, const struct screen_window_ack *ack, uint64_t now_us)
{
    window->hidden = ack->hidden;
    size_t index = 0;
    while (index < window->flight_count &&
           (window->flight[index].epoch != ack->epoch || window->flight[index].seq != ack->seq))
        index++;
    if (index == window->flight_count)
        return false;
    const struct screen_window_sent sent = window->flight[index];
    const bool closed = !open(window, false, now_us);
    for (size_t i = 0; i <= index; i++)
        window->delivered += window->flight[i].bytes;
    drop_oldest(window, index + 1);
    window->delivered_us = now_us;
    if (closed)
        window->opened_us = now_us;
    /* Nobody looks: such times say when the page woke, not what the link can do. */
    if (ack->hidden)
        return true;

    const uint64_t whole_us = now_us - sent.sent_us;
    const uint64_t own_us = span(ack->received_us, ack->presented_us);
    learn_viewer(window, ack);
    learn_rtt(window, own_us < whole_us ? whole_us - own_us : 0, now_us);
    learn_rate(window, &sent, now_us);
    const uint64_t extra = extra_us(window, &sent);
    if (!follow_queue(window, &sent, extra, now_us) && window->delivered >= window->round_delivered)
        resize(window, extra, now_us);
    return true;
}

void screen_window_forget(struct screen_window *window)
{
    window->flight_count = 0;
    window->in_flight_bytes = 0;
    window->round_delivered = window->delivered;
    window->slow_us = 0;
    window->cuts = 0;
    window->queue = 0;
    window->full = false;
}
