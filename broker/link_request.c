/* The requests of link.proto, one function each. docs/wire.md section 5. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "broker/enrol.h"
#include "broker/error.h"
#include "broker/link.h"
#include "broker/presence.h"
#include "broker/relay.h"

/* A certificate may begin by the clock of a device that runs ahead of ours. */
enum { REQUEST_CLOCK_SKEW_MS = 10 * 60 * 1000 };

static bool is_active(const struct channel_device *device)
{
    uint64_t now_ms = broker_now_ms();
    return channel_device_active(device, now_ms) ||
           channel_device_active(device, now_ms + REQUEST_CLOCK_SKEW_MS);
}

/* ---- Hello ---- */

static bool proof_matches(const struct broker_link *link, const Hearth__Link__Hello *hello,
    const struct channel_device *device, const char *host)
{
    static const char label[] = "hearth-link-1"; /* its final 0 is part of what is signed */
    uint8_t input[sizeof label + 32 + 16 + BROKER_HOST_MAX];
    size_t len = 0, host_len = strlen(host);
    memcpy(input, label, sizeof label);
    len += sizeof label;
    memcpy(input + len, link->nonce, 32);
    len += 32;
    memcpy(input + len, hello->device_id.data, 16);
    len += 16;
    memcpy(input + len, host, host_len);
    len += host_len;
    return crypto_sign_verify_detached(hello->proof.data, input, len, device->sign_public) == 0;
}

static void deny_hello(struct broker_link *link, const char *why)
{
    char quoted[9];
    broker_log("link", "%s: device %s refused: %s", link->address,
        broker_text_id(quoted, link->hello->hello->device_id.data), why);
    link->broker->metrics.hello_denied++;
    /* One answer for all: who asks learns nothing about what the account holds. */
    broker_link_send_error(link, link->hello->id, HEARTH__LINK__CODE__CODE_DENIED,
        "This device is not in the account, or was removed from it.", 0);
    broker_link_end(link, BROKER_CLOSE_DENIED, "This device is not in the account.");
}

static void welcome(struct broker_link *link, const Hearth__Link__Hello *hello, uint32_t re)
{
    struct broker *broker = link->broker;
    struct broker_account *account = link->account;
    struct broker_device *device = broker_account_device(account, hello->device_id.data);
    struct broker_link *older = device->link;
    device->link = link;
    if (older)
        broker_link_end(older, BROKER_CLOSE_NEWER, "A newer link of this device took over.");
    device->kind = hello->kind ? (int)hello->kind : device->kind;
    (void)snprintf(device->os, sizeof device->os, "%s", hello->os);
    (void)snprintf(device->version, sizeof device->version, "%s", hello->version);
    device->use_count = 0;
    device->last_seen_ms = broker_now_ms();
    device->seen_dirty = true;
    link->device = device;
    link->state = BROKER_LINK_ACTIVE;
    link->account_next = account->links;
    account->links = link;
    link->log_sent = hello->log_have;
    link->log_due = link->presence_due = true;
    broker->metrics.hello_ok++;

    Hearth__Link__Welcome body = HEARTH__LINK__WELCOME__INIT;
    body.account = account->name;
    body.time_ms = broker_now_ms();
    body.ping_s = BROKER_PING_S;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = re;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_WELCOME;
    message.welcome = &body;
    broker_link_send(link, &message);
    broker_presence_mark(broker, account, device);
}

static void on_account(int err, struct broker_account *account, uint64_t number, void *context)
{
    struct broker *broker = context;
    struct broker_link *link = broker_link_find(broker, number);
    if (!link || link->state != BROKER_LINK_LOADING) {
        broker_account_unref(account);
        return;
    }
    const Hearth__Link__Hello *hello = link->hello->hello;
    if (err != BROKER_OK && err != BROKER_ERR_NOT_FOUND) {
        broker_log("link", "%s: account not read: %s", link->address, broker_strerror(err));
        broker_link_send_error(link, link->hello->id,
            err == BROKER_ERR_BUSY ? HEARTH__LINK__CODE__CODE_BUSY : HEARTH__LINK__CODE__CODE_INTERNAL,
            broker_strerror(err), 1000);
        broker_link_end(link, BROKER_CLOSE_GOING, "The account could not be read.");
        return;
    }
    const struct channel_device *device =
        account ? channel_log_find(account->log, hello->device_id.data) : NULL;
    const char *why = NULL;
    if (!account)
        why = "no such account";
    else if (!device || device->added_seq >= account->committed)
        why = "not in the log";
    else if (!is_active(device))
        why = "revoked or out of its time";
    else if (!proof_matches(link, hello, device, link->host) &&
             !(broker->options->public_host[0] &&
                 proof_matches(link, hello, device, broker->options->public_host)))
        why = "wrong proof";
    if (why) {
        deny_hello(link, why);
        broker_account_unref(account);
        return;
    }
    link->account = account;
    Hearth__Link__ToBroker *request = link->hello;
    link->hello = NULL;
    welcome(link, request->hello, request->id);
    hearth__link__to_broker__free_unpacked(request, NULL);
}

static bool handle_hello(struct broker_link *link, Hearth__Link__ToBroker *request)
{
    if (link->state != BROKER_LINK_OPEN && link->state != BROKER_LINK_ENROLLING) {
        broker_link_send_error(
            link, request->id, HEARTH__LINK__CODE__CODE_BAD_REQUEST, "Hello was said already.", 0);
        return false;
    }
    broker_enrol_link_gone(link);
    link->state = BROKER_LINK_LOADING;
    link->hello = request;
    broker_account_get(
        link->broker->accounts, request->hello->account_id.data, on_account, link->number, link->broker);
    return true;
}

/* ---- the log ---- */

struct append_context {
    struct broker *broker;
    uint32_t id;
};

static void on_appended(int err, struct broker_account *account, uint64_t number, void *context)
{
    (void)account;
    struct append_context *append = context;
    struct broker_link *link = broker_link_find(append->broker, number);
    if (err == BROKER_ERR_IO || err == BROKER_ERR_DISK_FULL) {
        append->broker->metrics.db_errors++;
        broker_log("link", "a log entry was not written: %s", broker_strerror(err));
    }
    if (link && err == BROKER_OK) {
        broker_link_send_done(link, append->id);
    } else if (link) {
        const char *text = err == BROKER_ERR_DENIED   ? "This device may not change the account so."
                           : err == BROKER_ERR_FORMAT ? "An entry is not valid."
                                                      : broker_strerror(err);
        broker_link_send_error(link, append->id, broker_link_code(err), text, 0);
    }
    free(append);
}

static void handle_log_append(struct broker_link *link, const Hearth__Link__ToBroker *request)
{
    uint32_t retry_ms = 0;
    struct broker_bytes entries[BROKER_APPEND_MAX];
    for (size_t i = 0; i < request->log_append->n_entries; i++) {
        entries[i] =
            (struct broker_bytes){request->log_append->entries[i].data, request->log_append->entries[i].len};
        if (!broker_ratelimit_take(link->broker->limits, BROKER_LIMIT_LOG_APPEND, link->account->id, 16,
                broker_now_us(), &retry_ms)) {
            link->broker->metrics.limited++;
            broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_BUSY,
                "The account changed too often. Wait, then try again.", retry_ms);
            return;
        }
    }
    struct append_context *append = malloc(sizeof *append);
    if (!append) {
        broker_link_send_error(
            link, request->id, HEARTH__LINK__CODE__CODE_INTERNAL, broker_strerror(BROKER_ERR_NOMEM), 0);
        return;
    }
    *append = (struct append_context){link->broker, request->id};
    broker_account_append(
        link->account, entries, request->log_append->n_entries, on_appended, link->number, append);
}

/* ---- matching ---- */

static void handle_connect(struct broker_link *link, const Hearth__Link__ToBroker *request)
{
    struct broker *broker = link->broker;
    const Hearth__Link__Connect *connect = request->connect;
    const struct channel_device *known = channel_log_find(link->account->log, connect->device_id.data);
    struct broker_device *device = broker_account_device(link->account, connect->device_id.data);
    uint32_t retry_ms = 0;
    if (!broker_ratelimit_take(
            broker->limits, BROKER_LIMIT_CONNECT, link->device->id, 16, broker_now_us(), &retry_ms)) {
        broker->metrics.limited++;
        broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_BUSY,
            "Too many connections were asked for. Wait, then try again.", retry_ms);
        return;
    }
    if (!known || !device || !is_active(known)) {
        broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_NOT_FOUND,
            "There is no such device in this account.", 0);
        return;
    }
    if (device == link->device) {
        broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_BAD_REQUEST,
            "A device does not connect to itself.", 0);
        return;
    }
    if (!device->link) {
        broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_OFFLINE,
            "The device is offline. Turn it on, or check its network.", 0);
        return;
    }
    uint8_t tokens[2][BROKER_TOKEN_LEN];
    int err = broker_relay_offer(
        broker, link->device->id, device->id, connect->session_id.data, tokens[0], tokens[1]);
    if (err != BROKER_OK) {
        broker_link_send_error(link, request->id, broker_link_code(err), broker_strerror(err), 1000);
        return;
    }
    Hearth__Link__Relay relay = HEARTH__LINK__RELAY__INIT;
    relay.path = (char *)BROKER_RELAY_PATH;
    relay.token = (ProtobufCBinaryData){BROKER_TOKEN_LEN, tokens[0]};
    relay.session_id = connect->session_id;
    Hearth__Link__FromBroker answer = HEARTH__LINK__FROM_BROKER__INIT;
    answer.re = request->id;
    answer.body_case = HEARTH__LINK__FROM_BROKER__BODY_RELAY;
    answer.relay = &relay;
    Hearth__Link__Incoming incoming = HEARTH__LINK__INCOMING__INIT;
    incoming.path = (char *)BROKER_RELAY_PATH;
    incoming.token = (ProtobufCBinaryData){BROKER_TOKEN_LEN, tokens[1]};
    incoming.session_id = connect->session_id;
    incoming.device_id = (ProtobufCBinaryData){16, link->device->id};
    Hearth__Link__FromBroker push = HEARTH__LINK__FROM_BROKER__INIT;
    push.body_case = HEARTH__LINK__FROM_BROKER__BODY_INCOMING;
    push.incoming = &incoming;
    broker_link_send(device->link, &push);
    broker_link_send(link, &answer);
    sodium_memzero(tokens, sizeof tokens);
}

/* ---- presence ---- */

static void handle_in_use(struct broker_link *link, const Hearth__Link__InUse *in_use)
{
    struct broker_device *device = link->device;
    device->use_count = in_use->n_by;
    for (size_t i = 0; i < in_use->n_by; i++) {
        memcpy(device->uses[i].device_id, in_use->by[i]->device_id.data, 16);
        device->uses[i].since_ms = in_use->by[i]->since_ms;
        device->uses[i].view_only = in_use->by[i]->view_only;
    }
    broker_presence_mark(link->broker, link->account, device);
}

static void handle_look(struct broker_link *link, bool on)
{
    if (on && !link->looking) {
        link->account->lookers++;
        link->broker->lookers++;
    } else if (!on && link->looking) {
        link->account->lookers--;
        link->broker->lookers--;
    }
    link->looking = on;
}

static void handle_ping(struct broker_link *link, const Hearth__Link__ToBroker *request)
{
    Hearth__Link__Pong pong = HEARTH__LINK__PONG__INIT;
    pong.t = request->ping->t;
    Hearth__Link__FromBroker message = HEARTH__LINK__FROM_BROKER__INIT;
    message.re = request->id;
    message.body_case = HEARTH__LINK__FROM_BROKER__BODY_PONG;
    message.pong = &pong;
    broker_link_send(link, &message);
}

static void need_hello(struct broker_link *link, const Hearth__Link__ToBroker *request)
{
    broker_link_send_error(link, request->id, HEARTH__LINK__CODE__CODE_DENIED,
        "Only a device of the account may ask that. Say Hello first.", 0);
}

bool broker_link_request(struct broker_link *link, Hearth__Link__ToBroker *request)
{
    bool active = link->state == BROKER_LINK_ACTIVE;
    switch (request->body_case) {
    case HEARTH__LINK__TO_BROKER__BODY_HELLO:
        return handle_hello(link, request);
    case HEARTH__LINK__TO_BROKER__BODY_PING:
        handle_ping(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_PONG:
        return false; /* that it was heard is all */
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_OPEN:
        broker_enrol_open(link, request->id);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_MESSAGE:
        broker_enrol_message(link, request->id, request->enroll_message);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_ENROLL_FIND:
        if (active)
            broker_enrol_find(link, request->id, request->enroll_find->locator);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_LOG_GET:
        if (active)
            broker_link_send_log(link, request->log_get->from, request->id, NULL);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_LOG_APPEND:
        if (active)
            handle_log_append(link, request);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_CONNECT:
        if (active)
            handle_connect(link, request);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_IN_USE:
        if (active)
            handle_in_use(link, request->in_use);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY_LOOK:
        if (active)
            handle_look(link, request->look->on);
        else
            need_hello(link, request);
        return false;
    case HEARTH__LINK__TO_BROKER__BODY__NOT_SET:
    case _HEARTH__LINK__TO_BROKER__BODY__CASE_IS_INT_SIZE:
        break; /* broker_request_check refused it */
    }
    return false;
}
