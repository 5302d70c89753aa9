/* A viewer, honest or hostile, against one session of the host: two real channel sessions joined by memory,
 * the real files, and a PC without a display. Only the transport (channel_peer) is this file's. */
#include "channel/proto/session.pb-c.h"
#include "host/session/frame.h"
#include "host/session/session.h"
#include "host/session/wire.h"
#include "tests/unit/channel/pair.h"
#include "tests/unit/host/files_room.h"

#include <openssl/evp.h>

enum { REPLIES_MAX = 256, DATA_MAX = 4 << 20 };

struct channel_peer {
    struct channel_session *session;
    struct channel_device device;
    bool closed;
};

struct channel_session *channel_peer_session(struct channel_peer *peer)
{
    return peer->session;
}

const struct channel_device *channel_peer_device(struct channel_peer *peer)
{
    return &peer->device;
}

void channel_peer_flush(struct channel_peer *peer)
{
    (void)peer; /* the fixture moves records */
}

void channel_peer_close(struct channel_peer *peer, uint32_t reason, const char *text)
{
    peer->closed = true;
    channel_session_close(peer->session, reason, text);
}

struct fixture {
    struct room *room;
    uv_loop_t loop;
    struct pair pair;
    struct channel_peer peer;
    struct session_shared shared;
    struct screen *screen;
    struct host_policy *policy;
    struct session *session;
    bool ended;
    int path;
    /* the viewer's side */
    uint32_t control;
    bool deaf; /* takes no answers */
    struct session_inbox inbox;
    Hearth__Session__FromHost *replies[REPLIES_MAX];
    size_t reply_count;
    uint32_t file_stream;
    uint64_t file_param;
    uint8_t *data;
    size_t data_len;
    bool file_finished, file_reset, file_stopped;
    uint32_t next_id;
};

static struct capture_source *no_display(const char *display, struct capture_problem *out_problem)
{
    (void)display;
    (void)snprintf(out_problem->text, sizeof out_problem->text, "This PC has no display.");
    return NULL;
}

static void fixture_changed(void *user)
{
    (void)user;
}

static void fixture_ended(void *user, struct session *session, int code, const char *why)
{
    struct fixture *fixture = user;
    (void)session;
    (void)code;
    (void)why;
    fixture->ended = true;
    fixture->session = NULL;
}

static void fixture_taken_over(void *user, struct session *session, const uint8_t *key, size_t key_len)
{
    (void)user;
    (void)session;
    (void)key;
    (void)key_len;
}

static void viewer_event(struct fixture *fixture, const struct channel_event *event)
{
    struct channel_session *viewer = fixture->pair.end[0].session;
    struct session_frame frame;
    if (event->type == CHANNEL_EVENT_STREAM_OPENED) {
        fixture->file_stream = event->stream;
        fixture->file_param = event->param;
    } else if (event->type == CHANNEL_EVENT_STREAM_DATA && event->stream == fixture->control) {
        if (fixture->deaf)
            return;
        size_t len = event->len;
        assert_int_equal(session_inbox_add(&fixture->inbox, event->data, len), SESSION_OK);
        (void)channel_stream_consumed(viewer, event->stream, len);
        while (session_inbox_next(&fixture->inbox, &frame) == 1 && fixture->reply_count < REPLIES_MAX)
            fixture->replies[fixture->reply_count++] =
                hearth__session__from_host__unpack(NULL, frame.len, frame.body);
    } else if (event->type == CHANNEL_EVENT_STREAM_DATA) {
        size_t len = event->len;
        assert_true(fixture->data_len + len <= DATA_MAX);
        memcpy(fixture->data + fixture->data_len, event->data, len);
        fixture->data_len += len;
        (void)channel_stream_consumed(viewer, event->stream, len);
    } else if (event->type == CHANNEL_EVENT_STREAM_FINISHED) {
        fixture->file_finished = true;
    } else if (event->type == CHANNEL_EVENT_STREAM_RESET) {
        fixture->file_reset = true;
    } else if (event->type == CHANNEL_EVENT_STREAM_STOPPED) {
        fixture->file_stopped = true;
    }
}

static void on_event(struct pair *pair, int who, const struct channel_event *event)
{
    struct fixture *fixture = pair->arg;
    if (who == 0)
        viewer_event(fixture, event);
    else if (fixture->session)
        session_callbacks.event(fixture->session, event);
}

/* Let both sides and the workers go on until nothing moves. */
static void settle(struct fixture *fixture)
{
    for (int i = 0; i < 60; i++) {
        pair_run(&fixture->pair);
        (void)uv_run(&fixture->loop, UV_RUN_NOWAIT);
        (void)usleep(500);
    }
}

static void send_raw(struct fixture *fixture, const uint8_t *data, size_t len)
{
    while (len > 0) {
        int took = channel_stream_write(fixture->pair.end[0].session, fixture->control, data, len);
        assert_true(took >= 0);
        data += took;
        len -= (size_t)took;
        if (took == 0)
            return; /* the host takes no more: a test of its own looks at that */
        pair_run(&fixture->pair);
    }
}

static uint32_t ask(struct fixture *fixture, Hearth__Session__ToHost *message)
{
    if (message->id == 0)
        message->id = ++fixture->next_id;
    size_t len = hearth__session__to_host__get_packed_size(message);
    uint8_t *data = malloc(SESSION_FRAME_HEADER + len);
    session_frame_header(data, len);
    (void)hearth__session__to_host__pack(message, data + SESSION_FRAME_HEADER);
    send_raw(fixture, data, SESSION_FRAME_HEADER + len);
    free(data);
    return message->id;
}

static const Hearth__Session__FromHost *answer_to(struct fixture *fixture, uint32_t id)
{
    for (int i = 0; i < 50; i++) {
        for (size_t n = fixture->reply_count; n > 0; n--)
            if (fixture->replies[n - 1]->re == id)
                return fixture->replies[n - 1];
        settle(fixture);
    }
    return NULL;
}

static void assert_error(struct fixture *fixture, uint32_t id, Hearth__Session__Code code)
{
    const Hearth__Session__FromHost *reply = answer_to(fixture, id);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_ERROR);
    assert_int_equal(reply->error->code, code);
    assert_true(reply->error->message[0] != '\0');
}

static const Hearth__Session__FromHost *hello_as(struct fixture *fixture, uint32_t want, bool view_only)
{
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    Hearth__Session__ViewerHello hello = HEARTH__SESSION__VIEWER_HELLO__INIT;
    Hearth__Session__Rights rights = HEARTH__SESSION__RIGHTS__INIT;
    rights.view = (want & CHANNEL_RIGHT_VIEW) != 0;
    rights.control = (want & CHANNEL_RIGHT_CONTROL) != 0;
    rights.clipboard_in = rights.clipboard_out = true;
    rights.files_read = (want & CHANNEL_RIGHT_FILES_READ) != 0;
    rights.files_write = (want & CHANNEL_RIGHT_FILES_WRITE) != 0;
    hello.version = 1;
    hello.want = &rights;
    hello.view_only = view_only;
    hello.agent = (char *)(uintptr_t) "test";
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_HELLO;
    message.hello = &hello;
    return answer_to(fixture, ask(fixture, &message));
}

static void hello(struct fixture *fixture)
{
    const Hearth__Session__FromHost *reply = hello_as(fixture, CHANNEL_RIGHTS_ALL, false);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_HELLO);
}

static int setup_with(void **state, uint32_t rights)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture || room_setup((void **)&fixture->room) != 0)
        return -1;
    *state = fixture;
    fixture->data = malloc(DATA_MAX);
    char config[512];
    int len = snprintf(config, sizeof config,
        "{\"version\":1,\"roots\":[{\"id\":\"home\",\"name\":\"Home\",\"path\":\"%s\",\"write\":true},"
        "{\"id\":\"ro\",\"name\":\"Fixed\",\"path\":\"%s\",\"write\":false}]}",
        fixture->room->root, fixture->room->root);
    room_write(fixture->room, "host.json", config, (size_t)len);
    assert_int_equal(host_policy_load(fixture->room->root, &fixture->policy), HOST_POLICY_OK);
    (void)uv_loop_init(&fixture->loop);
    fixture->screen = screen_create(&fixture->loop, no_display, NULL);
    pair_init(&fixture->pair);
    fixture->pair.on_event = on_event;
    fixture->pair.arg = fixture;
    fixture->peer.session = fixture->pair.end[1].session;
    fixture->peer.device.rights = rights;
    (void)snprintf(fixture->peer.device.name, sizeof fixture->peer.device.name, "laptop\n\"");
    fixture->shared = (struct session_shared){.loop = &fixture->loop,
        .screen = fixture->screen,
        .name = "pc",
        .os = "Test",
        .umask = 022,
        .changed = fixture_changed,
        .ended = fixture_ended,
        .taken_over = fixture_taken_over,
        .user = fixture};
    fixture->path = pair_join(&fixture->pair);
    pair_run(&fixture->pair);
    fixture->session = session_create(&fixture->shared, &fixture->peer, fixture->policy);
    fixture->control =
        (uint32_t)channel_stream_open(fixture->pair.end[0].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    settle(fixture);
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, CHANNEL_RIGHTS_ALL);
}

static int setup_reader(void **state)
{
    return setup_with(state, CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_FILES_READ);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->session)
        session_end(fixture->session, "the test is over");
    screen_destroy(fixture->screen);
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    pair_finish(&fixture->pair);
    host_policy_unref(fixture->policy);
    for (size_t i = 0; i < fixture->reply_count; i++)
        hearth__session__from_host__free_unpacked(fixture->replies[i], NULL);
    session_inbox_finish(&fixture->inbox);
    free(fixture->data);
    void *room = fixture->room;
    free(fixture);
    return room_teardown(&room);
}

/* ---- requests */

#define REQUEST(name, field, kind)                                                                           \
    Hearth__Session__ToHost name = HEARTH__SESSION__TO_HOST__INIT;                                           \
    name.body_case = HEARTH__SESSION__TO_HOST__BODY_##kind;                                                  \
    name.field = &body

static Hearth__Session__FilePath path_at(const char *root, const char *path)
{
    Hearth__Session__FilePath at = HEARTH__SESSION__FILE_PATH__INIT;
    at.root = (char *)(uintptr_t)root;
    at.path.data = (uint8_t *)(uintptr_t)path;
    at.path.len = strlen(path);
    return at;
}

static uint32_t ask_stat(struct fixture *fixture, const char *root, const char *path)
{
    Hearth__Session__FilePath at = path_at(root, path);
    Hearth__Session__FileStat body = HEARTH__SESSION__FILE_STAT__INIT;
    body.at = &at;
    REQUEST(message, file_stat, FILE_STAT);
    return ask(fixture, &message);
}

static uint32_t ask_remove(struct fixture *fixture, const char *root, const char *path)
{
    Hearth__Session__FilePath at = path_at(root, path);
    Hearth__Session__FileRemove body = HEARTH__SESSION__FILE_REMOVE__INIT;
    body.at = &at;
    REQUEST(message, file_remove, FILE_REMOVE);
    return ask(fixture, &message);
}

static uint32_t ask_get(struct fixture *fixture, const char *path)
{
    Hearth__Session__FilePath at = path_at("home", path);
    Hearth__Session__FileGet body = HEARTH__SESSION__FILE_GET__INIT;
    body.at = &at;
    REQUEST(message, file_get, FILE_GET);
    return ask(fixture, &message);
}

static uint32_t ask_put(
    struct fixture *fixture, const char *root, const char *path, uint64_t size, int number)
{
    static uint8_t key[16] = "transfer key 000";
    Hearth__Session__FilePath at = path_at(root, path);
    Hearth__Session__FilePut body = HEARTH__SESSION__FILE_PUT__INIT;
    key[15] = (uint8_t)('0' + number);
    body.at = &at;
    body.size = size;
    body.key.data = key;
    body.key.len = sizeof key;
    REQUEST(message, file_put, FILE_PUT);
    return ask(fixture, &message);
}

static uint32_t ask_commit(struct fixture *fixture, uint32_t put, const uint8_t *data, size_t len)
{
    uint8_t hash[32];
    Hearth__Session__FileCommit body = HEARTH__SESSION__FILE_COMMIT__INIT;
    assert_int_equal(EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL), 1);
    body.put = put;
    body.sha256.data = hash;
    body.sha256.len = sizeof hash;
    REQUEST(message, file_commit, FILE_COMMIT);
    return ask(fixture, &message);
}

/* ---- tests */

static void hello_gives_what_certificate_wish_and_policy_all_give(void **state)
{
    struct fixture *fixture = *state;
    const Hearth__Session__FromHost *reply =
        hello_as(fixture, CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_CONTROL | CHANNEL_RIGHT_FILES_WRITE, false);
    assert_non_null(reply);
    assert_true(reply->hello->rights->view);
    assert_false(reply->hello->rights->control);     /* not in the certificate */
    assert_false(reply->hello->rights->files_read);  /* not wanted */
    assert_false(reply->hello->rights->files_write); /* not in the certificate */
    assert_null(reply->hello->screen);
    assert_string_equal(reply->hello->screen_error->message, "This PC has no display.");
    assert_string_equal(reply->hello->session_type, "none");
}

static void view_only_takes_control_away(void **state)
{
    struct fixture *fixture = *state;
    const Hearth__Session__FromHost *reply = hello_as(fixture, CHANNEL_RIGHTS_ALL, true);
    assert_true(reply->hello->rights->view);
    assert_false(reply->hello->rights->control);
    assert_false(reply->hello->rights->clipboard_in);
}

static void nothing_is_done_before_hello(void **state)
{
    struct fixture *fixture = *state;
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "home", "f"), HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
    assert_int_equal(access(room_path(fixture->room, "f"), F_OK), 0);
    hello(fixture);
    assert_error(fixture, hello_as(fixture, 1, false)->re, HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void a_request_without_its_right_is_denied(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "home", "f"), HEARTH__SESSION__CODE__CODE_DENIED);
    assert_error(fixture, ask_put(fixture, "home", "g", 1, 0), HEARTH__SESSION__CODE__CODE_DENIED);
    assert_int_equal(access(room_path(fixture->room, "f"), F_OK), 0);
    assert_int_equal(answer_to(fixture, ask_stat(fixture, "home", "f"))->body_case,
        HEARTH__SESSION__FROM_HOST__BODY_FILE_STAT);
}

static void keys_without_the_right_are_answered_once_and_not_a_hundred_times(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    size_t before = fixture->reply_count;
    for (uint32_t i = 0; i < 100; i++) {
        Hearth__Session__Key body = HEARTH__SESSION__KEY__INIT;
        REQUEST(message, key, KEY);
        size_t len = hearth__session__to_host__get_packed_size(&message);
        uint8_t data[64];
        session_frame_header(data, len);
        (void)hearth__session__to_host__pack(&message, data + SESSION_FRAME_HEADER);
        send_raw(fixture, data, SESSION_FRAME_HEADER + len);
    }
    settle(fixture);
    assert_int_equal(fixture->reply_count, before + 1);
}

static void a_root_without_write_and_a_root_that_is_not_shared_are_refused(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    room_write(fixture->room, "f", "x", 1);
    assert_error(fixture, ask_remove(fixture, "ro", "f"), HEARTH__SESSION__CODE__CODE_READ_ONLY);
    assert_error(fixture, ask_put(fixture, "ro", "g", 1, 0), HEARTH__SESSION__CODE__CODE_READ_ONLY);
    assert_error(fixture, ask_stat(fixture, "/etc", "passwd"), HEARTH__SESSION__CODE__CODE_NOT_FOUND);
    assert_error(fixture, ask_stat(fixture, "home", "../x"), HEARTH__SESSION__CODE__CODE_BAD_REQUEST);
}

static void a_file_comes_down_whole_with_its_hash(void **state)
{
    struct fixture *fixture = *state;
    enum { LEN = 700000 };
    static uint8_t data[LEN];
    uint8_t hash[32];
    for (size_t i = 0; i < LEN; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 9));
    hello(fixture);
    room_write(fixture->room, "big", data, LEN);
    uint32_t id = ask_get(fixture, "big");
    for (int i = 0; i < 100 && !fixture->file_finished; i++)
        settle(fixture);
    const Hearth__Session__FromHost *reply = answer_to(fixture, id);
    assert_int_equal(fixture->file_param, id);
    assert_int_equal(fixture->data_len, LEN);
    assert_memory_equal(fixture->data, data, LEN);
    assert_true(reply->file_get->done);
    assert_int_equal(EVP_Digest(data, LEN, hash, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(reply->file_get->sha256.data, hash, 32);
}

static void send_file(struct fixture *fixture, uint32_t put, const uint8_t *data, size_t len, bool finish)
{
    struct channel_session *viewer = fixture->pair.end[0].session;
    int stream = channel_stream_open(viewer, CHANNEL_LANE_B, CHANNEL_KIND_FILE, put);
    assert_true(stream > 0);
    for (int i = 0; len > 0 && i < 1000; i++) {
        int took = channel_stream_write(viewer, (uint32_t)stream, data, len);
        assert_true(took >= 0);
        data += took;
        len -= (size_t)took;
        settle(fixture);
    }
    if (finish)
        assert_int_equal(channel_stream_finish(viewer, (uint32_t)stream), 0);
    settle(fixture);
}

static void a_file_goes_up_even_when_its_commit_overtakes_its_bytes(void **state)
{
    struct fixture *fixture = *state;
    enum { LEN = 600000 };
    static uint8_t data[LEN];
    memset(data, 'u', LEN);
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", LEN, 0);
    assert_int_equal(answer_to(fixture, put)->file_put->offset, 0);
    uint32_t commit = ask_commit(fixture, put, data, LEN);
    send_file(fixture, put, data, LEN, true);
    const Hearth__Session__FromHost *reply = answer_to(fixture, commit);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_FILE_COMMITTED);
    assert_int_equal(reply->file_committed->size, LEN);
    struct stat st;
    assert_int_equal(stat(room_path(fixture->room, "up"), &st), 0);
    assert_int_equal(st.st_size, LEN);
}

static void a_wrong_hash_is_a_mismatch_and_no_file(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, (const uint8_t *)"abc", 3, true);
    uint32_t commit = ask_commit(fixture, put, (const uint8_t *)"abd", 3);
    assert_error(fixture, commit, HEARTH__SESSION__CODE__CODE_MISMATCH);
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
}

static void more_than_eight_files_at_a_time_are_refused(void **state)
{
    struct fixture *fixture = *state;
    char name[16];
    hello(fixture);
    for (int i = 0; i < 8; i++) {
        (void)snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(answer_to(fixture, ask_put(fixture, "home", name, 10, i))->body_case,
            HEARTH__SESSION__FROM_HOST__BODY_FILE_PUT);
    }
    assert_error(fixture, ask_put(fixture, "home", "f9", 10, 9), HEARTH__SESSION__CODE__CODE_LIMIT);
}

static void sending_more_than_was_announced_stops_the_stream(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", 3, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, (const uint8_t *)"abcdef", 6, false);
    assert_true(fixture->file_stopped);
    assert_false(fixture->ended);
}

static void a_commit_of_nothing_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    assert_error(fixture, ask_commit(fixture, 77, NULL, 0), HEARTH__SESSION__CODE__CODE_NOT_FOUND);
}

static void input_clipboard_and_pictures_without_a_display_say_so_and_do_no_harm(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    {
        Hearth__Session__ScreenStart body = HEARTH__SESSION__SCREEN_START__INIT;
        REQUEST(message, screen_start, SCREEN_START);
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_UNAVAILABLE);
    }
    {
        Hearth__Session__ScreenAck body = HEARTH__SESSION__SCREEN_ACK__INIT;
        body.epoch = UINT32_MAX;
        body.seq = UINT32_MAX;
        REQUEST(message, screen_ack, SCREEN_ACK);
        (void)ask(fixture, &message);
    }
    {
        Hearth__Session__Pointer body = HEARTH__SESSION__POINTER__INIT;
        body.x = INT32_MIN;
        body.y = INT32_MAX;
        body.buttons = UINT32_MAX;
        REQUEST(message, pointer, POINTER);
        (void)ask(fixture, &message);
    }
    {
        Hearth__Session__Clipboard body = HEARTH__SESSION__CLIPBOARD__INIT;
        body.text = (char *)(uintptr_t) "text";
        REQUEST(message, clipboard, CLIPBOARD);
        assert_error(fixture, ask(fixture, &message), HEARTH__SESSION__CODE__CODE_UNAVAILABLE);
    }
    {
        Hearth__Session__Ping body = HEARTH__SESSION__PING__INIT;
        body.t_us = 99;
        REQUEST(message, ping, PING);
        assert_int_equal(answer_to(fixture, ask(fixture, &message))->pong->t_us, 99);
    }
    assert_false(fixture->ended);
}

static void garbage_ends_the_session(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t garbage[] = {0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff};
    hello(fixture);
    send_raw(fixture, garbage, sizeof garbage);
    settle(fixture);
    assert_true(fixture->ended);
    assert_true(fixture->peer.closed);
}

static void a_message_over_the_limit_ends_the_session(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t header[] = {0x00, 0x10, 0x00, 0x01};
    hello(fixture);
    send_raw(fixture, header, sizeof header);
    settle(fixture);
    assert_true(fixture->ended);
}

static void a_viewer_that_reads_nothing_is_left_waiting_with_bounded_memory(void **state)
{
    struct fixture *fixture = *state;
    struct channel_session *viewer = fixture->pair.end[0].session;
    char name[204];
    hello(fixture);
    memset(name, 'n', sizeof name);
    for (int i = 0; i < 500; i++) {
        (void)snprintf(name + 190, 14, "%03d", i);
        room_write(fixture->room, name, "", 0);
    }
    fixture->deaf = true;
    Hearth__Session__FilePath at = path_at("home", "");
    Hearth__Session__FileList body = HEARTH__SESSION__FILE_LIST__INIT;
    static uint8_t after[200] = "a"; /* a long request, to fill what it waits in */
    memset(after, 'a', sizeof after);
    body.at = &at;
    body.after.data = after;
    body.after.len = sizeof after;
    REQUEST(message, file_list, FILE_LIST);
    message.id = 1000;
    size_t asked = 0;
    for (; asked < 5000 && channel_stream_writable(viewer, fixture->control) > 300; asked++) {
        (void)ask(fixture, &message);
        if (asked % 8 == 0)
            settle(fixture);
        if (fixture->ended)
            break;
    }
    struct channel_stats stats;
    channel_session_stats(fixture->peer.session, &stats);
    assert_true(asked < 5000);
    assert_true(stats.memory_bytes < CHANNEL_SESSION_MAX_BYTES);
    fixture->deaf = false;
}

static void a_lost_viewer_leaves_its_upload_for_a_later_try(void **state)
{
    struct fixture *fixture = *state;
    static uint8_t data[100000];
    hello(fixture);
    uint32_t put = ask_put(fixture, "home", "up", sizeof data, 0);
    assert_non_null(answer_to(fixture, put));
    send_file(fixture, put, data, 60000, false);
    session_callbacks.closed(fixture->session, 0, "lost");
    assert_true(fixture->ended);
    settle(fixture);
    assert_int_equal(access(room_path(fixture->room, "up"), F_OK), -1);
    char command[256];
    (void)snprintf(
        command, sizeof command, "test $(stat -c %%s %s/.up.hearth-part-*) = 60000", fixture->room->root);
    assert_int_equal(system(command), 0);
}

static void the_end_says_bye_with_its_reason(void **state)
{
    struct fixture *fixture = *state;
    hello(fixture);
    session_end(fixture->session, "The PC stops sharing.");
    fixture->session = NULL;
    settle(fixture);
    const Hearth__Session__FromHost *last = fixture->replies[fixture->reply_count - 1];
    assert_int_equal(last->body_case, HEARTH__SESSION__FROM_HOST__BODY_BYE);
    assert_string_equal(last->bye->reason, "The PC stops sharing.");
    assert_true(fixture->peer.closed);
}

#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define READER_TEST(test) cmocka_unit_test_setup_teardown(test, setup_reader, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READER_TEST(hello_gives_what_certificate_wish_and_policy_all_give),
        SESSION_TEST(view_only_takes_control_away),
        SESSION_TEST(nothing_is_done_before_hello),
        READER_TEST(a_request_without_its_right_is_denied),
        READER_TEST(keys_without_the_right_are_answered_once_and_not_a_hundred_times),
        SESSION_TEST(a_root_without_write_and_a_root_that_is_not_shared_are_refused),
        SESSION_TEST(a_file_comes_down_whole_with_its_hash),
        SESSION_TEST(a_file_goes_up_even_when_its_commit_overtakes_its_bytes),
        SESSION_TEST(a_wrong_hash_is_a_mismatch_and_no_file),
        SESSION_TEST(more_than_eight_files_at_a_time_are_refused),
        SESSION_TEST(sending_more_than_was_announced_stops_the_stream),
        SESSION_TEST(a_commit_of_nothing_is_not_found),
        SESSION_TEST(input_clipboard_and_pictures_without_a_display_say_so_and_do_no_harm),
        SESSION_TEST(garbage_ends_the_session),
        SESSION_TEST(a_message_over_the_limit_ends_the_session),
        SESSION_TEST(a_viewer_that_reads_nothing_is_left_waiting_with_bounded_memory),
        SESSION_TEST(a_lost_viewer_leaves_its_upload_for_a_later_try),
        SESSION_TEST(the_end_says_bye_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
