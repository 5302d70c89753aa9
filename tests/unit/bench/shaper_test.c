#include "tests/bench/shaper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void without_limits_a_packet_leaves_at_once(void **state)
{
    (void)state;
    struct shaper shaper;
    uint64_t leave = 0;
    shaper_init(&shaper, &(struct shaper_config){.queue_bytes = 1}, 1);
    assert_true(shaper_take(&shaper, 1500, 77, &leave));
    assert_true(leave == 77);
}

static void the_rate_spaces_packets_and_the_delay_comes_on_top(void **state)
{
    (void)state;
    struct shaper shaper;
    uint64_t leave = 0;
    /* 12 Mbit/s: 1500 bytes take 1000 us. */
    shaper_init(
        &shaper, &(struct shaper_config){.rate_bps = 12000000, .delay_us = 20000, .queue_bytes = 9000}, 1);
    for (uint64_t i = 1; i <= 4; i++) {
        assert_true(shaper_take(&shaper, 1500, 500, &leave));
        assert_true(leave == 500 + i * 1000 + 20000);
    }
    /* Idle again: nothing is saved up. */
    assert_true(shaper_take(&shaper, 1500, 1000000, &leave));
    assert_true(leave == 1000000 + 1000 + 20000);
}

static void what_does_not_fit_the_queue_is_dropped(void **state)
{
    (void)state;
    struct shaper shaper;
    uint64_t leave = 5;
    shaper_init(&shaper, &(struct shaper_config){.rate_bps = 12000000, .queue_bytes = 4500}, 1);
    for (int i = 0; i < 3; i++)
        assert_true(shaper_take(&shaper, 1500, 0, &leave));
    const uint64_t last = leave;
    assert_false(shaper_take(&shaper, 1500, 0, &leave));
    assert_true(leave == last);
    assert_true(shaper.dropped == 1);
    /* One has left after its time. */
    assert_true(shaper_take(&shaper, 1500, 1000, &leave));
}

static void loss_is_about_what_was_asked_for(void **state)
{
    (void)state;
    struct shaper shaper;
    uint64_t leave;
    shaper_init(&shaper, &(struct shaper_config){.queue_bytes = 1, .loss_ppm = 10000}, 3);
    for (uint64_t i = 0; i < 100000; i++)
        (void)shaper_take(&shaper, 100, i, &leave);
    assert_in_range(shaper.lost, 850, 1150);
    assert_true(shaper.dropped == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_a_packet_leaves_at_once),
        cmocka_unit_test(the_rate_spaces_packets_and_the_delay_comes_on_top),
        cmocka_unit_test(what_does_not_fit_the_queue_is_dropped),
        cmocka_unit_test(loss_is_about_what_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
