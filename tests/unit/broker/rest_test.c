/* REST against the real program: accounts, sign-in, recovery, the log by ticket, the page's files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/broker/harness.h"

static struct program broker;
static struct person ann;
static struct device laptop;
static char web[64] = "/tmp/hearth-web-test-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", web, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static int start(void **state)
{
    (void)state;
    char path[128];
    assert_non_null(mkdtemp(web));
    (void)snprintf(path, sizeof path, "%s/assets", web);
    assert_int_equal(mkdir(path, 0700), 0);
    put("index.html", "<title>page</title>");
    put("assets/app-1234.js", "plain");
    put("assets/app-1234.js.br", "coded");
    const char *const plain[] = {"--web", web, NULL};
    program_start(&broker, plain);
    device_make(&laptop, "laptop", CHANNEL_RIGHTS_ALL);
    person_make(&ann, "ann");
    signup(&broker, &ann, &laptop);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    person_finish(&ann);
    return program_stop(&broker) == 0 ? 0 : -1;
}

static long login(const char *account, const uint8_t key[32], json_t **out)
{
    return rest(
        &broker, "/v1/login", json_pack("{s:s, s:o}", "account", account, "auth_key", base64(key, 32)), out);
}

static void a_taken_name_is_refused_whatever_its_case(void **state)
{
    (void)state;
    struct person other;
    struct device phone;
    json_t *answer;
    device_make(&phone, "phone", CHANNEL_RIGHTS_ALL);
    person_make(&other, "ANN");
    assert_int_equal(rest(&broker, "/v1/accounts", signup_body(&other, &phone), &answer), 409);
    assert_string_equal(json_string_value(json_object_get(answer, "error")), "conflict");
    json_decref(answer);
    person_finish(&other);
}

static void a_log_with_a_wrong_signature_is_refused(void **state)
{
    (void)state;
    struct person other;
    struct device phone;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    device_make(&phone, "phone", CHANNEL_RIGHTS_ALL);
    person_make(&other, "mallory");
    json_t *body = signup_body(&other, &phone);
    size_t len = unbase64(json_array_get(json_object_get(body, "log"), 1), entry, sizeof entry);
    entry[len - 1] ^= 1;
    json_array_set_new(json_object_get(body, "log"), 1, base64(entry, len));
    assert_int_equal(rest(&broker, "/v1/accounts", body, NULL), 400);
    person_finish(&other);
}

static void weak_password_parameters_are_refused(void **state)
{
    (void)state;
    struct person other;
    struct device phone;
    device_make(&phone, "phone", CHANNEL_RIGHTS_ALL);
    person_make(&other, "weak");
    json_t *body = signup_body(&other, &phone);
    json_object_set_new(json_object_get(body, "kdf"), "mem_kib", json_integer(1024));
    assert_int_equal(rest(&broker, "/v1/accounts", body, NULL), 400);
    person_finish(&other);
}

static void sign_in_gives_the_wrapped_root_the_log_and_a_ticket(void **state)
{
    (void)state;
    json_t *answer;
    uint8_t bytes[CHANNEL_LOG_ENTRY_MAX];
    assert_int_equal(login("Ann", ann.auth_key, &answer), 200);
    assert_int_equal(unbase64(json_object_get(answer, "wrapped_root"), bytes, sizeof bytes), 105);
    assert_int_equal(unbase64(json_object_get(answer, "ticket"), bytes, sizeof bytes), 32);
    assert_int_equal(json_array_size(json_object_get(answer, "log")), 2);
    assert_int_equal(json_integer_value(json_object_get(answer, "total")), 2);
    json_decref(answer);
}

static void a_wrong_key_and_an_unknown_name_get_the_same_answer(void **state)
{
    (void)state;
    json_t *wrong, *unknown;
    uint8_t key[32] = {1};
    assert_int_equal(login("ann", key, &wrong), 401);
    assert_int_equal(login("nobody", key, &unknown), 401);
    assert_true(json_equal(wrong, unknown));
    json_decref(wrong);
    json_decref(unknown);
}

static void an_unknown_name_has_a_stable_salt(void **state)
{
    (void)state;
    json_t *first, *second, *other;
    assert_int_equal(rest(&broker, "/v1/accounts/nobody/kdf", NULL, &first), 200);
    assert_int_equal(rest(&broker, "/v1/accounts/NOBODY/kdf", NULL, &second), 200);
    assert_int_equal(rest(&broker, "/v1/accounts/no+body/kdf", NULL, &other), 200);
    assert_true(json_equal(first, second));
    assert_false(json_equal(first, other));
    json_decref(first);
    json_decref(second);
    json_decref(other);
}

static void the_eleventh_wrong_key_is_told_to_wait(void **state)
{
    (void)state;
    uint8_t key[32] = {2};
    long status = 0;
    for (int i = 0; i < 11; i++)
        status = login("guessed", key, NULL);
    assert_int_equal(status, 429);
    assert_int_equal(login("ann", ann.auth_key, NULL), 200);
}

static void recovery_gives_its_own_copy_and_sets_a_new_password(void **state)
{
    (void)state;
    json_t *answer;
    uint8_t wrapped[105] = {1, 9}, salt[16] = {3}, key[32] = {4};
    json_t *thief;
    assert_int_equal(login("ann", ann.auth_key, &thief), 200);
    assert_int_equal(
        rest(&broker, "/v1/recover",
            json_pack("{s:s, s:o}", "account", "ann", "recovery_auth", base64(ann.recovery_auth, 32)),
            &answer),
        200);
    assert_non_null(json_object_get(answer, "wrapped_recovery"));
    assert_null(json_object_get(answer, "wrapped_root"));
    json_t *body =
        json_pack("{s:O, s:s, s:{s:o, s:i, s:i}, s:o, s:o}", "ticket", json_object_get(answer, "ticket"),
            "auth_scheme", "argon2id-1", "kdf", "salt", base64(salt, 16), "mem_kib", 65536, "passes", 4,
            "auth_key", base64(key, 32), "wrapped_root", base64(wrapped, sizeof wrapped));
    assert_int_equal(rest(&broker, "/v1/password", body, NULL), 200);
    /* The ticket that changed the password lives on, one of the old password does not. */
    assert_int_equal(
        rest(&broker, "/v1/log",
            json_pack("{s:O, s:[], s:i}", "ticket", json_object_get(answer, "ticket"), "entries", "from", 0),
            NULL),
        200);
    assert_int_equal(
        rest(&broker, "/v1/log",
            json_pack("{s:O, s:[], s:i}", "ticket", json_object_get(thief, "ticket"), "entries", "from", 0),
            NULL),
        401);
    json_decref(thief);
    json_decref(answer);
    assert_int_equal(login("ann", ann.auth_key, NULL), 401);
    assert_int_equal(login("ann", key, NULL), 200);
    memcpy(ann.auth_key, key, 32);
}

static void a_ticket_lets_a_device_be_added_once(void **state)
{
    (void)state;
    json_t *answer, *added;
    struct device phone;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    device_make(&phone, "phone", CHANNEL_RIGHTS_ALL);
    assert_int_equal(login("ann", ann.auth_key, &answer), 200);
    json_t *ticket = json_object_get(answer, "ticket");
    size_t len = entry_add(&ann, NULL, &phone, entry);
    json_t *body = json_pack("{s:O, s:[o]}", "ticket", ticket, "entries", base64(entry, len));
    assert_int_equal(rest(&broker, "/v1/log", json_incref(body), &added), 200);
    assert_int_equal(json_integer_value(json_object_get(added, "total")), 3);
    json_decref(added);
    assert_int_equal(rest(&broker, "/v1/log", body, NULL), 409);
    assert_int_equal(channel_log_append(ann.log, entry, len), 0);

    json_t *page;
    assert_int_equal(rest(&broker, "/v1/log",
                         json_pack("{s:O, s:[], s:i}", "ticket", ticket, "entries", "from", 2), &page),
        200);
    assert_int_equal(json_array_size(json_object_get(page, "log")), 1);
    json_decref(page);
    json_decref(answer);
}

static void a_made_up_ticket_is_refused(void **state)
{
    (void)state;
    uint8_t ticket[32] = {5};
    assert_int_equal(
        rest(&broker, "/v1/log", json_pack("{s:o, s:[]}", "ticket", base64(ticket, 32), "entries"), NULL),
        401);
}

static void a_body_over_the_limit_is_refused(void **state)
{
    (void)state;
    char *big = malloc(300001);
    memset(big, 'x', 300000);
    big[300000] = '\0';
    assert_int_equal(rest(&broker, "/v1/login", json_pack("{s:s}", "account", big), NULL), 413);
    free(big);
}

static void an_unknown_call_is_not_the_page(void **state)
{
    (void)state;
    assert_int_equal(rest(&broker, "/v1/nothing", NULL, NULL), 404);
}

static void the_page_has_a_strict_policy_and_is_asked_for_each_time(void **state)
{
    (void)state;
    char headers[4096], body[256], etag[128];
    assert_int_equal(
        fetch(&broker, "/devices/one", NULL, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_string_equal(body, "<title>page</title>");
    assert_non_null(strstr(headers, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"));
    assert_non_null(strstr(headers, "require-trusted-types-for 'script'"));
    assert_non_null(strstr(headers, "cache-control: no-cache"));
    assert_non_null(strstr(headers, "x-content-type-options: nosniff"));
    char *at = strstr(headers, "etag: ");
    assert_non_null(at);
    (void)snprintf(etag, sizeof etag, "If-None-Match: %.*s", (int)strcspn(at + 6, "\r\n"), at + 6);
    const char *const again[] = {etag, NULL};
    assert_int_equal(fetch(&broker, "/", again, headers, sizeof headers, body, sizeof body, NULL), 304);
}

static void assets_come_compressed_and_are_kept(void **state)
{
    (void)state;
    char headers[4096], body[256];
    const char *const brotli[] = {"Accept-Encoding: gzip, br", NULL};
    assert_int_equal(
        fetch(&broker, "/assets/app-1234.js", brotli, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_string_equal(body, "coded");
    assert_non_null(strstr(headers, "content-encoding: br"));
    assert_non_null(strstr(headers, "immutable"));
    assert_non_null(strstr(headers, "content-type: text/javascript"));
    assert_int_equal(
        fetch(&broker, "/assets/app-1234.js", NULL, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_string_equal(body, "plain");
}

static void nothing_outside_the_folder_is_served(void **state)
{
    (void)state;
    static const char *const paths[] = {"/../etc/passwd", "/assets/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd.txt", "/.hidden.txt", "/assets//app-1234.js", "/assets/link.js"};
    char headers[4096], body[4096], path[128];
    (void)snprintf(path, sizeof path, "%s/assets/link.js", web);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        (void)fetch(&broker, paths[i], NULL, headers, sizeof headers, body, sizeof body, NULL);
        assert_null(strstr(body, "root:"));
    }
}

static void a_name_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    char headers[4096], body[1024];
    const char *const host[] = {"Host: evil.example", NULL};
    assert_int_equal(fetch(&broker, "/v1/info", host, headers, sizeof headers, body, sizeof body, NULL), 421);
    assert_int_equal(fetch(&broker, "/healthz", host, headers, sizeof headers, body, sizeof body, NULL), 200);
}

static void accounts_survive_kill_9(void **state)
{
    (void)state;
    program_kill(&broker);
    const char *const plain[] = {"--web", web, NULL};
    program_start(&broker, plain);
    json_t *answer;
    assert_int_equal(login("ann", ann.auth_key, &answer), 200);
    assert_int_equal(json_array_size(json_object_get(answer, "log")), 3);
    json_decref(answer);
}

static void a_write_that_fails_is_told_and_the_broker_goes_on(void **state)
{
    (void)state;
    struct person other;
    struct device phone;
    struct rlimit was, none;
    json_t *answer;
    device_make(&phone, "phone", CHANNEL_RIGHTS_ALL);
    person_make(&other, "late");
    json_t *body = signup_body(&other, &phone);
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, NULL, &was), 0);
    none = was;
    none.rlim_cur = 1;
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, &none, NULL), 0);
    assert_int_equal(rest(&broker, "/v1/accounts", json_incref(body), &answer), 500);
    assert_string_equal(json_string_value(json_object_get(answer, "error")), "internal");
    json_decref(answer);
    assert_int_equal(login("ann", ann.auth_key, NULL), 200);
    assert_int_equal(prlimit(broker.pid, RLIMIT_FSIZE, &was, NULL), 0);
    assert_int_equal(rest(&broker, "/v1/accounts", body, NULL), 201);
    person_finish(&other);
}

static void a_second_broker_on_one_folder_is_refused(void **state)
{
    (void)state;
    char text[1024];
    const char *const arguments[] = {"hearth-broker", "--listen", "127.0.0.1:0", "--data", broker.dir, NULL};
    assert_int_equal(program_run(arguments, text, sizeof text), 4);
    assert_non_null(strstr(text, "another broker"));
}

static void the_metrics_are_only_where_they_were_asked_for(void **state)
{
    (void)state;
    struct program other = {0};
    struct program metrics;
    char headers[4096], body[8192], port[16], address[32];
    (void)snprintf(port, sizeof port, "%d", 20000 + (int)(getpid() % 20000));
    (void)snprintf(address, sizeof address, "127.0.0.1:%s", port);
    const char *const extra[] = {"--metrics", address, "--name", "Attic", NULL};
    program_start(&other, extra);
    metrics = other;
    (void)snprintf(metrics.url, sizeof metrics.url, "http://%s", address);
    assert_int_equal(
        fetch(&metrics, "/metrics", NULL, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_non_null(strstr(body, "hearth_broker_links_now 0\n"));
    assert_int_equal(
        fetch(&metrics, "/v1/info", NULL, headers, sizeof headers, body, sizeof body, NULL), 404);
    assert_int_equal(fetch(&other, "/v1/info", NULL, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_non_null(strstr(body, "Attic"));
    (void)fetch(&other, "/metrics", NULL, headers, sizeof headers, body, sizeof body, NULL);
    assert_null(strstr(body, "hearth_broker_links_now"));
    assert_int_equal(program_stop(&other), 0);
}

static void a_trusted_proxy_names_the_address_that_is_limited(void **state)
{
    (void)state;
    struct program other = {0};
    const char *const extra[] = {"--proxy", "127.0.0.1", NULL};
    char headers[4096], body[4096];
    long status = 0;
    program_start(&other, extra);
    const char *const one[] = {"X-Forwarded-For: 203.0.113.9, 198.51.100.1", NULL};
    const char *const two[] = {"X-Forwarded-For: 203.0.113.9, 198.51.100.2", NULL};
    for (int i = 0; i < 260 && status != 429; i++)
        status = fetch(&other, "/v1/info", one, headers, sizeof headers, body, sizeof body, NULL);
    assert_int_equal(status, 429);
    assert_non_null(strstr(headers, "retry-after: "));
    assert_int_equal(fetch(&other, "/v1/info", two, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_int_equal(program_stop(&other), 0);
}

static void requests_on_one_connection_are_kept_apart(void **state)
{
    (void)state;
    /* A refused body, then a request in the same bytes: the second is answered as itself. */
    struct ws raw = {-1, 0};
    static char text[310000], answer[4096];
    int len = snprintf(text, sizeof text,
        "POST /v1/login HTTP/1.1\r\nHost: %s\r\nContent-Length: 300000\r\n\r\n", broker.host);
    memset(text + len, 'x', 300000);
    len += 300000;
    len += snprintf(
        text + len, 200, "GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", broker.host);
    raw_open(&broker, &raw);
    size_t got = raw_exchange(&raw, text, (size_t)len, answer, sizeof answer);
    assert_true(got > 0);
    assert_non_null(strstr(answer, "HTTP/1.1 413"));
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
    ws_close(&raw);
}

static void tls_serves_the_same(void **state)
{
    (void)state;
    struct program other = {0};
    char dir[] = "/tmp/hearth-tls-test-XXXXXX", command[512], cert[64], key[64], headers[4096], body[1024];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    (void)snprintf(key, sizeof key, "%s/key.pem", dir);
    (void)snprintf(command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %s -out %s -days 2"
        " -subj /CN=localhost 2>/dev/null",
        key, cert);
    assert_int_equal(system(command), 0);
    const char *const extra[] = {"--tls-cert", cert, "--tls-key", key, NULL};
    program_start(&other, extra);
    assert_int_equal(strncmp(other.url, "https://", 8), 0);
    assert_int_equal(fetch(&other, "/healthz", NULL, headers, sizeof headers, body, sizeof body, NULL), 200);
    assert_string_equal(body, "ok\n");
    assert_int_equal(program_stop(&other), 0);
}

static void a_port_in_use_is_told_plainly(void **state)
{
    (void)state;
    char text[1024];
    const char *const arguments[] = {
        "hearth-broker", "--listen", broker.host, "--data", "/tmp/hearth-unused", NULL};
    assert_int_equal(program_run(arguments, text, sizeof text), 3);
    assert_non_null(strstr(text, "is in use"));
}

static void a_folder_that_cannot_be_used_is_told_plainly(void **state)
{
    (void)state;
    char text[1024];
    const char *const arguments[] = {
        "hearth-broker", "--listen", "127.0.0.1:0", "--data", "/proc/nothing/here", NULL};
    assert_int_equal(program_run(arguments, text, sizeof text), 4);
    assert_non_null(strstr(text, "data folder"));
}

static void mistakes_on_the_command_line_exit_with_2(void **state)
{
    (void)state;
    char text[4096];
    const char *const missing[] = {"hearth-broker", "--data", "/tmp", NULL};
    const char *const address[] = {"hearth-broker", "--listen", "somewhere", "--data", "/tmp", NULL};
    const char *const usage[] = {"hearth-broker", "--help", NULL};
    assert_int_equal(program_run(missing, text, sizeof text), 2);
    assert_int_equal(program_run(address, text, sizeof text), 2);
    assert_int_equal(program_run(usage, text, sizeof text), 0);
    assert_non_null(strstr(text, "--listen ADDR:PORT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_name_is_refused_whatever_its_case),
        cmocka_unit_test(a_log_with_a_wrong_signature_is_refused),
        cmocka_unit_test(weak_password_parameters_are_refused),
        cmocka_unit_test(sign_in_gives_the_wrapped_root_the_log_and_a_ticket),
        cmocka_unit_test(a_wrong_key_and_an_unknown_name_get_the_same_answer),
        cmocka_unit_test(an_unknown_name_has_a_stable_salt),
        cmocka_unit_test(the_eleventh_wrong_key_is_told_to_wait),
        cmocka_unit_test(recovery_gives_its_own_copy_and_sets_a_new_password),
        cmocka_unit_test(a_ticket_lets_a_device_be_added_once),
        cmocka_unit_test(a_made_up_ticket_is_refused),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(an_unknown_call_is_not_the_page),
        cmocka_unit_test(the_page_has_a_strict_policy_and_is_asked_for_each_time),
        cmocka_unit_test(assets_come_compressed_and_are_kept),
        cmocka_unit_test(nothing_outside_the_folder_is_served),
        cmocka_unit_test(a_name_that_is_not_ours_is_refused),
        cmocka_unit_test(accounts_survive_kill_9),
        cmocka_unit_test(a_write_that_fails_is_told_and_the_broker_goes_on),
        cmocka_unit_test(a_second_broker_on_one_folder_is_refused),
        cmocka_unit_test(the_metrics_are_only_where_they_were_asked_for),
        cmocka_unit_test(a_trusted_proxy_names_the_address_that_is_limited),
        cmocka_unit_test(requests_on_one_connection_are_kept_apart),
        cmocka_unit_test(tls_serves_the_same),
        cmocka_unit_test(a_port_in_use_is_told_plainly),
        cmocka_unit_test(a_folder_that_cannot_be_used_is_told_plainly),
        cmocka_unit_test(mistakes_on_the_command_line_exit_with_2),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, start, stop);
}
