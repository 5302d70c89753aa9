#include "broker/server.h"

#include <errno.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/account.h"
#include "broker/enrol.h"
#include "broker/error.h"
#include "broker/http.h"
#include "broker/link.h"
#include "broker/listener.h"
#include "broker/metrics.h"
#include "broker/options.h"
#include "broker/origin.h"
#include "broker/presence.h"
#include "broker/relay.h"
#include "broker/rest.h"
#include "broker/secrets.h"
#include "broker/static.h"

enum {
    SERVER_TICK_MS = 250,
    SERVER_SLOW_TICK_MS = 1000,
    SERVER_SEEN_MS = 10000,        /* between writes of last_seen */
    SERVER_DRAIN_MS = 4000,        /* from GoAway to the end */
    SERVER_DRAIN_RELAYS_MS = 1500, /* from GoAway to the close of relays */
    SERVER_RETRY_MS = 500,         /* over how long the endpoints spread their return: at least */
    SERVER_RETRY_LINK_MS = 6,      /* and so much more for each of them (10,000 in a minute) */
    SERVER_RETRY_MAX_MS = 60000,
    SERVER_BUFFER = 32 * 1024,  /* read in one go */
    SERVER_LINK_RX = 2048,      /* per idle link: messages are gathered from pieces */
    SERVER_RELAY_RX = 20 * 1024 /* per relay socket: one record with its frame */
};

struct broker_server {
    struct broker broker;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct broker_listener *listener, *metrics_listener;
    uv_loop_t loop;
    uv_timer_t tick;
    uv_signal_t term, interrupt;
    uint64_t slow_at_ms, seen_at_ms, drain_at_ms;
    bool relays_drained, finished;
    char hostname[256];
    char url[BROKER_HOST_MAX + 32];
};

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
static int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
static int on_relay(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* Per socket libwebsockets keeps one pointer of ours: what the socket is. */
static const struct lws_protocols protocols[] = {
    {"http", on_http, sizeof(void *), 4096, 0, NULL, SERVER_BUFFER},
    {"hearth-link-1", on_link, sizeof(void *), SERVER_LINK_RX, 0, NULL, BROKER_LINK_TX_MAX + 64},
    {"hearth-relay-1", on_relay, sizeof(void *), SERVER_RELAY_RX, 0, NULL, SERVER_BUFFER},
    {0},
};

static struct broker_server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* ---- what every request shows ---- */

static void copy_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t cap)
{
    if (lws_hdr_copy(wsi, out, (int)cap, token) < 0)
        out[0] = '\0';
}

static void peer_address(struct lws *wsi, char out[static BROKER_ADDRESS_MAX])
{
    const struct broker_options *options = server_of(wsi)->broker.options;
    if (!lws_get_peer_simple(wsi, out, BROKER_ADDRESS_MAX))
        (void)snprintf(out, BROKER_ADDRESS_MAX, "?");
    for (unsigned i = 0; i < options->proxy_count; i++) {
        if (strcmp(out, options->proxies[i]) != 0)
            continue;
        /* The last one was added by the proxy itself; those before it are whatever the client said. */
        char forwarded[512];
        copy_header(wsi, WSI_TOKEN_X_FORWARDED_FOR, forwarded, sizeof forwarded);
        const char *last = strrchr(forwarded, ',');
        last = last ? last + 1 : forwarded;
        while (*last == ' ')
            last++;
        size_t len = strlen(last);
        if (len && len < BROKER_ADDRESS_MAX)
            memcpy(out, last, len + 1);
        return;
    }
}

static bool host_ok(struct lws *wsi, char host[static BROKER_HOST_MAX + 1])
{
    const struct broker_server *server = server_of(wsi);
    copy_header(wsi, WSI_TOKEN_HOST, host, BROKER_HOST_MAX + 1);
    return broker_origin_host_ok(host, server->broker.options->public_host, server->hostname);
}

/* May this upgrade happen? */
static bool upgrade_ok(struct lws *wsi, const char *wanted)
{
    struct broker_server *server = server_of(wsi);
    char path[64], host[BROKER_HOST_MAX + 1], origin[BROKER_HOST_MAX + 16], address[BROKER_ADDRESS_MAX];
    char quoted[BROKER_QUOTE_MAX];
    copy_header(wsi, WSI_TOKEN_GET_URI, path, sizeof path);
    copy_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    peer_address(wsi, address);
    const char *why = NULL, *what = path;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) >= (int)sizeof origin)
        (void)snprintf(origin, sizeof origin, "too long");
    if (server->broker.draining) {
        why = "draining";
    } else if (lws_get_opaque_user_data(wsi)) {
        why = "the listener of the metrics";
    } else if (strcmp(path, wanted) != 0) {
        why = "wrong path";
    } else if (!host_ok(wsi, host)) {
        why = "not our host (see --public-url)";
        what = host;
    } else if (!broker_origin_ok(origin, host, server->broker.options->public_origin)) {
        why = "another page's origin";
        what = origin;
    }
    if (!why)
        return true;
    server->broker.metrics.http_refused++;
    broker_log(
        "server", "%s: upgrade refused: %s %s", address, why, broker_text_quote(quoted, what, strlen(what)));
    static const char answer[] = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    uint8_t room[LWS_PRE + sizeof answer];
    memcpy(room + LWS_PRE, answer, sizeof answer);
    (void)lws_write(wsi, room + LWS_PRE, sizeof answer - 1, LWS_WRITE_HTTP_HEADERS);
    return false;
}

/* ---- HTTP ---- */

static void handle_request(struct broker_http *http)
{
    if (broker_rest_owns(http->path)) {
        broker_rest_request(http);
        return;
    }
    char accept[256], match[256];
    copy_header(http->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, accept, sizeof accept);
    copy_header(http->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, match, sizeof match);
    if (http->method == BROKER_HTTP_POST)
        broker_http_error(http, 404, "not_found", "There is no such call. See docs/wire.md, section 4.");
    else
        broker_static_request(http, accept, match);
}

static bool method_of(struct lws *wsi, enum broker_http_method *out)
{
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
        *out = BROKER_HTTP_GET;
    else if (lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI))
        *out = BROKER_HTTP_POST;
    else if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI))
        *out = BROKER_HTTP_HEAD;
    else
        return false;
    return true;
}

/* Before there is an exchange to answer with: a bare status, then the end of the connection. */
static int refuse(struct lws *wsi, unsigned status)
{
    server_of(wsi)->broker.metrics.http_refused++;
    (void)lws_return_http_status(wsi, status, NULL);
    return -1;
}

static void answer_metrics(struct broker_http *http)
{
    char text[BROKER_METRICS_TEXT_MAX];
    if (strcmp(http->path, "/metrics") == 0)
        broker_http_bytes(http, 200, "text/plain; version=0.0.4", text,
            broker_metrics_write(http->broker, text, sizeof text));
    else
        broker_http_error(http, 404, "not_found", "Only /metrics is here.");
}

static int begin_request(struct lws *wsi, struct broker_http **slot, const char *path, size_t len)
{
    struct broker_server *server = server_of(wsi);
    enum broker_http_method method;
    char host[BROKER_HOST_MAX + 1], length[24];
    broker_http_destroy(*slot);
    *slot = NULL;
    if (!method_of(wsi, &method) || len > BROKER_HTTP_PATH_MAX || memchr(path, 0, len))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST);
    struct broker_http *http = broker_http_create(&server->broker, wsi);
    if (!http)
        return refuse(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE);
    *slot = http;
    http->method = method;
    memcpy(http->path, path, len);
    peer_address(wsi, http->address);
    if (lws_get_opaque_user_data(wsi)) {
        answer_metrics(http);
        return 0;
    }
    if (!host_ok(wsi, host) && strcmp(http->path, "/healthz") != 0) {
        char quoted[BROKER_QUOTE_MAX];
        broker_log("server", "%s: refused: not our host %s (see --public-url)", http->address,
            broker_text_quote(quoted, host, strlen(host)));
        broker_http_error(http, 421, "bad_request",
            "This broker does not answer to that name. Its owner sets it with --public-url.");
        return 0;
    }
    if (method != BROKER_HTTP_POST) {
        handle_request(http);
        return 0;
    }
    copy_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof length);
    char *end;
    errno = 0;
    unsigned long long expected = strtoull(length, &end, 10);
    if (!length[0] || *end || errno || length[0] < '0' || length[0] > '9') {
        broker_http_error(http, 400, "bad_request", "A body needs a Content-Length.");
    } else if (expected > BROKER_HTTP_BODY_MAX) {
        broker_http_error(http, 413, "too_large", "A body is at most 256 KiB.");
    } else if (expected == 0) {
        handle_request(http);
    } else {
        http->body_expected = (size_t)expected;
        http->body = malloc(http->body_expected);
        if (!http->body)
            return -1;
    }
    return 0;
}

static int on_body(struct broker_http *http, const void *data, size_t len)
{
    if (!http || http->answered)
        return 0;
    if (!http->body || len > http->body_expected - http->body_len)
        return -1;
    memcpy(http->body + http->body_len, data, len);
    http->body_len += len;
    return 0;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct broker_http **slot = user;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return begin_request(wsi, slot, in, len);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(*slot, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if (*slot && !(*slot)->answered) {
            lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, 30);
            handle_request(*slot);
        }
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return *slot ? broker_http_writeable(*slot) : 0;
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (slot) {
            broker_http_destroy(*slot);
            *slot = NULL;
        }
        return 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* no subprotocol of ours was asked for */
    case LWS_CALLBACK_ESTABLISHED:
        return -1;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        /* An idle TLS connection gives its buffers back: about 34 KB each. */
        SSL_CTX_set_mode(user, SSL_MODE_RELEASE_BUFFERS);
        (void)SSL_CTX_set_min_proto_version(user, TLS1_2_VERSION);
        return 0;
    default:
        return 0;
    }
}

/* ---- WebSockets ---- */

static int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct broker_link **slot = user;
    char host[BROKER_HOST_MAX + 1], address[BROKER_ADDRESS_MAX];
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return upgrade_ok(wsi, "/v1/link") ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        copy_header(wsi, WSI_TOKEN_HOST, host, sizeof host);
        peer_address(wsi, address);
        *slot = broker_link_open(&server_of(wsi)->broker, wsi, host, address);
        return *slot ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        return *slot ? broker_link_receive(*slot, in, len, lws_frame_is_binary(wsi) != 0,
                           lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi))
                     : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return *slot ? broker_link_writeable(*slot) : 0;
    case LWS_CALLBACK_TIMER:
        return *slot ? broker_link_timer(*slot) : 0;
    case LWS_CALLBACK_CLOSED:
        if (*slot)
            broker_link_closed(*slot);
        *slot = NULL;
        return 0;
    default:
        return 0;
    }
}

static int on_relay(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct broker_relay_socket **slot = user;
    char address[BROKER_ADDRESS_MAX];
    size_t remaining;
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return upgrade_ok(wsi, BROKER_RELAY_PATH) ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        peer_address(wsi, address);
        *slot = broker_relay_socket_open(&server_of(wsi)->broker, wsi, address);
        return *slot ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        remaining = lws_remaining_packet_payload(wsi);
        return *slot ? broker_relay_socket_receive(*slot, in, len, remaining, lws_frame_is_binary(wsi) != 0,
                           lws_is_final_fragment(wsi) && !remaining)
                     : -1;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return *slot ? broker_relay_socket_writeable(*slot) : 0;
    case LWS_CALLBACK_TIMER:
        return *slot ? broker_relay_socket_timer(*slot) : 0;
    case LWS_CALLBACK_CLOSED:
        if (*slot)
            broker_relay_socket_closed(*slot);
        *slot = NULL;
        return 0;
    default:
        return 0;
    }
}

/* ---- accepting ---- */

/* opaque marks a socket that the listener of the metrics took. */
static void adopt(struct broker_server *server, int socket, bool metrics)
{
    lws_adopt_desc_t desc = {.vh = server->vhost,
        .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET,
        .fd = {.sockfd = socket},
        .opaque = metrics ? &server->metrics_listener : NULL};
    if (!metrics)
        desc.type |= LWS_ADOPT_ALLOW_SSL;
    (void)lws_adopt_descriptor_vhost_via_info(&desc);
}

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
    adopt(server, socket, false);
}

static void on_metrics_accepted(int socket, const char *address, void *context)
{
    struct broker_server *server = context;
    (void)address;
    adopt(server, socket, true);
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

static void on_lws_log(int level, const char *line)
{
    (void)level;
    size_t len = strlen(line);
    broker_log("lws", "%.*s", (int)(len && line[len - 1] == '\n' ? len - 1 : len), line);
}

static bool open_lws(struct broker_server *server)
{
    const struct broker_options *options = server->broker.options;
    void *loops[1] = {&server->loop};
    struct lws_context_creation_info info = {0};
    lws_set_log_level(LLL_ERR, on_lws_log);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    if (options->tls_cert)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.foreign_loops = loops;
    info.user = server;
    info.max_http_header_data = 4096;
    info.max_http_header_pool = 1024;
    info.pt_serv_buf_size = SERVER_BUFFER;
    info.timeout_secs = 10;
    info.timeout_secs_ah_idle = 5;
    info.uid = info.gid = -1;
    server->lws = lws_create_context(&info);
    if (!server->lws)
        return false;
    info.vhost_name = "default";
    info.protocols = protocols;
    info.keepalive_timeout = 20;
    info.server_string = "hearth";
    if (options->tls_cert) {
        info.ssl_cert_filepath = options->tls_cert;
        info.ssl_private_key_filepath = options->tls_key;
        info.alpn = "http/1.1"; /* a relay must not share its TCP connection with anything */
    }
    server->vhost = lws_create_vhost(server->lws, &info);
    if (!server->vhost)
        return false;
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
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
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
    broker->options = options;
    broker->loop = &server->loop;
    raise_file_limit();
    if (gethostname(server->hostname, sizeof server->hostname - 1) != 0)
        server->hostname[0] = '\0';
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
    if (!open_tables(server) || !open_lws(server)) {
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
    if (server->lws)
        lws_context_destroy(server->lws);
    /* libuv closes handles in its own time; libwebsockets waits for that. */
    while (uv_run(&server->loop, UV_RUN_NOWAIT) && server->lws && uv_loop_alive(&server->loop) &&
           broker->metrics.links_now + broker->metrics.relay_sockets_now + broker->metrics.http_now)
        ;
    broker_presence_finish(broker);
    if (broker->accounts)
        broker_accounts_save_seen(broker->accounts);
    broker_db_close(broker->db);
    for (int i = 0; i < 100 && uv_run(&server->loop, UV_RUN_NOWAIT); i++)
        ;
    if (server->lws)
        lws_context_destroy(server->lws);
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
    free(server);
}
