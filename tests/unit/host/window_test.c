/* The ACK window against a simulated way to a viewer: a rate that changes, a delay, losses that hold up
 * what follows, a queue without end, and a viewer that needs its time for each message. Time is invented. */
#include "host/screen/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TICK_US = 250,
    WIRE_MAX = 512,
    AGES_MAX = 20000,
    PACKET_BYTES = 1448,
    MBIT = 1000000 / 8, /* bytes a second */
    FRAME_US = 16667,
    TCP_FLIGHT_BYTES = 10 * PACKET_BYTES, /* what TCP sends at first, and after a pause */
    TCP_IDLE_US = 240000,
    TCP_ACKS = 4096 /* of ticks: a second of them */
};

struct parcel {
    uint32_t seq;
    size_t bytes, left; /* left: not yet through the bottleneck */
    uint64_t sent_us, arrived_us;
    uint64_t received_us, presented_us, acked_us;
};

struct run {
    struct screen_window window;
    uint64_t now_us;
    /* The way. */
    uint64_t rate_Bps, out_us, back_us;
    uint64_t credit;        /* bytes x ticks not yet used by whole bytes */
    unsigned loss_permille; /* of packets: each is sent again a round trip later, in order */
    unsigned seed;
    uint64_t held_us; /* nothing arrives before */
    struct parcel fly[WIRE_MAX];
    size_t count, through; /* of fly: all; those past the bottleneck */
    size_t queued;
    /* TCP under it, when tcp_bytes is not 0: starts slowly, and again after each pause. */
    size_t tcp_bytes, tcp_flight, tcp_released;
    size_t tcp_acks[TCP_ACKS];
    uint64_t ticks, tcp_sent_us;
    /* The host: a message is made in this time and for each byte so many ns; none meanwhile. */
    uint64_t encode_us, encode_byte_ns, begun_us, made_us;
    size_t made_bytes;
    bool made_more;
    uint64_t pause_us, pause_from_us; /* between two messages that make the picture exact; 0 = none */
    /* The viewer. */
    uint64_t message_us, free_us;
    uint64_t byte_ns; /* and for each byte */
    /* The screen: a change of change_bytes each every_us replaces what was left of the one before. */
    size_t change_bytes, left;
    uint64_t every_us, change_us;
    /* What came of it. */
    uint32_t seq;
    uint64_t carried, presented_bytes;
    unsigned messages;
    size_t most_queued, most_behind;
    size_t ages;
    uint32_t age[AGES_MAX];
};

static void begin(struct run *run, uint64_t rate_Bps, uint64_t rtt_us)
{
    memset(run, 0, sizeof *run);
    run->rate_Bps = rate_Bps;
    run->out_us = rtt_us / 2;
    run->back_us = rtt_us - rtt_us / 2;
    run->now_us = 1000000;
    run->seed = 1;
    screen_window_init(&run->window, run->now_us);
}

/* Full repaints, for ever: there is always more to send. */
static void repaint(struct run *run)
{
    run->change_bytes = 1 << 30;
    run->every_us = FRAME_US;
}

static void change(struct run *run, size_t bytes, uint64_t every_us)
{
    run->change_bytes = bytes;
    run->every_us = every_us;
}

static bool lost(struct run *run, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += PACKET_BYTES)
        if ((unsigned)rand_r(&run->seed) % 1000 < run->loss_permille)
            return true;
    return false;
}

/* What TCP lets through to the bottleneck: as much as it holds to be the size of the way, which it learns
 * anew after each pause. */
static void release(struct run *run)
{
    if (!run->tcp_bytes) {
        run->tcp_released = run->queued;
        return;
    }
    size_t *acked = &run->tcp_acks[run->ticks++ % TCP_ACKS];
    const bool limited = run->tcp_flight >= run->tcp_bytes / 2;
    run->tcp_flight -= *acked;
    run->tcp_bytes += limited ? *acked : 0;
    *acked = 0;
    if (!run->tcp_flight && run->now_us - run->tcp_sent_us > TCP_IDLE_US)
        run->tcp_bytes = TCP_FLIGHT_BYTES;
    const size_t room = run->tcp_bytes > run->tcp_flight ? run->tcp_bytes - run->tcp_flight : 0;
    const size_t waits = run->queued - run->tcp_released;
    const size_t now = waits < room ? waits : room;
    if (!now)
        return;
    run->tcp_released += now;
    run->tcp_flight += now;
    run->tcp_sent_us = run->now_us;
}

static void carry(struct run *run)
{
    release(run);
    run->credit += run->rate_Bps * TICK_US;
    size_t bytes = (size_t)(run->credit / 1000000);
    run->credit %= 1000000;
    bytes = bytes < run->tcp_released ? bytes : run->tcp_released;
    run->tcp_released -= bytes;
    if (run->tcp_bytes)
        run->tcp_acks[(run->ticks + (run->out_us + run->back_us) / TICK_US) % TCP_ACKS] += bytes;
    while (run->through < run->count && bytes > 0) {
        struct parcel *head = &run->fly[run->through];
        const size_t now = head->left < bytes ? head->left : bytes;
        head->left -= now;
        bytes -= now;
        run->carried += now;
        run->queued -= now;
        if (head->left > 0)
            return;
        uint64_t at = run->now_us + run->out_us;
        if (run->held_us < at)
            run->held_us = at;
        head->arrived_us = run->held_us;
        run->through++;
    }
}

static void view(struct run *run)
{
    size_t behind = 0;
    for (size_t i = 0; i < run->through; i++) {
        struct parcel *p = &run->fly[i];
        if (p->acked_us || p->arrived_us > run->now_us)
            continue;
        behind++;
        if (run->free_us > run->now_us)
            continue;
        p->received_us = run->now_us;
        p->presented_us = run->now_us + run->message_us + p->bytes * run->byte_ns / 1000;
        p->acked_us = p->presented_us + run->back_us;
        run->free_us = p->presented_us;
        if (run->ages < AGES_MAX)
            run->age[run->ages++] = (uint32_t)(p->presented_us - p->sent_us);
    }
    run->most_behind = behind > run->most_behind ? behind : run->most_behind;
    while (run->count && run->fly[0].acked_us && run->fly[0].acked_us <= run->now_us) {
        /* The viewer's clock began at another time. */
        const uint64_t shift = UINT64_C(77777777777);
        const struct screen_window_ack ack = {.epoch = 1,
            .seq = run->fly[0].seq,
            .received_us = run->fly[0].received_us + shift,
            .decoded_us = run->fly[0].presented_us + shift,
            .presented_us = run->fly[0].presented_us + shift};
        assert_true(screen_window_acked(&run->window, &ack, run->now_us));
        run->count--;
        run->through--;
        memmove(run->fly, run->fly + 1, run->count * sizeof run->fly[0]);
    }
}

static void put(struct run *run, size_t bytes, bool more, uint64_t begun_us)
{
    assert_true(run->count < WIRE_MAX);
    run->fly[run->count++] =
        (struct parcel){.seq = ++run->seq, .bytes = bytes, .left = bytes, .sent_us = run->now_us};
    run->queued += bytes;
    if (lost(run, bytes)) {
        const uint64_t again_us = run->now_us + 2 * (run->out_us + run->back_us);
        run->held_us = run->held_us > again_us ? run->held_us : again_us;
    }
    screen_window_sent(&run->window, 1, run->seq, bytes, more, begun_us, run->now_us);
    run->messages++;
    run->most_queued = run->queued > run->most_queued ? run->queued : run->most_queued;
}

static void offer(struct run *run)
{
    if (run->every_us && run->now_us >= run->change_us) {
        run->left = run->change_bytes;
        run->change_us += run->every_us;
        if (run->change_us < run->now_us)
            run->change_us = run->now_us;
    }
    if (run->made_bytes) {
        if (run->now_us < run->made_us)
            return;
        put(run, run->made_bytes, run->made_more, run->begun_us);
        run->made_bytes = 0;
    }
    if (!run->left || run->now_us < run->pause_from_us)
        return;
    const size_t budget = screen_window_budget(&run->window, false, run->now_us);
    if (!budget)
        return;
    const size_t bytes = run->left < budget ? run->left : budget;
    run->left -= bytes;
    run->pause_from_us = run->now_us + run->pause_us;
    run->begun_us = run->now_us;
    run->made_us = run->now_us + run->encode_us + bytes * run->encode_byte_ns / 1000;
    run->made_bytes = bytes;
    /* While it is only made exact, nothing is dirty. */
    run->made_more = run->left > 0 && !run->pause_us;
    if (run->made_us == run->now_us) {
        put(run, bytes, run->made_more, run->now_us);
        run->made_bytes = 0;
    }
}

static void tick(struct run *run)
{
    carry(run);
    view(run);
    offer(run);
    run->now_us += TICK_US;
}

static void run_for(struct run *run, uint64_t us)
{
    const uint64_t end_us = run->now_us + us;
    run->carried = 0;
    run->messages = 0;
    run->most_queued = run->most_behind = 0;
    run->ages = 0;
    while (run->now_us < end_us)
        tick(run);
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* How old the picture is when it is shown, 95 of 100 times at most, in ms. */
static unsigned age_p95_ms(struct run *run)
{
    assert_true(run->ages > 0);
    qsort(run->age, run->ages, sizeof run->age[0], by_size);
    return run->age[run->ages * 95 / 100] / 1000;
}

/* Share of the link that was used, in percent. */
static unsigned used(const struct run *run, uint64_t us)
{
    return (unsigned)(run->carried * 100 / (run->rate_Bps * us / 1000000));
}

/* The rest of a change is shown. */
static uint64_t until_shown_us(struct run *run)
{
    const uint64_t from_us = run->now_us;
    while ((run->left || run->made_bytes || run->count) && run->now_us - from_us < 10000000)
        tick(run);
    return run->now_us - from_us - run->back_us;
}

/* A photo: its picture at once, and when it was still for a while all that is missing. In ms. */
static void photo(struct run *run, unsigned *out_shown_ms, unsigned *out_exact_ms)
{
    run->every_us = 0;
    run->left = 150000;
    *out_shown_ms = (unsigned)(until_shown_us(run) / 1000);
    run_for(run, 250000);
    run->pause_us = 15000;
    run->left = 1650000;
    *out_exact_ms = *out_shown_ms + 250 + (unsigned)(until_shown_us(run) / 1000);
    run->pause_us = 0;
}

/* As it goes on a real link: TCP, a machine that is busy with making and with showing. */
static void begin_real(struct run *run, uint64_t rate_Bps, uint64_t rtt_us)
{
    begin(run, rate_Bps, rtt_us);
    run->tcp_bytes = TCP_FLIGHT_BYTES;
    run->encode_us = 3000;
    run->encode_byte_ns = 100;
    run->message_us = 1000;
    run->byte_ns = 150;
}

static void a_photo_after_small_changes_is_shown_and_exact_soon(void **state)
{
    (void)state;
    static const size_t changes[] = {100, 1300, 12000};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct run run;
        begin_real(&run, 20 * MBIT, 40000);
        for (unsigned round = 0; round < 6; round++) {
            unsigned shown_ms, exact_ms;
            change(&run, changes[i], 33333);
            run_for(&run, 3000000);
            assert_in_range(age_p95_ms(&run), 20, 40);
            run.every_us = 0;
            run_for(&run, round * 700000);
            photo(&run, &shown_ms, &exact_ms);
            /* 1.8 MB are 720 ms of the link, and after a pause TCP needs three round trips to be up to it.
             * The first time nothing is known of the link. */
            assert_in_range(shown_ms, 60, round > 0 ? 220 : 340);
            assert_in_range(exact_ms, 900, round > 0 ? 1300 : 1600);
        }
    }
}

static void a_photo_leaves_no_long_queue_on_any_link(void **state)
{
    (void)state;
    static const struct {
        uint64_t rate_Bps, rtt_us;
    } links[] = {{2 * MBIT, 40000}, {5 * MBIT, 20000}, {20 * MBIT, 5000}, {20 * MBIT, 40000},
        {20 * MBIT, 150000}, {100 * MBIT, 40000}};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct run run;
        begin_real(&run, links[i].rate_Bps, links[i].rtt_us);
        for (unsigned round = 0; round < 4; round++) {
            unsigned shown_ms, exact_ms;
            change(&run, 100, 100000);
            run_for(&run, 3000000);
            photo(&run, &shown_ms, &exact_ms);
            if (round == 0)
                continue; /* nothing is known of the link */
            /* 1.8 MB, 250 ms of stillness, and TCP's slow start twice. */
            const uint64_t least_ms = 1800000 * UINT64_C(1000) / links[i].rate_Bps + 250;
            assert_in_range(exact_ms, least_ms, least_ms * 5 / 4 + 500 + 6 * links[i].rtt_us / 1000);
            assert_in_range(run.most_queued * 1000 / links[i].rate_Bps, 0, 60 + links[i].rtt_us / 5000);
        }
    }
}

static void large_frames_after_small_ones_come_fresh_and_fill_the_link(void **state)
{
    (void)state;
    static const size_t frames[] = {20000, 60000, 150000};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct run run;
        begin_real(&run, 20 * MBIT, 40000);
        change(&run, 1300, 33333);
        run_for(&run, 3000000);
        change(&run, frames[i], 41667);
        run_for(&run, 1000000);
        run_for(&run, 5000000);
        const uint64_t wanted = frames[i] * UINT64_C(5000000) / 41667, whole = run.rate_Bps * 5;
        assert_true(run.carried >= (wanted < whole ? wanted : whole) * 95 / 100);
        assert_in_range(age_p95_ms(&run), 20, 60);
    }
}

static void a_new_window_fits_the_first_flight_of_a_connection(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 8 * MBIT, 10000);
    assert_in_range(screen_window_budget(&run.window, false, run.now_us), 14 * 1024, 16 * 1024);
}

static void twenty_Mbit_are_filled_and_what_is_shown_is_at_most_60_ms_old(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 40000);
    repaint(&run);
    run_for(&run, 1000000);
    run_for(&run, 9000000);
    assert_in_range(used(&run, 9000000), 90, 100);
    assert_in_range(age_p95_ms(&run), 20, 60);
}

static void moving_frames_that_fit_the_link_are_not_held_back(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 40000);
    change(&run, 20000, FRAME_US); /* 9.6 Mbit/s */
    run_for(&run, 1000000);
    run_for(&run, 5000000);
    assert_in_range(run.carried, 20000 * 290, 20000 * 310);
    assert_in_range(age_p95_ms(&run), 20, 45);
}

static void a_fast_link_opens_within_half_a_second(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 400 * MBIT, 20000);
    repaint(&run);
    run_for(&run, 500000);
    run_for(&run, 1000000);
    assert_in_range(used(&run, 1000000), 80, 100);
}

static void a_link_on_this_machine_is_not_held_back(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 4000 * MBIT, 500);
    repaint(&run);
    run_for(&run, 100000);
    run_for(&run, 1000000);
    assert_in_range(used(&run, 1000000), 60, 100);
}

static void a_slow_link_is_full_and_its_queue_short(void **state)
{
    (void)state;
    struct run run;
    begin(&run, MBIT / 2, 40000);
    repaint(&run);
    run_for(&run, 2000000);
    run_for(&run, 10000000);
    assert_in_range(used(&run, 10000000), 90, 100);
    assert_in_range(age_p95_ms(&run), 20, 20 + 70);
}

static void a_deep_buffer_is_not_filled(void **state)
{
    (void)state;
    static const uint64_t rates[] = {MBIT, 5 * MBIT, 20 * MBIT, 100 * MBIT};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct run run;
        begin(&run, rates[i], 40000);
        repaint(&run);
        run_for(&run, 3000000);
        run_for(&run, 30000000);
        /* What waits is at most 40 ms of the link. */
        assert_in_range(run.most_queued, 0, rates[i] * 40 / 1000);
        assert_in_range(used(&run, 30000000), 88, 100);
    }
}

static void a_way_of_150_ms_is_filled(void **state)
{
    (void)state;
    static const uint64_t rates[] = {MBIT, 5 * MBIT, 20 * MBIT};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct run run;
        begin(&run, rates[i], 150000);
        repaint(&run);
        run_for(&run, 3000000);
        run_for(&run, 10000000);
        assert_in_range(used(&run, 10000000), 80, 100);
        assert_in_range(age_p95_ms(&run), 75, 75 + 60);
    }
}

/* 5 -> 0.5 -> 5 Mbit/s. */
static void a_link_that_changes_is_followed_both_ways(void **state)
{
    (void)state;
    static const uint64_t ways[] = {5000, 40000, 150000};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const unsigned way_ms = (unsigned)(ways[i] / 2000);
        struct run run;
        begin(&run, 5 * MBIT, ways[i]);
        repaint(&run);
        run_for(&run, 1000000);
        run_for(&run, 4000000);
        assert_in_range(used(&run, 4000000), 80, 100);
        run.rate_Bps = MBIT / 2;
        /* What was on its way at the old rate has to pass first. */
        run_for(&run, 2000000);
        run_for(&run, 4000000);
        assert_in_range(used(&run, 4000000), 80, 100);
        assert_in_range(age_p95_ms(&run), way_ms, way_ms + 90);
        run.rate_Bps = 5 * MBIT;
        run_for(&run, 2000000);
        run_for(&run, 4000000);
        assert_in_range(used(&run, 4000000), 80, 100);
        assert_in_range(age_p95_ms(&run), way_ms, way_ms + 60);
    }
}

static void one_packet_in_a_hundred_lost_costs_little(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 5 * MBIT, 40000);
    run.loss_permille = 10;
    repaint(&run);
    run_for(&run, 2000000);
    run_for(&run, 20000000);
    assert_in_range(used(&run, 20000000), 70, 100);
    assert_in_range(age_p95_ms(&run), 20, 120);
}

static void after_a_stall_the_picture_is_fresh_and_the_link_full_within_two_seconds(void **state)
{
    (void)state;
    static const uint64_t stalls[] = {300000, 1500000, 5000000};
    for (size_t i = 0; i < sizeof stalls / sizeof stalls[0]; i++) {
        struct run run;
        begin(&run, 20 * MBIT, 40000);
        repaint(&run);
        run_for(&run, 3000000);
        run.rate_Bps = 0;
        run_for(&run, stalls[i]);
        /* Nothing is piled up meanwhile: a message a second asks whether the link is back. */
        assert_in_range(run.messages, 0, 10 + stalls[i] / 1000000);
        run.rate_Bps = 20 * MBIT;
        run_for(&run, 500000);
        run_for(&run, 1500000);
        assert_in_range(used(&run, 1500000), 80, 100);
        assert_in_range(age_p95_ms(&run), 20, 60);
    }
}

static void a_viewer_with_a_slow_processor_gets_its_own_pace_and_no_queue(void **state)
{
    (void)state;
    static const uint64_t ways[] = {500, 40000, 150000};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct run run;
        begin(&run, 20 * MBIT, ways[i]);
        run.message_us = 50000;
        repaint(&run);
        run_for(&run, 2000000);
        run_for(&run, 10000000);
        assert_in_range(run.messages, 10 * 20 * 8 / 10, 10 * 20 + 2);
        assert_in_range(run.most_behind, 0, 2);
        assert_in_range(age_p95_ms(&run), 50, 50 + ways[i] / 2000 + 80);
        /* Messages stay large: each costs it the same. */
        assert_true(run.carried / run.messages >= 7500);
    }
}

static void a_viewer_that_becomes_slow_and_fast_again_is_followed(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 40000);
    repaint(&run);
    run_for(&run, 2000000);
    run.message_us = 100000;
    run_for(&run, 3000000);
    run_for(&run, 3000000);
    assert_in_range(run.most_behind, 0, 2);
    run.message_us = 1000;
    run_for(&run, 2000000);
    run_for(&run, 3000000);
    assert_in_range(used(&run, 3000000), 80, 100);
    assert_in_range(age_p95_ms(&run), 20, 60);
}

static void an_echo_goes_at_once_while_a_slow_link_repaints(void **state)
{
    (void)state;
    static const uint64_t rates[] = {MBIT / 2, 5 * MBIT, 20 * MBIT};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct run run;
        begin(&run, rates[i], 40000);
        repaint(&run);
        run_for(&run, 3000000);
        unsigned late = 0;
        for (unsigned key = 0; key < 50; key++) {
            run_for(&run, 40000 + key * 700);
            uint64_t pressed_us = run.now_us;
            while (!screen_window_budget(&run.window, true, run.now_us))
                tick(&run);
            late += run.now_us - pressed_us > 26000; /* a slice at 0.5 Mbit/s */
            const size_t before = run.queued;
            put(&run, 600, true, run.now_us);
            /* In front of it lie at most 60 ms of the link. */
            assert_in_range(before, 0, rates[i] * 60 / 1000 + SCREEN_WINDOW_SLICE_BYTES);
        }
        assert_in_range(late, 0, 2);
    }
}

static void a_queue_of_others_does_not_starve_the_picture(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 5 * MBIT, 40000);
    repaint(&run);
    run_for(&run, 3000000);
    /* Somebody else fills the buffer in front of us and takes half of the link. */
    run.rate_Bps = 5 * MBIT / 2;
    run.out_us += 100000;
    run_for(&run, 6000000);
    run_for(&run, 5000000);
    assert_in_range(used(&run, 5000000), 80, 100);
}

static void small_frames_are_not_held_back_by_a_long_way(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 150000);
    change(&run, 300, FRAME_US);
    run_for(&run, 2000000);
    run_for(&run, 2000000);
    assert_in_range(run.messages, 118, 122);
}

static void a_still_screen_keeps_what_was_learnt(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 40000);
    repaint(&run);
    run_for(&run, 3000000);
    change(&run, 100, 1000000);
    run.left = 0;
    run_for(&run, 1000000);
    const uint64_t rate = run.window.rate_Bps;
    run_for(&run, 30000000);
    assert_true(run.window.rate_Bps == rate);
    assert_true(run.window.window_bytes >= 32 * 1024);
}

static void typing_first_leaves_the_window_open_for_a_repaint(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 40000);
    change(&run, 60, 120000);
    run_for(&run, 10000000);
    repaint(&run);
    run_for(&run, 500000);
    run_for(&run, 1000000);
    assert_in_range(used(&run, 1000000), 80, 100);
}

static void a_silent_viewer_gets_a_message_a_second(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 20 * MBIT, 100000000);
    repaint(&run);
    run_for(&run, 1000000);
    run_for(&run, 10000000);
    assert_in_range(run.messages, 9, 11);
    assert_in_range(run.window.flight_count, 1, SCREEN_WINDOW_FRAMES);
}

static struct screen_window_ack ack_of(uint32_t epoch, uint32_t seq, bool hidden)
{
    return (struct screen_window_ack){.epoch = epoch, .seq = seq, .hidden = hidden};
}

static void a_hidden_viewer_gets_a_message_a_second(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 100, false, 1000000, 1000000);
    struct screen_window_ack ack = ack_of(1, 1, true);
    assert_true(screen_window_acked(&window, &ack, 1010000));
    assert_int_equal(screen_window_budget(&window, true, 1500000), 0);
    assert_int_equal(screen_window_deadline_us(&window, true, 1500000), 2000000);
    assert_true(screen_window_budget(&window, false, 2000000) > 0);
    screen_window_sent(&window, 1, 2, 100, false, 2000000, 2000000);
    ack = ack_of(1, 2, false);
    assert_true(screen_window_acked(&window, &ack, 2010000));
    assert_true(screen_window_budget(&window, false, 2010000) > 0);
}

static void acknowledgements_of_unknown_messages_are_ignored(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 5000, false, 1000000, 1000000);
    struct screen_window_ack ack = ack_of(1, 9, false);
    assert_false(screen_window_acked(&window, &ack, 1001000));
    ack = ack_of(2, 1, false);
    assert_false(screen_window_acked(&window, &ack, 1001000));
    assert_int_equal(window.in_flight_bytes, 5000);
    ack = ack_of(1, 1, false);
    assert_true(screen_window_acked(&window, &ack, 1010000));
    assert_false(screen_window_acked(&window, &ack, 1011000));
    assert_int_equal(window.in_flight_bytes, 0);
}

/* Whatever a viewer says about its times, it gets no more than the most and no less than a slice. */
static void times_that_cannot_be_are_clamped(void **state)
{
    (void)state;
    static const uint64_t wrong[][3] = {{0, 0, 0}, {UINT64_MAX, 0, 1}, {0, 0, UINT64_MAX},
        {0, UINT64_MAX, UINT64_MAX}, {5, 4, 3}, {UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    unsigned seed = 3;
    struct screen_window window;
    uint64_t now_us = 1000000;
    screen_window_init(&window, now_us);
    for (uint32_t seq = 1; seq < 5000; seq++) {
        const uint64_t *w = wrong[(unsigned)rand_r(&seed) % 6];
        const size_t budget = screen_window_budget(&window, false, now_us);
        assert_in_range(budget, 0, SCREEN_WINDOW_MAX_BYTES);
        if (budget)
            screen_window_sent(&window, 1, seq, budget, true, now_us, now_us);
        const struct screen_window_ack ack = {.epoch = 1,
            .seq = seq - (unsigned)rand_r(&seed) % 3,
            .received_us = w[0],
            .decoded_us = w[1],
            .presented_us = w[2],
            .queue = (uint32_t)rand_r(&seed)};
        now_us += (unsigned)rand_r(&seed) % 20000;
        (void)screen_window_acked(&window, &ack, now_us);
        assert_in_range(window.window_bytes, SCREEN_WINDOW_MIN_BYTES, SCREEN_WINDOW_MAX_BYTES);
        assert_in_range(window.serve_us, 0, SCREEN_WINDOW_SERVE_MAX_US);
    }
    now_us += SCREEN_WINDOW_STALL_US;
    assert_true(screen_window_budget(&window, false, now_us) >= SCREEN_WINDOW_SLICE_BYTES);
}

static void a_new_epoch_forgets_what_is_on_its_way(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 30000, true, 1000000, 1000000);
    screen_window_forget(&window);
    assert_int_equal(window.in_flight_bytes, 0);
    assert_true(screen_window_budget(&window, false, 1000000) > 0);
}

static void a_closed_window_names_the_time_at_which_to_look_again(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 5 * MBIT, 40000);
    repaint(&run);
    for (unsigned i = 0; i < 40000; i++) {
        tick(&run);
        const uint64_t due_us = screen_window_deadline_us(&run.window, false, run.now_us);
        if (due_us == UINT64_MAX) {
            assert_true(screen_window_budget(&run.window, false, run.now_us) > 0);
        } else {
            assert_true(due_us > run.now_us);
            assert_true(due_us <= run.now_us + SCREEN_WINDOW_STALL_US);
            assert_true(screen_window_budget(&run.window, false, due_us) > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_after_small_changes_is_shown_and_exact_soon),
        cmocka_unit_test(a_photo_leaves_no_long_queue_on_any_link),
        cmocka_unit_test(large_frames_after_small_ones_come_fresh_and_fill_the_link),
        cmocka_unit_test(a_new_window_fits_the_first_flight_of_a_connection),
        cmocka_unit_test(twenty_Mbit_are_filled_and_what_is_shown_is_at_most_60_ms_old),
        cmocka_unit_test(moving_frames_that_fit_the_link_are_not_held_back),
        cmocka_unit_test(a_fast_link_opens_within_half_a_second),
        cmocka_unit_test(a_link_on_this_machine_is_not_held_back),
        cmocka_unit_test(a_slow_link_is_full_and_its_queue_short),
        cmocka_unit_test(a_deep_buffer_is_not_filled),
        cmocka_unit_test(a_way_of_150_ms_is_filled),
        cmocka_unit_test(a_link_that_changes_is_followed_both_ways),
        cmocka_unit_test(one_packet_in_a_hundred_lost_costs_little),
        cmocka_unit_test(after_a_stall_the_picture_is_fresh_and_the_link_full_within_two_seconds),
        cmocka_unit_test(a_viewer_with_a_slow_processor_gets_its_own_pace_and_no_queue),
        cmocka_unit_test(a_viewer_that_becomes_slow_and_fast_again_is_followed),
        cmocka_unit_test(an_echo_goes_at_once_while_a_slow_link_repaints),
        cmocka_unit_test(a_queue_of_others_does_not_starve_the_picture),
        cmocka_unit_test(small_frames_are_not_held_back_by_a_long_way),
        cmocka_unit_test(a_still_screen_keeps_what_was_learnt),
        cmocka_unit_test(typing_first_leaves_the_window_open_for_a_repaint),
        cmocka_unit_test(a_silent_viewer_gets_a_message_a_second),
        cmocka_unit_test(a_hidden_viewer_gets_a_message_a_second),
        cmocka_unit_test(acknowledgements_of_unknown_messages_are_ignored),
        cmocka_unit_test(times_that_cannot_be_are_clamped),
        cmocka_unit_test(a_new_epoch_forgets_what_is_on_its_way),
        cmocka_unit_test(a_closed_window_names_the_time_at_which_to_look_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
