/* The inside of a link, for the modules that stand on it: presence, log, peers, enrolment. */
#pragma once

#include "channel/link/link.h"
#include "channel/path/socket.h"
#include "channel/proto/link.pb-c.h"

enum {
    LINK_REQUESTS_MAX = 64,  /* unanswered requests; one more is refused */
    LINK_REQUEST_MS = 15000, /* then OFFLINE */
    LINK_QUEUE_MAX = 256,    /* messages waiting to leave; over it the link starts over */
    LINK_SEND_MAX_BYTES = 64 * 1024,
    LINK_RECEIVE_MAX_BYTES = 256 * 1024,
    LINK_HELLO_MS = 15000, /* from connecting to Welcome */
    LINK_BACKOFF_FIRST_MS = 500,
    LINK_BACKOFF_MAX_MS = 60000,
    LINK_BACKOFF_SESSION_MS = 1000, /* while sessions live on this link */
    LINK_SETTLED_MS = 30000,        /* online for so long forgets earlier failures */
    LINK_TAKEN_OVER_MS = 3000,      /* least wait after a newer link of this device closed ours */
    LINK_PRESENCE_MAX = 1024,       /* devices; more are not shown */
    LINK_PING_DEFAULT_S = 20,
    LINK_PING_MIN_S = 1,
    LINK_PING_MAX_S = 300
};

/* answer is NULL when there is none: code and message then say why. Exactly once. */
typedef void link_answer_fn(
    void *user, const Hearth__Link__FromBroker *answer, int code, const char *message);

struct link_request {
    uint32_t id; /* 0 = free */
    uint64_t deadline_ms;
    link_answer_fn *fn;
    void *user;
    bool owned; /* user is memory of the asker's that cancelling frees */
};

struct link_out {
    struct link_out *next;
    size_t len;
    uint8_t data[];
};

/* Told about every change of state, log and enrolment message; peers and enrolments hang here. */
struct link_listener {
    struct link_listener *next;
    void (*state)(void *user);
    void (*log_changed)(void *user);
    void (*enroll)(void *user, const Hearth__Link__EnrollMessage *message);
    void *user;
};

struct channel_link {
    struct channel_link_config config;
    char os[65];
    struct channel_socket *socket;
    enum channel_link_state state;
    bool destroying;
    uint32_t sync_request; /* the last LogGet of ours; under way while it is in the table */
    bool untrusted;        /* refused because of the log the broker shows */
    uint64_t online_since_ms, heard_ms, sent_ms, wake_ms, hello_deadline_ms;
    uint32_t failures, ping_s, next_id;
    int64_t clock_skew_ms;
    uint64_t go_away_ms; /* the broker asked to come back after so long; 0 = it did not */
    char why[420];
    char account[65];
    uv_timer_t timer;
    struct link_out *out, **out_end;
    size_t out_count;
    struct link_request requests[LINK_REQUESTS_MAX];
    struct channel_presence *presence;
    size_t presence_count, presence_cap;
    bool presence_known; /* a table came since the link is up */
    bool look;
    bool has_use;
    struct channel_presence use;
    struct link_listener *listeners;
    void (*done)(void *user);
    void *done_user;
};

/* Queue a message; request id 0 = no answer wanted. fn as above. Returns the id (or 1 without fn), 0 when
 * it could not be queued (then fn is not called). Fails at once unless ONLINE. */
uint32_t link_send(
    struct channel_link *link, Hearth__Link__ToBroker *message, link_answer_fn *fn, void *user);
/* The same where user came from malloc: fn frees it, or a cancel does. Failing leaves it to the caller. */
uint32_t link_send_owned(
    struct channel_link *link, Hearth__Link__ToBroker *message, link_answer_fn *fn, void *user);
/* A message without a request; -1 when it cannot be queued. */
int link_enqueue(struct channel_link *link, const Hearth__Link__ToBroker *message);
void link_drop_queue(struct channel_link *link);
/* Free the slot, then tell who asked. */
void link_answer(
    struct link_request *slot, const Hearth__Link__FromBroker *message, int code, const char *text);
void link_fail_requests(struct channel_link *link, const char *why);
uint64_t link_now_ms(const struct channel_link *link);
/* Set the timer to what is due next. */
void link_arm(struct channel_link *link);
void link_listen(struct channel_link *link, struct link_listener *listener);
void link_unlisten(struct channel_link *link, struct link_listener *listener);
bool link_online(const struct channel_link *link);
/* One message of the broker, as its bytes came. */
void link_receive(struct channel_link *link, const uint8_t *data, size_t len);
/* Final: nothing of this broker is believed any more. why: a sentence for people. */
void link_refuse(struct channel_link *link, const char *why);

/* Fetch what the broker has and we have not; done with code 0 when it was checked and kept. */
uint32_t link_log_fetch(struct channel_link *link, channel_link_done_fn *done, void *user);
/* Check and keep entries that came. 0, or -1 after link_refuse. */
int link_log_take(struct channel_link *link, const Hearth__Link__LogEntries *entries);

void link_presence_take(struct channel_link *link, const Hearth__Link__Presence *presence);
/* Say again what a new link has to know: whether we look, who uses us. */
void link_presence_online(struct channel_link *link);

static inline bool link_id_ok(const ProtobufCBinaryData *data)
{
    return data->len == CHANNEL_ID_LEN;
}
