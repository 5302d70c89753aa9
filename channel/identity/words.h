/* The table made from words.txt at build time: word n of 2,048. */
#pragma once

enum { CHANNEL_WORDLIST_LEN = 2048 };
extern const char *const channel_wordlist[CHANNEL_WORDLIST_LEN];
