#include "channel/core/resume.h"

#include "channel/core/bytes.h"

enum { MAC_AT = CHANNEL_RESUME_LEN - 32, RANDOM_AT = MAC_AT - 16 };

void channel_resume_key(uint8_t out[static 32], const uint8_t hash[static 32],
    const uint8_t initiator_key[static 32], const uint8_t responder_key[static 32])
{
    static const uint8_t info[] = "hearth path";
    uint8_t keys[64];
    memcpy(keys, initiator_key, 32);
    memcpy(keys + 32, responder_key, 32);
    channel_crypto_hkdf(out, 32, hash, 32, keys, sizeof keys, info, sizeof info - 1);
    channel_crypto_wipe(keys, sizeof keys);
}

/* "resume" | role byte | header | body without its MAC */
static void make_mac(
    uint8_t out[static 32], const uint8_t *record, enum channel_role role, const uint8_t path_key[static 32])
{
    static const char prefix[] = "resume"; /* its zero byte is overwritten by the role */
    uint8_t input[sizeof prefix + MAC_AT];
    memcpy(input, prefix, sizeof prefix);
    input[sizeof prefix - 1] = (uint8_t)role;
    memcpy(input + sizeof prefix, record, MAC_AT);
    channel_crypto_hmac_sha256(out, path_key, 32, input, sizeof input);
}

void channel_resume_write(uint8_t out[static CHANNEL_RESUME_LEN], const struct channel_resume *resume,
    enum channel_role role, const uint8_t path_key[static 32])
{
    channel_record_header(out, CHANNEL_RECORD_PATH, CHANNEL_LANE_I, resume->counter);
    uint8_t *body = out + CHANNEL_RECORD_HEADER;
    body[0] = 1;
    memcpy(body + 1, resume->session_id, CHANNEL_ID_LEN);
    channel_put_u64(body + 17, resume->next_i);
    channel_put_u64(body + 25, resume->next_b);
    channel_crypto_random(out + RANDOM_AT, 16);
    make_mac(out + MAC_AT, out, role, path_key);
}

int channel_resume_read(const struct channel_record *record, enum channel_role role,
    const uint8_t path_key[static 32], struct channel_resume *out)
{
    if (record->len != CHANNEL_RESUME_BODY || record->body[0] != 1)
        return CHANNEL_ERR_FORMAT;
    const uint8_t *data = record->body - CHANNEL_RECORD_HEADER;
    uint8_t mac[32];
    make_mac(mac, data, role, path_key);
    if (!channel_crypto_equal(mac, data + MAC_AT, sizeof mac))
        return CHANNEL_ERR_AUTH;
    out->counter = record->number;
    memcpy(out->session_id, record->body + 1, CHANNEL_ID_LEN);
    out->next_i = channel_get_u64(record->body + 17);
    out->next_b = channel_get_u64(record->body + 25);
    return 0;
}
