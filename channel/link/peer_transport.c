/* The relay sockets of a peer: dialling, taking over, losing them. */
#include "channel/link/peer_internal.h"

#include <string.h>

void peer_transport_drop(struct peer_transport *transport, bool tell_session)
{
    struct channel_peer *peer = transport->peer;
    struct channel_socket *socket = transport->socket;
    const int path = transport->path;
    if (!socket) {
        return;
    }
    transport->socket = NULL;
    transport->path = -1;
    channel_crypto_wipe(&transport->relay, sizeof transport->relay);
    channel_socket_close(socket);
    if (tell_session && path >= 0 && peer->session) {
        channel_session_path_lost(peer->session, path, peer_now_us());
    }
}

static void plan_redial(struct channel_peer *peer)
{
    if (peer->role != CHANNEL_INITIATOR || peer->redial_ms != 0 || peer->request != 0 ||
        peer->state == PEER_CLOSED) {
        return;
    }
    uint64_t wait = (uint64_t)PEER_REDIAL_FIRST_MS << (peer->redials < 4 ? peer->redials : 4);
    uint16_t jitter = 0;
    channel_crypto_random((uint8_t *)&jitter, sizeof jitter);
    wait = wait < PEER_REDIAL_MAX_MS ? wait : PEER_REDIAL_MAX_MS;
    peer->redials++;
    peer->redial_ms = peer_now_ms(peer) + wait / 2 + jitter % (wait / 2 + 1);
}

static bool any_path(const struct channel_peer *peer)
{
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].path >= 0) {
            return true;
        }
    }
    return false;
}

static bool any_transport(const struct channel_peer *peer)
{
    for (size_t i = 0; i < PEER_TRANSPORTS; i++) {
        if (peer->transports[i].socket) {
            return true;
        }
    }
    return false;
}

/* Nothing carries records now: say so, and look for another way. */
void peer_path_gone(struct channel_peer *peer)
{
    if (peer->state == PEER_CLOSED || any_path(peer)) {
        return;
    }
    if (peer->lost_ms == 0) {
        peer->lost_ms = peer_now_ms(peer);
    }
    if (peer->flowing) {
        peer->flowing = false;
        if (peer->accepted && peer->callbacks.flowing) {
            peer->callbacks.flowing(peer->user, false);
        }
    }
    if (peer->state == PEER_HANDSHAKE) {
        /* Half a handshake cannot be resumed; whoever dialled may dial again. */
        peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE,
            "The other computer ended the connection before it was set up.");
    } else if (!peer->dead && !any_transport(peer)) {
        plan_redial(peer);
    }
}

static void on_open(void *user)
{
    struct peer_transport *transport = user;
    channel_socket_wake(transport->socket);
}

static void on_message(void *user, const uint8_t *data, size_t len)
{
    struct peer_transport *transport = user;
    struct channel_peer *peer = transport->peer;
    if (transport->path >= 0) {
        if (channel_session_receive(peer->session, transport->path, data, len, peer_now_us()) != 0) {
            /* The events say what it means; a path that breaks rules is over in any case. */
            peer_transport_drop(transport, true);
        }
        peer_pump(peer);
        return;
    }
    if (len != PEER_READY_MESSAGE_BYTES || data[0] != 0x06 ||
        memcmp(data + 1, peer->session_id, CHANNEL_ID_LEN) != 0) {
        peer_transport_drop(transport, false);
        peer_path_gone(peer);
        peer_arm(peer);
        return;
    }
    transport->path = channel_session_path_add(peer->session, peer_now_us());
    if (transport->path < 0) {
        transport->path = -1;
        peer_transport_drop(transport, false);
        peer_path_gone(peer);
    } else if (peer_set_state(peer, PEER_HANDSHAKE)) {
        peer->handshake_ms = peer_now_ms(peer) + PEER_HANDSHAKE_MS;
    }
    peer_pump(peer);
}

static size_t on_produce(void *user, uint8_t *out, size_t cap)
{
    struct peer_transport *transport = user;
    struct channel_peer *peer = transport->peer;
    if (!transport->token_sent) {
        transport->token_sent = true;
        memcpy(out, transport->relay.token, transport->relay.token_len);
        return transport->relay.token_len;
    }
    if (transport->path < 0) {
        return 0;
    }
    const int len = channel_session_send(peer->session, transport->path, out, cap, peer_now_us());
    if (len > 0) {
        transport->busy = true;
        /* Events of the send too: a callback here could close the socket under its own record. */
        peer_arm(peer);
        return (size_t)len;
    }
    if (transport->busy) {
        transport->busy = false;
        if (peer->accepted && !peer->dead && peer->callbacks.drained) {
            peer->callbacks.drained(peer->user);
        }
        if (!peer->dead && transport->path >= 0) {
            const int more = channel_session_send(peer->session, transport->path, out, cap, peer_now_us());
            if (more > 0) {
                transport->busy = true;
                peer_arm(peer);
                return (size_t)more;
            }
        }
    }
    peer_arm(peer);
    return 0;
}

static void on_closed(void *user, int ws_code, const char *why)
{
    struct peer_transport *transport = user;
    struct channel_peer *peer = transport->peer;
    (void)ws_code;
    (void)why;
    if (peer->state == PEER_OPEN && peer->role == CHANNEL_INITIATOR && transport->path >= 0 &&
        !transport->up) {
        peer->resumes_refused++;
    }
    peer_transport_drop(transport, true);
    if (peer->resumes_refused >= PEER_RESUMES_REFUSED_MAX) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_OFFLINE,
            "The other computer no longer knows this session; it was restarted.");
    }
    peer_path_gone(peer);
    peer_pump(peer);
}

static const struct channel_socket_ops socket_ops = {
    .open = on_open, .message = on_message, .produce = on_produce, .closed = on_closed};

void peer_attach(struct channel_peer *peer, const struct channel_relay *relay)
{
    struct peer_transport *transport = NULL;
    for (size_t i = 0; i < PEER_TRANSPORTS && !transport; i++) {
        if (!peer->transports[i].socket) {
            transport = &peer->transports[i];
        }
    }
    for (size_t i = 0; i < PEER_TRANSPORTS && !transport; i++) {
        /* One that never became ready makes room for the newest. */
        if (peer->transports[i].path < 0) {
            transport = &peer->transports[i];
            peer_transport_drop(transport, false);
        }
    }
    if (!transport || peer->state == PEER_CLOSED) {
        return;
    }
    transport->relay = *relay;
    transport->path = -1;
    transport->token_sent = false;
    transport->busy = false;
    transport->up = false;
    transport->deadline_ms = peer_now_ms(peer) + PEER_RELAY_MS;
    const struct channel_socket_config config = {
        .net = peer->link->config.net,
        .path = relay->path,
        .protocol = "hearth-relay-1",
        .message_max = CHANNEL_RECORD_MAX,
        .send_max = CHANNEL_RECORD_MAX,
        .ops = &socket_ops,
        .user = transport,
    };
    transport->socket = channel_socket_create(&config);
    if (!transport->socket) {
        peer_path_gone(peer);
    }
    peer_arm(peer);
}

/* ---- dialling */

static void on_relay(void *user, const struct channel_relay *relay, int code, const char *message)
{
    struct channel_peer *peer = user;
    peer->request = 0;
    if (peer->dead || peer->state == PEER_CLOSED) {
        return;
    }
    if (relay) {
        peer_attach(peer, relay);
        return;
    }
    if (peer->state == PEER_DIALLING && code != HEARTH__LINK__CODE__CODE_BUSY) {
        peer_fail(peer, code, message);
        return;
    }
    if (code == HEARTH__LINK__CODE__CODE_DENIED || code == HEARTH__LINK__CODE__CODE_NOT_FOUND) {
        peer_fail(peer, code, message);
        return;
    }
    plan_redial(peer);
    peer_arm(peer);
}

void peer_dial(struct channel_peer *peer)
{
    peer->redial_ms = 0;
    if (peer->request != 0 || any_transport(peer) || peer->state == PEER_CLOSED) {
        return;
    }
    if (peer->link->state == CHANNEL_LINK_REFUSED) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, peer->link->why);
        return;
    }
    if (!link_online(peer->link)) {
        return; /* the listener dials when the link is back */
    }
    peer->request = channel_link_connect(peer->link, peer->device.id, peer->session_id, on_relay, peer);
    if (peer->request == 0) {
        plan_redial(peer);
    }
    peer_arm(peer);
}

void peer_link_state(void *user)
{
    struct channel_peer *peer = user;
    if (peer->dead || peer->state == PEER_CLOSED) {
        return;
    }
    if (peer->link->state == CHANNEL_LINK_REFUSED) {
        peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, peer->link->why);
        return;
    }
    if (peer->role == CHANNEL_INITIATOR && link_online(peer->link) && !any_path(peer)) {
        peer->redials = 0;
        peer_dial(peer);
    }
}
