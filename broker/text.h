/* Text from peers: UTF-8 checks, account names, and quoting for the log. Pure. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BROKER_NAME_MAX = 64, BROKER_QUOTE_MAX = 96 };

/* Strict UTF-8 of min..max bytes without control characters. */
bool broker_text_valid(const char *text, size_t len, size_t min, size_t max);

/* An account name in lower case, as it is kept and compared. BROKER_OK or BROKER_ERR_FORMAT.
 * docs/wire.md section 4. */
int broker_text_account_name(const char *text, size_t len, char out[static BROKER_NAME_MAX + 1]);

/* A peer's string for a log line: quoted, cut, everything but printable ASCII escaped. Returns out. */
const char *broker_text_quote(char out[static BROKER_QUOTE_MAX], const char *text, size_t len);
/* First 4 bytes of an id in hexadecimal. Returns out. */
const char *broker_text_id(char out[static 9], const uint8_t *id);
