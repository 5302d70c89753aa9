/* Paths, listing, making, moving and removing below a root, in a fresh folder of the real file system. */
#include "host/files/list.h"
#include "host/files/part.h"
#include "host/files/path.h"
#include "host/files/remove.h"
#include "host/files/tree.h"
#include "tests/unit/host/files_room.h"

static void names_that_could_leave_the_root_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "..", ".", "a/..", "../a", "a/../b", "/a", "/", "a/", "a//b", "./a", "a/./b", "a/b/.."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(files_path_check((const uint8_t *)bad[i], strlen(bad[i])), FILES_ERR_PATH);
    static const char *const good[] = {"", "a", "...", ".a", "a/b", "a..", "\n/\xff\xfe"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(files_path_check((const uint8_t *)good[i], strlen(good[i])), FILES_OK);
    assert_int_equal(files_path_check((const uint8_t *)"a\0b", 3), FILES_ERR_PATH);
}

static void names_and_paths_over_their_limits_are_refused(void **state)
{
    (void)state;
    uint8_t path[FILES_PATH_MAX + 2];
    memset(path, 'a', sizeof path);
    assert_int_equal(files_path_check(path, FILES_NAME_MAX), FILES_OK);
    assert_int_equal(files_path_check(path, FILES_NAME_MAX + 1), FILES_ERR_PATH);
    for (size_t i = 1; i < sizeof path; i += 2)
        path[i] = '/';
    assert_int_equal(files_path_check(path, 2 * FILES_DEPTH_MAX - 1), FILES_OK);
    assert_int_equal(files_path_check(path, 2 * FILES_DEPTH_MAX + 1), FILES_ERR_PATH);
}

static void a_path_is_cut_into_parent_and_name(void **state)
{
    (void)state;
    char parent[FILES_PATH_MAX + 1], name[FILES_NAME_MAX + 1];
    assert_int_equal(files_path_split((const uint8_t *)"a/b/c", 5, parent, name), FILES_OK);
    assert_string_equal(parent, "a/b");
    assert_string_equal(name, "c");
    assert_int_equal(files_path_split((const uint8_t *)"c", 1, parent, name), FILES_OK);
    assert_string_equal(parent, "");
    assert_int_equal(files_path_split(NULL, 0, parent, name), FILES_ERR_PATH);
}

static void links_out_of_the_root_are_not_followed(void **state)
{
    struct room *room = *state;
    struct files_entry entry;
    assert_int_equal(symlink("/etc", room_path(room, "absolute")), 0);
    assert_int_equal(symlink("../..", room_path(room, "up")), 0);
    assert_int_equal(symlink("/proc/self/root", room_path(room, "magic")), 0);
    assert_int_equal(files_tree_stat(&room_at(room, "absolute/passwd"), &entry), FILES_ERR_OUTSIDE);
    assert_int_equal(files_tree_stat(&room_at(room, "absolute"), &entry), FILES_ERR_OUTSIDE);
    assert_int_equal(files_tree_stat(&room_at(room, "up/etc"), &entry), FILES_ERR_OUTSIDE);
    assert_int_equal(files_tree_stat(&room_at(room, "magic/etc"), &entry), FILES_ERR_OUTSIDE);
    assert_int_equal(files_tree_make_folder(&room_at(room, "up/made"), true), FILES_ERR_OUTSIDE);
    assert_int_equal(files_remove(&room_at(room, "absolute/passwd"), true, NULL), FILES_ERR_OUTSIDE);
    assert_true(files_tree_open(&room_at(room, "absolute/passwd"), O_RDONLY) < 0);
}

static void magic_links_inside_proc_are_not_followed(void **state)
{
    (void)state;
    struct files_entry entry;
    const struct files_at cwd = {.root = "/proc", .path = (const uint8_t *)"self/cwd", .len = 8};
    assert_int_equal(files_tree_stat(&cwd, &entry), FILES_ERR_OUTSIDE);
    const struct files_at fd = {.root = "/proc", .path = (const uint8_t *)"self/fd/0", .len = 9};
    assert_int_equal(files_tree_stat(&fd, &entry), FILES_ERR_OUTSIDE);
}

static void the_folder_with_the_keys_is_not_entered_moved_or_removed(void **state)
{
    struct room *room = *state;
    struct files_entry entry;
    char keys[128];
    (void)snprintf(keys, sizeof keys, "%s/config/keys", room->root);
    assert_int_equal(files_tree_make_folder(&room_at(room, "config/keys/deep"), true), FILES_OK);
    assert_int_equal(files_tree_make_folder(&room_at(room, "config/keys too"), true), FILES_OK);
    room_write(room, "config/keys/secret", "s", 1);
    assert_int_equal(symlink("config/keys", room_path(room, "door")), 0);
    assert_int_equal(symlink("config/keys/secret", room_path(room, "window")), 0);
    static const char *const inside[] = {
        "config/keys", "config/keys/secret", "config/keys/deep", "door", "door/secret", "window"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        struct files_at at = room_at(room, inside[i]);
        at.keep_out = keys;
        assert_int_equal(files_tree_stat(&at, &entry), FILES_ERR_DENIED);
        assert_int_equal(files_tree_open(&at, O_RDONLY), FILES_ERR_DENIED);
    }
    struct files_at made = room_at(room, "door/new"), whole = room_at(room, "config"),
                    beside = room_at(room, "config/keys too"), free_name = room_at(room, "config/k");
    made.keep_out = whole.keep_out = beside.keep_out = free_name.keep_out = keys;
    assert_int_equal(files_tree_make_folder(&made, false), FILES_ERR_DENIED);
    assert_int_equal(files_tree_rename(&whole, (const uint8_t *)"c", 1), FILES_ERR_DENIED);
    assert_int_equal(files_remove(&whole, true, NULL), FILES_ERR_DENIED);
    assert_int_equal(files_tree_rename(&beside, (const uint8_t *)"door/in", 7), FILES_ERR_DENIED);
    assert_int_equal(files_tree_stat(&beside, &entry), FILES_OK);
    assert_int_equal(files_tree_make_folder(&free_name, false), FILES_OK);
    assert_int_equal(files_tree_rename(&beside, (const uint8_t *)"moved", 5), FILES_OK);
    assert_int_equal(access(room_path(room, "config/keys/secret"), F_OK), 0);
}

static void links_inside_the_root_are_followed(void **state)
{
    struct room *room = *state;
    struct files_entry entry;
    room_write(room, "real", "abc", 3);
    assert_int_equal(symlink("real", room_path(room, "link")), 0);
    assert_int_equal(files_tree_stat(&room_at(room, "link"), &entry), FILES_OK);
    assert_int_equal(entry.kind, FILES_FILE);
    assert_int_equal(entry.size, 3);
    assert_string_equal(entry.name, "link");
}

static void a_folder_is_listed_in_the_order_of_bytes_whatever_the_names(void **state)
{
    struct room *room = *state;
    static const char *const names[] = {"\n", " ", "B", "a", "a\nb", "\xc3\xa9", "\xff\xfe"};
    for (size_t i = 0; i < 7; i++)
        room_write(room, names[6 - i], "", 0);
    room_write(room, ".hidden", "", 0);
    struct files_list list;
    assert_int_equal(files_list_read(&room_at(room, ""), NULL, 0, 0, false, 0, NULL, &list), FILES_OK);
    assert_int_equal(list.count, 7);
    assert_false(list.more);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(list.entries[i].name, names[i]);
    files_list_finish(&list);
    assert_int_equal(files_list_read(&room_at(room, ""), NULL, 0, 0, true, 0, NULL, &list), FILES_OK);
    assert_int_equal(list.count, 8);
    files_list_finish(&list);
}

static void pages_neither_repeat_nor_skip_while_the_folder_changes(void **state)
{
    struct room *room = *state;
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "f%03d", i);
        room_write(room, name, "", 0);
    }
    struct files_list list;
    assert_int_equal(files_list_read(&room_at(room, ""), NULL, 0, 30, false, 0, NULL, &list), FILES_OK);
    assert_int_equal(list.count, 30);
    assert_true(list.more);
    assert_string_equal(list.entries[29].name, "f029");
    files_list_finish(&list);
    room_write(room, "f000a", "", 0);
    assert_int_equal(unlink(room_path(room, "f010")), 0);
    assert_int_equal(
        files_list_read(&room_at(room, ""), (const uint8_t *)"f029", 4, 1000, false, 0, NULL, &list),
        FILES_OK);
    assert_int_equal(list.count, 70);
    assert_false(list.more);
    assert_string_equal(list.entries[0].name, "f030");
    files_list_finish(&list);
}

static void a_listing_that_is_told_to_stop_stops(void **state)
{
    struct room *room = *state;
    const atomic_bool stop = true;
    struct files_list list;
    room_write(room, "file", "", 0);
    assert_int_equal(
        files_list_read(&room_at(room, ""), NULL, 0, 0, false, 0, &stop, &list), FILES_ERR_CANCELLED);
}

static void listing_a_file_says_that_it_is_one(void **state)
{
    struct room *room = *state;
    struct files_list list;
    room_write(room, "file", "", 0);
    assert_int_equal(
        files_list_read(&room_at(room, "file"), NULL, 0, 0, false, 0, NULL, &list), FILES_ERR_KIND);
    assert_int_equal(
        files_list_read(&room_at(room, "none"), NULL, 0, 0, false, 0, NULL, &list), FILES_ERR_NOT_FOUND);
}

static void abandoned_parts_go_and_fresh_ones_stay_and_neither_is_listed(void **state)
{
    struct room *room = *state;
    char old[FILES_NAME_MAX + 1], fresh[FILES_NAME_MAX + 1];
    files_part_name(old, "old", (const uint8_t *)"0123456789abcdef", 16);
    files_part_name(fresh, "fresh", (const uint8_t *)"0123456789abcdef", 16);
    room_write(room, old, "x", 1);
    room_write(room, fresh, "x", 1);
    int64_t now = time(NULL);
    const struct timeval past[2] = {
        {.tv_sec = now - FILES_PART_LIFE_S - 1}, {.tv_sec = now - FILES_PART_LIFE_S - 1}};
    assert_int_equal(utimes(room_path(room, old), past), 0);
    struct files_list list;
    assert_int_equal(files_list_read(&room_at(room, ""), NULL, 0, 0, true, now, NULL, &list), FILES_OK);
    assert_int_equal(list.count, 0);
    files_list_finish(&list);
    assert_int_equal(access(room_path(room, old), F_OK), -1);
    assert_int_equal(access(room_path(room, fresh), F_OK), 0);
}

static void part_names_fit_and_differ_by_key_and_name(void **state)
{
    (void)state;
    char a[FILES_NAME_MAX + 1], b[FILES_NAME_MAX + 1], name[FILES_NAME_MAX + 1];
    memset(name, 'n', FILES_NAME_MAX);
    name[FILES_NAME_MAX] = '\0';
    files_part_name(a, name, (const uint8_t *)"0123456789abcdef", 16);
    assert_true(strlen(a) <= FILES_NAME_MAX);
    assert_true(files_part_is(a));
    name[FILES_NAME_MAX - 1] = 'm';
    files_part_name(b, name, (const uint8_t *)"0123456789abcdef", 16);
    assert_string_not_equal(a, b);
    assert_false(files_part_is("a.hearth-part-0123456789abcdef0123456789abcdef"));
    assert_false(files_part_is(".a.hearth-part-"));
}

static void folders_are_made_with_parents_and_twice_is_fine(void **state)
{
    struct room *room = *state;
    struct files_entry entry;
    assert_int_equal(files_tree_make_folder(&room_at(room, "a/b/c"), false), FILES_ERR_NOT_FOUND);
    assert_int_equal(files_tree_make_folder(&room_at(room, "a/b/c"), true), FILES_OK);
    assert_int_equal(files_tree_make_folder(&room_at(room, "a/b/c"), true), FILES_OK);
    assert_int_equal(files_tree_stat(&room_at(room, "a/b/c"), &entry), FILES_OK);
    assert_int_equal(entry.kind, FILES_FOLDER);
    room_write(room, "file", "", 0);
    assert_int_equal(files_tree_make_folder(&room_at(room, "file"), false), FILES_ERR_EXISTS);
}

static void renaming_never_overwrites(void **state)
{
    struct room *room = *state;
    room_write(room, "a", "a", 1);
    room_write(room, "b", "b", 1);
    assert_int_equal(files_tree_rename(&room_at(room, "a"), (const uint8_t *)"b", 1), FILES_ERR_EXISTS);
    assert_int_equal(files_tree_rename(&room_at(room, "a"), (const uint8_t *)"../c", 4), FILES_ERR_PATH);
    assert_int_equal(files_tree_rename(&room_at(room, "a"), (const uint8_t *)"c", 1), FILES_OK);
    assert_int_equal(access(room_path(room, "c"), F_OK), 0);
    assert_int_equal(files_tree_make_folder(&room_at(room, "d"), false), FILES_OK);
    assert_int_equal(files_tree_rename(&room_at(room, "d"), (const uint8_t *)"d/e", 3), FILES_ERR_PATH);
}

static void removing_a_tree_leaves_what_its_links_point_to(void **state)
{
    struct room *room = *state;
    assert_int_equal(files_tree_make_folder(&room_at(room, "keep"), false), FILES_OK);
    room_write(room, "keep/file", "x", 1);
    assert_int_equal(files_tree_make_folder(&room_at(room, "gone/deep/er"), true), FILES_OK);
    room_write(room, "gone/deep/er/file", "x", 1);
    assert_int_equal(symlink("../keep", room_path(room, "gone/link")), 0);
    assert_int_equal(files_remove(&room_at(room, "gone"), false, NULL), FILES_ERR_NOT_EMPTY);
    assert_int_equal(files_remove(&room_at(room, "gone"), true, NULL), FILES_OK);
    assert_int_equal(access(room_path(room, "gone"), F_OK), -1);
    assert_int_equal(access(room_path(room, "keep/file"), F_OK), 0);
    assert_int_equal(files_remove(&room_at(room, ""), true, NULL), FILES_ERR_PATH);
}

static void a_removal_too_deep_or_told_to_stop_stops(void **state)
{
    struct room *room = *state;
    atomic_bool stop = true;
    assert_int_equal(files_tree_make_folder(&room_at(room, "tree/a"), true), FILES_OK);
    assert_int_equal(files_remove(&room_at(room, "tree"), true, &stop), FILES_ERR_CANCELLED);
    assert_int_equal(access(room_path(room, "tree/a"), F_OK), 0);
    int fd = open(room->root, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < FILES_DEPTH_MAX + 5; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0700), 0);
        int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = next;
    }
    close(fd);
    assert_int_equal(files_remove(&room_at(room, "deep"), true, NULL), FILES_ERR_LIMIT);
}

static void a_root_without_write_takes_no_change(void **state)
{
    struct room *room = *state;
    struct files_at at = room_at(room, "x");
    at.write = false;
    assert_int_equal(files_tree_make_folder(&at, true), FILES_ERR_READ_ONLY);
    assert_int_equal(files_tree_rename(&at, (const uint8_t *)"y", 1), FILES_ERR_READ_ONLY);
    assert_int_equal(files_remove(&at, true, NULL), FILES_ERR_READ_ONLY);
}

static void free_space_is_told_and_a_root_that_is_gone_is_not_found(void **state)
{
    struct room *room = *state;
    uint64_t bytes = 0;
    assert_int_equal(files_tree_free(room->root, &bytes), FILES_OK);
    assert_true(bytes > 0);
    assert_int_equal(files_tree_free("/nonexistent-root", &bytes), FILES_ERR_NOT_FOUND);
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_could_leave_the_root_are_refused),
        cmocka_unit_test(names_and_paths_over_their_limits_are_refused),
        cmocka_unit_test(a_path_is_cut_into_parent_and_name),
        ROOM_TEST(links_out_of_the_root_are_not_followed),
        cmocka_unit_test(magic_links_inside_proc_are_not_followed),
        ROOM_TEST(the_folder_with_the_keys_is_not_entered_moved_or_removed),
        ROOM_TEST(the_folder_with_the_keys_is_not_entered_moved_or_removed),
        ROOM_TEST(links_inside_the_root_are_followed),
        ROOM_TEST(a_folder_is_listed_in_the_order_of_bytes_whatever_the_names),
        ROOM_TEST(pages_neither_repeat_nor_skip_while_the_folder_changes),
        ROOM_TEST(a_listing_that_is_told_to_stop_stops),
        ROOM_TEST(listing_a_file_says_that_it_is_one),
        ROOM_TEST(abandoned_parts_go_and_fresh_ones_stay_and_neither_is_listed),
        cmocka_unit_test(part_names_fit_and_differ_by_key_and_name),
        ROOM_TEST(folders_are_made_with_parents_and_twice_is_fine),
        ROOM_TEST(renaming_never_overwrites),
        ROOM_TEST(removing_a_tree_leaves_what_its_links_point_to),
        ROOM_TEST(a_removal_too_deep_or_told_to_stop_stops),
        ROOM_TEST(a_root_without_write_takes_no_change),
        ROOM_TEST(free_space_is_told_and_a_root_that_is_gone_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
