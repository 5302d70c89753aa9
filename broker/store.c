#include "broker/store.h"

#include <string.h>

#include "broker/db.h"
#include "broker/error.h"

static void finalize(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
}
#define STATEMENT __attribute__((cleanup(finalize))) sqlite3_stmt *

static int prepare(sqlite3 *sql, const char *text, sqlite3_stmt **out)
{
    return broker_db_error(sqlite3_prepare_v2(sql, text, -1, out, NULL));
}

static int bind_blob(sqlite3_stmt *stmt, int at, const void *data, size_t len)
{
    return sqlite3_bind_blob(stmt, at, data, (int)len, SQLITE_STATIC);
}

/* Run a statement that gives no rows. */
static int finish(sqlite3_stmt *stmt)
{
    return broker_db_error(sqlite3_step(stmt));
}

static int begin(sqlite3 *sql)
{
    return broker_db_error(sqlite3_exec(sql, "BEGIN IMMEDIATE", NULL, NULL, NULL));
}

/* Commit when err is OK, else roll back; the error that stays. */
static int end(sqlite3 *sql, int err)
{
    if (err == BROKER_OK)
        err = broker_db_error(sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL));
    if (err != BROKER_OK && !sqlite3_get_autocommit(sql))
        sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
    return err;
}

static bool column_blob(sqlite3_stmt *stmt, int at, void *out, size_t len)
{
    const void *blob = sqlite3_column_blob(stmt, at);
    if (!blob || (size_t)sqlite3_column_bytes(stmt, at) != len)
        return false;
    memcpy(out, blob, len);
    return true;
}

static bool column_text(sqlite3_stmt *stmt, int at, char *out, size_t max)
{
    const unsigned char *text = sqlite3_column_text(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    if (!text || len > max)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static int insert_entries(
    sqlite3 *sql, const uint8_t *account_id, uint64_t from, const struct broker_bytes *entries, size_t count)
{
    STATEMENT stmt = NULL;
    int err = prepare(sql, "INSERT INTO entry (account_id, seq, bytes) VALUES (?1, ?2, ?3)", &stmt);
    for (size_t i = 0; i < count && err == BROKER_OK; i++) {
        sqlite3_reset(stmt);
        bind_blob(stmt, 1, account_id, 16);
        sqlite3_bind_int64(stmt, 2, (sqlite3_int64)from + (sqlite3_int64)i);
        bind_blob(stmt, 3, entries[i].data, entries[i].len);
        err = finish(stmt);
    }
    return err;
}

static int insert_account(sqlite3 *sql, const struct broker_credentials *c)
{
    STATEMENT stmt = NULL;
    int err = prepare(sql,
        "INSERT INTO account (account_id, name, auth_scheme, kdf_salt, kdf_mem_kib, kdf_passes, auth_salt,"
        " auth_hash, wrapped_root, recovery_salt, recovery_hash, wrapped_recovery, created_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, c->account_id, sizeof c->account_id);
    sqlite3_bind_text(stmt, 2, c->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, c->kdf.scheme, -1, SQLITE_STATIC);
    bind_blob(stmt, 4, c->kdf.salt, sizeof c->kdf.salt);
    sqlite3_bind_int64(stmt, 5, c->kdf.mem_kib);
    sqlite3_bind_int64(stmt, 6, c->kdf.passes);
    bind_blob(stmt, 7, c->auth_salt, sizeof c->auth_salt);
    bind_blob(stmt, 8, c->auth_hash, sizeof c->auth_hash);
    bind_blob(stmt, 9, c->wrapped_root, sizeof c->wrapped_root);
    bind_blob(stmt, 10, c->recovery_salt, sizeof c->recovery_salt);
    bind_blob(stmt, 11, c->recovery_hash, sizeof c->recovery_hash);
    bind_blob(stmt, 12, c->wrapped_recovery, sizeof c->wrapped_recovery);
    sqlite3_bind_int64(stmt, 13, (sqlite3_int64)c->created_ms);
    return finish(stmt);
}

int broker_store_account_create(sqlite3 *sql, const struct broker_credentials *credentials,
    const struct broker_bytes *entries, size_t count)
{
    int err = begin(sql);
    if (err != BROKER_OK)
        return err;
    err = insert_account(sql, credentials);
    if (err == BROKER_OK)
        err = insert_entries(sql, credentials->account_id, 0, entries, count);
    return end(sql, err);
}

int broker_store_account_by_name(sqlite3 *sql, const char *name, struct broker_credentials *out)
{
    STATEMENT stmt = NULL;
    int err = prepare(sql,
        "SELECT account_id, name, auth_scheme, kdf_salt, kdf_mem_kib, kdf_passes, auth_salt, auth_hash,"
        " wrapped_root, recovery_salt, recovery_hash, wrapped_recovery, created_ms"
        " FROM account WHERE name = ?1",
        &stmt);
    if (err != BROKER_OK)
        return err;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_DONE)
        return BROKER_ERR_NOT_FOUND;
    if (step != SQLITE_ROW)
        return broker_db_error(step);
    struct broker_credentials c = {0};
    c.kdf.mem_kib = (uint32_t)sqlite3_column_int64(stmt, 4);
    c.kdf.passes = (uint32_t)sqlite3_column_int64(stmt, 5);
    c.created_ms = (uint64_t)sqlite3_column_int64(stmt, 12);
    if (!column_blob(stmt, 0, c.account_id, sizeof c.account_id) ||
        !column_text(stmt, 1, c.name, BROKER_NAME_MAX) ||
        !column_text(stmt, 2, c.kdf.scheme, BROKER_SCHEME_MAX) ||
        !column_blob(stmt, 3, c.kdf.salt, sizeof c.kdf.salt) ||
        !column_blob(stmt, 6, c.auth_salt, sizeof c.auth_salt) ||
        !column_blob(stmt, 7, c.auth_hash, sizeof c.auth_hash) ||
        !column_blob(stmt, 8, c.wrapped_root, sizeof c.wrapped_root) ||
        !column_blob(stmt, 9, c.recovery_salt, sizeof c.recovery_salt) ||
        !column_blob(stmt, 10, c.recovery_hash, sizeof c.recovery_hash) ||
        !column_blob(stmt, 11, c.wrapped_recovery, sizeof c.wrapped_recovery))
        return BROKER_ERR_IO;
    *out = c;
    return BROKER_OK;
}

int broker_store_account_name(
    sqlite3 *sql, const uint8_t account_id[static 16], char out_name[static BROKER_NAME_MAX + 1])
{
    STATEMENT stmt = NULL;
    int err = prepare(sql, "SELECT name FROM account WHERE account_id = ?1", &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, account_id, 16);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_DONE)
        return BROKER_ERR_NOT_FOUND;
    if (step != SQLITE_ROW)
        return broker_db_error(step);
    return column_text(stmt, 0, out_name, BROKER_NAME_MAX) ? BROKER_OK : BROKER_ERR_IO;
}

int broker_store_password(sqlite3 *sql, const uint8_t account_id[static 16], const struct broker_kdf *kdf,
    const uint8_t auth_salt[static BROKER_SALT_LEN], const uint8_t auth_hash[static BROKER_AUTH_LEN],
    const uint8_t wrapped_root[static BROKER_WRAPPED_LEN])
{
    STATEMENT stmt = NULL;
    int err = prepare(sql,
        "UPDATE account SET auth_scheme = ?2, kdf_salt = ?3, kdf_mem_kib = ?4, kdf_passes = ?5,"
        " auth_salt = ?6, auth_hash = ?7, wrapped_root = ?8 WHERE account_id = ?1",
        &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, account_id, 16);
    sqlite3_bind_text(stmt, 2, kdf->scheme, -1, SQLITE_STATIC);
    bind_blob(stmt, 3, kdf->salt, sizeof kdf->salt);
    sqlite3_bind_int64(stmt, 4, kdf->mem_kib);
    sqlite3_bind_int64(stmt, 5, kdf->passes);
    bind_blob(stmt, 6, auth_salt, BROKER_SALT_LEN);
    bind_blob(stmt, 7, auth_hash, BROKER_AUTH_LEN);
    bind_blob(stmt, 8, wrapped_root, BROKER_WRAPPED_LEN);
    err = finish(stmt);
    return err == BROKER_OK && sqlite3_changes(sql) != 1 ? BROKER_ERR_NOT_FOUND : err;
}

static int log_total(sqlite3 *sql, const uint8_t *account_id, uint64_t *out_total)
{
    STATEMENT stmt = NULL;
    /* The primary key ends in seq, so this reads one row; entries are never removed one by one. */
    int err = prepare(sql, "SELECT max(seq) FROM entry WHERE account_id = ?1", &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, account_id, 16);
    int step = sqlite3_step(stmt);
    if (step != SQLITE_ROW)
        return step == SQLITE_DONE ? BROKER_ERR_IO : broker_db_error(step);
    bool none = sqlite3_column_type(stmt, 0) == SQLITE_NULL;
    *out_total = none ? 0 : (uint64_t)sqlite3_column_int64(stmt, 0) + 1;
    return BROKER_OK;
}

int broker_store_log_read(sqlite3 *sql, const uint8_t account_id[static 16], uint64_t from,
    bool (*visit)(const uint8_t *entry, size_t len, void *context), void *context, uint64_t *out_total)
{
    uint64_t total = 0;
    int err = log_total(sql, account_id, &total);
    if (err != BROKER_OK)
        return err;
    STATEMENT stmt = NULL;
    err =
        prepare(sql, "SELECT seq, bytes FROM entry WHERE account_id = ?1 AND seq >= ?2 ORDER BY seq", &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, account_id, 16);
    sqlite3_bind_int64(stmt, 2, (sqlite3_int64)from);
    int step;
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        if ((uint64_t)sqlite3_column_int64(stmt, 0) != from++)
            return BROKER_ERR_IO; /* a hole: the file was tampered with */
        const uint8_t *bytes = sqlite3_column_blob(stmt, 1);
        if (!bytes || !visit(bytes, (size_t)sqlite3_column_bytes(stmt, 1), context))
            break;
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        return broker_db_error(step);
    *out_total = total;
    return BROKER_OK;
}

int broker_store_log_append(sqlite3 *sql, const uint8_t account_id[static 16], uint64_t from,
    const struct broker_bytes *entries, size_t count)
{
    uint64_t total = 0;
    int err = begin(sql);
    if (err != BROKER_OK)
        return err;
    err = log_total(sql, account_id, &total);
    if (err == BROKER_OK && total != from)
        err = BROKER_ERR_CONFLICT;
    if (err == BROKER_OK)
        err = insert_entries(sql, account_id, from, entries, count);
    return end(sql, err);
}

int broker_store_seen_write(sqlite3 *sql, const struct broker_seen *seen, size_t count)
{
    int err = begin(sql);
    if (err != BROKER_OK)
        return err;
    STATEMENT stmt = NULL;
    err = prepare(sql,
        "INSERT INTO device_seen (account_id, device_id, last_seen_ms, kind, os, version)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
        " last_seen_ms = excluded.last_seen_ms, kind = excluded.kind, os = excluded.os,"
        " version = excluded.version",
        &stmt);
    for (size_t i = 0; i < count && err == BROKER_OK; i++) {
        sqlite3_reset(stmt);
        bind_blob(stmt, 1, seen[i].account_id, 16);
        bind_blob(stmt, 2, seen[i].device_id, 16);
        sqlite3_bind_int64(stmt, 3, (sqlite3_int64)seen[i].last_seen_ms);
        sqlite3_bind_int(stmt, 4, seen[i].kind);
        sqlite3_bind_text(stmt, 5, seen[i].os, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 6, seen[i].version, -1, SQLITE_STATIC);
        err = finish(stmt);
    }
    sqlite3_reset(stmt); /* a statement that is still open would refuse the commit */
    return end(sql, err);
}

int broker_store_seen_read(sqlite3 *sql, const uint8_t account_id[static 16],
    bool (*visit)(const struct broker_seen *seen, void *context), void *context)
{
    STATEMENT stmt = NULL;
    int err = prepare(sql,
        "SELECT device_id, last_seen_ms, kind, os, version FROM device_seen WHERE account_id = ?1", &stmt);
    if (err != BROKER_OK)
        return err;
    bind_blob(stmt, 1, account_id, 16);
    int step;
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct broker_seen seen = {0};
        memcpy(seen.account_id, account_id, 16);
        seen.last_seen_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
        seen.kind = sqlite3_column_int(stmt, 2);
        if (!column_blob(stmt, 0, seen.device_id, 16) || !column_text(stmt, 3, seen.os, BROKER_OS_MAX) ||
            !column_text(stmt, 4, seen.version, BROKER_VERSION_MAX))
            return BROKER_ERR_IO;
        if (!visit(&seen, context))
            break;
    }
    return step == SQLITE_DONE || step == SQLITE_ROW ? BROKER_OK : broker_db_error(step);
}
