#include <stdlib.h>
#include <string.h>

#include "channel/link/peer_internal.h"

struct channel_peer_set {
    struct channel_link *link;
    size_t max;
    channel_peer_accept_fn *accept;
    void *user;
    struct channel_peer *peers;
};

struct channel_peer_set *channel_peer_set_create(
    struct channel_link *link, size_t max_peers, channel_peer_accept_fn *accept, void *user)
{
    struct channel_peer_set *set = calloc(1, sizeof *set);
    if (!set) {
        return NULL;
    }
    set->link = link;
    set->max = max_peers;
    set->accept = accept;
    set->user = user;
    return set;
}

static size_t accepted_count(const struct channel_peer_set *set)
{
    size_t count = 0;
    for (const struct channel_peer *peer = set->peers; peer; peer = peer->next) {
        count += peer->accepted;
    }
    return count;
}

/* Sessions have their places, and those who have not proven who they are have few others: whoever can make
 * the broker send strangers fills these and no more. */
static bool make_room(struct channel_peer_set *set)
{
    struct channel_peer *oldest = NULL;
    size_t unproven = 0;
    for (struct channel_peer *peer = set->peers; peer; peer = peer->next) {
        if (!peer->accepted) {
            unproven++;
            oldest = peer; /* the list begins with the newest */
        }
    }
    if (accepted_count(set) >= set->max) {
        return false;
    }
    if (unproven < PEER_UNPROVEN_MAX) {
        return true;
    }
    if (uv_now(channel_net_loop(set->link->config.net)) - oldest->created_ms < PEER_UNPROVEN_MS) {
        return false;
    }
    channel_peer_close(oldest, HEARTH__LINK__CODE__CODE_BUSY, "This computer is busy. Try again.");
    return true;
}

void channel_peer_set_incoming(struct channel_peer_set *set, const struct channel_relay *relay)
{
    for (struct channel_peer *peer = set->peers; peer; peer = peer->next) {
        if (memcmp(peer->session_id, relay->session_id, CHANNEL_ID_LEN) == 0) {
            /* The session's own keys decide whether the one who comes is the one who left. */
            if (memcmp(peer->device.id, relay->device_id, CHANNEL_ID_LEN) == 0) {
                peer_attach(peer, relay);
            }
            return;
        }
    }
    if (!make_room(set)) {
        return;
    }
    /* The broker's word about who comes; the handshake proves it or fails. */
    struct channel_device device = {0};
    memcpy(device.id, relay->device_id, CHANNEL_ID_LEN);
    struct channel_peer *peer = peer_create(set->link, CHANNEL_RESPONDER, relay->session_id, &device);
    if (!peer) {
        return;
    }
    peer->set = set;
    peer->next = set->peers;
    set->peers = peer;
    peer_attach(peer, relay);
}

bool peer_set_accept(struct channel_peer *peer)
{
    struct channel_peer_set *set = peer->set;
    struct channel_peer_callbacks callbacks = {0};
    void *user = NULL;
    if (!set || accepted_count(set) >= set->max || !set->accept(set->user, peer, &callbacks, &user)) {
        return false;
    }
    peer->callbacks = callbacks;
    peer->user = user;
    peer->accepted = true;
    return true;
}

void peer_set_remove(struct channel_peer *peer)
{
    struct channel_peer_set *set = peer->set;
    if (!set) {
        return;
    }
    for (struct channel_peer **at = &set->peers; *at; at = &(*at)->next) {
        if (*at == peer) {
            *at = peer->next;
            break;
        }
    }
    peer->set = NULL;
}

void channel_peer_set_check(struct channel_peer_set *set)
{
    struct channel_peer *next = NULL;
    for (struct channel_peer *peer = set->peers; peer; peer = next) {
        next = peer->next;
        if (peer->accepted && peer_revoked(peer)) {
            peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "This device was removed from the account.");
        }
    }
}

void channel_peer_set_destroy(struct channel_peer_set *set)
{
    if (!set) {
        return;
    }
    while (set->peers) {
        struct channel_peer *peer = set->peers;
        set->peers = peer->next;
        peer->set = NULL;
        if (!peer->accepted) {
            channel_peer_close(peer, 0, "");
        }
    }
    free(set);
}
