/* The relay against the real program: it joins two links of an account and carries their messages. */
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "tests/unit/broker/room.h"

struct pair {
    struct link viewer, host;
    struct ws side[2];
    uint8_t token[2][32], session[16];
};

/* Both links, Connect, both tokens; sockets not yet open. */
static void match(struct pair *pair)
{
    link_enter(&broker, &pair->host, &ann, &tower);
    link_enter(&broker, &pair->viewer, &ann, &laptop);
    randombytes_buf(pair->session, 16);
    Hearth__Link__Connect connect = HEARTH__LINK__CONNECT__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    connect.device_id = (ProtobufCBinaryData){16, tower.id};
    connect.session_id = (ProtobufCBinaryData){16, pair->session};
    message.id = 5;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_CONNECT;
    message.connect = &connect;
    Hearth__Link__FromBroker *relay = ask(&pair->viewer, &message, HEARTH__LINK__FROM_BROKER__BODY_RELAY);
    Hearth__Link__FromBroker *incoming =
        link_wait(&pair->host, HEARTH__LINK__FROM_BROKER__BODY_INCOMING, 5000, true);
    assert_non_null(relay);
    assert_non_null(incoming);
    assert_string_equal(relay->relay->path, "/v1/relay");
    assert_memory_equal(incoming->incoming->session_id.data, pair->session, 16);
    assert_memory_equal(incoming->incoming->device_id.data, laptop.id, 16);
    memcpy(pair->token[0], relay->relay->token.data, 32);
    memcpy(pair->token[1], incoming->incoming->token.data, 32);
    hearth__link__from_broker__free_unpacked(relay, NULL);
    hearth__link__from_broker__free_unpacked(incoming, NULL);
}

static void join(struct pair *pair)
{
    uint8_t ready[64];
    match(pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ws_open(&broker, &pair->side[i], "/v1/relay", "hearth-relay-1", NULL, NULL), 101);
        ws_send(&pair->side[i], pair->token[i], 32);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ws_receive(&pair->side[i], ready, sizeof ready, 5000), 17);
        assert_int_equal(ready[0], 6);
        assert_memory_equal(ready + 1, pair->session, 16);
    }
}

static void part(struct pair *pair)
{
    ws_close(&pair->side[0]);
    ws_close(&pair->side[1]);
    ws_close(&pair->viewer.ws);
    ws_close(&pair->host.ws);
}

static void the_relay_carries_whole_messages_both_ways(void **state)
{
    (void)state;
    struct pair pair;
    static uint8_t sent[16640], got[20000];
    join(&pair);
    randombytes_buf(sent, sizeof sent);
    static const size_t lengths[] = {1, 2, 10, 125, 126, 4096, 16640};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int from = 0; from < 2; from++) {
            if (lengths[i] > 100)
                ws_send_fragments(&pair.side[from], sent, lengths[i], from ? 3 : 1);
            else
                ws_send(&pair.side[from], sent, lengths[i]);
            assert_int_equal(ws_receive(&pair.side[!from], got, sizeof got, 5000), lengths[i]);
            assert_memory_equal(got, sent, lengths[i]);
        }
    }
    part(&pair);
}

static void a_slow_receiver_gets_every_message_in_order_in_its_lane(void **state)
{
    (void)state;
    struct pair pair;
    static uint8_t message[16384], got[20000];
    enum { COUNT = 200 };
    uint32_t next[3] = {0};
    join(&pair);
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 0; i < COUNT; i++) {
            memset(message, 0, 16);
            message[1] = (uint8_t)(i % 3 << 6);
            uint32_t number = i / 3;
            memcpy(message + 2, &number, 4);
            ws_send(&pair.side[0], message, sizeof message);
        }
        _exit(0);
    }
    usleep(300000); /* let the queue fill and the sender be paused */
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t number;
        assert_int_equal(ws_receive(&pair.side[1], got, sizeof got, 5000), sizeof message);
        memcpy(&number, got + 2, 4);
        assert_int_equal(number, next[got[1] >> 6]++);
    }
    part(&pair);
}

static void a_token_is_good_once(void **state)
{
    (void)state;
    struct pair pair;
    struct ws again;
    uint8_t bytes[64];
    join(&pair);
    assert_int_equal(ws_open(&broker, &again, "/v1/relay", "hearth-relay-1", NULL, NULL), 101);
    ws_send(&again, pair.token[0], 32);
    assert_int_equal(ws_receive(&again, bytes, sizeof bytes, 5000), -1);
    assert_int_equal(again.close_code, 4401);
    ws_close(&again);
    part(&pair);
}

static void when_one_side_goes_the_other_is_closed(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t bytes[64];
    join(&pair);
    ws_close(&pair.side[0]);
    assert_int_equal(ws_receive(&pair.side[1], bytes, sizeof bytes, 5000), -1);
    assert_int_equal(pair.side[1].close_code, 4410);
    part(&pair);
}

static void a_message_over_the_limit_closes_both_sides(void **state)
{
    (void)state;
    struct pair pair;
    static uint8_t big[16641], bytes[20000];
    join(&pair);
    ws_send(&pair.side[0], big, sizeof big);
    assert_int_equal(ws_receive(&pair.side[1], bytes, sizeof bytes, 5000), -1);
    assert_int_equal(pair.side[1].close_code, 4413);
    part(&pair);
}

static void connecting_to_an_offline_device_says_so(void **state)
{
    (void)state;
    struct link viewer;
    uint8_t session[16] = {1};
    Hearth__Link__Connect connect = HEARTH__LINK__CONNECT__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    connect.device_id = (ProtobufCBinaryData){16, phone.id};
    connect.session_id = (ProtobufCBinaryData){16, session};
    message.id = 5;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_CONNECT;
    message.connect = &connect;
    link_enter(&broker, &viewer, &ann, &laptop);
    Hearth__Link__FromBroker *error = ask(&viewer, &message, HEARTH__LINK__FROM_BROKER__BODY_ERROR);
    assert_non_null(error);
    assert_int_equal(error->error->code, HEARTH__LINK__CODE__CODE_OFFLINE);
    hearth__link__from_broker__free_unpacked(error, NULL);
    ws_close(&viewer.ws);
}

static void a_revoked_device_loses_its_link_and_its_relays_at_once(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX], bytes[1024];
    join(&pair);
    size_t len = entry_revoke(&ann, &laptop, &tower, entry);
    link_append(&pair.viewer, 9, entry, len);
    assert_int_equal(channel_log_append(ann.log, entry, len), 0);
    assert_null(link_wait(&pair.host, HEARTH__LINK__FROM_BROKER__BODY_WELCOME, 5000, true));
    assert_int_equal(pair.host.ws.close_code, 4401);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ws_receive(&pair.side[i], bytes, sizeof bytes, 5000), -1);
        assert_int_equal(pair.side[i].close_code, 4401);
    }
    part(&pair);
    struct link link;
    link_open(&broker, &link);
    link_hello(&broker, &link, &ann, &tower, NULL, 0);
    expect_denied(&link);
}

static void a_side_that_takes_nothing_for_10_s_is_closed(void **state)
{
    (void)state;
    struct pair pair;
    static uint8_t message[16384];
    join(&pair);
    uint64_t from = now_ms();
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(30); /* whatever becomes of the parent */
        while (ws_send(&pair.side[0], message, sizeof message))
            ;
        _exit(0);
    }
    /* The side that takes nothing cannot be told either; the one that sends is. */
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_in_range(now_ms() - from, 9000, 16000);
    part(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_relay_carries_whole_messages_both_ways),
        cmocka_unit_test(a_slow_receiver_gets_every_message_in_order_in_its_lane),
        cmocka_unit_test(a_token_is_good_once),
        cmocka_unit_test(when_one_side_goes_the_other_is_closed),
        cmocka_unit_test(a_message_over_the_limit_closes_both_sides),
        cmocka_unit_test(a_side_that_takes_nothing_for_10_s_is_closed),
        cmocka_unit_test(connecting_to_an_offline_device_says_so),
        cmocka_unit_test(a_revoked_device_loses_its_link_and_its_relays_at_once),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
