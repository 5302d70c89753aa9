#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "viewer/core/screen.h"

static void an_envelope_is_read_field_by_field(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        1,                      /* version */
        0x04, 0x03, 0x02, 0x01, /* input, little-endian */
        0x05, 0x00,             /* capture, 10 us */
        0x10, 0x27,             /* encode, 10 us */
    };
    struct viewer_envelope envelope;
    assert_int_equal(viewer_envelope_parse(bytes, sizeof bytes, &envelope), VIEWER_SCREEN_OK);
    assert_int_equal(envelope.input, 0x01020304);
    assert_int_equal(envelope.capture_us, 50);
    assert_int_equal(envelope.encode_us, 100000);
}

static void a_short_or_newer_envelope_is_refused(void **state)
{
    (void)state;
    const uint8_t bytes[VIEWER_SCREEN_ENVELOPE_BYTES] = {2};
    const uint8_t good[VIEWER_SCREEN_ENVELOPE_BYTES] = {1};
    struct viewer_envelope envelope;
    assert_int_equal(viewer_envelope_parse(bytes, sizeof bytes, &envelope), VIEWER_SCREEN_ERR_ENVELOPE);
    for (size_t len = 0; len < sizeof good; len++) {
        assert_int_equal(viewer_envelope_parse(good, len, &envelope), VIEWER_SCREEN_ERR_ENVELOPE);
    }
}

static void a_reset_is_asked_for_once(void **state)
{
    (void)state;
    const uint8_t bad[VIEWER_SCREEN_ENVELOPE_BYTES + 30] = {1};
    struct viewer_screen_update update;
    struct viewer_screen *screen = viewer_screen_create(64 * 64);
    assert_non_null(screen);
    assert_int_equal(viewer_screen_receive(screen, bad, sizeof bad, 1, &update), VIEWER_SCREEN_ERR_CODEC);
    assert_true(viewer_screen_error_code(screen) < 0);
    assert_int_equal(viewer_screen_receive(screen, bad, sizeof bad, 2, &update), VIEWER_SCREEN_WAITING);
    viewer_screen_destroy(screen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_envelope_is_read_field_by_field),
        cmocka_unit_test(a_short_or_newer_envelope_is_refused),
        cmocka_unit_test(a_reset_is_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
