#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/core/crypto.h"
#include "viewer/core/part.h"

struct room {
    char folder[64], target[96];
};

static int set_up(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    (void)snprintf(room->folder, sizeof room->folder, "/tmp/hearth-part-XXXXXX");
    if (!room || !mkdtemp(room->folder)) {
        return -1;
    }
    (void)snprintf(room->target, sizeof room->target, "%s/file", room->folder);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    static const char *const names[] = {"file", ".file.hearth-part", ".file.hearth-state"};
    for (size_t i = 0; i < 3; i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", room->folder, names[i]);
        (void)unlink(path);
    }
    const int result = rmdir(room->folder); /* nothing else may be left */
    free(room);
    return result;
}

static const struct viewer_part_source source = {.id = {1, 2, 3}, .size = 10, .mtime_ms = 1234567};

static struct viewer_part *open_part(const struct room *room, const uint8_t *id, uint64_t want_have)
{
    struct viewer_part *part = NULL;
    struct viewer_part_source found;
    uint64_t have = 99;
    assert_int_equal(viewer_part_open(&part, room->target, id, &found, &have), 0);
    assert_int_equal(have, want_have);
    if (have > 0) {
        assert_int_equal(found.size, source.size);
        assert_int_equal(found.mtime_ms, source.mtime_ms);
    }
    return part;
}

static void begin(struct viewer_part *part, uint64_t keep, const char *bytes)
{
    assert_int_equal(viewer_part_begin(part, &source, keep), 0);
    assert_int_equal(viewer_part_write(part, (const uint8_t *)bytes, strlen(bytes)), 0);
}

static void expect_content(const struct room *room, const char *want)
{
    char text[64] = "";
    const int fd = open(room->target, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof text - 1), strlen(want));
    assert_string_equal(text, want);
    (void)close(fd);
}

static void a_file_appears_only_at_commit_and_with_its_time(void **state)
{
    struct room *room = *state;
    struct stat stat_file;
    struct viewer_part *part = open_part(room, source.id, 0);
    begin(part, 0, "0123456789");
    assert_int_equal(access(room->target, F_OK), -1);
    assert_int_equal(viewer_part_commit(part, false, source.mtime_ms), 0);
    viewer_part_close(part);
    expect_content(room, "0123456789");
    assert_int_equal(stat(room->target, &stat_file), 0);
    assert_int_equal(stat_file.st_mtim.tv_sec, 1234);
    assert_int_equal(stat_file.st_mtim.tv_nsec, 567000000);
}

static void a_part_goes_on_where_it_stopped_and_hashes_the_whole(void **state)
{
    struct room *room = *state;
    uint8_t want[32], got[32];
    struct viewer_part *part = open_part(room, source.id, 0);
    begin(part, 0, "0123");
    viewer_part_close(part);
    part = open_part(room, source.id, 4);
    begin(part, 4, "456789");
    viewer_part_hash(part, got);
    channel_crypto_sha256(want, (const uint8_t *)"0123456789", 10);
    assert_memory_equal(got, want, 32);
    assert_int_equal(viewer_part_commit(part, false, source.mtime_ms), 0);
    viewer_part_close(part);
    expect_content(room, "0123456789");
}

static void a_part_of_another_source_is_not_continued(void **state)
{
    struct room *room = *state;
    const uint8_t other[32] = {9};
    struct viewer_part *part = open_part(room, source.id, 0);
    begin(part, 0, "0123");
    viewer_part_close(part);
    part = open_part(room, other, 0);
    viewer_part_close(part);
}

static void a_file_that_is_there_is_not_overwritten_unless_told(void **state)
{
    struct room *room = *state;
    const int fd = open(room->target, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "old", 3), 3);
    (void)close(fd);
    struct viewer_part *part = open_part(room, source.id, 0);
    begin(part, 0, "new");
    assert_int_equal(viewer_part_commit(part, false, 0), -EEXIST);
    expect_content(room, "old");
    assert_int_equal(viewer_part_commit(part, true, 0), 0);
    viewer_part_close(part);
    expect_content(room, "new");
}

static void two_transfers_cannot_write_one_part(void **state)
{
    struct room *room = *state;
    struct viewer_part *second = NULL;
    struct viewer_part_source found;
    uint64_t have = 0;
    struct viewer_part *part = open_part(room, source.id, 0);
    assert_int_equal(viewer_part_open(&second, room->target, source.id, &found, &have), -EBUSY);
    assert_null(second);
    viewer_part_close(part);
}

static void a_part_without_bytes_leaves_nothing_behind(void **state)
{
    viewer_part_close(open_part(*state, source.id, 0)); /* tear_down finds an empty folder */
}

static void a_link_in_the_place_of_a_part_is_not_followed(void **state)
{
    struct room *room = *state;
    char link_path[160], victim[160];
    struct viewer_part *part = NULL;
    struct viewer_part_source found;
    uint64_t have = 0;
    (void)snprintf(victim, sizeof victim, "%s/file", room->folder);
    (void)snprintf(link_path, sizeof link_path, "%s/.file.hearth-part", room->folder);
    assert_int_equal(symlink(victim, link_path), 0);
    assert_int_equal(viewer_part_open(&part, room->target, source.id, &found, &have), -ELOOP);
    assert_int_equal(access(victim, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_appears_only_at_commit_and_with_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_part_goes_on_where_it_stopped_and_hashes_the_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_of_another_source_is_not_continued, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_file_that_is_there_is_not_overwritten_unless_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_transfers_cannot_write_one_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_without_bytes_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_in_the_place_of_a_part_is_not_followed, set_up, tear_down),
    };
    return channel_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
