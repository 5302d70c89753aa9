#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/link/enroll_link.h"
#include "channel/link/enroll_words.h"
#include "channel/path/socket.h"
#include "channel/proto/link.pb-c.h"

enum {
    WAITING_QUEUE_MAX = 8, /* messages to the broker not yet sent */
    WAITING_MESSAGE_MAX = 64 * 1024,
    WAITING_PING_MS = 15000,
    WAITING_SILENT_MS = 40000,
    WAITING_RETRY_MS = 2000,
    /* Each guess at a code doubles the pause before the next one: a broker that guesses on its own gets a
     * dozen in ten minutes and not hundreds. */
    WAITING_RETRY_MAX_MS = 120000,
    WAITING_GUESSED_MS = 600000, /* for the person on the other side, after the code was used */
    WAITING_LOCATOR_LEN = 4
};

struct waiting_out {
    size_t len;
    uint8_t *data;
};

struct channel_enroll_waiting {
    struct channel_net *net;
    struct channel_socket *socket;
    struct channel_enroll *enroll;
    struct channel_enroll_waiting_callbacks callbacks;
    void *user;
    uint8_t sign_public[32], dh_public[32];
    char name[CHANNEL_LOG_NAME_MAX + 1], os[65];
    char code[CHANNEL_CODE_LEN + 1];
    uint64_t handle; /* the approver we talk to; 0 = none yet */
    bool approved, dead;
    bool guessed;     /* somebody used the code: whatever ends this run spends it */
    unsigned guesses; /* codes spent so */
    uint64_t heard_ms, expires_ms, retry_ms;
    struct waiting_out out[WAITING_QUEUE_MAX];
    size_t out_count;
    uv_timer_t timer;
};

static void begin(struct channel_enroll_waiting *waiting);

static uint64_t now_ms(const struct channel_enroll_waiting *waiting)
{
    return uv_now(channel_net_loop(waiting->net));
}

static void drop(struct channel_enroll_waiting *waiting)
{
    channel_socket_close(waiting->socket);
    waiting->socket = NULL;
    channel_enroll_destroy(waiting->enroll);
    waiting->enroll = NULL;
    waiting->handle = 0;
    waiting->guessed = false;
    while (waiting->out_count > 0) {
        free(waiting->out[--waiting->out_count].data);
    }
    channel_crypto_wipe(waiting->code, sizeof waiting->code);
}

/* A spent code, a broker that went: another code after a moment. */
static void start_over(struct channel_enroll_waiting *waiting, const char *why)
{
    uint64_t pause_ms = WAITING_RETRY_MS;
    if (waiting->dead) {
        return;
    }
    if (waiting->guessed) {
        pause_ms <<= waiting->guesses < 6 ? waiting->guesses : 6;
        waiting->guesses++;
    }
    drop(waiting);
    waiting->retry_ms = now_ms(waiting) + (pause_ms < WAITING_RETRY_MAX_MS ? pause_ms : WAITING_RETRY_MAX_MS);
    waiting->callbacks.failed(waiting->user, why, false);
}

static void give_up(struct channel_enroll_waiting *waiting, const char *why)
{
    if (waiting->dead) {
        return;
    }
    drop(waiting);
    waiting->retry_ms = 0;
    (void)uv_timer_stop(&waiting->timer);
    waiting->callbacks.failed(waiting->user, why, true);
}

static int queue(struct channel_enroll_waiting *waiting, const Hearth__Link__ToBroker *message)
{
    const size_t len = hearth__link__to_broker__get_packed_size(message);
    if (!waiting->socket || waiting->out_count == WAITING_QUEUE_MAX || len > WAITING_MESSAGE_MAX) {
        return -1;
    }
    uint8_t *data = malloc(len ? len : 1);
    if (!data) {
        return -1;
    }
    (void)hearth__link__to_broker__pack(message, data);
    waiting->out[waiting->out_count++] = (struct waiting_out){len, data};
    channel_socket_wake(waiting->socket);
    return 0;
}

static int send_open(struct channel_enroll_waiting *waiting)
{
    Hearth__Link__EnrollOpen open = HEARTH__LINK__ENROLL_OPEN__INIT;
    open.version = (char *)(uintptr_t)HEARTH_VERSION;
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.id = 1;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_OPEN;
    message.enroll_open = &open;
    return queue(waiting, &message);
}

static int send_data(struct channel_enroll_waiting *waiting, uint8_t *data, size_t len)
{
    Hearth__Link__EnrollMessage body = HEARTH__LINK__ENROLL_MESSAGE__INIT;
    body.handle = waiting->handle;
    body.data = (ProtobufCBinaryData){len, data};
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_ENROLL_MESSAGE;
    message.enroll_message = &body;
    return queue(waiting, &message);
}

static int send_ping(struct channel_enroll_waiting *waiting)
{
    Hearth__Link__Ping ping = HEARTH__LINK__PING__INIT;
    ping.t = now_ms(waiting);
    Hearth__Link__ToBroker message = HEARTH__LINK__TO_BROKER__INIT;
    message.body_case = HEARTH__LINK__TO_BROKER__BODY_PING;
    message.ping = &ping;
    return queue(waiting, &message);
}

static void take_opened(struct channel_enroll_waiting *waiting, const Hearth__Link__EnrollOpened *opened)
{
    char secret[5], shown[CHANNEL_CODE_TEXT], words[CHANNEL_WORDS_TEXT], joined[CHANNEL_CODE_LEN + 1];
    if (strlen(opened->locator) != WAITING_LOCATOR_LEN) {
        give_up(waiting, "This is not a Hearth broker, or one of another version.");
        return;
    }
    channel_code_secret(secret);
    (void)snprintf(joined, sizeof joined, "%s%s", opened->locator, secret);
    if (channel_code_normalise(waiting->code, joined) != 0) {
        give_up(waiting, "This is not a Hearth broker, or one of another version.");
        return;
    }
    (void)snprintf(shown, sizeof shown, "%.4s-%.4s", waiting->code, waiting->code + 4);
    waiting->enroll = channel_enroll_create_pc(
        waiting->code, waiting->sign_public, waiting->dh_public, waiting->name, waiting->os);
    if (!waiting->enroll ||
        enroll_words_line(words, waiting->code, waiting->sign_public, waiting->dh_public) != 0) {
        give_up(waiting, "Out of memory.");
        return;
    }
    const uint32_t expires_s = opened->expires_s ? opened->expires_s : 600;
    waiting->expires_ms = now_ms(waiting) + (uint64_t)expires_s * 1000;
    waiting->callbacks.code(waiting->user, shown, words, expires_s);
}

/* The approver's third message was good: keep the account, then say so. */
static void take_approval(struct channel_enroll_waiting *waiting, uint8_t *reply, size_t reply_len)
{
    char account[65] = "";
    struct channel_log *log = channel_enroll_take_log(waiting->enroll, account);
    if (!log || waiting->callbacks.approved(waiting->user, log, account) != 0) {
        give_up(waiting, "The approval could not be stored on this computer.");
        return;
    }
    waiting->approved = true;
    if (waiting->dead) {
        return;
    }
    if (reply_len > 0 && send_data(waiting, reply, reply_len) != 0) {
        waiting->callbacks.done(waiting->user); /* stored; only the courtesy is missing */
    }
}

static void take_message(struct channel_enroll_waiting *waiting, const Hearth__Link__EnrollMessage *message)
{
    if (!waiting->enroll || waiting->approved) {
        return;
    }
    if (message->end) {
        if (waiting->handle != 0 && message->handle == waiting->handle) {
            start_over(waiting, "The other side ended the enrolment. A new code follows.");
        }
        return;
    }
    if (waiting->handle == 0) {
        waiting->handle = message->handle;
    } else if (message->handle != waiting->handle) {
        return; /* one approver at a time; the code dies with a wrong guess anyway */
    }
    waiting->guessed = true;
    uint8_t *reply = malloc(CHANNEL_ENROLL_MESSAGE_MAX);
    if (!reply) {
        give_up(waiting, "Out of memory.");
        return;
    }
    size_t reply_len = 0;
    const int error = channel_enroll_receive(waiting->enroll, message->data.data, message->data.len, reply,
        CHANNEL_ENROLL_MESSAGE_MAX, &reply_len);
    if (error == CHANNEL_ENROLL_ERR_LOG) {
        give_up(waiting, "The account that was offered does not hold this computer. Nothing was stored.");
    } else if (error == CHANNEL_ENROLL_ERR_CODE) {
        start_over(waiting, "Someone tried a wrong code. That code is spent; a new one follows.");
    } else if (error != CHANNEL_ENROLL_OK) {
        start_over(waiting, "The other side sent something wrong. A new code follows.");
    } else if (channel_enroll_done(waiting->enroll)) {
        take_approval(waiting, reply, reply_len);
    } else if (reply_len > 0 && send_data(waiting, reply, reply_len) != 0) {
        start_over(waiting, "The connection to the broker was lost. A new code follows.");
    }
    free(reply);
}

static void on_open(void *user)
{
    struct channel_enroll_waiting *waiting = user;
    waiting->heard_ms = now_ms(waiting);
}

/* The broker's words go to a terminal: nothing in them may drive it. */
static void start_over_as_told(struct channel_enroll_waiting *waiting, const char *told)
{
    char why[256];
    (void)snprintf(why, sizeof why, "%s", told);
    for (char *at = why; *at; at++) {
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f) {
            *at = '?';
        }
    }
    start_over(waiting, why);
}

static void take(struct channel_enroll_waiting *waiting, const Hearth__Link__FromBroker *message)
{
    if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_CHALLENGE && !waiting->enroll) {
        (void)send_open(waiting);
    } else if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_ENROLL_OPENED && !waiting->enroll) {
        take_opened(waiting, message->enroll_opened);
    } else if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_ENROLL_MESSAGE) {
        take_message(waiting, message->enroll_message);
    } else if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_PING) {
        Hearth__Link__Pong pong = HEARTH__LINK__PONG__INIT;
        pong.t = message->ping->t;
        Hearth__Link__ToBroker answer = HEARTH__LINK__TO_BROKER__INIT;
        answer.body_case = HEARTH__LINK__TO_BROKER__BODY_PONG;
        answer.pong = &pong;
        (void)queue(waiting, &answer);
    } else if (message->body_case == HEARTH__LINK__FROM_BROKER__BODY_ERROR && !waiting->approved) {
        start_over_as_told(waiting, message->error->message);
    }
}

static void on_message(void *user, const uint8_t *data, size_t len)
{
    struct channel_enroll_waiting *waiting = user;
    Hearth__Link__FromBroker *message = hearth__link__from_broker__unpack(NULL, len, data);
    waiting->heard_ms = now_ms(waiting);
    if (!message) {
        give_up(waiting, "This is not a Hearth broker, or one of another version.");
        return;
    }
    take(waiting, message);
    hearth__link__from_broker__free_unpacked(message, NULL);
}

static size_t on_produce(void *user, uint8_t *out, size_t cap)
{
    struct channel_enroll_waiting *waiting = user;
    if (waiting->out_count == 0 || waiting->out[0].len > cap) {
        if (waiting->approved && waiting->out_count == 0) {
            waiting->approved = false; /* told once */
            waiting->callbacks.done(waiting->user);
        }
        return 0;
    }
    const struct waiting_out next = waiting->out[0];
    waiting->out_count--;
    memmove(waiting->out, waiting->out + 1, waiting->out_count * sizeof waiting->out[0]);
    memcpy(out, next.data, next.len);
    free(next.data);
    return next.len;
}

static void on_closed(void *user, int ws_code, const char *why)
{
    struct channel_enroll_waiting *waiting = user;
    (void)ws_code;
    if (waiting->approved) {
        waiting->approved = false;
        waiting->callbacks.done(waiting->user);
    } else if (channel_net_endpoint(waiting->net)->refused_pin[0]) {
        give_up(waiting, why);
    } else {
        start_over(waiting, why);
    }
}

static const struct channel_socket_ops socket_ops = {
    .open = on_open, .message = on_message, .produce = on_produce, .closed = on_closed};

static void begin(struct channel_enroll_waiting *waiting)
{
    const struct channel_socket_config config = {
        .net = waiting->net,
        .path = "/v1/link",
        .protocol = "hearth-link-1",
        .message_max = 256 * 1024,
        .send_max = WAITING_MESSAGE_MAX,
        .ops = &socket_ops,
        .user = waiting,
    };
    waiting->retry_ms = 0;
    waiting->expires_ms = 0;
    waiting->heard_ms = now_ms(waiting);
    waiting->socket = channel_socket_create(&config);
    if (!waiting->socket) {
        start_over(waiting, "Out of memory.");
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct channel_enroll_waiting *waiting = timer->data;
    const uint64_t now = now_ms(waiting);
    if (!waiting->socket) {
        if (waiting->retry_ms != 0 && now >= waiting->retry_ms) {
            begin(waiting);
        }
    } else if (waiting->expires_ms != 0 && !waiting->approved &&
               now >= waiting->expires_ms + (waiting->guessed ? WAITING_GUESSED_MS : 0)) {
        start_over(waiting, "The code ran out. A new one follows.");
    } else if (now - waiting->heard_ms >= WAITING_SILENT_MS) {
        start_over(waiting, "The broker fell silent. A new code follows.");
    } else if (now - waiting->heard_ms >= WAITING_PING_MS) {
        (void)send_ping(waiting);
    }
}

struct channel_enroll_waiting *channel_enroll_wait(const struct channel_enroll_waiting_config *config)
{
    struct channel_enroll_waiting *waiting = calloc(1, sizeof *waiting);
    if (!waiting) {
        return NULL;
    }
    waiting->net = config->net;
    waiting->callbacks = config->callbacks;
    waiting->user = config->user;
    memcpy(waiting->sign_public, config->sign_public, 32);
    memcpy(waiting->dh_public, config->dh_public, 32);
    (void)snprintf(waiting->name, sizeof waiting->name, "%s", config->name);
    (void)snprintf(waiting->os, sizeof waiting->os, "%s", config->os);
    (void)uv_timer_init(channel_net_loop(config->net), &waiting->timer);
    waiting->timer.data = waiting;
    waiting->retry_ms = 1;
    (void)uv_timer_start(&waiting->timer, on_timer, 0, 500);
    return waiting;
}

static void timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void channel_enroll_waiting_destroy(struct channel_enroll_waiting *waiting)
{
    if (!waiting || waiting->dead) {
        return;
    }
    waiting->dead = true;
    drop(waiting);
    uv_close((uv_handle_t *)&waiting->timer, timer_closed);
}
