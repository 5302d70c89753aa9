/* What a link asks of its broker: the queue, the answers that are waited for, connections. */
#include "channel/link/link_internal.h"

#include <stdlib.h>
#include <string.h>

void link_answer(
    struct link_request *slot, const Hearth__Link__FromBroker *message, int code, const char *text)
{
    const struct link_request request = *slot;
    memset(slot, 0, sizeof *slot);
    request.fn(request.user, message, code, text);
}

void link_fail_requests(struct channel_link *link, const char *why)
{
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id != 0) {
            link_answer(&link->requests[i], NULL, HEARTH__LINK__CODE__CODE_OFFLINE, why);
        }
    }
}

void link_drop_queue(struct channel_link *link)
{
    while (link->out) {
        struct link_out *out = link->out;
        link->out = out->next;
        free(out);
    }
    link->out_end = &link->out;
    link->out_count = 0;
}

int link_enqueue(struct channel_link *link, const Hearth__Link__ToBroker *message)
{
    const size_t len = hearth__link__to_broker__get_packed_size(message);
    if (!link->socket || len > LINK_SEND_MAX_BYTES || link->out_count == LINK_QUEUE_MAX) {
        return -1;
    }
    struct link_out *out = malloc(sizeof *out + len);
    if (!out) {
        return -1;
    }
    out->next = NULL;
    out->len = hearth__link__to_broker__pack(message, out->data);
    *link->out_end = out;
    link->out_end = &out->next;
    link->out_count++;
    channel_socket_wake(link->socket);
    return 0;
}

static uint32_t send_in(
    struct channel_link *link, Hearth__Link__ToBroker *message, const struct link_request *ask)
{
    if (!link_online(link)) {
        return 0;
    }
    if (!ask->fn) {
        message->id = 0;
        return link_enqueue(link, message) == 0 ? 1 : 0;
    }
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        struct link_request *slot = &link->requests[i];
        if (slot->id == 0) {
            link->next_id = link->next_id == UINT32_MAX ? 1 : link->next_id + 1;
            message->id = link->next_id;
            if (link_enqueue(link, message) != 0) {
                return 0;
            }
            *slot = *ask;
            slot->id = message->id;
            slot->deadline_ms = link_now_ms(link) + LINK_REQUEST_MS;
            link_arm(link);
            return slot->id;
        }
    }
    return 0;
}

uint32_t link_send(struct channel_link *link, Hearth__Link__ToBroker *message, link_answer_fn *fn, void *user)
{
    const struct link_request ask = {.fn = fn, .user = user};
    return send_in(link, message, &ask);
}

uint32_t link_send_owned(
    struct channel_link *link, Hearth__Link__ToBroker *message, link_answer_fn *fn, void *user)
{
    const struct link_request ask = {.fn = fn, .user = user, .owned = true};
    return send_in(link, message, &ask);
}

void channel_link_cancel(struct channel_link *link, uint32_t request)
{
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        if (request != 0 && link->requests[i].id == request) {
            if (link->requests[i].owned) {
                free(link->requests[i].user);
            }
            memset(&link->requests[i], 0, sizeof link->requests[i]);
        }
    }
}

/* ---- asking for a connection */

struct connecting {
    channel_link_connect_fn *callback;
    void *user;
    uint8_t device_id[CHANNEL_ID_LEN], session_id[CHANNEL_ID_LEN];
};

static void connected(void *user, const Hearth__Link__FromBroker *answered, int code, const char *message)
{
    struct connecting connecting = *(struct connecting *)user;
    free(user);
    if (!answered) {
        connecting.callback(connecting.user, NULL, code, message);
        return;
    }
    const Hearth__Link__Relay *from =
        answered->body_case == HEARTH__LINK__FROM_BROKER__BODY_RELAY ? answered->relay : NULL;
    struct channel_relay relay = {0};
    if (!from || from->path[0] != '/' || strlen(from->path) >= sizeof relay.path || from->token.len == 0 ||
        from->token.len > sizeof relay.token || !link_id_ok(&from->session_id) ||
        memcmp(from->session_id.data, connecting.session_id, CHANNEL_ID_LEN) != 0) {
        connecting.callback(connecting.user, NULL, HEARTH__LINK__CODE__CODE_INTERNAL,
            "The broker's answer does not fit what was asked.");
        return;
    }
    memcpy(relay.path, from->path, strlen(from->path) + 1);
    memcpy(relay.token, from->token.data, from->token.len);
    relay.token_len = from->token.len;
    memcpy(relay.session_id, connecting.session_id, CHANNEL_ID_LEN);
    memcpy(relay.device_id, connecting.device_id, CHANNEL_ID_LEN);
    connecting.callback(connecting.user, &relay, 0, NULL);
    channel_crypto_wipe(&relay, sizeof relay);
}

uint32_t channel_link_connect(struct channel_link *link, const uint8_t device[static 16],
    const uint8_t session_id[static 16], channel_link_connect_fn *callback, void *user)
{
    struct connecting *connecting = malloc(sizeof *connecting);
    if (!connecting) {
        return 0;
    }
    *connecting = (struct connecting){.callback = callback, .user = user};
    memcpy(connecting->device_id, device, CHANNEL_ID_LEN);
    memcpy(connecting->session_id, session_id, CHANNEL_ID_LEN);
    Hearth__Link__Connect connect = HEARTH__LINK__CONNECT__INIT;
    connect.device_id = (ProtobufCBinaryData){CHANNEL_ID_LEN, connecting->device_id};
    connect.session_id = (ProtobufCBinaryData){CHANNEL_ID_LEN, connecting->session_id};
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_CONNECT;
    message.connect = &connect;
    const uint32_t id = link_send_owned(link, &message, connected, connecting);
    if (id == 0) {
        free(connecting);
    }
    return id;
}
