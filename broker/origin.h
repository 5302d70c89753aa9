/* Whether a Host and an Origin header are ones that this broker answers to. Pure. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A Host header is good when it is an IP address, localhost, the machine's own name (hostname, or it with
 * ".local") or the host of --public-url (public_host, "" = none), each with any port. Devices sign the Host
 * they meant; a broker that answered to every name would let a stranger's name stand in for it. */
bool broker_origin_host_ok(const char *host, const char *public_host, const char *hostname);
/* origin "" = absent: a native client, good. Else it must be http(s)://HOST of this request, or
 * public_origin ("" = none). */
bool broker_origin_ok(const char *origin, const char *host, const char *public_origin);

/* The address that a proxy of ours added to X-Forwarded-For: the last one, for those before it are whatever
 * the client said. False, and out untouched, when it is no IP address or does not fit cap bytes. */
bool broker_origin_forwarded(const char *header, char *out, size_t cap);
