/* A hostile viewer: what it lacks the right for is refused with a sentence, what breaks a bound ends its
 * session, what it floods is limited, and nothing it does makes the host grow. */
#include "host/session/sessions.h"
#include "tests/unit/host/session_room.h"

#if defined(__SANITIZE_ADDRESS__)
enum { GROWTH_MAX_MIB = 420 }; /* the sanitizer keeps 256 MiB of what was freed */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { GROWTH_MAX_MIB = 420 };
#else
enum { GROWTH_MAX_MIB = 48 };
#endif
#else
enum { GROWTH_MAX_MIB = 48 };
#endif

enum { POUR_TRIES = 20000 };

/* What the broker would be told; the link is this file's too. */
static size_t told;
void channel_link_in_use(struct channel_link *link, const struct channel_presence *use)
{
    (void)link;
    (void)use;
    told++;
}

static size_t resident_mib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (file)
        (void)fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE) >> 20;
}

static void turn(struct fixture *fixture)
{
    pair_run(&fixture->pair);
    (void)uv_run(&fixture->loop, UV_RUN_NOWAIT);
}

/* All of it, however long the host lets it wait; false when the session ended first. */
static bool pour(struct fixture *fixture, const uint8_t *data, size_t len)
{
    for (int i = 0; len > 0 && !fixture->ended; i++) {
        int took = channel_stream_write(fixture->pair.end[0].session, fixture->control, data, len);
        if (took < 0)
            return false;
        data += took;
        len -= (size_t)took;
        turn(fixture);
        assert_true(i < POUR_TRIES);
    }
    return len == 0;
}

static bool pour_message(struct fixture *fixture, const Hearth__Session__ToHost *message)
{
    size_t len = hearth__session__to_host__get_packed_size(message);
    uint8_t *data = malloc(SESSION_FRAME_HEADER + len);
    assert_non_null(data);
    session_frame_header(data, len);
    (void)hearth__session__to_host__pack(message, data + SESSION_FRAME_HEADER);
    bool whole = pour(fixture, data, SESSION_FRAME_HEADER + len);
    free(data);
    return whole;
}

static int setup_unmet(void **state)
{
    return setup_joined(state, CHANNEL_RIGHTS_ALL);
}

static int setup_nobody(void **state)
{
    return setup_with(state, 0);
}

/* ---- rights */

#define DENIED(field, kind)                                                                                  \
    do {                                                                                                     \
        REQUEST(message, field, kind);                                                                       \
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_DENIED);                   \
    } while (0)

static void a_device_without_rights_is_denied_every_request(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t bytes[32];
    Hearth__Session__FilePath at = path_at("home", "mine");
    room_write(fixture->room, "mine", "abc", 3);
    hello(fixture);
#define SIMPLE(type, init, field, kind)                                                                      \
    do {                                                                                                     \
        type body = init;                                                                                    \
        DENIED(field, kind);                                                                                 \
    } while (0)
    SIMPLE(Hearth__Session__ScreenStart, HEARTH__SESSION__SCREEN_START__INIT, screen_start, SCREEN_START);
    SIMPLE(Hearth__Session__ScreenAck, HEARTH__SESSION__SCREEN_ACK__INIT, screen_ack, SCREEN_ACK);
    SIMPLE(Hearth__Session__ScreenReset, HEARTH__SESSION__SCREEN_RESET__INIT, screen_reset, SCREEN_RESET);
    SIMPLE(Hearth__Session__Key, HEARTH__SESSION__KEY__INIT, key, KEY);
    SIMPLE(Hearth__Session__Pointer, HEARTH__SESSION__POINTER__INIT, pointer, POINTER);
    SIMPLE(Hearth__Session__Motion, HEARTH__SESSION__MOTION__INIT, motion, MOTION);
    SIMPLE(Hearth__Session__Wheel, HEARTH__SESSION__WHEEL__INIT, wheel, WHEEL);
    SIMPLE(Hearth__Session__Text, HEARTH__SESSION__TEXT__INIT, text, TEXT);
    SIMPLE(Hearth__Session__Clipboard, HEARTH__SESSION__CLIPBOARD__INIT, clipboard, CLIPBOARD);
    SIMPLE(Hearth__Session__FileRoots, HEARTH__SESSION__FILE_ROOTS__INIT, file_roots, FILE_ROOTS);
#undef SIMPLE
#define PATHED(type, init, field, kind)                                                                      \
    do {                                                                                                     \
        type body = init;                                                                                    \
        body.at = &at;                                                                                       \
        DENIED(field, kind);                                                                                 \
    } while (0)
    PATHED(Hearth__Session__FileList, HEARTH__SESSION__FILE_LIST__INIT, file_list, FILE_LIST);
    PATHED(Hearth__Session__FileStat, HEARTH__SESSION__FILE_STAT__INIT, file_stat, FILE_STAT);
    PATHED(Hearth__Session__FileGet, HEARTH__SESSION__FILE_GET__INIT, file_get, FILE_GET);
    PATHED(Hearth__Session__FileMakeFolder, HEARTH__SESSION__FILE_MAKE_FOLDER__INIT, file_make_folder,
        FILE_MAKE_FOLDER);
    PATHED(Hearth__Session__FileRemove, HEARTH__SESSION__FILE_REMOVE__INIT, file_remove, FILE_REMOVE);
#undef PATHED
    {
        Hearth__Session__FilePut body = HEARTH__SESSION__FILE_PUT__INIT;
        body.at = &at;
        body.key.data = bytes;
        body.key.len = 16;
        DENIED(file_put, FILE_PUT);
    }
    {
        Hearth__Session__FileCommit body = HEARTH__SESSION__FILE_COMMIT__INIT;
        body.sha256.data = bytes;
        body.sha256.len = 32;
        DENIED(file_commit, FILE_COMMIT);
    }
    {
        Hearth__Session__FileRename body = HEARTH__SESSION__FILE_RENAME__INIT;
        body.from = &at;
        body.to.data = (uint8_t *)(uintptr_t) "other";
        body.to.len = 5;
        DENIED(file_rename, FILE_RENAME);
    }
    assert_int_equal(access(room_path(fixture->room, "mine"), F_OK), 0);
    assert_false(fixture->ended);
}

/* ---- malformed */

enum { CLIPBOARD_OVER = 512 * 1024 + 1 };

/* Each breaks one bound of session.proto. */
static Hearth__Session__ToHost *over_a_bound(int which, char *large)
{
    static Hearth__Session__ToHost message;
    static Hearth__Session__ViewerHello hello_body;
    static Hearth__Session__Key key;
    static Hearth__Session__Text text;
    static Hearth__Session__Clipboard clipboard;
    static Hearth__Session__FilePut put;
    static Hearth__Session__FileGet get;
    static Hearth__Session__FileList list;
    static Hearth__Session__FileCommit commit;
    static Hearth__Session__FileStat nowhere;
    static Hearth__Session__FilePath at;
    hearth__session__to_host__init(&message);
    hearth__session__file_path__init(&at);
    at.root = (char *)(uintptr_t) "home";
    switch (which) {
    case 0:
        hearth__session__viewer_hello__init(&hello_body);
        large[65] = '\0';
        hello_body.agent = large;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_HELLO;
        message.hello = &hello_body;
        return &message;
    case 1:
        hearth__session__key__init(&key);
        large[33] = '\0';
        key.text = large;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_KEY;
        message.key = &key;
        return &message;
    case 2:
        hearth__session__text__init(&text);
        large[4097] = '\0';
        text.text = large;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_TEXT;
        message.text = &text;
        return &message;
    case 3:
        hearth__session__clipboard__init(&clipboard);
        large[CLIPBOARD_OVER] = '\0';
        clipboard.text = large;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD;
        message.clipboard = &clipboard;
        return &message;
    case 4: /* a key of 15 bytes */
    case 5: /* more than a file can be */
        hearth__session__file_put__init(&put);
        put.at = &at;
        put.key.data = (uint8_t *)large;
        put.key.len = which == 4 ? 15 : 16;
        put.size = which == 4 ? 1 : (uint64_t)INT64_MAX + 1;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_PUT;
        message.file_put = &put;
        return &message;
    case 6: /* an offset that is negative as a file's */
        hearth__session__file_get__init(&get);
        get.at = &at;
        get.offset = UINT64_MAX;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_GET;
        message.file_get = &get;
        return &message;
    case 7:
        hearth__session__file_list__init(&list);
        list.at = &at;
        list.after.data = (uint8_t *)large;
        list.after.len = 256;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_LIST;
        message.file_list = &list;
        return &message;
    case 8:
        hearth__session__file_commit__init(&commit);
        commit.sha256.data = (uint8_t *)large;
        commit.sha256.len = 31;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_COMMIT;
        message.file_commit = &commit;
        return &message;
    case 9: /* no path at all */
        hearth__session__file_stat__init(&nowhere);
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_STAT;
        message.file_stat = &nowhere;
        return &message;
    case 10:
        hearth__session__file_stat__init(&nowhere);
        at.path.data = (uint8_t *)large;
        at.path.len = FILES_PATH_MAX + 1;
        nowhere.at = &at;
        message.body_case = HEARTH__SESSION__TO_HOST__BODY_FILE_STAT;
        message.file_stat = &nowhere;
        return &message;
    default:
        return NULL;
    }
}

static void a_field_over_its_bound_ends_the_session_and_nothing_else(void **state)
{
    (void)state;
    char *large = malloc(CLIPBOARD_OVER + 1);
    assert_non_null(large);
    for (int i = 0;; i++) {
        memset(large, 'x', CLIPBOARD_OVER + 1);
        Hearth__Session__ToHost *message = over_a_bound(i, large);
        if (!message)
            break;
        void *made;
        assert_int_equal(setup(&made), 0);
        struct fixture *fixture = made;
        hello(fixture);
        (void)pour_message(fixture, message);
        settle(fixture);
        assert_true(fixture->ended);
        assert_int_equal(teardown(&made), 0);
    }
    free(large);
}

static void lengths_of_nothing_and_of_everything_end_the_session(void **state)
{
    (void)state;
    static const uint8_t headers[][8] = {{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff},
        {0, 0x10, 0, 1}, {0, 0, 0, 1, 0x07}, {0, 0, 0, 2, 0x12, 0x7f}};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        void *made;
        assert_int_equal(setup(&made), 0);
        struct fixture *fixture = made;
        hello(fixture);
        (void)pour(fixture, headers[i], sizeof headers[i]);
        settle(fixture);
        assert_true(fixture->ended);
        assert_int_equal(teardown(&made), 0);
    }
}

static void a_clipboard_of_ten_megabytes_ends_the_session_before_it_is_held(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t header[] = {0x00, 0xa0, 0x00, 0x00};
    static uint8_t chunk[65536];
    size_t before = resident_mib();
    hello(fixture);
    (void)pour(fixture, header, sizeof header);
    for (int i = 0; i < 160 && pour(fixture, chunk, sizeof chunk); i++)
        continue;
    settle(fixture);
    assert_true(fixture->ended);
    assert_true(resident_mib() < before + GROWTH_MAX_MIB);
}

/* ---- too much */

static void ten_thousand_requests_at_once_are_all_answered_in_bounded_memory(void **state)
{
    struct fixture *fixture = *state;
    Hearth__Session__FilePath at = path_at("home", "there is none");
    Hearth__Session__FileStat body = HEARTH__SESSION__FILE_STAT__INIT;
    REQUEST(message, file_stat, FILE_STAT);
    body.at = &at;
    hello(fixture);
    size_t before = resident_mib(), first = fixture->answers;
    for (uint32_t i = 0; i < 10000; i++) {
        message.id = 100 + i;
        assert_true(pour_message(fixture, &message));
    }
    for (int i = 0; i < 100 && fixture->answers < first + 10000; i++)
        settle(fixture);
    assert_int_equal(fixture->answers, first + 10000);
    assert_true(resident_mib() < before + GROWTH_MAX_MIB);
    assert_false(fixture->ended);
}

static void a_loop_of_folders_ends_and_a_loop_of_listings_costs_no_memory(void **state)
{
    struct fixture *fixture = *state;
    static char deep[5 * 60];
    for (size_t i = 0; i < 60; i++)
        memcpy(deep + 5 * i, i == 59 ? "loop" : "loop/", 5);
    assert_int_equal(symlink(".", room_path(fixture->room, "loop")), 0);
    hello(fixture);
    assert_error(fixture, ask_stat(fixture, "home", deep), HEARTH__SESSION__CODE__CODE_OUTSIDE);
    for (int i = 0; i < 200; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "file %d", i);
        room_write(fixture->room, name, "", 0);
    }
    Hearth__Session__FilePath at = path_at("home", "loop/loop");
    Hearth__Session__FileList body = HEARTH__SESSION__FILE_LIST__INIT;
    REQUEST(message, file_list, FILE_LIST);
    body.at = &at;
    body.limit = UINT32_MAX;
    size_t before = resident_mib();
    for (uint32_t i = 0; i < 1000; i++) {
        message.id = 1000 + i;
        assert_true(pour_message(fixture, &message));
    }
    settle(fixture);
    assert_true(resident_mib() < before + GROWTH_MAX_MIB);
    assert_false(fixture->ended);
}

static void a_hundred_thousand_pointer_events_are_limited_and_told_once(void **state)
{
    struct fixture *fixture = *state;
    Hearth__Session__Pointer body = HEARTH__SESSION__POINTER__INIT;
    REQUEST(message, pointer, POINTER);
    hello(fixture);
    size_t before = resident_mib();
    uint8_t one[64];
    static uint8_t many[256 * 64];
    size_t len = 0;
    body.buttons = 1;
    for (uint32_t i = 0; i < 100000; i++) {
        body.input = i;
        body.x = (int32_t)(i * 2654435761u);
        body.y = INT32_MIN;
        body.buttons ^= 1;
        size_t size = hearth__session__to_host__pack(&message, one + SESSION_FRAME_HEADER);
        session_frame_header(one, size);
        if (SESSION_FRAME_HEADER + size > sizeof many - len) {
            assert_true(pour(fixture, many, len));
            len = 0;
        }
        memcpy(many + len, one, SESSION_FRAME_HEADER + size);
        len += SESSION_FRAME_HEADER + size;
    }
    assert_true(pour(fixture, many, len));
    settle(fixture);
    size_t limits = 0;
    for (size_t i = 0; i < fixture->reply_count; i++)
        limits += fixture->replies[i]->body_case == HEARTH__SESSION__FROM_HOST__BODY_ERROR &&
                  fixture->replies[i]->error->code == HEARTH__SESSION__CODE__CODE_LIMIT;
    assert_in_range(limits, 1, 10); /* once a second, not once an event */
    assert_true(resident_mib() < before + GROWTH_MAX_MIB);
    assert_false(fixture->ended);
}

static void looking_and_looking_away_all_the_time_tells_the_broker_little(void **state)
{
    struct fixture *fixture = *state;
    struct channel_peer_callbacks callbacks;
    void *user;
    struct sessions *sessions = sessions_create(&(struct sessions_config){.loop = &fixture->loop,
        .screen = fixture->screen,
        .home = fixture->home,
        .name = "pc",
        .os = "Test",
        .umask = 022});
    assert_non_null(sessions);
    assert_true(sessions_accept(sessions, &fixture->peer, &callbacks, &user));
    fixture->session = user;
    open_control(fixture);
    hello(fixture);
    Hearth__Session__ScreenStart start = HEARTH__SESSION__SCREEN_START__INIT;
    Hearth__Session__ScreenStop stop = HEARTH__SESSION__SCREEN_STOP__INIT;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.id = 100;
    uint64_t begin_ms = uv_hrtime() / 1000000;
    told = 0;
    for (int i = 0; i < 2000; i++) {
        message.body_case =
            i % 2 ? HEARTH__SESSION__TO_HOST__BODY_SCREEN_STOP : HEARTH__SESSION__TO_HOST__BODY_SCREEN_START;
        if (i % 2)
            message.screen_stop = &stop;
        else
            message.screen_start = &start;
        assert_true(pour_message(fixture, &message));
    }
    uint64_t spent_ms = uv_hrtime() / 1000000 - begin_ms;
    assert_true(told <= 2 + spent_ms / 100);
    size_t before = told;
    for (int i = 0; i < 200 && told == before; i++)
        settle(fixture);
    assert_true(told > before); /* the last word comes */
    sessions_destroy(sessions);
    fixture->session = NULL;
}

/* ---- streams */

static uint32_t open_stream(struct fixture *fixture, enum channel_lane lane, uint64_t kind, uint64_t param)
{
    fixture->file_stopped = false;
    int stream = channel_stream_open(fixture->pair.end[0].session, lane, (enum channel_kind)kind, param);
    assert_true(stream > 0);
    (void)channel_stream_write(fixture->pair.end[0].session, (uint32_t)stream, (const uint8_t *)"abc", 3);
    settle(fixture);
    return (uint32_t)stream;
}

static void streams_that_nobody_asked_for_are_stopped(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    (void)open_stream(fixture, CHANNEL_LANE_B, 99, 0);
    assert_true(fixture->file_stopped);
    (void)open_stream(fixture, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 12345);
    assert_true(fixture->file_stopped);
    (void)open_stream(fixture, CHANNEL_LANE_B, CHANNEL_KIND_FILE, UINT64_C(1) << 40);
    assert_true(fixture->file_stopped);
    (void)open_stream(fixture, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    assert_true(fixture->file_stopped);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    (void)open_stream(fixture, CHANNEL_LANE_I, CHANNEL_KIND_FILE, put);
    assert_true(fixture->file_stopped);
    (void)open_stream(fixture, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
    assert_false(fixture->file_stopped);
    (void)open_stream(fixture, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
    assert_true(fixture->file_stopped); /* a second one for the same upload */
    assert_false(fixture->ended);
}

static void a_stream_before_hello_ends_the_session(void **state)
{
    struct fixture *fixture = *state;
    (void)open_stream(fixture, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 1);
    assert_true(fixture->ended);
}

static void a_commit_before_the_end_of_a_short_stream_is_a_mismatch(void **state)
{
    struct fixture *fixture = *state;
    struct channel_session *viewer = fixture->pair.end[0].session;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    uint32_t stream = (uint32_t)channel_stream_open(viewer, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
    (void)channel_stream_write(viewer, stream, (const uint8_t *)"ab", 2);
    size_t before = fixture->answers;
    uint32_t commit = ask_commit(fixture, put, (const uint8_t *)"ab", 2);
    uint32_t again = ask_commit(fixture, put, (const uint8_t *)"ab", 2);
    settle(fixture);
    assert_error(fixture, again, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
    assert_int_equal(fixture->answers, before + 1); /* the first one waits for the stream's end */
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
    (void)channel_stream_finish(viewer, stream);
    settle(fixture);
    assert_error(fixture, commit, HEARTH__SESSION__CODE__CODE_MISMATCH);
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
}

static void offsets_and_sizes_beyond_what_is_there_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t offsets[] = {4, UINT64_C(1) << 40, INT64_MAX};
    room_write(fixture->room, "down", "abc", 3);
    hello(fixture);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        Hearth__Session__FilePath at = path_at("home", "down");
        Hearth__Session__FileGet body = HEARTH__SESSION__FILE_GET__INIT;
        body.at = &at;
        body.offset = offsets[i];
        REQUEST(message, file_get, FILE_GET);
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_CHANGED);
    }
    assert_error(fixture, ask_put(fixture, "home", "up", INT64_MAX, 0), HEARTH__SESSION__CODE__CODE_NO_SPACE);
    assert_false(fixture->ended);
}

static void a_request_with_the_number_of_a_running_transfer_is_refused_as_that(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    size_t before = fixture->reply_count;
    fixture->next_id = put - 1;
    (void)ask_put(fixture, "home", "two", 3, 1);
    settle(fixture);
    assert_int_equal(fixture->reply_count, before + 1);
    const Hearth__Session__FromHost *last = fixture->replies[before];
    assert_int_equal(last->body_case, HEARTH__SESSION__FROM_HOST__BODY_ERROR);
    assert_int_equal(last->error->code, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void a_pipe_in_the_place_of_a_file_holds_nobody(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkfifo(room_path(fixture->room, "pipe"), 0600), 0);
    hello(fixture);
    assert_error(fixture, ask_get(fixture, "pipe"), HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
    assert_error(fixture, ask_put(fixture, "home", "pipe", 3, 0), HEARTH__SESSION__CODE__CODE_EXISTS);
}

/* ---- the end in the middle */

static void a_viewer_that_goes_while_everything_runs_leaves_nothing_running(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t data[1 << 20];
    hello(fixture);
    room_write(fixture->room, "down", data, sizeof data);
    for (int i = 0; i < 4; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "up%d", i);
        (void)ask_get(fixture, "down");
        (void)ask_put(fixture, "home", name, sizeof data, i);
    }
    for (int i = 0; i < 16; i++)
        (void)ask_stat(fixture, "home", "down");
    (void)ask_remove(fixture, "home", "up0");
    /* The workers have all of it now; the fixture's end sees that the loop comes to its own. */
    session_callbacks.closed(fixture->session, 0, "killed");
    assert_true(fixture->ended);
    assert_true(fixture->peer.closed);
}

static void a_viewer_killed_between_any_two_turns_is_cleaned_up(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        void *made;
        static uint8_t data[300000];
        assert_int_equal(setup(&made), 0);
        struct fixture *fixture = made;
        hello(fixture);
        room_write(fixture->room, "down", data, sizeof data);
        (void)ask_get(fixture, "down");
        uint32_t put = ask_put(fixture, "home", "up", sizeof data, 1);
        uint32_t stream = (uint32_t)channel_stream_open(
            fixture->pair.end[0].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
        for (int i = 0; i < turns; i++) {
            (void)channel_stream_write(fixture->pair.end[0].session, stream, data, 50000);
            turn(fixture);
            (void)usleep(200);
        }
        (void)ask_commit(fixture, put, data, sizeof data);
        if (fixture->session)
            session_callbacks.closed(fixture->session, 0, "killed");
        assert_int_equal(teardown(&made), 0);
    }
}

#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_device_without_rights_is_denied_every_request, setup_nobody, teardown),
        cmocka_unit_test(a_field_over_its_bound_ends_the_session_and_nothing_else),
        cmocka_unit_test(lengths_of_nothing_and_of_everything_end_the_session),
        SESSION_TEST(a_clipboard_of_ten_megabytes_ends_the_session_before_it_is_held),
        SESSION_TEST(ten_thousand_requests_at_once_are_all_answered_in_bounded_memory),
        SESSION_TEST(a_loop_of_folders_ends_and_a_loop_of_listings_costs_no_memory),
        SESSION_TEST(a_hundred_thousand_pointer_events_are_limited_and_told_once),
        cmocka_unit_test_setup_teardown(
            looking_and_looking_away_all_the_time_tells_the_broker_little, setup_unmet, teardown),
        SESSION_TEST(streams_that_nobody_asked_for_are_stopped),
        SESSION_TEST(a_stream_before_hello_ends_the_session),
        SESSION_TEST(a_commit_before_the_end_of_a_short_stream_is_a_mismatch),
        SESSION_TEST(offsets_and_sizes_beyond_what_is_there_are_refused),
        SESSION_TEST(a_request_with_the_number_of_a_running_transfer_is_refused_as_that),
        SESSION_TEST(a_pipe_in_the_place_of_a_file_holds_nobody),
        SESSION_TEST(a_viewer_that_goes_while_everything_runs_leaves_nothing_running),
        cmocka_unit_test(a_viewer_killed_between_any_two_turns_is_cleaned_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
