#include "tests/unit/channel/identity_fixture.h"

#include <stdlib.h>
#include <string.h>

void fixture_keys(struct channel_keys *out, uint8_t seed)
{
    uint8_t sign[32], dh[32];
    memset(sign, seed, sizeof sign);
    memset(dh, seed + 1, sizeof dh);
    channel_keys_from(out, sign, dh);
}

void fixture_id(uint8_t out[static 16], const struct channel_keys *keys)
{
    channel_device_id(out, keys->sign_public, keys->dh_public);
}

void fixture_device(
    struct channel_device *out, const struct channel_keys *keys, const char *name, uint32_t rights)
{
    memset(out, 0, sizeof *out);
    fixture_id(out->id, keys);
    memcpy(out->sign_public, keys->sign_public, 32);
    memcpy(out->dh_public, keys->dh_public, 32);
    out->role = CHANNEL_ROLE_HOST;
    out->rights = rights;
    strncpy(out->name, name, CHANNEL_LOG_NAME_MAX);
}

void fixture_sign(struct fixture_entry *entry, int len, const struct channel_keys *keys)
{
    if (len < 0)
        abort();
    int n = channel_keys_sign_entry(keys, entry->bytes, sizeof entry->bytes, (size_t)len);
    if (n < 0)
        abort();
    entry->len = (size_t)n;
}

struct fixture_entry fixture_genesis(struct channel_log *log, const struct channel_keys *root)
{
    struct fixture_entry entry;
    int n = channel_log_make_genesis(
        entry.bytes, sizeof entry.bytes, root->sign_public, root->dh_public, FIXTURE_TIME_MS);
    fixture_sign(&entry, n, root);
    if (channel_log_append(log, entry.bytes, entry.len) != 0)
        abort();
    return entry;
}

struct fixture_entry fixture_add(struct channel_log *log, const struct channel_keys *root,
    const struct channel_keys *by, const struct channel_device *device)
{
    struct fixture_entry entry;
    uint8_t id[16];
    if (by)
        fixture_id(id, by);
    int n = channel_log_make_add(log, entry.bytes, sizeof entry.bytes, by ? id : NULL,
        FIXTURE_TIME_MS + channel_log_count(log), device);
    fixture_sign(&entry, n, by ? by : root);
    if (channel_log_append(log, entry.bytes, entry.len) != 0)
        abort();
    return entry;
}
