/* Writing: the bytes to sign of the next entry, and the log's head as a handshake carries it. */
#include "channel/core/bytes.h"
#include "channel/identity/entry.h"

enum { HEAD_LEN = 1 + 8 + 32 };

static int write_header(const struct channel_log *log, uint8_t *out, size_t cap, enum channel_log_kind kind,
    size_t body_len, const uint8_t *account, const uint8_t *signer, uint64_t time_ms)
{
    uint64_t seq = log ? channel_log_count(log) : 0;
    if (body_len > CHANNEL_LOG_BODY_MAX || cap < CHANNEL_ENTRY_HEADER + body_len ||
        seq >= CHANNEL_LOG_ENTRIES_MAX)
        return CHANNEL_LOG_ERR_LIMIT;
    memset(out, 0, CHANNEL_ENTRY_HEADER);
    out[0] = 1;
    out[1] = (uint8_t)kind;
    channel_put_u16(out + 2, (uint16_t)body_len);
    channel_put_u64(out + 4, seq);
    if (log)
        (void)channel_log_head(log, out + 12);
    memcpy(out + 44, account, 16);
    channel_put_u64(out + 60, time_ms);
    if (signer)
        memcpy(out + 68, signer, 16);
    return (int)(CHANNEL_ENTRY_HEADER + body_len);
}

/* The header of an entry after the first. */
static int write_next(const struct channel_log *log, uint8_t *out, size_t cap, enum channel_log_kind kind,
    size_t body_len, const uint8_t *signer, uint64_t time_ms)
{
    uint8_t account[16], root_sign[32], root_dh[32];
    if (!channel_log_account(log, account, root_sign, root_dh))
        return CHANNEL_LOG_ERR_CHAIN;
    return write_header(log, out, cap, kind, body_len, account, signer, time_ms);
}

int channel_log_make_genesis(uint8_t *out, size_t cap, const uint8_t root_sign[static 32],
    const uint8_t root_dh[static 32], uint64_t time_ms)
{
    uint8_t account[16];
    channel_account_id(account, root_sign, root_dh);
    int len = write_header(NULL, out, cap, CHANNEL_LOG_GENESIS, 64, account, NULL, time_ms);
    if (len < 0)
        return len;
    memcpy(out + CHANNEL_ENTRY_HEADER, root_sign, 32);
    memcpy(out + CHANNEL_ENTRY_HEADER + 32, root_dh, 32);
    return len;
}

int channel_log_make_add(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const struct channel_device *device)
{
    size_t name_len = channel_text_len(device->name, sizeof device->name);
    if (!channel_name_valid(device->name, name_len))
        return CHANNEL_LOG_ERR_FORMAT;
    int len = write_next(log, out, cap, CHANNEL_LOG_ADD, CHANNEL_CERT_FIXED + name_len, signer, time_ms);
    if (len < 0)
        return len;
    uint8_t *body = out + CHANNEL_ENTRY_HEADER;
    memcpy(body, device->id, 16);
    memcpy(body + 16, device->sign_public, 32);
    memcpy(body + 48, device->dh_public, 32);
    body[80] = (uint8_t)device->role;
    channel_put_u32(body + 81, device->rights);
    channel_put_u64(body + 85, device->not_before_ms);
    channel_put_u64(body + 93, device->not_after_ms);
    body[101] = (uint8_t)name_len;
    memcpy(body + CHANNEL_CERT_FIXED, device->name, name_len);
    return len;
}

int channel_log_make_revoke(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const uint8_t device[static 16])
{
    int len = write_next(log, out, cap, CHANNEL_LOG_REVOKE, 16, signer, time_ms);
    if (len > 0)
        memcpy(out + CHANNEL_ENTRY_HEADER, device, 16);
    return len;
}

int channel_log_make_rename(const struct channel_log *log, uint8_t *out, size_t cap, const uint8_t *signer,
    uint64_t time_ms, const uint8_t device[static 16], const char *name)
{
    size_t name_len = channel_text_len(name, CHANNEL_LOG_NAME_MAX + 1);
    if (!channel_name_valid(name, name_len))
        return CHANNEL_LOG_ERR_FORMAT;
    int len = write_next(log, out, cap, CHANNEL_LOG_RENAME, 16 + 1 + name_len, signer, time_ms);
    if (len < 0)
        return len;
    uint8_t *body = out + CHANNEL_ENTRY_HEADER;
    memcpy(body, device, 16);
    body[16] = (uint8_t)name_len;
    memcpy(body + 17, name, name_len);
    return len;
}

int channel_log_make_recovery(const struct channel_log *log, uint8_t *out, size_t cap, uint64_t time_ms)
{
    int len = write_next(log, out, cap, CHANNEL_LOG_RECOVERY, 1, NULL, time_ms);
    if (len > 0)
        out[CHANNEL_ENTRY_HEADER] = 1;
    return len;
}

int channel_log_head_write(const struct channel_log *log, uint8_t *out, size_t cap)
{
    if (cap < HEAD_LEN)
        return CHANNEL_LOG_ERR_LIMIT;
    memset(out, 0, HEAD_LEN);
    out[0] = 1;
    channel_put_u64(out + 1, channel_log_count(log));
    (void)channel_log_head(log, out + 9);
    return HEAD_LEN;
}

int channel_log_head_parse(const uint8_t *data, size_t len, uint64_t *out_count, uint8_t out_hash[static 32])
{
    if (len != HEAD_LEN || data[0] != 1 || channel_get_u64(data + 1) > CHANNEL_LOG_ENTRIES_MAX)
        return CHANNEL_LOG_ERR_FORMAT;
    *out_count = channel_get_u64(data + 1);
    memcpy(out_hash, data + 9, 32);
    return 0;
}
