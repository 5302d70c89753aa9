#include "host/session/sessions.h"

#include "channel/proto/session.pb-c.h"
#include "host/log.h"
#include "host/session/session.h"

#include <stdlib.h>
#include <string.h>

/* Between two rounds of telling who watches. A viewer may start and stop as fast as it likes, but the broker
 * counts what this PC says, and would refuse the last word with the rest. */
enum { SESSIONS_TELL_MS = 100 };

struct sessions {
    struct session_shared shared;
    struct channel_link *link;
    char *home;
    bool view_only;
    bool ending;
    struct session *list[SESSIONS_MAX];
    size_t count;
    uv_timer_t tell;
    uint64_t told_ms;
};

/* ---- who watches */

static void tell_broker(const struct sessions *sessions)
{
    struct channel_presence use = {0};
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session *session = sessions->list[i];
        if (!session_watching(session) || use.use_count == sizeof use.use / sizeof use.use[0])
            continue;
        memcpy(use.use[use.use_count].device_id, session_device(session)->id, CHANNEL_ID_LEN);
        use.use[use.use_count].since_ms = session_since_ms(session);
        use.use[use.use_count].view_only = session_view_only(session);
        use.use_count++;
    }
    channel_link_in_use(sessions->link, &use);
}

static void tell_viewers(struct sessions *sessions)
{
    Hearth__Session__Viewers message = HEARTH__SESSION__VIEWERS__INIT;
    Hearth__Session__Viewer viewers[SESSIONS_MAX], *pointers[SESSIONS_MAX];
    struct channel_device devices[SESSIONS_MAX];
    message.viewers = pointers;
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session *session = sessions->list[i];
        if (!session_watching(session))
            continue;
        Hearth__Session__Viewer *viewer = &viewers[message.n_viewers];
        struct channel_device *device = &devices[message.n_viewers];
        *device = *session_device(session);
        hearth__session__viewer__init(viewer);
        viewer->device_id.data = device->id;
        viewer->device_id.len = CHANNEL_ID_LEN;
        viewer->name = device->name;
        viewer->view_only = session_view_only(session);
        viewer->since_ms = session_since_ms(session);
        pointers[message.n_viewers++] = viewer;
    }
    /* From the end: a session that breaks while it is told leaves the list behind us in order. */
    for (size_t i = sessions->count; i > 0; i--)
        if (i <= sessions->count)
            session_tell_viewers(sessions->list[i - 1], &message);
}

static void tell(uv_timer_t *timer)
{
    struct sessions *sessions = timer->data;
    sessions->told_ms = uv_now(timer->loop);
    tell_broker(sessions);
    tell_viewers(sessions);
}

static void changed(void *user)
{
    struct sessions *sessions = user;
    if (sessions->ending || uv_is_active((uv_handle_t *)&sessions->tell))
        return;
    uint64_t now_ms = uv_now(sessions->shared.loop), due_ms = sessions->told_ms + SESSIONS_TELL_MS;
    (void)uv_timer_start(&sessions->tell, tell, now_ms < due_ms ? due_ms - now_ms : 0, 0);
}

/* ---- sessions come and go */

static void ended(void *user, struct session *session, int code, const char *why)
{
    struct sessions *sessions = user;
    char name[HOST_LOG_QUOTE_BYTES], reason[HOST_LOG_QUOTE_BYTES];
    host_log("session", "%s: ended, code %d: %s", host_log_quote(name, session_device(session)->name), code,
        host_log_quote(reason, why));
    for (size_t i = 0; i < sessions->count; i++) {
        if (sessions->list[i] != session)
            continue;
        sessions->count--;
        memmove(&sessions->list[i], &sessions->list[i + 1], (sessions->count - i) * sizeof(struct session *));
        break;
    }
    changed(sessions);
}

static void taken_over(void *user, struct session *session, const uint8_t *key, size_t key_len)
{
    struct sessions *sessions = user;
    for (size_t i = sessions->count; i > 0; i--)
        if (i <= sessions->count && sessions->list[i - 1] != session)
            session_yield(sessions->list[i - 1], key, key_len);
}

bool sessions_accept(
    void *user, struct channel_peer *peer, struct channel_peer_callbacks *out_callbacks, void **out_user)
{
    struct sessions *sessions = user;
    struct host_policy *policy;
    char name[HOST_LOG_QUOTE_BYTES];
    host_log_quote(name, channel_peer_device(peer)->name);
    if (sessions->ending || sessions->count == SESSIONS_MAX) {
        host_log("session", "%s: refused, %zu sessions are open", name, sessions->count);
        return false;
    }
    int err = host_policy_load(sessions->home, &policy);
    if (err != HOST_POLICY_OK) {
        host_log("session", "%s: refused: %s", name, host_policy_strerror(err));
        return false;
    }
    if (sessions->view_only)
        host_policy_view_only(policy);
    struct session *session = session_create(&sessions->shared, peer, policy);
    host_policy_unref(policy);
    if (!session)
        return false;
    sessions->list[sessions->count++] = session;
    *out_callbacks = session_callbacks;
    *out_user = session;
    return true;
}

void sessions_end(struct sessions *sessions, const char *reason)
{
    sessions->ending = true;
    while (sessions->count > 0)
        session_end(sessions->list[--sessions->count], reason);
}

/* ---- life */

struct sessions *sessions_create(const struct sessions_config *config)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);
    if (!sessions || !(sessions->home = strdup(config->home))) {
        free(sessions);
        return NULL;
    }
    sessions->link = config->link;
    sessions->view_only = config->view_only;
    sessions->shared = (struct session_shared){.loop = config->loop,
        .screen = config->screen,
        .umask = config->umask,
        .changed = changed,
        .ended = ended,
        .taken_over = taken_over,
        .user = sessions};
    (void)snprintf(sessions->shared.name, sizeof sessions->shared.name, "%s", config->name);
    (void)snprintf(sessions->shared.os, sizeof sessions->shared.os, "%s", config->os);
    (void)uv_timer_init(config->loop, &sessions->tell);
    sessions->tell.data = sessions;
    return sessions;
}

static void timer_closed(uv_handle_t *handle)
{
    struct sessions *sessions = handle->data;
    free(sessions->home);
    free(sessions);
}

void sessions_destroy(struct sessions *sessions)
{
    if (!sessions)
        return;
    sessions_end(sessions, "");
    uv_close((uv_handle_t *)&sessions->tell, timer_closed);
}

size_t sessions_count(const struct sessions *sessions)
{
    return sessions->count;
}
