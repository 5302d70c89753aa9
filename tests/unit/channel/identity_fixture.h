/* A deterministic account for tests: keys from fixed seeds, entries signed with them. */
#pragma once

#include "channel/identity/account.h"

enum { FIXTURE_TIME_MS = 1000000 }; /* of every entry made here */

struct fixture_entry {
    uint8_t bytes[CHANNEL_LOG_ENTRY_MAX];
    size_t len;
};

/* Keys whose seeds are all the byte seed (Ed25519) and seed + 1 (X25519). */
void fixture_keys(struct channel_keys *out, uint8_t seed);
void fixture_device(
    struct channel_device *out, const struct channel_keys *keys, const char *name, uint32_t rights);

/* Make, sign and append; asserts success unless the name says otherwise. by NULL = root signs. */
struct fixture_entry fixture_genesis(struct channel_log *log, const struct channel_keys *root);
struct fixture_entry fixture_add(struct channel_log *log, const struct channel_keys *root,
    const struct channel_keys *by, const struct channel_device *device);
/* Sign an unsigned entry of len bytes already in entry. by_root: keys are the root's. */
void fixture_sign(struct fixture_entry *entry, int len, const struct channel_keys *keys);
/* The id of a device with these keys. */
void fixture_id(uint8_t out[static 16], const struct channel_keys *keys);
