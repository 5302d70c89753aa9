#include "broker/rest.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"
#include "broker/rest_body.h"
#include "broker/secrets.h"

enum { LOG_PAGE_BYTES = 150 * 1024 /* of entries in one answer: under 256 KiB as base64 in JSON */ };

/* One call's way through the database worker. */
struct rest_job {
    struct broker_db_job job;
    struct broker *broker;
    uint64_t number; /* of the exchange; it may have gone by the time the job is done */
    int err;
    bool recovery;
    char address[BROKER_ADDRESS_MAX];
    struct broker_credentials credentials;
    uint8_t auth_key[BROKER_AUTH_LEN];
    union {
        struct broker_rest_signup signup;
        struct broker_rest_proof proof;
        struct broker_rest_password password;
    } in;
    uint8_t account_id[16];
    uint64_t log_from, log_total;
    size_t log_bytes;
    json_t *log;
};

static void rest_free(struct rest_job *rest)
{
    json_decref(rest->log);
    sodium_memzero(rest, sizeof *rest);
    free(rest);
}

static struct rest_job *rest_create(struct broker_http *http, void (*run)(sqlite3 *, struct broker_db_job *),
    void (*done)(struct broker_db_job *))
{
    struct rest_job *rest = calloc(1, sizeof *rest);
    if (!rest) {
        broker_http_fail(http, BROKER_ERR_NOMEM);
        return NULL;
    }
    rest->job.run = run;
    rest->job.done = done;
    rest->broker = http->broker;
    rest->number = http->number;
    memcpy(rest->address, http->address, sizeof rest->address);
    return rest;
}

static void rest_submit(struct rest_job *rest, struct broker_http *http)
{
    int err = broker_db_submit(rest->broker->db, &rest->job);
    if (err == BROKER_OK)
        return;
    broker_http_fail(http, err);
    rest_free(rest);
}

static bool limited(
    struct broker_http *http, enum broker_limit what, const void *who, size_t who_len, const char *message)
{
    uint32_t retry_ms = 0;
    if (broker_ratelimit_take(http->broker->limits, what, who, who_len, broker_now_us(), &retry_ms))
        return false;
    http->broker->metrics.limited++;
    http->retry_s = (retry_ms + 999) / 1000;
    broker_http_error(http, 429, "busy", message);
    return true;
}

static bool limited_address(struct broker_http *http, enum broker_limit what, const char *message)
{
    uint8_t who[17];
    return limited(http, what, who, broker_ratelimit_address_key(http->address, who), message);
}

static const char *rest_issue_ticket(
    struct broker *broker, const uint8_t *account_id, uint8_t out[static BROKER_TOKEN_LEN])
{
    uint8_t value[BROKER_TOKEN_VALUE_LEN] = {0};
    memcpy(value, account_id, 16);
    return broker_tokens_issue(broker->tickets, broker_now_us(), value, out) == BROKER_OK
               ? NULL
               : broker_strerror(BROKER_ERR_NOMEM);
}

/* ---- sign-up ---- */

static void signup_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    const struct broker_rest_entries *log = &rest->in.signup.log;
    struct broker_bytes entries[BROKER_APPEND_MAX];
    for (size_t i = 0; i < log->count; i++)
        entries[i] = (struct broker_bytes){log->bytes[i], log->len[i]};
    rest->err = broker_store_account_create(sql, &rest->credentials, entries, log->count);
}

static void signup_done(struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker_http *http = broker_http_find(rest->broker, rest->number);
    char quoted[BROKER_QUOTE_MAX];
    broker_log("rest", "%s: new account %s: %s", rest->address,
        broker_text_quote(quoted, rest->credentials.name, strlen(rest->credentials.name)),
        rest->err == BROKER_OK ? "made" : broker_strerror(rest->err));
    if (http && rest->err == BROKER_OK)
        broker_http_json(http, 201,
            json_pack("{s:o}", "account_id", broker_rest_base64(rest->credentials.account_id, 16)));
    else if (http && rest->err == BROKER_ERR_CONFLICT)
        broker_http_error(http, 409, "conflict", "This account name is taken. Choose another one.");
    else if (http)
        broker_http_fail(http, rest->err);
    rest_free(rest);
}

/* The log of a new account: GENESIS, then devices that are good now. */
static bool log_is_good(const struct broker_rest_entries *entries, uint8_t out_account[static 16])
{
    struct channel_log *log = channel_log_create();
    bool good = log != NULL;
    uint8_t sign[32], dh[32];
    for (size_t i = 0; i < entries->count && good; i++)
        good = channel_log_append(log, entries->bytes[i], entries->len[i]) == CHANNEL_LOG_OK;
    good = good && channel_log_device_count(log) > 0 && channel_log_account(log, out_account, sign, dh);
    channel_log_destroy(log);
    return good;
}

static void signup(struct broker_http *http)
{
    if (limited_address(http, BROKER_LIMIT_SIGNUP, "Too many new accounts from here. Try again later."))
        return;
    struct rest_job *rest = rest_create(http, signup_run, signup_done);
    if (!rest)
        return;
    struct broker_rest_signup *in = &rest->in.signup;
    const char *wrong = broker_rest_signup_parse(http->body, http->body_len, in);
    if (!wrong && !log_is_good(&in->log, rest->credentials.account_id))
        wrong = "The account log is not valid: its keys, order or signatures do not fit.";
    if (wrong) {
        broker_http_error(http, 400, "bad_request", wrong);
        rest_free(rest);
        return;
    }
    struct broker_credentials *c = &rest->credentials;
    memcpy(c->name, in->name, sizeof c->name);
    c->kdf = in->kdf;
    randombytes_buf(c->auth_salt, sizeof c->auth_salt);
    randombytes_buf(c->recovery_salt, sizeof c->recovery_salt);
    broker_secrets_hash(http->broker->secrets, c->auth_salt, in->auth_key, c->auth_hash);
    broker_secrets_hash(http->broker->secrets, c->recovery_salt, in->recovery_auth, c->recovery_hash);
    memcpy(c->wrapped_root, in->wrapped_root, sizeof c->wrapped_root);
    memcpy(c->wrapped_recovery, in->wrapped_recovery, sizeof c->wrapped_recovery);
    c->created_ms = broker_now_ms();
    rest_submit(rest, http);
}

/* ---- kdf ---- */

static void kdf_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    rest->err = broker_store_account_by_name(sql, rest->in.proof.name, &rest->credentials);
    if (rest->err != BROKER_ERR_NOT_FOUND)
        return;
    broker_secrets_made_up_kdf(rest->broker->secrets, rest->in.proof.name, &rest->credentials.kdf);
    rest->err = BROKER_OK;
}

static void kdf_done(struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker_http *http = broker_http_find(rest->broker, rest->number);
    if (http && rest->err == BROKER_OK)
        broker_http_json(http, 200,
            json_pack("{s:s, s:o}", "auth_scheme", rest->credentials.kdf.scheme, "kdf",
                broker_rest_kdf(&rest->credentials.kdf)));
    else if (http)
        broker_http_fail(http, rest->err);
    rest_free(rest);
}

static void kdf(struct broker_http *http, const char *encoded, size_t len)
{
    /* The HTTP parser reads "+" as a space, which a name cannot hold: it was a plus. */
    char name[BROKER_HTTP_PATH_MAX + 1];
    for (size_t i = 0; i < len; i++)
        name[i] = encoded[i] == ' ' ? '+' : encoded[i];
    struct rest_job *rest = rest_create(http, kdf_run, kdf_done);
    if (!rest)
        return;
    if (broker_text_account_name(name, len, rest->in.proof.name) != BROKER_OK) {
        broker_http_error(http, 400, "bad_request", "This is not an account name.");
        rest_free(rest);
        return;
    }
    rest_submit(rest, http);
}

/* ---- login and recover ---- */

static bool take_entry(const uint8_t *entry, size_t len, void *context)
{
    struct rest_job *rest = context;
    if (rest->log_bytes + len > LOG_PAGE_BYTES)
        return false;
    rest->log_bytes += len;
    return json_array_append_new(rest->log, broker_rest_base64(entry, len)) == 0;
}

static int read_log_page(sqlite3 *sql, struct rest_job *rest)
{
    rest->log = json_array();
    return rest->log ? broker_store_log_read(
                           sql, rest->account_id, rest->log_from, take_entry, rest, &rest->log_total)
                     : BROKER_ERR_NOMEM;
}

/* The same work for a name that exists and one that does not. */
static void proof_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker_credentials *c = &rest->credentials;
    uint8_t hash[BROKER_AUTH_LEN];
    rest->err = broker_store_account_by_name(sql, rest->in.proof.name, c);
    bool known = rest->err == BROKER_OK;
    if (!known && rest->err != BROKER_ERR_NOT_FOUND)
        return;
    broker_secrets_hash(
        rest->broker->secrets, rest->recovery ? c->recovery_salt : c->auth_salt, rest->in.proof.proof, hash);
    bool same = sodium_memcmp(hash, rest->recovery ? c->recovery_hash : c->auth_hash, sizeof hash) == 0;
    rest->err = known && same ? BROKER_OK : BROKER_ERR_DENIED;
    if (rest->err != BROKER_OK)
        return;
    memcpy(rest->account_id, c->account_id, sizeof rest->account_id);
    rest->err = read_log_page(sql, rest);
}

struct login_limit {
    uint8_t pair[BROKER_NAME_MAX + 18], address[17];
    size_t pair_len, address_len, name_len;
};

static struct login_limit login_limit(const char *name, const char *address)
{
    struct login_limit l = {0};
    l.name_len = strlen(name);
    l.address_len = broker_ratelimit_address_key(address, l.address);
    memcpy(l.pair, name, l.name_len + 1);
    memcpy(l.pair + l.name_len + 1, l.address, l.address_len);
    l.pair_len = l.name_len + 1 + l.address_len;
    return l;
}

static void proof_done(struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker *broker = rest->broker;
    struct broker_http *http = broker_http_find(broker, rest->number);
    const char *name = rest->in.proof.name;
    char quoted[BROKER_QUOTE_MAX];
    uint8_t ticket[BROKER_TOKEN_LEN];
    if (rest->err == BROKER_ERR_DENIED) {
        broker->metrics.login_denied++;
        broker_log("rest", "%s: %s of %s refused", rest->address, rest->recovery ? "recovery" : "sign-in",
            broker_text_quote(quoted, name, strlen(name)));
        if (http)
            broker_http_error(http, 401, "denied",
                rest->recovery ? "The account or the recovery key is wrong. Check both and try again."
                               : "The account or the password is wrong. Check both and try again.");
        rest_free(rest);
        return;
    }
    /* Only wrong keys count against the limits. */
    uint64_t now_us = broker_now_us();
    struct login_limit l = login_limit(name, rest->address);
    broker_ratelimit_return(broker->limits, BROKER_LIMIT_LOGIN_PAIR, l.pair, l.pair_len, now_us);
    broker_ratelimit_return(broker->limits, BROKER_LIMIT_LOGIN_NAME, name, l.name_len, now_us);
    broker_ratelimit_return(broker->limits, BROKER_LIMIT_LOGIN_ADDRESS, l.address, l.address_len, now_us);
    if (rest->err == BROKER_OK && rest_issue_ticket(broker, rest->account_id, ticket))
        rest->err = BROKER_ERR_NOMEM;
    if (http && rest->err == BROKER_OK) {
        const struct broker_credentials *c = &rest->credentials;
        broker->metrics.login_ok++;
        broker_log("rest", "%s: %s of %s", rest->address, rest->recovery ? "recovery" : "sign-in",
            broker_text_quote(quoted, name, strlen(name)));
        json_t *log = rest->log;
        rest->log = NULL;
        broker_http_json(http, 200,
            json_pack("{s:o, s:o, s:o, s:I, s:o}", "account_id", broker_rest_base64(rest->account_id, 16),
                rest->recovery ? "wrapped_recovery" : "wrapped_root",
                broker_rest_base64(
                    rest->recovery ? c->wrapped_recovery : c->wrapped_root, BROKER_WRAPPED_LEN),
                "log", log, "total", (json_int_t)rest->log_total, "ticket",
                broker_rest_base64(ticket, sizeof ticket)));
    } else if (http) {
        broker_http_fail(http, rest->err);
    }
    sodium_memzero(ticket, sizeof ticket);
    rest_free(rest);
}

static void proof(struct broker_http *http, bool recovery)
{
    static const char wait[] = "Too many wrong attempts. Wait, then try again.";
    struct rest_job *rest = rest_create(http, proof_run, proof_done);
    if (!rest)
        return;
    rest->recovery = recovery;
    const char *wrong = broker_rest_proof_parse(
        http->body, http->body_len, recovery ? "recovery_auth" : "auth_key", &rest->in.proof);
    if (wrong)
        broker_http_error(http, 400, "bad_request", wrong);
    struct login_limit l = login_limit(rest->in.proof.name, http->address);
    if (wrong || limited(http, BROKER_LIMIT_LOGIN_ADDRESS, l.address, l.address_len, wait) ||
        limited(http, BROKER_LIMIT_LOGIN_PAIR, l.pair, l.pair_len, wait) ||
        limited(http, BROKER_LIMIT_LOGIN_NAME, rest->in.proof.name, l.name_len, wait)) {
        rest_free(rest);
        return;
    }
    rest_submit(rest, http);
}

/* ---- with a ticket: the log, the password ---- */

static bool ticket_account(struct broker_http *http, const uint8_t *ticket, uint8_t out_account[static 16])
{
    uint8_t value[BROKER_TOKEN_VALUE_LEN];
    if (!broker_tokens_check(http->broker->tickets, broker_now_us(), ticket, value)) {
        broker_http_error(http, 401, "denied", "The sign-in is too old. Sign in again.");
        return false;
    }
    memcpy(out_account, value, 16);
    return true;
}

static void page_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    rest->err = read_log_page(sql, rest);
}

static void page_done(struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker_http *http = broker_http_find(rest->broker, rest->number);
    json_t *log = rest->log;
    rest->log = NULL;
    if (http && rest->err == BROKER_OK) {
        broker_http_json(
            http, 200, json_pack("{s:I, s:o}", "total", (json_int_t)rest->log_total, "log", log));
    } else {
        json_decref(log);
        if (http)
            broker_http_fail(http, rest->err);
    }
    rest_free(rest);
}

static void on_appended(int err, struct broker_account *account, uint64_t number, void *context)
{
    struct broker *broker = context;
    struct broker_http *http = broker_http_find(broker, number);
    if (http && err == BROKER_OK)
        broker_http_json(http, 200, json_pack("{s:I}", "total", (json_int_t)account->committed));
    else if (http && err == BROKER_ERR_DENIED)
        broker_http_error(http, 401, "denied", "The signer of an entry may not do that.");
    else if (http)
        broker_http_fail(http, err);
}

static void on_account(int err, struct broker_account *account, uint64_t number, void *context)
{
    struct broker *broker = context;
    struct broker_http *http = broker_http_find(broker, number);
    struct broker_rest_log *in = http && err == BROKER_OK ? malloc(sizeof *in) : NULL;
    if (in && !broker_rest_log_parse(http->body, http->body_len, in)) {
        struct broker_bytes entries[BROKER_APPEND_MAX];
        for (size_t i = 0; i < in->log.count; i++)
            entries[i] = (struct broker_bytes){in->log.bytes[i], in->log.len[i]};
        broker_account_append(account, entries, in->log.count, on_appended, number, broker);
    } else if (http) {
        broker_http_fail(http, err == BROKER_OK ? BROKER_ERR_NOMEM : err);
    }
    free(in);
    broker_account_unref(account);
}

static void log_call(struct broker_http *http)
{
    uint8_t account_id[16];
    struct broker_rest_log *in = malloc(sizeof *in);
    const char *wrong =
        in ? broker_rest_log_parse(http->body, http->body_len, in) : broker_strerror(BROKER_ERR_NOMEM);
    if (!in || wrong) {
        broker_http_error(http, in ? 400 : 500, in ? "bad_request" : "internal", wrong);
        free(in);
        return;
    }
    if (!ticket_account(http, in->ticket, account_id)) {
        free(in);
        return;
    }
    size_t count = in->log.count;
    uint64_t from = in->from;
    free(in);
    if (count == 0) {
        struct rest_job *rest = rest_create(http, page_run, page_done);
        if (!rest)
            return;
        memcpy(rest->account_id, account_id, sizeof rest->account_id);
        rest->log_from = from;
        rest_submit(rest, http);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (limited(http, BROKER_LIMIT_LOG_APPEND, account_id, sizeof account_id,
                "The account changed too often. Wait, then try again."))
            return;
    }
    /* The body stays with the exchange: it is read again when the account is here. */
    broker_account_get(http->broker->accounts, account_id, on_account, http->number, http->broker);
}

static void password_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    const struct broker_rest_password *in = &rest->in.password;
    uint8_t salt[BROKER_SALT_LEN], hash[BROKER_AUTH_LEN];
    randombytes_buf(salt, sizeof salt);
    broker_secrets_hash(rest->broker->secrets, salt, in->auth_key, hash);
    rest->err = broker_store_password(sql, rest->account_id, &in->kdf, salt, hash, in->wrapped_root);
}

static void password_done(struct broker_db_job *job)
{
    struct rest_job *rest = (struct rest_job *)job;
    struct broker_http *http = broker_http_find(rest->broker, rest->number);
    broker_log("rest", "%s: password change: %s", rest->address,
        rest->err == BROKER_OK ? "done" : broker_strerror(rest->err));
    /* Who signed in with the old password may not go on by it. */
    if (rest->err == BROKER_OK)
        broker_tokens_drop_others(rest->broker->tickets, rest->account_id, rest->in.password.ticket);
    if (http && rest->err == BROKER_OK)
        broker_http_json(http, 200, json_object());
    else if (http)
        broker_http_fail(http, rest->err);
    rest_free(rest);
}

static void password(struct broker_http *http)
{
    struct rest_job *rest = rest_create(http, password_run, password_done);
    if (!rest)
        return;
    const char *wrong = broker_rest_password_parse(http->body, http->body_len, &rest->in.password);
    if (wrong)
        broker_http_error(http, 400, "bad_request", wrong);
    if (wrong || !ticket_account(http, rest->in.password.ticket, rest->account_id)) {
        rest_free(rest);
        return;
    }
    rest_submit(rest, http);
}

/* ---- routes ---- */

bool broker_rest_owns(const char *path)
{
    return strncmp(path, "/v1/", 4) == 0 || strcmp(path, "/v1") == 0 || strcmp(path, "/healthz") == 0;
}

bool broker_rest_kdf_name(const char *path, const char **out_name, size_t *out_len)
{
    static const char before[] = "/v1/accounts/", after[] = "/kdf";
    size_t len = strlen(path), around = sizeof before - 1 + sizeof after - 1;
    if (len <= around || strncmp(path, before, sizeof before - 1) != 0 ||
        strcmp(path + len - (sizeof after - 1), after) != 0)
        return false;
    *out_name = path + sizeof before - 1;
    *out_len = len - around;
    return memchr(*out_name, '/', *out_len) == NULL;
}

void broker_rest_request(struct broker_http *http)
{
    static const struct {
        const char *path;
        void (*call)(struct broker_http *http);
    } posts[] = {{"/v1/accounts", signup}, {"/v1/log", log_call}, {"/v1/password", password}};
    const char *name;
    size_t len;
    bool post = http->method == BROKER_HTTP_POST;
    if (!post && strcmp(http->path, "/healthz") == 0) {
        broker_http_bytes(http, 200, "text/plain", "ok\n", 3);
        return;
    }
    if (limited_address(http, BROKER_LIMIT_REST, "Too many requests. Wait, then try again."))
        return;
    if (!post && strcmp(http->path, "/v1/info") == 0) {
        broker_http_json(http, 200,
            json_pack("{s:s, s:s}", "version", HEARTH_VERSION, "name", http->broker->options->name));
        return;
    }
    if (!post && broker_rest_kdf_name(http->path, &name, &len)) {
        kdf(http, name, len);
        return;
    }
    if (post && (strcmp(http->path, "/v1/login") == 0 || strcmp(http->path, "/v1/recover") == 0)) {
        proof(http, http->path[4] == 'r');
        return;
    }
    for (size_t i = 0; post && i < sizeof posts / sizeof posts[0]; i++) {
        if (strcmp(http->path, posts[i].path) == 0) {
            posts[i].call(http);
            return;
        }
    }
    broker_http_error(http, 404, "not_found", "There is no such call. See docs/wire.md, section 4.");
}
