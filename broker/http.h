/* One HTTP request and its answer. The body is gathered up to the limit, the answer is made whole in
 * memory or read from a file in pieces. Loop thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "broker/broker.h"

struct lws;

enum {
    BROKER_HTTP_BODY_MAX = 256 * 1024,
    BROKER_HTTP_PATH_MAX = 1023,
    BROKER_HTTP_CHUNK = 16 * 1024, /* of a file, for each turn */
    BROKER_HTTP_MAX = 4096         /* requests at once */
};

enum { BROKER_HTTP_SENT = 1 };
enum broker_http_method { BROKER_HTTP_GET, BROKER_HTTP_HEAD, BROKER_HTTP_POST };

struct broker_http {
    struct broker_map_node node;
    struct broker *broker;
    struct lws *wsi;
    uint64_t number;
    enum broker_http_method method;
    char path[BROKER_HTTP_PATH_MAX + 1];
    char address[BROKER_ADDRESS_MAX];
    size_t body_expected, body_len;
    uint8_t *body;

    unsigned refusal; /* 0, or the status to answer once the body is read */
    bool answered, headers_sent;
    unsigned status, retry_s;
    const char *content_type;
    const char *cache;    /* Cache-Control; NULL = no-store */
    const char *encoding; /* Content-Encoding or NULL */
    char etag[48];
    bool page;    /* with the page's Content-Security-Policy */
    uint8_t *out; /* malloc'd with LWS_PRE in front */
    size_t out_len, out_at;
    int file; /* -1 = none; out_len bytes are read from it */
};

/* NULL when out of memory or BROKER_HTTP_MAX are running. */
struct broker_http *broker_http_create(struct broker *broker, struct lws *wsi);
void broker_http_destroy(struct broker_http *http);
/* NULL when it has gone. */
struct broker_http *broker_http_find(struct broker *broker, uint64_t number);

/* Answers; the first counts. Bytes and JSON are copied, file is taken. */
void broker_http_bytes(
    struct broker_http *http, unsigned status, const char *content_type, const void *bytes, size_t len);
void broker_http_json(struct broker_http *http, unsigned status, json_t *json); /* steals json */
void broker_http_file(struct broker_http *http, const char *content_type, int file, size_t len);
/* {"error":code,"message":...} */
void broker_http_error(struct broker_http *http, unsigned status, const char *code, const char *message);
/* The same for one of broker/error.h. */
void broker_http_fail(struct broker_http *http, int err);

/* Send what comes next. 0, BROKER_HTTP_SENT when that was all, or -1 when the socket is to be closed. */
int broker_http_writeable(struct broker_http *http);
