/* What both back ends of the crypto port share: HKDF, wiping and comparing, built on the primitives. */
#include "channel/core/crypto.h"

#include <string.h>

void channel_crypto_wipe(void *data, size_t len)
{
    /* volatile, so that a compiler that sees the memory die cannot drop the writes */
    volatile uint8_t *p = data;
    for (size_t i = 0; i < len; i++)
        p[i] = 0;
}

bool channel_crypto_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    volatile uint8_t diff = 0;
    for (size_t i = 0; i < len; i++)
        diff = (uint8_t)(diff | (a[i] ^ b[i]));
    return diff == 0;
}

void channel_crypto_hkdf(uint8_t *out, size_t out_len, const uint8_t *salt, size_t salt_len,
    const uint8_t *ikm, size_t ikm_len, const uint8_t *info, size_t info_len)
{
    static const uint8_t zeros[CHANNEL_HASH_LEN];
    uint8_t prk[CHANNEL_HASH_LEN], block[CHANNEL_HASH_LEN];
    uint8_t input[CHANNEL_HASH_LEN + CHANNEL_INFO_MAX + 1];
    if (!salt) {
        salt = zeros;
        salt_len = sizeof zeros;
    }
    if (info_len > CHANNEL_INFO_MAX)
        __builtin_trap(); /* infos are our own constants: a longer one is a mistake in the program */
    channel_crypto_hmac_sha256(prk, salt, salt_len, ikm, ikm_len);

    size_t held = 0, done = 0;
    for (uint8_t counter = 1; done < out_len; counter++) {
        memcpy(input, block, held);
        if (info_len)
            memcpy(input + held, info, info_len);
        input[held + info_len] = counter;
        channel_crypto_hmac_sha256(block, prk, sizeof prk, input, held + info_len + 1);
        held = sizeof block;
        size_t take = out_len - done < sizeof block ? out_len - done : sizeof block;
        memcpy(out + done, block, take);
        done += take;
    }
    channel_crypto_wipe(prk, sizeof prk);
    channel_crypto_wipe(block, sizeof block);
    channel_crypto_wipe(input, sizeof input);
}
