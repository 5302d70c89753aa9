#include "tests/unit/channel/pair.h"

#include <stdlib.h>
#include <string.h>

void pair_init(struct pair *pair)
{
    struct channel_session_config config = {.role = CHANNEL_INITIATOR};
    memset(pair, 0, sizeof *pair);
    pair->now_us = 1000000;
    if (channel_crypto_init() < 0)
        abort();
    for (int who = 0; who < 2; who++) {
        channel_crypto_random(pair->end[who].secret, 32);
        channel_crypto_x25519_public(pair->end[who].public_key, pair->end[who].secret);
        for (int i = 0; i < PAIR_PATHS; i++)
            pair->number[who][i] = -1;
    }
    memset(config.session_id, 7, sizeof config.session_id);
    memcpy(config.prologue, "hearth/1", 9);
    config.prologue_len = 9;
    for (int who = 0; who < 2; who++) {
        config.role = who == 0 ? CHANNEL_INITIATOR : CHANNEL_RESPONDER;
        memcpy(config.local_public, pair->end[who].public_key, 32);
        memcpy(config.peer_public, pair->end[!who].public_key, 32);
        config.payload_len = 5;
        memcpy(config.payload, who == 0 ? "view?" : "host!", 5);
        pair->end[who].session = channel_session_create(&config, pair->now_us);
        if (!pair->end[who].session)
            abort();
    }
}

static void pipe_clear(struct pair_pipe *pipe)
{
    for (; pipe->count; pipe->count--, pipe->head++)
        free(pipe->queue[pipe->head % PAIR_QUEUE].bytes);
    pipe->head = 0;
}

void pair_finish(struct pair *pair)
{
    for (int who = 0; who < 2; who++) {
        channel_session_destroy(pair->end[who].session);
        for (int i = 0; i < PAIR_PATHS; i++)
            pipe_clear(&pair->pipe[who][i]);
    }
}

/* A session ended one of its paths: the transport is dropped on both sides. */
static void path_ended(struct pair *pair, int who, int number)
{
    for (int i = 0; i < PAIR_PATHS; i++)
        if (pair->up[i] && pair->number[who][i] == number) {
            pair->number[who][i] = -1;
            pair_cut(pair, i);
        }
}

static void on_session_event(struct pair *pair, int who, const struct channel_event *event)
{
    struct pair_end *end = &pair->end[who];
    uint8_t shared[32];
    switch (event->type) {
    case CHANNEL_EVENT_WANT_DH:
        if (channel_crypto_x25519(shared, end->secret, event->point) < 0)
            memset(shared, 0, sizeof shared);
        (void)channel_session_give_dh(end->session, shared);
        break;
    case CHANNEL_EVENT_VERDICT: {
        const char *expected = who == 0 ? "host!" : "view?";
        bool right = event->len == 5 && memcmp(event->data, expected, 5) == 0 &&
                     memcmp(event->point, pair->end[!who].public_key, 32) == 0;
        (void)channel_session_verdict(end->session, right && !end->refuse);
        break;
    }
    case CHANNEL_EVENT_OPEN:
        end->opened++;
        break;
    case CHANNEL_EVENT_CLOSED:
        end->closed++;
        end->close_error = event->error;
        break;
    case CHANNEL_EVENT_PATH_UP:
        end->path_up++;
        break;
    case CHANNEL_EVENT_PATH_DOWN:
        end->path_down++;
        end->path_error = event->error;
        path_ended(pair, who, event->path);
        break;
    case CHANNEL_EVENT_RTT:
        end->rtt = event->param;
        break;
    case CHANNEL_EVENT_MESSAGE:
        end->messages++;
        break;
    case CHANNEL_EVENT_MESSAGE_GAP:
        end->gaps++;
        break;
    case CHANNEL_EVENT_NONE:
    case CHANNEL_EVENT_STREAM_OPENED:
    case CHANNEL_EVENT_STREAM_DATA:
    case CHANNEL_EVENT_STREAM_FINISHED:
    case CHANNEL_EVENT_STREAM_RESET:
    case CHANNEL_EVENT_STREAM_STOPPED:
    case CHANNEL_EVENT_STREAM_WRITABLE:
        break;
    }
}

void pair_events(struct pair *pair, int who)
{
    struct channel_event event;
    while (channel_session_event(pair->end[who].session, &event)) {
        on_session_event(pair, who, &event);
        if (pair->on_event)
            pair->on_event(pair, who, &event);
    }
}

int pair_join(struct pair *pair)
{
    for (int i = 0; i < PAIR_PATHS; i++) {
        if (pair->up[i])
            continue;
        int a = channel_session_path_add(pair->end[0].session, pair->now_us);
        int b = channel_session_path_add(pair->end[1].session, pair->now_us);
        if (a < 0 || b < 0) {
            if (a >= 0)
                channel_session_path_lost(pair->end[0].session, a, pair->now_us);
            if (b >= 0)
                channel_session_path_lost(pair->end[1].session, b, pair->now_us);
            pair_events(pair, 0);
            pair_events(pair, 1);
            return -1;
        }
        pair->up[i] = true;
        pair->number[0][i] = a;
        pair->number[1][i] = b;
        pair_events(pair, 0);
        pair_events(pair, 1);
        return i;
    }
    return -1;
}

void pair_cut(struct pair *pair, int index)
{
    pair->up[index] = false;
    for (int who = 0; who < 2; who++) {
        pipe_clear(&pair->pipe[who][index]);
        int number = pair->number[who][index];
        pair->number[who][index] = -1;
        if (number < 0)
            continue;
        channel_session_path_lost(pair->end[who].session, number, pair->now_us);
        pair_events(pair, who);
    }
}

bool pair_send(struct pair *pair, int who, int index)
{
    uint8_t record[CHANNEL_RECORD_MAX];
    struct pair_pipe *pipe = &pair->pipe[who][index];
    if (!pair->up[index] || pipe->count == PAIR_QUEUE)
        return false;
    int n = channel_session_send(
        pair->end[who].session, pair->number[who][index], record, sizeof record, pair->now_us);
    if (n > 0) {
        struct pair_record *slot = &pipe->queue[(pipe->head + pipe->count++) % PAIR_QUEUE];
        slot->bytes = malloc((size_t)n);
        if (!slot->bytes)
            abort();
        memcpy(slot->bytes, record, (size_t)n);
        slot->len = (size_t)n;
    }
    pair_events(pair, who);
    return n > 0;
}

bool pair_deliver(struct pair *pair, int who, int index)
{
    struct pair_pipe *pipe = &pair->pipe[who][index];
    if (!pair->up[index] || pipe->count == 0)
        return false;
    struct pair_record record = pipe->queue[pipe->head % PAIR_QUEUE];
    pipe->head++;
    pipe->count--;
    (void)channel_session_receive(
        pair->end[!who].session, pair->number[!who][index], record.bytes, record.len, pair->now_us);
    pair_events(pair, !who);
    free(record.bytes);
    return true;
}

void pair_run(struct pair *pair)
{
    bool moved = true;
    pair_events(pair, 0);
    pair_events(pair, 1);
    while (moved) {
        moved = false;
        for (int who = 0; who < 2; who++)
            for (int i = 0; i < PAIR_PATHS; i++) {
                moved |= pair_send(pair, who, i);
                moved |= pair_deliver(pair, who, i);
            }
    }
}

void pair_pass(struct pair *pair, uint64_t us)
{
    uint64_t end = pair->now_us + us;
    while (pair->now_us < end) {
        uint64_t at = end;
        for (int who = 0; who < 2; who++) {
            uint64_t deadline = channel_session_deadline_us(pair->end[who].session);
            if (deadline < at)
                at = deadline;
        }
        pair->now_us = at > pair->now_us ? at : pair->now_us + 1;
        for (int who = 0; who < 2; who++) {
            channel_session_tick(pair->end[who].session, pair->now_us);
            pair_events(pair, who);
        }
        pair_run(pair);
    }
}
