/* Crockford base32 (no check symbol): the alphabet of enrolment codes and recovery keys. Pure. */
#pragma once

#include <stddef.h>

/* The character of 5 bits. */
char channel_crockford_char(unsigned value);
/* Canonical characters of what a person typed: case, dashes and spaces forgiven, O as 0, I and L as 1.
 * Writes len characters and a zero byte. 0, or -1 when it is not exactly len such characters. */
int channel_crockford_normalise(char *out, size_t len, const char *typed);
/* 5 bits of a canonical character, or -1. */
int channel_crockford_value(char c);
