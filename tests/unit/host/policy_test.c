/* host.json: what this PC allows, and that doubt is never taken for yes. */
#include "channel/identity/log.h"
#include "host/policy/policy.h"
#include "tests/unit/host/files_room.h"

#include <limits.h>

#define ALL                                                                                                  \
    (CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CONTROL | CHANNEL_RIGHT_CLIPBOARD_IN | CHANNEL_RIGHT_CLIPBOARD_OUT | \
        CHANNEL_RIGHT_FILES_READ | CHANNEL_RIGHT_FILES_WRITE)

static int load(struct room *room, const char *text, struct host_policy **out)
{
    room_write(room, "host.json", text, strlen(text));
    return host_policy_load(room->root, out);
}

static void without_a_file_the_home_is_shared_with_all_rights(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    assert_int_equal(setenv("HOME", room->root, 1), 0);
    assert_int_equal(host_policy_load(room->root, &policy), HOST_POLICY_OK);
    assert_int_equal(host_policy_rights(policy), ALL);
    assert_int_equal(host_policy_root_count(policy), 1);
    assert_string_equal(host_policy_root(policy, 0)->path, room->root);
    assert_true(host_policy_root(policy, 0)->write);
    assert_ptr_equal(host_policy_find(policy, "home"), host_policy_root(policy, 0));
    host_policy_unref(policy);
}

static void rights_that_are_not_listed_are_not_given(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    assert_int_equal(
        load(room, "{\"version\":1,\"rights\":[\"view\"],\"roots\":[]}", &policy), HOST_POLICY_OK);
    assert_int_equal(host_policy_rights(policy), CHANNEL_RIGHT_VIEW);
    assert_int_equal(host_policy_root_count(policy), 0);
    host_policy_unref(policy);
    assert_int_equal(load(room, "{\"version\":1,\"rights\":[]}", &policy), HOST_POLICY_OK);
    assert_int_equal(host_policy_rights(policy), 0);
    host_policy_unref(policy);
}

static void what_cannot_be_understood_is_an_error_and_never_the_default(void **state)
{
    struct room *room = *state;
    static const char *const bad[] = {"", "{", "[]", "{}", "{\"version\":2}",
        "{\"version\":1,\"rights\":[\"everything\"]}", "{\"version\":1,\"rights\":\"view\"}",
        "{\"version\":1,\"roots\":{}}", "{\"version\":1,\"roots\":[{\"id\":\"a\"}]}",
        "{\"version\":1,\"roots\":[{\"id\":\"A b\",\"name\":\"n\",\"path\":\"/\"}]}",
        "{\"version\":1,\"roots\":[{\"id\":\"a\",\"name\":\"n\",\"path\":\"relative\"}]}",
        "{\"version\":1,\"version\":1}"};
    struct host_policy *policy = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(load(room, bad[i], &policy) < 0);
    assert_null(policy);
}

static void a_root_is_written_only_when_that_is_said(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    assert_int_equal(
        load(room, "{\"version\":1,\"roots\":[{\"id\":\"a\",\"name\":\"n\",\"path\":\"/\"}]}", &policy),
        HOST_POLICY_OK);
    assert_false(host_policy_find(policy, "a")->write);
    host_policy_unref(policy);
}

static void a_saved_policy_comes_back_the_same_in_a_file_of_ours_alone(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    struct stat st;
    assert_int_equal(load(room, "{\"version\":1,\"rights\":[\"view\",\"files_read\"],\"roots\":[]}", &policy),
        HOST_POLICY_OK);
    assert_int_equal(host_policy_add(policy, "My Photos", room->root, false), HOST_POLICY_OK);
    assert_int_equal(host_policy_add(policy, "My Photos", room->root, false), HOST_POLICY_ERR_EXISTS);
    assert_int_equal(host_policy_add(policy, "x", "/nonexistent", false), HOST_POLICY_ERR_PATH);
    assert_int_equal(unlink(room_path(room, "host.json")), 0);
    assert_int_equal(host_policy_save(policy, room->root), HOST_POLICY_OK);
    host_policy_unref(policy);
    assert_int_equal(stat(room_path(room, "host.json"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(host_policy_load(room->root, &policy), HOST_POLICY_OK);
    assert_int_equal(host_policy_rights(policy), CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_FILES_READ);
    assert_string_equal(host_policy_find(policy, "my-photos")->name, "My Photos");
    assert_int_equal(host_policy_remove(policy, "my-photos"), HOST_POLICY_OK);
    assert_int_equal(host_policy_remove(policy, "my-photos"), HOST_POLICY_ERR_NOT_FOUND);
    host_policy_unref(policy);
}

static void view_only_leaves_looking_and_fetching(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    assert_int_equal(load(room, "{\"version\":1}", &policy), HOST_POLICY_OK);
    host_policy_view_only(policy);
    assert_int_equal(host_policy_rights(policy),
        CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CLIPBOARD_OUT | CHANNEL_RIGHT_FILES_READ);
    host_policy_unref(policy);
}

static void the_keys_of_the_pc_and_of_its_command_line_are_kept_out(void **state)
{
    struct room *room = *state;
    struct host_policy *policy;
    char home[128], above[128], real[PATH_MAX];
    assert_non_null(realpath(room->root, real));
    (void)snprintf(above, sizeof above, "%.80s/hearth", real);
    (void)snprintf(home, sizeof home, "%.80s/hearth/host", real);
    assert_int_equal(mkdir(above, 0700), 0);
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(setenv("HOME", room->root, 1), 0);
    assert_int_equal(host_policy_load(home, &policy), HOST_POLICY_OK);
    assert_string_equal(host_policy_keep_out(policy), above);
    host_policy_unref(policy);
    assert_int_equal(host_policy_load(room->root, &policy), HOST_POLICY_OK);
    assert_string_equal(host_policy_keep_out(policy), real);
    host_policy_unref(policy);
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(without_a_file_the_home_is_shared_with_all_rights),
        ROOM_TEST(rights_that_are_not_listed_are_not_given),
        ROOM_TEST(what_cannot_be_understood_is_an_error_and_never_the_default),
        ROOM_TEST(a_root_is_written_only_when_that_is_said),
        ROOM_TEST(a_saved_policy_comes_back_the_same_in_a_file_of_ours_alone),
        ROOM_TEST(view_only_leaves_looking_and_fetching),
        ROOM_TEST(the_keys_of_the_pc_and_of_its_command_line_are_kept_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
