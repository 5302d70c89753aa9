#include "channel/identity/home.h"
#include "tests/unit/channel/identity_fixture.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char base[64], dir[96];
    struct channel_home *home;
    struct channel_log *log; /* the account's, holding the home's device */
    struct channel_keys root;
};

static struct channel_home *load(const struct fixture *f)
{
    struct channel_home *home = NULL;
    char why[CHANNEL_HOME_WHY_MAX] = "";
    int err = channel_home_load(f->dir, &home, why, sizeof why);
    if (err != 0)
        fail_msg("%d: %s", err, why);
    return home;
}

static int load_error(const struct fixture *f)
{
    struct channel_home *home = NULL;
    char why[CHANNEL_HOME_WHY_MAX] = "";
    int err = channel_home_load(f->dir, &home, why, sizeof why);
    assert_null(home);
    assert_true(strlen(why) > 10);
    return err;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct channel_device device = {.role = CHANNEL_ROLE_HOST, .rights = CHANNEL_RIGHT_ADMIN, .name = "PC"};
    assert_non_null(f);
    strcpy(f->base, "/tmp/hearth-home-XXXXXX");
    assert_non_null(mkdtemp(f->base));
    snprintf(f->dir, sizeof f->dir, "%s/a/b", f->base);
    f->home = load(f);
    assert_null(channel_home_device_id(f->home));
    assert_int_equal(channel_home_make_keys(f->home), 0);
    fixture_keys(&f->root, 1);
    f->log = channel_log_create();
    fixture_genesis(f->log, &f->root);
    memcpy(device.id, channel_home_device_id(f->home), 16);
    memcpy(device.sign_public, channel_home_sign_public(f->home), 32);
    memcpy(device.dh_public, channel_home_dh_public(f->home), 32);
    fixture_add(f->log, &f->root, NULL, &device);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[512];
    DIR *dir = opendir(f->dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", f->dir, entry->d_name);
        (void)unlink(path);
    }
    if (dir)
        closedir(dir);
    (void)rmdir(f->dir);
    snprintf(path, sizeof path, "%s/a", f->base);
    (void)rmdir(path);
    (void)rmdir(f->base);
    channel_home_destroy(f->home);
    channel_log_destroy(f->log);
    free(f);
    return 0;
}

static void file_path(const struct fixture *f, const char *name, char out[static 256])
{
    snprintf(out, 256, "%s/%s", f->dir, name);
}

static void save(struct fixture *f)
{
    assert_int_equal(
        channel_home_save(f->home, "https://hearth.example:8443", "ada", "sha256:abc", f->log), 0);
}

/* The next entry of the account, signed by the root. */
static struct fixture_entry next_entry(const struct fixture *f, const struct channel_log *log)
{
    struct fixture_entry entry;
    int n = channel_log_make_recovery(log, entry.bytes, sizeof entry.bytes, 5000);
    fixture_sign(&entry, n, &f->root);
    return entry;
}

static void a_home_is_the_same_after_it_was_loaded_again(void **state)
{
    struct fixture *f = *state;
    uint8_t signature[64], shared[32], again[32];
    assert_false(channel_home_enrolled(f->home));
    save(f);
    struct channel_home *home = load(f);
    assert_true(channel_home_enrolled(home));
    assert_string_equal(channel_home_broker(home), "https://hearth.example:8443");
    assert_string_equal(channel_home_account(home), "ada");
    assert_string_equal(channel_home_pin(home), "sha256:abc");
    assert_memory_equal(channel_home_device_id(home), channel_home_device_id(f->home), 16);
    assert_int_equal(channel_log_count(channel_home_log(home)), 2);
    assert_int_equal(channel_home_sign(home, signature, (const uint8_t *)"x", 1), 0);
    assert_true(channel_crypto_verify(signature, channel_home_sign_public(f->home), (const uint8_t *)"x", 1));
    assert_int_equal(channel_home_dh(home, shared, f->root.dh_public), 0);
    assert_int_equal(channel_crypto_x25519(again, f->root.dh_secret, channel_home_dh_public(home)), 0);
    assert_memory_equal(shared, again, 32);
    channel_home_destroy(home);
}

static void everything_in_it_is_private(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[256];
    save(f);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *names[] = {"keys", "home", "log", "head", "lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        file_path(f, names[i], path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void a_home_that_others_can_read_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[256];
    save(f);
    assert_int_equal(chmod(f->dir, 0750), 0);
    assert_int_equal(load_error(f), CHANNEL_HOME_ERR_ACCESS);
    assert_int_equal(chmod(f->dir, 0700), 0);
    file_path(f, "keys", path);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(load_error(f), CHANNEL_HOME_ERR_ACCESS);
}

static void entries_are_stored_as_they_are_appended(void **state)
{
    struct fixture *f = *state;
    save(f);
    for (int i = 0; i < 5; i++) {
        struct fixture_entry entry = next_entry(f, channel_home_log(f->home));
        assert_int_equal(channel_home_append(f->home, entry.bytes, entry.len), 0);
        assert_int_equal(channel_home_append(f->home, entry.bytes, entry.len), 0); /* there already */
        entry.bytes[70] ^= 1;
        assert_true(channel_home_append(f->home, entry.bytes, entry.len) < 0);
    }
    struct channel_home *home = load(f);
    assert_int_equal(channel_log_count(channel_home_log(home)), 7);
    channel_home_destroy(home);
}

static void two_programs_of_one_home_see_each_other_s_entries(void **state)
{
    struct fixture *f = *state;
    save(f);
    struct channel_home *other = load(f);
    struct fixture_entry entry = next_entry(f, channel_home_log(other));
    assert_int_equal(channel_home_append(other, entry.bytes, entry.len), 0);
    assert_int_equal(channel_home_append(f->home, entry.bytes, entry.len), 0);
    entry = next_entry(f, channel_home_log(f->home));
    assert_int_equal(channel_home_append(f->home, entry.bytes, entry.len), 0);
    assert_int_equal(channel_home_append(other, entry.bytes, entry.len), 0);
    channel_home_destroy(other);
    other = load(f);
    assert_int_equal(channel_log_count(channel_home_log(other)), 4);
    channel_home_destroy(other);
}

static void a_log_cut_in_the_middle_of_its_last_entry_is_mended(void **state)
{
    struct fixture *f = *state;
    char path[256];
    struct stat st;
    save(f);
    file_path(f, "log", path);
    assert_int_equal(stat(path, &st), 0);
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    fwrite("\x00\xd0torn", 1, 6, file);
    fclose(file);
    struct channel_home *home = load(f);
    assert_int_equal(channel_log_count(channel_home_log(home)), 2);
    struct fixture_entry entry = next_entry(f, channel_home_log(home));
    assert_int_equal(channel_home_append(home, entry.bytes, entry.len), 0);
    channel_home_destroy(home);
    home = load(f);
    assert_int_equal(channel_log_count(channel_home_log(home)), 3);
    channel_home_destroy(home);
}

static void an_older_log_put_back_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[256];
    struct stat st;
    save(f);
    file_path(f, "log", path);
    assert_int_equal(stat(path, &st), 0);
    struct fixture_entry entry = next_entry(f, channel_home_log(f->home));
    assert_int_equal(channel_home_append(f->home, entry.bytes, entry.len), 0);
    assert_int_equal(truncate(path, st.st_size), 0);
    assert_int_equal(load_error(f), CHANNEL_HOME_ERR_ROLLBACK);
}

static void another_account_does_not_move_in(void **state)
{
    struct fixture *f = *state;
    struct channel_keys root;
    struct channel_device device = {.role = CHANNEL_ROLE_HOST, .name = "PC"};
    save(f);
    fixture_keys(&root, 71);
    struct channel_log *log = channel_log_create();
    fixture_genesis(log, &root);
    assert_int_equal(channel_home_save(f->home, "u", "eve", NULL, log), CHANNEL_HOME_ERR_STATE);
    memcpy(device.id, channel_home_device_id(f->home), 16);
    memcpy(device.sign_public, channel_home_sign_public(f->home), 32);
    memcpy(device.dh_public, channel_home_dh_public(f->home), 32);
    fixture_add(log, &root, NULL, &device);
    assert_int_equal(channel_home_save(f->home, "u", "eve", NULL, log), CHANNEL_HOME_ERR_STATE);
    assert_string_equal(channel_home_account(f->home), "ada");
    channel_log_destroy(log);
}

static void damaged_files_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *names[] = {"keys", "home", "head"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        save(f);
        file_path(f, names[i], path);
        uint8_t kept[4096];
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t len = fread(kept, 1, sizeof kept, file);
        fclose(file);
        assert_int_equal(truncate(path, (off_t)(len / 2)), 0);
        assert_int_equal(load_error(f), CHANNEL_HOME_ERR_FORMAT);
        file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(kept, 1, len, file);
        fclose(file);
    }
    channel_home_destroy(load(f));
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_home_is_the_same_after_it_was_loaded_again),
        WITH(everything_in_it_is_private),
        WITH(a_home_that_others_can_read_is_refused),
        WITH(entries_are_stored_as_they_are_appended),
        WITH(two_programs_of_one_home_see_each_other_s_entries),
        WITH(a_log_cut_in_the_middle_of_its_last_entry_is_mended),
        WITH(an_older_log_put_back_is_refused),
        WITH(another_account_does_not_move_in),
        WITH(damaged_files_are_refused),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
