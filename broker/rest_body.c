#include "broker/rest_body.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"

enum { KDF_MEM_MIN_KIB = 64 * 1024, KDF_MEM_MAX_KIB = 1024 * 1024, KDF_PASSES_MIN = 3, KDF_PASSES_MAX = 16 };

static json_t *load(const uint8_t *data, size_t len)
{
    json_t *root = len ? json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

/* A base64url string of at most cap bytes. */
static bool get_bytes(const json_t *value, uint8_t *out, size_t cap, size_t *out_len)
{
    const char *text = json_string_value(value);
    const char *end = NULL;
    if (!text || sodium_base642bin(out, cap, text, json_string_length(value), NULL, out_len, &end,
                     sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return false;
    return end == text + json_string_length(value);
}

static bool get_fixed(const json_t *object, const char *field, uint8_t *out, size_t len)
{
    size_t got;
    return get_bytes(json_object_get(object, field), out, len, &got) && got == len;
}

static bool get_name(const json_t *object, char out[static BROKER_NAME_MAX + 1])
{
    const json_t *value = json_object_get(object, "account");
    return json_is_string(value) &&
           broker_text_account_name(json_string_value(value), json_string_length(value), out) == BROKER_OK;
}

static bool get_kdf(const json_t *object, struct broker_kdf *out)
{
    const char *scheme = json_string_value(json_object_get(object, "auth_scheme"));
    const json_t *kdf = json_object_get(object, "kdf");
    json_int_t mem = json_integer_value(json_object_get(kdf, "mem_kib"));
    json_int_t passes = json_integer_value(json_object_get(kdf, "passes"));
    if (!scheme || strcmp(scheme, "argon2id-1") != 0 || mem < KDF_MEM_MIN_KIB || mem > KDF_MEM_MAX_KIB ||
        passes < KDF_PASSES_MIN || passes > KDF_PASSES_MAX ||
        !get_fixed(kdf, "salt", out->salt, sizeof out->salt))
        return false;
    memcpy(out->scheme, "argon2id-1", sizeof "argon2id-1");
    out->mem_kib = (uint32_t)mem;
    out->passes = (uint32_t)passes;
    return true;
}

static bool get_entries(const json_t *list, struct broker_rest_entries *out)
{
    if (!json_is_array(list) || json_array_size(list) > BROKER_APPEND_MAX)
        return false;
    out->count = json_array_size(list);
    for (size_t i = 0; i < out->count; i++) {
        if (!get_bytes(json_array_get(list, i), out->bytes[i], sizeof out->bytes[i], &out->len[i]) ||
            out->len[i] == 0)
            return false;
    }
    return true;
}

static const char not_json[] = "The body must be one JSON object.";
static const char bad_name[] = "An account name has 1 to 64 bytes: letters, digits and any of . _ - @ +";
static const char bad_kdf[] = "auth_scheme must be argon2id-1 with 64 to 1024 MiB and 3 to 16 passes.";
static const char bad_entries[] = "The log entries are not valid base64url, too long or too many.";
static const char bad_field[] = "A binary field is missing, has the wrong length or is not base64url.";
static const char bad_ticket[] = "The ticket is missing or not valid.";

const char *broker_rest_signup_parse(const uint8_t *data, size_t len, struct broker_rest_signup *out)
{
    const char *wrong = NULL;
    json_t *root = load(data, len);
    if (!root)
        return not_json;
    if (!get_name(root, out->name))
        wrong = bad_name;
    else if (!get_kdf(root, &out->kdf))
        wrong = bad_kdf;
    else if (!get_fixed(root, "auth_key", out->auth_key, sizeof out->auth_key) ||
             !get_fixed(root, "recovery_auth", out->recovery_auth, sizeof out->recovery_auth) ||
             !get_fixed(root, "wrapped_root", out->wrapped_root, sizeof out->wrapped_root) ||
             !get_fixed(root, "wrapped_recovery", out->wrapped_recovery, sizeof out->wrapped_recovery))
        wrong = bad_field;
    else if (!get_entries(json_object_get(root, "log"), &out->log) || out->log.count < 2)
        wrong = bad_entries;
    json_decref(root);
    return wrong;
}

const char *broker_rest_proof_parse(
    const uint8_t *data, size_t len, const char *field, struct broker_rest_proof *out)
{
    const char *wrong = NULL;
    json_t *root = load(data, len);
    if (!root)
        return not_json;
    if (!get_name(root, out->name))
        wrong = bad_name;
    else if (!get_fixed(root, field, out->proof, sizeof out->proof))
        wrong = bad_field;
    json_decref(root);
    return wrong;
}

const char *broker_rest_log_parse(const uint8_t *data, size_t len, struct broker_rest_log *out)
{
    const char *wrong = NULL;
    json_t *root = load(data, len);
    if (!root)
        return not_json;
    json_int_t from = json_integer_value(json_object_get(root, "from"));
    if (!get_fixed(root, "ticket", out->ticket, sizeof out->ticket))
        wrong = bad_ticket;
    else if (!get_entries(json_object_get(root, "entries"), &out->log) || from < 0 ||
             from > CHANNEL_LOG_ENTRIES_MAX)
        wrong = bad_entries;
    else
        out->from = (uint64_t)from;
    json_decref(root);
    return wrong;
}

const char *broker_rest_password_parse(const uint8_t *data, size_t len, struct broker_rest_password *out)
{
    const char *wrong = NULL;
    json_t *root = load(data, len);
    if (!root)
        return not_json;
    if (!get_fixed(root, "ticket", out->ticket, sizeof out->ticket))
        wrong = bad_ticket;
    else if (!get_kdf(root, &out->kdf))
        wrong = bad_kdf;
    else if (!get_fixed(root, "auth_key", out->auth_key, sizeof out->auth_key) ||
             !get_fixed(root, "wrapped_root", out->wrapped_root, sizeof out->wrapped_root))
        wrong = bad_field;
    json_decref(root);
    return wrong;
}

json_t *broker_rest_base64(const uint8_t *bytes, size_t len)
{
    size_t cap = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = malloc(cap);
    if (!text)
        return NULL;
    sodium_bin2base64(text, cap, bytes, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    json_t *value = json_string(text);
    sodium_memzero(text, cap);
    free(text);
    return value;
}

json_t *broker_rest_kdf(const struct broker_kdf *kdf)
{
    return json_pack("{s:o, s:I, s:I}", "salt", broker_rest_base64(kdf->salt, sizeof kdf->salt), "mem_kib",
        (json_int_t)kdf->mem_kib, "passes", (json_int_t)kdf->passes);
}
