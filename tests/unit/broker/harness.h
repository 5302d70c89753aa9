/* Drives the real hearth-broker from outside: the program as a child, REST through libcurl, WebSockets by
 * a small blocking client that shares no code with the broker's. One thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel/identity/log.h"
#include "channel/proto/link.pb-c.h"

struct program {
    pid_t pid;
    char url[128], host[96], dir[64]; /* host = address:port */
    int out;
};

/* Start with a fresh folder (or dir when it is set already) and extra arguments; NULL-terminated. */
void program_start(struct program *program, const char *const *extra);
/* SIGTERM and wait; the exit code, or -signal. */
int program_stop(struct program *program);
void program_kill(struct program *program);
/* Run it to its end and return its exit code; stderr goes to text. */
int program_run(const char *const *arguments, char *text, size_t cap);

/* body NULL = GET. *out_json may be NULL; else a new reference or NULL. Returns the status. */
long rest(const struct program *program, const char *path, json_t *body, json_t **out_json);
/* A GET with extra headers; the header block of the answer goes to headers. */
long fetch(const struct program *program, const char *path, const char *const *request_headers, char *headers,
    size_t headers_cap, char *body, size_t body_cap, size_t *out_len);

struct ws {
    int fd;
    int close_code; /* after a receive of -1 */
};
/* Returns the HTTP status (101 = open). host, origin: NULL = as usual, absent. */
int ws_open(const struct program *program, struct ws *ws, const char *path, const char *protocol,
    const char *host, const char *origin);
/* False when the connection is gone. */
bool ws_send(struct ws *ws, const void *data, size_t len);
/* fragments > 1 cuts the message into that many frames. */
void ws_send_fragments(struct ws *ws, const void *data, size_t len, unsigned fragments);
/* Length, 0 when nothing came in time, -1 when closed. */
ssize_t ws_receive(struct ws *ws, void *out, size_t cap, int timeout_ms);
void ws_close(struct ws *ws);
/* Plain bytes there, and all that comes back until the end of the connection. */
void raw_open(const struct program *program, struct ws *ws);
size_t raw_exchange(struct ws *ws, const void *data, size_t len, char *out, size_t cap);

struct device {
    uint8_t sign_secret[64], sign_public[32], dh_public[32], id[16];
    uint32_t rights;
    const char *name;
};
struct person {
    const char *account;
    uint8_t root_secret[64], root_sign[32], root_dh[32], auth_key[32], recovery_auth[32];
    uint8_t account_id[16];
    struct channel_log *log;
};

json_t *base64(const void *bytes, size_t len);
size_t unbase64(const json_t *value, uint8_t *out, size_t cap);

void device_make(struct device *device, const char *name, uint32_t rights);
void person_make(struct person *person, const char *account);
void person_finish(struct person *person);
/* The next entries of the person's log, signed by root (signer NULL) or a device. Not appended. */
size_t entry_add(const struct person *person, const struct device *signer, const struct device *added,
    uint8_t out[static CHANNEL_LOG_ENTRY_MAX]);
size_t entry_revoke(const struct person *person, const struct device *signer, const struct device *revoked,
    uint8_t out[static CHANNEL_LOG_ENTRY_MAX]);
size_t entry_rename(const struct person *person, const struct device *signer, const struct device *renamed,
    const char *name, uint8_t out[static CHANNEL_LOG_ENTRY_MAX]);
/* The JSON of a sign-up with first as its device; the log then holds both entries. */
json_t *signup_body(struct person *person, const struct device *first);
void signup(const struct program *program, struct person *person, const struct device *first);

struct link {
    struct ws ws;
    uint8_t nonce[32];
};
/* Open and take the Challenge. */
void link_open(const struct program *program, struct link *link);
void link_say(struct link *link, const Hearth__Link__ToBroker *message);
/* The next message of that kind; others are passed over, Pings are answered when pong. NULL when closed or
 * nothing came in time. */
Hearth__Link__FromBroker *link_wait(
    struct link *link, Hearth__Link__FromBroker__BodyCase kind, int timeout_ms, bool pong);
/* Say Hello with a proof over host (NULL = the right one). */
void link_hello(const struct program *program, struct link *link, const struct person *person,
    const struct device *device, const char *host, uint64_t log_have);
/* Open, Hello, Welcome, log, full presence. */
void link_enter(const struct program *program, struct link *link, const struct person *person,
    const struct device *device);
void link_append(struct link *link, uint32_t id, const uint8_t *entry, size_t len);
uint64_t now_ms(void);
