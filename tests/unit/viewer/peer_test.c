/* A host's peer against a viewer whose session is driven here, without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "channel/link/peer_internal.h"
#include "tests/unit/viewer/link_room.h"

static struct link_room room;
static struct channel_keys viewer;
static struct channel_device viewer_device;
static unsigned accepted;

/* Append an entry that the root signs, as the broker would push it. */
static void push_entry(uint8_t *entry, int len)
{
    static uint8_t bytes[4096];
    const uint64_t seq = channel_log_count(channel_home_log(room.home));
    const int whole = channel_keys_sign_entry(&room.root, entry, CHANNEL_LOG_ENTRY_MAX, (size_t)len);
    assert_true(len > 0 && whole > 0);
    ProtobufCBinaryData data = {(size_t)whole, entry};
    Hearth__Link__LogEntries body = HEARTH__LINK__LOG_ENTRIES__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    body.from = seq;
    body.entries = &data;
    body.n_entries = 1;
    body.total = seq + 1;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES;
    message.log_entries = &body;
    link_receive(room.link, bytes, hearth__link__from_broker__pack(&message, bytes));
    assert_int_equal(channel_log_count(channel_home_log(room.home)), seq + 1);
}

static uint64_t unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int open_room(uint64_t not_after_ms)
{
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    if (link_room_open(&room) != 0) {
        return -1;
    }
    accepted = 0;
    channel_keys_make(&viewer);
    viewer_device =
        (struct channel_device){.role = CHANNEL_ROLE_CLI, .rights = CHANNEL_RIGHT_VIEW, .name = "viewer"};
    viewer_device.not_after_ms = not_after_ms;
    memcpy(viewer_device.sign_public, viewer.sign_public, 32);
    memcpy(viewer_device.dh_public, viewer.dh_public, 32);
    channel_device_id(viewer_device.id, viewer.sign_public, viewer.dh_public);
    push_entry(entry,
        channel_log_make_add(channel_home_log(room.home), entry, sizeof entry, NULL, 3, &viewer_device));
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return open_room(0);
}

static int set_up_for_a_second(void **state)
{
    (void)state;
    return open_room(unix_ms() + 1000);
}

static int tear_down(void **state)
{
    (void)state;
    link_room_close(&room);
    return 0;
}

static bool accept_all(
    void *user, struct channel_peer *peer, struct channel_peer_callbacks *out_callbacks, void **out_user)
{
    (void)user;
    (void)peer;
    (void)out_callbacks;
    (void)out_user;
    accepted++;
    return true;
}

struct meeting {
    struct channel_peer_set *set;
    struct channel_peer *peer;
    struct channel_session *session; /* the viewer's */
    int path, peer_path;
};

static void begin(struct meeting *meeting)
{
    static const char label[] = "hearth/1";
    struct channel_relay relay = {.path = "/v1/relay", .token_len = 32};
    struct channel_session_config config = {.role = CHANNEL_INITIATOR};
    memset(relay.session_id, 7, CHANNEL_ID_LEN);
    memcpy(relay.device_id, viewer_device.id, CHANNEL_ID_LEN);
    meeting->set = channel_peer_set_create(room.link, 4, accept_all, NULL);
    meeting->peer = peer_create(room.link, CHANNEL_RESPONDER, relay.session_id, &viewer_device);
    assert_non_null(meeting->peer);
    meeting->peer->set = meeting->set;
    memcpy(config.session_id, relay.session_id, CHANNEL_ID_LEN);
    memcpy(config.prologue, label, sizeof label);
    memcpy(config.prologue + sizeof label, relay.session_id, CHANNEL_ID_LEN);
    memcpy(config.prologue + sizeof label + CHANNEL_ID_LEN, viewer_device.id, CHANNEL_ID_LEN);
    memcpy(config.prologue + sizeof label + 2 * CHANNEL_ID_LEN, channel_home_device_id(room.home),
        CHANNEL_ID_LEN);
    config.prologue_len = sizeof label + 3 * CHANNEL_ID_LEN;
    memcpy(config.local_public, viewer.dh_public, 32);
    memcpy(config.peer_public, channel_home_dh_public(room.home), 32);
    config.payload_len =
        (size_t)channel_log_head_write(channel_home_log(room.home), config.payload, sizeof config.payload);
    meeting->session = channel_session_create(&config, 1);
    meeting->path = channel_session_path_add(meeting->session, 1);
    meeting->peer_path = channel_session_path_add(meeting->peer->session, uv_hrtime() / 1000);
    meeting->peer->state = PEER_HANDSHAKE;
}

static void viewer_events(struct meeting *meeting)
{
    struct channel_event event;
    while (channel_session_event(meeting->session, &event)) {
        uint8_t shared[32];
        if (event.type == CHANNEL_EVENT_WANT_DH) {
            assert_int_equal(channel_crypto_x25519(shared, viewer.dh_secret, event.point), 0);
            assert_int_equal(channel_session_give_dh(meeting->session, shared), 0);
        } else if (event.type == CHANNEL_EVENT_VERDICT) {
            assert_int_equal(channel_session_verdict(meeting->session, true), 0);
        }
    }
}

/* What the viewer has to say, to the host. */
static void viewer_says(struct meeting *meeting)
{
    uint8_t record[CHANNEL_RECORD_MAX];
    viewer_events(meeting);
    const int len = channel_session_send(meeting->session, meeting->path, record, sizeof record, 1);
    assert_true(len > 0);
    (void)channel_session_receive(
        meeting->peer->session, meeting->peer_path, record, (size_t)len, uv_hrtime() / 1000);
    channel_peer_flush(meeting->peer);
}

static void host_says(struct meeting *meeting)
{
    uint8_t record[CHANNEL_RECORD_MAX];
    const int len = channel_session_send(
        meeting->peer->session, meeting->peer_path, record, sizeof record, uv_hrtime() / 1000);
    assert_true(len > 0);
    assert_int_equal(channel_session_receive(meeting->session, meeting->path, record, (size_t)len, 1), 0);
    viewer_events(meeting);
}

static void end(struct meeting *meeting)
{
    channel_session_destroy(meeting->session);
    if (!meeting->peer->dead) {
        channel_peer_close(meeting->peer, 0, "");
    }
    channel_peer_set_destroy(meeting->set);
}

static void a_viewer_of_the_account_is_accepted_with_its_first_sealed_record(void **state)
{
    (void)state;
    struct meeting meeting;
    begin(&meeting);
    viewer_says(&meeting);
    host_says(&meeting);
    assert_int_equal(accepted, 0);
    viewer_says(&meeting);
    assert_int_equal(accepted, 1);
    end(&meeting);
}

/* It got its verdict, waited with the first sealed record until it was removed, and was let in. */
static void a_viewer_removed_between_verdict_and_first_record_is_not_let_in(void **state)
{
    (void)state;
    struct meeting meeting;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    begin(&meeting);
    viewer_says(&meeting);
    host_says(&meeting);
    push_entry(entry,
        channel_log_make_revoke(channel_home_log(room.home), entry, sizeof entry, NULL, 4, viewer_device.id));
    viewer_says(&meeting);
    assert_int_equal(accepted, 0);
    assert_true(meeting.peer->dead);
    end(&meeting);
}

static void a_session_ends_when_the_certificate_runs_out(void **state)
{
    (void)state;
    struct meeting meeting;
    begin(&meeting);
    viewer_says(&meeting);
    host_says(&meeting);
    viewer_says(&meeting);
    assert_int_equal(accepted, 1);
    host_says(&meeting); /* its ping; the next is due in 5 s */
    channel_peer_flush(meeting.peer);
    const uint64_t give_up = unix_ms() + 20000;
    while (meeting.peer->state != PEER_CLOSED && unix_ms() < give_up) {
        (void)uv_run(&room.loop, UV_RUN_ONCE);
    }
    assert_int_equal(meeting.peer->state, PEER_CLOSED);
    assert_true(unix_ms() >= viewer_device.not_after_ms && unix_ms() < viewer_device.not_after_ms + 8000);
    end(&meeting);
}

static void a_viewer_that_is_not_the_one_the_broker_named_is_refused(void **state)
{
    (void)state;
    struct meeting meeting;
    begin(&meeting);
    meeting.peer->device.id[0] ^= 1;
    viewer_says(&meeting);
    assert_true(meeting.peer->dead);
    assert_int_equal(accepted, 0);
    end(&meeting);
}

static size_t listening(void)
{
    size_t count = 0;
    for (const struct link_listener *at = room.link->listeners; at; at = at->next) {
        count++;
    }
    return count;
}

static void strangers_fill_a_few_places_and_make_room_in_time(void **state)
{
    (void)state;
    struct channel_peer_set *set = channel_peer_set_create(room.link, 4, accept_all, NULL);
    struct channel_relay relay = {.path = "/v1/relay", .token_len = 32};
    memcpy(relay.device_id, viewer_device.id, CHANNEL_ID_LEN);
    for (uint8_t i = 0; i < 3 * PEER_UNPROVEN_MAX; i++) {
        memset(relay.session_id, i + 1, CHANNEL_ID_LEN);
        channel_peer_set_incoming(set, &relay);
    }
    assert_int_equal(listening(), PEER_UNPROVEN_MAX);
    const void *oldest = NULL;
    for (const struct link_listener *at = room.link->listeners; at; at = at->next) {
        struct channel_peer *peer = at->user;
        peer->created_ms -= PEER_UNPROVEN_MS;
        oldest = peer; /* the newest is first */
    }
    memset(relay.session_id, 200, CHANNEL_ID_LEN);
    channel_peer_set_incoming(set, &relay);
    assert_int_equal(listening(), PEER_UNPROVEN_MAX);
    bool newest_is_in = false;
    for (const struct link_listener *at = room.link->listeners; at; at = at->next) {
        const struct channel_peer *peer = at->user;
        assert_ptr_not_equal(peer, oldest);
        newest_is_in = newest_is_in || peer->session_id[0] == 200;
    }
    assert_true(newest_is_in);
    channel_peer_set_destroy(set);
    assert_int_equal(listening(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_viewer_of_the_account_is_accepted_with_its_first_sealed_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_viewer_removed_between_verdict_and_first_record_is_not_let_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_session_ends_when_the_certificate_runs_out, set_up_for_a_second, tear_down),
        cmocka_unit_test_setup_teardown(
            a_viewer_that_is_not_the_one_the_broker_named_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strangers_fill_a_few_places_and_make_room_in_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
