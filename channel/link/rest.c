#include "channel/link/rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>
#include <jansson.h>
#include <sodium.h>

enum { BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

struct channel_rest {
    struct channel_endpoint *endpoint;
    CURL *curl;
    struct curl_slist *headers;
    char *body;
    size_t body_len;
    int64_t date_s; /* of the last answer, 0 = none */
    char message[512];
};

struct channel_rest *channel_rest_create(struct channel_endpoint *endpoint)
{
    struct channel_rest *rest = calloc(1, sizeof *rest);
    if (!rest) {
        return NULL;
    }
    rest->endpoint = endpoint;
    rest->body = malloc(CHANNEL_REST_BODY_MAX);
    rest->curl = curl_easy_init();
    rest->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!rest->body || !rest->curl || !rest->headers) {
        channel_rest_destroy(rest);
        return NULL;
    }
    return rest;
}

void channel_rest_destroy(struct channel_rest *rest)
{
    if (!rest) {
        return;
    }
    curl_easy_cleanup(rest->curl);
    curl_slist_free_all(rest->headers);
    if (rest->body) {
        channel_crypto_wipe(rest->body, CHANNEL_REST_BODY_MAX);
    }
    free(rest->body);
    free(rest);
}

const char *channel_rest_message(const struct channel_rest *rest)
{
    return rest->message;
}

static int fail(struct channel_rest *rest, int error, const char *message)
{
    (void)snprintf(rest->message, sizeof rest->message, "%s", message);
    return error;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    struct channel_rest *rest = user;
    const size_t len = size * count;
    if (len > CHANNEL_REST_BODY_MAX - rest->body_len) {
        return 0; /* curl ends the transfer */
    }
    memcpy(rest->body + rest->body_len, data, len);
    rest->body_len += len;
    return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    struct channel_rest *rest = user;
    const size_t len = size * count;
    char value[64];
    if (len > 6 && len - 6 < sizeof value && strncasecmp(data, "Date: ", 6) == 0) {
        memcpy(value, data + 6, len - 6);
        value[len - 6] = '\0';
        const time_t date = curl_getdate(value, NULL);
        rest->date_s = date > 0 ? (int64_t)date : 0;
    }
    return len;
}

static CURLcode on_ssl(CURL *curl, void *ctx, void *user)
{
    (void)curl;
    channel_endpoint_guard(ctx, user);
    return CURLE_OK;
}

/* Our own words for a status and the broker's code; the broker's message where it knows better. */
static int judge(struct channel_rest *rest, long status, json_t *answer)
{
    const char *message = json_string_value(json_object_get(answer, "message"));
    if (status >= 200 && status < 300) {
        return CHANNEL_REST_OK;
    }
    if (!message || strlen(message) > 300) {
        message = "The broker refused without saying why.";
    }
    switch (status) {
    case 400:
    case 413:
        return fail(rest, CHANNEL_REST_ERR_BAD_REQUEST, message);
    case 401:
    case 403:
        return fail(rest, CHANNEL_REST_ERR_DENIED, message);
    case 404:
        return fail(rest, CHANNEL_REST_ERR_NOT_FOUND, message);
    case 409:
        return fail(rest, CHANNEL_REST_ERR_CONFLICT, message);
    case 429:
    case 503:
        return fail(rest, CHANNEL_REST_ERR_BUSY, message);
    default:
        return fail(rest, CHANNEL_REST_ERR_INTERNAL, message);
    }
}

static int set_up(struct channel_rest *rest, const char *url)
{
    CURL *curl = rest->curl;
    curl_easy_reset(curl);
    CURLcode bad = CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_URL, url);
    bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, rest->endpoint->tls ? "https" : "http");
    bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CHANNEL_REST_TIMEOUT_S);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 8L);
    bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, rest->headers);
    bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "hearth/" HEARTH_VERSION);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, rest);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, rest);
    /* Name and chain are checked by the endpoint's rule, which replaces OpenSSL's; curl's own second
     * look at the name would refuse a pinned certificate. */
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, rest->endpoint);
    return bad == CURLE_OK ? 0 : -1;
}

/* body NULL = GET. *out is a new reference on success. */
static int call(struct channel_rest *rest, const char *path, json_t *body, json_t **out)
{
    char url[CHANNEL_URL_MAX + 256];
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    (void)snprintf(url, sizeof url, "%s%s", rest->endpoint->url, path);
    rest->body_len = 0;
    rest->date_s = 0;
    rest->message[0] = '\0';
    rest->endpoint->refused_pin[0] = '\0';
    if ((body && !text) || set_up(rest, url) != 0) {
        free(text);
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    if (text) {
        (void)curl_easy_setopt(rest->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
        (void)curl_easy_setopt(rest->curl, CURLOPT_POSTFIELDS, text);
    }
    const CURLcode result = curl_easy_perform(rest->curl);
    if (text) {
        channel_crypto_wipe(text, strlen(text));
        free(text);
    }
    if (rest->endpoint->refused_pin[0]) {
        (void)snprintf(rest->message, sizeof rest->message,
            "The broker's certificate is not trusted: %s. If the broker is yours, compare this with what it "
            "shows and add --pin %s.",
            rest->endpoint->refused_why, rest->endpoint->refused_pin);
        return CHANNEL_REST_ERR_TRUST;
    }
    if (result == CURLE_WRITE_ERROR) {
        return fail(rest, CHANNEL_REST_ERR_FORMAT, "The broker's answer is too long.");
    }
    if (result != CURLE_OK) {
        (void)snprintf(rest->message, sizeof rest->message,
            "The broker at %s does not answer (%s). Check the address and the network.",
            rest->endpoint->authority, curl_easy_strerror(result));
        return CHANNEL_REST_ERR_OFFLINE;
    }
    long status = 0;
    (void)curl_easy_getinfo(rest->curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *answer = json_loadb(rest->body, rest->body_len, JSON_REJECT_DUPLICATES, NULL);
    int verdict = judge(rest, status, answer);
    if (verdict == CHANNEL_REST_OK && !json_is_object(answer)) {
        verdict = fail(rest, CHANNEL_REST_ERR_FORMAT, "What answers at that address is not a Hearth broker.");
    }
    if (verdict != CHANNEL_REST_OK) {
        json_decref(answer);
        return verdict;
    }
    *out = answer;
    return CHANNEL_REST_OK;
}

/* ---- JSON and base64url */

static json_t *bytes_to_json(const uint8_t *data, size_t len)
{
    const size_t cap = sodium_base64_encoded_len(len, BASE64);
    char *text = malloc(cap);
    if (!text) {
        return NULL;
    }
    (void)sodium_bin2base64(text, cap, data, len, BASE64);
    json_t *value = json_string(text);
    channel_crypto_wipe(text, cap);
    free(text);
    return value;
}

/* Exactly len bytes, or with exact false at most len; *out_len then tells. */
static int json_to_bytes(const json_t *value, uint8_t *out, size_t len, bool exact, size_t *out_len)
{
    const char *text = json_string_value(value);
    size_t got = 0;
    const char *end = NULL;
    if (!text ||
        sodium_base642bin(out, len, text, json_string_length(value), NULL, &got, &end, BASE64) != 0 ||
        end != text + json_string_length(value) || (exact && got != len)) {
        return -1;
    }
    if (out_len) {
        *out_len = got;
    }
    return 0;
}

static json_t *kdf_to_json(const struct channel_kdf *kdf)
{
    return json_pack("{s:o, s:I, s:I}", "salt", bytes_to_json(kdf->salt, sizeof kdf->salt), "mem_kib",
        (json_int_t)kdf->mem_kib, "passes", (json_int_t)kdf->passes);
}

static json_t *entries_to_json(const struct channel_rest_bytes *entries, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        if (json_array_append_new(list, bytes_to_json(entries[i].data, entries[i].len)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int not_a_broker(struct channel_rest *rest)
{
    return fail(rest, CHANNEL_REST_ERR_FORMAT, "The broker's answer is not what this version expects.");
}

/* ---- calls */

int channel_rest_info(
    struct channel_rest *rest, char out_version[static 33], char out_name[static 65], int64_t *out_skew_s)
{
    json_t *answer = NULL;
    const int error = call(rest, "/v1/info", NULL, &answer);
    if (error != CHANNEL_REST_OK) {
        return error;
    }
    const char *version = json_string_value(json_object_get(answer, "version"));
    const char *name = json_string_value(json_object_get(answer, "name"));
    if (!version) {
        json_decref(answer);
        return not_a_broker(rest);
    }
    (void)snprintf(out_version, 33, "%s", version);
    (void)snprintf(out_name, 65, "%s", name ? name : "");
    *out_skew_s = rest->date_s ? rest->date_s - (int64_t)time(NULL) : 0;
    json_decref(answer);
    return CHANNEL_REST_OK;
}

int channel_rest_signup(struct channel_rest *rest, const struct channel_rest_signup *signup,
    uint8_t out_account_id[static CHANNEL_ID_LEN])
{
    json_t *answer = NULL;
    json_t *body =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "account", signup->account, "auth_scheme",
            "argon2id-1", "kdf", kdf_to_json(&signup->kdf), "auth_key", bytes_to_json(signup->auth_key, 32),
            "wrapped_root", bytes_to_json(signup->wrapped_root.data, signup->wrapped_root.len),
            "recovery_auth", bytes_to_json(signup->recovery_auth, 32), "wrapped_recovery",
            bytes_to_json(signup->wrapped_recovery.data, signup->wrapped_recovery.len), "log",
            entries_to_json(signup->log, signup->log_count));
    if (!body) {
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    int error = call(rest, "/v1/accounts", body, &answer);
    json_decref(body);
    if (error != CHANNEL_REST_OK) {
        return error;
    }
    if (json_to_bytes(json_object_get(answer, "account_id"), out_account_id, CHANNEL_ID_LEN, true, NULL) !=
        0) {
        error = not_a_broker(rest);
    }
    json_decref(answer);
    return error;
}

int channel_rest_kdf(struct channel_rest *rest, const char *account, struct channel_kdf *out)
{
    char path[320];
    json_t *answer = NULL;
    if (strlen(account) > 64) {
        return fail(rest, CHANNEL_REST_ERR_BAD_REQUEST, "An account name has at most 64 bytes.");
    }
    char *escaped = curl_easy_escape(rest->curl, account, 0);
    if (!escaped) {
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    (void)snprintf(path, sizeof path, "/v1/accounts/%s/kdf", escaped);
    curl_free(escaped);
    int error = call(rest, path, NULL, &answer);
    if (error != CHANNEL_REST_OK) {
        return error;
    }
    struct channel_kdf kdf;
    const char *scheme = json_string_value(json_object_get(answer, "auth_scheme"));
    const json_t *inner = json_object_get(answer, "kdf");
    const json_int_t mem_kib = json_integer_value(json_object_get(inner, "mem_kib"));
    const json_int_t passes = json_integer_value(json_object_get(inner, "passes"));
    if (!scheme || strcmp(scheme, "argon2id-1") != 0 ||
        json_to_bytes(json_object_get(inner, "salt"), kdf.salt, sizeof kdf.salt, true, NULL) != 0 ||
        mem_kib <= 0 || mem_kib > UINT32_MAX || passes <= 0 || passes > UINT32_MAX) {
        error = not_a_broker(rest);
    } else {
        kdf.mem_kib = (uint32_t)mem_kib;
        kdf.passes = (uint32_t)passes;
        *out = kdf;
    }
    json_decref(answer);
    return error;
}

void channel_rest_account_finish(struct channel_rest_account *account)
{
    free(account->log);
    free(account->log_bytes);
    channel_crypto_wipe(account, sizeof *account);
}

/* Add a page of entries to what there is. Entries keep their place by offset until all pages are in. */
static int add_page(const json_t *list, struct channel_rest_account *out, size_t *used)
{
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > CHANNEL_LOG_ENTRIES_MAX - out->log_count) {
        return -1;
    }
    size_t room = *used;
    for (size_t i = 0; i < count; i++) {
        room += json_string_length(json_array_get(list, i));
    }
    struct channel_rest_bytes *log = realloc(out->log, (out->log_count + count + 1) * sizeof *log);
    if (log) {
        out->log = log;
    }
    uint8_t *bytes = log ? realloc(out->log_bytes, room + 1) : NULL;
    if (!bytes) {
        return -1;
    }
    out->log_bytes = bytes;
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        if (json_to_bytes(json_array_get(list, i), bytes + *used, room - *used, false, &len) != 0) {
            return -1;
        }
        out->log[out->log_count++].len = len;
        *used += len;
    }
    return 0;
}

/* The log of an answer and, by its ticket, the pages that follow. */
static int read_pages(struct channel_rest *rest, const json_t *first, struct channel_rest_account *out)
{
    const json_int_t told = json_integer_value(json_object_get(first, "total"));
    size_t used = 0;
    if (add_page(json_object_get(first, "log"), out, &used) != 0 || out->log_count == 0 || told < 0 ||
        told > CHANNEL_LOG_ENTRIES_MAX) {
        return not_a_broker(rest);
    }
    while ((json_int_t)out->log_count < told) {
        const size_t before = out->log_count;
        json_t *answer = NULL;
        json_t *body = json_pack("{s:o, s:[], s:I}", "ticket", bytes_to_json(out->ticket, CHANNEL_TICKET_LEN),
            "entries", "from", (json_int_t)before);
        if (!body) {
            return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
        }
        const int error = call(rest, "/v1/log", body, &answer);
        json_decref(body);
        if (error != CHANNEL_REST_OK) {
            return error;
        }
        const int added = add_page(json_object_get(answer, "log"), out, &used);
        json_decref(answer);
        if (added != 0 || out->log_count == before) {
            return not_a_broker(rest);
        }
    }
    size_t at = 0;
    for (size_t i = 0; i < out->log_count; i++) {
        out->log[i].data = out->log_bytes + at;
        at += out->log[i].len;
    }
    return CHANNEL_REST_OK;
}

static int sign_in(struct channel_rest *rest, const char *path, const char *account, const char *key_name,
    const uint8_t *key, const char *wrapped_name, struct channel_rest_account *out)
{
    json_t *answer = NULL;
    json_t *body = json_pack("{s:s, s:o}", "account", account, key_name, bytes_to_json(key, 32));
    if (!body) {
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    int error = call(rest, path, body, &answer);
    json_decref(body);
    if (error != CHANNEL_REST_OK) {
        return error;
    }
    struct channel_rest_account got = {0};
    if (json_to_bytes(json_object_get(answer, "account_id"), got.account_id, CHANNEL_ID_LEN, true, NULL) !=
            0 ||
        json_to_bytes(json_object_get(answer, "ticket"), got.ticket, CHANNEL_TICKET_LEN, true, NULL) != 0 ||
        json_to_bytes(json_object_get(answer, wrapped_name), got.wrapped, sizeof got.wrapped, false,
            &got.wrapped_len) != 0) {
        error = not_a_broker(rest);
    } else {
        error = read_pages(rest, answer, &got);
    }
    json_decref(answer);
    if (error != CHANNEL_REST_OK) {
        channel_rest_account_finish(&got);
        return error;
    }
    *out = got;
    return CHANNEL_REST_OK;
}

int channel_rest_login(struct channel_rest *rest, const char *account, const uint8_t auth_key[static 32],
    struct channel_rest_account *out)
{
    return sign_in(rest, "/v1/login", account, "auth_key", auth_key, "wrapped_root", out);
}

int channel_rest_recover(struct channel_rest *rest, const char *account,
    const uint8_t recovery_auth[static 32], struct channel_rest_account *out)
{
    return sign_in(rest, "/v1/recover", account, "recovery_auth", recovery_auth, "wrapped_recovery", out);
}

int channel_rest_log(struct channel_rest *rest, const uint8_t ticket[static CHANNEL_TICKET_LEN],
    const struct channel_rest_bytes *entries, size_t count, uint64_t *out_total)
{
    json_t *answer = NULL;
    json_t *body = json_pack("{s:o, s:o}", "ticket", bytes_to_json(ticket, CHANNEL_TICKET_LEN), "entries",
        entries_to_json(entries, count));
    if (!body) {
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    int error = call(rest, "/v1/log", body, &answer);
    json_decref(body);
    if (error != CHANNEL_REST_OK) {
        return error;
    }
    const json_int_t total = json_integer_value(json_object_get(answer, "total"));
    if (total <= 0) {
        error = not_a_broker(rest);
    } else {
        *out_total = (uint64_t)total;
    }
    json_decref(answer);
    return error;
}

int channel_rest_password(struct channel_rest *rest, const uint8_t ticket[static CHANNEL_TICKET_LEN],
    const struct channel_kdf *kdf, const uint8_t auth_key[static 32], const uint8_t *wrapped_root,
    size_t wrapped_len)
{
    json_t *answer = NULL;
    json_t *body = json_pack("{s:o, s:s, s:o, s:o, s:o}", "ticket", bytes_to_json(ticket, CHANNEL_TICKET_LEN),
        "auth_scheme", "argon2id-1", "kdf", kdf_to_json(kdf), "auth_key", bytes_to_json(auth_key, 32),
        "wrapped_root", bytes_to_json(wrapped_root, wrapped_len));
    if (!body) {
        return fail(rest, CHANNEL_REST_ERR_NOMEM, "Out of memory.");
    }
    const int error = call(rest, "/v1/password", body, &answer);
    json_decref(body);
    if (error == CHANNEL_REST_OK) {
        json_decref(answer);
    }
    return error;
}
