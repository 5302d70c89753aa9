/* A viewer, honest or hostile, against one session of the host: two real channel sessions joined by memory,
 * the real files, and a PC without a display. Only the transport (channel_peer) is this file's. */
#pragma once

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
    char home[128]; /* where host.json is */
    int path;
    /* the viewer's side */
    uint32_t control;
    bool deaf; /* takes no answers */
    struct session_inbox inbox;
    Hearth__Session__FromHost *replies[REPLIES_MAX];
    size_t reply_count;
    size_t answers; /* all that came, kept or not */
    uint32_t file_stream;
    uint64_t file_param;
    uint8_t *data;
    size_t data_len;
    bool file_finished, file_reset, file_stopped;
    uint32_t next_id;
};

static inline struct capture_source *no_display(const char *display, struct capture_problem *out_problem)
{
    (void)display;
    (void)snprintf(out_problem->text, sizeof out_problem->text, "This PC has no display.");
    return NULL;
}

static inline void fixture_changed(void *user)
{
    (void)user;
}

static inline void fixture_ended(void *user, struct session *session, int code, const char *why)
{
    struct fixture *fixture = user;
    (void)session;
    (void)code;
    (void)why;
    fixture->ended = true;
    fixture->session = NULL;
}

static inline void fixture_taken_over(void *user, struct session *session, const uint8_t *key, size_t key_len)
{
    (void)user;
    (void)session;
    (void)key;
    (void)key_len;
}

static inline void viewer_event(struct fixture *fixture, const struct channel_event *event)
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
        while (session_inbox_next(&fixture->inbox, &frame) == 1) {
            fixture->answers++;
            if (fixture->reply_count < REPLIES_MAX)
                fixture->replies[fixture->reply_count++] =
                    hearth__session__from_host__unpack(NULL, frame.len, frame.body);
        }
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

static inline void on_event(struct pair *pair, int who, const struct channel_event *event)
{
    struct fixture *fixture = pair->arg;
    if (who == 0)
        viewer_event(fixture, event);
    else if (fixture->session)
        session_callbacks.event(fixture->session, event);
}

/* Let both sides and the workers go on until nothing moves. */
static inline void settle(struct fixture *fixture)
{
    for (int i = 0; i < 60; i++) {
        pair_run(&fixture->pair);
        (void)uv_run(&fixture->loop, UV_RUN_NOWAIT);
        (void)usleep(500);
    }
}

static inline void send_raw(struct fixture *fixture, const uint8_t *data, size_t len)
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

static inline uint32_t ask(struct fixture *fixture, Hearth__Session__ToHost *message)
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

static inline const Hearth__Session__FromHost *answer_to(struct fixture *fixture, uint32_t id)
{
    for (int i = 0; i < 50; i++) {
        for (size_t n = fixture->reply_count; n > 0; n--)
            if (fixture->replies[n - 1]->re == id)
                return fixture->replies[n - 1];
        settle(fixture);
    }
    return NULL;
}

static inline void assert_error(struct fixture *fixture, uint32_t id, Hearth__Session__Code code)
{
    const Hearth__Session__FromHost *reply = answer_to(fixture, id);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_ERROR);
    assert_int_equal(reply->error->code, code);
    assert_true(reply->error->message[0] != '\0');
}

static inline const Hearth__Session__FromHost *hello_as(
    struct fixture *fixture, uint32_t want, bool view_only)
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

static inline void hello(struct fixture *fixture)
{
    const Hearth__Session__FromHost *reply = hello_as(fixture, CHANNEL_RIGHTS_ALL, false);
    assert_non_null(reply);
    assert_int_equal(reply->body_case, HEARTH__SESSION__FROM_HOST__BODY_HELLO);
}

/* A PC and a viewer that are joined, no session yet. */
static inline int setup_joined(void **state, uint32_t rights)
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
    (void)snprintf(fixture->home, sizeof fixture->home, "%s/.pc", fixture->room->root);
    assert_int_equal(mkdir(fixture->home, 0700), 0);
    room_write(fixture->room, ".pc/host.json", config, (size_t)len);
    assert_int_equal(host_policy_load(fixture->home, &fixture->policy), HOST_POLICY_OK);
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
    return 0;
}

static inline void open_control(struct fixture *fixture)
{
    fixture->control =
        (uint32_t)channel_stream_open(fixture->pair.end[0].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    settle(fixture);
}

static inline int setup_with(void **state, uint32_t rights)
{
    if (setup_joined(state, rights) != 0)
        return -1;
    struct fixture *fixture = *state;
    fixture->session = session_create(&fixture->shared, &fixture->peer, fixture->policy);
    open_control(fixture);
    return 0;
}

static inline int setup(void **state)
{
    return setup_with(state, CHANNEL_RIGHTS_ALL);
}

static inline int setup_reader(void **state)
{
    return setup_with(state, CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_FILES_READ);
}

static inline int teardown(void **state)
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

static inline Hearth__Session__FilePath path_at(const char *root, const char *path)
{
    Hearth__Session__FilePath at = HEARTH__SESSION__FILE_PATH__INIT;
    at.root = (char *)(uintptr_t)root;
    at.path.data = (uint8_t *)(uintptr_t)path;
    at.path.len = strlen(path);
    return at;
}

static inline uint32_t ask_stat(struct fixture *fixture, const char *root, const char *path)
{
    Hearth__Session__FilePath at = path_at(root, path);
    Hearth__Session__FileStat body = HEARTH__SESSION__FILE_STAT__INIT;
    body.at = &at;
    REQUEST(message, file_stat, FILE_STAT);
    return ask(fixture, &message);
}

static inline uint32_t ask_remove(struct fixture *fixture, const char *root, const char *path)
{
    Hearth__Session__FilePath at = path_at(root, path);
    Hearth__Session__FileRemove body = HEARTH__SESSION__FILE_REMOVE__INIT;
    body.at = &at;
    REQUEST(message, file_remove, FILE_REMOVE);
    return ask(fixture, &message);
}

static inline uint32_t ask_get(struct fixture *fixture, const char *path)
{
    Hearth__Session__FilePath at = path_at("home", path);
    Hearth__Session__FileGet body = HEARTH__SESSION__FILE_GET__INIT;
    body.at = &at;
    REQUEST(message, file_get, FILE_GET);
    return ask(fixture, &message);
}

static inline uint32_t ask_put(
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

static inline uint32_t ask_commit(struct fixture *fixture, uint32_t put, const uint8_t *data, size_t len)
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
