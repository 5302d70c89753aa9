/* An account whose log is longer than any one page or message: the real broker, the clients' own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/link/enroll_link.h"
#include "channel/link/rest.h"
#include "channel/path/net.h"
#include "tests/unit/broker/harness.h"

enum { ENTRIES = 1000, AT_ONCE = 16, GIVE_UP_MS = 60000 };

static struct program broker;
static struct person bob;
static struct device writer, here;

/* A program with a home of its own. */
struct room {
    char folder[64];
    uv_loop_t loop;
    struct channel_home *home;
    struct channel_net *net;
    struct channel_link *link;
    struct channel_enroll_waiting *waiting;
    struct channel_enroll_approval *approval;
    uv_timer_t timer;
    char why[256], account[65];
    uint64_t got; /* entries that the PC was given */
    bool approved, done, late;
};

static void open_home(struct room *room, const char *name)
{
    char why[CHANNEL_HOME_WHY_MAX];
    (void)snprintf(room->folder, sizeof room->folder, "/tmp/hearth-%s-XXXXXX", name);
    assert_non_null(mkdtemp(room->folder));
    assert_int_equal(channel_home_load(room->folder, &room->home, why, sizeof why), 0);
    assert_int_equal(channel_home_make_keys(room->home), 0);
}

static void close_home(struct room *room)
{
    static const char *const names[] = {"keys", "home", "log", "head", "lock"};
    channel_home_destroy(room->home);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%s", room->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(room->folder);
}

/* The log of bob with ENTRIES entries, at the broker too. here is a device of his with all rights. */
static void grow(struct link *link)
{
    static uint8_t bytes[AT_ONCE][CHANNEL_LOG_ENTRY_MAX];
    size_t len = entry_add(&bob, &writer, &here, bytes[0]);
    while (channel_log_count(bob.log) < ENTRIES) {
        ProtobufCBinaryData entries[AT_ONCE];
        Hearth__Link__LogAppend append = HEARTH__LINK__LOG_APPEND__INIT;
        Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
        for (; append.n_entries < AT_ONCE && channel_log_count(bob.log) < ENTRIES; append.n_entries++) {
            uint8_t *entry = bytes[append.n_entries];
            if (channel_log_count(bob.log) > 2) {
                len = entry_rename(&bob, &writer, &here,
                    "a name of 64 bytes, the longest there may be in a log entry here", entry);
            }
            assert_int_equal(channel_log_append(bob.log, entry, len), 0);
            entries[append.n_entries] = (ProtobufCBinaryData){len, entry};
        }
        append.entries = entries;
        message.id = 2;
        message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND;
        message.log_append = &append;
        link_say(link, &message);
        Hearth__Link__FromBroker *done = link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_DONE, 10000, true);
        assert_non_null(done);
        hearth__link__from_broker__free_unpacked(done, NULL);
    }
}

static struct room approver;

static int set_up(void **state)
{
    (void)state;
    const char *const extra[] = {"--no-limits", NULL};
    struct link link;
    if (channel_crypto_init() != 0) {
        return -1;
    }
    program_start(&broker, extra);
    device_make(&writer, "writer", CHANNEL_RIGHTS_ALL);
    open_home(&approver, "approver");
    here.name = "here";
    here.rights = CHANNEL_RIGHTS_ALL;
    memcpy(here.sign_public, channel_home_sign_public(approver.home), 32);
    memcpy(here.dh_public, channel_home_dh_public(approver.home), 32);
    memcpy(here.id, channel_home_device_id(approver.home), 16);
    person_make(&bob, "bob");
    signup(&broker, &bob, &writer);
    link_enter(&broker, &link, &bob, &writer);
    grow(&link);
    ws_close(&link.ws);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_home(&approver);
    person_finish(&bob);
    return program_stop(&broker) == 0 ? 0 : -1;
}

static void a_sign_in_gives_every_page_of_the_log(void **state)
{
    (void)state;
    struct channel_endpoint endpoint;
    struct channel_rest_account account = {0};
    const char *why = NULL;
    assert_int_equal(channel_endpoint_parse(&endpoint, broker.url, NULL, false, &why), 0);
    struct channel_rest *client = channel_rest_create(&endpoint);
    assert_int_equal(channel_rest_login(client, "bob", bob.auth_key, &account), 0);
    assert_int_equal(account.log_count, ENTRIES);
    struct channel_log *log = channel_log_create();
    for (size_t i = 0; i < account.log_count; i++) {
        assert_int_equal(channel_log_append(log, account.log[i].data, account.log[i].len), 0);
    }
    channel_log_destroy(log);
    channel_rest_account_finish(&account);
    channel_rest_destroy(client);
}

/* ---- a PC joins */

static struct room pc;

static void finish(struct room *room)
{
    if (room->timer.data) {
        room->timer.data = NULL;
        uv_close((uv_handle_t *)&room->timer, NULL);
    }
    channel_enroll_waiting_destroy(pc.waiting);
    pc.waiting = NULL;
    channel_enroll_approval_destroy(approver.approval);
    approver.approval = NULL;
    channel_link_destroy(approver.link, NULL, NULL);
    approver.link = NULL;
    channel_net_destroy(approver.net, NULL, NULL);
    approver.net = NULL;
    channel_net_destroy(pc.net, NULL, NULL);
    pc.net = NULL;
}

static void on_late(uv_timer_t *timer)
{
    struct room *room = timer->data;
    room->late = true;
    finish(room);
}

static void on_found(void *user, const struct channel_enroll_pc *who, const char *words)
{
    (void)user;
    (void)who;
    (void)words;
    channel_enroll_approval_accept(approver.approval, NULL);
}

static void on_approver_done(void *user, const struct channel_device *device)
{
    (void)user;
    (void)device;
    approver.done = true;
    finish(&pc);
}

static void on_approver_failed(void *user, int code, const char *why)
{
    (void)user;
    (void)code;
    (void)snprintf(approver.why, sizeof approver.why, "%s", why);
    finish(&pc);
}

static void on_code(void *user, const char *code, const char *words, uint32_t expires_s)
{
    static const struct channel_enroll_approval_callbacks callbacks = {
        .found = on_found, .done = on_approver_done, .failed = on_approver_failed};
    char plain[CHANNEL_CODE_LEN + 1];
    (void)user;
    (void)words;
    (void)expires_s;
    assert_int_equal(channel_code_normalise(plain, code), 0);
    approver.approval = channel_enroll_approve_begin(approver.link, plain, &callbacks, NULL);
    assert_non_null(approver.approval);
}

static int on_approved(void *user, struct channel_log *log, const char *account)
{
    (void)user;
    pc.approved = true;
    pc.got = channel_log_count(log);
    const int error = channel_home_save(pc.home, broker.url, account, "", log);
    channel_log_destroy(log);
    return error;
}

static void on_pc_done(void *user)
{
    (void)user;
    pc.done = true;
}

static void on_pc_failed(void *user, const char *why, bool final)
{
    (void)user;
    (void) final;
    (void)snprintf(pc.why, sizeof pc.why, "%s", why);
}

static void on_state(void *user, enum channel_link_state state, const char *why)
{
    (void)user;
    (void)why;
    if (state != CHANNEL_LINK_ONLINE || pc.waiting) {
        return;
    }
    const struct channel_enroll_waiting_config config = {.net = pc.net,
        .sign_public = channel_home_sign_public(pc.home),
        .dh_public = channel_home_dh_public(pc.home),
        .name = "den",
        .os = "Debian",
        .callbacks = {on_code, on_approved, on_pc_done, on_pc_failed}};
    pc.waiting = channel_enroll_wait(&config);
    assert_non_null(pc.waiting);
}

static void a_pc_joins_an_account_with_a_long_log(void **state)
{
    (void)state;
    const char *why = NULL;
    open_home(&pc, "pc");
    /* The approver holds two entries only: the link brings the others. */
    struct channel_log *begun = channel_log_create();
    for (uint64_t seq = 0; seq < 3; seq++) {
        size_t len = 0;
        const uint8_t *entry = channel_log_entry(bob.log, seq, &len);
        assert_int_equal(channel_log_append(begun, entry, len), 0);
    }
    assert_int_equal(channel_home_save(approver.home, broker.url, "bob", "", begun), 0);
    channel_log_destroy(begun);
    assert_int_equal(uv_loop_init(&pc.loop), 0);
    pc.net = channel_net_create(&pc.loop, broker.url, NULL, false, &why);
    approver.net = channel_net_create(&pc.loop, broker.url, NULL, false, &why);
    assert_non_null(pc.net);
    assert_non_null(approver.net);
    const struct channel_link_config config = {.kind = 3,
        .os = "test",
        .home = approver.home,
        .net = approver.net,
        .callbacks = {.state = on_state}};
    approver.link = channel_link_create(&config);
    (void)uv_timer_init(&pc.loop, &pc.timer);
    pc.timer.data = &pc;
    (void)uv_timer_start(&pc.timer, on_late, GIVE_UP_MS, 0);
    (void)uv_run(&pc.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&pc.loop), 0);
    assert_false(pc.late);
    assert_string_equal(approver.why, "");
    assert_true(approver.done);
    assert_true(pc.approved);
    assert_int_equal(pc.got, ENTRIES + 1);
    assert_int_equal(channel_log_count(channel_home_log(pc.home)), ENTRIES + 1);
    close_home(&pc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sign_in_gives_every_page_of_the_log),
        cmocka_unit_test(a_pc_joins_an_account_with_a_long_log),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
