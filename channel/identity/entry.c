#include "channel/identity/entry.h"

#include "channel/core/bytes.h"

int channel_entry_parse(const uint8_t *data, size_t len, struct channel_entry *out)
{
    if (len < CHANNEL_ENTRY_MIN || len > CHANNEL_LOG_ENTRY_MAX)
        return CHANNEL_LOG_ERR_FORMAT;
    size_t body = channel_get_u16(data + 2);
    if (data[0] != 1 || body > CHANNEL_LOG_BODY_MAX ||
        len != CHANNEL_ENTRY_HEADER + body + CHANNEL_SIGNATURE_LEN)
        return CHANNEL_LOG_ERR_FORMAT;
    if (data[1] < CHANNEL_LOG_GENESIS || data[1] > CHANNEL_LOG_RECOVERY)
        return CHANNEL_LOG_ERR_FORMAT; /* GRANT, UNGRANT and ROTATE are refused by version 1 */
    out->kind = (enum channel_log_kind)data[1];
    out->seq = channel_get_u64(data + 4);
    memcpy(out->before, data + 12, 32);
    memcpy(out->account, data + 44, 16);
    out->time_ms = channel_get_u64(data + 60);
    memcpy(out->signer, data + 68, 16);
    out->body = data + CHANNEL_ENTRY_HEADER;
    out->body_len = body;
    out->signed_len = CHANNEL_ENTRY_HEADER + body;
    out->signature = data + out->signed_len;
    return 0;
}

/* Length of the character at p, 0 when it is not well-formed UTF-8 (RFC 3629) or is a control (C0, DEL, C1).
 */
static size_t text_character(const uint8_t *p, size_t len)
{
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
    size_t n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
               : (p[0] & 0xf0) == 0xe0        ? 3
               : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if (p[0] == 0xc2 && p[1] < 0xa0)
        return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0; /* too long a form, a surrogate, or past U+10FFFF */
    return n;
}

bool channel_name_valid(const char *name, size_t len)
{
    if (len < 1 || len > CHANNEL_LOG_NAME_MAX)
        return false;
    for (size_t pos = 0; pos < len;) {
        size_t n = text_character((const uint8_t *)name + pos, len - pos);
        if (n == 0)
            return false;
        pos += n;
    }
    return true;
}

/* u8 length | name, which must end the body. */
static int parse_name(const uint8_t *data, size_t len, char out[static CHANNEL_LOG_NAME_MAX + 1])
{
    if (len < 1 || data[0] != len - 1 || !channel_name_valid((const char *)data + 1, len - 1))
        return CHANNEL_LOG_ERR_FORMAT;
    memcpy(out, data + 1, len - 1);
    out[len - 1] = '\0';
    return 0;
}

int channel_certificate_parse(const uint8_t *data, size_t len, struct channel_device *out)
{
    if (len < CHANNEL_CERT_FIXED + 1)
        return CHANNEL_LOG_ERR_FORMAT;
    struct channel_device device = {0};
    uint8_t id[16];
    memcpy(device.id, data, 16);
    memcpy(device.sign_public, data + 16, 32);
    memcpy(device.dh_public, data + 48, 32);
    channel_device_id(id, device.sign_public, device.dh_public);
    if (memcmp(id, device.id, sizeof id) != 0)
        return CHANNEL_LOG_ERR_FORMAT;
    if (data[80] < CHANNEL_ROLE_HOST || data[80] > CHANNEL_ROLE_DESKTOP)
        return CHANNEL_LOG_ERR_FORMAT;
    device.role = (enum channel_device_role)data[80];
    device.rights = channel_get_u32(data + 81);
    device.not_before_ms = channel_get_u64(data + 85);
    device.not_after_ms = channel_get_u64(data + 93);
    if (device.rights & ~CHANNEL_RIGHTS_ALL)
        return CHANNEL_LOG_ERR_FORMAT;
    if (device.not_after_ms != 0 && device.not_after_ms <= device.not_before_ms)
        return CHANNEL_LOG_ERR_FORMAT;
    int err = parse_name(data + CHANNEL_CERT_FIXED - 1, len - (CHANNEL_CERT_FIXED - 1), device.name);
    if (err < 0)
        return err;
    *out = device;
    return 0;
}

int channel_rename_parse(const uint8_t *data, size_t len, uint8_t out_id[static 16],
    char out_name[static CHANNEL_LOG_NAME_MAX + 1])
{
    if (len < 16 + 2)
        return CHANNEL_LOG_ERR_FORMAT;
    char name[CHANNEL_LOG_NAME_MAX + 1];
    int err = parse_name(data + 16, len - 16, name);
    if (err < 0)
        return err;
    memcpy(out_id, data, 16);
    memcpy(out_name, name, sizeof name);
    return 0;
}

bool channel_device_active(const struct channel_device *device, uint64_t now_ms)
{
    return !device->revoked && now_ms >= device->not_before_ms &&
           (device->not_after_ms == 0 || now_ms < device->not_after_ms);
}

void channel_device_id(
    uint8_t out[static 16], const uint8_t sign_public[static 32], const uint8_t dh_public[static 32])
{
    static const char prefix[] = "hearth-device-1"; /* its zero byte is part of the input */
    uint8_t input[sizeof prefix + 64], hash[32];
    memcpy(input, prefix, sizeof prefix);
    memcpy(input + sizeof prefix, sign_public, 32);
    memcpy(input + sizeof prefix + 32, dh_public, 32);
    channel_crypto_sha256(hash, input, sizeof input);
    memcpy(out, hash, 16);
}

void channel_account_id(
    uint8_t out[static 16], const uint8_t root_sign[static 32], const uint8_t root_dh[static 32])
{
    static const char prefix[] = "hearth-account-1";
    uint8_t input[sizeof prefix + 64], hash[32];
    memcpy(input, prefix, sizeof prefix);
    memcpy(input + sizeof prefix, root_sign, 32);
    memcpy(input + sizeof prefix + 32, root_dh, 32);
    channel_crypto_sha256(hash, input, sizeof input);
    memcpy(out, hash, 16);
}

int channel_log_signing_input(uint8_t *out, size_t cap, const uint8_t *entry, size_t len)
{
    static const char prefix[CHANNEL_SIGNING_PREFIX] = "hearth-log-1";
    if (cap < sizeof prefix || len > cap - sizeof prefix)
        return CHANNEL_LOG_ERR_LIMIT;
    memcpy(out, prefix, sizeof prefix);
    memcpy(out + sizeof prefix, entry, len);
    return (int)(sizeof prefix + len);
}

const char *channel_log_strerror(int err)
{
    switch ((enum channel_log_error)err) {
    case CHANNEL_LOG_OK:
        return "no error";
    case CHANNEL_LOG_ERR_NOMEM:
        return "out of memory";
    case CHANNEL_LOG_ERR_FORMAT:
        return "not an entry of an account log";
    case CHANNEL_LOG_ERR_CHAIN:
        return "not the next entry of this log";
    case CHANNEL_LOG_ERR_SIGNATURE:
        return "the signature does not fit";
    case CHANNEL_LOG_ERR_DENIED:
        return "the signer may not do that";
    case CHANNEL_LOG_ERR_FORK:
        return "another history than the one kept";
    case CHANNEL_LOG_ERR_ROLLBACK:
        return "shorter than the log kept";
    case CHANNEL_LOG_ERR_LIMIT:
        return "too long or too many";
    }
    return "unknown error";
}
