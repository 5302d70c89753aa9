#include "broker/db.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"

struct broker_db {
    sqlite3 *sql;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct broker_db_job *first, *last;     /* to run */
    struct broker_db_job *done, *done_last; /* ran, not yet told */
    size_t waiting;
    bool stop;
    uv_async_t async;
};

/* One step a version. Steps are never edited once released; a new need is a new step. */
static const char *const migrations[] = {
    "CREATE TABLE account ("
    "  account_id BLOB PRIMARY KEY CHECK (length(account_id) = 16),"
    "  name TEXT NOT NULL UNIQUE,"
    "  auth_scheme TEXT NOT NULL,"
    "  kdf_salt BLOB NOT NULL, kdf_mem_kib INTEGER NOT NULL, kdf_passes INTEGER NOT NULL,"
    "  auth_salt BLOB NOT NULL, auth_hash BLOB NOT NULL, wrapped_root BLOB NOT NULL,"
    "  recovery_salt BLOB NOT NULL, recovery_hash BLOB NOT NULL, wrapped_recovery BLOB NOT NULL,"
    "  created_ms INTEGER NOT NULL, feed_seq INTEGER NOT NULL DEFAULT 0"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE entry ("
    "  account_id BLOB NOT NULL REFERENCES account ON DELETE CASCADE,"
    "  seq INTEGER NOT NULL, bytes BLOB NOT NULL,"
    "  PRIMARY KEY (account_id, seq)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE device_seen ("
    "  account_id BLOB NOT NULL REFERENCES account ON DELETE CASCADE,"
    "  device_id BLOB NOT NULL, last_seen_ms INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL, os TEXT NOT NULL, version TEXT NOT NULL,"
    "  PRIMARY KEY (account_id, device_id)"
    ") STRICT, WITHOUT ROWID;"
    /* Sharing between accounts: what a grant entry will say, by whom it is seen. */
    "CREATE TABLE grants ("
    "  grant_id BLOB PRIMARY KEY,"
    "  account_id BLOB NOT NULL REFERENCES account ON DELETE CASCADE,"
    "  grantee_id BLOB NOT NULL, role INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    "  not_after_ms INTEGER NOT NULL, sealed BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX grants_of_grantee ON grants (grantee_id);",
};

enum { MIGRATION_COUNT = sizeof migrations / sizeof migrations[0] };

int broker_db_version(void)
{
    return MIGRATION_COUNT;
}

int broker_db_error(int sqlite_result)
{
    switch (sqlite_result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return BROKER_OK;
    case SQLITE_FULL:
        return BROKER_ERR_DISK_FULL;
    case SQLITE_NOMEM:
        return BROKER_ERR_NOMEM;
    case SQLITE_CONSTRAINT:
        return BROKER_ERR_CONFLICT;
    default:
        return BROKER_ERR_IO;
    }
}

static int read_version(sqlite3 *sql, int *out_version)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(sql, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
        return BROKER_ERR_IO;
    bool row = sqlite3_step(stmt) == SQLITE_ROW;
    if (row)
        *out_version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return row ? BROKER_OK : BROKER_ERR_IO;
}

int broker_db_migrate(sqlite3 *sql, int up_to)
{
    int version;
    int wanted = MIGRATION_COUNT;
    if (up_to > 0 && wanted > up_to)
        wanted = up_to;
    int err = read_version(sql, &version);
    if (err < 0 || version < 0 || version > MIGRATION_COUNT)
        return BROKER_ERR_IO;
    for (; version < wanted; version++) {
        char mark[48];
        snprintf(mark, sizeof mark, "PRAGMA user_version = %d", version + 1);
        if (sqlite3_exec(sql, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
            return BROKER_ERR_IO;
        if (sqlite3_exec(sql, migrations[version], NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(sql, mark, NULL, NULL, NULL) != SQLITE_OK ||
            sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
            return BROKER_ERR_IO;
        }
    }
    return BROKER_OK;
}

static void *work(void *context)
{
    struct broker_db *db = context;
    pthread_mutex_lock(&db->lock);
    for (;;) {
        while (!db->first && !db->stop)
            pthread_cond_wait(&db->wake, &db->lock);
        struct broker_db_job *job = db->first;
        if (!job)
            break;
        db->first = job->next;
        if (!job->next)
            db->last = NULL;
        db->waiting--;
        pthread_mutex_unlock(&db->lock);

        job->next = NULL;
        job->run(db->sql, job);

        pthread_mutex_lock(&db->lock);
        if (db->done_last)
            db->done_last->next = job;
        else
            db->done = job;
        db->done_last = job;
        uv_async_send(&db->async);
    }
    pthread_mutex_unlock(&db->lock);
    return NULL;
}

static void tell(struct broker_db *db)
{
    pthread_mutex_lock(&db->lock);
    struct broker_db_job *job = db->done;
    db->done = db->done_last = NULL;
    pthread_mutex_unlock(&db->lock);
    while (job) {
        struct broker_db_job *next = job->next;
        job->done(job);
        job = next;
    }
}

static void on_async(uv_async_t *async)
{
    tell(async->data);
}

static int open_sql(const char *path, sqlite3 **out_sql, const char **out_reason)
{
    sqlite3 *sql = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &sql, flags, NULL) != SQLITE_OK) {
        *out_reason = "the file cannot be opened";
        sqlite3_close(sql);
        return BROKER_ERR_IO;
    }
    sqlite3_busy_timeout(sql, 5000);
    static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
    if (sqlite3_exec(sql, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
        *out_reason = sqlite3_errstr(sqlite3_errcode(sql));
        sqlite3_close(sql);
        return BROKER_ERR_IO;
    }
    if (broker_db_migrate(sql, 0) < 0) {
        *out_reason = "its schema is of a newer program, or it cannot be written";
        sqlite3_close(sql);
        return BROKER_ERR_IO;
    }
    *out_sql = sql;
    return BROKER_OK;
}

static void on_async_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int broker_db_open(uv_loop_t *loop, const char *path, struct broker_db **out_db, const char **out_reason)
{
    struct broker_db *db = calloc(1, sizeof *db);
    if (!db)
        return BROKER_ERR_NOMEM;
    int err = open_sql(path, &db->sql, out_reason);
    if (err < 0)
        goto fail_open;
    err = BROKER_ERR_IO;
    *out_reason = "the worker thread cannot be started";
    if (pthread_mutex_init(&db->lock, NULL) != 0)
        goto fail_lock;
    if (pthread_cond_init(&db->wake, NULL) != 0)
        goto fail_cond;
    if (uv_async_init(loop, &db->async, on_async) != 0)
        goto fail_async;
    db->async.data = db;
    if (pthread_create(&db->thread, NULL, work, db) != 0)
        goto fail_thread;
    *out_db = db;
    return BROKER_OK;

fail_thread:
    pthread_cond_destroy(&db->wake);
    pthread_mutex_destroy(&db->lock);
    sqlite3_close(db->sql);
    uv_close((uv_handle_t *)&db->async, on_async_closed); /* frees db */
    return err;
fail_async:
    pthread_cond_destroy(&db->wake);
fail_cond:
    pthread_mutex_destroy(&db->lock);
fail_lock:
    sqlite3_close(db->sql);
fail_open:
    free(db);
    return err;
}

void broker_db_close(struct broker_db *db)
{
    if (!db)
        return;
    pthread_mutex_lock(&db->lock);
    db->stop = true;
    pthread_cond_signal(&db->wake);
    pthread_mutex_unlock(&db->lock);
    (void)pthread_join(db->thread, NULL);
    tell(db);
    sqlite3_close(db->sql);
    pthread_cond_destroy(&db->wake);
    pthread_mutex_destroy(&db->lock);
    uv_close((uv_handle_t *)&db->async, on_async_closed);
}

int broker_db_submit(struct broker_db *db, struct broker_db_job *job)
{
    int err = BROKER_OK;
    job->next = NULL;
    pthread_mutex_lock(&db->lock);
    if (db->stop || db->waiting >= BROKER_DB_QUEUE_MAX) {
        err = BROKER_ERR_BUSY;
    } else {
        if (db->last)
            db->last->next = job;
        else
            db->first = job;
        db->last = job;
        db->waiting++;
        pthread_cond_signal(&db->wake);
    }
    pthread_mutex_unlock(&db->lock);
    return err;
}
