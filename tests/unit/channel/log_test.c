#include "channel/core/bytes.h"
#include "channel/identity/entry.h"
#include "tests/unit/channel/identity_fixture.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

struct account {
    struct channel_log *log;
    struct channel_keys root, admin, plain, other;
    struct channel_device admin_device, plain_device, other_device;
    uint8_t admin_id[16], plain_id[16];
};

static int set_up(void **state)
{
    static struct account account;
    memset(&account, 0, sizeof account);
    account.log = channel_log_create();
    fixture_keys(&account.root, 1);
    fixture_keys(&account.admin, 11);
    fixture_keys(&account.plain, 21);
    fixture_keys(&account.other, 31);
    fixture_id(account.admin_id, &account.admin);
    fixture_id(account.plain_id, &account.plain);
    fixture_device(&account.admin_device, &account.admin, "laptop",
        CHANNEL_RIGHT_ADMIN | CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CONTROL);
    fixture_device(&account.plain_device, &account.plain, "PC", CHANNEL_RIGHT_VIEW);
    fixture_device(&account.other_device, &account.other, "other", CHANNEL_RIGHT_VIEW);
    fixture_genesis(account.log, &account.root);
    fixture_add(account.log, &account.root, NULL, &account.admin_device);
    fixture_add(account.log, &account.root, &account.admin, &account.plain_device);
    *state = &account;
    return 0;
}

static int tear_down(void **state)
{
    channel_log_destroy(((struct account *)*state)->log);
    return 0;
}

static int append(struct account *a, const struct fixture_entry *entry)
{
    uint64_t before = channel_log_count(a->log);
    int err = channel_log_append(a->log, entry->bytes, entry->len);
    assert_int_equal(channel_log_count(a->log), before + (err == 0));
    return err;
}

static int add(struct account *a, const struct channel_keys *by, const uint8_t *signer,
    const struct channel_device *device, uint64_t time_ms)
{
    struct fixture_entry entry;
    int n = channel_log_make_add(a->log, entry.bytes, sizeof entry.bytes, signer, time_ms, device);
    fixture_sign(&entry, n, by);
    return append(a, &entry);
}

static void a_log_tells_its_account_and_devices(void **state)
{
    struct account *a = *state;
    uint8_t id[16], sign[32], dh[32], expected[16];
    assert_int_equal(channel_log_count(a->log), 3);
    assert_true(channel_log_account(a->log, id, sign, dh));
    channel_account_id(expected, a->root.sign_public, a->root.dh_public);
    assert_memory_equal(id, expected, 16);
    assert_int_equal(channel_log_device_count(a->log), 2);
    const struct channel_device *device = channel_log_find(a->log, a->plain_id);
    assert_non_null(device);
    assert_string_equal(device->name, "PC");
    assert_int_equal(device->added_seq, 2);
    assert_ptr_equal(device, channel_log_find_dh(a->log, a->plain.dh_public));
    assert_true(channel_device_active(device, 5));
    assert_null(channel_log_find_dh(a->log, a->other.dh_public));
}

static void any_changed_byte_of_an_entry_is_refused(void **state)
{
    struct account *a = *state;
    struct fixture_entry entry;
    int n = channel_log_make_add(a->log, entry.bytes, sizeof entry.bytes, a->admin_id, 9, &a->other_device);
    fixture_sign(&entry, n, &a->admin);
    for (size_t i = 0; i < entry.len; i++) {
        entry.bytes[i] ^= 0x40;
        assert_true(append(a, &entry) < 0);
        entry.bytes[i] ^= 0x40;
    }
    for (size_t len = 0; len < entry.len; len++)
        assert_int_equal(channel_log_append(a->log, entry.bytes, len), CHANNEL_LOG_ERR_FORMAT);
    assert_int_equal(append(a, &entry), 0);
    assert_int_equal(append(a, &entry), CHANNEL_LOG_ERR_CHAIN);
}

static void a_device_without_admin_may_not_add(void **state)
{
    struct account *a = *state;
    assert_int_equal(add(a, &a->plain, a->plain_id, &a->other_device, 9), CHANNEL_LOG_ERR_DENIED);
}

static void an_admin_may_not_give_more_than_it_has(void **state)
{
    struct account *a = *state;
    a->other_device.rights = CHANNEL_RIGHT_TERMINAL;
    assert_int_equal(add(a, &a->admin, a->admin_id, &a->other_device, 9), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(add(a, &a->root, NULL, &a->other_device, 9), 0);
}

static void rights_that_do_not_exist_are_refused(void **state)
{
    struct account *a = *state;
    a->other_device.rights = 1u << 20;
    assert_int_equal(add(a, &a->root, NULL, &a->other_device, 9), CHANNEL_LOG_ERR_FORMAT);
}

static void an_entry_signed_by_another_key_than_it_names_is_refused(void **state)
{
    struct account *a = *state;
    assert_int_equal(add(a, &a->plain, a->admin_id, &a->other_device, 9), CHANNEL_LOG_ERR_SIGNATURE);
    assert_int_equal(add(a, &a->admin, NULL, &a->other_device, 9), CHANNEL_LOG_ERR_SIGNATURE);
}

static int revoke(struct account *a, const struct channel_keys *by, const uint8_t *signer, const uint8_t *who)
{
    struct fixture_entry entry;
    int n = channel_log_make_revoke(a->log, entry.bytes, sizeof entry.bytes, signer, 10, who);
    fixture_sign(&entry, n, by);
    return append(a, &entry);
}

static void a_revoked_device_is_not_active_signs_nothing_and_never_comes_back(void **state)
{
    struct account *a = *state;
    assert_int_equal(revoke(a, &a->plain, a->plain_id, a->admin_id), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(revoke(a, &a->plain, a->plain_id, a->plain_id), 0); /* itself it may */
    assert_false(channel_device_active(channel_log_find(a->log, a->plain_id), 50));
    assert_int_equal(revoke(a, &a->root, NULL, a->plain_id), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(add(a, &a->root, NULL, &a->plain_device, 11), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(revoke(a, &a->root, NULL, a->admin_id), 0);
    assert_int_equal(add(a, &a->admin, a->admin_id, &a->other_device, 12), CHANNEL_LOG_ERR_DENIED);
}

static void a_key_stands_in_one_certificate_only(void **state)
{
    struct account *a = *state;
    struct channel_keys mixed;
    struct channel_device device;
    channel_keys_from(&mixed, a->other.sign_seed, a->plain.dh_secret);
    fixture_device(&device, &mixed, "copy", CHANNEL_RIGHT_VIEW);
    assert_int_equal(add(a, &a->root, NULL, &device, 9), CHANNEL_LOG_ERR_DENIED);
}

static void a_certificate_outside_its_validity_signs_nothing(void **state)
{
    struct account *a = *state;
    a->other_device.rights = CHANNEL_RIGHT_ADMIN | CHANNEL_RIGHT_VIEW;
    a->other_device.not_before_ms = FIXTURE_TIME_MS + 100;
    a->other_device.not_after_ms = FIXTURE_TIME_MS + 200;
    assert_int_equal(add(a, &a->root, NULL, &a->other_device, 9), 0);
    struct channel_keys fourth;
    struct channel_device device;
    uint8_t other_id[16];
    fixture_keys(&fourth, 41);
    fixture_id(other_id, &a->other);
    fixture_device(&device, &fourth, "fourth", CHANNEL_RIGHT_VIEW);
    assert_int_equal(add(a, &a->other, other_id, &device, FIXTURE_TIME_MS + 99), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(add(a, &a->other, other_id, &device, FIXTURE_TIME_MS + 200), CHANNEL_LOG_ERR_DENIED);
    assert_int_equal(add(a, &a->other, other_id, &device, FIXTURE_TIME_MS + 100), 0);
}

static void an_expired_certificate_cannot_sign_by_naming_an_earlier_time(void **state)
{
    struct account *a = *state;
    struct channel_keys keys;
    struct channel_device device;
    uint8_t other_id[16];
    a->other_device.rights = CHANNEL_RIGHT_ADMIN | CHANNEL_RIGHT_VIEW;
    a->other_device.not_after_ms = FIXTURE_TIME_MS + 200;
    fixture_id(other_id, &a->other);
    assert_int_equal(add(a, &a->root, NULL, &a->other_device, 9), 0);
    fixture_keys(&keys, 41);
    fixture_device(&device, &keys, "in time", CHANNEL_RIGHT_VIEW);
    assert_int_equal(add(a, &a->other, other_id, &device, FIXTURE_TIME_MS + 199), 0);
    fixture_keys(&keys, 51);
    fixture_device(&device, &keys, "after it", CHANNEL_RIGHT_VIEW);
    assert_int_equal(add(a, &a->root, NULL, &device, FIXTURE_TIME_MS + 300), 0);
    fixture_keys(&keys, 61);
    fixture_device(&device, &keys, "backdated", CHANNEL_RIGHT_VIEW);
    assert_int_equal(add(a, &a->other, other_id, &device, FIXTURE_TIME_MS + 199), CHANNEL_LOG_ERR_DENIED);
    /* A clock that runs behind is nobody's crime. */
    assert_int_equal(add(a, &a->admin, a->admin_id, &device, FIXTURE_TIME_MS + 250), 0);
}

static void a_rename_is_taken_from_the_device_itself_and_checked(void **state)
{
    struct account *a = *state;
    struct fixture_entry entry;
    int n =
        channel_log_make_rename(a->log, entry.bytes, sizeof entry.bytes, a->plain_id, 9, a->plain_id, "Büro");
    fixture_sign(&entry, n, &a->plain);
    assert_int_equal(append(a, &entry), 0);
    assert_string_equal(channel_log_find(a->log, a->plain_id)->name, "Büro");
    assert_int_equal(channel_log_make_rename(
                         a->log, entry.bytes, sizeof entry.bytes, a->plain_id, 9, a->plain_id, "two\nlines"),
        CHANNEL_LOG_ERR_FORMAT);
}

static void only_the_root_may_say_that_the_recovery_key_was_used(void **state)
{
    struct account *a = *state;
    struct fixture_entry entry;
    int n = channel_log_make_recovery(a->log, entry.bytes, sizeof entry.bytes, 9);
    fixture_sign(&entry, n, &a->root);
    assert_int_equal(append(a, &entry), 0);
    n = channel_log_make_recovery(a->log, entry.bytes, sizeof entry.bytes, 9);
    memcpy(entry.bytes + 68, a->admin_id, 16);
    fixture_sign(&entry, n, &a->admin);
    assert_int_equal(append(a, &entry), CHANNEL_LOG_ERR_DENIED);
}

static void a_second_genesis_and_a_first_entry_that_is_none_are_refused(void **state)
{
    struct account *a = *state;
    struct fixture_entry entry;
    struct channel_log *log = channel_log_create();
    int n =
        channel_log_make_genesis(entry.bytes, sizeof entry.bytes, a->root.sign_public, a->root.dh_public, 5);
    fixture_sign(&entry, n, &a->root);
    assert_int_equal(append(a, &entry), CHANNEL_LOG_ERR_CHAIN);
    assert_int_equal(channel_log_append(log, entry.bytes, entry.len), 0);
    channel_log_destroy(log);
    log = channel_log_create();
    size_t len;
    const uint8_t *second = channel_log_entry(a->log, 1, &len);
    assert_int_equal(channel_log_append(log, second, len), CHANNEL_LOG_ERR_CHAIN);
    channel_put_u64(entry.bytes + 4, 0);
    fixture_sign(&entry, n, &a->plain);
    assert_int_equal(channel_log_append(log, entry.bytes, entry.len), CHANNEL_LOG_ERR_SIGNATURE);
    assert_int_equal(channel_log_make_add(log, entry.bytes, sizeof entry.bytes, NULL, 5, &a->plain_device),
        CHANNEL_LOG_ERR_CHAIN);
    channel_log_destroy(log);
}

static void heads_tell_newer_older_and_forked_logs_apart(void **state)
{
    struct account *a = *state;
    uint8_t payload[64], hash[32];
    uint64_t count;
    assert_int_equal(channel_log_head_write(a->log, payload, sizeof payload), 41);
    assert_int_equal(channel_log_head_parse(payload, 41, &count, hash), 0);
    assert_int_equal(count, 3);
    assert_int_equal(channel_log_contains(a->log, count, hash), 1);
    assert_int_equal(channel_log_contains(a->log, 4, hash), 0);
    assert_int_equal(channel_log_contains(a->log, 2, hash), CHANNEL_LOG_ERR_FORK);
    assert_true(channel_log_hash_at(a->log, 1, hash));
    assert_int_equal(channel_log_contains(a->log, 2, hash), 1);
    assert_int_equal(channel_log_head_parse(payload, 40, &count, hash), CHANNEL_LOG_ERR_FORMAT);
}

static void names_are_well_formed_text_without_controls(void **state)
{
    (void)state;
    static const char *good[] = {"a", "My PC", "é", "日本", "\xf0\x9f\x8f\xa0", "\xc2\xa0x"};
    static const char *bad[] = {"", "\x01", "a\x7f", "\xc2\x85", "\xc0\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x82", "\xff", "\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(channel_name_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(channel_name_valid(bad[i], strlen(bad[i])));
    char longest[66];
    memset(longest, 'a', sizeof longest);
    assert_true(channel_name_valid(longest, 64));
    assert_false(channel_name_valid(longest, 65));
}

static void many_devices_are_found_by_id_and_by_key(void **state)
{
    struct account *a = *state;
    for (uint8_t i = 0; i < 100; i++) {
        struct channel_keys keys;
        struct channel_device device;
        fixture_keys(&keys, (uint8_t)(100 + i));
        fixture_device(&device, &keys, "many", 0);
        fixture_add(a->log, &a->root, NULL, &device);
    }
    for (uint8_t i = 0; i < 100; i++) {
        struct channel_keys keys;
        uint8_t id[16];
        fixture_keys(&keys, (uint8_t)(100 + i));
        fixture_id(id, &keys);
        assert_non_null(channel_log_find(a->log, id));
        assert_non_null(channel_log_find_dh(a->log, keys.dh_public));
    }
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_log_tells_its_account_and_devices),
        WITH(any_changed_byte_of_an_entry_is_refused),
        WITH(a_device_without_admin_may_not_add),
        WITH(an_admin_may_not_give_more_than_it_has),
        WITH(rights_that_do_not_exist_are_refused),
        WITH(an_entry_signed_by_another_key_than_it_names_is_refused),
        WITH(a_revoked_device_is_not_active_signs_nothing_and_never_comes_back),
        WITH(a_key_stands_in_one_certificate_only),
        WITH(a_certificate_outside_its_validity_signs_nothing),
        WITH(an_expired_certificate_cannot_sign_by_naming_an_earlier_time),
        WITH(a_rename_is_taken_from_the_device_itself_and_checked),
        WITH(only_the_root_may_say_that_the_recovery_key_was_used),
        WITH(a_second_genesis_and_a_first_entry_that_is_none_are_refused),
        WITH(heads_tell_newer_older_and_forked_logs_apart),
        cmocka_unit_test(names_are_well_formed_text_without_controls),
        WITH(many_devices_are_found_by_id_and_by_key),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
