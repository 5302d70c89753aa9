#include "tests/unit/broker/harness.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
/* cmocka wants these before it */
#include <cmocka.h>

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the program ---- */

static void exec_program(const char *const *arguments)
{
    execv(HEARTH_BROKER_PROGRAM, (char *const *)arguments);
    _exit(127);
}

void program_start(struct program *program, const char *const *extra)
{
    int pipes[2];
    const char *arguments[24] = {"hearth-broker", "--listen", "127.0.0.1:0", "--data", program->dir};
    size_t count = 5;
    while (extra && *extra)
        arguments[count++] = *extra++;
    if (!program->dir[0]) {
        strcpy(program->dir, "/tmp/hearth-broker-test-XXXXXX");
        assert_non_null(mkdtemp(program->dir));
    }
    assert_int_equal(pipe(pipes), 0);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0) {
        (void)dup2(pipes[1], STDOUT_FILENO);
        (void)close(pipes[0]);
        (void)close(pipes[1]);
        if (!getenv("HEARTH_TEST_VERBOSE"))
            (void)!freopen("/dev/null", "w", stderr);
        exec_program(arguments);
    }
    (void)close(pipes[1]);
    program->out = pipes[0];
    char line[160] = "";
    size_t len = 0;
    while (len < sizeof line - 1 && read(program->out, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = '\0';
    assert_int_equal(sscanf(line, "ready %127s", program->url), 1);
    const char *host = strstr(program->url, "://");
    assert_non_null(host);
    (void)snprintf(program->host, sizeof program->host, "%.95s", host + 3);
}

static int reap(struct program *program)
{
    int status = 0;
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    (void)close(program->out);
    program->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int program_stop(struct program *program)
{
    (void)kill(program->pid, SIGTERM);
    return reap(program);
}

void program_kill(struct program *program)
{
    (void)kill(program->pid, SIGKILL);
    (void)reap(program);
}

int program_run(const char *const *arguments, char *text, size_t cap)
{
    int pipes[2], status = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(pipes[1], STDERR_FILENO);
        (void)dup2(pipes[1], STDOUT_FILENO);
        (void)close(pipes[0]);
        exec_program(arguments);
    }
    (void)close(pipes[1]);
    size_t len = 0;
    ssize_t got;
    while (len < cap - 1 && (got = read(pipes[0], text + len, cap - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- REST ---- */

struct buffer {
    char *bytes;
    size_t len, cap;
};

static size_t on_bytes(char *data, size_t size, size_t count, void *user)
{
    struct buffer *buffer = user;
    size_t len = size * count, room = buffer->cap - 1 - buffer->len;
    size_t take = len < room ? len : room;
    memcpy(buffer->bytes + buffer->len, data, take);
    buffer->len += take;
    buffer->bytes[buffer->len] = '\0';
    return len;
}

static long perform(const char *url, const char *post, const char *const *request_headers,
    struct buffer *headers, struct buffer *body)
{
    long status = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *list = NULL;
    while (request_headers && *request_headers)
        list = curl_slist_append(list, *request_headers++);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L); /* the tests make their own certificate */
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    if (post)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (headers) {
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_bytes);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, headers);
    }
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    curl_easy_cleanup(curl);
    return status;
}

long rest(const struct program *program, const char *path, json_t *body, json_t **out_json)
{
    char url[512];
    struct buffer answer = {malloc(1 << 20), 0, 1 << 20};
    (void)snprintf(url, sizeof url, "%s%s", program->url, path);
    char *post = body ? json_dumps(body, JSON_COMPACT) : NULL;
    long status = perform(url, post, NULL, NULL, &answer);
    if (out_json)
        *out_json = json_loadb(answer.bytes, answer.len, 0, NULL);
    json_decref(body);
    free(post);
    free(answer.bytes);
    return status;
}

long fetch(const struct program *program, const char *path, const char *const *request_headers, char *headers,
    size_t headers_cap, char *body, size_t body_cap, size_t *out_len)
{
    char url[512];
    struct buffer head = {headers, 0, headers_cap}, content = {body, 0, body_cap};
    headers[0] = body[0] = '\0';
    (void)snprintf(url, sizeof url, "%s%s", program->url, path);
    long status = perform(url, NULL, request_headers, &head, &content);
    if (out_len)
        *out_len = content.len;
    return status;
}

/* ---- WebSocket ---- */

static int dial(const struct program *program)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)atoi(strrchr(program->host, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static bool write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false; /* the broker closed; the next receive tells */
        at += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Exactly len bytes; false when they do not come. */
static bool read_all(int fd, void *out, size_t len, int timeout_ms)
{
    char *at = out;
    while (len) {
        struct pollfd wait = {fd, POLLIN, 0};
        if (poll(&wait, 1, timeout_ms) <= 0)
            return false;
        ssize_t got = recv(fd, at, len, 0);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

void raw_open(const struct program *program, struct ws *ws)
{
    ws->fd = dial(program);
    ws->close_code = 0;
}

size_t raw_exchange(struct ws *ws, const void *data, size_t len, char *out, size_t cap)
{
    size_t got = 0;
    write_all(ws->fd, data, len);
    while (got < cap - 1 && read_all(ws->fd, out + got, 1, 3000))
        got++;
    out[got] = '\0';
    return got;
}

int ws_open(const struct program *program, struct ws *ws, const char *path, const char *protocol,
    const char *host, const char *origin)
{
    char text[1024], answer[2048];
    size_t len = 0;
    int status = 0;
    ws->fd = dial(program);
    ws->close_code = 0;
    int used = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: %s\r\n%s%s%s\r\n",
        path, host ? host : program->host, protocol, origin ? "Origin: " : "", origin ? origin : "",
        origin ? "\r\n" : "");
    write_all(ws->fd, text, (size_t)used);
    while (len < sizeof answer - 1 && read_all(ws->fd, answer + len, 1, 5000)) {
        answer[++len] = '\0';
        if (len >= 4 && memcmp(answer + len - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    answer[len] = '\0';
    (void)sscanf(answer, "HTTP/1.1 %d", &status);
    if (status != 101)
        ws_close(ws);
    return status;
}

static bool send_frame(struct ws *ws, uint8_t first, const uint8_t *data, size_t len)
{
    uint8_t *frame = malloc(len + 14);
    size_t at = 0;
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    frame[at++] = first;
    if (len < 126) {
        frame[at++] = (uint8_t)(0x80 | len);
    } else if (len < 65536) {
        frame[at++] = 0x80 | 126;
        frame[at++] = (uint8_t)(len >> 8);
        frame[at++] = (uint8_t)len;
    } else {
        frame[at++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8)
            frame[at++] = (uint8_t)((uint64_t)len >> shift);
    }
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        frame[at + i] = data[i] ^ mask[i & 3];
    bool sent = write_all(ws->fd, frame, at + len);
    free(frame);
    return sent;
}

bool ws_send(struct ws *ws, const void *data, size_t len)
{
    return send_frame(ws, 0x82, data, len);
}

void ws_send_fragments(struct ws *ws, const void *data, size_t len, unsigned fragments)
{
    const uint8_t *at = data;
    size_t step = len / fragments;
    for (unsigned i = 0; i < fragments; i++) {
        size_t part = i + 1 == fragments ? len - step * i : step;
        send_frame(ws, (uint8_t)((i + 1 == fragments ? 0x80 : 0) | (i == 0 ? 2 : 0)), at, part);
        at += part;
    }
}

ssize_t ws_receive(struct ws *ws, void *out, size_t cap, int timeout_ms)
{
    for (;;) {
        uint8_t head[2], more[8];
        struct pollfd wait = {ws->fd, POLLIN, 0};
        if (ws->fd < 0)
            return -1;
        if (poll(&wait, 1, timeout_ms) <= 0)
            return 0;
        if (!read_all(ws->fd, head, 2, 5000))
            return -1;
        uint64_t len = head[1] & 0x7f;
        size_t extra = len == 126 ? 2 : len == 127 ? 8 : 0;
        if (extra) {
            if (!read_all(ws->fd, more, extra, 5000))
                return -1;
            len = 0;
            for (size_t i = 0; i < extra; i++)
                len = len << 8 | more[i];
        }
        assert_true(len <= cap);
        if (!read_all(ws->fd, out, len, 5000))
            return -1;
        if ((head[0] & 0x0f) == 8) {
            if (len >= 2)
                ws->close_code = ((uint8_t *)out)[0] << 8 | ((uint8_t *)out)[1];
            return -1;
        }
        if ((head[0] & 0x0f) == 2) {
            assert_true(head[0] & 0x80);
            return (ssize_t)len;
        }
    }
}

void ws_close(struct ws *ws)
{
    if (ws->fd >= 0)
        (void)close(ws->fd);
    ws->fd = -1;
}

/* ---- people ---- */

json_t *base64(const void *bytes, size_t len)
{
    char text[2048];
    assert_true(len < sizeof text / 2);
    sodium_bin2base64(text, sizeof text, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return json_string(text);
}

size_t unbase64(const json_t *value, uint8_t *out, size_t cap)
{
    size_t len = 0;
    assert_true(json_is_string(value));
    assert_int_equal(sodium_base642bin(out, cap, json_string_value(value), json_string_length(value), NULL,
                         &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
        0);
    return len;
}

void device_make(struct device *device, const char *name, uint32_t rights)
{
    crypto_sign_keypair(device->sign_public, device->sign_secret);
    randombytes_buf(device->dh_public, sizeof device->dh_public);
    channel_device_id(device->id, device->sign_public, device->dh_public);
    device->rights = rights;
    device->name = name;
}

static size_t sign(uint8_t *entry, int len, const uint8_t *secret)
{
    uint8_t input[CHANNEL_LOG_ENTRY_MAX + 32];
    assert_true(len > 0);
    int input_len = channel_log_signing_input(input, sizeof input, entry, (size_t)len);
    assert_true(input_len > 0);
    crypto_sign_detached(entry + len, NULL, input, (unsigned long long)input_len, secret);
    return (size_t)len + 64;
}

void person_make(struct person *person, const char *account)
{
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    person->account = account;
    crypto_sign_keypair(person->root_sign, person->root_secret);
    randombytes_buf(person->root_dh, 32);
    randombytes_buf(person->auth_key, 32);
    randombytes_buf(person->recovery_auth, 32);
    person->log = channel_log_create();
    size_t len = sign(entry,
        channel_log_make_genesis(entry, sizeof entry, person->root_sign, person->root_dh, now_ms()),
        person->root_secret);
    assert_int_equal(channel_log_append(person->log, entry, len), 0);
    uint8_t sign_key[32], dh_key[32];
    assert_true(channel_log_account(person->log, person->account_id, sign_key, dh_key));
}

void person_finish(struct person *person)
{
    channel_log_destroy(person->log);
}

size_t entry_add(const struct person *person, const struct device *signer, const struct device *added,
    uint8_t out[static CHANNEL_LOG_ENTRY_MAX])
{
    struct channel_device certificate = {.role = CHANNEL_ROLE_CLI, .rights = added->rights};
    memcpy(certificate.id, added->id, 16);
    memcpy(certificate.sign_public, added->sign_public, 32);
    memcpy(certificate.dh_public, added->dh_public, 32);
    (void)snprintf(certificate.name, sizeof certificate.name, "%s", added->name);
    int len = channel_log_make_add(
        person->log, out, CHANNEL_LOG_ENTRY_MAX, signer ? signer->id : NULL, now_ms(), &certificate);
    return sign(out, len, signer ? signer->sign_secret : person->root_secret);
}

size_t entry_revoke(const struct person *person, const struct device *signer, const struct device *revoked,
    uint8_t out[static CHANNEL_LOG_ENTRY_MAX])
{
    int len = channel_log_make_revoke(
        person->log, out, CHANNEL_LOG_ENTRY_MAX, signer ? signer->id : NULL, now_ms(), revoked->id);
    return sign(out, len, signer ? signer->sign_secret : person->root_secret);
}

size_t entry_rename(const struct person *person, const struct device *signer, const struct device *renamed,
    const char *name, uint8_t out[static CHANNEL_LOG_ENTRY_MAX])
{
    int len = channel_log_make_rename(
        person->log, out, CHANNEL_LOG_ENTRY_MAX, signer ? signer->id : NULL, now_ms(), renamed->id, name);
    return sign(out, len, signer ? signer->sign_secret : person->root_secret);
}

json_t *signup_body(struct person *person, const struct device *first)
{
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX], wrapped[105] = {1}, salt[16] = {7};
    size_t len = entry_add(person, NULL, first, entry);
    assert_int_equal(channel_log_append(person->log, entry, len), 0);
    json_t *log = json_array();
    for (uint64_t seq = 0; seq < channel_log_count(person->log); seq++) {
        const uint8_t *bytes = channel_log_entry(person->log, seq, &len);
        json_array_append_new(log, base64(bytes, len));
    }
    return json_pack("{s:s, s:s, s:{s:o, s:i, s:i}, s:o, s:o, s:o, s:o, s:o}", "account", person->account,
        "auth_scheme", "argon2id-1", "kdf", "salt", base64(salt, sizeof salt), "mem_kib", 65536, "passes", 3,
        "auth_key", base64(person->auth_key, 32), "wrapped_root", base64(wrapped, sizeof wrapped),
        "recovery_auth", base64(person->recovery_auth, 32), "wrapped_recovery",
        base64(wrapped, sizeof wrapped), "log", log);
}

void signup(const struct program *program, struct person *person, const struct device *first)
{
    json_t *answer = NULL;
    uint8_t id[16];
    assert_int_equal(rest(program, "/v1/accounts", signup_body(person, first), &answer), 201);
    assert_int_equal(unbase64(json_object_get(answer, "account_id"), id, sizeof id), 16);
    assert_memory_equal(id, person->account_id, 16);
    json_decref(answer);
}

/* ---- links ---- */

void link_open(const struct program *program, struct link *link)
{
    assert_int_equal(ws_open(program, &link->ws, "/v1/link", "hearth-link-1", NULL, NULL), 101);
    Hearth__Link__FromBroker *message =
        link_wait(link, HEARTH__LINK__FROM_BROKER__BODY_CHALLENGE, 5000, false);
    assert_non_null(message);
    assert_int_equal(message->challenge->nonce.len, 32);
    memcpy(link->nonce, message->challenge->nonce.data, 32);
    hearth__link__from_broker__free_unpacked(message, NULL);
}

void link_say(struct link *link, const Hearth__Link__ToBroker *message)
{
    uint8_t packed[70000];
    assert_true(hearth__link__to_broker__get_packed_size(message) <= sizeof packed);
    ws_send(&link->ws, packed, hearth__link__to_broker__pack(message, packed));
}

static void send_pong(struct link *link, uint64_t t)
{
    Hearth__Link__Pong pong = HEARTH__LINK__PONG__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    pong.t = t;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_PONG;
    message.pong = &pong;
    link_say(link, &message);
}

Hearth__Link__FromBroker *link_wait(
    struct link *link, Hearth__Link__FromBroker__BodyCase kind, int timeout_ms, bool pong)
{
    static uint8_t bytes[300000];
    uint64_t until = now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        uint64_t now = now_ms();
        ssize_t len = now >= until ? 0 : ws_receive(&link->ws, bytes, sizeof bytes, (int)(until - now));
        if (len <= 0)
            return NULL;
        Hearth__Link__FromBroker *message = hearth__link__from_broker__unpack(NULL, (size_t)len, bytes);
        assert_non_null(message);
        if (message->body_case == kind)
            return message;
        if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_PING && pong)
            send_pong(link, message->ping->t);
        hearth__link__from_broker__free_unpacked(message, NULL);
    }
}

void link_hello(const struct program *program, struct link *link, const struct person *person,
    const struct device *device, const char *host, uint64_t log_have)
{
    static const char label[] = "hearth-link-1";
    uint8_t input[512], proof[64];
    size_t len = sizeof label;
    host = host ? host : program->host;
    memcpy(input, label, sizeof label);
    memcpy(input + len, link->nonce, 32);
    memcpy(input + len + 32, device->id, 16);
    memcpy(input + len + 48, host, strlen(host));
    crypto_sign_detached(proof, NULL, input, len + 48 + strlen(host), device->sign_secret);
    Hearth__Link__Hello hello = HEARTH__LINK__HELLO__INIT;
    hello.account_id = (ProtobufCBinaryData){16, (uint8_t *)person->account_id};
    hello.device_id = (ProtobufCBinaryData){16, (uint8_t *)device->id};
    hello.proof = (ProtobufCBinaryData){64, proof};
    hello.os = (char *)"TestOS 1";
    hello.version = (char *)"0.1";
    hello.kind = HEARTH__LINK__KIND__KIND_CLI;
    hello.log_have = log_have;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = 1;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_HELLO;
    message.hello = &hello;
    link_say(link, &message);
}

void link_enter(const struct program *program, struct link *link, const struct person *person,
    const struct device *device)
{
    link_open(program, link);
    link_hello(program, link, person, device, NULL, 0);
    static const Hearth__Link__FromBroker__BodyCase order[] = {HEARTH__LINK__FROM_BROKER__BODY_WELCOME,
        HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES, HEARTH__LINK__FROM_BROKER__BODY_PRESENCE};
    for (size_t i = 0; i < 3; i++) {
        Hearth__Link__FromBroker *message = link_wait(link, order[i], 5000, true);
        assert_non_null(message);
        if (i == 0)
            assert_string_equal(message->welcome->account, person->account);
        if (i == 2)
            assert_true(message->presence->full);
        hearth__link__from_broker__free_unpacked(message, NULL);
    }
}

void link_append(struct link *link, uint32_t id, const uint8_t *entry, size_t len)
{
    ProtobufCBinaryData entries[1] = {{len, (uint8_t *)entry}};
    Hearth__Link__LogAppend append = HEARTH__LINK__LOG_APPEND__INIT;
    append.n_entries = 1;
    append.entries = entries;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = id;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND;
    message.log_append = &append;
    link_say(link, &message);
}
