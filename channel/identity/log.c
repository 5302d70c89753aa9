#include "channel/identity/log.h"

#include "channel/core/bytes.h"
#include "channel/identity/entry.h"

#include <stdlib.h>

enum {
    ENTRIES_AT_FIRST = 16, /* doubled up to CHANNEL_LOG_ENTRIES_MAX */
    DEVICES_AT_FIRST = 8   /* doubled; a device costs an entry, so the same bound holds */
};

struct entry {
    uint8_t *bytes;
    uint16_t len;
    uint8_t hash[32];
};

struct channel_log {
    struct entry *entries;
    size_t count, cap;
    struct channel_device *devices;
    size_t device_count, device_cap;
    /* Open addressing over device_cap * 2 slots of index + 1, by device id and by X25519 key, so that a log
     * of the greatest length is checked in linear time. */
    uint32_t *by_id, *by_dh;
    uint8_t account[16], root_sign[32], root_dh[32];
    uint64_t latest_ms; /* the latest time that an entry names: it is not earlier now */
};

struct channel_log *channel_log_create(void)
{
    return calloc(1, sizeof(struct channel_log));
}

void channel_log_destroy(struct channel_log *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->count; i++)
        free(log->entries[i].bytes);
    free(log->entries);
    free(log->devices);
    free(log->by_id);
    free(log->by_dh);
    free(log);
}

/* ---- the device table ---- */

static size_t first_slot(const uint8_t *key, size_t slots)
{
    return (size_t)channel_get_u32(key) & (slots - 1);
}

static struct channel_device *find_in(
    const struct channel_log *log, const uint32_t *table, const uint8_t *key, size_t key_len, size_t at)
{
    size_t slots = log->device_cap * 2;
    if (slots == 0)
        return NULL;
    for (size_t i = first_slot(key, slots); table[i]; i = (i + 1) & (slots - 1)) {
        struct channel_device *device = &log->devices[table[i] - 1];
        if (memcmp((const uint8_t *)device + at, key, key_len) == 0)
            return device;
    }
    return NULL;
}

static struct channel_device *find_id(const struct channel_log *log, const uint8_t *id)
{
    return find_in(log, log->by_id, id, 16, offsetof(struct channel_device, id));
}

static struct channel_device *find_dh(const struct channel_log *log, const uint8_t *dh)
{
    return find_in(log, log->by_dh, dh, 32, offsetof(struct channel_device, dh_public));
}

static void index_device(uint32_t *table, size_t slots, const uint8_t *key, size_t index)
{
    size_t i = first_slot(key, slots);
    while (table[i])
        i = (i + 1) & (slots - 1);
    table[i] = (uint32_t)index + 1;
}

static int reserve_device(struct channel_log *log)
{
    if (log->device_count < log->device_cap)
        return 0;
    size_t cap = log->device_cap ? log->device_cap * 2 : DEVICES_AT_FIRST;
    struct channel_device *devices = realloc(log->devices, cap * sizeof *devices);
    if (!devices)
        return CHANNEL_LOG_ERR_NOMEM;
    log->devices = devices;
    uint32_t *by_id = calloc(cap * 2, sizeof *by_id);
    uint32_t *by_dh = calloc(cap * 2, sizeof *by_dh);
    if (!by_id || !by_dh) {
        free(by_id);
        free(by_dh);
        return CHANNEL_LOG_ERR_NOMEM;
    }
    for (size_t i = 0; i < log->device_count; i++) {
        index_device(by_id, cap * 2, devices[i].id, i);
        index_device(by_dh, cap * 2, devices[i].dh_public, i);
    }
    free(log->by_id);
    free(log->by_dh);
    log->by_id = by_id;
    log->by_dh = by_dh;
    log->device_cap = cap;
    return 0;
}

static void add_device(struct channel_log *log, const struct channel_device *device)
{
    size_t index = log->device_count++;
    log->devices[index] = *device;
    index_device(log->by_id, log->device_cap * 2, device->id, index);
    index_device(log->by_dh, log->device_cap * 2, device->dh_public, index);
}

/* ---- checking an entry ---- */

/* What an entry will change, found out before anything is changed. */
struct change {
    struct channel_device device;        /* ADD */
    struct channel_device *target;       /* REVOKE, RENAME */
    char name[CHANNEL_LOG_NAME_MAX + 1]; /* RENAME */
};

static bool is_zero(const uint8_t *data, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= data[i];
    return any == 0;
}

static int check_genesis(const struct channel_entry *entry)
{
    uint8_t account[16];
    if (entry->kind != CHANNEL_LOG_GENESIS || entry->body_len != 64)
        return CHANNEL_LOG_ERR_FORMAT;
    channel_account_id(account, entry->body, entry->body + 32);
    if (!is_zero(entry->before, 32) || memcmp(account, entry->account, sizeof account) != 0)
        return CHANNEL_LOG_ERR_CHAIN;
    return is_zero(entry->signer, 16) ? 0 : CHANNEL_LOG_ERR_DENIED;
}

static int check_chain(const struct channel_log *log, const struct channel_entry *entry)
{
    if (entry->seq != log->count)
        return CHANNEL_LOG_ERR_CHAIN;
    if (log->count == 0)
        return check_genesis(entry);
    if (memcmp(entry->before, log->entries[log->count - 1].hash, 32) != 0 ||
        memcmp(entry->account, log->account, 16) != 0)
        return CHANNEL_LOG_ERR_CHAIN;
    return entry->kind == CHANNEL_LOG_GENESIS ? CHANNEL_LOG_ERR_DENIED : 0;
}

/* signer NULL = the root. */
static int check_add(const struct channel_log *log, const struct channel_entry *entry,
    const struct channel_device *signer, struct change *change)
{
    int err = channel_certificate_parse(entry->body, entry->body_len, &change->device);
    if (err < 0)
        return err;
    if (signer && (!(signer->rights & CHANNEL_RIGHT_ADMIN) || (change->device.rights & ~signer->rights)))
        return CHANNEL_LOG_ERR_DENIED;
    /* An id comes once for ever, and so does a key: two names for one key would let one pass for the other.
     */
    if (find_id(log, change->device.id) || find_dh(log, change->device.dh_public))
        return CHANNEL_LOG_ERR_DENIED;
    change->device.added_seq = entry->seq;
    change->device.added_ms = entry->time_ms;
    return 0;
}

static int check_target(const struct channel_log *log, const uint8_t *id, const struct channel_device *signer,
    struct change *change)
{
    change->target = find_id(log, id);
    if (!change->target || change->target->revoked)
        return CHANNEL_LOG_ERR_DENIED;
    if (signer && signer != change->target && !(signer->rights & CHANNEL_RIGHT_ADMIN))
        return CHANNEL_LOG_ERR_DENIED;
    return 0;
}

static int check_right(const struct channel_log *log, const struct channel_entry *entry,
    const struct channel_device *signer, struct change *change)
{
    uint8_t id[16];
    int err;
    switch (entry->kind) {
    case CHANNEL_LOG_GENESIS:
        return 0;
    case CHANNEL_LOG_ADD:
        return check_add(log, entry, signer, change);
    case CHANNEL_LOG_REVOKE:
        if (entry->body_len != 16)
            return CHANNEL_LOG_ERR_FORMAT;
        return check_target(log, entry->body, signer, change);
    case CHANNEL_LOG_RENAME:
        err = channel_rename_parse(entry->body, entry->body_len, id, change->name);
        return err < 0 ? err : check_target(log, id, signer, change);
    case CHANNEL_LOG_RECOVERY:
        if (entry->body_len != 1 || entry->body[0] != 1)
            return CHANNEL_LOG_ERR_FORMAT;
        return signer ? CHANNEL_LOG_ERR_DENIED : 0;
    }
    return CHANNEL_LOG_ERR_FORMAT;
}

static int check_signature(const uint8_t *key, const uint8_t *data, const struct channel_entry *entry)
{
    uint8_t input[CHANNEL_SIGNING_PREFIX + CHANNEL_LOG_ENTRY_MAX];
    int len = channel_log_signing_input(input, sizeof input, data, entry->signed_len);
    if (len < 0)
        return len;
    return channel_crypto_verify(entry->signature, key, input, (size_t)len) ? 0 : CHANNEL_LOG_ERR_SIGNATURE;
}

static int reserve_entry(struct channel_log *log)
{
    if (log->count >= CHANNEL_LOG_ENTRIES_MAX)
        return CHANNEL_LOG_ERR_LIMIT;
    if (log->count < log->cap)
        return 0;
    size_t cap = log->cap ? log->cap * 2 : ENTRIES_AT_FIRST;
    struct entry *entries = realloc(log->entries, cap * sizeof *entries);
    if (!entries)
        return CHANNEL_LOG_ERR_NOMEM;
    log->entries = entries;
    log->cap = cap;
    return 0;
}

static void apply(struct channel_log *log, const struct channel_entry *entry, const struct change *change)
{
    switch (entry->kind) {
    case CHANNEL_LOG_GENESIS:
        memcpy(log->account, entry->account, 16);
        memcpy(log->root_sign, entry->body, 32);
        memcpy(log->root_dh, entry->body + 32, 32);
        break;
    case CHANNEL_LOG_ADD:
        add_device(log, &change->device);
        break;
    case CHANNEL_LOG_REVOKE:
        change->target->revoked = true;
        break;
    case CHANNEL_LOG_RENAME:
        memcpy(change->target->name, change->name, sizeof change->name);
        break;
    case CHANNEL_LOG_RECOVERY:
        break;
    }
}

int channel_log_append(struct channel_log *log, const uint8_t *data, size_t len)
{
    struct channel_entry entry = {0};
    struct change change = {0};
    int err = reserve_entry(log);
    if (err == 0)
        err = reserve_device(log); /* before the check: it finds pointers into the table */
    if (err == 0)
        err = channel_entry_parse(data, len, &entry);
    if (err == 0)
        err = check_chain(log, &entry);
    if (err < 0)
        return err;

    const struct channel_device *signer = NULL;
    const uint8_t *key = log->count ? log->root_sign : entry.body;
    if (!is_zero(entry.signer, 16)) {
        signer = find_id(log, entry.signer);
        /* An entry cannot be older than the one before it, whatever it says: who may sign no more cannot
         * write an earlier time and be believed. */
        uint64_t at_ms = entry.time_ms > log->latest_ms ? entry.time_ms : log->latest_ms;
        if (!signer || !channel_device_active(signer, entry.time_ms) || !channel_device_active(signer, at_ms))
            return CHANNEL_LOG_ERR_DENIED;
        key = signer->sign_public;
    }
    err = check_right(log, &entry, signer, &change);
    if (err == 0)
        err = check_signature(key, data, &entry);
    if (err < 0)
        return err;

    uint8_t *bytes = malloc(len);
    if (!bytes)
        return CHANNEL_LOG_ERR_NOMEM;
    memcpy(bytes, data, len);
    struct entry *slot = &log->entries[log->count];
    slot->bytes = bytes;
    slot->len = (uint16_t)len;
    channel_crypto_sha256(slot->hash, data, len);
    apply(log, &entry, &change);
    if (entry.time_ms > log->latest_ms)
        log->latest_ms = entry.time_ms;
    log->count++;
    return 0;
}

/* ---- reading ---- */

uint64_t channel_log_count(const struct channel_log *log)
{
    return log->count;
}

bool channel_log_hash_at(const struct channel_log *log, uint64_t seq, uint8_t out[static 32])
{
    if (seq >= log->count)
        return false;
    memcpy(out, log->entries[seq].hash, 32);
    return true;
}

bool channel_log_head(const struct channel_log *log, uint8_t out[static 32])
{
    return log->count > 0 && channel_log_hash_at(log, log->count - 1, out);
}

const uint8_t *channel_log_entry(const struct channel_log *log, uint64_t seq, size_t *out_len)
{
    if (seq >= log->count)
        return NULL;
    *out_len = log->entries[seq].len;
    return log->entries[seq].bytes;
}

bool channel_log_account(const struct channel_log *log, uint8_t out_id[static 16],
    uint8_t out_root_sign[static 32], uint8_t out_root_dh[static 32])
{
    if (log->count == 0)
        return false;
    memcpy(out_id, log->account, 16);
    memcpy(out_root_sign, log->root_sign, 32);
    memcpy(out_root_dh, log->root_dh, 32);
    return true;
}

size_t channel_log_device_count(const struct channel_log *log)
{
    return log->device_count;
}

const struct channel_device *channel_log_device(const struct channel_log *log, size_t index)
{
    return index < log->device_count ? &log->devices[index] : NULL;
}

const struct channel_device *channel_log_find(const struct channel_log *log, const uint8_t id[static 16])
{
    return find_id(log, id);
}

const struct channel_device *channel_log_find_dh(
    const struct channel_log *log, const uint8_t dh_public[static 32])
{
    return find_dh(log, dh_public);
}

int channel_log_contains(const struct channel_log *log, uint64_t count, const uint8_t hash[static 32])
{
    if (count > log->count)
        return 0;
    if (count == 0)
        return is_zero(hash, 32) ? 1 : CHANNEL_LOG_ERR_FORK;
    return memcmp(log->entries[count - 1].hash, hash, 32) == 0 ? 1 : CHANNEL_LOG_ERR_FORK;
}
