/* The database: migrations, the log's order, full disk, and the worker that runs the jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker/db.h"
#include "broker/error.h"
#include "broker/secrets.h"
#include "broker/store.h"
#include "channel/core/crypto.h"

static const uint8_t account_id[16] = {1, 2, 3};

static sqlite3 *open_memory(void)
{
    sqlite3 *sql;
    assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(broker_db_migrate(sql, 0), BROKER_OK);
    return sql;
}

static int create(sqlite3 *sql, const char *name, uint8_t first)
{
    struct broker_credentials c = {.kdf = {.scheme = "argon2id-1", .mem_kib = 65536, .passes = 3}};
    struct broker_bytes entries[2] = {{(const uint8_t *)"zero", 4}, {(const uint8_t *)"one", 3}};
    memcpy(c.account_id, account_id, 16);
    c.account_id[0] = first;
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    c.auth_hash[0] = 42;
    return broker_store_account_create(sql, &c, entries, 2);
}

static void every_step_leads_to_the_newest_version_and_again_does_nothing(void **state)
{
    (void)state;
    for (int version = 1; version <= broker_db_version(); version++) {
        sqlite3 *sql;
        assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
        assert_int_equal(broker_db_migrate(sql, version), BROKER_OK);
        assert_int_equal(broker_db_migrate(sql, 0), BROKER_OK);
        assert_int_equal(broker_db_migrate(sql, 0), BROKER_OK);
        assert_int_equal(create(sql, "ann", 1), BROKER_OK);
        sqlite3_close(sql);
    }
}

static void a_file_of_a_newer_program_is_refused(void **state)
{
    (void)state;
    sqlite3 *sql;
    assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sql, "PRAGMA user_version = 1000", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(broker_db_migrate(sql, 0), BROKER_ERR_IO);
    sqlite3_close(sql);
}

static void a_name_and_an_id_are_taken_once_and_nothing_is_left_of_a_refusal(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_credentials c;
    assert_int_equal(create(sql, "ann", 1), BROKER_OK);
    assert_int_equal(create(sql, "ann", 2), BROKER_ERR_CONFLICT);
    assert_int_equal(create(sql, "bob", 1), BROKER_ERR_CONFLICT);
    assert_int_equal(create(sql, "bob", 2), BROKER_OK);
    assert_int_equal(broker_store_account_by_name(sql, "ann", &c), BROKER_OK);
    assert_int_equal(c.auth_hash[0], 42);
    assert_string_equal(c.kdf.scheme, "argon2id-1");
    assert_int_equal(broker_store_account_by_name(sql, "eve", &c), BROKER_ERR_NOT_FOUND);
    sqlite3_close(sql);
}

struct read {
    size_t count, stop_at;
    char last[16];
};

static bool on_entry(const uint8_t *entry, size_t len, void *context)
{
    struct read *read = context;
    if (read->stop_at && read->count == read->stop_at)
        return false;
    memcpy(read->last, entry, len);
    read->last[len] = '\0';
    read->count++;
    return true;
}

static void the_log_grows_only_at_its_end(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_bytes more[2] = {{(const uint8_t *)"two", 3}, {(const uint8_t *)"three", 5}};
    struct read read = {0};
    uint64_t total;
    assert_int_equal(create(sql, "ann", 1), BROKER_OK);
    assert_int_equal(broker_store_log_append(sql, account_id, 1, more, 2), BROKER_ERR_CONFLICT);
    assert_int_equal(broker_store_log_append(sql, account_id, 3, more, 2), BROKER_ERR_CONFLICT);
    assert_int_equal(broker_store_log_append(sql, account_id, 2, more, 2), BROKER_OK);
    assert_int_equal(broker_store_log_append(sql, account_id, 2, more, 2), BROKER_ERR_CONFLICT);
    assert_int_equal(broker_store_log_read(sql, account_id, 0, on_entry, &read, &total), BROKER_OK);
    assert_int_equal(total, 4);
    assert_int_equal(read.count, 4);
    assert_string_equal(read.last, "three");
    read = (struct read){.stop_at = 1};
    assert_int_equal(broker_store_log_read(sql, account_id, 2, on_entry, &read, &total), BROKER_OK);
    assert_string_equal(read.last, "two");
    assert_int_equal(total, 4);
    sqlite3_close(sql);
}

static void entries_of_no_account_are_refused(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_bytes entry = {(const uint8_t *)"zero", 4};
    assert_int_equal(broker_store_log_append(sql, account_id, 0, &entry, 1), BROKER_ERR_CONFLICT);
    sqlite3_close(sql);
}

static void a_hole_in_the_log_is_noticed(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct read read = {0};
    uint64_t total;
    assert_int_equal(create(sql, "ann", 1), BROKER_OK);
    assert_int_equal(sqlite3_exec(sql, "DELETE FROM entry WHERE seq = 0", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(broker_store_log_read(sql, account_id, 0, on_entry, &read, &total), BROKER_ERR_IO);
    sqlite3_close(sql);
}

static void a_full_disk_is_told_and_passes(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_credentials c;
    uint8_t entry[600] = {0};
    struct broker_bytes entries[16];
    int err = BROKER_OK;
    for (size_t i = 0; i < 16; i++)
        entries[i] = (struct broker_bytes){entry, sizeof entry};
    assert_int_equal(create(sql, "ann", 1), BROKER_OK);
    assert_int_equal(sqlite3_exec(sql, "PRAGMA max_page_count = 20", NULL, NULL, NULL), SQLITE_OK);
    uint64_t from = 2;
    while (err == BROKER_OK && from < 1000) {
        err = broker_store_log_append(sql, account_id, from, entries, 16);
        from += err == BROKER_OK ? 16 : 0;
    }
    assert_int_equal(err, BROKER_ERR_DISK_FULL);
    assert_int_equal(broker_store_account_by_name(sql, "ann", &c), BROKER_OK);
    assert_int_equal(sqlite3_exec(sql, "PRAGMA max_page_count = 1000", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(broker_store_log_append(sql, account_id, from, entries, 16), BROKER_OK);
    sqlite3_close(sql);
}

static bool on_seen(const struct broker_seen *seen, void *context)
{
    *(struct broker_seen *)context = *seen;
    return true;
}

static void the_last_time_a_device_was_seen_is_kept(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_seen seen = {.last_seen_ms = 5, .kind = 1, .os = "Debian", .version = "1"}, got;
    memcpy(seen.account_id, account_id, 16);
    seen.device_id[3] = 9;
    assert_int_equal(create(sql, "ann", 1), BROKER_OK);
    assert_int_equal(broker_store_seen_write(sql, &seen, 1), BROKER_OK);
    seen.last_seen_ms = 6;
    assert_int_equal(broker_store_seen_write(sql, &seen, 1), BROKER_OK);
    assert_int_equal(broker_store_seen_read(sql, account_id, on_seen, &got), BROKER_OK);
    assert_int_equal(got.last_seen_ms, 6);
    assert_memory_equal(got.device_id, seen.device_id, 16);
    assert_string_equal(got.os, "Debian");
    sqlite3_close(sql);
}

static void a_password_of_no_account_is_not_set(void **state)
{
    (void)state;
    sqlite3 *sql = open_memory();
    struct broker_kdf kdf = {.scheme = "argon2id-1"};
    uint8_t bytes[BROKER_WRAPPED_LEN] = {0};
    assert_int_equal(broker_store_password(sql, account_id, &kdf, bytes, bytes, bytes), BROKER_ERR_NOT_FOUND);
    sqlite3_close(sql);
}

/* ---- the worker ---- */

struct count_job {
    struct broker_db_job job;
    int *ran, *done, order;
};

static void count_run(sqlite3 *sql, struct broker_db_job *job)
{
    struct count_job *count = (struct count_job *)job;
    assert_non_null(sql);
    count->order = (*count->ran)++;
}

static void count_done(struct broker_db_job *job)
{
    struct count_job *count = (struct count_job *)job;
    assert_int_equal(count->order, *count->done);
    (*count->done)++;
}

static void jobs_run_in_order_and_are_all_told_even_at_the_end(void **state)
{
    (void)state;
    enum { JOBS = 500 };
    static struct count_job jobs[JOBS];
    char dir[] = "/tmp/hearth-store-test-XXXXXX", path[64];
    uv_loop_t loop;
    struct broker_db *db;
    const char *reason = "";
    int ran = 0, done = 0;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/broker.db", dir);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(broker_db_open(&loop, path, &db, &reason), BROKER_OK);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct count_job){{.run = count_run, .done = count_done}, &ran, &done, 0};
        assert_int_equal(broker_db_submit(db, &jobs[i].job), BROKER_OK);
    }
    broker_db_close(db);
    while (uv_run(&loop, UV_RUN_NOWAIT))
        ;
    assert_int_equal(ran, JOBS);
    assert_int_equal(done, JOBS);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void the_secret_stays_and_made_up_salts_with_it(void **state)
{
    (void)state;
    char dir[] = "/tmp/hearth-store-test-XXXXXX", path[64];
    struct broker_secrets *first, *second;
    struct broker_kdf a, b;
    uint8_t salt[16] = {1}, proof[32] = {2}, hash[32], again[32];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/secret", dir);
    assert_int_equal(broker_secrets_open(path, &first), BROKER_OK);
    assert_int_equal(broker_secrets_open(path, &second), BROKER_OK);
    broker_secrets_made_up_kdf(first, "nobody", &a);
    broker_secrets_made_up_kdf(second, "nobody", &b);
    assert_memory_equal(a.salt, b.salt, sizeof a.salt);
    broker_secrets_hash(first, salt, proof, hash);
    broker_secrets_hash(second, salt, proof, again);
    assert_memory_equal(hash, again, sizeof hash);
    broker_secrets_close(first);
    broker_secrets_close(second);
    assert_int_equal(truncate(path, 5), 0);
    assert_int_equal(broker_secrets_open(path, &first), BROKER_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_leads_to_the_newest_version_and_again_does_nothing),
        cmocka_unit_test(a_file_of_a_newer_program_is_refused),
        cmocka_unit_test(a_name_and_an_id_are_taken_once_and_nothing_is_left_of_a_refusal),
        cmocka_unit_test(the_log_grows_only_at_its_end),
        cmocka_unit_test(entries_of_no_account_are_refused),
        cmocka_unit_test(a_hole_in_the_log_is_noticed),
        cmocka_unit_test(a_full_disk_is_told_and_passes),
        cmocka_unit_test(the_last_time_a_device_was_seen_is_kept),
        cmocka_unit_test(a_password_of_no_account_is_not_set),
        cmocka_unit_test(jobs_run_in_order_and_are_all_told_even_at_the_end),
        cmocka_unit_test(the_secret_stays_and_made_up_salts_with_it),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
