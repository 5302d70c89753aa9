/* Rate limits: a token bucket for each (what, who), in a table that keeps the most recently used. The
 * bucket is kept as the time at which it is full again, so it costs one number. Time is passed in.
 * Loop thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum broker_limit {
    BROKER_LIMIT_ACCEPT,        /* connections, per address */
    BROKER_LIMIT_REST,          /* REST calls, per address */
    BROKER_LIMIT_SIGNUP,        /* new accounts, per address */
    BROKER_LIMIT_LOGIN_PAIR,    /* wrong keys, per account name and address */
    BROKER_LIMIT_LOGIN_NAME,    /* wrong keys, per account name, all addresses */
    BROKER_LIMIT_LOGIN_ADDRESS, /* wrong keys, per address */
    BROKER_LIMIT_ENROL_OPEN,    /* locators asked for, per address */
    BROKER_LIMIT_ENROL_FIND,    /* locators tried, per account */
    BROKER_LIMIT_LOG_APPEND,    /* log entries, per account */
    BROKER_LIMIT_CONNECT,       /* relays asked for, per device */
    BROKER_LIMIT_REQUEST,       /* messages on a link, per device or address */
    BROKER_LIMIT_COUNT
};

struct broker_ratelimit;

/* max_entries = buckets kept; at the limit the one used longest ago goes. NULL when out of memory. */
struct broker_ratelimit *broker_ratelimit_create(size_t max_entries);
void broker_ratelimit_destroy(struct broker_ratelimit *limits);
/* Off = every take succeeds (measurements only). */
void broker_ratelimit_disable(struct broker_ratelimit *limits);

/* Take one. True when there was one; else *out_retry_ms (may be NULL) = when there will be.
 * When memory is out the answer is no. */
bool broker_ratelimit_take(struct broker_ratelimit *limits, enum broker_limit what, const void *who,
    size_t who_len, uint64_t now_us, uint32_t *out_retry_ms);
/* Put one back: what was limited turned out to be welcome. */
void broker_ratelimit_return(struct broker_ratelimit *limits, enum broker_limit what, const void *who,
    size_t who_len, uint64_t now_us);
size_t broker_ratelimit_count(const struct broker_ratelimit *limits);

/* Who an address is to the limits: an IPv4 address, the /64 of an IPv6 address, or the text itself.
 * Returns the bytes written. */
size_t broker_ratelimit_address_key(const char *address, uint8_t out[static 17]);
