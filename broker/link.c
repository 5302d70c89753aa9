#include "broker/link.h"

#include <libwebsockets.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/enrol.h"
#include "broker/error.h"
#include "broker/presence.h"
#include "broker/relay.h"
#include "broker/request.h"

struct broker_link_message {
    struct broker_link_message *next;
    size_t len;
    uint8_t room[];
};

enum {
    LINK_CLOSE_WAIT_US = 2000000, /* for the close frame to leave; then the socket is dropped */
    LINK_PROBE_US = 900000,       /* of silence, while anyone looks */
    LINK_ENROL_PROBE_US = 8000000 /* of silence, of a PC that waits to be enrolled */
};

struct broker_link *broker_link_open(
    struct broker *broker, struct lws *wsi, const char *host, const char *address)
{
    struct broker_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    uint8_t key[BROKER_MAP_KEY_LEN];
    link->number = ++broker->next_number;
    broker_map_key_u64(key, link->number);
    if (broker_map_insert(&broker->links, key, &link->node) < 0) {
        free(link);
        return NULL;
    }
    link->broker = broker;
    link->wsi = wsi;
    (void)snprintf(link->host, sizeof link->host, "%s", host);
    (void)snprintf(link->address, sizeof link->address, "%s", address);
    randombytes_buf(link->nonce, sizeof link->nonce);
    link->opened_us = link->heard_us = broker_now_us();
    broker->metrics.links_total++;
    broker->metrics.links_now++;

    Hearth__Link__Challenge challenge = HEARTH__LINK__CHALLENGE__INIT;
    challenge.nonce = (ProtobufCBinaryData){sizeof link->nonce, link->nonce};
    challenge.time_ms = broker_now_ms();
    challenge.version = (char *)HEARTH_VERSION;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_CHALLENGE;
    message.challenge = &challenge;
    broker_link_send(link, &message);
    return link;
}

struct broker_link *broker_link_find(struct broker *broker, uint64_t number)
{
    uint8_t key[BROKER_MAP_KEY_LEN];
    broker_map_key_u64(key, number);
    struct broker_map_node *node = broker_map_find(&broker->links, key);
    if (!node)
        return NULL;
    struct broker_link *link = BROKER_MAP_ENTRY(node, struct broker_link, node);
    return link->state == BROKER_LINK_ENDED ? NULL : link;
}

void broker_link_wake(struct broker_link *link)
{
    lws_callback_on_writable(link->wsi);
}

/* ---- sending ---- */

static void queue_push(struct broker_link *link, struct broker_link_message *message)
{
    link->queued_bytes += message->len;
    if (link->last)
        link->last->next = message;
    else
        link->first = message;
    link->last = message;
    broker_link_wake(link);
}

static struct broker_link_message *queue_reserve(struct broker_link *link, size_t len)
{
    if (link->state == BROKER_LINK_ENDED)
        return NULL;
    struct broker_link_message *message = NULL;
    if (len <= BROKER_LINK_TX_MAX && link->queued_bytes + len <= BROKER_LINK_QUEUE_MAX)
        message = malloc(sizeof *message + LWS_PRE + len);
    if (!message) {
        broker_link_end(link, BROKER_CLOSE_SLOW, "The endpoint does not take what it is sent.");
        return NULL;
    }
    message->next = NULL;
    message->len = len;
    return message;
}

void broker_link_send_packed(struct broker_link *link, const uint8_t *packed, size_t len)
{
    struct broker_link_message *message = queue_reserve(link, len);
    if (!message)
        return;
    memcpy(message->room + LWS_PRE, packed, len);
    queue_push(link, message);
}

void broker_link_send(struct broker_link *link, const Hearth__Link__FromBroker *from_broker)
{
    struct broker_link_message *message =
        queue_reserve(link, hearth__link__from_broker__get_packed_size(from_broker));
    if (!message)
        return;
    hearth__link__from_broker__pack(from_broker, message->room + LWS_PRE);
    queue_push(link, message);
}

void broker_link_send_error(
    struct broker_link *link, uint32_t re, Hearth__Link__Code code, const char *text, uint32_t retry_ms)
{
    Hearth__Link__Error error = HEARTH__LINK__ERROR__INIT;
    error.code = code;
    error.message = (char *)text;
    error.retry_ms = retry_ms;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_ERROR;
    message.error = &error;
    broker_link_send(link, &message);
}

void broker_link_send_done(struct broker_link *link, uint32_t re)
{
    Hearth__Link__Done done = HEARTH__LINK__DONE__INIT;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_DONE;
    message.done = &done;
    if (re)
        broker_link_send(link, &message);
}

void broker_link_send_log(struct broker_link *link, uint64_t from, uint32_t re, uint64_t *out_next)
{
    const struct broker_account *account = link->account;
    uint64_t total = account->committed;
    if (from > total)
        from = total; /* the endpoint holds more than we do: it sees that and refuses */
    size_t bytes = 0, count = 0, len;
    for (uint64_t seq = from; seq < total && channel_log_entry(account->log, seq, &len); seq++) {
        if (bytes + len > BROKER_LINK_LOG_CHUNK)
            break;
        bytes += len;
        count++;
    }
    ProtobufCBinaryData *entries = calloc(count ? count : 1, sizeof *entries);
    if (!entries) {
        broker_link_end(link, BROKER_CLOSE_SLOW, "The broker is out of memory.");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *entry = channel_log_entry(account->log, from + i, &len);
        entries[i] = (ProtobufCBinaryData){len, (uint8_t *)entry};
    }
    Hearth__Link__LogEntries log = HEARTH__LINK__LOG_ENTRIES__INIT;
    log.from = from;
    log.n_entries = count;
    log.entries = entries;
    log.total = total;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES;
    message.log_entries = &log;
    broker_link_send(link, &message);
    free(entries);
    if (out_next)
        *out_next = from + count;
}

int broker_link_writeable(struct broker_link *link)
{
    if (!link->first && link->state == BROKER_LINK_ACTIVE) {
        /* Made only now: an endpoint that reads slowly makes us hold one piece, not the whole log. */
        if (link->log_due || link->log_sent < link->account->committed) {
            link->log_due = false;
            broker_link_send_log(link, link->log_sent, 0, &link->log_sent);
        } else if (link->presence_due) {
            link->presence_due = false;
            broker_presence_send_full(link);
        }
    }
    struct broker_link_message *message = link->first;
    if (message) {
        link->first = message->next;
        if (!link->first)
            link->last = NULL;
        link->queued_bytes -= message->len;
        int sent = lws_write(link->wsi, message->room + LWS_PRE, message->len, LWS_WRITE_BINARY);
        bool failed = sent < (int)message->len;
        free(message);
        if (failed)
            return -1;
        broker_link_wake(link);
        return 0;
    }
    if (link->state == BROKER_LINK_ENDED)
        lws_set_timer_usecs(link->wsi, 1);
    return 0;
}

int broker_link_timer(struct broker_link *link)
{
    if (link->state != BROKER_LINK_ENDED)
        return 0;
    lws_close_reason(link->wsi, (enum lws_close_status)link->close_code, (unsigned char *)link->close_reason,
        strlen(link->close_reason));
    return -1;
}

/* ---- receiving ---- */

static void handle_message(struct broker_link *link, const uint8_t *data, size_t len)
{
    struct broker *broker = link->broker;
    uint64_t now_us = broker_now_us();
    link->heard_us = now_us;
    if (link->silent) {
        link->silent = false;
        broker_presence_mark(broker, link->account, link->device);
    }
    Hearth__Link__ToBroker *request = hearth__link__to_broker__unpack(NULL, len, data);
    bool kept = false;
    const char *wrong = request ? broker_request_check(request) : "The message is not one of link.proto.";
    if (wrong) {
        broker_log("link", "%s: refused a message of %zu bytes: %s", link->address, len, wrong);
        broker_link_send_error(
            link, request ? request->id : 0, HEARTH__LINK__CODE__CODE_BAD_REQUEST, wrong, 0);
        broker_link_end(link, BROKER_CLOSE_BAD, "A message was not valid.");
    } else {
        const void *who = link->device ? (const void *)link->device->id : link->address;
        size_t who_len = link->device ? sizeof link->device->id : strlen(link->address);
        uint32_t retry_ms = 0;
        if (broker_ratelimit_take(broker->limits, BROKER_LIMIT_REQUEST, who, who_len, now_us, &retry_ms)) {
            kept = broker_link_request(link, request);
        } else {
            broker->metrics.limited++;
            broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_BUSY,
                "Too many messages. Wait, then try again.", retry_ms);
        }
    }
    if (request && !kept)
        hearth__link__to_broker__free_unpacked(request, NULL);
}

int broker_link_receive(struct broker_link *link, const uint8_t *data, size_t len, bool binary, bool final)
{
    if (link->state == BROKER_LINK_ENDED)
        return 0;
    if (!binary) {
        broker_link_end(link, BROKER_CLOSE_BAD, "Messages are binary.");
        return 0;
    }
    if (final && link->rx_len == 0 && len <= BROKER_LINK_RX_MAX) {
        handle_message(link, data, len);
        return 0;
    }
    if (len > BROKER_LINK_RX_MAX - link->rx_len) {
        broker_link_end(link, BROKER_CLOSE_LARGE, "A message is at most 64 KiB.");
        return 0;
    }
    if (link->rx_len + len > link->rx_cap) {
        size_t cap = link->rx_cap ? link->rx_cap : 4096;
        while (cap < link->rx_len + len)
            cap *= 2;
        uint8_t *grown = realloc(link->rx, cap);
        if (!grown)
            return -1;
        link->rx = grown;
        link->rx_cap = cap;
    }
    memcpy(link->rx + link->rx_len, data, len);
    link->rx_len += len;
    if (final) {
        /* Given back at once: an idle link holds no buffer. */
        uint8_t *whole = link->rx;
        size_t whole_len = link->rx_len;
        link->rx = NULL;
        link->rx_len = link->rx_cap = 0;
        handle_message(link, whole, whole_len);
        free(whole);
    }
    return 0;
}

/* ---- ending ---- */

static void detach(struct broker_link *link)
{
    struct broker *broker = link->broker;
    broker_enrol_link_gone(link);
    if (link->hello)
        hearth__link__to_broker__free_unpacked(link->hello, NULL);
    link->hello = NULL;
    struct broker_account *account = link->account;
    if (!account)
        return;
    struct broker_link **slot = &account->links;
    while (*slot && *slot != link)
        slot = &(*slot)->account_next;
    if (*slot)
        *slot = link->account_next;
    if (link->looking) {
        account->lookers--;
        broker->lookers--;
    }
    link->looking = false;
    struct broker_device *device = link->device;
    if (device && device->link == link) {
        device->link = NULL;
        device->use_count = 0;
        device->last_seen_ms = broker_now_ms() - (broker_now_us() - link->heard_us) / 1000;
        device->seen_dirty = true;
        broker_presence_mark(broker, account, device);
    }
    link->device = NULL;
    link->account = NULL;
    broker_account_unref(account);
}

void broker_link_end(struct broker_link *link, int code, const char *reason)
{
    if (link->state == BROKER_LINK_ENDED)
        return;
    link->state = BROKER_LINK_ENDED;
    link->close_code = code;
    link->close_reason = reason;
    link->ended_us = broker_now_us();
    detach(link);
    broker_link_wake(link);
}

void broker_link_closed(struct broker_link *link)
{
    if (link->state != BROKER_LINK_ENDED)
        detach(link);
    while (link->first) {
        struct broker_link_message *message = link->first;
        link->first = message->next;
        free(message);
    }
    broker_map_remove(&link->broker->links, &link->node);
    link->broker->metrics.links_now--;
    free(link->rx);
    free(link);
}

/* ---- what the clock and the log bring ---- */

static void drop_revoked(struct broker *broker, struct broker_account *account)
{
    struct broker_link *link = account->links;
    while (link) {
        struct broker_link *next = link->account_next;
        const struct channel_device *known = channel_log_find(account->log, link->device->id);
        if (!known || known->revoked) {
            char id[9];
            broker_log("link", "device %s was revoked: closed", broker_text_id(id, link->device->id));
            broker_link_send_error(
                link, 0, HEARTH__LINK__CODE__CODE_DENIED, "This device was removed from the account.", 0);
            broker_link_end(link, BROKER_CLOSE_DENIED, "This device was removed from the account.");
        }
        link = next;
    }
    for (size_t i = 0; i < account->device_count; i++) {
        const struct channel_device *known = channel_log_find(account->log, account->devices[i]->id);
        if (known && known->revoked)
            broker_relay_drop_device(broker, account->devices[i]->id);
    }
}

void broker_link_account_grown(struct broker_account *account, uint64_t from, void *context)
{
    struct broker *broker = context;
    broker->metrics.log_entries += account->committed - from;
    broker_account_ref(account); /* closing the last link would free it */
    /* A revoked device still gets the entry that says so before its close. */
    for (struct broker_link *link = account->links; link; link = link->account_next) {
        const struct channel_device *known = channel_log_find(account->log, link->device->id);
        if (known && known->revoked && link->log_sent >= from)
            broker_link_send_log(link, link->log_sent, 0, &link->log_sent);
        broker_link_wake(link);
    }
    drop_revoked(broker, account);
    for (size_t i = 0; i < account->device_count; i++) {
        const struct channel_device *known = channel_log_find(account->log, account->devices[i]->id);
        if (known && known->added_seq >= from)
            broker_presence_mark(broker, account, account->devices[i]);
    }
    broker_account_unref(account);
}

static void tick(struct broker_map_node *node, void *context)
{
    struct broker_link *link = BROKER_MAP_ENTRY(node, struct broker_link, node);
    uint64_t now_us = *(const uint64_t *)context;
    uint64_t silent_us = now_us - link->heard_us;
    if (link->state == BROKER_LINK_ENDED) {
        if (now_us - link->ended_us > LINK_CLOSE_WAIT_US)
            lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        return;
    }
    if (link->state == BROKER_LINK_OPEN && now_us - link->opened_us > BROKER_SIGN_IN_MS * UINT64_C(1000)) {
        broker_link_end(link, BROKER_CLOSE_DENIED, "Nothing was said in time.");
        return;
    }
    if (silent_us > BROKER_DEAD_MS * UINT64_C(1000)) {
        broker_log("link", "%s: silent for %u ms: closed", link->address, (unsigned)BROKER_DEAD_MS);
        broker_link_end(link, BROKER_CLOSE_SILENT, "Nothing was heard for too long.");
        return;
    }
    bool looked = link->state == BROKER_LINK_ACTIVE && link->account->lookers;
    /* Who waits to be let in was told no ping_s: we ask. */
    uint64_t probe_us = looked                                 ? LINK_PROBE_US
                        : link->state == BROKER_LINK_ENROLLING ? LINK_ENROL_PROBE_US
                                                               : 0;
    if (looked && silent_us > BROKER_SILENT_MS * UINT64_C(1000) && !link->silent) {
        link->silent = true;
        broker_presence_mark(link->broker, link->account, link->device);
    }
    if (probe_us && silent_us > probe_us && now_us - link->probed_us > probe_us) {
        link->probed_us = now_us;
        Hearth__Link__Ping ping = HEARTH__LINK__PING__INIT;
        ping.t = now_us;
        Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
        message.body_case = HEARTH__LINK__FROM_BROKER__BODY_PING;
        message.ping = &ping;
        broker_link_send(link, &message);
    }
}

void broker_link_tick(struct broker *broker, uint64_t now_us)
{
    broker_map_each(&broker->links, tick, &now_us);
}

Hearth__Link__Code broker_link_code(int err)
{
    switch ((enum broker_error)err) {
    case BROKER_ERR_FORMAT:
        return HEARTH__LINK__CODE__CODE_BAD_REQUEST;
    case BROKER_ERR_DENIED:
        return HEARTH__LINK__CODE__CODE_DENIED;
    case BROKER_ERR_NOT_FOUND:
        return HEARTH__LINK__CODE__CODE_NOT_FOUND;
    case BROKER_ERR_CONFLICT:
        return HEARTH__LINK__CODE__CODE_CONFLICT;
    case BROKER_ERR_BUSY:
        return HEARTH__LINK__CODE__CODE_BUSY;
    case BROKER_OK:
        return HEARTH__LINK__CODE__CODE_UNSPECIFIED;
    case BROKER_ERR_LIMIT:
    case BROKER_ERR_NOMEM:
    case BROKER_ERR_DISK_FULL:
    case BROKER_ERR_IO:
        break;
    }
    return HEARTH__LINK__CODE__CODE_INTERNAL;
}
