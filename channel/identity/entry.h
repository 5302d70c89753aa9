/* One entry of the account log as bytes: fixed layouts parsed and written, nothing judged. Pure functions
 * over (ptr, len); no allocation. Layout: docs/wire.md section 3. Any thread. */
#pragma once

#include "channel/identity/log.h"

enum {
    CHANNEL_ENTRY_HEADER = 84,
    CHANNEL_ENTRY_MIN = CHANNEL_ENTRY_HEADER + 1 + CHANNEL_SIGNATURE_LEN,
    CHANNEL_CERT_FIXED = 16 + 32 + 32 + 1 + 4 + 8 + 8 + 1,
    CHANNEL_SIGNING_PREFIX = 13 /* "hearth-log-1" 0x00 */
};

struct channel_entry {
    enum channel_log_kind kind;
    uint64_t seq, time_ms;
    uint8_t before[32], account[16], signer[16];
    const uint8_t *body; /* borrowed from the parsed bytes */
    size_t body_len;
    const uint8_t *signature;
    size_t signed_len; /* bytes in front of the signature */
};

/* The whole of data must be one entry of a kind version 1 knows. 0 or CHANNEL_LOG_ERR_FORMAT. */
int channel_entry_parse(const uint8_t *data, size_t len, struct channel_entry *out);

/* A certificate; the device id must be that of its keys. 0 or CHANNEL_LOG_ERR_FORMAT. */
int channel_certificate_parse(const uint8_t *data, size_t len, struct channel_device *out);
/* device id 16 | u8 length | name. 0 or CHANNEL_LOG_ERR_FORMAT. out_name ends in a zero byte. */
int channel_rename_parse(const uint8_t *data, size_t len, uint8_t out_id[static 16],
    char out_name[static CHANNEL_LOG_NAME_MAX + 1]);

/* A name a person sees: 1..64 bytes of well-formed UTF-8 without control characters. */
bool channel_name_valid(const char *name, size_t len);
