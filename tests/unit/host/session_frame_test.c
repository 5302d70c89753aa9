/* The control stream from bytes to checked requests, and which right each needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "channel/identity/log.h"
#include "host/input/input.h"
#include "host/session/rate.h"
#include "host/session/request.h"

static uint8_t *packed(const Hearth__Session__ToHost *message, size_t *out_len)
{
    size_t len = hearth__session__to_host__get_packed_size(message);
    uint8_t *data = malloc(SESSION_FRAME_HEADER + len);
    session_frame_header(data, len);
    (void)hearth__session__to_host__pack(message, data + SESSION_FRAME_HEADER);
    *out_len = SESSION_FRAME_HEADER + len;
    return data;
}

static void a_frame_is_taken_only_when_it_is_whole(void **state)
{
    (void)state;
    static const uint8_t data[] = {0, 0, 0, 3, 'a', 'b', 'c', 'd'};
    struct session_frame frame = {0};
    for (size_t len = 0; len < 7; len++)
        assert_int_equal(session_frame_parse(data, len, &frame), 0);
    assert_null(frame.body);
    assert_int_equal(session_frame_parse(data, 8, &frame), 7);
    assert_int_equal(frame.len, 3);
    assert_memory_equal(frame.body, "abc", 3);
}

static void a_frame_longer_than_the_limit_or_empty_is_refused(void **state)
{
    (void)state;
    struct session_frame frame;
    static const uint8_t empty[] = {0, 0, 0, 0}, longer[] = {0, 0x10, 0, 1}, most[] = {0, 0x10, 0, 0};
    assert_int_equal(session_frame_parse(empty, 4, &frame), SESSION_ERR_LENGTH);
    assert_int_equal(session_frame_parse(longer, 4, &frame), SESSION_ERR_LENGTH);
    assert_int_equal(session_frame_parse(most, 4, &frame), 0);
}

static void messages_come_out_of_the_inbox_byte_by_byte_as_they_went_in(void **state)
{
    (void)state;
    struct session_inbox inbox = {0};
    struct session_frame frame;
    static const uint8_t data[] = {0, 0, 0, 1, 'x', 0, 0, 0, 2, 'y', 'z'};
    size_t got = 0;
    for (size_t i = 0; i < sizeof data; i++) {
        assert_int_equal(session_inbox_add(&inbox, data + i, 1), SESSION_OK);
        while (session_inbox_next(&inbox, &frame) == 1) {
            got++;
            assert_int_equal(frame.len, got);
        }
    }
    assert_int_equal(got, 2);
    session_inbox_finish(&inbox);
}

static void an_inbox_does_not_grow_over_one_message(void **state)
{
    (void)state;
    struct session_inbox inbox = {0};
    static uint8_t chunk[65536];
    int err = SESSION_OK;
    size_t total = 0;
    while (err == SESSION_OK && total < (64u << 20)) {
        err = session_inbox_add(&inbox, chunk, sizeof chunk);
        total += sizeof chunk;
    }
    assert_int_equal(err, SESSION_ERR_LIMIT);
    assert_true(total <= (2u << 20));
    session_inbox_finish(&inbox);
}

static void a_request_comes_back_as_it_was_sent(void **state)
{
    (void)state;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    Hearth__Session__FilePath at = HEARTH__SESSION__FILE_PATH__INIT;
    Hearth__Session__FileStat stat = HEARTH__SESSION__FILE_STAT__INIT;
    at.root = (char *)(uintptr_t) "home";
    at.path.data = (uint8_t *)(uintptr_t) "a\xff";
    at.path.len = 2;
    stat.at = &at;
    message.id = 7;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_STAT;
    message.file_stat = &stat;
    size_t len;
    uint8_t *data = packed(&message, &len);
    Hearth__Session__ToHost *back =
        session_request_parse(data + SESSION_FRAME_HEADER, len - SESSION_FRAME_HEADER);
    assert_non_null(back);
    assert_int_equal(back->id, 7);
    assert_string_equal(back->file_stat->at->root, "home");
    assert_int_equal(back->file_stat->at->path.len, 2);
    session_request_free(back);
    free(data);
}

static void fields_over_their_bounds_are_refused(void **state)
{
    (void)state;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    Hearth__Session__Key key = HEARTH__SESSION__KEY__INIT;
    static char text[INPUT_KEY_TEXT_BYTES + 2];
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_KEY;
    message.key = &key;
    for (size_t len = INPUT_KEY_TEXT_BYTES; len <= INPUT_KEY_TEXT_BYTES + 1; len++) {
        memset(text, 'a', len);
        text[len] = '\0';
        key.text = text;
        size_t packed_len;
        uint8_t *data = packed(&message, &packed_len);
        Hearth__Session__ToHost *back =
            session_request_parse(data + SESSION_FRAME_HEADER, packed_len - SESSION_FRAME_HEADER);
        assert_int_equal(back != NULL, len == INPUT_KEY_TEXT_BYTES);
        session_request_free(back);
        free(data);
    }
}

static void a_path_that_is_missing_is_refused(void **state)
{
    (void)state;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    Hearth__Session__FileRemove remove = HEARTH__SESSION__FILE_REMOVE__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE;
    message.file_remove = &remove;
    size_t len;
    uint8_t *data = packed(&message, &len);
    assert_null(session_request_parse(data + SESSION_FRAME_HEADER, len - SESSION_FRAME_HEADER));
    free(data);
}

/* Two bytes a field on the wire, fifty in memory. */
static void a_message_of_many_tiny_fields_cannot_take_much_memory(void **state)
{
    (void)state;
    uint8_t *data = malloc(SESSION_MESSAGE_MAX);
    for (size_t i = 0; i < SESSION_MESSAGE_MAX; i += 3) {
        data[i] = 0xf8; /* field 127, varint, unknown to everyone */
        if (i + 1 < SESSION_MESSAGE_MAX)
            data[i + 1] = 0x07;
        if (i + 2 < SESSION_MESSAGE_MAX)
            data[i + 2] = 0x01;
    }
    assert_null(session_request_parse(data, SESSION_MESSAGE_MAX - SESSION_MESSAGE_MAX % 3));
    free(data);
}

static void every_request_needs_its_right_and_unknown_ones_need_all(void **state)
{
    (void)state;
    static const struct {
        Hearth__Session__ToHost__BodyCase kind;
        uint32_t right;
    } wanted[] = {
        {HEARTH__SESSION__TO_HOST__BODY_SCREEN_START, CHANNEL_RIGHT_VIEW},
        {HEARTH__SESSION__TO_HOST__BODY_KEY, CHANNEL_RIGHT_CONTROL},
        {HEARTH__SESSION__TO_HOST__BODY_POINTER, CHANNEL_RIGHT_CONTROL},
        {HEARTH__SESSION__TO_HOST__BODY_MOTION, CHANNEL_RIGHT_CONTROL},
        {HEARTH__SESSION__TO_HOST__BODY_WHEEL, CHANNEL_RIGHT_CONTROL},
        {HEARTH__SESSION__TO_HOST__BODY_TEXT, CHANNEL_RIGHT_CONTROL},
        {HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD, CHANNEL_RIGHT_CLIPBOARD_IN},
        {HEARTH__SESSION__TO_HOST__BODY_FILE_ROOTS, CHANNEL_RIGHT_FILES_READ},
        {HEARTH__SESSION__TO_HOST__BODY_FILE_GET, CHANNEL_RIGHT_FILES_READ},
        {HEARTH__SESSION__TO_HOST__BODY_FILE_PUT, CHANNEL_RIGHT_FILES_WRITE},
        {HEARTH__SESSION__TO_HOST__BODY_FILE_REMOVE, CHANNEL_RIGHT_FILES_WRITE},
        {(Hearth__Session__ToHost__BodyCase)9999, CHANNEL_RIGHTS_ALL},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
        message.body_case = wanted[i].kind;
        assert_int_equal(session_request_rights(&message), wanted[i].right);
    }
}

static void rights_survive_the_way_to_a_message_and_back(void **state)
{
    (void)state;
    for (uint32_t rights = 0; rights < 64; rights++) {
        Hearth__Session__Rights message;
        session_rights_to_message(&message, rights);
        assert_int_equal(session_rights_from_message(&message), rights);
    }
    assert_int_equal(session_rights_from_message(NULL), 0);
}

static void a_flood_of_input_is_stopped_and_a_hand_is_not(void **state)
{
    (void)state;
    struct session_rate rate;
    uint64_t now = 1000000;
    session_rate_init(&rate, now);
    for (int i = 0; i < 100000; i++) /* 200 events a second */
        assert_true(session_rate_take(&rate, 1, now += 5000));
    size_t taken = 0;
    now += 1000000;
    while (session_rate_take(&rate, 1, now))
        taken++;
    assert_int_equal(taken, SESSION_INPUT_BURST);
    assert_false(session_rate_take(&rate, SESSION_INPUT_BURST + 1, now + 60000000));
    assert_true(session_rate_take(&rate, SESSION_INPUT_BURST, now + 60000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_taken_only_when_it_is_whole),
        cmocka_unit_test(a_frame_longer_than_the_limit_or_empty_is_refused),
        cmocka_unit_test(messages_come_out_of_the_inbox_byte_by_byte_as_they_went_in),
        cmocka_unit_test(an_inbox_does_not_grow_over_one_message),
        cmocka_unit_test(a_request_comes_back_as_it_was_sent),
        cmocka_unit_test(fields_over_their_bounds_are_refused),
        cmocka_unit_test(a_path_that_is_missing_is_refused),
        cmocka_unit_test(a_message_of_many_tiny_fields_cannot_take_much_memory),
        cmocka_unit_test(every_request_needs_its_right_and_unknown_ones_need_all),
        cmocka_unit_test(rights_survive_the_way_to_a_message_and_back),
        cmocka_unit_test(a_flood_of_input_is_stopped_and_a_hand_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
