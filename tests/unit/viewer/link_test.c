#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/viewer/link_room.h"

static struct link_room room;

static int set_up(void **state)
{
    (void)state;
    return link_room_open(&room);
}

static int tear_down(void **state)
{
    (void)state;
    link_room_close(&room);
    return 0;
}

static void say(Hearth__Link__FromBroker *message)
{
    static uint8_t bytes[64 * 1024];
    assert_true(hearth__link__from_broker__get_packed_size(message) <= sizeof bytes);
    link_receive(room.link, bytes, hearth__link__from_broker__pack(message, bytes));
}

static void say_entries(uint64_t from, ProtobufCBinaryData *entries, size_t count, uint64_t total)
{
    Hearth__Link__LogEntries body = HEARTH__LINK__LOG_ENTRIES__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    body.from = from;
    body.entries = entries;
    body.n_entries = count;
    body.total = total;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES;
    message.log_entries = &body;
    say(&message);
}

static ProtobufCBinaryData next_entry(uint8_t *out, const char *name)
{
    const struct channel_log *log = channel_home_log(room.home);
    const int len = channel_log_make_rename(
        log, out, CHANNEL_LOG_ENTRY_MAX, NULL, 3, channel_home_device_id(room.home), name);
    assert_true(len > 0);
    const int whole = channel_keys_sign_entry(&room.root, out, CHANNEL_LOG_ENTRY_MAX, (size_t)len);
    assert_true(whole > 0);
    return (ProtobufCBinaryData){(size_t)whole, out};
}

static void a_new_entry_is_checked_kept_and_told(void **state)
{
    (void)state;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    ProtobufCBinaryData data = next_entry(entry, "other");
    say_entries(2, &data, 1, 3);
    assert_int_equal(channel_log_count(channel_home_log(room.home)), 3);
    assert_int_equal(room.changes, 1);
    assert_int_equal(room.refusals, 0);
}

static void entries_that_are_known_already_change_nothing(void **state)
{
    (void)state;
    ProtobufCBinaryData data[2] = {{room.lens[0], room.entries[0]}, {room.lens[1], room.entries[1]}};
    say_entries(0, data, 2, 2);
    assert_int_equal(room.changes, 0);
    assert_int_equal(room.refusals, 0);
}

static void a_shorter_log_is_refused_for_good(void **state)
{
    (void)state;
    say_entries(0, NULL, 0, 1);
    assert_int_equal(room.refusals, 1);
    assert_int_equal(room.link->state, CHANNEL_LINK_REFUSED);
    /* nothing is believed any more */
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    ProtobufCBinaryData data = next_entry(entry, "late");
    say_entries(2, &data, 1, 3);
    assert_int_equal(room.refusals, 1);
}

static void another_entry_in_a_known_place_is_a_fork(void **state)
{
    (void)state;
    uint8_t changed[CHANNEL_LOG_ENTRY_MAX];
    memcpy(changed, room.entries[1], room.lens[1]);
    changed[room.lens[1] - 1] ^= 1;
    ProtobufCBinaryData data = {room.lens[1], changed};
    say_entries(1, &data, 1, 2);
    assert_int_equal(room.refusals, 1);
}

static void an_entry_that_nobody_signed_is_refused(void **state)
{
    (void)state;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    ProtobufCBinaryData data = next_entry(entry, "forged");
    entry[data.len - 5] ^= 0x40;
    say_entries(2, &data, 1, 3);
    assert_int_equal(room.refusals, 1);
    assert_int_equal(channel_log_count(channel_home_log(room.home)), 2);
}

/* What another program of the same home, or a failing disk, left at the end of the log. */
static void a_home_that_cannot_be_used_is_not_called_a_fork(void **state)
{
    (void)state;
    char path[96];
    const uint8_t garbage[18] = {0, 16};
    (void)snprintf(path, sizeof path, "%s/log", room.folder);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(garbage, sizeof garbage, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    ProtobufCBinaryData data = next_entry(entry, "other");
    say_entries(2, &data, 1, 3);
    assert_int_equal(room.refusals, 1);
    assert_false(channel_link_untrusted(room.link));
    assert_non_null(strstr(room.link->why, "cannot be kept on this computer"));
}

static void a_full_disk_keeps_the_entry_in_memory_and_goes_on(void **state)
{
    (void)state;
    struct rlimit before, none;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    ProtobufCBinaryData data = next_entry(entry, "other");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    say_entries(2, &data, 1, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(room.refusals, 0);
    assert_int_equal(room.changes, 1);
    assert_int_equal(channel_log_count(channel_home_log(room.home)), 3);
}

static void never(void *user)
{
    (void)user;
}

static void never_message(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
}

static size_t never_produce(void *user, uint8_t *out, size_t cap)
{
    (void)user;
    (void)out;
    (void)cap;
    return 0;
}

static void never_closed(void *user, int ws_code, const char *why)
{
    (void)user;
    (void)ws_code;
    (void)why;
}

/* Somewhere for requests to go; the loop does not run, so nothing leaves. */
static void give_socket(void)
{
    static const struct channel_socket_ops ops = {never, never_message, never_produce, never_closed};
    const struct channel_socket_config config = {.net = room.net,
        .path = "/v1/link",
        .protocol = "hearth-link-1",
        .message_max = LINK_RECEIVE_MAX_BYTES,
        .send_max = LINK_SEND_MAX_BYTES,
        .ops = &ops};
    room.link->socket = channel_socket_create(&config);
    assert_non_null(room.link->socket);
}

struct heard {
    unsigned times;
    int code;
};

static void on_fetched(void *user, int code, const char *message)
{
    struct heard *heard = user;
    (void)message;
    heard->times++;
    heard->code = code;
}

static void answer_entries(uint32_t re, uint64_t from, ProtobufCBinaryData *entry, uint64_t total)
{
    Hearth__Link__LogEntries body = HEARTH__LINK__LOG_ENTRIES__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    body.from = from;
    body.entries = entry;
    body.n_entries = entry ? 1 : 0;
    body.total = total;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES;
    message.log_entries = &body;
    say(&message);
}

static void a_fetch_of_several_pages_is_done_with_the_last(void **state)
{
    (void)state;
    struct heard heard = {0};
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    give_socket();
    const uint32_t first = link_log_fetch(room.link, on_fetched, &heard);
    assert_int_not_equal(first, 0);
    ProtobufCBinaryData data = next_entry(entry, "one");
    answer_entries(first, 2, &data, 4);
    assert_int_equal(heard.times, 0);
    assert_int_equal(room.link->sync_request, first + 1);
    data = next_entry(entry, "two");
    answer_entries(first + 1, 3, &data, 4);
    assert_int_equal(heard.times, 1);
    assert_int_equal(heard.code, 0);
}

static void a_broker_that_gives_no_more_is_not_asked_for_ever(void **state)
{
    (void)state;
    struct heard heard = {0};
    give_socket();
    const uint32_t first = link_log_fetch(room.link, on_fetched, &heard);
    answer_entries(first, 2, NULL, 4);
    assert_int_equal(heard.times, 1);
    assert_int_not_equal(heard.code, 0);
    assert_int_equal(room.link->out_count, 1);
}

/* A cancelled fetch once kept the link from ever fetching again. */
static void a_cancelled_fetch_does_not_stop_the_next(void **state)
{
    (void)state;
    struct heard heard = {0};
    give_socket();
    channel_link_cancel(room.link, link_log_fetch(room.link, on_fetched, &heard));
    say_entries(2, NULL, 0, 3);
    assert_int_equal(room.link->out_count, 2);
    assert_int_equal(heard.times, 0);
}

static void presence_is_a_table_that_deltas_change(void **state)
{
    (void)state;
    uint8_t a[16] = {1}, b[16] = {2};
    Hearth__Link__DeviceState first = HEARTH__LINK__DEVICE_STATE__INIT,
                              second = HEARTH__LINK__DEVICE_STATE__INIT;
    Hearth__Link__DeviceState *list[2] = {&first, &second};
    Hearth__Link__Presence presence = HEARTH__LINK__PRESENCE__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    first.device_id = (ProtobufCBinaryData){16, a};
    second.device_id = (ProtobufCBinaryData){16, b};
    first.online = true;
    presence.full = true;
    presence.devices = list;
    presence.n_devices = 2;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_PRESENCE;
    message.presence = &presence;
    say(&message);
    assert_int_equal(channel_link_presence_count(room.link), 2);
    assert_true(channel_link_presence(room.link, 0)->online);
    presence.full = false;
    presence.n_devices = 1;
    first.online = false;
    say(&message);
    assert_int_equal(channel_link_presence_count(room.link), 2);
    assert_false(channel_link_presence(room.link, 0)->online);
    assert_null(channel_link_presence(room.link, 2));
}

static void an_incoming_with_a_wrong_id_or_path_is_dropped(void **state)
{
    (void)state;
    uint8_t id[16] = {1}, token[32] = {2};
    Hearth__Link__Incoming incoming = HEARTH__LINK__INCOMING__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    char good[] = "/v1/relay", bad[] = "v1/relay";
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_INCOMING;
    message.incoming = &incoming;
    incoming.path = good;
    incoming.token = (ProtobufCBinaryData){sizeof token, token};
    incoming.session_id = (ProtobufCBinaryData){15, id};
    incoming.device_id = (ProtobufCBinaryData){16, id};
    say(&message);
    assert_int_equal(room.incoming, 0);
    incoming.session_id.len = 16;
    incoming.path = bad;
    say(&message);
    assert_int_equal(room.incoming, 0);
    incoming.path = good;
    say(&message);
    assert_int_equal(room.incoming, 1);
}

/* Found by fuzzing: an answer to request 0 matched a free slot and called through its null pointer. */
static void an_answer_to_nothing_is_dropped(void **state)
{
    (void)state;
    Hearth__Link__Done done = HEARTH__LINK__DONE__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_DONE;
    message.done = &done;
    say(&message);
    message.re = 77;
    say(&message);
    assert_int_equal(room.link->state, CHANNEL_LINK_ONLINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_to_nothing_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_entry_is_checked_kept_and_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_that_are_known_already_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shorter_log_is_refused_for_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_entry_in_a_known_place_is_a_fork, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_that_nobody_signed_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_home_that_cannot_be_used_is_not_called_a_fork, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_the_entry_in_memory_and_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fetch_of_several_pages_is_done_with_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broker_that_gives_no_more_is_not_asked_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_fetch_does_not_stop_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(presence_is_a_table_that_deltas_change, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_incoming_with_a_wrong_id_or_path_is_dropped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
