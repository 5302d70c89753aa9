#include "tests/bench/barcode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STRIDE 300

static void every_number_is_read_back(void **state)
{
    (void)state;
    static uint32_t px[STRIDE * BARCODE_H];
    for (uint32_t n = 0; n < BARCODE_NUMBERS; n++) {
        barcode_paint(px, STRIDE, n);
        assert_int_equal(barcode_read(px, STRIDE), n);
    }
}

static void a_plain_area_is_no_barcode(void **state)
{
    (void)state;
    static uint32_t px[STRIDE * BARCODE_H];
    static const uint32_t colours[] = {0, 0xffffff, 0x808080, 0x1e1e1e, 0xfdfcf8};
    for (size_t k = 0; k < sizeof colours / sizeof colours[0]; k++) {
        for (size_t i = 0; i < sizeof px / sizeof px[0]; i++)
            px[i] = colours[k];
        assert_int_equal(barcode_read(px, STRIDE), -1);
    }
}

static void lossy_coding_does_not_hurt(void **state)
{
    (void)state;
    static uint32_t px[STRIDE * BARCODE_H];
    barcode_paint(px, STRIDE, 1234);
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof px / sizeof px[0]; i++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t ripple = seed >> 26; /* 0 to 63 of 255 */
        px[i] = px[i] ? 0xffffffu - ripple * 0x010101u : ripple * 0x010101u;
    }
    assert_int_equal(barcode_read(px, STRIDE), 1234);
}

static void a_tear_through_the_middle_is_refused(void **state)
{
    (void)state;
    static uint32_t px[STRIDE * BARCODE_H];
    for (uint32_t n = 1; n < 200; n++) {
        barcode_paint(px, STRIDE, n - 1);
        static uint32_t next[STRIDE * BARCODE_H];
        barcode_paint(next, STRIDE, n);
        for (int32_t i = 0; i < STRIDE * 8; i++)
            px[i] = next[i];
        assert_int_equal(barcode_read(px, STRIDE), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_read_back),
        cmocka_unit_test(a_plain_area_is_no_barcode),
        cmocka_unit_test(lossy_coding_does_not_hurt),
        cmocka_unit_test(a_tear_through_the_middle_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
