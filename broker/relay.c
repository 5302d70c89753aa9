#include "broker/relay.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "broker/error.h"
#include "broker/link.h"
#include "broker/relay_queue.h"

enum { RELAY_READY = 0x06, RELAY_CLOSE_WAIT_US = 2000000 };

struct broker_relay_socket {
    struct broker_relay_socket *next, *previous; /* of all sockets */
    struct broker *broker;
    struct lws *wsi;
    struct relay *relay; /* NULL before the token, and after the end */
    int side;
    char address[BROKER_ADDRESS_MAX];
    struct broker_relay_queue out;
    struct broker_relay_message *rx; /* a message of which a part has come */
    bool paused;                     /* we do not read from it */
    bool ready_due;
    uint64_t opened_us;
    uint64_t took_us; /* when it last took a message, or when its queue began to fill */
    int close_code;   /* 0 = open */
    const char *close_reason;
    uint64_t ended_us;
};

struct relay {
    struct broker_map_node node;
    uint64_t number;
    uint8_t device[2][16];
    uint8_t session_id[16];
    uint64_t expires_us; /* until both are there */
    struct broker_relay_socket *socket[2];
    bool ready;
    uint64_t bytes;
};

/* ---- pairs ---- */

struct count {
    const uint8_t *device;
    size_t count;
};

static void count_device(struct broker_map_node *node, void *context)
{
    const struct relay *relay = BROKER_MAP_ENTRY(node, struct relay, node);
    struct count *count = context;
    count->count += memcmp(relay->device[0], count->device, 16) == 0;
}

int broker_relay_offer(struct broker *broker, const uint8_t initiator[static 16],
    const uint8_t responder[static 16], const uint8_t session_id[static 16],
    uint8_t out_initiator_token[static BROKER_TOKEN_LEN],
    uint8_t out_responder_token[static BROKER_TOKEN_LEN])
{
    struct count count = {initiator, 0};
    if (broker->relays.count >= BROKER_RELAYS_MAX)
        return BROKER_ERR_BUSY;
    broker_map_each(&broker->relays, count_device, &count);
    if (count.count >= BROKER_RELAYS_DEVICE_MAX)
        return BROKER_ERR_BUSY;
    struct relay *relay = calloc(1, sizeof *relay);
    uint8_t key[BROKER_MAP_KEY_LEN];
    if (!relay)
        return BROKER_ERR_NOMEM;
    relay->number = ++broker->next_number;
    broker_map_key_u64(key, relay->number);
    if (broker_map_insert(&broker->relays, key, &relay->node) < 0) {
        free(relay);
        return BROKER_ERR_NOMEM;
    }
    uint64_t now_us = broker_now_us();
    memcpy(relay->device[0], initiator, 16);
    memcpy(relay->device[1], responder, 16);
    memcpy(relay->session_id, session_id, 16);
    relay->expires_us = now_us + BROKER_RELAY_TOKEN_S * UINT64_C(1000000);
    uint8_t value[BROKER_TOKEN_VALUE_LEN] = {0};
    memcpy(value, &relay->number, sizeof relay->number);
    int err = broker_tokens_issue(broker->relay_tokens, now_us, value, out_initiator_token);
    value[8] = 1;
    if (err == BROKER_OK)
        err = broker_tokens_issue(broker->relay_tokens, now_us, value, out_responder_token);
    if (err != BROKER_OK) {
        broker_map_remove(&broker->relays, &relay->node);
        free(relay);
        return err;
    }
    broker->metrics.relays_total++;
    broker->metrics.relays_now++;
    return BROKER_OK;
}

/* Let go of the socket's relay and ask for the close frame. */
static void end_socket(struct broker_relay_socket *socket, int code, const char *reason)
{
    if (socket->close_code)
        return;
    socket->close_code = code;
    socket->close_reason = reason;
    socket->ended_us = broker_now_us();
    socket->relay = NULL;
    lws_callback_on_writable(socket->wsi);
}

/* The relay ends: what waits for a side that still takes is sent first. */
static void end_relay(struct broker *broker, struct relay *relay, int code, const char *reason)
{
    for (int side = 0; side < 2; side++) {
        if (relay->socket[side])
            end_socket(relay->socket[side], code, reason);
    }
    broker_map_remove(&broker->relays, &relay->node);
    broker->metrics.relays_now--;
    free(relay);
}

/* ---- sockets ---- */

struct broker_relay_socket *broker_relay_socket_open(
    struct broker *broker, struct lws *wsi, const char *address)
{
    struct broker_relay_socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return NULL;
    socket->broker = broker;
    socket->wsi = wsi;
    (void)snprintf(socket->address, sizeof socket->address, "%s", address);
    socket->opened_us = socket->took_us = broker_now_us();
    socket->next = broker->relay_sockets;
    if (socket->next)
        socket->next->previous = socket;
    broker->relay_sockets = socket;
    broker->metrics.relay_sockets_now++;
    return socket;
}

static void set_paused(struct broker_relay_socket *socket, bool paused)
{
    if (socket->paused == paused)
        return;
    socket->paused = paused;
    if (paused)
        socket->broker->metrics.relay_pauses++;
    (void)lws_rx_flow_control(socket->wsi, paused ? 0 : 1);
}

static void make_ready(struct relay *relay)
{
    relay->ready = true;
    for (int side = 0; side < 2; side++) {
        relay->socket[side]->ready_due = true;
        relay->socket[side]->took_us = broker_now_us();
        lws_callback_on_writable(relay->socket[side]->wsi);
        set_paused(relay->socket[side], false);
    }
}

/* The first message: the token. */
static void sign_in(struct broker_relay_socket *socket, const uint8_t *data, size_t len)
{
    struct broker *broker = socket->broker;
    uint8_t value[BROKER_TOKEN_VALUE_LEN];
    uint64_t number = 0;
    struct broker_map_node *node = NULL;
    if (len == BROKER_TOKEN_LEN && broker_tokens_take(broker->relay_tokens, broker_now_us(), data, value)) {
        uint8_t key[BROKER_MAP_KEY_LEN];
        memcpy(&number, value, sizeof number);
        broker_map_key_u64(key, number);
        node = broker_map_find(&broker->relays, key);
    }
    struct relay *relay = node ? BROKER_MAP_ENTRY(node, struct relay, node) : NULL;
    if (!relay || relay->socket[value[8]]) {
        broker_log("relay", "%s: refused: no such token", socket->address);
        end_socket(socket, BROKER_CLOSE_DENIED, "The token is not known or too old.");
        return;
    }
    socket->relay = relay;
    socket->side = value[8];
    relay->socket[socket->side] = socket;
    if (relay->socket[0] && relay->socket[1])
        make_ready(relay);
    else
        set_paused(socket, true); /* nothing of it is kept before there is someone to send it to */
}

static void forward(struct broker_relay_socket *socket, struct broker_relay_message *message)
{
    struct relay *relay = socket->relay;
    struct broker_relay_socket *other = relay->socket[!socket->side];
    if (!relay->ready || !other) {
        free(message);
        end_relay(socket->broker, relay, BROKER_CLOSE_BAD, "The other side is not there yet.");
        return;
    }
    unsigned lane = message->len > 1 ? broker_relay_message_data(message)[1] >> 6 : 2;
    socket->broker->metrics.relay_messages++;
    socket->broker->metrics.relay_bytes[lane > 2 ? 2 : lane] += message->len;
    relay->bytes += message->len;
    if (!other->out.bytes)
        other->took_us = broker_now_us();
    broker_relay_queue_push(&other->out, message);
    lws_callback_on_writable(other->wsi);
    set_paused(socket, broker_relay_queue_should_pause(&other->out, socket->paused));
}

int broker_relay_socket_receive(struct broker_relay_socket *socket, const uint8_t *data, size_t len,
    size_t remaining, bool binary, bool final)
{
    if (socket->close_code)
        return 0;
    size_t have = socket->rx ? socket->rx->len : 0;
    if (!binary || len > BROKER_RELAY_MESSAGE_MAX - have) {
        const char *reason = binary ? "A message is too long." : "Messages are binary.";
        if (socket->relay)
            end_relay(socket->broker, socket->relay, BROKER_CLOSE_LARGE, reason);
        end_socket(socket, BROKER_CLOSE_LARGE, reason);
        return 0;
    }
    if (!socket->rx || socket->rx->cap - have < len) {
        /* Exactly what is to come when it is one frame; the most a message may have when it is not. */
        size_t cap = have + len + remaining;
        if (have || cap > BROKER_RELAY_MESSAGE_MAX || (!final && !remaining))
            cap = BROKER_RELAY_MESSAGE_MAX;
        struct broker_relay_message *grown = broker_relay_message_create(cap);
        if (!grown)
            return -1;
        if (socket->rx) {
            memcpy(broker_relay_message_data(grown), broker_relay_message_data(socket->rx), have);
            grown->len = have;
            free(socket->rx);
        }
        socket->rx = grown;
    }
    memcpy(broker_relay_message_data(socket->rx) + have, data, len);
    socket->rx->len += len;
    if (!final)
        return 0;
    struct broker_relay_message *message = socket->rx;
    socket->rx = NULL;
    if (socket->relay) {
        forward(socket, message);
    } else {
        sign_in(socket, broker_relay_message_data(message), message->len);
        free(message);
    }
    return 0;
}

static int write_ready(struct broker_relay_socket *socket)
{
    uint8_t room[LWS_PRE + 17];
    room[LWS_PRE] = RELAY_READY;
    memcpy(room + LWS_PRE + 1, socket->relay->session_id, 16);
    socket->ready_due = false;
    return lws_write(socket->wsi, room + LWS_PRE, 17, LWS_WRITE_BINARY) < 17 ? -1 : 0;
}

int broker_relay_socket_writeable(struct broker_relay_socket *socket)
{
    if (socket->relay && socket->ready_due) {
        if (write_ready(socket) < 0)
            return -1;
        lws_callback_on_writable(socket->wsi);
        return 0;
    }
    struct broker_relay_message *message = broker_relay_queue_pop(&socket->out);
    if (message) {
        int len = (int)message->len;
        int sent = lws_write(socket->wsi, broker_relay_message_data(message), message->len, LWS_WRITE_BINARY);
        free(message);
        if (sent < len)
            return -1;
        socket->took_us = broker_now_us();
        if (socket->relay && socket->relay->socket[!socket->side]) {
            struct broker_relay_socket *source = socket->relay->socket[!socket->side];
            set_paused(source, broker_relay_queue_should_pause(&socket->out, source->paused));
        }
        if (socket->out.bytes || socket->close_code)
            lws_callback_on_writable(socket->wsi);
        return 0;
    }
    if (socket->close_code)
        lws_set_timer_usecs(socket->wsi, 1);
    return 0;
}

int broker_relay_socket_timer(struct broker_relay_socket *socket)
{
    if (!socket->close_code)
        return 0;
    lws_close_reason(socket->wsi, (enum lws_close_status)socket->close_code,
        (unsigned char *)socket->close_reason, strlen(socket->close_reason));
    return -1;
}

void broker_relay_socket_closed(struct broker_relay_socket *socket)
{
    struct broker *broker = socket->broker;
    if (socket->relay) {
        socket->relay->socket[socket->side] = NULL;
        end_relay(broker, socket->relay, BROKER_CLOSE_GONE, "The other side has gone.");
    }
    if (socket->previous)
        socket->previous->next = socket->next;
    else
        broker->relay_sockets = socket->next;
    if (socket->next)
        socket->next->previous = socket->previous;
    broker->metrics.relay_sockets_now--;
    broker_relay_queue_finish(&socket->out);
    free(socket->rx);
    free(socket);
}

/* ---- all of them ---- */

struct sweep {
    struct broker *broker;
    const uint8_t *device; /* only its relays; NULL = see all */
    uint64_t now_us;       /* end those that never became ready by now; 0 = end all that match */
};

static void sweep(struct broker_map_node *node, void *context)
{
    struct relay *relay = BROKER_MAP_ENTRY(node, struct relay, node);
    const struct sweep *s = context;
    if (s->device) {
        if (memcmp(relay->device[0], s->device, 16) == 0 || memcmp(relay->device[1], s->device, 16) == 0)
            end_relay(s->broker, relay, BROKER_CLOSE_DENIED, "The device was removed from the account.");
    } else if (!s->now_us) {
        end_relay(s->broker, relay, BROKER_CLOSE_GOING, "The broker goes away for a moment.");
    } else if (!relay->ready && relay->expires_us <= s->now_us) {
        s->broker->metrics.relay_expired++;
        end_relay(s->broker, relay, BROKER_CLOSE_GONE, "The other side did not come.");
    }
}

void broker_relay_drop_device(struct broker *broker, const uint8_t device_id[static 16])
{
    struct sweep context = {broker, device_id, 0};
    broker_map_each(&broker->relays, sweep, &context);
}

void broker_relay_drain(struct broker *broker)
{
    struct sweep context = {broker, NULL, 0};
    broker_map_each(&broker->relays, sweep, &context);
}

void broker_relay_tick(struct broker *broker, uint64_t now_us)
{
    struct sweep context = {broker, NULL, now_us};
    broker_map_each(&broker->relays, sweep, &context);
    for (struct broker_relay_socket *socket = broker->relay_sockets; socket; socket = socket->next) {
        if (socket->close_code) {
            /* As long as it takes what is left, it gets it. */
            uint64_t moved_us = socket->took_us > socket->ended_us ? socket->took_us : socket->ended_us;
            if (now_us - moved_us > RELAY_CLOSE_WAIT_US)
                lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        } else if (!socket->relay && now_us - socket->opened_us > BROKER_SIGN_IN_MS * UINT64_C(1000)) {
            end_socket(socket, BROKER_CLOSE_DENIED, "No token came in time.");
        } else if (socket->out.bytes && now_us - socket->took_us > BROKER_RELAY_STALL_MS * UINT64_C(1000)) {
            broker->metrics.relay_stalled++;
            broker_log("relay", "%s: took nothing for %u ms: closed", socket->address,
                (unsigned)BROKER_RELAY_STALL_MS);
            end_relay(broker, socket->relay, BROKER_CLOSE_SLOW, "A side took nothing for too long.");
        }
    }
}

void broker_relay_finish(struct broker *broker)
{
    broker_relay_drain(broker);
    broker_map_finish(&broker->relays);
}
