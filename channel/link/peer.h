/* A channel session bound to relay sockets: pumps records, answers the handshake's questions with the
 * home's device key, verifies the peer against the account log, and resumes over a new relay when one
 * is lost. Used by the host (incoming) and by native viewers (dial). libuv loop thread only. */
#pragma once

#include "channel/core/session.h"
#include "channel/link/link.h"

struct channel_peer;

struct channel_peer_callbacks {
    /* The session is up and the peer is a checked device of the account (borrowed for the call). */
    void (*open)(void *user, const struct channel_device *peer);
    /* Stream and message events, RTT; never handshake or path events. */
    void (*event)(void *user, const struct channel_event *event);
    /* Records flow (true) or the session has no path now (false). */
    void (*flowing)(void *user, bool flowing);
    /* Final, called once; why is a sentence for people. code: link.proto Code, 0 = ended in order.
     * The peer is still yours to free with channel_peer_close, here or later. */
    void (*closed)(void *user, int code, const char *why);
    /* Everything handed to the transport left it: good time to write more. */
    void (*drained)(void *user);
};

/* Dial a device of the account. NULL when out of memory. */
struct channel_peer *channel_peer_dial(struct channel_link *link, const uint8_t device[static 16],
    const struct channel_peer_callbacks *callbacks, void *user);

/* The host's side: give every Incoming to the set; it makes peers for new sessions and feeds resumes to
 * existing ones. accept comes when a session is up and its peer was checked (channel_peer_device tells
 * who): it fills the callbacks and user of the new one, whose open callback follows at once, or returns
 * false to refuse. An accepted peer is the host's to free with channel_peer_close. */
struct channel_peer_set;
typedef bool channel_peer_accept_fn(
    void *user, struct channel_peer *peer, struct channel_peer_callbacks *out_callbacks, void **out_user);
struct channel_peer_set *channel_peer_set_create(
    struct channel_link *link, size_t max_peers, channel_peer_accept_fn *accept, void *user);
void channel_peer_set_incoming(struct channel_peer_set *set, const struct channel_relay *relay);
/* The log changed: peers whose device is no longer active are closed, and are told so. */
void channel_peer_set_check(struct channel_peer_set *set);
/* Sessions that were not accepted yet end; close the accepted ones before. */
void channel_peer_set_destroy(struct channel_peer_set *set);

/* The session, for streams and messages; call channel_peer_flush after writing to it. */
struct channel_session *channel_peer_session(struct channel_peer *peer);
const struct channel_device *channel_peer_device(struct channel_peer *peer);
void channel_peer_flush(struct channel_peer *peer);
/* Bytes handed to the transport that have not left it. */
size_t channel_peer_queued(const struct channel_peer *peer);
/* Say goodbye and free; no callback after it returns. Safe inside callbacks. */
void channel_peer_close(struct channel_peer *peer, uint32_t reason, const char *text);
