#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel/path/endpoint.h"

static const char pin_text[] = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";

static void an_address_becomes_host_port_and_host_header(void **state)
{
    (void)state;
    struct channel_endpoint endpoint;
    const char *why = NULL;
    assert_int_equal(channel_endpoint_parse(&endpoint, "https://hearth.example.org/", NULL, false, &why), 0);
    assert_true(endpoint.tls);
    assert_int_equal(endpoint.port, 443);
    assert_string_equal(endpoint.host, "hearth.example.org");
    assert_string_equal(endpoint.authority, "hearth.example.org");
    assert_int_equal(channel_endpoint_parse(&endpoint, "https://[2001:db8::1]:8443", "", false, &why), 0);
    assert_string_equal(endpoint.host, "2001:db8::1");
    assert_string_equal(endpoint.authority, "[2001:db8::1]:8443");
    assert_string_equal(endpoint.url, "https://[2001:db8::1]:8443");
}

static void http_is_for_loopback_unless_it_was_asked_for(void **state)
{
    (void)state;
    struct channel_endpoint endpoint;
    const char *why = NULL;
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://127.0.0.1:8080", NULL, false, &why), 0);
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://[::1]:8080", NULL, false, &why), 0);
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://localhost", NULL, false, &why), 0);
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://192.0.2.1", NULL, false, &why), -1);
    assert_int_equal(
        channel_endpoint_parse(&endpoint, "http://127.0.0.1.example.org", NULL, false, &why), -1);
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://192.0.2.1", NULL, true, &why), 0);
}

static void what_is_no_broker_address_is_refused_and_the_result_untouched(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "hearth.example.org", "ftp://a", "https://", "https://a/path",
        "https://u:p@a", "https://a?q", "https://a#f", "https://a:0", "https://a:70000", "https://a b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct channel_endpoint endpoint = {.port = 7};
        const char *why = NULL;
        assert_int_equal(channel_endpoint_parse(&endpoint, bad[i], NULL, false, &why), -1);
        assert_non_null(why);
        assert_int_equal(endpoint.port, 7);
    }
}

static void a_pin_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    uint8_t pin[32];
    char text[CHANNEL_PIN_TEXT];
    assert_int_equal(channel_pin_parse(pin, pin_text), 0);
    for (uint8_t i = 0; i < 32; i++) {
        assert_int_equal(pin[i], i);
    }
    channel_pin_format(text, pin);
    assert_string_equal(text, "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

static void what_is_no_pin_is_refused(void **state)
{
    (void)state;
    uint8_t pin[32];
    struct channel_endpoint endpoint;
    const char *why = NULL;
    assert_int_equal(channel_pin_parse(pin, "sha256:00"), -1);
    assert_int_equal(
        channel_pin_parse(pin, "sha1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), -1);
    assert_int_equal(channel_endpoint_parse(&endpoint, "https://a", "sha256:zz", false, &why), -1);
    /* a pin without TLS would promise what it cannot hold */
    assert_int_equal(channel_endpoint_parse(&endpoint, "http://127.0.0.1", pin_text, false, &why), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_becomes_host_port_and_host_header),
        cmocka_unit_test(http_is_for_loopback_unless_it_was_asked_for),
        cmocka_unit_test(what_is_no_broker_address_is_refused_and_the_result_untouched),
        cmocka_unit_test(a_pin_is_read_back_as_it_was_written),
        cmocka_unit_test(what_is_no_pin_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
