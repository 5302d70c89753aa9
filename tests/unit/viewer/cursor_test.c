/* Rule 10 of a viewer against a hostile host: its pointer is an image of a bounded size and nothing else. */
#include "viewer/core/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool shaped(uint32_t width, uint32_t height, uint32_t hot_x, uint32_t hot_y, size_t bytes)
{
    Hearth__Session__Cursor cursor = HEARTH__SESSION__CURSOR__INIT;
    static uint8_t rgba[1];
    cursor.width = width;
    cursor.height = height;
    cursor.hot_x = hot_x;
    cursor.hot_y = hot_y;
    cursor.rgba = (ProtobufCBinaryData){bytes, rgba};
    return viewer_cursor_shaped(&cursor);
}

static void rule_10_a_whole_image_is_taken(void **state)
{
    (void)state;
    assert_true(shaped(16, 24, 0, 0, 16 * 24 * 4));
    assert_true(shaped(16, 24, 15, 23, 16 * 24 * 4));
    assert_true(shaped(256, 256, 128, 128, 256 * 256 * 4));
    assert_true(shaped(1, 1, 0, 0, 4));
}

static void rule_10_sizes_hot_spots_and_lengths_are_bounded(void **state)
{
    (void)state;
    assert_false(shaped(0, 0, 0, 0, 0));
    assert_false(shaped(0, 16, 0, 0, 0));
    assert_false(shaped(16, 0, 0, 0, 0));
    assert_false(shaped(257, 16, 0, 0, 257 * 16 * 4));
    assert_false(shaped(16, 257, 0, 0, 257 * 16 * 4));
    assert_false(shaped(16, 16, 16, 0, 16 * 16 * 4));
    assert_false(shaped(16, 16, 0, 16, 16 * 16 * 4));
    assert_false(shaped(16, 16, UINT32_MAX, UINT32_MAX, 16 * 16 * 4));
    assert_false(shaped(16, 16, 0, 0, 16 * 16 * 4 - 1));
    assert_false(shaped(16, 16, 0, 0, 16 * 16 * 4 + 1));
    assert_false(shaped(0x40000001u, 1, 0, 0, 4)); /* width * 4 is 4 in 32 bits */
    assert_false(shaped(UINT32_MAX, UINT32_MAX, 0, 0, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_10_a_whole_image_is_taken),
        cmocka_unit_test(rule_10_sizes_hot_spots_and_lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
