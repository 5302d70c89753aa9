/* Enrolment codes and check words. */
#include "channel/identity/code.h"

#include "channel/identity/enroll.h"
#include "channel/identity/words.h"

#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { TYPED_MAX = 256 /* no code is longer, with whatever is put between */ };

char channel_crockford_char(unsigned value)
{
    return alphabet[value & 31];
}

int channel_crockford_value(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

int channel_crockford_normalise(char *out, size_t len, const char *typed)
{
    char text[64];
    size_t n = 0;
    for (size_t i = 0; typed[i]; i++) {
        char c = typed[i];
        if (i >= TYPED_MAX)
            return -1;
        if (c == '-' || c == ' ' || c == '\t')
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
        if (channel_crockford_value(c) < 0 || n >= len || n >= sizeof text)
            return -1;
        text[n++] = c;
    }
    if (n != len)
        return -1;
    memcpy(out, text, len);
    out[len] = '\0';
    channel_crypto_wipe(text, sizeof text);
    return 0;
}

int channel_code_normalise(char out[static CHANNEL_CODE_LEN + 1], const char *typed)
{
    return channel_crockford_normalise(out, CHANNEL_CODE_LEN, typed);
}

void channel_code_secret(char out[static 5])
{
    uint8_t random[4];
    channel_crypto_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        out[i] = channel_crockford_char(random[i]); /* 32 divides 256: no bias */
    out[4] = '\0';
    channel_crypto_wipe(random, sizeof random);
}

void channel_words_salt(uint8_t out[static 16], const char code[static CHANNEL_CODE_LEN])
{
    static const char prefix[] = "hearth-words-1";
    uint8_t input[sizeof prefix + CHANNEL_CODE_LEN], hash[32];
    memcpy(input, prefix, sizeof prefix);
    memcpy(input + sizeof prefix, code, CHANNEL_CODE_LEN);
    channel_crypto_sha256(hash, input, sizeof input);
    memcpy(out, hash, 16);
}

void channel_words_from_seed(char out[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1], const uint8_t seed[static 32])
{
    for (unsigned i = 0; i < CHANNEL_WORDS; i++) {
        unsigned index = 0;
        for (unsigned bit = i * 11; bit < i * 11 + 11; bit++) /* from the highest bit of the first byte on */
            index = index << 1 | ((unsigned)seed[bit / 8] >> (7 - bit % 8) & 1u);
        size_t len = strlen(channel_wordlist[index]); /* at most CHANNEL_WORD_MAX: a test checks the list */
        memcpy(out[i], channel_wordlist[index], len + 1);
    }
}
