#include "broker/http.h"

#include <errno.h>
#include <libwebsockets.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/error.h"

enum { HTTP_HEADERS_MAX = 3072, HTTP_ANSWER_S = 30 };

struct broker_http *broker_http_create(struct broker *broker, struct lws *wsi)
{
    if (broker->exchanges.count >= BROKER_HTTP_MAX)
        return NULL;
    struct broker_http *http = calloc(1, sizeof *http);
    if (!http)
        return NULL;
    uint8_t key[BROKER_MAP_KEY_LEN];
    http->number = ++broker->next_number;
    broker_map_key_u64(key, http->number);
    if (broker_map_insert(&broker->exchanges, key, &http->node) < 0) {
        free(http);
        return NULL;
    }
    http->broker = broker;
    http->wsi = wsi;
    http->file = -1;
    broker->metrics.http_requests++;
    broker->metrics.http_now++;
    return http;
}

void broker_http_destroy(struct broker_http *http)
{
    if (!http)
        return;
    broker_map_remove(&http->broker->exchanges, &http->node);
    http->broker->metrics.http_now--;
    if (http->file >= 0)
        (void)close(http->file);
    if (http->body)
        sodium_memzero(http->body, http->body_len); /* auth_key travels here */
    free(http->body);
    free(http->out);
    free(http);
}

struct broker_http *broker_http_find(struct broker *broker, uint64_t number)
{
    uint8_t key[BROKER_MAP_KEY_LEN];
    broker_map_key_u64(key, number);
    struct broker_map_node *node = broker_map_find(&broker->exchanges, key);
    return node ? BROKER_MAP_ENTRY(node, struct broker_http, node) : NULL;
}

static void answer(struct broker_http *http, unsigned status, const char *content_type)
{
    http->answered = true;
    http->status = status;
    http->content_type = content_type;
    lws_set_timeout(http->wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_ANSWER_S);
    lws_callback_on_writable(http->wsi);
}

void broker_http_bytes(
    struct broker_http *http, unsigned status, const char *content_type, const void *bytes, size_t len)
{
    if (http->answered)
        return;
    http->out = malloc(LWS_PRE + len + 1);
    if (http->out) {
        memcpy(http->out + LWS_PRE, bytes, len);
        http->out_len = len;
    } else {
        status = 500;
    }
    answer(http, status, content_type);
}

void broker_http_json(struct broker_http *http, unsigned status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;
    if (len)
        broker_http_bytes(http, status, "application/json", text, len);
    else
        broker_http_bytes(http, 500, "application/json", "{\"error\":\"internal\"}", 20);
    if (text)
        sodium_memzero(text, len);
    free(text);
    json_decref(json);
}

void broker_http_file(struct broker_http *http, const char *content_type, int file, size_t len)
{
    if (http->answered) {
        (void)close(file);
        return;
    }
    http->file = file;
    http->out_len = len;
    answer(http, 200, content_type);
}

void broker_http_error(struct broker_http *http, unsigned status, const char *code, const char *message)
{
    if (status >= 400 && status != 404)
        http->broker->metrics.http_refused++;
    broker_http_json(http, status, json_pack("{s:s, s:s}", "error", code, "message", message));
}

void broker_http_fail(struct broker_http *http, int err)
{
    const char *text = broker_strerror(err);
    switch ((enum broker_error)err) {
    case BROKER_ERR_FORMAT:
    case BROKER_ERR_LIMIT:
        broker_http_error(http, 400, "bad_request", text);
        return;
    case BROKER_ERR_DENIED:
        broker_http_error(http, 401, "denied", text);
        return;
    case BROKER_ERR_NOT_FOUND:
        broker_http_error(http, 404, "not_found", text);
        return;
    case BROKER_ERR_CONFLICT:
        broker_http_error(http, 409, "conflict", text);
        return;
    case BROKER_ERR_BUSY:
        http->retry_s = http->retry_s ? http->retry_s : 1;
        broker_http_error(http, 429, "busy", text);
        return;
    case BROKER_OK:
    case BROKER_ERR_NOMEM:
    case BROKER_ERR_DISK_FULL:
    case BROKER_ERR_IO:
        break;
    }
    http->broker->metrics.db_errors++;
    broker_log("http", "%s: %s", http->address, text);
    broker_http_error(http, 500, "internal", text);
}

/* ---- writing ---- */

struct headers {
    struct lws *wsi;
    unsigned char *at, *end;
    bool failed;
};

static void add(struct headers *h, const char *name, const char *value)
{
    if (!h->failed)
        h->failed = lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                        (const unsigned char *)value, (int)strlen(value), &h->at, h->end) != 0;
}

/* What keeps a page that someone else's names and pictures pass through from running anything but its
 * own files. */
static void add_policy(struct headers *h, const struct broker_http *http)
{
    char policy[1024], host[BROKER_HOST_MAX + 1] = "";
    const struct broker_options *options = http->broker->options;
    if (lws_hdr_copy(http->wsi, host, sizeof host, WSI_TOKEN_HOST) < 0)
        host[0] = '\0';
    if (options->public_host[0])
        (void)snprintf(host, sizeof host, "%s", options->public_host);
    bool secure = options->tls_cert || strncmp(options->public_origin, "https:", 6) == 0;
    (void)snprintf(policy, sizeof policy,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';"
        " img-src 'self' blob: data:; font-src 'self'; connect-src 'self' %s%s; worker-src 'self';"
        " manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types hearth default",
        secure ? "wss://" : "ws://", host);
    add(h, "content-security-policy:", policy);
}

static int write_headers(struct broker_http *http)
{
    unsigned char room[LWS_PRE + HTTP_HEADERS_MAX];
    struct headers h = {http->wsi, room + LWS_PRE, room + sizeof room - 1, false};
    unsigned char *start = h.at;
    char number[16];
    bool bare = http->status == 304;
    if (lws_add_http_header_status(http->wsi, http->status, &h.at, h.end))
        return -1;
    if (!bare)
        add(&h, "content-type:", http->content_type);
    add(&h, "x-content-type-options:", "nosniff");
    add(&h, "referrer-policy:", "no-referrer");
    add(&h, "cross-origin-opener-policy:", "same-origin");
    add(&h, "cross-origin-resource-policy:", "same-origin");
    add(&h, "cross-origin-embedder-policy:", "require-corp");
    add(&h, "cache-control:", http->cache ? http->cache : "no-store");
    if (http->page)
        add_policy(&h, http);
    else
        add(&h, "content-security-policy:", "default-src 'none'; frame-ancestors 'none'");
    if (http->encoding)
        add(&h, "content-encoding:", http->encoding);
    if (http->cache)
        add(&h, "vary:", "accept-encoding");
    if (http->etag[0])
        add(&h, "etag:", http->etag);
    if (http->retry_s) {
        (void)snprintf(number, sizeof number, "%u", http->retry_s);
        add(&h, "retry-after:", number);
    }
    if (h.failed || (!bare && lws_add_http_header_content_length(http->wsi, http->out_len, &h.at, h.end)) ||
        lws_finalize_write_http_header(http->wsi, start, &h.at, h.end))
        return -1;
    http->headers_sent = true;
    return 0;
}

int broker_http_writeable(struct broker_http *http)
{
    if (!http->answered)
        return 0;
    if (!http->headers_sent) {
        if (write_headers(http) < 0)
            return -1;
        if (http->method == BROKER_HTTP_HEAD || http->status == 304 || http->out_len == 0)
            return BROKER_HTTP_SENT;
        lws_callback_on_writable(http->wsi);
        return 0;
    }
    uint8_t room[LWS_PRE + BROKER_HTTP_CHUNK];
    uint8_t *bytes = room + LWS_PRE;
    size_t len = http->out_len - http->out_at;
    if (len > BROKER_HTTP_CHUNK)
        len = BROKER_HTTP_CHUNK;
    if (http->file >= 0) {
        ssize_t got = pread(http->file, bytes, len, (off_t)http->out_at);
        if (got <= 0)
            return -1; /* the file was cut while it was sent: so is the answer */
        len = (size_t)got;
    } else {
        memcpy(bytes, http->out + LWS_PRE + http->out_at, len);
    }
    http->out_at += len;
    bool last = http->out_at == http->out_len;
    if (lws_write(http->wsi, bytes, len, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)len)
        return -1;
    if (last)
        return BROKER_HTTP_SENT;
    lws_set_timeout(http->wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_ANSWER_S);
    lws_callback_on_writable(http->wsi);
    return 0;
}
