/* The parts that touch neither socket nor disk: limits, tokens, the relay's queue, texts, addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>

#include "broker/error.h"
#include "broker/options.h"
#include "broker/origin.h"
#include "broker/ratelimit.h"
#include "broker/relay_queue.h"
#include "broker/request.h"
#include "broker/rest.h"
#include "broker/static.h"
#include "broker/store.h"
#include "broker/text.h"
#include "broker/tokens.h"
#include "channel/core/crypto.h"

/* ---- rate limits ---- */

static unsigned take_all(struct broker_ratelimit *limits, const char *who, uint64_t now_us)
{
    unsigned count = 0;
    while (broker_ratelimit_take(limits, BROKER_LIMIT_LOGIN_PAIR, who, strlen(who), now_us, NULL))
        count++;
    return count;
}

static void a_burst_is_given_and_then_one_at_a_time(void **state)
{
    (void)state;
    struct broker_ratelimit *limits = broker_ratelimit_create(100);
    uint32_t retry_ms = 0;
    assert_int_equal(take_all(limits, "a", 1000), 10);
    assert_false(broker_ratelimit_take(limits, BROKER_LIMIT_LOGIN_PAIR, "a", 1, 1000, &retry_ms));
    assert_int_equal(retry_ms, 60000);
    assert_int_equal(take_all(limits, "a", 1000 + 60000000), 1);
    assert_int_equal(take_all(limits, "a", UINT64_C(1000) + 60000000 * UINT64_C(100)), 10);
    broker_ratelimit_destroy(limits);
}

static void one_is_not_limited_by_another(void **state)
{
    (void)state;
    struct broker_ratelimit *limits = broker_ratelimit_create(100);
    (void)take_all(limits, "a", 1);
    assert_int_equal(take_all(limits, "b", 1), 10);
    broker_ratelimit_destroy(limits);
}

static void what_was_welcome_is_given_back(void **state)
{
    (void)state;
    struct broker_ratelimit *limits = broker_ratelimit_create(100);
    (void)take_all(limits, "a", 1);
    broker_ratelimit_return(limits, BROKER_LIMIT_LOGIN_PAIR, "a", 1, 1);
    assert_int_equal(take_all(limits, "a", 1), 1);
    broker_ratelimit_destroy(limits);
}

static void the_table_of_limits_is_bounded(void **state)
{
    (void)state;
    struct broker_ratelimit *limits = broker_ratelimit_create(64);
    for (uint32_t who = 0; who < 1000; who++)
        assert_true(broker_ratelimit_take(limits, BROKER_LIMIT_REST, &who, sizeof who, who, NULL));
    assert_int_equal(broker_ratelimit_count(limits), 64);
    broker_ratelimit_destroy(limits);
}

static void a_64_of_ipv6_is_one_and_mapped_ipv4_is_ipv4(void **state)
{
    (void)state;
    uint8_t a[17], b[17];
    size_t len = broker_ratelimit_address_key("2001:db8::1", a);
    assert_int_equal(broker_ratelimit_address_key("2001:db8::ffff:2", b), len);
    assert_memory_equal(a, b, len);
    len = broker_ratelimit_address_key("192.0.2.7", a);
    assert_int_equal(broker_ratelimit_address_key("::ffff:192.0.2.7", b), len);
    assert_memory_equal(a, b, len);
}

/* ---- tokens ---- */

static void a_token_expires_and_is_taken_once(void **state)
{
    (void)state;
    struct broker_tokens *tokens = broker_tokens_create(10, 1000);
    uint8_t value[BROKER_TOKEN_VALUE_LEN] = {7}, out[BROKER_TOKEN_VALUE_LEN], token[BROKER_TOKEN_LEN];
    assert_int_equal(broker_tokens_issue(tokens, 0, value, token), 0);
    assert_true(broker_tokens_check(tokens, 999, token, out));
    assert_memory_equal(out, value, sizeof value);
    assert_false(broker_tokens_check(tokens, 1000, token, out));
    assert_true(broker_tokens_take(tokens, 999, token, out));
    assert_false(broker_tokens_take(tokens, 999, token, out));
    broker_tokens_destroy(tokens);
}

static void a_token_with_a_changed_bit_is_unknown(void **state)
{
    (void)state;
    struct broker_tokens *tokens = broker_tokens_create(10, 1000);
    uint8_t value[BROKER_TOKEN_VALUE_LEN] = {0}, token[BROKER_TOKEN_LEN];
    assert_int_equal(broker_tokens_issue(tokens, 0, value, token), 0);
    for (size_t bit = 0; bit < BROKER_TOKEN_LEN * 8; bit++) {
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(broker_tokens_check(tokens, 1, token, value));
        token[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(broker_tokens_check(tokens, 1, token, value));
    broker_tokens_destroy(tokens);
}

static void the_oldest_token_goes_when_the_table_is_full(void **state)
{
    (void)state;
    struct broker_tokens *tokens = broker_tokens_create(3, 1000);
    uint8_t value[BROKER_TOKEN_VALUE_LEN] = {0}, token[4][BROKER_TOKEN_LEN];
    for (int i = 0; i < 4; i++)
        assert_int_equal(broker_tokens_issue(tokens, (uint64_t)i, value, token[i]), 0);
    assert_int_equal(broker_tokens_count(tokens), 3);
    assert_false(broker_tokens_check(tokens, 5, token[0], value));
    assert_true(broker_tokens_check(tokens, 5, token[1], value));
    broker_tokens_expire(tokens, 1002);
    assert_int_equal(broker_tokens_count(tokens), 1);
    broker_tokens_destroy(tokens);
}

/* ---- the relay's queue ---- */

static void push(struct broker_relay_queue *queue, unsigned lane, size_t len, uint8_t mark)
{
    struct broker_relay_message *message = broker_relay_message_create(len);
    assert_non_null(message);
    memset(broker_relay_message_data(message), mark, len);
    message->len = len;
    if (len > 1)
        broker_relay_message_data(message)[1] = (uint8_t)(lane << 6);
    broker_relay_queue_push(queue, message);
}

static int pop(struct broker_relay_queue *queue)
{
    struct broker_relay_message *message = broker_relay_queue_pop(queue);
    int mark = message ? broker_relay_message_data(message)[0] : -1;
    free(message);
    return mark;
}

static void interactive_goes_before_screen_before_bulk(void **state)
{
    (void)state;
    struct broker_relay_queue queue = {0};
    push(&queue, 2, 100, 'b');
    push(&queue, 1, 100, 's');
    push(&queue, 0, 100, 'i');
    push(&queue, 0, 100, 'j');
    assert_int_equal(pop(&queue), 'i');
    assert_int_equal(pop(&queue), 'j');
    assert_int_equal(pop(&queue), 's');
    assert_int_equal(pop(&queue), 'b');
    assert_int_equal(pop(&queue), -1);
    assert_int_equal(queue.bytes, 0);
}

static void bulk_keeps_a_twentieth_while_screen_never_ends(void **state)
{
    (void)state;
    struct broker_relay_queue queue = {0};
    unsigned bulk = 0;
    for (int i = 0; i < 100; i++)
        push(&queue, 2, 1000, 'b');
    for (int i = 0; i < 1000; i++) {
        push(&queue, 1, 1000, 's');
        bulk += pop(&queue) == 'b';
    }
    assert_in_range(bulk, 45, 55);
    broker_relay_queue_finish(&queue);
}

static void idle_time_of_bulk_is_not_owed_later(void **state)
{
    (void)state;
    struct broker_relay_queue queue = {0};
    for (int i = 0; i < 1000; i++) {
        push(&queue, 1, 1000, 's');
        assert_int_equal(pop(&queue), 's');
    }
    push(&queue, 2, 1000, 'b');
    push(&queue, 0, 100, 'i');
    assert_int_equal(pop(&queue), 'i');
    broker_relay_queue_finish(&queue);
}

static void odd_messages_count_as_bulk(void **state)
{
    (void)state;
    struct broker_relay_queue queue = {0};
    push(&queue, 0, 1, 'x');
    push(&queue, 3, 50, 'y');
    push(&queue, 0, 50, 'i');
    assert_int_equal(pop(&queue), 'i');
    assert_int_equal(pop(&queue), 'x');
    assert_int_equal(pop(&queue), 'y');
}

static void reading_stops_above_64_kib_and_goes_on_below_16(void **state)
{
    (void)state;
    struct broker_relay_queue queue = {0};
    for (int i = 0; i < 4; i++)
        push(&queue, 1, 16384, 's');
    assert_false(broker_relay_queue_should_pause(&queue, false));
    push(&queue, 1, 2, 's');
    assert_true(broker_relay_queue_should_pause(&queue, false));
    for (int i = 0; i < 3; i++)
        (void)pop(&queue);
    assert_true(broker_relay_queue_should_pause(&queue, true));
    (void)pop(&queue);
    assert_false(broker_relay_queue_should_pause(&queue, true));
    broker_relay_queue_finish(&queue);
}

static void a_message_over_the_limit_has_no_room(void **state)
{
    (void)state;
    assert_null(broker_relay_message_create(BROKER_RELAY_MESSAGE_MAX + 1));
}

/* ---- texts ---- */

static void names_are_lowered_and_bounded(void **state)
{
    (void)state;
    char out[BROKER_NAME_MAX + 1];
    static const char *const good[][2] = {
        {"Ann", "ann"}, {"a.b_c-d@e+f", "a.b_c-d@e+f"}, {"\xc3\x89T\xc3\xa9", "\xc3\xa9t\xc3\xa9"}};
    static const char *const bad[] = {
        "", "a b", "a/b", "a\nb", "\xff", "\xc0\xaf", "a\xe2\x80\xae", "\xed\xa0\x80", "<b>"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(broker_text_account_name(good[i][0], strlen(good[i][0]), out), BROKER_OK);
        assert_string_equal(out, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(broker_text_account_name(bad[i], strlen(bad[i]), out), BROKER_ERR_FORMAT);
    char longest[66];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(broker_text_account_name(longest, 64, out), BROKER_OK);
    assert_int_equal(broker_text_account_name(longest, 65, out), BROKER_ERR_FORMAT);
    assert_int_equal(broker_text_account_name("a\0b", 3, out), BROKER_ERR_FORMAT);
}

static void a_peers_text_cannot_forge_a_log_line(void **state)
{
    (void)state;
    char out[BROKER_QUOTE_MAX], longest[500];
    assert_string_equal(broker_text_quote(out, "a\n\"b\x1b", 5), "\"a\\x0a\\x22b\\x1b\"");
    memset(longest, '\n', sizeof longest);
    assert_true(strlen(broker_text_quote(out, longest, sizeof longest)) < BROKER_QUOTE_MAX);
}

/* ---- addresses ---- */

static void hosts_that_are_ours_are_answered(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:80", "192.0.2.1", "[::1]:80", "localhost", "a.localhost:1",
        "HEARTH.example", "hearth.example:8443", "box", "box.local:80"};
    static const char *const bad[] = {"", "evil.example", "hearth.example.evil", "boxy", "box.local.evil",
        "[::1", "a b", "127.0.0.1.evil.example", "localhost.evil"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(broker_origin_host_ok(good[i], "hearth.example", "box"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(broker_origin_host_ok(bad[i], "hearth.example", "box"));
}

static void an_origin_is_our_own_or_absent(void **state)
{
    (void)state;
    assert_true(broker_origin_ok("", "a:1", ""));
    assert_true(broker_origin_ok("http://a:1", "a:1", ""));
    assert_true(broker_origin_ok("https://h.example", "inner:1", "https://h.example"));
    assert_false(broker_origin_ok("http://a:2", "a:1", ""));
    assert_false(broker_origin_ok("null", "a:1", ""));
    assert_false(broker_origin_ok("http://a:1.evil", "a:1", ""));
    assert_false(broker_origin_ok("https://h.example.evil", "inner:1", "https://h.example"));
}

static void only_an_address_is_taken_from_a_proxy_and_only_the_last(void **state)
{
    (void)state;
    char out[64] = "192.0.2.9";
    static const char *const bad[] = {"", ",", "10.0.0.1, ", "unknown", "10.0.0.1, \x1b[2J", "10.0.0.1:80",
        "[2001:db8::1]", "10.0.0.1, 1.2.3.4.5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(broker_origin_forwarded(bad[i], out, sizeof out));
    assert_string_equal(out, "192.0.2.9");
    assert_false(broker_origin_forwarded("198.51.100.7", out, 12));
    assert_true(broker_origin_forwarded("10.0.0.1, 198.51.100.7", out, sizeof out));
    assert_string_equal(out, "198.51.100.7");
    assert_true(broker_origin_forwarded("2001:db8::1", out, sizeof out));
    assert_string_equal(out, "2001:db8::1");
}

static void listen_addresses_are_read_strictly(void **state)
{
    (void)state;
    char address[BROKER_ADDRESS_MAX];
    uint16_t port;
    assert_true(broker_options_address("127.0.0.1:8080", address, &port));
    assert_string_equal(address, "127.0.0.1");
    assert_int_equal(port, 8080);
    assert_true(broker_options_address("[::1]:1", address, &port));
    assert_string_equal(address, "::1");
    assert_true(broker_options_address(":0", address, &port));
    assert_string_equal(address, "0.0.0.0");
    static const char *const bad[] = {"", "80", "a:b", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "host:80", "127.0.0.1:8 ", "127.0.0.1: 8"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(broker_options_address(bad[i], address, &port));
}

static void public_urls_are_read_strictly(void **state)
{
    (void)state;
    char origin[BROKER_HOST_MAX + 16], host[BROKER_HOST_MAX + 1];
    assert_true(broker_options_url("https://h.example:8443/", origin, host));
    assert_string_equal(origin, "https://h.example:8443");
    assert_string_equal(host, "h.example:8443");
    static const char *const bad[] = {
        "", "h.example", "ftp://h", "https://", "https://h/path", "https://u@h", "https://h?x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(broker_options_url(bad[i], origin, host));
}

static void request_paths_map_to_files_below_the_folder(void **state)
{
    (void)state;
    char out[64];
    static const char *const good[][2] = {{"/", "index.html"}, {"/index.html", "index.html"},
        {"/assets/a.js", "assets/a.js"}, {"/devices/42", "index.html"}, {"/v.1/x", "index.html"}};
    static const char *const bad[] = {
        "", "a", "//a.js", "/../a.js", "/a/../b.js", "/.env", "/a/.git/x.txt", "/a\\b.js", "/a\x01.js"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(broker_static_map(good[i][0], out, sizeof out));
        assert_string_equal(out, good[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(broker_static_map(bad[i], out, sizeof out));
    assert_false(broker_static_map("/123456789.js", out, 12));
}

static void the_name_is_found_in_the_kdf_call(void **state)
{
    (void)state;
    const char *name;
    size_t len;
    assert_true(broker_rest_kdf_name("/v1/accounts/ann/kdf", &name, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(name, "ann", 3);
    assert_false(broker_rest_kdf_name("/v1/accounts//kdf", &name, &len));
    assert_false(broker_rest_kdf_name("/v1/accounts/kdf", &name, &len));
    assert_false(broker_rest_kdf_name("/v1/accounts/a/b/kdf", &name, &len));
}

/* ---- requests ---- */

static void a_hello_with_a_wrong_length_or_text_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[65] = {0};
    char longest[BROKER_OS_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    Hearth__Link__Hello hello = HEARTH__LINK__HELLO__INIT;
    Hearth__Link__ToBroker request = HEARTH__LINK__TO_BROKER__INIT;
    request.body_case = HEARTH__LINK__TO_BROKER__BODY_HELLO;
    request.hello = &hello;
    hello.account_id = hello.device_id = (ProtobufCBinaryData){16, bytes};
    hello.proof = (ProtobufCBinaryData){64, bytes};
    assert_null(broker_request_check(&request));
    hello.proof.len = 65;
    assert_non_null(broker_request_check(&request));
    hello.proof.len = 64;
    hello.device_id.len = 15;
    assert_non_null(broker_request_check(&request));
    hello.device_id.len = 16;
    hello.os = longest;
    assert_non_null(broker_request_check(&request));
    hello.os = (char *)"a\x1b[2J";
    assert_non_null(broker_request_check(&request));
}

static void a_request_without_a_body_is_refused(void **state)
{
    (void)state;
    Hearth__Link__ToBroker request = HEARTH__LINK__TO_BROKER__INIT;
    assert_non_null(broker_request_check(&request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_given_and_then_one_at_a_time),
        cmocka_unit_test(one_is_not_limited_by_another),
        cmocka_unit_test(what_was_welcome_is_given_back),
        cmocka_unit_test(the_table_of_limits_is_bounded),
        cmocka_unit_test(a_64_of_ipv6_is_one_and_mapped_ipv4_is_ipv4),
        cmocka_unit_test(a_token_expires_and_is_taken_once),
        cmocka_unit_test(a_token_with_a_changed_bit_is_unknown),
        cmocka_unit_test(the_oldest_token_goes_when_the_table_is_full),
        cmocka_unit_test(interactive_goes_before_screen_before_bulk),
        cmocka_unit_test(bulk_keeps_a_twentieth_while_screen_never_ends),
        cmocka_unit_test(idle_time_of_bulk_is_not_owed_later),
        cmocka_unit_test(odd_messages_count_as_bulk),
        cmocka_unit_test(reading_stops_above_64_kib_and_goes_on_below_16),
        cmocka_unit_test(a_message_over_the_limit_has_no_room),
        cmocka_unit_test(names_are_lowered_and_bounded),
        cmocka_unit_test(a_peers_text_cannot_forge_a_log_line),
        cmocka_unit_test(hosts_that_are_ours_are_answered),
        cmocka_unit_test(an_origin_is_our_own_or_absent),
        cmocka_unit_test(only_an_address_is_taken_from_a_proxy_and_only_the_last),
        cmocka_unit_test(listen_addresses_are_read_strictly),
        cmocka_unit_test(public_urls_are_read_strictly),
        cmocka_unit_test(request_paths_map_to_files_below_the_folder),
        cmocka_unit_test(the_name_is_found_in_the_kdf_call),
        cmocka_unit_test(a_hello_with_a_wrong_length_or_text_is_refused),
        cmocka_unit_test(a_request_without_a_body_is_refused),
    };
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
