/* The database: one SQLite file used by one worker thread, fed by a bounded queue, so that an fsync never
 * holds up the loop. Jobs run in the order they were submitted. Migrations by user_version. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <uv.h>

enum { BROKER_DB_QUEUE_MAX = 4096 /* jobs waiting; beyond that the answer is "busy" */ };

struct broker_db;

/* Embedded in the caller's own structure, which lives until done has run. */
struct broker_db_job {
    void (*run)(sqlite3 *sql, struct broker_db_job *job); /* worker thread: touches the job and sql only */
    void (*done)(struct broker_db_job *job);              /* loop thread; may free the job */
    struct broker_db_job *next;
};

/* Open and migrate the file at path (created 0600), start the worker. *out_reason = a static or
 * SQLite's own English text on failure. BROKER_OK, BROKER_ERR_IO or BROKER_ERR_NOMEM. */
int broker_db_open(uv_loop_t *loop, const char *path, struct broker_db **out_db, const char **out_reason);
/* Run what waits, stop the worker, close the file; done is called for every job. Loop thread. The loop
 * must run once more afterwards to let go of the wake-up handle. */
void broker_db_close(struct broker_db *db);

/* BROKER_OK or BROKER_ERR_BUSY. Loop thread. */
int broker_db_submit(struct broker_db *db, struct broker_db_job *job);

/* Bring a database to the newest schema; for tests up_to may be an older version, 0 = newest.
 * BROKER_OK or BROKER_ERR_IO (also for a file of a newer program). */
int broker_db_migrate(sqlite3 *sql, int up_to);
int broker_db_version(void);
/* An SQLite result as one of broker/error.h. */
int broker_db_error(int sqlite_result);
