#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "viewer/core/framing.h"

/* two messages: "abc", "" and "z" */
static const uint8_t stream[] = {0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 1, 'z'};

static void expect_all(struct viewer_framing *framing, const uint8_t *data, size_t len, size_t *count)
{
    static const char *const want[] = {"abc", "", "z"};
    const uint8_t *message = NULL;
    size_t message_len = 0;
    int got = 0;
    while ((got = viewer_framing_take(framing, &data, &len, &message, &message_len)) == 1) {
        assert_true(*count < 3);
        assert_int_equal(message_len, strlen(want[*count]));
        assert_memory_equal(message, want[*count], message_len);
        (*count)++;
    }
    assert_int_equal(got, 0);
    assert_int_equal(len, 0);
}

static void messages_come_out_whole_when_they_arrive_at_once(void **state)
{
    (void)state;
    struct viewer_framing framing;
    size_t count = 0;
    viewer_framing_init(&framing);
    expect_all(&framing, stream, sizeof stream, &count);
    assert_int_equal(count, 3);
    viewer_framing_finish(&framing);
}

static void messages_come_out_whole_when_they_arrive_byte_by_byte(void **state)
{
    (void)state;
    struct viewer_framing framing;
    size_t count = 0;
    viewer_framing_init(&framing);
    for (size_t i = 0; i < sizeof stream; i++) {
        expect_all(&framing, stream + i, 1, &count);
    }
    assert_int_equal(count, 3);
    viewer_framing_finish(&framing);
}

static void a_message_longer_than_the_limit_is_refused(void **state)
{
    (void)state;
    static const uint8_t header[] = {0x00, 0x10, 0x00, 0x01};
    struct viewer_framing framing;
    const uint8_t *data = header, *message = NULL;
    size_t len = sizeof header, message_len = 0;
    viewer_framing_init(&framing);
    assert_int_equal(
        viewer_framing_take(&framing, &data, &len, &message, &message_len), VIEWER_FRAMING_ERR_LENGTH);
    viewer_framing_finish(&framing);
}

static void an_announced_length_alone_takes_no_memory(void **state)
{
    (void)state;
    static const uint8_t header[] = {0x00, 0x10, 0x00, 0x00, 1, 2, 3};
    struct viewer_framing framing;
    const uint8_t *data = header, *message = NULL;
    size_t len = sizeof header, message_len = 0;
    viewer_framing_init(&framing);
    assert_int_equal(viewer_framing_take(&framing, &data, &len, &message, &message_len), 0);
    assert_true(framing.cap < 64);
    viewer_framing_finish(&framing);
}

static void a_header_written_is_read_back(void **state)
{
    (void)state;
    uint8_t header[VIEWER_FRAME_HEADER_BYTES];
    viewer_framing_header(header, 0x01020304);
    assert_memory_equal(header, ((const uint8_t[]){1, 2, 3, 4}), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_whole_when_they_arrive_at_once),
        cmocka_unit_test(messages_come_out_whole_when_they_arrive_byte_by_byte),
        cmocka_unit_test(a_message_longer_than_the_limit_is_refused),
        cmocka_unit_test(an_announced_length_alone_takes_no_memory),
        cmocka_unit_test(a_header_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
