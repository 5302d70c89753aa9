/* Entries of an account log: as they come, and with header and signature made right so that the rules behind
 * them are reached. Input: (u8 how, u16 length, bytes) again and again. */
#include "channel/core/bytes.h"
#include "channel/identity/account.h"
#include "channel/identity/entry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { HOW_SIGNED = 1, HOW_BY_DEVICE = 2 };

struct keys {
    struct channel_keys root, admin;
    uint8_t account[16], admin_id[16];
};

static void make_keys(struct keys *keys)
{
    static const uint8_t seeds[4][32] = {{1}, {2}, {3}, {4}};
    channel_keys_from(&keys->root, seeds[0], seeds[1]);
    channel_keys_from(&keys->admin, seeds[2], seeds[3]);
    channel_account_id(keys->account, keys->root.sign_public, keys->root.dh_public);
    channel_device_id(keys->admin_id, keys->admin.sign_public, keys->admin.dh_public);
}

/* An entry of the fuzzer's kind and body that fits the chain. */
static size_t complete(const struct channel_log *log, const struct keys *keys, uint8_t how,
    const uint8_t *data, size_t len, uint8_t out[static CHANNEL_LOG_ENTRY_MAX])
{
    size_t body = len > 1 ? len - 1 : 0;
    if (body > CHANNEL_LOG_BODY_MAX)
        body = CHANNEL_LOG_BODY_MAX;
    memset(out, 0, CHANNEL_ENTRY_HEADER);
    out[0] = 1;
    out[1] = len ? data[0] & 7 : 0;
    channel_put_u16(out + 2, (uint16_t)body);
    channel_put_u64(out + 4, channel_log_count(log));
    (void)channel_log_head(log, out + 12);
    memcpy(out + 44, keys->account, 16);
    channel_put_u64(out + 60, 1000);
    if (how & HOW_BY_DEVICE)
        memcpy(out + 68, keys->admin_id, 16);
    if (body)
        memcpy(out + CHANNEL_ENTRY_HEADER, data + 1, body);
    if (out[1] == CHANNEL_LOG_ADD && body >= 80) /* an id that fits its keys */
        channel_device_id(
            out + CHANNEL_ENTRY_HEADER, out + CHANNEL_ENTRY_HEADER + 16, out + CHANNEL_ENTRY_HEADER + 48);
    const struct channel_keys *signer = how & HOW_BY_DEVICE ? &keys->admin : &keys->root;
    int n = channel_keys_sign_entry(signer, out, CHANNEL_LOG_ENTRY_MAX, CHANNEL_ENTRY_HEADER + body);
    return n > 0 ? (size_t)n : 0;
}

static void start(struct channel_log *log, const struct keys *keys)
{
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX];
    struct channel_device device = {.role = CHANNEL_ROLE_CLI, .rights = CHANNEL_RIGHT_ADMIN, .name = "admin"};
    memcpy(device.id, keys->admin_id, 16);
    memcpy(device.sign_public, keys->admin.sign_public, 32);
    memcpy(device.dh_public, keys->admin.dh_public, 32);
    int n = channel_log_make_genesis(entry, sizeof entry, keys->root.sign_public, keys->root.dh_public, 1);
    n = channel_keys_sign_entry(&keys->root, entry, sizeof entry, (size_t)n);
    if (channel_log_append(log, entry, (size_t)n) != 0)
        abort();
    n = channel_log_make_add(log, entry, sizeof entry, NULL, 1, &device);
    n = channel_keys_sign_entry(&keys->root, entry, sizeof entry, (size_t)n);
    if (channel_log_append(log, entry, (size_t)n) != 0)
        abort();
}

static void check(const struct channel_log *log)
{
    for (size_t i = 0; i < channel_log_device_count(log); i++) {
        const struct channel_device *device = channel_log_device(log, i);
        if (channel_log_find(log, device->id) != device ||
            channel_log_find_dh(log, device->dh_public) != device ||
            !channel_name_valid(device->name, strlen(device->name)) || (device->rights & ~CHANNEL_RIGHTS_ALL))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct keys keys;
    uint8_t entry[CHANNEL_LOG_ENTRY_MAX], hash[32];
    uint64_t count;
    if (channel_crypto_init() < 0)
        abort();
    (void)channel_log_head_parse(data, len, &count, hash);
    struct channel_log *log = channel_log_create();
    if (!log)
        return 0;
    make_keys(&keys);
    start(log, &keys);
    while (len >= 3) {
        uint8_t how = data[0];
        size_t n = channel_get_u16(data + 1);
        data += 3;
        len -= 3;
        if (n > len)
            n = len;
        if (how & HOW_SIGNED) {
            size_t made = complete(log, &keys, how, data, n, entry);
            (void)channel_log_append(log, entry, made);
        } else {
            (void)channel_log_append(log, data, n);
        }
        data += n;
        len -= n;
    }
    check(log);
    channel_log_destroy(log);
    return 0;
}
