/* One session of the host, as an honest viewer sees it. What a hostile one sees: hostile_test.c. */
#include "tests/unit/host/session_room.h"

/* ---- tests */

static void hello_gives_what_certificate_wish_and_policy_all_give(void **state)
{
    struct fixture *fixture = *state;
    const Hearth__Session__FromHost *reply =
        hello_as(fixture, CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CONTROL | CHANNEL_RIGHT_FILES_WRITE, false);
    assert_non_null(reply);
    assert_true(reply->hello->rights->view);
    assert_false(reply->hello->rights->control);     /* not in the certificate */
    assert_false(reply->hello->rights->files_read);  /* not wanted */
    assert_false(reply->hello->rights->files_write); /* not in the certificate */
    assert_null(reply->hello->screen);
    assert_string_equal(reply->hello->screen_error->message, "This PC has no display.");
    assert_string_equal(reply->hello->session_type, "none");
}

static void view_only_takes_control_away(void **state)
{
    struct fixture *fixture = *state;
    const Hearth__Session__FromHost *reply = hello_as(fixture, CHANNEL_RIGHTS_ALL, true);
    assert_true(reply->hello->rights->view);
    assert_false(reply->hello->rights->control);
    assert_false(reply->hello->rights->clipboard_in);
}

static void nothing_is_done_before_hello(void **state)
{
    struct fixture *fixture = *state;
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "home", "f"), HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
    assert_int_equal(access(room_path(fixture->room, "f"), F_OK), 0);
    hello(fixture);
    assert_error(fixture, hello_as(fixture, 1, false)->re, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void a_request_without_its_right_is_denied(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "home", "f"), HEARTH__SESSION__CODE__CODE_DENIED);
    assert_error(fixture, ask_put(fixture, "home", "g", 1, 0), HEARTH__SESSION__CODE__CODE_DENIED);
    assert_int_equal(access(room_path(fixture->room, "f"), F_OK), 0);
    assert_int_equal(answer_to(fixture, ask_stat(fixture, "home", "f"))->body_case,
        HEARTH__SESSION__FROM_HOST__BODY_FILE_STAT);
}

static void keys_without_the_right_are_answered_once_and_not_a_hundred_times(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    size_t before = fixture->reply_count;
    for (uint32_t i = 0; i < 100; i++) {
        Hearth__Session__Key body = HEARTH__SESSION__KEY__INIT;
        REQUEST(message, key, KEY);
        size_t len = hearth__session__to_host__get_packed_size(&message);
        uint8_t data[64];
        session_frame_header(data, len);
        (void)hearth__session__to_host__pack(&message, data + SESSION_FRAME_HEADER);
        send_raw(fixture, data, SESSION_FRAME_HEADER + len);
    }
    settle(fixture);
    assert_int_equal(fixture->reply_count, before + 1);
}

static void a_root_without_write_and_a_root_that_is_not_shared_are_refused(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "ro", "f"), HEARTH__SESSION__CODE__CODE_READ_ONLY);
    assert_error(fixture, ask_put(fixture, "ro", "g", 1, 0), HEARTH__SESSION__CODE__CODE_READ_ONLY);
    assert_error(fixture, ask_stat(fixture, "/etc", "passwd"), HEARTH__SESSION__CODE__CODE_NOT_FOUND);
    assert_error(fixture, ask_stat(fixture, "home", "../x"), HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void a_file_comes_down_whole_with_its_hash(void **state)
{
    struct fixture *fixture = *state;
    enum { LEN = 700000 };
    static uint8_t data[LEN];
    uint8_t hash[32];
    for (size_t i = 0; i < LEN; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 9));
    hello(fixture);
    room_write(fixture->room, "big", data, LEN);
    uint32_t id = ask_get(fixture, "big");
    for (int i = 0; i < 100 && !fixture->file_finished; i++)
        settle(fixture);
    const Hearth__Session__FromHost *reply = answer_to(fixture, id);
    assert_int_equal(fixture->file_param, id);
    assert_int_equal(fixture->data_len, LEN);
    assert_memory_equal(fixture->data, data, LEN);
    assert_true(reply->file_get->done);
    assert_int_equal(EVP_Digest(data, LEN, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(reply->file_get->sha256.data, hash, 32);
}

static void send_file(struct fixture *fixture, uint32_t put, const uint8_t *data, size_t len, bool finish)
{
    struct channel_session *viewer = fixture->pair.end[0].session;
    int stream = channel_stream_open(viewer, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
    assert_true(stream > 0);
    for (int i = 0; len > 0 && i < 1000; i++) {
        int took = channel_stream_write(viewer, (uint32_t)stream, data, len);
        assert_true(took >= 0);
        data += took;
        len -= (size_t)took;
        settle(fixture);
    }
    if (finish)
        assert_int_equal(channel_stream_finish(viewer, (uint32_t)stream), 0);
    settle(fixture);
}

static void a_file_goes_up_even_when_its_commit_overtakes_its_bytes(void **state)
{
    struct fixture *fixture = *state;
    enum { LEN = 600000 };
    static uint8_t data[LEN];
    memset(data, 'u', LEN);
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", LEN, 0);
    assert_int_equal(answer_to(fixture, put)->file_put->offset, 0);
    uint32_t commit = ask_commit(fixture, put, data, LEN);
    send_file(fixture, put, data, LEN, true);
    const Hearth__Session__FromHost *reply = answer_to(fixture, commit);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_FILE_COMMITTED);
    assert_int_equal(reply->file_committed->size, LEN);
    struct stat st;
    assert_int_equal(stat(room_path(fixture->room, "up"), &st), 0);
    assert_int_equal(st.st_size, LEN);
}

static void a_wrong_hash_is_a_mismatch_and_no_file(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, (const uint8_t *)"abc", 3, true);
    uint32_t commit = ask_commit(fixture, put, (const uint8_t *)"abd", 3);
    assert_error(fixture, commit, HEARTH__SESSION__CODE__CODE_MISMATCH);
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
}

static void more_than_eight_files_at_a_time_are_refused(void **state)
{
    struct fixture *fixture = *state;
    char name[16];
    hello(fixture);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(answer_to(fixture, ask_put(fixture, "home", name, 10, i))->body_case,
            HEARTH__SESSION__FROM_HOST__BODY_FILE_PUT);
    }
    assert_error(fixture, ask_put(fixture, "home", "f9", 10, 9), HEARTH__SESSION__CODE__CODE_LIMIT);
}

static void sending_more_than_was_announced_stops_the_stream(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, (const uint8_t *)"abcdef", 6, false);
    assert_true(fixture->file_stopped);
    assert_false(fixture->ended);
}

static void a_commit_of_nothing_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    assert_error(fixture, ask_commit(fixture, 77, NULL, 0), HEARTH__SESSION__CODE__CODE_NOT_FOUND);
}

static void input_clipboard_and_pictures_without_a_display_say_so_and_do_no_harm(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    {
        Hearth__Session__ScreenStart body = HEARTH__SESSION__SCREEN_START__INIT;
        REQUEST(message, screen_start, SCREEN_START);
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_UNAVAILABLE);
    }
    {
        Hearth__Session__ScreenAck body = HEARTH__SESSION__SCREEN_ACK__INIT;
        body.epoch = UINT32_MAX;
        body.seq = UINT32_MAX;
        REQUEST(message, screen_ack, SCREEN_ACK);
        (void)ask(fixture, &message);
    }
    {
        Hearth__Session__Pointer body = HEARTH__SESSION__POINTER__INIT;
        body.x = INT32_MIN;
        body.y = INT32_MAX;
        body.buttons = UINT32_MAX;
        REQUEST(message, pointer, POINTER);
        (void)ask(fixture, &message);
    }
    {
        Hearth__Session__Clipboard body = HEARTH__SESSION__CLIPBOARD__INIT;
        body.text = (char *)(uintptr_t) "text";
        REQUEST(message, clipboard, CLIPBOARD);
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_UNAVAILABLE);
    }
    {
        Hearth__Session__Ping body = HEARTH__SESSION__PING__INIT;
        body.t_us = 99;
        REQUEST(message, ping, PING);
        assert_int_equal(answer_to(fixture, ask(fixture, &message))->pong->t_us, 99);
    }
    assert_false(fixture->ended);
}

static void garbage_ends_the_session(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t garbage[] = {0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff};
    hello(fixture);
    send_raw(fixture, garbage, sizeof garbage);
    settle(fixture);
    assert_true(fixture->ended);
    assert_true(fixture->peer.closed);
}

static void a_message_over_the_limit_ends_the_session(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t header[] = {0x00, 0x10, 0x00, 0x01};
    hello(fixture);
    send_raw(fixture, header, sizeof header);
    settle(fixture);
    assert_true(fixture->ended);
}

static void a_viewer_that_reads_nothing_is_left_waiting_with_bounded_memory(void **state)
{
    struct fixture *fixture = *state;
    struct channel_session *viewer = fixture->pair.end[0].session;
    char name[204];
    hello(fixture);
    memset(name, 'n', sizeof name);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name + 190, 14, "%03d", i);
        room_write(fixture->room, name, "", 0);
    }
    fixture->deaf = true;
    Hearth__Session__FilePath at = path_at("home", "");
    Hearth__Session__FileList body = HEARTH__SESSION__FILE_LIST__INIT;
    static uint8_t after[200] = "a"; /* a long request, to fill what it waits in */
    memset(after, 'a', sizeof after);
    body.at = &at;
    body.after.data = after;
    body.after.len = sizeof after;
    REQUEST(message, file_list, FILE_LIST);
    message.id = 1000;
    size_t asked = 0;
    for (; asked < 5000 && channel_stream_writable(viewer, fixture->control) > 300; asked++) {
        (void)ask(fixture, &message);
        if (asked % 8 == 0)
            settle(fixture);
        if (fixture->ended)
            break;
    }
    struct channel_stats stats;
    channel_session_stats(fixture->peer.session, &stats);
    assert_true(asked < 5000);
    assert_true(stats.memory_bytes < CHANNEL_SESSION_MAX_BYTES);
    fixture->deaf = false;
}

static void a_lost_viewer_leaves_its_upload_for_a_later_try(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t data[100000];
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", sizeof data, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, data, 60000, false);
    session_callbacks.closed(fixture->session, 0, "lost");
    assert_true(fixture->ended);
    settle(fixture);
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
    char command[256];
    (void)snprintf(
        command, sizeof command, "test $(stat -c %%s %s/.up.hearth-part-*) = 60000", fixture->room->root);
    assert_int_equal(system(command), 0);
}

static void the_end_says_bye_with_its_reason(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    session_end(fixture->session, "The PC stops sharing.");
    fixture->session = NULL;
    settle(fixture);
    const Hearth__Session__FromHost *last = fixture->replies[fixture->reply_count - 1];
    assert_int_equal(last->body_case, HEARTH__SESSION__FROM_HOST__BODY_BYE);
    assert_string_equal(last->bye->reason, "The PC stops sharing.");
    assert_true(fixture->peer.closed);
}

#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define READER_TEST(test) cmocka_unit_test_setup_teardown(test, setup_reader, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READER_TEST(hello_gives_what_certificate_wish_and_policy_all_give),
        SESSION_TEST(view_only_takes_control_away),
        SESSION_TEST(nothing_is_done_before_hello),
        READER_TEST(a_request_without_its_right_is_denied),
        READER_TEST(keys_without_the_right_are_answered_once_and_not_a_hundred_times),
        SESSION_TEST(a_root_without_write_and_a_root_that_is_not_shared_are_refused),
        SESSION_TEST(a_file_comes_down_whole_with_its_hash),
        SESSION_TEST(a_file_goes_up_even_when_its_commit_overtakes_its_bytes),
        SESSION_TEST(a_wrong_hash_is_a_mismatch_and_no_file),
        SESSION_TEST(more_than_eight_files_at_a_time_are_refused),
        SESSION_TEST(sending_more_than_was_announced_stops_the_stream),
        SESSION_TEST(a_commit_of_nothing_is_not_found),
        SESSION_TEST(input_clipboard_and_pictures_without_a_display_say_so_and_do_no_harm),
        SESSION_TEST(garbage_ends_the_session),
        SESSION_TEST(a_message_over_the_limit_ends_the_session),
        SESSION_TEST(a_viewer_that_reads_nothing_is_left_waiting_with_bounded_memory),
        SESSION_TEST(a_lost_viewer_leaves_its_upload_for_a_later_try),
        SESSION_TEST(the_end_says_bye_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
