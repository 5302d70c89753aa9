#include "channel/link/peer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uv_loop_t *loop_of(const struct channel_peer *peer)
{
    return channel_net_loop(peer->link->config.net);
}

uint64_t peer_now_ms(const struct channel_peer *peer)
{
    return uv_now(loop_of(peer));
}

uint64_t peer_now_us(void)
{
    return uv_hrtime() / 1000;
}

static uint64_t unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const struct channel_log *log_of(const struct channel_peer *peer)
{
    return channel_home_log(peer->link->config.home);
}

/* Allowed moves only ever go forward, from anywhere to CLOSED. */
bool peer_set_state(struct channel_peer *peer, enum peer_state state)
{
    if (state <= peer->state) {
        return false;
    }
    peer->state = state;
    return true;
}

bool peer_revoked(const struct channel_peer *peer)
{
    const struct channel_device *device = channel_log_find(log_of(peer), peer->device.id);
    return !device || !channel_device_active(device, unix_ms());
}

/* ---- the handshake's questions */

static void verdict(struct channel_peer *peer);

static void on_log(void *user, int code, const char *message)
{
    struct channel_peer *peer = user;
    (void)code;
    (void)message;
    peer->log_request = 0;
    if (peer->verdict_due && !peer->dead && peer->state != PEER_CLOSED) {
        if (code != 0) {
            peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE,
                "The other side knows newer changes of the account, and the broker did not give them.");
            return;
        }
        verdict(peer);
        peer_pump(peer);
    }
}

/* Is the other side who it says, by a log that both of us hold? */
static void verdict(struct channel_peer *peer)
{
    const struct channel_log *log = log_of(peer);
    const int contains = channel_log_contains(log, peer->head_count, peer->head_hash);
    if (contains == 0) {
        if (peer->verdict_ms == 0) {
            peer->verdict_ms = peer_now_ms(peer) + PEER_HEAD_MS;
        }
        if (peer_now_ms(peer) >= peer->verdict_ms) {
            peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE,
                "The other side knows newer changes of the account, and the broker did not give them in "
                "time.");
            return;
        }
        if (peer->log_request == 0) {
            peer->log_request = link_log_fetch(peer->link, on_log, peer);
        }
        peer_arm(peer);
        return; /* without a link the deadline decides, or log_changed */
    }
    peer->verdict_due = false;
    peer->verdict_ms = 0;
    if (contains < 0) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED,
            "The other side has another history of this account. Nothing was opened; someone may be "
            "tampering with the broker.");
        return;
    }
    const struct channel_device *device = channel_log_find_dh(log, peer->peer_static);
    const bool known = device && memcmp(device->id, peer->device.id, CHANNEL_ID_LEN) == 0 &&
                       channel_device_active(device, unix_ms());
    /* A host serves whoever has a right to anything; a viewer talks to hosts alone. */
    const bool fits =
        known && (peer->role == CHANNEL_RESPONDER ? device->rights != 0 : device->role == CHANNEL_ROLE_HOST);
    if (!fits) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED,
            known ? "That device may not do anything here." : "That device is not part of the account.");
        return;
    }
    peer->device = *device;
    (void)channel_session_verdict(peer->session, true);
}

static void take_verdict(struct channel_peer *peer, const struct channel_event *event)
{
    if (channel_log_head_parse(event->data, event->len, &peer->head_count, peer->head_hash) != 0) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_BAD_REQUEST, "The other side speaks another version.");
        return;
    }
    memcpy(peer->peer_static, event->point, sizeof peer->peer_static);
    peer->verdict_due = true;
    verdict(peer);
}

static void on_log_changed(void *user)
{
    struct channel_peer *peer = user;
    if (peer->dead || peer->state == PEER_CLOSED) {
        return;
    }
    if (peer->verdict_due) {
        verdict(peer);
        peer_pump(peer);
    } else if (peer->state == PEER_OPEN && peer_revoked(peer)) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "That device was removed from the account.");
    }
}

/* ---- the session's events */

static void take_open(struct channel_peer *peer)
{
    if (!peer_set_state(peer, PEER_OPEN)) {
        return;
    }
    peer->handshake_ms = 0;
    /* The log may have moved on since the verdict: who was removed meanwhile could have waited for this. */
    if (peer_revoked(peer)) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "That device was removed from the account.");
        return;
    }
    if (peer->role == CHANNEL_RESPONDER && !peer_set_accept(peer)) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_BUSY, "This computer takes no more sessions now.");
        return;
    }
    if (peer->callbacks.open) {
        peer->callbacks.open(peer->user, &peer->device);
    }
}

static void take_path_up(struct channel_peer *peer, int path)
{
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        struct peer_transport *transport = &peer->transports[i];
        if (transport->socket && transport->path >= 0 && transport->path != path) {
            peer_transport_drop(transport, true);
        } else if (transport->socket && transport->path == path) {
            transport->up = true;
        }
    }
    peer->redials = 0;
    peer->resumes_refused = 0;
    peer->lost_ms = 0;
    if (!peer->flowing) {
        peer->flowing = true;
        if (peer->accepted && !peer->dead && peer->callbacks.flowing) {
            peer->callbacks.flowing(peer->user, true);
        }
    }
}

static void take_path_down(struct channel_peer *peer, int path)
{
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].socket && peer->transports[i].path == path) {
            peer_transport_drop(&peer->transports[i], false);
        }
    }
    peer_path_gone(peer);
}

static void take_closed(struct channel_peer *peer, const struct channel_event *event)
{
    char why[300];
    if (event->error == 0) {
        (void)snprintf(why, sizeof why, "%.*s", (int)(event->len < 256 ? event->len : 256),
            event->data ? (const char *)event->data : "");
    } else {
        (void)snprintf(why, sizeof why, "The session ended: %s.", channel_strerror(event->error));
    }
    if (!peer_set_state(peer, PEER_CLOSED)) {
        return;
    }
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        peer_transport_drop(&peer->transports[i], false);
    }
    if (peer->accepted && !peer->dead && peer->callbacks.closed) {
        peer->callbacks.closed(peer->user, event->error == 0 ? 0 : HEARTH__LINK__CODE__CODE_DENIED,
            why[0] ? why : "The other side ended the session.");
    } else if (!peer->accepted) {
        channel_peer_close(peer, 0, "");
    }
}

static void take_event(struct channel_peer *peer, const struct channel_event *event)
{
    switch (event->type) {
    case CHANNEL_EVENT_NONE:
        return;
    case CHANNEL_EVENT_WANT_DH: {
        uint8_t shared[32];
        if (channel_home_dh(peer->link->config.home, shared, event->point) != 0) {
            peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "The key of this program cannot be used.");
        } else {
            (void)channel_session_give_dh(peer->session, shared);
        }
        channel_crypto_wipe(shared, sizeof shared);
        return;
    }
    case CHANNEL_EVENT_VERDICT:
        take_verdict(peer, event);
        return;
    case CHANNEL_EVENT_OPEN:
        take_open(peer);
        return;
    case CHANNEL_EVENT_PATH_UP:
        take_path_up(peer, event->path);
        return;
    case CHANNEL_EVENT_PATH_DOWN:
        take_path_down(peer, event->path);
        return;
    case CHANNEL_EVENT_CLOSED:
        take_closed(peer, event);
        return;
    case CHANNEL_EVENT_STREAM_OPENED:
    case CHANNEL_EVENT_STREAM_DATA:
    case CHANNEL_EVENT_STREAM_FINISHED:
    case CHANNEL_EVENT_STREAM_RESET:
    case CHANNEL_EVENT_STREAM_STOPPED:
    case CHANNEL_EVENT_STREAM_WRITABLE:
    case CHANNEL_EVENT_MESSAGE:
    case CHANNEL_EVENT_MESSAGE_GAP:
    case CHANNEL_EVENT_RTT:
        if (peer->accepted && peer->callbacks.event) {
            peer->callbacks.event(peer->user, event);
        }
        return;
    }
}

/* Take all events, then let the sockets ask for what the session has to say. Callbacks may come back
 * here; the outermost call does the work. */
void peer_pump(struct channel_peer *peer)
{
    if (peer->pumping) {
        peer->again = true;
        return;
    }
    peer->pumping = true;
    do {
        peer->again = false;
        struct channel_event event;
        while (!peer->dead && channel_session_event(peer->session, &event)) {
            take_event(peer, &event);
        }
    } while (peer->again && !peer->dead);
    peer->pumping = false;
    if (peer->dead) {
        return;
    }
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].socket && peer->transports[i].path >= 0) {
            channel_socket_wake(peer->transports[i].socket);
        }
    }
    peer_arm(peer);
}

/* ---- time */

static void on_timer(uv_timer_t *timer)
{
    struct channel_peer *peer = timer->data;
    const uint64_t now = peer_now_ms(peer);
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        struct peer_transport *transport = &peer->transports[i];
        if (transport->socket && transport->path < 0 && now >= transport->deadline_ms) {
            peer_transport_drop(transport, false);
            peer_path_gone(peer);
        }
    }
    if (channel_session_deadline_us(peer->session) <= peer_now_us()) {
        channel_session_tick(peer->session, peer_now_us());
    }
    if (peer->handshake_ms != 0 && now >= peer->handshake_ms) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE,
            link_online(peer->link) || !peer->link->why[0] ? "The other computer did not answer in time."
                                                           : peer->link->why);
    } else if (peer->verdict_due && peer->verdict_ms != 0 && now >= peer->verdict_ms) {
        verdict(peer);
    } else if (peer->lost_ms != 0 && now - peer->lost_ms >= PEER_RESUME_MS) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE, "The connection was lost for more than a minute.");
    } else if (peer->state == PEER_OPEN && peer_revoked(peer)) {
        /* Removal is told by the log; a certificate just runs out. The pings of a session bring us here. */
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "That device's time in the account is over.");
    } else if (peer->redial_ms != 0 && now >= peer->redial_ms) {
        peer_dial(peer);
    }
    peer_pump(peer);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return b != 0 && b < a ? b : a;
}

void peer_arm(struct channel_peer *peer)
{
    if (peer->dead || peer->pumping) {
        return;
    }
    if (peer->state == PEER_CLOSED) {
        (void)uv_timer_stop(&peer->timer);
        return;
    }
    const uint64_t now = peer_now_ms(peer);
    uint64_t at = channel_session_event_waits(peer->session) ? now : UINT64_MAX;
    const uint64_t session_us = channel_session_deadline_us(peer->session);
    if (session_us != UINT64_MAX && at != now) {
        const uint64_t clock_us = peer_now_us();
        at = now + (session_us > clock_us ? (session_us - clock_us + 999) / 1000 : 0);
    }
    at = least(at, peer->handshake_ms);
    at = least(at, peer->redial_ms);
    at = least(at, peer->verdict_due ? peer->verdict_ms : 0);
    at = least(at, peer->lost_ms ? peer->lost_ms + PEER_RESUME_MS : 0);
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].socket && peer->transports[i].path < 0) {
            at = least(at, peer->transports[i].deadline_ms);
        }
    }
    if (at == UINT64_MAX) {
        (void)uv_timer_stop(&peer->timer);
        return;
    }
    (void)uv_timer_start(&peer->timer, on_timer, at > now ? at - now : 0, 0);
}

/* ---- life */

struct channel_peer *peer_create(struct channel_link *link, enum channel_role role,
    const uint8_t session_id[static CHANNEL_ID_LEN], const struct channel_device *device)
{
    static const char label[] = "hearth/1"; /* its NUL is part of the prologue */
    const uint8_t *own = channel_home_device_id(link->config.home);
    struct channel_session_config config = {.role = role};
    struct channel_peer *peer = calloc(1, sizeof *peer);
    if (!peer || !own) {
        free(peer);
        return NULL;
    }
    peer->link = link;
    peer->role = role;
    peer->device = *device;
    memcpy(peer->session_id, session_id, CHANNEL_ID_LEN);
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        peer->transports[i].peer = peer;
        peer->transports[i].path = -1;
    }
    memcpy(config.session_id, session_id, CHANNEL_ID_LEN);
    const uint8_t *initiator = role == CHANNEL_INITIATOR ? own : device->id;
    const uint8_t *responder = role == CHANNEL_INITIATOR ? device->id : own;
    memcpy(config.prologue, label, sizeof label);
    memcpy(config.prologue + sizeof label, session_id, CHANNEL_ID_LEN);
    memcpy(config.prologue + sizeof label + CHANNEL_ID_LEN, initiator, CHANNEL_ID_LEN);
    memcpy(config.prologue + sizeof label + 2 * CHANNEL_ID_LEN, responder, CHANNEL_ID_LEN);
    config.prologue_len = sizeof label + 3 * CHANNEL_ID_LEN;
    memcpy(config.local_public, channel_home_dh_public(link->config.home), 32);
    memcpy(config.peer_public, device->dh_public, 32);
    const int head = channel_log_head_write(log_of(peer), config.payload, sizeof config.payload);
    config.payload_len = head > 0 ? (size_t)head : 0;
    peer->session = channel_session_create(&config, peer_now_us());
    if (!peer->session) {
        free(peer);
        return NULL;
    }
    (void)uv_timer_init(loop_of(peer), &peer->timer);
    peer->timer.data = peer;
    peer->created_ms = peer_now_ms(peer);
    peer->handshake_ms = peer->created_ms + PEER_HANDSHAKE_MS + PEER_RELAY_MS;
    peer->listener =
        (struct link_listener){.state = peer_link_state, .log_changed = on_log_changed, .user = peer};
    link_listen(link, &peer->listener);
    return peer;
}

struct channel_peer *channel_peer_dial(struct channel_link *link, const uint8_t device[static 16],
    const struct channel_peer_callbacks *callbacks, void *user)
{
    struct channel_device unknown = {0};
    const struct channel_device *known = channel_log_find(channel_home_log(link->config.home), device);
    uint8_t session_id[CHANNEL_ID_LEN];
    memcpy(unknown.id, device, CHANNEL_ID_LEN);
    channel_crypto_random(session_id, sizeof session_id);
    struct channel_peer *peer = peer_create(link, CHANNEL_INITIATOR, session_id, known ? known : &unknown);
    if (!peer) {
        return NULL;
    }
    peer->callbacks = *callbacks;
    peer->user = user;
    peer->accepted = true;
    /* From the loop, so that no callback comes before the caller has the peer. */
    peer->redial_ms = peer_now_ms(peer) + 1;
    peer_arm(peer);
    return peer;
}

void peer_fail(struct channel_peer *peer, int code, const char *why)
{
    if (!peer_set_state(peer, PEER_CLOSED)) {
        return;
    }
    peer->request = peer->request ? (channel_link_cancel(peer->link, peer->request), 0u) : 0u;
    channel_session_close(peer->session, (uint32_t)code, why);
    char copy[420];
    (void)snprintf(copy, sizeof copy, "%s", why ? why : "");
    if (peer->accepted && !peer->dead && peer->callbacks.closed) {
        peer->callbacks.closed(peer->user, code, copy);
    }
    if (!peer->accepted && !peer->dead) {
        channel_peer_close(peer, (uint32_t)code, copy);
    }
}

static void timer_closed(uv_handle_t *handle)
{
    struct channel_peer *peer = handle->data;
    channel_session_destroy(peer->session);
    free(peer);
}

void channel_peer_close(struct channel_peer *peer, uint32_t reason, const char *text)
{
    if (!peer || peer->dead) {
        return;
    }
    (void)peer_set_state(peer, PEER_CLOSED);
    peer->dead = true;
    if (peer->request) {
        channel_link_cancel(peer->link, peer->request);
    }
    if (peer->log_request) {
        channel_link_cancel(peer->link, peer->log_request);
    }
    link_unlisten(peer->link, &peer->listener);
    peer_set_remove(peer);
    /* What the session still has to say, its goodbye last, leaves with the socket. */
    channel_session_close(peer->session, reason, text);
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        struct peer_transport *transport = &peer->transports[i];
        uint8_t record[CHANNEL_RECORD_MAX];
        while (transport->socket && transport->path >= 0) {
            const int len =
                channel_session_send(peer->session, transport->path, record, sizeof record, peer_now_us());
            if (len <= 0 || channel_socket_push(transport->socket, record, (size_t)len) != 0) {
                break;
            }
        }
        peer_transport_drop(transport, false);
    }
    uv_close((uv_handle_t *)&peer->timer, timer_closed);
}

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
    if (!peer->dead) {
        peer_pump(peer);
    }
}

size_t channel_peer_queued(const struct channel_peer *peer)
{
    size_t queued = 0;
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].socket) {
            queued += channel_socket_queued(peer->transports[i].socket);
        }
    }
    return queued;
}
