#include "channel/path/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "channel/core/crypto.h"

static bool loopback(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    return strcmp(host, "::1") == 0 || strcasecmp(host, "localhost") == 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

int channel_pin_parse(uint8_t out[static 32], const char *text)
{
    if (strncmp(text, "sha256:", 7) != 0 || strlen(text) != CHANNEL_PIN_TEXT - 1) {
        return -1;
    }
    uint8_t pin[32];
    for (size_t i = 0; i < 32; i++) {
        const int high = hex_value(text[7 + i * 2]);
        const int low = hex_value(text[8 + i * 2]);
        if (high < 0 || low < 0) {
            return -1;
        }
        pin[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(out, pin, 32);
    return 0;
}

void channel_pin_format(char out[static CHANNEL_PIN_TEXT], const uint8_t pin[static 32])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(out, "sha256:", 7);
    for (size_t i = 0; i < 32; i++) {
        out[7 + i * 2] = digits[pin[i] >> 4];
        out[8 + i * 2] = digits[pin[i] & 15];
    }
    out[CHANNEL_PIN_TEXT - 1] = '\0';
}

struct parts {
    char *scheme, *host, *port, *path, *query, *fragment, *user;
};

static void parts_free(struct parts *parts)
{
    curl_free(parts->scheme);
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_free(parts->query);
    curl_free(parts->fragment);
    curl_free(parts->user);
}

static int fill(struct channel_endpoint *out, const struct parts *parts, bool insecure, const char **out_why)
{
    if (!parts->scheme || !parts->host || !parts->port) {
        *out_why = "That is not the address of a broker. Write it like https://hearth.example.org.";
        return -1;
    }
    out->tls = strcmp(parts->scheme, "https") == 0;
    if (!out->tls && strcmp(parts->scheme, "http") != 0) {
        *out_why = "The broker's address has to begin with https://.";
        return -1;
    }
    if ((parts->path && strcmp(parts->path, "/") != 0) || parts->query || parts->fragment || parts->user) {
        *out_why = "The broker's address has to be a host and a port alone, without a path or a user.";
        return -1;
    }
    const size_t length = strlen(parts->host);
    const bool brackets = length > 2 && parts->host[0] == '[' && parts->host[length - 1] == ']';
    const size_t bare = brackets ? length - 2 : length;
    if (bare == 0 || bare > CHANNEL_HOST_MAX - 2) {
        *out_why = "The broker's host name is too long.";
        return -1;
    }
    memcpy(out->host, parts->host + (brackets ? 1 : 0), bare);
    out->host[bare] = '\0';
    /* curl checked that it is a number in 0..65535. */
    const unsigned long port = strtoul(parts->port, NULL, 10);
    if (port == 0 || port > UINT16_MAX) {
        *out_why = "The broker's port has to be between 1 and 65535.";
        return -1;
    }
    out->port = (uint16_t)port;
    if (!out->tls && !insecure && !loopback(out->host)) {
        *out_why = "The address begins with http://, so anyone on the way could read names and times and the "
                   "sign-in. Use https://, or add --insecure-ws if the network is yours.";
        return -1;
    }
    const bool usual = out->port == (out->tls ? 443 : 80);
    if (usual) {
        (void)snprintf(out->authority, sizeof out->authority, "%.*s", (int)length, parts->host);
    } else {
        (void)snprintf(out->authority, sizeof out->authority, "%.*s:%u", (int)length, parts->host, out->port);
    }
    (void)snprintf(out->url, sizeof out->url, "%s://%s", out->tls ? "https" : "http", out->authority);
    return 0;
}

int channel_endpoint_parse(
    struct channel_endpoint *out, const char *url, const char *pin, bool insecure, const char **out_why)
{
    struct channel_endpoint endpoint = {0};
    if (strlen(url) > CHANNEL_URL_MAX) {
        *out_why = "The broker's address is too long.";
        return -1;
    }
    if (pin && *pin) {
        if (channel_pin_parse(endpoint.pin, pin) != 0) {
            *out_why = "A pin is sha256: and the 64 hexadecimal digits of the broker's certificate.";
            return -1;
        }
        endpoint.pinned = true;
    }
    struct parts parts = {0};
    CURLU *parsed = curl_url();
    if (!parsed) {
        *out_why = "Out of memory.";
        return -1;
    }
    int result = -1;
    if (curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK) {
        (void)curl_url_get(parsed, CURLUPART_SCHEME, &parts.scheme, 0);
        (void)curl_url_get(parsed, CURLUPART_HOST, &parts.host, 0);
        (void)curl_url_get(parsed, CURLUPART_PORT, &parts.port, CURLU_DEFAULT_PORT);
        (void)curl_url_get(parsed, CURLUPART_PATH, &parts.path, 0);
        (void)curl_url_get(parsed, CURLUPART_QUERY, &parts.query, 0);
        (void)curl_url_get(parsed, CURLUPART_FRAGMENT, &parts.fragment, 0);
        (void)curl_url_get(parsed, CURLUPART_USER, &parts.user, 0);
    }
    result = fill(&endpoint, &parts, insecure, out_why);
    parts_free(&parts);
    curl_url_cleanup(parsed);
    if (result == 0 && endpoint.pinned && !endpoint.tls) {
        *out_why = "A pin needs an address that begins with https://.";
        return -1;
    }
    if (result == 0) {
        *out = endpoint;
    }
    return result;
}

static int unforgiving(int ok, X509_STORE_CTX *store)
{
    (void)store;
    return ok;
}

/* OpenSSL asks this instead of its own chain check. 1 = trusted. */
static int verify(X509_STORE_CTX *store, void *user)
{
    struct channel_endpoint *endpoint = user;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    uint8_t seen[EVP_MAX_MD_SIZE];
    unsigned int seen_len = 0;
    endpoint->refused_pin[0] = '\0';
    endpoint->refused_why[0] = '\0';
    if (!leaf || X509_digest(leaf, EVP_sha256(), seen, &seen_len) != 1 || seen_len != 32) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
    if (endpoint->pinned) {
        if (channel_crypto_equal(seen, endpoint->pin, 32)) {
            X509_STORE_CTX_set_error(store, X509_V_OK);
            return 1;
        }
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        (void)snprintf(
            endpoint->refused_why, sizeof endpoint->refused_why, "not the certificate that was pinned");
    } else {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
        /* A literal address is matched against the certificate's addresses, a name against its names. */
        if (X509_VERIFY_PARAM_set1_ip_asc(param, endpoint->host) != 1) {
            X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            if (X509_VERIFY_PARAM_set1_host(param, endpoint->host, 0) != 1) {
                X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
                return 0;
            }
        }
        /* No callback that could forgive an error: libwebsockets installs one. */
        X509_STORE_CTX_set_verify_cb(store, unforgiving);
        if (X509_verify_cert(store) == 1) {
            return 1;
        }
        (void)snprintf(endpoint->refused_why, sizeof endpoint->refused_why, "%s",
            X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    }
    channel_pin_format(endpoint->refused_pin, seen);
    return 0;
}

void channel_endpoint_guard(SSL_CTX *ctx, struct channel_endpoint *endpoint)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_default_verify_paths(ctx); /* curl brings its own list and forgets SSL_CERT_FILE */
    SSL_CTX_set_cert_verify_callback(ctx, verify, endpoint);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
}
