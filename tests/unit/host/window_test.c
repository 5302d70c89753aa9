/* The ACK window against a simulated link: a rate, a delay, a queue. Time is invented. */
#include "host/screen/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WIRE_MAX = 256 };

struct wire {
    uint64_t rate_Bps, delay_us; /* delay: out and back together */
    uint64_t free_us;            /* when the link has sent all it was given */
    struct {
        uint32_t seq;
        uint64_t acked_us;
    } fly[WIRE_MAX];
    size_t count;
};

struct run {
    struct screen_window window;
    struct wire wire;
    uint64_t now_us;
    uint32_t seq;
    uint64_t sent_bytes, worst_rtt_us;
    unsigned messages;
    size_t message_bytes; /* what the screen has to send at a time; 0 = without end */
    uint64_t every_us;
};

static void deliver(struct run *run)
{
    struct wire *wire = &run->wire;
    while (wire->count && wire->fly[0].acked_us <= run->now_us) {
        (void)screen_window_acked(&run->window, 1, wire->fly[0].seq, false, run->now_us);
        if (run->window.rtt_us > run->worst_rtt_us)
            run->worst_rtt_us = run->window.rtt_us;
        for (size_t i = 1; i < wire->count; i++)
            wire->fly[i - 1] = wire->fly[i];
        wire->count--;
    }
}

static void offer(struct run *run)
{
    size_t budget = screen_window_budget(&run->window, run->now_us);
    if (!budget || run->wire.count == WIRE_MAX)
        return;
    size_t bytes = run->message_bytes && run->message_bytes < budget ? run->message_bytes : budget;
    uint64_t start = run->wire.free_us > run->now_us ? run->wire.free_us : run->now_us;
    run->wire.free_us = start + bytes * 1000000 / run->wire.rate_Bps;
    run->wire.fly[run->wire.count].seq = ++run->seq;
    run->wire.fly[run->wire.count++].acked_us = run->wire.free_us + run->wire.delay_us;
    screen_window_sent(&run->window, 1, run->seq, bytes, !run->message_bytes, run->now_us);
    run->sent_bytes += bytes;
    run->messages++;
}

static void run_for(struct run *run, uint64_t us)
{
    uint64_t end = run->now_us + us;
    run->sent_bytes = 0;
    run->messages = 0;
    run->worst_rtt_us = 0;
    for (; run->now_us < end; run->now_us += 1000) {
        deliver(run);
        if (!run->every_us || run->now_us % run->every_us == 0)
            offer(run);
    }
}

static void begin(struct run *run, uint64_t rate_Bps, uint64_t delay_us)
{
    *run = (struct run){.wire = {.rate_Bps = rate_Bps, .delay_us = delay_us}, .now_us = 1000000};
    screen_window_init(&run->window, run->now_us);
}

static void a_new_window_is_between_16_and_64_KiB(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 1000000, 10000);
    size_t budget = screen_window_budget(&run.window, run.now_us);
    assert_in_range(budget, 16 * 1024, 64 * 1024);
}

static void a_link_of_20_Mbit_is_filled_without_a_queue(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 40000);
    run_for(&run, 2000000);
    run_for(&run, 2000000);
    assert_true(run.sent_bytes > 2500000 * 2 * 8 / 10);
    assert_in_range(run.worst_rtt_us, 40000, 40000 + 60000);
}

static void a_fast_link_opens_within_half_a_second(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 50000000, 20000);
    run_for(&run, 500000);
    run_for(&run, 500000);
    assert_true(run.sent_bytes > 10000000);
}

static void a_slow_link_is_not_flooded(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 125000, 40000); /* 1 Mbit/s */
    run_for(&run, 3000000);
    run_for(&run, 3000000);
    assert_in_range(run.worst_rtt_us, 40000, 250000);
    assert_true(run.sent_bytes > 125000 * 3 * 7 / 10);
}

static void a_link_that_gets_slower_is_followed(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 40000);
    run_for(&run, 3000000);
    run.wire.rate_Bps = 250000;
    run_for(&run, 2000000);
    run_for(&run, 2000000);
    assert_in_range(run.worst_rtt_us, 40000, 200000);
}

static void after_a_stall_the_rate_is_back_within_two_seconds(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 40000);
    run_for(&run, 3000000);
    /* Nothing moves for five seconds; what was on its way arrives then. */
    for (size_t i = 0; i < run.wire.count; i++)
        run.wire.fly[i].acked_us += 5000000;
    run.wire.free_us = run.now_us + 5000000;
    run_for(&run, 5000000);
    assert_in_range(run.messages, 0, 40);
    run_for(&run, 2000000);
    run_for(&run, 1000000);
    assert_true(run.sent_bytes > 2500000 * 7 / 10);
}

static void small_frames_are_not_held_back_by_a_long_way(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 150000);
    run.message_bytes = 300;
    run.every_us = 17000;
    run_for(&run, 2000000);
    run_for(&run, 2000000);
    assert_true(run.messages >= 110);
}

static void a_still_screen_keeps_what_was_learnt(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 40000);
    run_for(&run, 3000000);
    run.message_bytes = 100;
    run.every_us = 1000000;
    run_for(&run, 1000000);
    uint64_t rate = run.window.rate_Bps;
    run_for(&run, 20000000);
    assert_true(run.window.rate_Bps == rate);
    assert_true(run.window.window_bytes >= 32 * 1024);
}

static void a_silent_viewer_gets_a_message_a_second(void **state)
{
    (void)state;
    struct run run;
    begin(&run, 2500000, 100000000);
    run_for(&run, 1000000);
    run_for(&run, 10000000);
    assert_in_range(run.messages, 9, 11);
    assert_in_range(run.window.flight_count, 1, SCREEN_WINDOW_FRAMES);
}

static void a_hidden_viewer_gets_a_message_a_second(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 100, false, 1000000);
    assert_true(screen_window_acked(&window, 1, 1, true, 1010000));
    assert_int_equal(screen_window_budget(&window, 1500000), 0);
    assert_int_equal(screen_window_deadline_us(&window, 1500000), 2000000);
    assert_true(screen_window_budget(&window, 2000000) > 0);
    screen_window_sent(&window, 1, 2, 100, false, 2000000);
    assert_true(screen_window_acked(&window, 1, 2, false, 2010000));
    assert_true(screen_window_budget(&window, 2010000) > 0);
}

static void acknowledgements_of_unknown_messages_are_ignored(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 5000, false, 1000000);
    assert_false(screen_window_acked(&window, 1, 9, false, 1001000));
    assert_false(screen_window_acked(&window, 2, 1, false, 1001000));
    assert_int_equal(window.in_flight_bytes, 5000);
    assert_true(screen_window_acked(&window, 1, 1, false, 1010000));
    assert_false(screen_window_acked(&window, 1, 1, false, 1011000));
    assert_int_equal(window.in_flight_bytes, 0);
}

static void a_new_epoch_forgets_what_is_on_its_way(void **state)
{
    (void)state;
    struct screen_window window;
    screen_window_init(&window, 1000000);
    screen_window_sent(&window, 1, 1, 30000, true, 1000000);
    screen_window_forget(&window);
    assert_int_equal(window.in_flight_bytes, 0);
    assert_true(screen_window_budget(&window, 1000000) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_window_is_between_16_and_64_KiB),
        cmocka_unit_test(a_link_of_20_Mbit_is_filled_without_a_queue),
        cmocka_unit_test(a_fast_link_opens_within_half_a_second),
        cmocka_unit_test(a_slow_link_is_not_flooded),
        cmocka_unit_test(a_link_that_gets_slower_is_followed),
        cmocka_unit_test(after_a_stall_the_rate_is_back_within_two_seconds),
        cmocka_unit_test(small_frames_are_not_held_back_by_a_long_way),
        cmocka_unit_test(a_still_screen_keeps_what_was_learnt),
        cmocka_unit_test(a_silent_viewer_gets_a_message_a_second),
        cmocka_unit_test(a_hidden_viewer_gets_a_message_a_second),
        cmocka_unit_test(acknowledgements_of_unknown_messages_are_ignored),
        cmocka_unit_test(a_new_epoch_forgets_what_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
