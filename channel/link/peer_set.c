#include <stdlib.h>
#include <string.h>

#include "channel/link/peer_internal.h"

struct channel_peer_set {
    struct channel_link *link;
    size_t max;
    size_t count;
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
    if (set->count >= set->max) {
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
    set->count++;
    peer_attach(peer, relay);
}

bool peer_set_accept(struct channel_peer *peer)
{
    struct channel_peer_set *set = peer->set;
    struct channel_peer_callbacks callbacks = {0};
    void *user = NULL;
    if (!set || !set->accept(set->user, peer, &callbacks, &user)) {
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
            set->count--;
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
            peer_fail(peer, HEARTH__LINK__CODE__CODE_DENIED, "revoked");
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
