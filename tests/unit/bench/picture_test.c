#include "tests/bench/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define W 40
#define H 30

static uint32_t one[W * H], two[W * H];
static const struct picture a = {one, W}, b = {two, W};

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < W * H; i++)
        one[i] = two[i] = 0x203040;
    return 0;
}

static void equal_pictures_are_exact_whatever_the_unused_byte_holds(void **state)
{
    (void)state;
    two[7] |= 0xff000000u;
    assert_int_equal(picture_differences(a, b, W, H), 0);
    assert_true(picture_error(a, b, W, H) == 0);
    assert_true(picture_psnr(0, W * H) == 99.0);
}

static void an_error_is_the_sum_of_squares_over_the_colours(void **state)
{
    (void)state;
    two[5] = 0x213040;           /* red by 1 */
    two[W * (H - 1)] = 0x203343; /* green and blue by 3 */
    assert_true(picture_error(a, b, W, H) == 1 + 9 + 9);
    assert_int_equal(picture_differences(a, b, W, H), 2);
}

static void only_the_part_that_was_asked_for_is_compared(void **state)
{
    (void)state;
    two[W - 1] = 0;
    two[W * (H - 1)] = 0;
    assert_int_equal(picture_differences(a, b, W - 1, H - 1), 0);
}

static void psnr_is_that_of_the_mean_square(void **state)
{
    (void)state;
    /* Every channel off by 5: 10 log10(65025 / 25) = 34.15 dB. */
    const double db = picture_psnr((uint64_t)W * H * 3 * 25, W * H);
    assert_true(db > 34.14 && db < 34.16);
}

static void a_row_of_the_largest_errors_does_not_overflow(void **state)
{
    (void)state;
    static uint32_t black[1920], white[1920];
    for (size_t i = 0; i < 1920; i++)
        white[i] = 0xffffff;
    assert_true(picture_error((struct picture){black, 1920}, (struct picture){white, 1920}, 1920, 1) ==
                1920ull * 3 * 255 * 255);
}

static void a_changed_area_changes_the_sum(void **state)
{
    (void)state;
    const uint64_t before = picture_sum(a, W, H);
    for (int32_t y = 8; y < 16; y++)
        for (int32_t x = 8; x < 16; x++)
            one[y * W + x] = 1;
    assert_true(picture_sum(a, W, H) != before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(equal_pictures_are_exact_whatever_the_unused_byte_holds, clear),
        cmocka_unit_test_setup(an_error_is_the_sum_of_squares_over_the_colours, clear),
        cmocka_unit_test_setup(only_the_part_that_was_asked_for_is_compared, clear),
        cmocka_unit_test_setup(psnr_is_that_of_the_mean_square, clear),
        cmocka_unit_test(a_row_of_the_largest_errors_does_not_overflow),
        cmocka_unit_test_setup(a_changed_area_changes_the_sum, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
