#include "channel/link/enroll_words.h"

#include <stdio.h>

#include "channel/identity/account.h"

int enroll_words_line(char out[static CHANNEL_WORDS_TEXT], const char code[static CHANNEL_CODE_LEN],
    const uint8_t sign_public[static 32], const uint8_t dh_public[static 32])
{
    uint8_t seed[32];
    char words[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1];
    if (channel_words_seed(seed, sign_public, dh_public, code) != 0) {
        return -1;
    }
    channel_words_from_seed(words, seed);
    (void)snprintf(out, CHANNEL_WORDS_TEXT, "%s %s %s %s", words[0], words[1], words[2], words[3]);
    return 0;
}
