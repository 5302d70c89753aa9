/* The link and enrolment against the real program. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "tests/unit/broker/room.h"

static void a_proof_over_another_host_is_refused(void **state)
{
    (void)state;
    struct link link;
    link_open(&broker, &link);
    link_hello(&broker, &link, &ann, &laptop, "evil.example", 0);
    expect_denied(&link);
}

static void a_device_that_is_not_in_the_log_is_refused(void **state)
{
    (void)state;
    struct link link;
    struct device stranger;
    device_make(&stranger, "stranger", CHANNEL_RIGHTS_ALL);
    link_open(&broker, &link);
    link_hello(&broker, &link, &ann, &stranger, NULL, 0);
    expect_denied(&link);
}

static void an_account_that_does_not_exist_is_refused_alike(void **state)
{
    (void)state;
    struct link link;
    struct person nobody = ann;
    memset(nobody.account_id, 9, 16);
    link_open(&broker, &link);
    link_hello(&broker, &link, &nobody, &laptop, NULL, 0);
    expect_denied(&link);
}

static void bytes_that_are_no_message_close_the_link(void **state)
{
    (void)state;
    struct link link;
    link_open(&broker, &link);
    ws_send(&link.ws, "\xff\xff\xff\xff", 4);
    assert_null(link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 5000, true));
    assert_int_equal(link.ws.close_code, 4400);
    ws_close(&link.ws);
}

static void a_message_over_64_kib_closes_the_link(void **state)
{
    (void)state;
    struct link link;
    static uint8_t big[66000];
    link_open(&broker, &link);
    ws_send(&link.ws, big, sizeof big);
    assert_null(link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 5000, true));
    assert_int_equal(link.ws.close_code, 4413);
    ws_close(&link.ws);
}

static void a_request_before_hello_is_denied(void **state)
{
    (void)state;
    struct link link;
    Hearth__Link__LogGet get = HEARTH__LINK__LOG_GET__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = 3;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_GET;
    message.log_get = &get;
    link_open(&broker, &link);
    link_say(&link, &message);
    Hearth__Link__FromBroker *error = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_ERROR, 5000, true);
    assert_non_null(error);
    assert_int_equal(error->re, 3);
    assert_int_equal(error->error->code, HEARTH__LINK__CODE__CODE_DENIED);
    hearth__link__from_broker__free_unpacked(error, NULL);
    ws_close(&link.ws);
}

static void another_pages_origin_is_refused(void **state)
{
    (void)state;
    struct ws ws;
    char own[128];
    (void)snprintf(own, sizeof own, "http://%s", broker.host);
    assert_int_equal(ws_open(&broker, &ws, "/v1/link", "hearth-link-1", NULL, "http://evil.example"), 403);
    assert_int_equal(ws_open(&broker, &ws, "/v1/link", "hearth-link-1", "evil.example", NULL), 403);
    assert_int_equal(ws_open(&broker, &ws, "/v1/relay", "hearth-link-1", NULL, NULL), 403);
    assert_int_equal(ws_open(&broker, &ws, "/v1/link", "hearth-link-1", NULL, own), 101);
    ws_close(&ws);
}

static void a_newer_link_closes_the_older(void **state)
{
    (void)state;
    struct link older, newer;
    link_enter(&broker, &older, &ann, &tower);
    link_enter(&broker, &newer, &ann, &tower);
    assert_null(link_wait(&older, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 5000, true));
    assert_int_equal(older.ws.close_code, 4409);
    ws_close(&older.ws);
    ws_close(&newer.ws);
}

/* Wait until presence says that about a device; how long it took, or -1. */
static int wait_presence(
    struct link *link, const struct device *device, bool online, size_t uses, int timeout_ms)
{
    uint64_t from = now_ms();
    for (;;) {
        int left = timeout_ms - (int)(now_ms() - from);
        Hearth__Link__FromBroker *message =
            left > 0 ? link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_PRESENCE, left, true) : NULL;
        if (!message)
            return -1;
        bool found = false;
        for (size_t i = 0; i < message->presence->n_devices; i++) {
            const Hearth__Link__DeviceState *known = message->presence->devices[i];
            if (memcmp(known->device_id.data, device->id, 16) == 0 && known->online == online &&
                known->n_in_use == uses)
                found = true;
        }
        hearth__link__from_broker__free_unpacked(message, NULL);
        if (found)
            return (int)(now_ms() - from);
    }
}

static void coming_working_and_going_are_seen_within_half_a_second(void **state)
{
    (void)state;
    struct link watcher, host;
    link_enter(&broker, &watcher, &ann, &laptop);
    link_enter(&broker, &host, &ann, &tower);
    int ms = wait_presence(&watcher, &tower, true, 0, 2000);
    assert_in_range(ms, 0, 500);

    Hearth__Link__Use use = HEARTH__LINK__USE__INIT;
    Hearth__Link__Use *uses[] = {&use};
    Hearth__Link__InUse in_use = HEARTH__LINK__IN_USE__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    use.device_id = (ProtobufCBinaryData){16, laptop.id};
    in_use.n_by = 1;
    in_use.by = uses;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_IN_USE;
    message.in_use = &in_use;
    link_say(&host, &message);
    assert_in_range(wait_presence(&watcher, &tower, true, 1, 2000), 0, 500);

    ws_close(&host.ws); /* as kill -9 does: no close frame */
    assert_in_range(wait_presence(&watcher, &tower, false, 0, 2000), 0, 500);
    ws_close(&watcher.ws);
}

static void a_silent_device_is_offline_within_3_s_while_someone_looks(void **state)
{
    (void)state;
    struct link watcher, host;
    link_enter(&broker, &host, &ann, &tower);
    link_enter(&broker, &watcher, &ann, &laptop);
    Hearth__Link__Look look = HEARTH__LINK__LOOK__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    look.on = true;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOOK;
    message.look = &look;
    link_say(&watcher, &message);
    /* The host's program hangs: its socket stays open and says nothing. */
    assert_in_range(wait_presence(&watcher, &tower, false, 0, 4000), 1500, 3000);
    /* It goes on: what it says brings it back. */
    Hearth__Link__Ping ping = HEARTH__LINK__PING__INIT;
    message = (Hearth__Link__ToBroker)HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_PING;
    message.ping = &ping;
    link_say(&host, &message);
    assert_in_range(wait_presence(&watcher, &tower, true, 0, 2000), 0, 500);
    ws_close(&host.ws);
    ws_close(&watcher.ws);
}

static void an_entry_that_does_not_follow_is_a_conflict_and_a_right_too_many_is_denied(void **state)
{
    (void)state;
    struct link link;
    struct device fresh;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    static const struct {
        bool replay;
        Hearth__Link__Code code;
    } cases[] = {{true, HEARTH__LINK__CODE__CODE_CONFLICT}, {false, HEARTH__LINK__CODE__CODE_DENIED}};
    link_enter(&broker, &link, &ann, &tower);
    device_make(&fresh, "fresh", CHANNEL_RIGHT_VIEW);
    for (size_t i = 0; i < 2; i++) {
        size_t len;
        if (cases[i].replay) {
            const uint8_t *old = channel_log_entry(ann.log, 1, &len);
            memcpy(entry, old, len);
        } else {
            len = entry_add(&ann, &tower, &fresh, entry); /* the tower is no ADMIN */
        }
        link_append(&link, 11, entry, len);
        Hearth__Link__FromBroker *error = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_ERROR, 5000, true);
        assert_non_null(error);
        assert_int_equal(error->re, 11);
        assert_int_equal(error->error->code, cases[i].code);
        hearth__link__from_broker__free_unpacked(error, NULL);
    }
    ws_close(&link.ws);
}

static void send_enrol(struct link *link, uint64_t handle, const char *text, bool end)
{
    Hearth__Link__EnrollMessage enrol = HEARTH__LINK__ENROLL_MESSAGE__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    enrol.handle = handle;
    enrol.data = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
    enrol.end = end;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_MESSAGE;
    message.enroll_message = &enrol;
    link_say(link, &message);
}

static void expect_enrol(struct link *link, uint64_t handle, const char *text, bool end)
{
    Hearth__Link__FromBroker *message =
        link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_ENROLL_MESSAGE, 5000, true);
    assert_non_null(message);
    assert_int_equal(message->enroll_message->handle, handle);
    assert_int_equal(message->enroll_message->data.len, strlen(text));
    assert_memory_equal(message->enroll_message->data.data, text, strlen(text));
    assert_int_equal(message->enroll_message->end, end);
    hearth__link__from_broker__free_unpacked(message, NULL);
}

static void a_locator_joins_a_pc_and_an_approver_once(void **state)
{
    (void)state;
    struct link pc, approver;
    char locator[5];
    Hearth__Link__EnrollOpen open = HEARTH__LINK__ENROLL_OPEN__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = 1;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_OPEN;
    message.enroll_open = &open;
    link_open(&broker, &pc);
    link_enter(&broker, &approver, &ann, &laptop);
    Hearth__Link__FromBroker *opened = ask(&pc, &message, HEARTH__LINK__FROM_BROKER__BODY_ENROLL_OPENED);
    assert_non_null(opened);
    assert_int_equal(strlen(opened->enroll_opened->locator), 4);
    assert_int_equal(opened->enroll_opened->expires_s, 600);
    memcpy(locator, opened->enroll_opened->locator, 5);
    hearth__link__from_broker__free_unpacked(opened, NULL);

    Hearth__Link__EnrollFind find = HEARTH__LINK__ENROLL_FIND__INIT;
    find.locator = locator;
    message = (Hearth__Link__ToBroker)HEARTH__LINK__TO_BROKER__INIT;
    message.id = 2;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_FIND;
    message.enroll_find = &find;
    Hearth__Link__FromBroker *found = ask(&approver, &message, HEARTH__LINK__FROM_BROKER__BODY_ENROLL_FOUND);
    assert_non_null(found);
    uint64_t handle = found->enroll_found->handle;
    hearth__link__from_broker__free_unpacked(found, NULL);

    send_enrol(&approver, handle, "to the PC", false);
    expect_enrol(&pc, handle, "to the PC", false);
    send_enrol(&pc, handle, "to the approver", false);
    expect_enrol(&approver, handle, "to the approver", false);

    Hearth__Link__FromBroker *spent = ask(&approver, &message, HEARTH__LINK__FROM_BROKER__BODY_ERROR);
    assert_non_null(spent);
    assert_int_equal(spent->error->code, HEARTH__LINK__CODE__CODE_EXPIRED);
    hearth__link__from_broker__free_unpacked(spent, NULL);

    ws_close(&pc.ws);
    expect_enrol(&approver, handle, "", true);
    ws_close(&approver.ws);
}

static void a_pc_whose_enrolment_is_over_has_10_s_like_any_stranger(void **state)
{
    (void)state;
    struct link pc;
    Hearth__Link__EnrollOpen open = HEARTH__LINK__ENROLL_OPEN__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = 1;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_OPEN;
    message.enroll_open = &open;
    link_open(&broker, &pc);
    Hearth__Link__FromBroker *opened = ask(&pc, &message, HEARTH__LINK__FROM_BROKER__BODY_ENROLL_OPENED);
    assert_non_null(opened);
    char locator[5];
    memcpy(locator, opened->enroll_opened->locator, 5);
    hearth__link__from_broker__free_unpacked(opened, NULL);
    struct link approver;
    link_enter(&broker, &approver, &ann, &laptop);
    Hearth__Link__EnrollFind find = HEARTH__LINK__ENROLL_FIND__INIT;
    find.locator = locator;
    message = (Hearth__Link__ToBroker)HEARTH__LINK__TO_BROKER__INIT;
    message.id = 2;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_FIND;
    message.enroll_find = &find;
    Hearth__Link__FromBroker *found = ask(&approver, &message, HEARTH__LINK__FROM_BROKER__BODY_ENROLL_FOUND);
    assert_non_null(found);
    send_enrol(&approver, found->enroll_found->handle, "", true);
    expect_enrol(&pc, found->enroll_found->handle, "", true);
    hearth__link__from_broker__free_unpacked(found, NULL);
    ws_close(&approver.ws);
    assert_null(link_wait(&pc, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 14000, true));
    assert_int_equal(pc.ws.close_code, 4401);
    ws_close(&pc.ws);
}

static void a_stranger_cannot_speak_into_an_enrolment(void **state)
{
    (void)state;
    struct link link;
    link_enter(&broker, &link, &ann, &phone);
    for (uint64_t handle = 0; handle < 3; handle++) {
        send_enrol(&link, handle, "x", true);
        Hearth__Link__FromBroker *error = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_ERROR, 5000, true);
        assert_non_null(error);
        assert_int_equal(error->error->code, HEARTH__LINK__CODE__CODE_EXPIRED);
        hearth__link__from_broker__free_unpacked(error, NULL);
    }
    ws_close(&link.ws);
}

/* Fold LogEntries that have come into count. */
static uint64_t wait_log(struct link *link, uint64_t have, uint64_t wanted)
{
    while (have < wanted) {
        Hearth__Link__FromBroker *message =
            link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES, 5000, true);
        assert_non_null(message);
        assert_int_equal(message->log_entries->from, have);
        have += message->log_entries->n_entries;
        hearth__link__from_broker__free_unpacked(message, NULL);
    }
    return have;
}

static void a_long_log_comes_in_pieces_and_what_is_new_is_pushed(void **state)
{
    (void)state;
    enum { RENAMES = 960, AT_ONCE = 16 };
    struct program other = {0};
    struct person bob;
    struct device first, second;
    struct link writer, reader;
    static uint8_t bytes[AT_ONCE][CHANNEL_LOG_ENTRY_MAX];
    const char *const extra[] = {"--no-limits", NULL};
    program_start(&other, extra);
    device_make(&first, "first", CHANNEL_RIGHTS_ALL);
    device_make(&second, "second", CHANNEL_RIGHT_VIEW);
    person_make(&bob, "bob");
    signup(&other, &bob, &first);
    link_enter(&other, &writer, &bob, &first);
    size_t len = entry_add(&bob, &first, &second, bytes[0]);
    assert_int_equal(channel_log_append(bob.log, bytes[0], len), 0);
    link_append(&writer, 1, bytes[0], len);
    Hearth__Link__FromBroker *added = link_wait(&writer, HEARTH__LINK__FROM_BROKER__BODY_DONE, 5000, true);
    assert_non_null(added);
    hearth__link__from_broker__free_unpacked(added, NULL);
    link_open(&other, &reader);
    for (int i = 0; i < RENAMES; i += AT_ONCE) {
        ProtobufCBinaryData entries[AT_ONCE];
        for (int j = 0; j < AT_ONCE; j++) {
            len = entry_rename(&bob, &first, &second,
                "a name of 64 bytes, the longest there may be in a log entry here", bytes[j]);
            assert_int_equal(channel_log_append(bob.log, bytes[j], len), 0);
            entries[j] = (ProtobufCBinaryData){len, bytes[j]};
        }
        Hearth__Link__LogAppend append = HEARTH__LINK__LOG_APPEND__INIT;
        Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
        append.n_entries = AT_ONCE;
        append.entries = entries;
        message.id = 2;
        message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND;
        message.log_append = &append;
        Hearth__Link__FromBroker *done = ask(&writer, &message, HEARTH__LINK__FROM_BROKER__BODY_DONE);
        assert_non_null(done);
        hearth__link__from_broker__free_unpacked(done, NULL);
    }
    link_hello(&other, &reader, &bob, &second, NULL, 1);
    (void)wait_log(&reader, 1, 3 + RENAMES);
    Hearth__Link__FromBroker *full = link_wait(&reader, HEARTH__LINK__FROM_BROKER__BODY_PRESENCE, 5000, true);
    assert_non_null(full);
    assert_true(full->presence->full);
    assert_int_equal(full->presence->n_devices, 2);
    hearth__link__from_broker__free_unpacked(full, NULL);

    struct device third;
    device_make(&third, "third", CHANNEL_RIGHT_VIEW);
    len = entry_add(&bob, &first, &third, bytes[0]);
    link_append(&writer, 3, bytes[0], len);
    assert_int_equal(wait_log(&reader, 3 + RENAMES, 4 + RENAMES), 4 + RENAMES);

    json_t *answer, *page;
    assert_int_equal(
        rest(&other, "/v1/login",
            json_pack("{s:s, s:o}", "account", "bob", "auth_key", base64(bob.auth_key, 32)), &answer),
        200);
    size_t have = json_array_size(json_object_get(answer, "log"));
    assert_in_range(have, 100, 3 + RENAMES);
    assert_int_equal(rest(&other, "/v1/log",
                         json_pack("{s:O, s:[], s:i}", "ticket", json_object_get(answer, "ticket"), "entries",
                             "from", (int)have),
                         &page),
        200);
    assert_int_equal(json_array_size(json_object_get(page, "log")), 4 + RENAMES - have);
    json_decref(answer);
    json_decref(page);
    ws_close(&writer.ws);
    ws_close(&reader.ws);
    person_finish(&bob);
    assert_int_equal(program_stop(&other), 0);
}

static void an_entry_that_was_not_written_leaves_nothing_behind(void **state)
{
    (void)state;
    struct link link;
    struct device tablet;
    struct rlimit was, none;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    device_make(&tablet, "tablet", CHANNEL_RIGHT_VIEW);
    link_enter(&broker, &link, &ann, &laptop);
    size_t len = entry_add(&ann, &laptop, &tablet, entry);
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, NULL, &was), 0);
    none = was;
    none.rlim_cur = 1;
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, &none, NULL), 0);
    link_append(&link, 21, entry, len);
    Hearth__Link__FromBroker *error = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_ERROR, 5000, true);
    assert_non_null(error);
    assert_int_equal(error->error->code, HEARTH__LINK__CODE__CODE_INTERNAL);
    hearth__link__from_broker__free_unpacked(error, NULL);
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, &was, NULL), 0);
    /* Memory is read back from the disk; until it is, the answer may be a conflict. Another device than
     * the one that failed takes its number. */
    struct device watch;
    bool taken = false;
    device_make(&watch, "watch", CHANNEL_RIGHT_VIEW);
    len = entry_add(&ann, &laptop, &watch, entry);
    for (int i = 0; i < 50 && !taken; i++) {
        static uint8_t bytes[300000];
        link_append(&link, 22, entry, len);
        for (;;) {
            ssize_t got = ws_receive(&link.ws, bytes, sizeof bytes, 5000);
            assert_true(got > 0);
            Hearth__Link__FromBroker *message = hearth__link__from_broker__unpack(NULL, (size_t)got, bytes);
            assert_non_null(message);
            bool ours = message->re == 22;
            taken = ours && message->body_case == HEARTH__LINK__FROM_BROKER__BODY_DONE;
            hearth__link__from_broker__free_unpacked(message, NULL);
            if (ours)
                break;
        }
        usleep(20000);
    }
    assert_true(taken);
    assert_int_equal(channel_log_append(ann.log, entry, len), 0);
    struct link late;
    link_enter(&broker, &late, &ann, &watch);
    assert_in_range(wait_presence(&link, &watch, true, 0, 2000), 0, 500);
    ws_close(&late.ws);
    link_open(&broker, &late);
    link_hello(&broker, &late, &ann, &tablet, NULL, 0);
    expect_denied(&late);
    ws_close(&link.ws);
}

static void a_drain_says_so_and_ends_within_5_s(void **state)
{
    (void)state;
    struct link link;
    link_enter(&broker, &link, &ann, &laptop);
    uint64_t from = now_ms();
    (void)kill(broker.pid, SIGTERM);
    Hearth__Link__FromBroker *away = link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_GO_AWAY, 5000, true);
    assert_non_null(away);
    assert_true(away->go_away->retry_ms > 0);
    hearth__link__from_broker__free_unpacked(away, NULL);
    assert_null(link_wait(&link, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 6000, true));
    assert_int_equal(link.ws.close_code, 1001);
    ws_close(&link.ws);
    assert_int_equal(program_stop(&broker), 0);
    assert_in_range(now_ms() - from, 0, 5500);
    program_start(&broker, NULL); /* for the end of the group */
    link_enter(&broker, &link, &ann, &laptop);
    ws_close(&link.ws);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_over_another_host_is_refused),
        cmocka_unit_test(a_device_that_is_not_in_the_log_is_refused),
        cmocka_unit_test(an_account_that_does_not_exist_is_refused_alike),
        cmocka_unit_test(bytes_that_are_no_message_close_the_link),
        cmocka_unit_test(a_message_over_64_kib_closes_the_link),
        cmocka_unit_test(a_request_before_hello_is_denied),
        cmocka_unit_test(another_pages_origin_is_refused),
        cmocka_unit_test(a_newer_link_closes_the_older),
        cmocka_unit_test(coming_working_and_going_are_seen_within_half_a_second),
        cmocka_unit_test(a_silent_device_is_offline_within_3_s_while_someone_looks),
        cmocka_unit_test(an_entry_that_does_not_follow_is_a_conflict_and_a_right_too_many_is_denied),
        cmocka_unit_test(a_locator_joins_a_pc_and_an_approver_once),
        cmocka_unit_test(a_pc_whose_enrolment_is_over_has_10_s_like_any_stranger),
        cmocka_unit_test(a_stranger_cannot_speak_into_an_enrolment),
        cmocka_unit_test(a_long_log_comes_in_pieces_and_what_is_new_is_pushed),
        cmocka_unit_test(an_entry_that_was_not_written_leaves_nothing_behind),
        cmocka_unit_test(a_drain_says_so_and_ends_within_5_s),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
