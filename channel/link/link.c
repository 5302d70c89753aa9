#include "channel/link/link_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void begin(struct channel_link *link);

uint64_t link_now_ms(const struct channel_link *link)
{
    return uv_now(channel_net_loop(link->config.net));
}

bool link_online(const struct channel_link *link)
{
    return link->state == CHANNEL_LINK_ONLINE && !link->destroying;
}

void link_listen(struct channel_link *link, struct link_listener *listener)
{
    listener->next = link->listeners;
    link->listeners = listener;
}

void link_unlisten(struct channel_link *link, struct link_listener *listener)
{
    for (struct link_listener **at = &link->listeners; *at; at = &(*at)->next) {
        if (*at == listener) {
            *at = listener->next;
            return;
        }
    }
}

static void tell_listeners(struct channel_link *link)
{
    struct link_listener *next = NULL;
    for (struct link_listener *at = link->listeners; at; at = next) {
        next = at->next;
        if (at->state) {
            at->state(at->user);
        }
    }
}

/* Which moves make sense; everything else is a mistake of ours and ignored. */
static bool may_move(enum channel_link_state from, enum channel_link_state to)
{
    switch (from) {
    case CHANNEL_LINK_CONNECTING:
        return to == CHANNEL_LINK_ONLINE || to == CHANNEL_LINK_WAITING || to == CHANNEL_LINK_REFUSED;
    case CHANNEL_LINK_ONLINE:
        return to == CHANNEL_LINK_WAITING || to == CHANNEL_LINK_REFUSED;
    case CHANNEL_LINK_WAITING:
        return to == CHANNEL_LINK_CONNECTING || to == CHANNEL_LINK_REFUSED;
    case CHANNEL_LINK_REFUSED:
        return false;
    }
    return false;
}

static void set_state(struct channel_link *link, enum channel_link_state state, const char *why)
{
    if (!may_move(link->state, state)) {
        return;
    }
    link->state = state;
    if (why && why != link->why) {
        (void)snprintf(link->why, sizeof link->why, "%s", why);
    }
    if (link->config.callbacks.state) {
        link->config.callbacks.state(link->config.user, state, why ? link->why : NULL);
    }
    tell_listeners(link);
}

/* ---- losing and finding the broker */

static void drop_socket(struct channel_link *link)
{
    channel_socket_close(link->socket);
    link->socket = NULL;
    link_drop_queue(link);
    link->sync_request = 0;
}

static uint32_t random_below(uint32_t limit)
{
    uint32_t value = 0;
    channel_crypto_random((uint8_t *)&value, sizeof value);
    return limit ? value % limit : 0;
}

static void lost(struct channel_link *link, const char *why, uint64_t wait_ms)
{
    const uint64_t now = link_now_ms(link);
    if (link->state == CHANNEL_LINK_ONLINE && now - link->online_since_ms >= LINK_SETTLED_MS) {
        link->failures = 0;
    }
    uint64_t cap = (uint64_t)LINK_BACKOFF_FIRST_MS << (link->failures < 8 ? link->failures : 8);
    if (cap > LINK_BACKOFF_MAX_MS) {
        cap = LINK_BACKOFF_MAX_MS;
    }
    /* A session that lost its path waits for us, at most a minute: then it is gone, and so is the hurry. */
    if (link->listeners && cap > LINK_BACKOFF_SESSION_MS) {
        cap = LINK_BACKOFF_SESSION_MS;
    }
    link->failures++;
    link->wake_ms = now + wait_ms + random_below((uint32_t)cap) + 1;
    drop_socket(link);
    set_state(link, CHANNEL_LINK_WAITING, why);
    if (link->destroying) {
        return;
    }
    link_fail_requests(link, "The connection to the broker was lost.");
    link_arm(link);
}

bool channel_link_untrusted(const struct channel_link *link)
{
    return link->untrusted;
}

void link_refuse(struct channel_link *link, const char *why)
{
    if (link->state == CHANNEL_LINK_REFUSED) {
        return;
    }
    drop_socket(link);
    set_state(link, CHANNEL_LINK_REFUSED, why);
    link_fail_requests(link, link->why);
    link_arm(link);
}

/* ---- messages of the broker */

static int64_t unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_challenge(struct channel_link *link, const Hearth__Link__Challenge *challenge)
{
    static const char label[] = "hearth-link-1"; /* its NUL is part of what is signed */
    const char *host = channel_net_endpoint(link->config.net)->authority;
    uint8_t account[CHANNEL_ID_LEN];
    uint8_t root_sign[32], root_dh[32], proof[CHANNEL_SIGNATURE_LEN];
    uint8_t
        input[sizeof label + 32 + CHANNEL_ID_LEN + sizeof channel_net_endpoint(link->config.net)->authority];
    const uint8_t *device = channel_home_device_id(link->config.home);
    if (challenge->nonce.len != 32) {
        link_refuse(link, "This is not a Hearth broker, or one of another version.");
        return;
    }
    if (!device || !channel_log_account(channel_home_log(link->config.home), account, root_sign, root_dh)) {
        link_refuse(link, "This program is not signed in yet.");
        return;
    }
    link->clock_skew_ms = (int64_t)challenge->time_ms - unix_ms();
    size_t len = 0;
    memcpy(input, label, sizeof label);
    len += sizeof label;
    memcpy(input + len, challenge->nonce.data, 32);
    len += 32;
    memcpy(input + len, device, CHANNEL_ID_LEN);
    len += CHANNEL_ID_LEN;
    memcpy(input + len, host, strlen(host));
    len += strlen(host);
    if (channel_home_sign(link->config.home, proof, input, len) != 0) {
        link_refuse(link, "The key of this program cannot be used.");
        return;
    }
    Hearth__Link__Hello hello = HEARTH__LINK__HELLO__INIT;
    uint8_t id[CHANNEL_ID_LEN];
    memcpy(id, device, sizeof id);
    hello.account_id = (ProtobufCBinaryData){sizeof account, account};
    hello.device_id = (ProtobufCBinaryData){sizeof id, id};
    hello.proof = (ProtobufCBinaryData){sizeof proof, proof};
    hello.os = link->os;
    hello.version = (char *)(uintptr_t)HEARTH_VERSION;
    /* One fewer than we hold: the last entry comes again, so that a fork of the same length shows at once. */
    const uint64_t held = channel_log_count(channel_home_log(link->config.home));
    hello.log_have = held > 0 ? held - 1 : 0;
    hello.kind = (Hearth__Link__Kind)link->config.kind;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_HELLO;
    message.hello = &hello;
    if (link_enqueue(link, &message) != 0) {
        lost(link, "Out of memory.", 0);
    }
}

static void take_welcome(struct channel_link *link, const Hearth__Link__Welcome *welcome)
{
    uint32_t ping_s = welcome->ping_s ? welcome->ping_s : LINK_PING_DEFAULT_S;
    if (ping_s > LINK_PING_MAX_S) {
        ping_s = LINK_PING_MAX_S;
    }
    link->ping_s = ping_s;
    link->online_since_ms = link_now_ms(link);
    (void)snprintf(link->account, sizeof link->account, "%s", welcome->account);
    set_state(link, CHANNEL_LINK_ONLINE, NULL);
    if (link_online(link)) {
        link_presence_online(link);
    }
}

static void take_error(struct channel_link *link, uint32_t re, const Hearth__Link__Error *error)
{
    for (size_t i = 0; re != 0 && i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id == re) {
            const int code = error->code ? (int)error->code : HEARTH__LINK__CODE__CODE_INTERNAL;
            link_answer(&link->requests[i], NULL, code, error->message);
            return;
        }
    }
    if (re == 0 && error->code == HEARTH__LINK__CODE__CODE_DENIED && link->state == CHANNEL_LINK_CONNECTING) {
        link_refuse(link, "The broker no longer lets this device in: it was removed from the account, or its "
                          "keys changed. Sign in or enrol again.");
    } else if (re == 0 && error->code == HEARTH__LINK__CODE__CODE_BUSY) {
        lost(link, "The broker is busy.",
            error->retry_ms < LINK_BACKOFF_MAX_MS ? error->retry_ms : LINK_BACKOFF_MAX_MS);
    }
}

static void take_answer(struct channel_link *link, const Hearth__Link__FromBroker *message)
{
    /* 0 answers nothing; it is also what a free slot holds. */
    for (size_t i = 0; message->re != 0 && i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id == message->re) {
            link_answer(&link->requests[i], message, 0, NULL);
            return;
        }
    }
}

static void take_incoming(struct channel_link *link, const Hearth__Link__Incoming *incoming)
{
    struct channel_relay relay = {0};
    if (!link_id_ok(&incoming->session_id) || !link_id_ok(&incoming->device_id) || incoming->token.len == 0 ||
        incoming->token.len > sizeof relay.token || incoming->path[0] != '/' ||
        strlen(incoming->path) >= sizeof relay.path || !link->config.callbacks.incoming) {
        return;
    }
    memcpy(relay.path, incoming->path, strlen(incoming->path) + 1);
    memcpy(relay.token, incoming->token.data, incoming->token.len);
    relay.token_len = incoming->token.len;
    memcpy(relay.session_id, incoming->session_id.data, CHANNEL_ID_LEN);
    memcpy(relay.device_id, incoming->device_id.data, CHANNEL_ID_LEN);
    link->config.callbacks.incoming(link->config.user, &relay);
    channel_crypto_wipe(&relay, sizeof relay);
}

static void take_ping(struct channel_link *link, const Hearth__Link__Ping *ping)
{
    Hearth__Link__Pong pong = HEARTH__LINK__PONG__INIT;
    pong.t = ping->t;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_PONG;
    message.pong = &pong;
    (void)link_enqueue(link, &message);
}

static void take(struct channel_link *link, const Hearth__Link__FromBroker *message)
{
    const bool welcome_due = link->state == CHANNEL_LINK_CONNECTING;
    switch (message->body_case) {
    case HEARTH__LINK__FROM_BROKER__BODY_CHALLENGE:
        if (welcome_due) {
            take_challenge(link, message->challenge);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_WELCOME:
        if (welcome_due) {
            take_welcome(link, message->welcome);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_ERROR:
        take_error(link, message->re, message->error);
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_PING:
        take_ping(link, message->ping);
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_PONG:
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_GO_AWAY: {
        const uint32_t most = message->go_away->retry_ms < LINK_BACKOFF_MAX_MS ? message->go_away->retry_ms
                                                                               : LINK_BACKOFF_MAX_MS;
        lost(link, "The broker is being restarted.", random_below(most));
        return;
    }
    case HEARTH__LINK__FROM_BROKER__BODY_DONE:
    case HEARTH__LINK__FROM_BROKER__BODY_ENROLL_FOUND:
    case HEARTH__LINK__FROM_BROKER__BODY_RELAY:
        if (!welcome_due) {
            take_answer(link, message);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_LOG_ENTRIES:
        if (welcome_due) {
            return;
        }
        if (message->re != 0) {
            take_answer(link, message);
        } else {
            (void)link_log_take(link, message->log_entries);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_PRESENCE:
        if (!welcome_due) {
            link_presence_take(link, message->presence);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_INCOMING:
        if (!welcome_due) {
            take_incoming(link, message->incoming);
        }
        return;
    case HEARTH__LINK__FROM_BROKER__BODY_ENROLL_MESSAGE: {
        struct link_listener *next = NULL;
        for (struct link_listener *at = link->listeners; at && !welcome_due; at = next) {
            next = at->next;
            if (at->enroll) {
                at->enroll(at->user, message->enroll_message);
            }
        }
        return;
    }
    case HEARTH__LINK__FROM_BROKER__BODY_ENROLL_OPENED:
    case HEARTH__LINK__FROM_BROKER__BODY__NOT_SET:
    case _HEARTH__LINK__FROM_BROKER__BODY__CASE_IS_INT_SIZE:
        return; /* not for us, or newer than us */
    }
}

/* ---- the socket */

static void on_open(void *user)
{
    struct channel_link *link = user;
    link->heard_ms = link_now_ms(link);
    link->sent_ms = link->heard_ms;
}

void link_receive(struct channel_link *link, const uint8_t *data, size_t len)
{
    link->heard_ms = link_now_ms(link);
    Hearth__Link__FromBroker *message = hearth__link__from_broker__unpack(NULL, len, data);
    if (!message) {
        lost(link, "The broker sent something that is not a message.", 0);
        return;
    }
    take(link, message);
    hearth__link__from_broker__free_unpacked(message, NULL);
    link_arm(link);
}

static void on_message(void *user, const uint8_t *data, size_t len)
{
    link_receive(user, data, len);
}

static size_t on_produce(void *user, uint8_t *out, size_t cap)
{
    struct channel_link *link = user;
    struct link_out *next = link->out;
    if (!next || next->len > cap) {
        return 0;
    }
    const size_t len = next->len;
    memcpy(out, next->data, len);
    link->out = next->next;
    link->out_count--;
    if (!link->out) {
        link->out_end = &link->out;
    }
    free(next);
    link->sent_ms = link_now_ms(link);
    link_arm(link);
    return len;
}

static void on_closed(void *user, int ws_code, const char *why)
{
    struct channel_link *link = user;
    if (channel_net_endpoint(link->config.net)->refused_pin[0]) {
        link_refuse(link, why);
    } else if (ws_code == 4401) {
        link_refuse(link, "The broker no longer lets this device in: it was removed from the account, or its "
                          "keys changed. Sign in or enrol again.");
    } else if (ws_code == 4409) {
        lost(link, "Another program signed in with the identity of this one.", LINK_TAKEN_OVER_MS);
    } else {
        lost(link, why, 0);
    }
}

static const struct channel_socket_ops socket_ops = {
    .open = on_open, .message = on_message, .produce = on_produce, .closed = on_closed};

static void begin(struct channel_link *link)
{
    set_state(link, CHANNEL_LINK_CONNECTING, NULL);
    link->hello_deadline_ms = link_now_ms(link) + LINK_HELLO_MS;
    link->presence_known = false;
    const struct channel_socket_config config = {
        .net = link->config.net,
        .path = "/v1/link",
        .protocol = "hearth-link-1",
        .message_max = LINK_RECEIVE_MAX_BYTES,
        .send_max = LINK_SEND_MAX_BYTES,
        .ops = &socket_ops,
        .user = link,
    };
    link->socket = channel_socket_create(&config);
    if (!link->socket) {
        lost(link, "Out of memory.", 0);
        return;
    }
    link_arm(link);
}

/* ---- time */

static void on_timer(uv_timer_t *timer)
{
    struct channel_link *link = timer->data;
    const uint64_t now = link_now_ms(link);
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id != 0 && link->requests[i].deadline_ms <= now) {
            link_answer(&link->requests[i], NULL, HEARTH__LINK__CODE__CODE_OFFLINE,
                "The broker did not answer in time.");
        }
    }
    switch (link->state) {
    case CHANNEL_LINK_WAITING:
        if (now >= link->wake_ms) {
            begin(link);
        }
        break;
    case CHANNEL_LINK_CONNECTING:
        if (now >= link->hello_deadline_ms) {
            lost(link, "The broker did not answer in time.", 0);
        }
        break;
    case CHANNEL_LINK_ONLINE:
        if (now - link->heard_ms >= (uint64_t)link->ping_s * 2200) {
            lost(link, "The broker fell silent.", 0);
        } else if (now - link->sent_ms >= (uint64_t)link->ping_s * 1000 ||
                   now - link->heard_ms >= (uint64_t)link->ping_s * 1100) {
            Hearth__Link__Ping ping = HEARTH__LINK__PING__INIT;
            ping.t = now;
            Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
            message.body_case = HEARTH__LINK__TO_BROKER__BODY_PING;
            message.ping = &ping;
            (void)link_enqueue(link, &message);
            link->sent_ms = now;
        }
        break;
    case CHANNEL_LINK_REFUSED:
        break;
    }
    link_arm(link);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void link_arm(struct channel_link *link)
{
    if (link->destroying) {
        return;
    }
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < LINK_REQUESTS_MAX; i++) {
        if (link->requests[i].id != 0) {
            at = least(at, link->requests[i].deadline_ms);
        }
    }
    switch (link->state) {
    case CHANNEL_LINK_WAITING:
        at = least(at, link->wake_ms);
        break;
    case CHANNEL_LINK_CONNECTING:
        at = least(at, link->hello_deadline_ms);
        break;
    case CHANNEL_LINK_ONLINE:
        at = least(at, link->sent_ms + (uint64_t)link->ping_s * 1000);
        at = least(at, link->heard_ms + (uint64_t)link->ping_s * 2200);
        break;
    case CHANNEL_LINK_REFUSED:
        break;
    }
    if (at == UINT64_MAX) {
        (void)uv_timer_stop(&link->timer);
        return;
    }
    const uint64_t now = link_now_ms(link);
    (void)uv_timer_start(&link->timer, on_timer, at > now ? at - now : 0, 0);
}

/* ---- life */

struct channel_link *channel_link_create(const struct channel_link_config *config)
{
    struct channel_link *link = calloc(1, sizeof *link);
    if (!link) {
        return NULL;
    }
    link->config = *config;
    (void)snprintf(link->os, sizeof link->os, "%s", config->os ? config->os : "");
    link->out_end = &link->out;
    link->state = CHANNEL_LINK_WAITING;
    (void)uv_timer_init(channel_net_loop(config->net), &link->timer);
    link->timer.data = link;
    link->wake_ms = link_now_ms(link);
    link_arm(link); /* the first callback comes from the loop, not from inside create */
    return link;
}

static void timer_closed(uv_handle_t *handle)
{
    struct channel_link *link = handle->data;
    void (*done)(void *) = link->done;
    void *user = link->done_user;
    free(link->presence);
    free(link);
    if (done) {
        done(user);
    }
}

void channel_link_destroy(struct channel_link *link, void (*done)(void *user), void *user)
{
    if (!link) {
        return;
    }
    link->destroying = true;
    link->done = done;
    link->done_user = user;
    memset(&link->config.callbacks, 0, sizeof link->config.callbacks);
    drop_socket(link);
    link_fail_requests(link, "The program ends.");
    uv_close((uv_handle_t *)&link->timer, timer_closed);
}
