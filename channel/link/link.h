/* An enrolled endpoint's link to its broker: signs in with the device key, keeps the account log in
 * step (checked, saved to the home), hears presence, asks for and receives connections. Reconnects by
 * itself with full jitter (0.5..60 s). libwebsockets on the caller's libuv loop; loop thread only.
 * docs/wire.md section 5. */
#pragma once

#include <uv.h>

#include "channel/identity/home.h"
#include "channel/identity/log.h"

struct channel_link;
struct channel_net; /* channel/path/net.h: the libwebsockets context on a loop */

enum channel_link_state {
    CHANNEL_LINK_CONNECTING,
    CHANNEL_LINK_ONLINE,
    CHANNEL_LINK_WAITING, /* will try again by itself */
    CHANNEL_LINK_REFUSED  /* final: revoked, unknown device, log rolled back or forked, other TLS key */
};

struct channel_presence {
    uint8_t device_id[CHANNEL_ID_LEN];
    bool online;
    uint64_t last_seen_ms;
    char os[65], version[33];
    int kind;
    size_t use_count;
    struct {
        uint8_t device_id[CHANNEL_ID_LEN];
        uint64_t since_ms;
        bool view_only;
    } use[8];
};

/* Where a session's records flow: for channel_peer. */
struct channel_relay {
    char path[128];
    uint8_t token[64];
    size_t token_len;
    uint8_t session_id[CHANNEL_ID_LEN];
    uint8_t device_id[CHANNEL_ID_LEN]; /* the other side */
};

struct channel_link_callbacks {
    /* why: a sentence for people; NULL when online. */
    void (*state)(void *user, enum channel_link_state state, const char *why);
    void (*log_changed)(void *user); /* home's log grew */
    void (*presence)(void *user);    /* the table below changed */
    void (*incoming)(void *user, const struct channel_relay *relay);
};

struct channel_link_config {
    int kind; /* Kind of link.proto */
    const char *os;
    struct channel_home *home; /* borrowed; outlives the link */
    struct channel_net *net;   /* borrowed */
    struct channel_link_callbacks callbacks;
    void *user;
};

struct channel_link *channel_link_create(const struct channel_link_config *config);
/* Asynchronous end; done is called from the loop when everything is closed. */
void channel_link_destroy(struct channel_link *link, void (*done)(void *user), void *user);

/* Refused because the broker shows a forked or shortened log, not because it denied us. */
bool channel_link_untrusted(const struct channel_link *link);

size_t channel_link_presence_count(const struct channel_link *link);
const struct channel_presence *channel_link_presence(const struct channel_link *link, size_t index);

/* Ask for a connection. The callback comes exactly once: relay, or NULL with code (link.proto Code) and
 * a message. Returns a request number to cancel with, 0 when out of memory. */
typedef void channel_link_connect_fn(
    void *user, const struct channel_relay *relay, int code, const char *message);
uint32_t channel_link_connect(struct channel_link *link, const uint8_t device[static 16],
    const uint8_t session_id[static 16], channel_link_connect_fn *callback, void *user);
void channel_link_cancel(struct channel_link *link, uint32_t request);

/* Append signed entries. code 0 = taken. */
typedef void channel_link_done_fn(void *user, int code, const char *message);
uint32_t channel_link_append(struct channel_link *link, const uint8_t *const *entries, const size_t *lens,
    size_t count, channel_link_done_fn *callback, void *user);

void channel_link_look(struct channel_link *link, bool on);
void channel_link_in_use(struct channel_link *link, const struct channel_presence *use); /* its use[] only */
