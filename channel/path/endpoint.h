/* Where a broker is and how it proves itself: its URL, an optional pinned certificate, and the one
 * certificate check that the WebSocket client and the REST client share.
 *
 * https needs either the pin (SHA-256 of the leaf certificate, "sha256:HEX") or a chain to an authority
 * of this system with the right name. http is for loopback, or when the user asked for it: sessions stay
 * sealed end to end, but names, times and the password's derived key are then readable on the way.
 * Loop thread only. docs/wire.md section 5. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum {
    CHANNEL_HOST_MAX = 255,       /* bytes of a host name */
    CHANNEL_URL_MAX = 300,        /* bytes of a broker's URL */
    CHANNEL_PIN_TEXT = 7 + 64 + 1 /* "sha256:" and hex, with the NUL */
};

struct channel_endpoint {
    bool tls;
    bool pinned;
    uint16_t port;
    uint8_t pin[32];
    char host[CHANNEL_HOST_MAX + 1];      /* IPv6 without brackets */
    char authority[CHANNEL_HOST_MAX + 9]; /* the Host header */
    char url[CHANNEL_URL_MAX + 1];        /* scheme and authority, no path */
    /* Written by the certificate check: what was seen last, "" when it was trusted or never asked. */
    char refused_pin[CHANNEL_PIN_TEXT];
    char refused_why[96];
};

/* url: "https://host[:port]" or "http://..."; a path other than "/" is refused. pin: NULL or "" for none.
 * insecure: allow http to other than loopback. 0, or -1 with *out_why a sentence for people. */
int channel_endpoint_parse(
    struct channel_endpoint *out, const char *url, const char *pin, bool insecure, const char **out_why);

/* "sha256:" and 64 hex digits, upper or lower case. 0 or -1. */
int channel_pin_parse(uint8_t out[static 32], const char *text);
void channel_pin_format(char out[static CHANNEL_PIN_TEXT], const uint8_t pin[static 32]);

/* Make ctx verify a server by this endpoint's rule and nothing else. The endpoint outlives ctx. */
void channel_endpoint_guard(SSL_CTX *ctx, struct channel_endpoint *endpoint);
