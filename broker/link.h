/* The link: one WebSocket between an endpoint and the broker. It starts with Challenge; an enrolled
 * device answers Hello and becomes its account's, a PC without an account asks for a locator. Loop
 * thread. docs/wire.md section 5. */
#pragma once

#include "broker/account.h"
#include "broker/broker.h"
#include "channel/proto/link.pb-c.h"

struct lws;

enum {
    BROKER_LINK_RX_MAX = 64 * 1024,      /* one message from an endpoint */
    BROKER_LINK_TX_MAX = 256 * 1024,     /* one message to an endpoint */
    BROKER_LINK_QUEUE_MAX = 1024 * 1024, /* bytes that wait for a slow endpoint; beyond: closed */
    BROKER_LINK_LOG_CHUNK = 170 * 1024   /* bytes of entries in one LogEntries */
};

enum broker_link_state {
    BROKER_LINK_OPEN,      /* challenged, unknown */
    BROKER_LINK_ENROLLING, /* has a locator, no account */
    BROKER_LINK_LOADING,   /* said Hello, its account is being read */
    BROKER_LINK_ACTIVE,    /* a device of its account */
    BROKER_LINK_ENDED      /* only the close frame is left to send */
};

/* WebSocket close codes of ours. docs/wire.md sections 5 and 6. */
enum {
    BROKER_CLOSE_DONE = 1000,
    BROKER_CLOSE_GOING = 1001,
    BROKER_CLOSE_BAD = 4400,
    BROKER_CLOSE_DENIED = 4401,
    BROKER_CLOSE_SILENT = 4408,
    BROKER_CLOSE_NEWER = 4409,
    BROKER_CLOSE_GONE = 4410,
    BROKER_CLOSE_LARGE = 4413,
    BROKER_CLOSE_SLOW = 4429
};

struct broker_link_message;

struct broker_link {
    struct broker_map_node node;
    struct broker *broker;
    struct lws *wsi;
    uint64_t number;
    enum broker_link_state state;
    char host[BROKER_HOST_MAX + 1], address[BROKER_ADDRESS_MAX];
    uint8_t nonce[32];
    uint64_t opened_us, heard_us, probed_us;

    struct broker_account *account; /* referenced from LOADING on */
    struct broker_device *device;   /* ACTIVE only */
    struct broker_link *account_next;
    Hearth__Link__ToBroker *hello; /* between Hello and the account's arrival */
    uint64_t log_sent;             /* entries told */
    bool log_due;                  /* LogEntries is to be sent even when there is none */
    bool presence_due;             /* the full state is to be sent, after the log */
    bool looking, silent;

    uint64_t enrol_handle; /* the enrolment this PC waits for, or 0 */

    struct broker_link_message *first, *last;
    size_t queued_bytes;
    uint8_t *rx;
    size_t rx_len, rx_cap;
    int close_code;
    const char *close_reason;
    uint64_t ended_us;
};

/* A socket has become a link: makes its state and sends Challenge. NULL when out of memory. */
struct broker_link *broker_link_open(
    struct broker *broker, struct lws *wsi, const char *host, const char *address);
/* Bytes of a message. 0, or -1 when the socket is to be closed now. */
int broker_link_receive(struct broker_link *link, const uint8_t *data, size_t len, bool binary, bool final);
/* Send the next message. 0, or -1 when the socket is to be closed now. */
int broker_link_writeable(struct broker_link *link);
/* The close frame: libwebsockets sends one only when its own timer callback ends the socket, after a
 * writeable callback it just hangs up. -1 = close now. */
int broker_link_timer(struct broker_link *link);
/* The socket is gone. Frees the link. */
void broker_link_closed(struct broker_link *link);

/* Queue a message; copies it. A link that does not take what it is sent is ended. */
void broker_link_send(struct broker_link *link, const Hearth__Link__FromBroker *message);
/* The same with bytes packed once for many links. */
void broker_link_send_packed(struct broker_link *link, const uint8_t *packed, size_t len);
void broker_link_send_error(
    struct broker_link *link, uint32_t re, Hearth__Link__Code code, const char *text, uint32_t retry_ms);
void broker_link_send_done(struct broker_link *link, uint32_t re);
/* Let the queue drain, then close. What the link was to others ends now. reason is static. */
void broker_link_end(struct broker_link *link, int code, const char *reason);
/* Entries from .. as many as fit, as LogEntries. */
void broker_link_send_log(struct broker_link *link, uint64_t from, uint32_t re, uint64_t *out_next);
/* Ask for the next chance to write (LogEntries are made there). */
void broker_link_wake(struct broker_link *link);

/* NULL when it has gone or ended. */
struct broker_link *broker_link_find(struct broker *broker, uint64_t number);
/* Entries became durable: tell every link, close those of revoked devices. */
void broker_link_account_grown(struct broker_account *account, uint64_t from, void *broker);
/* Each second: sign-in time, silence, probes. */
void broker_link_tick(struct broker *broker, uint64_t now_us);
/* The wire's code for an error. */
Hearth__Link__Code broker_link_code(int err);

/* link_request.c: answer one checked request. True when the request was kept (Hello): then it is not the
 * caller's any more. */
bool broker_link_request(struct broker_link *link, Hearth__Link__ToBroker *request);
