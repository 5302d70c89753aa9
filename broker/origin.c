#include "broker/origin.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { HOST_CAP = 256 };

/* The name without its port and brackets. */
static bool bare_name(const char *host, char out[static HOST_CAP])
{
    size_t len = strlen(host);
    if (len == 0 || len >= HOST_CAP)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]", host[i]))
            return false;
    }
    const char *end = host + len;
    if (host[0] == '[') {
        host++;
        end = strchr(host, ']');
        if (!end)
            return false;
    } else if (strchr(host, ':')) {
        end = strchr(host, ':');
    }
    memcpy(out, host, (size_t)(end - host));
    out[end - host] = '\0';
    return out[0] != '\0';
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcasecmp(text + len - end_len, end) == 0;
}

bool broker_origin_host_ok(const char *host, const char *public_host, const char *hostname)
{
    char name[HOST_CAP], other[HOST_CAP];
    struct in6_addr address;
    if (!bare_name(host, name))
        return false;
    if (inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1)
        return true;
    if (strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost"))
        return true;
    if (public_host[0] && bare_name(public_host, other) && strcasecmp(name, other) == 0)
        return true;
    size_t len = strlen(hostname);
    return len && strncasecmp(name, hostname, len) == 0 &&
           (name[len] == '\0' || strcasecmp(name + len, ".local") == 0);
}

bool broker_origin_ok(const char *origin, const char *host, const char *public_origin)
{
    if (!origin[0])
        return true;
    if (public_origin[0] && strcasecmp(origin, public_origin) == 0)
        return true;
    const char *at = strncasecmp(origin, "https://", 8) == 0  ? origin + 8
                     : strncasecmp(origin, "http://", 7) == 0 ? origin + 7
                                                              : NULL;
    return at && strcasecmp(at, host) == 0;
}

bool broker_origin_forwarded(const char *header, char *out, size_t cap)
{
    struct in6_addr address;
    const char *last = strrchr(header, ',');
    last = last ? last + 1 : header;
    while (*last == ' ')
        last++;
    size_t len = strlen(last);
    if (len >= cap || (inet_pton(AF_INET, last, &address) != 1 && inet_pton(AF_INET6, last, &address) != 1))
        return false;
    memcpy(out, last, len + 1);
    return true;
}
