#include "viewer/core/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { NOW_US = 77000000 };

static void a_second_error_within_ten_seconds_closes(void **state)
{
    (void)state;
    struct viewer_guard guard = {0};
    assert_int_equal(viewer_guard_error(&guard, NOW_US), VIEWER_GUARD_RESET);
    assert_int_equal(viewer_guard_error(&guard, NOW_US + 1), VIEWER_GUARD_WAIT);
    viewer_guard_good(&guard);
    assert_int_equal(viewer_guard_error(&guard, NOW_US + VIEWER_GUARD_ERROR_US), VIEWER_GUARD_RESET);
    viewer_guard_good(&guard);
    assert_int_equal(viewer_guard_error(&guard, NOW_US + 2 * VIEWER_GUARD_ERROR_US - 1), VIEWER_GUARD_CLOSE);
    assert_int_equal(guard.errors, 3);
}

static void what_was_lost_on_the_way_is_no_error(void **state)
{
    (void)state;
    struct viewer_guard guard = {0};
    for (uint64_t i = 0; i < 10; i++) {
        viewer_guard_lost(&guard);
        assert_int_equal(viewer_guard_error(&guard, NOW_US + i), VIEWER_GUARD_WAIT);
        viewer_guard_good(&guard);
    }
    assert_int_equal(guard.errors, 0);
}

static void the_fastest_host_passes_for_ever(void **state)
{
    (void)state;
    struct viewer_guard guard = {0};
    for (uint64_t i = 0; i < 20000; i++)
        assert_true(viewer_guard_message(&guard, i % 400 == 0, NOW_US + i * 4000));
}

static void a_flood_of_messages_is_refused(void **state)
{
    (void)state;
    struct viewer_guard guard = {0};
    for (int i = 0; i < VIEWER_GUARD_MESSAGES; i++)
        assert_true(viewer_guard_message(&guard, false, NOW_US));
    assert_false(viewer_guard_message(&guard, false, NOW_US));
    assert_true(viewer_guard_message(&guard, false, NOW_US + VIEWER_GUARD_MESSAGE_US));
}

static void a_flood_of_new_epochs_is_refused(void **state)
{
    (void)state;
    struct viewer_guard guard = {0};
    for (int i = 0; i < VIEWER_GUARD_STARTS; i++)
        assert_true(viewer_guard_message(&guard, true, NOW_US));
    assert_false(viewer_guard_message(&guard, true, NOW_US));
    assert_true(viewer_guard_message(&guard, false, NOW_US));
    assert_true(viewer_guard_message(&guard, true, NOW_US + VIEWER_GUARD_START_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_error_within_ten_seconds_closes),
        cmocka_unit_test(what_was_lost_on_the_way_is_no_error),
        cmocka_unit_test(the_fastest_host_passes_for_ever),
        cmocka_unit_test(a_flood_of_messages_is_refused),
        cmocka_unit_test(a_flood_of_new_epochs_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
