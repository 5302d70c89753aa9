#include "broker/tokens.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"
#include "broker/map.h"

/* The first 16 bytes find the token, the other 16 prove it; a timing leak of the look-up tells nothing
 * about the proof. */
struct token {
    struct broker_map_node node;
    struct token *newer, *older;
    uint64_t expires_us;
    uint8_t proof[BROKER_TOKEN_LEN - BROKER_MAP_KEY_LEN];
    uint8_t value[BROKER_TOKEN_VALUE_LEN];
};

struct broker_tokens {
    struct broker_map map;
    struct token *newest, *oldest; /* all live equally long: this is also the order of expiry */
    size_t max;
    uint64_t ttl_us;
};

struct broker_tokens *broker_tokens_create(size_t max, uint64_t ttl_us)
{
    struct broker_tokens *tokens = calloc(1, sizeof *tokens);
    if (!tokens)
        return NULL;
    broker_map_init(&tokens->map);
    tokens->max = max;
    tokens->ttl_us = ttl_us;
    return tokens;
}

static void drop(struct broker_tokens *tokens, struct token *token)
{
    if (token->newer)
        token->newer->older = token->older;
    else
        tokens->newest = token->older;
    if (token->older)
        token->older->newer = token->newer;
    else
        tokens->oldest = token->newer;
    broker_map_remove(&tokens->map, &token->node);
    sodium_memzero(token, sizeof *token);
    free(token);
}

void broker_tokens_destroy(struct broker_tokens *tokens)
{
    if (!tokens)
        return;
    while (tokens->oldest)
        drop(tokens, tokens->oldest);
    broker_map_finish(&tokens->map);
    free(tokens);
}

int broker_tokens_issue(struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t value[static BROKER_TOKEN_VALUE_LEN], uint8_t out_token[static BROKER_TOKEN_LEN])
{
    while (tokens->oldest && tokens->map.count >= tokens->max)
        drop(tokens, tokens->oldest);
    struct token *token = calloc(1, sizeof *token);
    if (!token)
        return BROKER_ERR_NOMEM;
    uint8_t bytes[BROKER_TOKEN_LEN];
    randombytes_buf(bytes, sizeof bytes);
    if (broker_map_insert(&tokens->map, bytes, &token->node) < 0) {
        free(token);
        return BROKER_ERR_NOMEM;
    }
    memcpy(token->proof, bytes + BROKER_MAP_KEY_LEN, sizeof token->proof);
    memcpy(token->value, value, sizeof token->value);
    token->expires_us = now_us + tokens->ttl_us;
    token->older = tokens->newest;
    if (tokens->newest)
        tokens->newest->newer = token;
    else
        tokens->oldest = token;
    tokens->newest = token;
    memcpy(out_token, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
    return BROKER_OK;
}

static struct token *find(const struct broker_tokens *tokens, uint64_t now_us, const uint8_t *bytes)
{
    struct broker_map_node *node = broker_map_find(&tokens->map, bytes);
    if (!node)
        return NULL;
    struct token *token = BROKER_MAP_ENTRY(node, struct token, node);
    if (sodium_memcmp(token->proof, bytes + BROKER_MAP_KEY_LEN, sizeof token->proof) != 0)
        return NULL;
    return now_us < token->expires_us ? token : NULL;
}

bool broker_tokens_check(const struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t token[static BROKER_TOKEN_LEN], uint8_t out_value[static BROKER_TOKEN_VALUE_LEN])
{
    const struct token *found = find(tokens, now_us, token);
    if (!found)
        return false;
    memcpy(out_value, found->value, BROKER_TOKEN_VALUE_LEN);
    return true;
}

bool broker_tokens_take(struct broker_tokens *tokens, uint64_t now_us,
    const uint8_t token[static BROKER_TOKEN_LEN], uint8_t out_value[static BROKER_TOKEN_VALUE_LEN])
{
    struct token *found = find(tokens, now_us, token);
    if (!found)
        return false;
    memcpy(out_value, found->value, BROKER_TOKEN_VALUE_LEN);
    drop(tokens, found);
    return true;
}

void broker_tokens_drop_others(struct broker_tokens *tokens, const uint8_t value_begins[static 16],
    const uint8_t keep[static BROKER_TOKEN_LEN])
{
    const struct token *kept = find(tokens, 0, keep);
    struct token *token = tokens->oldest;
    while (token) {
        struct token *newer = token->newer;
        if (token != kept && memcmp(token->value, value_begins, 16) == 0)
            drop(tokens, token);
        token = newer;
    }
}

void broker_tokens_expire(struct broker_tokens *tokens, uint64_t now_us)
{
    while (tokens->oldest && tokens->oldest->expires_us <= now_us)
        drop(tokens, tokens->oldest);
}

size_t broker_tokens_count(const struct broker_tokens *tokens)
{
    return tokens->map.count;
}
