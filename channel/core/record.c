#include "channel/core/record.h"

#include "channel/core/bytes.h"

int channel_record_parse(const uint8_t *data, size_t len, struct channel_record *out)
{
    if (len < CHANNEL_RECORD_HEADER || len > CHANNEL_RECORD_MAX)
        return CHANNEL_ERR_FORMAT;
    if (data[0] != CHANNEL_RECORD_SEALED && data[0] != CHANNEL_RECORD_HANDSHAKE &&
        data[0] != CHANNEL_RECORD_PATH)
        return CHANNEL_ERR_FORMAT;
    if (data[1] >> 6 >= CHANNEL_LANES)
        return CHANNEL_ERR_FORMAT;
    /* only sealed records have a lane and an epoch */
    if (data[0] != CHANNEL_RECORD_SEALED && data[1] != 0)
        return CHANNEL_ERR_FORMAT;
    out->type = (enum channel_record_type)data[0];
    out->lane = (enum channel_lane)(data[1] >> 6);
    out->epoch = data[1] & 0x3f;
    out->number = channel_get_u64(data + 2);
    out->body = data + CHANNEL_RECORD_HEADER;
    out->len = len - CHANNEL_RECORD_HEADER;
    return 0;
}

static uint8_t epoch_bits(uint64_t number)
{
    return (uint8_t)(number >> CHANNEL_EPOCH_BITS & 0x3f);
}

void channel_record_header(uint8_t out[static CHANNEL_RECORD_HEADER], enum channel_record_type type,
    enum channel_lane lane, uint64_t number)
{
    out[0] = (uint8_t)type;
    out[1] = type == CHANNEL_RECORD_SEALED ? (uint8_t)((unsigned)lane << 6 | epoch_bits(number)) : 0;
    channel_put_u64(out + 2, number);
}

void channel_lane_key_init(struct channel_lane_key *lane_key, enum channel_lane lane,
    const uint8_t hash[static CHANNEL_HASH_LEN], const uint8_t direction_key[static CHANNEL_KEY_LEN])
{
    uint8_t info[] = "hearth lane"; /* its last byte, the zero, becomes the lane */
    info[sizeof info - 1] = (uint8_t)lane;
    channel_crypto_hkdf(lane_key->key, CHANNEL_KEY_LEN, hash, CHANNEL_HASH_LEN, direction_key,
        CHANNEL_KEY_LEN, info, sizeof info);
    lane_key->key_epoch = 0;
    lane_key->next = 0;
}

static void next_epoch_key(uint8_t out[static CHANNEL_KEY_LEN], const uint8_t key[static CHANNEL_KEY_LEN])
{
    static const uint8_t info[] = "hearth rekey";
    channel_crypto_hkdf(out, CHANNEL_KEY_LEN, NULL, 0, key, CHANNEL_KEY_LEN, info, sizeof info - 1);
}

static void move_epoch(struct channel_lane_key *lane_key)
{
    uint8_t key[CHANNEL_KEY_LEN];
    next_epoch_key(key, lane_key->key);
    memcpy(lane_key->key, key, sizeof key);
    channel_crypto_wipe(key, sizeof key);
    lane_key->key_epoch++;
}

size_t channel_record_seal(
    struct channel_lane_key *lane_key, enum channel_lane lane, uint8_t *out, const uint8_t *plain, size_t len)
{
    uint64_t number = lane_key->next++;
    if (number >> CHANNEL_EPOCH_BITS != lane_key->key_epoch)
        move_epoch(lane_key);
    channel_record_header(out, CHANNEL_RECORD_SEALED, lane, number);
    channel_crypto_seal(
        out + CHANNEL_RECORD_HEADER, lane_key->key, number, out, CHANNEL_RECORD_HEADER, plain, len);
    return CHANNEL_RECORD_HEADER + len + CHANNEL_TAG_LEN;
}

int channel_record_open(struct channel_lane_key *lane_key, const struct channel_record *record, uint8_t *out)
{
    uint64_t epoch = record->number >> CHANNEL_EPOCH_BITS;
    if (record->len < CHANNEL_TAG_LEN || record->epoch != epoch_bits(record->number) ||
        epoch < lane_key->key_epoch || epoch - lane_key->key_epoch > 1)
        return CHANNEL_ERR_FORMAT; /* one epoch ahead at most: a forged number must not cost many hashes */
    uint8_t ahead[CHANNEL_KEY_LEN];
    const uint8_t *key = lane_key->key;
    if (epoch != lane_key->key_epoch) {
        next_epoch_key(ahead, lane_key->key);
        key = ahead;
    }
    int err = channel_crypto_open(out, key, record->number, record->body - CHANNEL_RECORD_HEADER,
        CHANNEL_RECORD_HEADER, record->body, record->len);
    if (err == 0) {
        if (key == ahead)
            move_epoch(lane_key);
        lane_key->next = record->number + 1;
    }
    channel_crypto_wipe(ahead, sizeof ahead);
    return err < 0 ? CHANNEL_ERR_AUTH : (int)(record->len - CHANNEL_TAG_LEN);
}
