#include "host/session/session.h"

#include "host/log.h"
#include "host/session/jobs.h"
#include "host/session/request.h"
#include "host/session/screen.h"
#include "host/session/transfers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef Hearth__Session__ToHost Request;

enum session_state {
    SESSION_STATE_HELLO, /* waits for the viewer's hello */
    SESSION_STATE_OPEN,
    SESSION_STATE_ENDED
};

struct session {
    const struct session_shared *shared;
    struct channel_peer *peer;
    struct host_policy *policy;
    struct channel_device device;
    enum session_state state;
    uint32_t rights;
    bool view_only;
    uint64_t since_ms;
    struct session_wire wire;
    struct session_inbox inbox;
    size_t owed;     /* bytes in the inbox whose credit was not given back */
    uint32_t denied; /* rights whose lack was told and logged */
    bool inside;     /* a callback of the channel runs: it flushes at its end */
    bool doomed;     /* to be ended at the end of the callback */
    int doom_code;
    char doom_why[128];
    struct session_screen *screen;
    struct session_jobs *jobs;
    struct session_transfers *transfers;
    uv_timer_t hello_timer;
};

static void set_state(struct session *session, enum session_state state)
{
    static const char *const names[] = {"waiting for hello", "open", "ended"};
    if (state <= session->state)
        return;
    char name[HOST_LOG_QUOTE_BYTES];
    host_log("session", "%s: %s -> %s", host_log_quote(name, session->device.name), names[session->state],
        names[state]);
    session->state = state;
}

static void doom(struct session *session, int code, const char *why)
{
    if (session->doomed)
        return;
    session->doomed = true;
    session->doom_code = code;
    (void)snprintf(session->doom_why, sizeof session->doom_why, "%s", why);
}

static void session_free(uv_handle_t *handle)
{
    free(handle->data);
}

static void teardown(struct session *session, uint32_t code, const char *why)
{
    set_state(session, SESSION_STATE_ENDED);
    session_transfers_destroy(session->transfers);
    session_jobs_destroy(session->jobs);
    session_screen_destroy(session->screen);
    session->transfers = NULL;
    session->jobs = NULL;
    session->screen = NULL;
    channel_peer_close(session->peer, code, why);
    session->peer = NULL;
    session_wire_finish(&session->wire);
    session_inbox_finish(&session->inbox);
    host_policy_unref(session->policy);
    session->policy = NULL;
    uv_close((uv_handle_t *)&session->hello_timer, session_free);
}

/* ---- entering and leaving */

/* What runs between enter and leave may doom the session but not free it. */
static bool enter(struct session *session)
{
    bool outer = !session->inside;
    session->inside = true;
    return outer;
}

static void leave(struct session *session, bool outer)
{
    if (!outer)
        return;
    session->inside = false;
    if (session->wire.error != SESSION_OK)
        doom(session, 1, session_strerror(session->wire.error));
    if (session->doomed) {
        const struct session_shared *shared = session->shared;
        shared->ended(shared->user, session, session->doom_code, session->doom_why);
        teardown(session, (uint32_t)session->doom_code, session->doom_why);
        return;
    }
    channel_peer_flush(session->peer);
}

/* A worker or the screen wrote something: the channel has to send it. */
static void part_answered(void *user)
{
    struct session *session = user;
    if (session->state != SESSION_STATE_ENDED && !session->inside)
        leave(session, enter(session));
}

static void part_watching(void *user)
{
    struct session *session = user;
    session->shared->changed(session->shared->user);
}

static void part_taken_over(void *user, const uint8_t *key, size_t key_len)
{
    struct session *session = user;
    session_transfers_yield(session->transfers, key, key_len);
    session->shared->taken_over(session->shared->user, session, key, key_len);
}

/* ---- hello */

static void send_hello(struct session *session, uint32_t re)
{
    Hearth__Session__HostHello hello = HEARTH__SESSION__HOST_HELLO__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    Hearth__Session__Rights rights;
    Hearth__Session__Screen screen = HEARTH__SESSION__SCREEN__INIT;
    Hearth__Session__Error error = HEARTH__SESSION__ERROR__INIT;
    struct capture_geometry geometry;
    char layout[64] = "";
    session_rights_to_message(&rights, session->rights);
    (void)screen_layout(session->shared->screen, layout, sizeof layout);
    hello.version = 1;
    hello.rights = &rights;
    hello.name = (char *)(uintptr_t)session->shared->name;
    hello.os = (char *)(uintptr_t)session->shared->os;
    hello.session_type = (char *)(uintptr_t)screen_session_type(session->shared->screen);
    hello.layout = layout;
    if (!(session->rights & CHANNEL_RIGHT_VIEW)) {
        error.code = HEARTH__SESSION__CODE__CODE_DENIED;
        error.message = (char *)(uintptr_t)session_rights_refusal(CHANNEL_RIGHT_VIEW);
        hello.screen_error = &error;
    } else if (screen_geometry(session->shared->screen, &geometry)) {
        screen.id = 1;
        screen.width = geometry.width_px;
        screen.height = geometry.height_px;
        screen.name = geometry.name;
        hello.screen = &screen;
    } else {
        const char *problem = screen_problem(session->shared->screen);
        error.code = HEARTH__SESSION__CODE__CODE_UNAVAILABLE;
        error.message = (char *)(uintptr_t)(problem ? problem : "This PC has no display now.");
        hello.screen_error = &error;
    }
    reply.re = re;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_HELLO;
    reply.hello = &hello;
    session_wire_send(&session->wire, &reply);
}

static bool make_parts(struct session *session)
{
    const struct session_shared *shared = session->shared;
    session->screen = session_screen_create(&(struct session_screen_config){.loop = shared->loop,
        .screen = shared->screen,
        .wire = &session->wire,
        .rights = session->rights,
        .answered = part_answered,
        .watching = part_watching,
        .user = session});
    session->jobs = session_jobs_create(&(struct session_jobs_config){.loop = shared->loop,
        .policy = session->policy,
        .rights = session->rights,
        .wire = &session->wire,
        .answered = part_answered,
        .user = session});
    session->transfers = session_transfers_create(&(struct session_transfers_config){.loop = shared->loop,
        .policy = session->policy,
        .rights = session->rights,
        .umask = shared->umask,
        .wire = &session->wire,
        .answered = part_answered,
        .taken_over = part_taken_over,
        .user = session});
    return session->screen && session->jobs && session->transfers;
}

static void take_hello(struct session *session, const Request *request)
{
    const Hearth__Session__ViewerHello *hello = request->hello;
    char name[HOST_LOG_QUOTE_BYTES], agent[HOST_LOG_QUOTE_BYTES];
    if (hello->version != 1) {
        session_wire_error(&session->wire, request->id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            "This viewer and this PC speak different versions. Update the older one.");
        return;
    }
    session->rights = session->device.rights & session_rights_from_message(hello->want) &
                      host_policy_rights(session->policy);
    session->view_only = hello->view_only;
    if (hello->view_only)
        session->rights &= ~(uint32_t)(CHANNEL_RIGHT_CONTROL | CHANNEL_RIGHT_CLIPBOARD_IN);
    if (!make_parts(session)) {
        session_wire_error(&session->wire, request->id, HEARTH__SESSION__CODE__CODE_LIMIT,
            "This PC takes no more viewers now. Try again when one has left.");
        doom(session, 1, "too many viewers");
        return;
    }
    (void)uv_timer_stop(&session->hello_timer);
    set_state(session, SESSION_STATE_OPEN);
    host_log("session", "%s: hello from %s, rights 0x%x%s", host_log_quote(name, session->device.name),
        host_log_quote(agent, hello->agent), session->rights, session->view_only ? ", view only" : "");
    send_hello(session, request->id);
    session->shared->changed(session->shared->user);
}

/* ---- requests */

static void take_ping(struct session *session, const Request *request)
{
    Hearth__Session__Ping pong = HEARTH__SESSION__PING__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    pong.t_us = request->ping->t_us;
    reply.re = request->id;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_PONG;
    reply.pong = &pong;
    session_wire_send(&session->wire, &reply);
}

static void deny(struct session *session, const Request *request, uint32_t missing)
{
    bool told = (session->denied & missing) == missing;
    if (!told) {
        char name[HOST_LOG_QUOTE_BYTES];
        session->denied |= missing;
        host_log("session", "%s: denied request kind %d, rights 0x%x are missing",
            host_log_quote(name, session->device.name), (int)request->body_case, missing);
    }
    /* Events have no request id; one answer for all of a kind is enough. */
    if (!told || request->id != 0)
        session_wire_error(
            &session->wire, request->id, HEARTH__SESSION__CODE__CODE_DENIED, session_rights_refusal(missing));
}

static void take_request(struct session *session, const Request *request, uint64_t now_us)
{
    if (request->body_case == HEARTH__SESSION__TO_HOST__BODY__NOT_SET) {
        session_wire_error(&session->wire, request->id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            "This PC does not know that request. Update Hearth there.");
        return;
    }
    if (request->body_case == HEARTH__SESSION__TO_HOST__BODY_PING) {
        take_ping(session, request);
        return;
    }
    bool hello = request->body_case == HEARTH__SESSION__TO_HOST__BODY_HELLO;
    if (hello != (session->state == SESSION_STATE_HELLO)) {
        session_wire_error(&session->wire, request->id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            hello ? "Hello was said already." : "Hello comes first.");
        return;
    }
    if (hello) {
        take_hello(session, request);
        return;
    }
    uint32_t missing = session_request_rights(request) & ~session->rights;
    if (missing != 0) {
        deny(session, request, missing);
        return;
    }
    if (!session_screen_take(session->screen, request, now_us) &&
        !session_jobs_take(session->jobs, request) && !session_transfers_take(session->transfers, request))
        session_wire_error(&session->wire, request->id, HEARTH__SESSION__CODE__CODE_BAD_REQUEST,
            "This PC does not know that request. Update Hearth there.");
}

/* Requests wait while the viewer does not take its answers; their credit waits with them. */
static void take_inbox(struct session *session)
{
    struct session_frame frame;
    int got = 0;
    uint64_t now_us = uv_hrtime() / 1000;
    while (!session->doomed && !session_wire_full(&session->wire) &&
           (got = session_inbox_next(&session->inbox, &frame)) > 0) {
        Request *request = session_request_parse(frame.body, frame.len);
        if (!request) {
            doom(session, 1, session_strerror(SESSION_ERR_FORMAT));
            return;
        }
        take_request(session, request, now_us);
        session_request_free(request);
    }
    if (got < 0)
        doom(session, 1, session_strerror(got));
    if (session->screen)
        session_screen_settle(session->screen);
    if (session->owed > 0 && !session->doomed && !session_wire_full(&session->wire)) {
        (void)channel_stream_consumed(session->wire.session, session->wire.stream, session->owed);
        session->owed = 0;
    }
}

/* ---- from the channel */

static void control_event(struct session *session, const struct channel_event *event)
{
    int err;
    switch (event->type) {
    case CHANNEL_EVENT_STREAM_DATA:
        session->owed += event->len;
        err = session_inbox_add(&session->inbox, event->data, event->len);
        if (err != SESSION_OK)
            doom(session, 1, session_strerror(err));
        else
            take_inbox(session);
        break;
    case CHANNEL_EVENT_STREAM_WRITABLE:
        session_wire_flush(&session->wire);
        take_inbox(session);
        break;
    case CHANNEL_EVENT_STREAM_FINISHED:
    case CHANNEL_EVENT_STREAM_RESET:
    case CHANNEL_EVENT_STREAM_STOPPED:
        doom(session, 0, "the viewer left");
        break;
    default:
        break;
    }
}

static void peer_event(void *user, const struct channel_event *event)
{
    struct session *session = user;
    if (session->state == SESSION_STATE_ENDED || session->doomed)
        return;
    bool outer = enter(session);
    if (event->type == CHANNEL_EVENT_STREAM_OPENED && session->wire.stream == 0 &&
        event->kind == CHANNEL_KIND_CONTROL && event->lane == CHANNEL_LANE_I)
        session->wire.stream = event->stream;
    else if (event->type == CHANNEL_EVENT_MESSAGE_GAP) {
        if (session->screen)
            session_screen_gap(session->screen);
    } else if (session->wire.stream != 0 && event->stream == session->wire.stream)
        control_event(session, event);
    else if (session->state == SESSION_STATE_OPEN) {
        if (event->type == CHANNEL_EVENT_STREAM_STOPPED)
            session_screen_stopped(session->screen, event->stream);
        session_transfers_event(session->transfers, event);
    } else if (event->type == CHANNEL_EVENT_STREAM_OPENED)
        doom(session, 1, "a stream was opened before hello");
    leave(session, outer);
}

static void peer_flowing(void *user, bool flowing)
{
    struct session *session = user;
    if (session->state != SESSION_STATE_OPEN)
        return;
    bool outer = enter(session);
    session_screen_flowing(session->screen, flowing);
    leave(session, outer);
}

static void peer_drained(void *user)
{
    struct session *session = user;
    if (session->state != SESSION_STATE_OPEN)
        return;
    bool outer = enter(session);
    session_screen_drained(session->screen);
    leave(session, outer);
}

static void peer_closed(void *user, int code, const char *why)
{
    struct session *session = user;
    if (session->state == SESSION_STATE_ENDED)
        return;
    bool outer = enter(session);
    doom(session, code, why ? why : "");
    leave(session, outer);
}

static void hello_late(uv_timer_t *timer)
{
    struct session *session = timer->data;
    bool outer = enter(session);
    doom(session, 1, "no hello came in time");
    leave(session, outer);
}

const struct channel_peer_callbacks session_callbacks = {
    .event = peer_event, .flowing = peer_flowing, .drained = peer_drained, .closed = peer_closed};

/* ---- life */

struct session *session_create(
    const struct session_shared *shared, struct channel_peer *peer, struct host_policy *policy)
{
    struct timespec now;
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    session->shared = shared;
    session->peer = peer;
    session->policy = host_policy_ref(policy);
    session->device = *channel_peer_device(peer);
    session->since_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    session->wire.session = channel_peer_session(peer);
    (void)uv_timer_init(shared->loop, &session->hello_timer);
    session->hello_timer.data = session;
    (void)uv_timer_start(&session->hello_timer, hello_late, SESSION_HELLO_MS, 0);
    return session;
}

void session_end(struct session *session, const char *reason)
{
    Hearth__Session__Bye bye = HEARTH__SESSION__BYE__INIT;
    Hearth__Session__FromHost message = HEARTH__SESSION__FROM_HOST__INIT;
    if (session->state == SESSION_STATE_ENDED)
        return;
    bye.reason = (char *)(uintptr_t)reason;
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_BYE;
    message.bye = &bye;
    session_wire_send(&session->wire, &message);
    teardown(session, 0, reason);
}

const struct channel_device *session_device(const struct session *session)
{
    return &session->device;
}

bool session_watching(const struct session *session)
{
    return session->screen && session_screen_watching(session->screen);
}

bool session_view_only(const struct session *session)
{
    return (session->rights & CHANNEL_RIGHT_CONTROL) == 0;
}

uint64_t session_since_ms(const struct session *session)
{
    return session->since_ms;
}

void session_tell_viewers(struct session *session, const struct Hearth__Session__Viewers *viewers)
{
    Hearth__Session__FromHost message = HEARTH__SESSION__FROM_HOST__INIT;
    if (session->state != SESSION_STATE_OPEN || session_wire_full(&session->wire))
        return;
    message.body_case = HEARTH__SESSION__FROM_HOST__BODY_VIEWERS;
    message.viewers = (struct Hearth__Session__Viewers *)(uintptr_t)viewers;
    session_wire_send(&session->wire, &message);
    part_answered(session);
}

void session_yield(struct session *session, const uint8_t *key, size_t key_len)
{
    if (session->state != SESSION_STATE_OPEN)
        return;
    session_transfers_yield(session->transfers, key, key_len);
    part_answered(session);
}
