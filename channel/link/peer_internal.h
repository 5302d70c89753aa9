/* The inside of a peer, for peer.c (one session), peer_transport.c (its sockets) and peer_set.c (the host's
 * many). */
#pragma once

#include "channel/link/link_internal.h"
#include "channel/link/peer.h"

enum {
    PEER_TRANSPORTS = 2,          /* the one in use and the one that takes over */
    PEER_HANDSHAKE_MS = 15000,    /* from the relay's first message to an open session */
    PEER_RELAY_MS = 15000,        /* from opening a relay socket to both sides being there */
    PEER_HEAD_MS = 5000,          /* waiting for the log that the other side knows already */
    PEER_RESUME_MS = 60000,       /* a session without a path ends */
    PEER_RESUMES_REFUSED_MAX = 2, /* ready relays that the other side left at once: it forgot us */
    PEER_UNPROVEN_MAX = 8,        /* of a set: who has not shown yet who it is */
    PEER_UNPROVEN_MS = 3000,      /* an honest handshake takes less; then it makes room for a newer one */
    PEER_REDIAL_FIRST_MS = 200,
    PEER_REDIAL_MAX_MS = 3000,
    PEER_READY_MESSAGE_BYTES = 1 + CHANNEL_ID_LEN
};

struct peer_transport {
    struct channel_peer *peer;
    struct channel_socket *socket; /* NULL = free */
    int path;                      /* of the session; -1 until the relay is ready */
    bool token_sent, busy;
    bool up;              /* records flowed on it */
    uint64_t deadline_ms; /* to be ready by */
    struct channel_relay relay;
};

enum peer_state {
    PEER_DIALLING, /* no session on the wire yet */
    PEER_HANDSHAKE,
    PEER_OPEN,
    PEER_CLOSED
};

struct channel_peer {
    struct channel_peer *next;    /* in its set */
    struct channel_peer_set *set; /* NULL when dialled, or when the set is gone */
    struct channel_link *link;
    enum peer_state state;
    enum channel_role role;
    bool accepted; /* callbacks and user are valid */
    bool dead;     /* the owner closed it; memory goes with the timer */
    bool flowing, pumping, again;
    struct channel_peer_callbacks callbacks;
    void *user;
    struct channel_session *session;
    uint8_t session_id[CHANNEL_ID_LEN];
    struct channel_device device; /* the other side, from our log */
    struct peer_transport transports[PEER_TRANSPORTS];
    struct link_listener listener;
    uv_timer_t timer;
    uint64_t created_ms;
    uint32_t request; /* Connect under way */
    uint32_t log_request;
    uint32_t redials;
    uint32_t resumes_refused;
    uint64_t redial_ms;    /* 0 = none planned */
    uint64_t handshake_ms; /* deadline; 0 = none */
    uint64_t lost_ms;      /* since when there is no path; 0 = there is one */
    bool verdict_due;
    uint64_t verdict_ms; /* deadline */
    uint64_t head_count;
    uint8_t head_hash[32];
    uint8_t peer_static[32];
};

struct channel_peer *peer_create(struct channel_link *link, enum channel_role role,
    const uint8_t session_id[static CHANNEL_ID_LEN], const struct channel_device *device);
/* Open a relay socket for this session. */
void peer_attach(struct channel_peer *peer, const struct channel_relay *relay);
/* End with a reason; closed() is told, goodbye is said when there is a path. */
void peer_fail(struct channel_peer *peer, int code, const char *why);
bool peer_revoked(const struct channel_peer *peer);

/* A peer of a set is open: ask the host. False = refused. */
bool peer_set_accept(struct channel_peer *peer);
void peer_set_remove(struct channel_peer *peer);

/* peer.c */
uint64_t peer_now_ms(const struct channel_peer *peer);
uint64_t peer_now_us(void);
/* Only forward; false when it is not. */
bool peer_set_state(struct channel_peer *peer, enum peer_state state);
/* Take all events and let the sockets ask for what there is to say; set the timer anew. */
void peer_pump(struct channel_peer *peer);
void peer_arm(struct channel_peer *peer);

/* peer_transport.c */
void peer_transport_drop(struct peer_transport *transport, bool tell_session);
/* Nothing carries records now, perhaps: say so, and look for another way. */
void peer_path_gone(struct channel_peer *peer);
void peer_dial(struct channel_peer *peer);
void peer_link_state(void *user);
