/* Downloads and uploads with a real loop and real disks: whole, resumed, cut, wrong, full, read-only. */
#include "host/files/download.h"
#include "host/files/part.h"
#include "host/files/tree.h"
#include "host/files/upload.h"
#include "tests/unit/host/files_room.h"

#include <openssl/evp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { BIG = 3 * FILES_CHUNK_BYTES + 12345 };

static const uint8_t key[16] = "0123456789abcdef";

static uint8_t *pattern(size_t len)
{
    uint8_t *data = malloc(len);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7 + (i >> 11));
    return data;
}

static void sha256(const uint8_t *data, size_t len, uint8_t out[FILES_HASH_LEN])
{
    assert_int_equal(EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL), 1);
}

/* ---- download */

struct sink {
    struct files_download *download;
    const char *touch; /* changed when the first bytes came */
    uint8_t *data;
    size_t len, room, cancel_at;
    uint64_t size, offset;
    bool done;
    int err;
    uint8_t hash[FILES_HASH_LEN];
};

static void sink_opened(void *user, uint64_t size, int64_t mtime_ms, uint64_t offset)
{
    struct sink *sink = user;
    (void)mtime_ms;
    sink->size = size;
    sink->offset = offset;
    sink->data = malloc(size + 1);
}

static size_t sink_write(void *user, const uint8_t *data, size_t len)
{
    struct sink *sink = user;
    if (sink->touch) {
        FILE *file = fopen(sink->touch, "a");
        (void)fputs("more", file);
        (void)fclose(file);
        sink->touch = NULL;
    }
    size_t took = len < sink->room ? len : sink->room;
    memcpy(sink->data + sink->len, data, took);
    sink->len += took;
    sink->room -= took;
    if (sink->cancel_at && sink->len >= sink->cancel_at) {
        files_download_destroy(sink->download);
        sink->download = NULL;
    }
    return took;
}

static void sink_done(void *user, int err, const uint8_t hash[FILES_HASH_LEN])
{
    struct sink *sink = user;
    assert_false(sink->done);
    sink->done = true;
    sink->err = err;
    memcpy(sink->hash, hash, sizeof sink->hash);
}

static const struct files_download_ops sink_ops = {sink_opened, sink_write, sink_done};

/* room_step: bytes the stream takes at a time; 0 = all. */
static void download(const struct files_download_request *request, struct sink *sink, size_t room_step)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    sink->room = room_step ? room_step : SIZE_MAX;
    sink->download = files_download_create(&loop, request, &sink_ops, sink);
    assert_non_null(sink->download);
    while (!sink->done && sink->download) {
        (void)uv_run(&loop, UV_RUN_ONCE);
        if (room_step && sink->room == 0 && sink->download) {
            sink->room = room_step;
            files_download_wake(sink->download);
        }
    }
    files_download_destroy(sink->download);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_file_comes_whole_with_its_hash_however_small_the_steps(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG), hash[FILES_HASH_LEN];
    room_write(room, "big", data, BIG);
    sha256(data, BIG, hash);
    static const size_t steps[] = {0, 1000, 70000};
    for (size_t i = 0; i < 3; i++) {
        struct sink sink = {0};
        download(&(struct files_download_request){.at = room_at(room, "big")}, &sink, steps[i]);
        assert_int_equal(sink.err, FILES_OK);
        assert_int_equal(sink.len, BIG);
        assert_memory_equal(sink.data, data, BIG);
        assert_memory_equal(sink.hash, hash, sizeof hash);
        free(sink.data);
    }
    free(data);
}

static void an_empty_file_comes_with_the_hash_of_nothing(void **state)
{
    struct room *room = *state;
    uint8_t hash[FILES_HASH_LEN];
    struct sink sink = {0};
    room_write(room, "empty", "", 0);
    sha256((const uint8_t *)"", 0, hash);
    download(&(struct files_download_request){.at = room_at(room, "empty")}, &sink, 0);
    assert_int_equal(sink.err, FILES_OK);
    assert_memory_equal(sink.hash, hash, sizeof hash);
    free(sink.data);
}

static void a_resumed_download_brings_the_rest_and_the_hash_of_the_whole(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG), hash[FILES_HASH_LEN];
    struct files_entry entry;
    struct sink sink = {0};
    room_write(room, "big", data, BIG);
    sha256(data, BIG, hash);
    assert_int_equal(files_tree_stat(&room_at(room, "big"), &entry), FILES_OK);
    struct files_download_request request = {.at = room_at(room, "big"),
        .offset = 300000,
        .resume = true,
        .expect_size = entry.size,
        .expect_mtime_ms = entry.mtime_ms};
    download(&request, &sink, 0);
    assert_int_equal(sink.err, FILES_OK);
    assert_int_equal(sink.len, BIG - 300000);
    assert_memory_equal(sink.data, data + 300000, BIG - 300000);
    assert_memory_equal(sink.hash, hash, sizeof hash);
    free(sink.data);

    struct sink other = {0};
    request.expect_mtime_ms--;
    download(&request, &other, 0);
    assert_int_equal(other.err, FILES_ERR_CHANGED);
    free(data);
}

static void a_file_that_changes_while_it_is_read_is_told(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    room_write(room, "big", data, BIG);
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", room_path(room, "big"));
    struct sink sink = {.touch = path};
    download(&(struct files_download_request){.at = room_at(room, "big")}, &sink, 1000);
    assert_int_equal(sink.err, FILES_ERR_CHANGED);
    free(sink.data);
    free(data);
}

static void pipes_and_folders_are_not_downloaded(void **state)
{
    struct room *room = *state;
    struct sink pipe = {0}, folder = {0};
    assert_int_equal(mkfifo(room_path(room, "pipe"), 0600), 0);
    download(&(struct files_download_request){.at = room_at(room, "pipe")}, &pipe, 0);
    assert_int_equal(pipe.err, FILES_ERR_KIND);
    download(&(struct files_download_request){.at = room_at(room, "")}, &folder, 0);
    assert_int_equal(folder.err, FILES_ERR_KIND);
}

static void a_download_can_be_dropped_inside_its_own_callback(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    room_write(room, "big", data, BIG);
    struct sink sink = {.cancel_at = 100000};
    download(&(struct files_download_request){.at = room_at(room, "big")}, &sink, 60000);
    assert_false(sink.done);
    free(sink.data);
    free(data);
}

/* ---- upload */

struct source {
    struct files_upload *upload;
    const uint8_t *data;
    size_t len, sent, credit;
    size_t stop_at;    /* send no more than so much; 0 = all */
    size_t step;       /* bytes a call */
    bool early_commit; /* the hash overtakes the bytes */
    uint8_t hash[FILES_HASH_LEN];
    bool ready, finished, done;
    int err;
    uint64_t offset;
    struct files_entry entry;
};

static void source_ready(void *user, uint64_t offset)
{
    struct source *source = user;
    source->ready = true;
    source->offset = source->sent = offset;
}

static void source_took(void *user, size_t len)
{
    ((struct source *)user)->credit += len;
}

static void source_done(
    void *user, int err, const struct files_entry *entry, const uint8_t hash[FILES_HASH_LEN])
{
    struct source *source = user;
    (void)hash;
    assert_false(source->done);
    source->done = true;
    source->err = err;
    source->entry = *entry;
}

static const struct files_upload_ops source_ops = {source_ready, source_took, source_done};

static void source_send(struct source *source)
{
    size_t end = source->stop_at ? source->stop_at : source->len;
    while (source->ready && !source->done && source->sent < end && source->credit > 0) {
        size_t n = source->step < source->credit ? source->step : source->credit;
        n = n < end - source->sent ? n : end - source->sent;
        source->credit -= n;
        source->sent += n;
        assert_int_equal(files_upload_data(source->upload, source->data + source->sent - n, n), FILES_OK);
    }
    if (source->ready && !source->done && source->sent == source->len && !source->finished) {
        source->finished = true;
        files_upload_finish(source->upload);
        if (!source->early_commit)
            files_upload_commit(source->upload, source->hash);
    }
}

static struct files_upload_request put(struct room *room, const char *name, size_t len)
{
    return (struct files_upload_request){.at = room_at(room, name),
        .size = len,
        .mtime_ms = 1700000000123,
        .key = key,
        .key_len = sizeof key,
        .umask = 022};
}

/* Runs until done, or until stop_at bytes were taken; then drops the transfer, keeping the part when keep. */
static void upload_some(const struct files_upload_request *request, struct source *source, bool keep)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    source->credit = FILES_CHUNK_BYTES;
    source->step = source->step ? source->step : 16384;
    source->upload = files_upload_create(&loop, request, &source_ops, source);
    assert_non_null(source->upload);
    if (source->early_commit)
        files_upload_commit(source->upload, source->hash);
    while (!source->done && !(source->stop_at && source->sent >= source->stop_at)) {
        (void)uv_run(&loop, UV_RUN_ONCE);
        source_send(source);
    }
    files_upload_destroy(source->upload, keep);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static struct source source_of(const uint8_t *data, size_t len)
{
    struct source source = {.data = data, .len = len};
    sha256(data, len, source.hash);
    return source;
}

static void room_has(struct room *room, const char *name, const uint8_t *data, size_t len)
{
    uint8_t *got = malloc(len + 1);
    int fd = open(room_path(room, name), O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, len + 1), (ssize_t)len);
    assert_memory_equal(got, data, len);
    close(fd);
    free(got);
}

static const char *part_of(const char *name)
{
    static char part[FILES_NAME_MAX + 1];
    files_part_name(part, name, key, sizeof key);
    return part;
}

static void an_upload_arrives_whole_with_its_time_and_mode(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct stat st;
    for (int early = 0; early < 2; early++) {
        struct source source = source_of(data, BIG);
        source.early_commit = early;
        struct files_upload_request request = put(room, early ? "b" : "a\n\xff", BIG);
        upload_some(&request, &source, true);
        assert_int_equal(source.err, FILES_OK);
        assert_int_equal(source.entry.size, BIG);
        assert_int_equal(source.entry.mtime_ms, 1700000000123);
        room_has(room, early ? "b" : "a\n\xff", data, BIG);
        assert_int_equal(stat(room_path(room, early ? "b" : "a\n\xff"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
    }
    free(data);
}

static void an_empty_file_can_be_uploaded(void **state)
{
    struct room *room = *state;
    struct source source = source_of((const uint8_t *)"", 0);
    struct files_upload_request request = put(room, "empty", 0);
    upload_some(&request, &source, true);
    assert_int_equal(source.err, FILES_OK);
    room_has(room, "empty", (const uint8_t *)"", 0);
}

static void an_existing_file_is_replaced_only_when_asked_and_keeps_its_mode(void **state)
{
    struct room *room = *state;
    struct stat st;
    room_write(room, "f", "old", 3);
    assert_int_equal(chmod(room_path(room, "f"), 0600), 0);
    struct source refused = source_of((const uint8_t *)"new!", 4), taken = refused;
    struct files_upload_request request = put(room, "f", 4);
    upload_some(&request, &refused, true);
    assert_int_equal(refused.err, FILES_ERR_EXISTS);
    room_has(room, "f", (const uint8_t *)"old", 3);
    request.replace = true;
    upload_some(&request, &taken, true);
    assert_int_equal(taken.err, FILES_OK);
    room_has(room, "f", (const uint8_t *)"new!", 4);
    assert_int_equal(stat(room_path(room, "f"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_cut_upload_leaves_a_part_and_goes_on_from_there(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct files_upload_request request = put(room, "f", BIG);
    struct source cut = source_of(data, BIG), rest = cut;
    cut.stop_at = 500000;
    upload_some(&request, &cut, true);
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
    struct stat st;
    assert_int_equal(stat(room_path(room, part_of("f")), &st), 0);
    assert_int_equal(st.st_size, 500000);
    assert_int_equal(st.st_mode & 07777, 0600);
    upload_some(&request, &rest, true);
    assert_int_equal(rest.offset, 500000);
    assert_int_equal(rest.err, FILES_OK);
    room_has(room, "f", data, BIG);
    assert_int_equal(access(room_path(room, part_of("f")), F_OK), -1);
    free(data);
}

static void a_cancelled_upload_leaves_nothing(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct files_upload_request request = put(room, "f", BIG);
    struct source cut = source_of(data, BIG);
    cut.stop_at = 500000;
    upload_some(&request, &cut, false);
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
    assert_int_equal(access(room_path(room, part_of("f")), F_OK), -1);
    free(data);
}

static void bytes_that_do_not_match_their_hash_are_not_kept(void **state)
{
    struct room *room = *state;
    struct source source = source_of((const uint8_t *)"abc", 3);
    source.hash[0] ^= 1;
    struct files_upload_request request = put(room, "f", 3);
    upload_some(&request, &source, true);
    assert_int_equal(source.err, FILES_ERR_MISMATCH);
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
    assert_int_equal(access(room_path(room, part_of("f")), F_OK), -1);
}

static void a_part_changed_between_two_tries_is_found_out(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct files_upload_request request = put(room, "f", BIG);
    struct source cut = source_of(data, BIG), rest = cut;
    cut.stop_at = 500000;
    upload_some(&request, &cut, true);
    int fd = open(room_path(room, part_of("f")), O_WRONLY);
    const uint8_t other = data[1000] ^ 1;
    assert_int_equal(pwrite(fd, &other, 1, 1000), 1);
    close(fd);
    upload_some(&request, &rest, true);
    assert_int_equal(rest.err, FILES_ERR_MISMATCH);
    free(data);
}

static void more_bytes_than_announced_are_refused(void **state)
{
    struct room *room = *state;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct source source = source_of((const uint8_t *)"abcd", 4);
    struct files_upload_request request = put(room, "f", 3);
    source.upload = files_upload_create(&loop, &request, &source_ops, &source);
    while (!source.ready)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(files_upload_data(source.upload, source.data, 4), FILES_ERR_LIMIT);
    files_upload_destroy(source.upload, false);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_key_of_a_wrong_length_is_refused(void **state)
{
    struct room *room = *state;
    struct files_upload_request request = put(room, "f", 3);
    request.key_len = FILES_KEY_MIN - 1;
    assert_null(files_upload_create(NULL, &request, &source_ops, NULL));
}

static void an_upload_outside_the_root_or_over_a_link_is_refused(void **state)
{
    struct room *room = *state;
    assert_int_equal(symlink("/tmp", room_path(room, "out")), 0);
    assert_int_equal(symlink("/tmp/hearth-link-target", room_path(room, "link")), 0);
    struct source outside = source_of((const uint8_t *)"abc", 3), link = outside;
    struct files_upload_request request = put(room, "out/f", 3);
    upload_some(&request, &outside, true);
    assert_int_equal(outside.err, FILES_ERR_OUTSIDE);
    request = put(room, "link", 3);
    request.replace = true;
    upload_some(&request, &link, true);
    assert_int_equal(link.err, FILES_ERR_EXISTS);
    assert_int_equal(access("/tmp/hearth-link-target", F_OK), -1);
}

static void a_part_that_is_a_link_a_pipe_or_of_somebody_else_is_refused(void **state)
{
    struct room *room = *state;
    struct files_upload_request request = put(room, "f", 3);
    char part[FILES_NAME_MAX + 1];
    files_part_name(part, "f", request.key, request.key_len);
    struct source over_link = source_of((const uint8_t *)"abc", 3), over_pipe = over_link,
                  foreign = over_link;
    assert_int_equal(symlink("elsewhere", room_path(room, part)), 0);
    upload_some(&request, &over_link, true);
    assert_true(over_link.err < 0);
    assert_int_equal(access(room_path(room, "elsewhere"), F_OK), -1);
    assert_int_equal(unlink(room_path(room, part)), 0);
    assert_int_equal(mkfifo(room_path(room, part), 0600), 0);
    upload_some(&request, &over_pipe, true);
    assert_int_equal(over_pipe.err, FILES_ERR_KIND);
    assert_int_equal(unlink(room_path(room, part)), 0);
    room_write(room, part, "a", 1);
    if (chown(room_path(room, part), 12345, (gid_t)-1) == 0) { /* only root may make it so */
        upload_some(&request, &foreign, true);
        assert_int_equal(foreign.err, FILES_ERR_DENIED);
    }
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
}

static void an_upload_into_a_read_only_root_is_refused(void **state)
{
    struct room *room = *state;
    struct source source = source_of((const uint8_t *)"abc", 3);
    struct files_upload_request request = put(room, "f", 3);
    request.at.write = false;
    upload_some(&request, &source, true);
    assert_int_equal(source.err, FILES_ERR_READ_ONLY);
}

/* RLIMIT_FSIZE stands in for a full disk where nothing can be mounted: the same write fails. */
static void a_disk_that_fills_up_keeps_what_was_written(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct files_upload_request request = put(room, "f", BIG);
    struct source full = source_of(data, BIG), rest = full;
    struct rlimit before, limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 300000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    upload_some(&request, &full, true);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(full.err, FILES_ERR_NO_SPACE);
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
    upload_some(&request, &rest, true);
    assert_int_equal(rest.offset, 300000);
    assert_int_equal(rest.err, FILES_OK);
    room_has(room, "f", data, BIG);
    free(data);
}

static void a_real_small_disk_refuses_what_does_not_fit(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    assert_int_equal(mkdir(room_path(room, "disk"), 0755), 0);
    if (mount("none", room_path(room, "disk"), "tmpfs", 0, "size=512k") != 0) {
        free(data);
        skip();
    }
    struct files_upload_request request = put(room, "disk/f", BIG);
    struct source big = source_of(data, BIG), small = source_of(data, 100000);
    upload_some(&request, &big, true);
    assert_int_equal(big.err, FILES_ERR_NO_SPACE);
    assert_int_equal(access(room_path(room, "disk/f"), F_OK), -1);
    request.size = 100000;
    upload_some(&request, &small, true);
    assert_int_equal(small.err, FILES_OK);
    assert_int_equal(mount(NULL, room_path(room, "disk"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    struct source locked = source_of(data, 1000);
    request = put(room, "disk/g", 1000);
    upload_some(&request, &locked, true);
    assert_int_equal(locked.err, FILES_ERR_READ_ONLY);
    assert_int_equal(umount(room_path(room, "disk")), 0);
    free(data);
}

static void a_host_killed_in_the_middle_leaves_a_part_that_is_resumed(void **state)
{
    struct room *room = *state;
    uint8_t *data = pattern(BIG);
    struct files_upload_request request = put(room, "f", BIG);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        uv_loop_t loop;
        (void)uv_loop_init(&loop);
        struct source source = {.data = data, .len = BIG, .step = 16384, .credit = FILES_CHUNK_BYTES};
        source.upload = files_upload_create(&loop, &request, &source_ops, &source);
        for (;;) {
            (void)uv_run(&loop, UV_RUN_ONCE);
            source.stop_at = 600000;
            source_send(&source);
            struct stat st;
            if (stat(room_path(room, part_of("f")), &st) == 0 && st.st_size >= 400000)
                (void)kill(getpid(), SIGKILL);
        }
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(access(room_path(room, "f"), F_OK), -1);
    struct source rest = source_of(data, BIG);
    upload_some(&request, &rest, true);
    assert_true(rest.offset >= 400000);
    assert_int_equal(rest.err, FILES_OK);
    room_has(room, "f", data, BIG);
    free(data);
}

#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: it forks, and the worker threads of later loops would not follow. */
        ROOM_TEST(a_host_killed_in_the_middle_leaves_a_part_that_is_resumed),
        ROOM_TEST(a_file_comes_whole_with_its_hash_however_small_the_steps),
        ROOM_TEST(an_empty_file_comes_with_the_hash_of_nothing),
        ROOM_TEST(a_resumed_download_brings_the_rest_and_the_hash_of_the_whole),
        ROOM_TEST(a_file_that_changes_while_it_is_read_is_told),
        ROOM_TEST(pipes_and_folders_are_not_downloaded),
        ROOM_TEST(a_download_can_be_dropped_inside_its_own_callback),
        ROOM_TEST(an_upload_arrives_whole_with_its_time_and_mode),
        ROOM_TEST(an_empty_file_can_be_uploaded),
        ROOM_TEST(an_existing_file_is_replaced_only_when_asked_and_keeps_its_mode),
        ROOM_TEST(a_cut_upload_leaves_a_part_and_goes_on_from_there),
        ROOM_TEST(a_cancelled_upload_leaves_nothing),
        ROOM_TEST(bytes_that_do_not_match_their_hash_are_not_kept),
        ROOM_TEST(a_part_changed_between_two_tries_is_found_out),
        ROOM_TEST(more_bytes_than_announced_are_refused),
        ROOM_TEST(a_key_of_a_wrong_length_is_refused),
        ROOM_TEST(an_upload_outside_the_root_or_over_a_link_is_refused),
        ROOM_TEST(a_part_that_is_a_link_a_pipe_or_of_somebody_else_is_refused),
        ROOM_TEST(an_upload_into_a_read_only_root_is_refused),
        ROOM_TEST(a_disk_that_fills_up_keeps_what_was_written),
        ROOM_TEST(a_real_small_disk_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
