/* The relay: two WebSockets of one session, paired by one-use tokens; whole messages go across as they
 * are. Loop thread. docs/wire.md section 6. */
#pragma once

#include "broker/broker.h"

#define BROKER_RELAY_PATH "/v1/relay"

struct lws;
struct broker_relay_socket;

enum {
    BROKER_RELAY_TOKEN_S = 30,
    BROKER_RELAYS_MAX = 20000,
    BROKER_RELAYS_DEVICE_MAX = 64, /* opened by one device */
    BROKER_RELAY_STALL_MS = 10000  /* a socket that takes nothing for so long is closed */
};

/* Make a relay between two devices. BROKER_OK, BUSY or NOMEM. */
int broker_relay_offer(struct broker *broker, const uint8_t initiator[static 16],
    const uint8_t responder[static 16], const uint8_t session_id[static 16],
    uint8_t out_initiator_token[static BROKER_TOKEN_LEN],
    uint8_t out_responder_token[static BROKER_TOKEN_LEN]);
/* Close every relay that this device takes part in (it was revoked). */
void broker_relay_drop_device(struct broker *broker, const uint8_t device_id[static 16]);
/* Each second: tokens, sign-in times, sockets that take nothing. */
void broker_relay_tick(struct broker *broker, uint64_t now_us);
/* Close all (1001); the endpoints resume elsewhere. */
void broker_relay_drain(struct broker *broker);
void broker_relay_finish(struct broker *broker);

/* What the socket brings; the meanings are those of broker_link_*. */
struct broker_relay_socket *broker_relay_socket_open(
    struct broker *broker, struct lws *wsi, const char *address);
/* remaining = bytes of this frame still to come, a hint for the buffer. */
int broker_relay_socket_receive(struct broker_relay_socket *socket, const uint8_t *data, size_t len,
    size_t remaining, bool binary, bool final);
int broker_relay_socket_writeable(struct broker_relay_socket *socket);
int broker_relay_socket_timer(struct broker_relay_socket *socket);
void broker_relay_socket_closed(struct broker_relay_socket *socket);
