/* Paths of a session: dumb pipes for records. The newest one that is up carries; the others stand by. */
#include "channel/core/session_internal.h"

#include <string.h>

struct path *channel_session_path(struct channel_session *s, int path)
{
    if (path < 0 || path >= CHANNEL_PATHS_MAX || s->paths[path].phase == PATH_FREE)
        return NULL;
    return &s->paths[path];
}

int channel_session_path_add(struct channel_session *s, uint64_t now_us)
{
    if (s->state == CHANNEL_STATE_CLOSED)
        return CHANNEL_ERR_CLOSED;
    s->now_us = now_us;
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++) {
        if (s->paths[i].phase != PATH_FREE || s->paths[i].down_told)
            continue;
        s->paths[i] = (struct path){
            .phase = s->state == CHANNEL_STATE_OPEN ? PATH_RESUMING : PATH_HELLO,
            .order = ++s->path_order,
            .added_us = now_us,
            .heard_us = now_us,
        };
        return i;
    }
    return CHANNEL_ERR_LIMIT;
}

/* The newest path that is up carries. When that changes, whatever the peer has not acknowledged goes again.
 */
static void choose_carrier(struct channel_session *s)
{
    int best = -1;
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++)
        if (s->paths[i].phase == PATH_UP && (best < 0 || s->paths[i].order > s->paths[best].order))
            best = i;
    if (best == s->carrier)
        return;
    s->carrier = best;
    if (s->message_out.pos > 0)
        channel_message_out_clear(&s->message_out); /* its first pieces may be lost with the old path */
    if (best < 0)
        return;
    for (int lane = 0; lane < CHANNEL_LANES; lane++)
        s->paths[best].cursor[lane] = s->replay[lane].base;
    s->paths[best].heard_us = s->now_us; /* a standby is silent by rule: its silence starts to count now */
    s->ping_due = true;
    s->ping_sent_us = 0;
    s->ping_at_us = s->now_us + CHANNEL_PING_US;
}

/* Records of lane S that were under way may be gone: the application starts its screen over. */
void channel_session_tell_gaps(struct channel_session *s)
{
    channel_message_in_drop(&s->message_in);
    for (struct channel_stream *stream = s->streams.first; stream; stream = stream->next)
        if (stream->lane == CHANNEL_LANE_S && !stream->ours)
            channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_MESSAGE_GAP,
                                        .stream = stream->id,
                                        .lane = CHANNEL_LANE_S,
                                        .kind = stream->kind,
                                        .path = -1});
}

void channel_session_path_up(struct channel_session *s, int path)
{
    s->paths[path].phase = PATH_UP;
    s->paths[path].heard_us = s->now_us;
    choose_carrier(s);
    channel_session_push(s, &(struct channel_event){.type = CHANNEL_EVENT_PATH_UP, .path = path});
    channel_session_tell_gaps(s);
}

void channel_session_path_down(struct channel_session *s, int path, int err)
{
    s->paths[path].phase = PATH_FREE;
    s->paths[path].down_told = true;
    if (s->hello_path == path)
        s->hello_path = -1;
    choose_carrier(s);
    channel_session_push(
        s, &(struct channel_event){.type = CHANNEL_EVENT_PATH_DOWN, .path = path, .error = err});
    bool any = false;
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++)
        any |= s->paths[i].phase != PATH_FREE;
    if (!any)
        s->orphan_us = s->now_us;
}

void channel_session_path_lost(struct channel_session *s, int path, uint64_t now_us)
{
    if (s->state == CHANNEL_STATE_CLOSED || !channel_session_path(s, path))
        return;
    s->now_us = now_us;
    channel_session_path_down(s, path, 0);
}

/* The session has just opened: the path that carried the handshake is up, the others go on by resuming. */
void channel_session_paths_opened(struct channel_session *s)
{
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++) {
        if (s->paths[i].phase != PATH_HELLO || i == s->hello_path)
            continue;
        if (s->config.role == CHANNEL_INITIATOR) {
            s->paths[i].phase = PATH_RESUMING;
            s->paths[i].said = false;
            s->paths[i].added_us = s->now_us;
        }
    }
    if (s->hello_path >= 0 && s->paths[s->hello_path].phase == PATH_HELLO)
        channel_session_path_up(s, s->hello_path);
}

int channel_session_resume(struct channel_session *s, int path, const struct channel_record *record)
{
    struct channel_resume resume;
    if (!s->keyed || (s->config.role == CHANNEL_INITIATOR && s->state != CHANNEL_STATE_OPEN))
        return CHANNEL_ERR_FORMAT;
    enum channel_role peer = s->config.role == CHANNEL_INITIATOR ? CHANNEL_RESPONDER : CHANNEL_INITIATOR;
    int err = channel_resume_read(record, peer, s->path_key, &resume);
    if (err < 0)
        return err;
    struct path *p = &s->paths[path];
    if (p->phase == PATH_UP || p->heard)
        return 0; /* said twice: nothing new */
    if (memcmp(resume.session_id, s->config.session_id, CHANNEL_ID_LEN) != 0)
        return CHANNEL_ERR_FORMAT;
    if (channel_replay_ack(&s->replay[CHANNEL_LANE_I], resume.next_i) < 0 ||
        channel_replay_ack(&s->replay[CHANNEL_LANE_B], resume.next_b) < 0)
        return CHANNEL_ERR_FORMAT;
    if (p->phase == PATH_HELLO) {
        p->phase = PATH_RESUMING;
        p->said = false;
    }
    p->heard = true;
    if (p->said)
        channel_session_path_up(s, path);
    return 0;
}

/* What a path that is not up has to say. Returns the length of a record or 0. */
int channel_session_path_say(struct channel_session *s, int path, uint8_t *out)
{
    struct path *p = &s->paths[path];
    if (p->said)
        return 0;
    if (p->phase == PATH_HELLO) {
        if (s->hello_out_len == 0 || (s->config.role == CHANNEL_RESPONDER && !p->asked))
            return 0;
        memcpy(out, s->hello_out, s->hello_out_len);
        p->said = true;
        return (int)s->hello_out_len;
    }
    struct channel_resume resume = {
        .counter = ++s->resume_counter,
        .next_i = s->rx[CHANNEL_LANE_I].next,
        .next_b = s->rx[CHANNEL_LANE_B].next,
    };
    memcpy(resume.session_id, s->config.session_id, CHANNEL_ID_LEN);
    channel_resume_write(out, &resume, s->config.role, s->path_key);
    p->said = true;
    if (p->heard)
        channel_session_path_up(s, path);
    return CHANNEL_RESUME_LEN;
}

/* When path i gives up, UINT64_MAX = never. */
static uint64_t path_limit(const struct channel_session *s, int i)
{
    const struct path *p = &s->paths[i];
    if (p->phase == PATH_HELLO || p->phase == PATH_RESUMING)
        return p->added_us + CHANNEL_PATH_SETUP_US;
    return p->phase == PATH_UP && i == s->carrier ? p->heard_us + CHANNEL_SILENCE_US : UINT64_MAX;
}

static bool has_path(const struct channel_session *s)
{
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++)
        if (s->paths[i].phase != PATH_FREE)
            return true;
    return false;
}

void channel_session_path_timers(struct channel_session *s)
{
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++)
        if (s->paths[i].phase != PATH_FREE && s->now_us >= path_limit(s, i))
            channel_session_path_down(s, i, CHANNEL_ERR_TIMEOUT);
    if (s->config.role == CHANNEL_RESPONDER && !has_path(s) && s->now_us - s->orphan_us >= CHANNEL_ORPHAN_US)
        channel_session_fail(s, CHANNEL_ERR_TIMEOUT, NULL, 0);
}

uint64_t channel_session_path_deadline(const struct channel_session *s)
{
    uint64_t at = UINT64_MAX;
    for (int i = 0; i < CHANNEL_PATHS_MAX; i++) {
        uint64_t limit = s->paths[i].phase == PATH_FREE ? UINT64_MAX : path_limit(s, i);
        if (limit < at)
            at = limit;
    }
    if (s->config.role == CHANNEL_RESPONDER && !has_path(s) && s->orphan_us + CHANNEL_ORPHAN_US < at)
        at = s->orphan_us + CHANNEL_ORPHAN_US;
    return at;
}
