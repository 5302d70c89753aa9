#include "broker/front.h"

#include <errno.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/http.h"
#include "broker/link.h"
#include "broker/metrics.h"
#include "broker/origin.h"
#include "broker/relay.h"
#include "broker/rest.h"
#include "broker/static.h"

enum {
    FRONT_BUFFER = 32 * 1024,        /* read in one go */
    FRONT_LINK_RX = 2048,            /* per idle link: messages are gathered from pieces */
    FRONT_RELAY_RX = 20 * 1024,      /* per relay socket: one record with its frame */
    FRONT_SWALLOW_MAX = 1024 * 1024, /* of a body that is refused: read it, so that the answer arrives */
    FRONT_HEADER_MAX = 4096,
    FRONT_HEADERS_AT_ONCE = 1024, /* requests whose headers are being read; others wait */
    FRONT_REQUEST_S = 10,
    FRONT_ANSWER_S = 30,
    FRONT_KEEP_ALIVE_S = 20
};

struct broker_front {
    struct broker *broker;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    char hostname[256];
};

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
static int on_link(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
static int on_relay(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* Per socket libwebsockets keeps one pointer of ours: what the socket is. */
static const struct lws_protocols protocols[] = {
    {"http", on_http, sizeof(void *), 4096, 0, NULL, FRONT_BUFFER},
    {"hearth-link-1", on_link, sizeof(void *), FRONT_LINK_RX, 0, NULL, BROKER_LINK_TX_MAX + 64},
    {"hearth-relay-1", on_relay, sizeof(void *), FRONT_RELAY_RX, 0, NULL, FRONT_BUFFER},
    {0},
};

static struct broker_front *front_of(struct lws *wsi)
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
    const struct broker_options *options = front_of(wsi)->broker->options;
    if (!lws_get_peer_simple(wsi, out, BROKER_ADDRESS_MAX))
        (void)snprintf(out, BROKER_ADDRESS_MAX, "?");
    for (unsigned i = 0; i < options->proxy_count; i++) {
        if (strcmp(out, options->proxies[i]) != 0)
            continue;
        char forwarded[512];
        copy_header(wsi, WSI_TOKEN_X_FORWARDED_FOR, forwarded, sizeof forwarded);
        (void)broker_origin_forwarded(forwarded, out, BROKER_ADDRESS_MAX);
        return;
    }
}

static bool host_ok(struct lws *wsi, char host[static BROKER_HOST_MAX + 1])
{
    const struct broker_front *front = front_of(wsi);
    copy_header(wsi, WSI_TOKEN_HOST, host, BROKER_HOST_MAX + 1);
    return broker_origin_host_ok(host, front->broker->options->public_host, front->hostname);
}

/* May this upgrade happen? */
static bool upgrade_ok(struct lws *wsi, const char *wanted)
{
    struct broker_front *front = front_of(wsi);
    char path[64], host[BROKER_HOST_MAX + 1], origin[BROKER_HOST_MAX + 16], address[BROKER_ADDRESS_MAX];
    char quoted[BROKER_QUOTE_MAX];
    copy_header(wsi, WSI_TOKEN_GET_URI, path, sizeof path);
    copy_header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    peer_address(wsi, address);
    const char *why = NULL, *what = path;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) >= (int)sizeof origin)
        (void)snprintf(origin, sizeof origin, "too long");
    if (front->broker->draining) {
        why = "draining";
    } else if (lws_get_opaque_user_data(wsi)) {
        why = "the listener of the metrics";
    } else if (strcmp(path, wanted) != 0) {
        why = "wrong path";
    } else if (!host_ok(wsi, host)) {
        why = "not our host (see --public-url)";
        what = host;
    } else if (!broker_origin_ok(origin, host, front->broker->options->public_origin)) {
        why = "another page's origin";
        what = origin;
    }
    if (!why)
        return true;
    front->broker->metrics.http_refused++;
    broker_log(
        "server", "%s: upgrade refused: %s %s", address, why, broker_text_quote(quoted, what, strlen(what)));
    static const char answer[] = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    uint8_t room[LWS_PRE + sizeof answer];
    memcpy(room + LWS_PRE, answer, sizeof answer);
    (void)lws_write(wsi, room + LWS_PRE, sizeof answer - 1, LWS_WRITE_HTTP_HEADERS);
    return false;
}

/* ---- HTTP ---- */

/* The body, if any, is complete. */
static void handle_request(struct broker_http *http)
{
    if (http->refusal) {
        broker_http_error(http, http->refusal, http->refusal == 413 ? "too_large" : "bad_request",
            http->refusal == 413
                ? "A body is at most 256 KiB."
                : "This broker does not answer to that name. Its owner sets it with --public-url.");
        return;
    }
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
    front_of(wsi)->broker->metrics.http_refused++;
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

/* What of a body is refused is read all the same up to a bound: an answer in the middle of it would be lost
 * with the connection, and what follows it would be taken for the next request. */
static int begin_body(struct broker_http *http)
{
    char length[24];
    copy_header(http->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof length);
    char *end;
    errno = 0;
    unsigned long long expected = strtoull(length, &end, 10);
    if (!length[0] || *end || errno || length[0] < '0' || length[0] > '9' || expected > FRONT_SWALLOW_MAX)
        return refuse(http->wsi, length[0] ? HTTP_STATUS_REQ_ENTITY_TOO_LARGE : HTTP_STATUS_LENGTH_REQUIRED);
    if (expected > BROKER_HTTP_BODY_MAX)
        http->refusal = http->refusal ? http->refusal : 413;
    http->body_expected = (size_t)expected;
    if (expected == 0) {
        handle_request(http);
    } else if (!http->refusal) {
        http->body = malloc(http->body_expected);
        if (!http->body)
            return -1;
    }
    return 0;
}

static int begin_request(struct lws *wsi, struct broker_http **slot, const char *path, size_t len)
{
    struct broker_front *front = front_of(wsi);
    enum broker_http_method method;
    char host[BROKER_HOST_MAX + 1];
    broker_http_destroy(*slot);
    *slot = NULL;
    if (!method_of(wsi, &method) || len > BROKER_HTTP_PATH_MAX || memchr(path, 0, len))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST);
    struct broker_http *http = broker_http_create(front->broker, wsi);
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
        broker_log("front", "%s: refused: not our host %s (see --public-url)", http->address,
            broker_text_quote(quoted, host, strlen(host)));
        http->refusal = 421;
    }
    if (method == BROKER_HTTP_POST)
        return begin_body(http);
    handle_request(http);
    return 0;
}

static int on_body(struct broker_http *http, const void *data, size_t len)
{
    if (!http || len > http->body_expected - http->body_len)
        return -1;
    if (http->body)
        memcpy(http->body + http->body_len, data, len);
    http->body_len += len;
    return 0;
}

static int on_http_writeable(struct lws *wsi, struct broker_http **slot)
{
    int more = *slot ? broker_http_writeable(*slot) : 0;
    if (more != BROKER_HTTP_SENT)
        return more;
    broker_http_destroy(*slot);
    *slot = NULL;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
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
            lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, FRONT_ANSWER_S);
            handle_request(*slot);
        }
        return 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_http_writeable(wsi, slot);
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
        *slot = broker_link_open(front_of(wsi)->broker, wsi, host, address);
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
        *slot = broker_relay_socket_open(front_of(wsi)->broker, wsi, address);
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

/* ---- setting up ---- */

static void on_lws_log(int level, const char *line)
{
    (void)level;
    size_t len = strlen(line);
    broker_log("lws", "%.*s", (int)(len && line[len - 1] == '\n' ? len - 1 : len), line);
}

struct broker_front *broker_front_create(struct broker *broker)
{
    const struct broker_options *options = broker->options;
    void *loops[1] = {broker->loop};
    struct lws_context_creation_info info = {0};
    struct broker_front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->broker = broker;
    if (gethostname(front->hostname, sizeof front->hostname - 1) != 0)
        front->hostname[0] = '\0';
    lws_set_log_level(LLL_ERR, on_lws_log);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    if (options->tls_cert)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.foreign_loops = loops;
    info.user = front;
    info.fd_limit_per_thread = BROKER_FILES_MAX;
    info.max_http_header_data = FRONT_HEADER_MAX;
    info.max_http_header_pool = FRONT_HEADERS_AT_ONCE;
    info.pt_serv_buf_size = FRONT_BUFFER;
    info.timeout_secs = FRONT_REQUEST_S;
    info.timeout_secs_ah_idle = 5;
    info.uid = info.gid = -1;
    front->lws = lws_create_context(&info);
    info.vhost_name = "default";
    info.protocols = protocols;
    info.keepalive_timeout = FRONT_KEEP_ALIVE_S;
    info.server_string = "hearth";
    if (options->tls_cert) {
        info.ssl_cert_filepath = options->tls_cert;
        info.ssl_private_key_filepath = options->tls_key;
        info.alpn = "http/1.1"; /* a relay must not share its TCP connection with anything */
    }
    if (front->lws)
        front->vhost = lws_create_vhost(front->lws, &info);
    if (front->vhost)
        return front;
    broker_front_close(front);
    broker_front_destroy(front);
    return NULL;
}

/* opaque marks a socket that the listener of the metrics took. */
void broker_front_adopt(struct broker_front *front, int socket, bool metrics)
{
    lws_adopt_desc_t desc = {.vh = front->vhost,
        .type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET,
        .fd = {.sockfd = socket},
        .opaque = metrics ? front : NULL};
    if (!metrics)
        desc.type |= LWS_ADOPT_ALLOW_SSL;
    (void)lws_adopt_descriptor_vhost_via_info(&desc);
}

void broker_front_close(struct broker_front *front)
{
    if (front && front->lws)
        lws_context_destroy(front->lws);
}

void broker_front_destroy(struct broker_front *front)
{
    if (!front)
        return;
    /* On a foreign loop the first call only begins; this one frees. */
    if (front->lws)
        lws_context_destroy(front->lws);
    free(front);
}
