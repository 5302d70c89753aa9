/* Random one-use or short-lived tokens: tickets of a login, keys to a relay. Kept in memory only: a
 * restart ends them all. Pure but for randomness; time is passed in. Loop thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BROKER_TOKEN_LEN = 32, BROKER_TOKEN_VALUE_LEN = 24 };

struct broker_tokens;

/* max = tokens held at once; at the limit the oldest goes. ttl_us = life of each.
 * NULL when out of memory. */
struct broker_tokens *broker_tokens_create(size_t max, uint64_t ttl_us);
void broker_tokens_destroy(struct broker_tokens *tokens);

/* BROKER_OK or BROKER_ERR_NOMEM. value is kept with the token. */
int broker_tokens_issue(struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t value[static BROKER_TOKEN_VALUE_LEN], uint8_t out_token[static BROKER_TOKEN_LEN]);
/* True and the value when the token is known and alive. Compares in constant time. */
bool broker_tokens_check(const struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t token[static BROKER_TOKEN_LEN], uint8_t out_value[static BROKER_TOKEN_VALUE_LEN]);
/* The same, and the token is spent. */
bool broker_tokens_take(struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t token[static BROKER_TOKEN_LEN], uint8_t out_value[static BROKER_TOKEN_VALUE_LEN]);
/* End every token whose value begins with the same 16 bytes, but not the one that is kept. */
void broker_tokens_drop_others(struct broker_tokens *tokens, const uint8_t value_begins[static 16],
    const uint8_t keep[static BROKER_TOKEN_LEN]);
/* Free what has expired. */
void broker_tokens_expire(struct broker_tokens *tokens, uint64_t now_us);
size_t broker_tokens_count(const struct broker_tokens *tokens);
