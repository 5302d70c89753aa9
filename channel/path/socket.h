/* One WebSocket of a channel_net: a pipe of whole binary messages that keeps no queue of its own. It
 * asks for the next message when the system's socket can take one, so what leaves is always the newest
 * and nothing waits in front of a key press. No Origin header is sent. Loop thread only. */
#pragma once

#include "channel/path/net.h"

struct channel_socket;

enum {
    CHANNEL_SOCKET_NOTSENT_BYTES = 16 * 1024, /* TCP_NOTSENT_LOWAT */
    CHANNEL_SOCKET_TAIL_BYTES = 512 * 1024,   /* what may be left to say when closing */
    CHANNEL_SOCKET_TAIL_MS = 2000
};

struct channel_socket_ops {
    void (*open)(void *user);
    /* One whole message, borrowed for the call. */
    void (*message)(void *user, const uint8_t *data, size_t len);
    /* The socket can take one message: write it to out and return its length, or 0 for none (then
     * channel_socket_wake asks again). */
    size_t (*produce)(void *user, uint8_t *out, size_t cap);
    /* Once, and nothing after it; also when it never opened. ws_code: the close code the other side
     * gave, 0 = none. why: a sentence for people. The socket is still the caller's to close. */
    void (*closed)(void *user, int ws_code, const char *why);
};

struct channel_socket_config {
    struct channel_net *net;
    const char *path;                     /* "/v1/link" */
    const char *protocol;                 /* subprotocol asked for */
    size_t message_max;                   /* bytes of an arriving message; a longer one ends the socket */
    size_t send_max;                      /* cap given to produce */
    const struct channel_socket_ops *ops; /* all mandatory; static */
    void *user;
};

/* Begins to connect. NULL when out of memory. */
struct channel_socket *channel_socket_create(const struct channel_socket_config *config);
/* There is something to produce. */
void channel_socket_wake(struct channel_socket *socket);
/* Bytes handed to the system that have not left this machine. */
size_t channel_socket_queued(const struct channel_socket *socket);
/* One more message to go before the end, after what produce gave: for farewells. 0, or -1 when not open
 * or over CHANNEL_SOCKET_TAIL_BYTES. */
int channel_socket_push(struct channel_socket *socket, const uint8_t *data, size_t len);
/* No callback after it returns; pushed messages still leave within CHANNEL_SOCKET_TAIL_MS. Safe inside
 * callbacks. NULL is fine. */
void channel_socket_close(struct channel_socket *socket);
