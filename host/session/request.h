/* What a viewer asks, from bytes to a checked message, and which right it needs. Nothing here acts.
 * Any thread. Schema and bounds: channel/proto/session.proto. */
#pragma once

#include "channel/proto/session.pb-c.h"
#include "host/session/frame.h"

enum {
    SESSION_CLIPBOARD_MAX = 512 * 1024, /* bytes of text */
    SESSION_REQUEST_MEMORY = 4 << 20    /* bytes that unpacking one message may take */
};

/* Unpack and check every bound. NULL for what is malformed or has a field over its bound. A request of a
 * later version has no body that we know (BODY__NOT_SET). Freed with session_request_free(). */
Hearth__Session__ToHost *session_request_parse(const uint8_t *data, size_t len);
void session_request_free(Hearth__Session__ToHost *request);

/* Bits of enum channel_right, all of them needed; 0 = none. What is not known needs all. */
uint32_t session_request_rights(const Hearth__Session__ToHost *request);

/* Why it is refused, for people. rights: what is missing. */
const char *session_rights_refusal(uint32_t missing);

uint32_t session_rights_from_message(const Hearth__Session__Rights *rights);
void session_rights_to_message(Hearth__Session__Rights *out, uint32_t rights);
