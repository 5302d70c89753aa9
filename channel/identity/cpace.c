#include "channel/identity/cpace.h"

#include <string.h>

enum { SHA512_BLOCK = 128, INPUT_MAX = 512 };

static const char dsi[] = "CPaceRistretto255", dsi_isk[] = "CPaceRistretto255_ISK", mac_label[] = "CPaceMac";

/* Input of a hash; every field has a bound, so INPUT_MAX holds the longest. */
struct input {
    uint8_t data[INPUT_MAX];
    size_t len;
};

static void add(struct input *in, const void *data, size_t len)
{
    if (len)
        memcpy(in->data + in->len, data, len);
    in->len += len;
}

/* prepend_len: LEB128 length, then the bytes. All our fields are shorter than 128 bytes. */
static void add_field(struct input *in, const void *data, size_t len)
{
    in->data[in->len++] = (uint8_t)len;
    add(in, data, len);
}

static void hash(struct input *in, uint8_t out[static 64])
{
    channel_crypto_sha512(out, in->data, in->len);
    channel_crypto_wipe(in, sizeof *in);
}

void channel_cpace_generator(uint8_t out[static 32], const uint8_t *prs, size_t prs_len, const uint8_t *ci,
    size_t ci_len, const uint8_t sid[static CHANNEL_CPACE_SID_LEN])
{
    static const uint8_t zeros[SHA512_BLOCK];
    struct input in = {.len = 0};
    uint8_t digest[64];
    size_t used = 1 + (1 + prs_len) + (1 + sizeof dsi - 1);
    add_field(&in, dsi, sizeof dsi - 1);
    add_field(&in, prs, prs_len);
    add_field(&in, zeros, used < SHA512_BLOCK ? SHA512_BLOCK - used : 0); /* the secret fills its own block */
    add_field(&in, ci, ci_len);
    add_field(&in, sid, CHANNEL_CPACE_SID_LEN);
    hash(&in, digest);
    channel_crypto_ristretto_from_hash(out, digest);
    channel_crypto_wipe(digest, sizeof digest);
}

static void add_share(struct input *in, const struct channel_cpace_share *share)
{
    add_field(in, share->y, sizeof share->y);
    add_field(in, share->ad, share->ad_len);
}

int channel_cpace_isk(uint8_t out[static 64], const uint8_t sid[static CHANNEL_CPACE_SID_LEN],
    const uint8_t scalar[static 32], const uint8_t peer[static 32], const struct channel_cpace_share *a,
    const struct channel_cpace_share *b)
{
    struct input in = {.len = 0};
    uint8_t k[32];
    if (channel_crypto_ristretto_mul(k, scalar, peer) < 0)
        return -1;
    add_field(&in, dsi_isk, sizeof dsi_isk - 1);
    add_field(&in, sid, CHANNEL_CPACE_SID_LEN);
    add_field(&in, k, sizeof k);
    add_share(&in, a);
    add_share(&in, b);
    hash(&in, out);
    channel_crypto_wipe(k, sizeof k);
    return 0;
}

/* HMAC-SHA512 (RFC 2104) with a 64-byte key over what is short enough for one input. */
static void mac(uint8_t out[static 64], const uint8_t key[static 64], const struct input *message)
{
    struct input inner = {.len = SHA512_BLOCK}, outer = {.len = SHA512_BLOCK};
    memset(inner.data, 0x36, SHA512_BLOCK);
    memset(outer.data, 0x5c, SHA512_BLOCK);
    for (size_t i = 0; i < 64; i++) {
        inner.data[i] ^= key[i];
        outer.data[i] ^= key[i];
    }
    add(&inner, message->data, message->len);
    hash(&inner, out);
    add(&outer, out, 64);
    hash(&outer, out);
}

void channel_cpace_tag(uint8_t out[static 64], const uint8_t isk[static 64],
    const uint8_t sid[static CHANNEL_CPACE_SID_LEN], const struct channel_cpace_share *share)
{
    struct input in = {.len = 0}, message = {.len = 0};
    uint8_t key[64];
    add(&in, mac_label, sizeof mac_label - 1);
    add(&in, sid, CHANNEL_CPACE_SID_LEN);
    add(&in, isk, 64);
    hash(&in, key);
    add_share(&message, share);
    mac(out, key, &message);
    channel_crypto_wipe(key, sizeof key);
}
