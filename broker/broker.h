/* What the parts of the broker share: one context, passed to all, touched by the loop thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "broker/map.h"
#include "broker/ratelimit.h"
#include "broker/tokens.h"

enum {
    BROKER_ADDRESS_MAX = 64, /* text of a peer's address, with its end */
    BROKER_HOST_MAX = 255,   /* bytes of a Host header */
    BROKER_PROXIES_MAX = 8,
    BROKER_TICKETS_MAX = 65536,
    BROKER_LIMITS_MAX = 262144, /* buckets, about 100 bytes each */
    BROKER_PING_S = 10,         /* an endpoint pings when silent for so long */
    BROKER_DEAD_MS = 22000,     /* 2.2 x ping_s */
    BROKER_SILENT_MS = 2500,    /* while anyone looks */
    BROKER_SIGN_IN_MS = 10000   /* to say Hello, or to show a relay token */
};

struct broker_options {
    char listen_address[BROKER_ADDRESS_MAX], metrics_address[BROKER_ADDRESS_MAX];
    uint16_t listen_port, metrics_port;
    bool metrics, no_limits;
    const char *data_dir, *public_url, *tls_cert, *tls_key, *name;
    char web_dir[4096];
    char public_origin[BROKER_HOST_MAX + 16]; /* scheme://host[:port], or empty */
    char public_host[BROKER_HOST_MAX + 1];    /* host[:port], or empty */
    const char *proxies[BROKER_PROXIES_MAX];
    unsigned proxy_count;
};

/* Counters for /metrics; no ids and no addresses. */
struct broker_metrics {
    uint64_t http_requests, http_refused, links_total, links_now, relays_total, relays_now, relay_sockets_now;
    uint64_t relay_messages, relay_bytes[3], relay_pauses, relay_stalled, relay_expired;
    uint64_t hello_ok, hello_denied, login_ok, login_denied, limited, log_entries, enrols, db_errors;
    uint64_t http_now;
};

struct broker {
    const struct broker_options *options;
    uv_loop_t *loop;
    struct broker_db *db;
    struct broker_accounts *accounts;
    struct broker_secrets *secrets;
    struct broker_ratelimit *limits;
    struct broker_tokens *tickets;      /* value: account id 16, kind 1 */
    struct broker_tokens *relay_tokens; /* value: relay number 8, side 1 */
    struct broker_map links;            /* by number */
    struct broker_map exchanges;        /* by number */
    struct broker_map relays;           /* by number */
    struct broker_relay_socket *relay_sockets;
    struct broker_map locators;   /* by code: who waits to be enrolled */
    struct broker_map enrolments; /* by handle */
    uint64_t next_number;         /* of links, exchanges and relays */
    size_t lookers;               /* links that look, over all accounts */
    struct broker_account *dirty; /* accounts with presence to tell */
    uv_timer_t presence_timer;
    bool draining;
    struct broker_metrics metrics;
};

/* Microseconds that only go forward; milliseconds since 1970. */
uint64_t broker_now_us(void);
uint64_t broker_now_ms(void);

/* One line on stderr: module, then printf text. No secrets; peers' strings go through
 * broker_text_quote. */
void broker_log(const char *module, const char *format, ...) __attribute__((format(printf, 2, 3)));
