/* The four check words as one line, for both sides of an enrolment. Blocks for about a tenth of a second
 * (Argon2id, 64 MiB). Any thread. */
#pragma once

#include "channel/link/enroll_link.h"

/* 0, or -1 when out of memory. */
int enroll_words_line(char out[static CHANNEL_WORDS_TEXT], const char code[static CHANNEL_CODE_LEN],
    const uint8_t sign_public[static 32], const uint8_t dh_public[static 32]);
