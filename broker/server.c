#include "broker/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/account.h"
#include "broker/enrol.h"
#include "broker/error.h"
#include "broker/front.h"
#include "broker/link.h"
#include "broker/listener.h"
#include "broker/options.h"
#include "broker/presence.h"
#include "broker/relay.h"
#include "broker/secrets.h"

enum {
    SERVER_TICK_MS = 250,          /* while anyone looks at who is there, and while draining */
    SERVER_SLOW_TICK_MS = 1000,    /* else, and for all that takes seconds */
    SERVER_SEEN_MS = 10000,        /* between writes of last_seen */
    SERVER_DRAIN_MS = 4000,        /* from GoAway to the end */
    SERVER_DRAIN_RELAYS_MS = 1500, /* from GoAway to the close of relays */
    SERVER_RETRY_MS = 500,         /* over how long the endpoints spread their return: at least */
    SERVER_RETRY_LINK_MS = 6,      /* and so much more for each of them (10,000 in a minute) */
    SERVER_RETRY_MAX_MS = 60000
};

struct broker_server {
    struct broker broker;
    struct broker_front *front;
    struct broker_listener *listener, *metrics_listener;
    int lock; /* of the data folder; -1 = not held */
    uv_loop_t loop;
    uv_timer_t tick;
    uv_signal_t term, interrupt;
    uint64_t slow_at_ms, seen_at_ms, drain_at_ms;
    bool relays_drained, finished;
    char url[BROKER_HOST_MAX + 32];
};

/* ---- accepting ---- */

static void on_accepted(int socket, const char *address, void *context)
{
    struct broker_server *server = context;
    uint8_t who[17];
    size_t len = broker_ratelimit_address_key(address, who);
    bool proxied = server->broker.options->proxy_count > 0;
    if (!proxied &&
        !broker_ratelimit_take(server->broker.limits, BROKER_LIMIT_ACCEPT, who, len, broker_now_us(), NULL)) {
        server->broker.metrics.limited++;
        (void)close(socket);
        return;
    }
    broker_front_adopt(server->front, socket, false);
}

static void on_metrics_accepted(int socket, const char *address, void *context)
{
    struct broker_server *server = context;
    (void)address;
    broker_front_adopt(server->front, socket, true);
}

/* ---- time and the end ---- */

static void finish_draining(struct broker_server *server)
{
    server->finished = true;
    uv_stop(&server->loop);
}

static void send_go_away(struct broker_map_node *node, void *context)
{
    struct broker_link *link = BROKER_MAP_ENTRY(node, struct broker_link, node);
    Hearth__Link__GoAway go_away = HEARTH__LINK__GO_AWAY__INIT;
    go_away.reason = (char *)"The broker restarts.";
    go_away.retry_ms = *(const uint32_t *)context;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_GO_AWAY;
    message.go_away = &go_away;
    broker_link_send(link, &message);
}

static void end_link(struct broker_map_node *node, void *context)
{
    (void)context;
    broker_link_end(BROKER_MAP_ENTRY(node, struct broker_link, node), BROKER_CLOSE_GOING,
        "The broker goes away for a moment.");
}

static void drain(struct broker_server *server)
{
    if (server->broker.draining) {
        finish_draining(server); /* asked twice: now */
        return;
    }
    broker_log(
        "server", "draining: %zu links, %zu relays", server->broker.links.count, server->broker.relays.count);
    server->broker.draining = true;
    server->drain_at_ms = uv_now(&server->loop);
    broker_listener_close(server->listener);
    server->listener = NULL;
    size_t retry_ms = SERVER_RETRY_MS + server->broker.links.count * SERVER_RETRY_LINK_MS;
    uint32_t bounded_ms = retry_ms > SERVER_RETRY_MAX_MS ? SERVER_RETRY_MAX_MS : (uint32_t)retry_ms;
    broker_map_each(&server->broker.links, send_go_away, &bounded_ms);
    uv_timer_set_repeat(&server->tick, SERVER_TICK_MS);
    (void)uv_timer_again(&server->tick);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    drain(handle->data);
}

static void tick_drain(struct broker_server *server, uint64_t now_ms)
{
    struct broker *broker = &server->broker;
    if (!server->relays_drained && now_ms - server->drain_at_ms >= SERVER_DRAIN_RELAYS_MS) {
        server->relays_drained = true;
        broker_relay_drain(broker);
        broker_map_each(&broker->links, end_link, NULL);
    }
    bool idle = !broker->links.count && !broker->relay_sockets && !broker->exchanges.count;
    if (idle || now_ms - server->drain_at_ms >= SERVER_DRAIN_MS)
        finish_draining(server);
}

static void on_tick(uv_timer_t *timer)
{
    struct broker_server *server = timer->data;
    struct broker *broker = &server->broker;
    uint64_t now_ms = uv_now(&server->loop), now_us = broker_now_us();
    broker_link_tick(broker, now_us);
    if (now_ms - server->slow_at_ms >= SERVER_SLOW_TICK_MS) {
        server->slow_at_ms = now_ms;
        broker_relay_tick(broker, now_us);
        broker_enrol_tick(broker, now_us);
        broker_tokens_expire(broker->tickets, now_us);
        broker_tokens_expire(broker->relay_tokens, now_us);
    }
    if (now_ms - server->seen_at_ms >= SERVER_SEEN_MS) {
        server->seen_at_ms = now_ms;
        broker_accounts_save_seen(broker->accounts);
    }
    if (broker->draining)
        tick_drain(server, now_ms);
    uv_timer_set_repeat(timer, broker->draining || broker->lookers ? SERVER_TICK_MS : SERVER_SLOW_TICK_MS);
}

/* ---- setting up ---- */

static bool open_data(struct broker_server *server, int *out_exit)
{
    struct broker *broker = &server->broker;
    const char *dir = broker->options->data_dir, *reason = "";
    char path[4096];
    *out_exit = BROKER_EXIT_DATA;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        (void)fprintf(stderr, "hearth-broker: cannot make the data folder %s: %s\n", dir, strerror(errno));
        return false;
    }
    if (access(dir, R_OK | W_OK | X_OK) != 0) {
        (void)fprintf(stderr, "hearth-broker: cannot use the data folder %s: %s\n", dir, strerror(errno));
        return false;
    }
    struct stat info;
    if (stat(dir, &info) == 0 && (info.st_mode & 077) != 0)
        broker_log("server", "others may read the data folder; run: chmod 700 %s", dir);
    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path - 16 ||
        (server->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0 ||
        flock(server->lock, LOCK_EX | LOCK_NB) != 0) {
        (void)fprintf(stderr, "hearth-broker: cannot lock %s; another broker may be using it: %s\n", path,
            strerror(errno));
        return false;
    }
    if (snprintf(path, sizeof path, "%s/secret", dir) >= (int)sizeof path - 16 ||
        broker_secrets_open(path, &broker->secrets) != BROKER_OK) {
        (void)fprintf(stderr, "hearth-broker: cannot read or make %s\n", path);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/broker.db", dir);
    if (broker_db_open(&server->loop, path, &broker->db, &reason) != BROKER_OK) {
        (void)fprintf(stderr, "hearth-broker: cannot use the database %s: %s\n", path, reason);
        return false;
    }
    return true;
}

static bool open_tables(struct broker_server *server)
{
    struct broker *broker = &server->broker;
    broker_map_init(&broker->links);
    broker_map_init(&broker->exchanges);
    broker_map_init(&broker->relays);
    broker_map_init(&broker->locators);
    broker_map_init(&broker->enrolments);
    broker->limits = broker_ratelimit_create(BROKER_LIMITS_MAX);
    broker->tickets = broker_tokens_create(BROKER_TICKETS_MAX, UINT64_C(600000000));
    broker->relay_tokens =
        broker_tokens_create(2 * BROKER_RELAYS_MAX, BROKER_RELAY_TOKEN_S * UINT64_C(1000000));
    broker->accounts = broker_accounts_create(
        broker->db, (struct broker_accounts_events){broker_link_account_grown, broker});
    if (!broker->limits || !broker->tickets || !broker->relay_tokens || !broker->accounts)
        return false;
    if (broker->options->no_limits) {
        broker_log("server", "rate limits are off: not for use on a network");
        broker_ratelimit_disable(broker->limits);
    }
    return true;
}

static bool listen_at(struct broker_server *server, const char *address, uint16_t port,
    void (*accepted)(int, const char *, void *), struct broker_listener **out, uint16_t *out_port)
{
    int err = broker_listener_open(&server->loop, address, port, accepted, server, out, out_port);
    if (err == 0)
        return true;
    if (err == -EADDRINUSE)
        (void)fprintf(stderr,
            "hearth-broker: port %u of %s is in use. Stop the other program, or choose another port with"
            " --listen.\n",
            port, address);
    else
        (void)fprintf(
            stderr, "hearth-broker: cannot listen on %s port %u: %s\n", address, port, strerror(-err));
    return false;
}

static void make_url(struct broker_server *server, uint16_t port)
{
    const struct broker_options *options = server->broker.options;
    const char *address = options->listen_address;
    if (options->public_origin[0]) {
        (void)snprintf(server->url, sizeof server->url, "%s", options->public_origin);
        return;
    }
    if (strcmp(address, "0.0.0.0") == 0)
        address = "127.0.0.1";
    else if (strcmp(address, "::") == 0)
        address = "::1";
    bool v6 = strchr(address, ':') != NULL;
    (void)snprintf(server->url, sizeof server->url, "%s://%s%s%s:%u", options->tls_cert ? "https" : "http",
        v6 ? "[" : "", address, v6 ? "]" : "", port);
}

static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < BROKER_FILES_MAX ? files.rlim_max : BROKER_FILES_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

struct broker_server *broker_server_create(const struct broker_options *options, int *out_exit)
{
    struct broker_server *server = calloc(1, sizeof *server);
    uint16_t port, metrics_port;
    *out_exit = BROKER_EXIT_FAILED;
    if (!server || uv_loop_init(&server->loop) != 0) {
        free(server);
        return NULL;
    }
    struct broker *broker = &server->broker;
    server->lock = -1;
    broker->options = options;
    broker->loop = &server->loop;
    raise_file_limit();
    (void)broker_presence_init(broker);
    (void)uv_timer_init(&server->loop, &server->tick);
    (void)uv_signal_init(&server->loop, &server->term);
    (void)uv_signal_init(&server->loop, &server->interrupt);
    server->tick.data = server->term.data = server->interrupt.data = server;
    *out_exit = BROKER_EXIT_ADDRESS;
    if (!listen_at(
            server, options->listen_address, options->listen_port, on_accepted, &server->listener, &port))
        goto fail;
    if (options->metrics && !listen_at(server, options->metrics_address, options->metrics_port,
                                on_metrics_accepted, &server->metrics_listener, &metrics_port))
        goto fail;
    if (!open_data(server, out_exit))
        goto fail;
    *out_exit = BROKER_EXIT_FAILED;
    server->front = open_tables(server) ? broker_front_create(broker) : NULL;
    if (!server->front) {
        (void)fprintf(stderr, "hearth-broker: cannot start the server; are the TLS files right?\n");
        goto fail;
    }
    make_url(server, port);
    if (options->metrics)
        broker_log("server", "metrics on %s port %u", options->metrics_address, metrics_port);
    (void)uv_timer_start(&server->tick, on_tick, SERVER_TICK_MS, SERVER_TICK_MS);
    (void)uv_signal_start(&server->term, on_signal, SIGTERM);
    (void)uv_signal_start(&server->interrupt, on_signal, SIGINT);
    if (broker_listener_start(server->listener) != 0 ||
        (server->metrics_listener && broker_listener_start(server->metrics_listener) != 0))
        goto fail;
    return server;
fail:
    broker_server_destroy(server);
    return NULL;
}

const char *broker_server_url(const struct broker_server *server)
{
    return server->url;
}

void broker_server_run(struct broker_server *server)
{
    while (!server->finished)
        (void)uv_run(&server->loop, UV_RUN_DEFAULT);
}

void broker_server_destroy(struct broker_server *server)
{
    if (!server)
        return;
    struct broker *broker = &server->broker;
    broker_listener_close(server->listener);
    broker_listener_close(server->metrics_listener);
    uv_close((uv_handle_t *)&server->tick, NULL);
    uv_close((uv_handle_t *)&server->term, NULL);
    uv_close((uv_handle_t *)&server->interrupt, NULL);
    broker_front_close(server->front);
    /* libuv closes handles in its own time; libwebsockets waits for that. */
    for (int i = 0; i < 1000 && uv_run(&server->loop, UV_RUN_NOWAIT); i++) {
        if (!broker->metrics.links_now && !broker->metrics.relay_sockets_now && !broker->metrics.http_now)
            break;
    }
    broker_presence_finish(broker);
    if (broker->accounts)
        broker_accounts_save_seen(broker->accounts);
    broker_db_close(broker->db);
    for (int i = 0; i < 100 && uv_run(&server->loop, UV_RUN_NOWAIT); i++)
        ;
    broker_front_destroy(server->front);
    (void)uv_loop_close(&server->loop);
    broker_relay_finish(broker);
    broker_enrol_finish(broker);
    broker_accounts_destroy(broker->accounts);
    broker_map_finish(&broker->links);
    broker_map_finish(&broker->exchanges);
    broker_tokens_destroy(broker->tickets);
    broker_tokens_destroy(broker->relay_tokens);
    broker_ratelimit_destroy(broker->limits);
    broker_secrets_close(broker->secrets);
    if (server->lock >= 0)
        (void)close(server->lock);
    free(server);
}
