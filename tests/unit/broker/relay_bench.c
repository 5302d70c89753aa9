/* What the relay carries from one socket to another in a second, and what an idle link costs. Prints one
 * line of JSON. Arguments: seconds (default 3), idle links (default 2000). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/broker/harness.h"

enum { RECORD = 16384 + 26, FRAMES = 32 };

static double cpu_seconds(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    const char *after = strrchr(text, ')');
    if (after)
        (void)sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static size_t resident_kib(pid_t pid)
{
    char path[64], line[256];
    size_t kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %zu", &kib) == 1)
            break;
    }
    if (file)
        (void)fclose(file);
    return kib;
}

/* Masked frames made once: the sender must not be what is measured. */
static uint8_t *make_frames(size_t *out_len)
{
    uint8_t *frames = calloc(FRAMES, RECORD + 8);
    uint8_t *at = frames;
    for (int i = 0; i < FRAMES; i++) {
        const uint8_t head[8] = {0x82, 0x80 | 126, RECORD >> 8, RECORD & 0xff, 1, 2, 3, 4};
        memcpy(at, head, sizeof head);
        at += sizeof head + RECORD;
    }
    *out_len = (size_t)(at - frames);
    return frames;
}

static void flood(int fd)
{
    size_t len;
    uint8_t *frames = make_frames(&len);
    for (;;) {
        size_t at = 0;
        while (at < len) {
            ssize_t sent = send(fd, frames + at, len - at, MSG_NOSIGNAL);
            if (sent <= 0)
                _exit(0);
            at += (size_t)sent;
        }
    }
}

static void join(
    const struct program *broker, struct person *person, struct device devices[2], struct ws side[2])
{
    struct link links[2];
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX], session[16] = {1}, bytes[64];
    device_make(&devices[0], "viewer", CHANNEL_RIGHTS_ALL);
    device_make(&devices[1], "host", CHANNEL_RIGHT_VIEW);
    person_make(person, "bench");
    signup(broker, person, &devices[0]);
    link_enter(broker, &links[0], person, &devices[0]);
    size_t len = entry_add(person, &devices[0], &devices[1], entry);
    link_append(&links[0], 1, entry, len);
    assert_non_null(link_wait(&links[0], HEARTH__LINK__FROM_BROKER__BODY_DONE, 5000, true));
    link_enter(broker, &links[1], person, &devices[1]);
    Hearth__Link__Connect connect = HEARTH__LINK__CONNECT__INIT;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    connect.device_id = (ProtobufCBinaryData){16, devices[1].id};
    connect.session_id = (ProtobufCBinaryData){16, session};
    message.id = 2;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_CONNECT;
    message.connect = &connect;
    link_say(&links[0], &message);
    Hearth__Link__FromBroker *relay = link_wait(&links[0], HEARTH__LINK__FROM_BROKER__BODY_RELAY, 5000, true);
    Hearth__Link__FromBroker *incoming =
        link_wait(&links[1], HEARTH__LINK__FROM_BROKER__BODY_INCOMING, 5000, true);
    assert_non_null(relay);
    assert_non_null(incoming);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ws_open(broker, &side[i], "/v1/relay", "hearth-relay-1", NULL, NULL), 101);
        ws_send(&side[i], i ? incoming->incoming->token.data : relay->relay->token.data, 32);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(ws_receive(&side[i], bytes, sizeof bytes, 5000), 17);
}

int main(int argc, char **argv)
{
    static struct program broker;
    static struct person person;
    static struct device devices[2];
    static uint8_t bytes[1 << 20];
    struct ws side[2];
    int seconds = argc > 1 ? atoi(argv[1]) : 3, idle = argc > 2 ? atoi(argv[2]) : 2000;
    if (channel_crypto_init() < 0)
        return 1;
    const char *const extra[] = {"--no-limits", NULL};
    program_start(&broker, extra);
    join(&broker, &person, devices, side);

    pid_t sender = fork();
    if (sender == 0)
        flood(side[0].fd);
    double cpu = cpu_seconds(broker.pid);
    uint64_t from = now_ms(), until = from + (uint64_t)seconds * 1000, total = 0;
    while (now_ms() < until) {
        ssize_t got = recv(side[1].fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            break;
        total += (uint64_t)got;
    }
    double took = (double)(now_ms() - from) / 1000;
    cpu = cpu_seconds(broker.pid) - cpu;
    (void)kill(sender, SIGKILL);
    (void)waitpid(sender, NULL, 0);
    ws_close(&side[0]);
    ws_close(&side[1]);

    size_t before = resident_kib(broker.pid);
    struct ws *links = calloc((size_t)idle, sizeof *links);
    from = now_ms();
    int open = 0;
    while (open < idle && ws_open(&broker, &links[open], "/v1/link", "hearth-link-1", NULL, NULL) == 101)
        open++;
    double connect_s = (double)(now_ms() - from) / 1000;
    size_t after = resident_kib(broker.pid);
    printf("{\"relay_mb_per_s\":%.0f,\"relay_cpu_share\":%.2f,\"idle_links\":%d,\"connects_per_s\":%.0f,"
           "\"kib_per_idle_link\":%.1f}\n",
        (double)total / 1e6 / took, cpu / took, open, (double)open / connect_s,
        open ? (double)(after - before) / open : 0.0);
    program_kill(&broker);
    return 0;
}
