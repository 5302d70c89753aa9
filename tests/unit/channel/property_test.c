/* Whatever paths do (cut at any record, come back, deliver late, deliver twice, overtake each other), every
 * stream arrives byte for byte, once, and a session holds no more memory than it may.
 * HEARTH_LONG=1 runs 10^6 records instead of 5 x 10^4; HEARTH_SEED picks another run. */
#include "tests/unit/channel/pair.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAMS = 24,       /* opened by a side and not over */
    IN_FLIGHT_MAX = 48, /* records in a pipe */
    KEPT = 32,          /* delivered records kept to be delivered again */
    TOTAL_MAX = 120000, /* bytes of a stream */
    MESSAGE_HEADER = 16
};

/* A stream as the application sees it. [who] is the side that sends. */
struct flow {
    uint32_t id;
    bool used, one_way, ours_done[2];
    size_t total[2], written[2], received[2];
    bool finished[2]; /* FIN was received from that side */
    size_t owed[2];   /* bytes received by the other side of that sender and not consumed yet */
};

struct world {
    struct pair pair;
    uint64_t seed;
    struct flow flow[2][STREAMS]; /* [opener] */
    uint32_t screen;
    uint64_t message_next, message_last, gaps;
    uint64_t delivered, flows_done, messages, cuts, joins, repeats, bytes;
    size_t most_memory;
    struct pair_record kept[2][KEPT];
    size_t kept_at[2];
    bool quiet; /* no more faults and nothing new: run out */
};

static uint32_t roll(struct world *w, uint32_t below)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (uint32_t)((w->seed * 0x9e3779b97f4a7c15u) >> 33) % below;
}

static uint8_t pattern(uint32_t id, int who, size_t at)
{
    uint32_t x = id * 2654435761u + (uint32_t)who * 97u + (uint32_t)(at / 7) * 40503u;
    return (uint8_t)(x >> 16 ^ at);
}

static struct flow *flow_of(struct world *w, uint32_t id)
{
    int opener = id & 1 ? 0 : 1;
    for (int i = 0; i < STREAMS; i++)
        if (w->flow[opener][i].used && w->flow[opener][i].id == id)
            return &w->flow[opener][i];
    return NULL;
}

static void flow_check_over(struct world *w, struct flow *flow)
{
    for (int who = 0; who < 2; who++)
        if (!flow->ours_done[who] || !flow->finished[who])
            return;
    assert_int_equal(flow->received[0], flow->total[0]);
    assert_int_equal(flow->received[1], flow->total[1]);
    flow->used = false;
    w->flows_done++;
}

static void on_data(struct world *w, int receiver, const struct channel_event *event)
{
    int sender = !receiver;
    struct flow *flow = flow_of(w, event->stream);
    assert_non_null(flow);
    assert_false(flow->finished[sender]);
    for (size_t i = 0; i < event->len; i++)
        if (event->data[i] != pattern(flow->id, sender, flow->received[sender] + i))
            fail_msg("stream %u: byte %zu is wrong", flow->id, flow->received[sender] + i);
    flow->received[sender] += event->len;
    w->bytes += event->len;
    assert_true(flow->received[sender] <= flow->written[sender]);
    if (roll(w, 4) == 0)
        flow->owed[sender] += event->len; /* a slow consumer */
    else
        assert_int_equal(
            channel_stream_consumed(w->pair.end[receiver].session, event->stream, event->len), 0);
}

static void on_message(struct world *w, const struct channel_event *event)
{
    uint64_t number;
    assert_true(event->len >= MESSAGE_HEADER);
    memcpy(&number, event->data, 8);
    assert_true(number > w->message_last);
    assert_true(number <= w->message_next);
    for (size_t i = MESSAGE_HEADER; i < event->len; i++)
        if (event->data[i] != pattern((uint32_t)number, 1, i))
            fail_msg("message %llu: byte %zu is wrong", (unsigned long long)number, i);
    w->message_last = number;
    w->messages++;
}

static void on_event(struct pair *pair, int who, const struct channel_event *event)
{
    struct world *w = pair->arg;
    struct flow *flow;
    switch (event->type) {
    case CHANNEL_EVENT_STREAM_DATA:
        on_data(w, who, event);
        break;
    case CHANNEL_EVENT_STREAM_FINISHED:
        flow = flow_of(w, event->stream);
        assert_non_null(flow);
        assert_false(flow->finished[!who]);
        assert_int_equal(flow->received[!who], flow->total[!who]);
        flow->finished[!who] = true;
        flow_check_over(w, flow);
        break;
    case CHANNEL_EVENT_MESSAGE:
        on_message(w, event);
        break;
    case CHANNEL_EVENT_MESSAGE_GAP:
        w->gaps++;
        break;
    case CHANNEL_EVENT_STREAM_RESET:
    case CHANNEL_EVENT_STREAM_STOPPED:
    case CHANNEL_EVENT_CLOSED:
        fail_msg("event %d, error %d, at side %d", (int)event->type, event->error, who);
        break;
    default:
        break;
    }
}

/* ---- the application ---- */

static void open_flow(struct world *w, int who)
{
    struct flow *flow = NULL;
    for (int i = 0; i < STREAMS && !flow; i++)
        if (!w->flow[who][i].used)
            flow = &w->flow[who][i];
    if (!flow)
        return;
    bool file = roll(w, 2) == 0;
    enum channel_lane lane = file || roll(w, 3) == 0 ? CHANNEL_LANE_B : CHANNEL_LANE_I;
    int id = channel_stream_open(
        w->pair.end[who].session, lane, file ? CHANNEL_KIND_FILE : CHANNEL_KIND_CONTROL, roll(w, 1000));
    if (id < 0)
        return;
    memset(flow, 0, sizeof *flow);
    flow->used = true;
    flow->id = (uint32_t)id;
    flow->one_way = file;
    for (int side = 0; side < 2; side++)
        flow->total[side] = roll(w, roll(w, 3) == 0 ? TOTAL_MAX : 3000);
    if (file) {
        flow->total[!who] = 0;
        flow->ours_done[!who] = flow->finished[!who] = true;
    }
}

static void write_flow(struct world *w, struct flow *flow, int who)
{
    uint8_t data[30000];
    if (!flow->used || flow->ours_done[who])
        return;
    int opener = flow->id & 1 ? 0 : 1;
    if (who != opener && flow->received[opener] == 0 && !flow->finished[opener])
        return; /* it has not heard of the stream yet */
    size_t left = flow->total[who] - flow->written[who];
    size_t len = left ? 1 + roll(w, (uint32_t)(left < sizeof data ? left : sizeof data)) : 0;
    for (size_t i = 0; i < len; i++)
        data[i] = pattern(flow->id, who, flow->written[who] + i);
    if (len) {
        int n = channel_stream_write(w->pair.end[who].session, flow->id, data, len);
        assert_true(n >= 0);
        flow->written[who] += (size_t)n;
    }
    if (flow->written[who] == flow->total[who]) {
        assert_int_equal(channel_stream_finish(w->pair.end[who].session, flow->id), 0);
        flow->ours_done[who] = true;
        flow_check_over(w, flow);
    }
}

static void consume_owed(struct world *w, struct flow *flow)
{
    for (int sender = 0; sender < 2 && flow->used; sender++) {
        if (flow->owed[sender] == 0)
            continue;
        assert_int_equal(
            channel_stream_consumed(w->pair.end[!sender].session, flow->id, flow->owed[sender]), 0);
        flow->owed[sender] = 0;
    }
}

static void send_message(struct world *w)
{
    struct channel_session *host = w->pair.end[1].session;
    if (channel_session_state(host) != CHANNEL_STATE_OPEN)
        return;
    if (w->screen == 0) {
        int id = channel_stream_open(host, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
        if (id > 0)
            w->screen = (uint32_t)id;
        return;
    }
    if (!channel_message_can(host, w->screen))
        return;
    static uint8_t data[60000];
    size_t len = MESSAGE_HEADER + roll(w, roll(w, 4) == 0 ? sizeof data - MESSAGE_HEADER : 500);
    uint64_t number = ++w->message_next;
    memset(data, 0, MESSAGE_HEADER);
    memcpy(data, &number, 8);
    for (size_t i = MESSAGE_HEADER; i < len; i++)
        data[i] = pattern((uint32_t)number, 1, i);
    assert_int_equal(channel_message_send(host, w->screen, data, len), 0);
}

static void work(struct world *w)
{
    int who = (int)roll(w, 2);
    struct flow *flow = &w->flow[roll(w, 2)][roll(w, STREAMS)];
    write_flow(w, flow, who);
    flow = &w->flow[roll(w, 2)][roll(w, STREAMS)];
    if (flow->used)
        consume_owed(w, flow);
    if (w->quiet)
        return;
    if (roll(w, 8) == 0 && channel_session_state(w->pair.end[who].session) == CHANNEL_STATE_OPEN)
        open_flow(w, who);
    if (roll(w, 6) == 0)
        send_message(w);
}

/* ---- the network ---- */

static void keep(struct world *w, int who, const struct pair_record *record)
{
    struct pair_record *slot = &w->kept[who][w->kept_at[who]++ % KEPT];
    free(slot->bytes);
    slot->bytes = malloc(record->len);
    assert_non_null(slot->bytes);
    memcpy(slot->bytes, record->bytes, record->len);
    slot->len = record->len;
}

/* A record that the receiver has had already, once more, on any path. */
static void deliver_again(struct world *w, int who, int path)
{
    struct pair *pair = &w->pair;
    const struct pair_record *record = &w->kept[who][roll(w, KEPT)];
    if (!record->bytes || record->bytes[0] != 1 || !pair->up[path])
        return;
    /* on a path that is not up yet a sealed record is out of turn, and rightly costs the path */
    (void)channel_session_receive(
        pair->end[!who].session, pair->number[!who][path], record->bytes, record->len, pair->now_us);
    pair_events(pair, !who);
    w->repeats++;
}

static void deliver(struct world *w, int who, int path)
{
    struct pair_pipe *pipe = &w->pair.pipe[who][path];
    if (!w->pair.up[path] || pipe->count == 0)
        return;
    const struct pair_record *head = &pipe->queue[pipe->head % PAIR_QUEUE];
    keep(w, who, head);
    if (!w->quiet && roll(w, 50) == 0) { /* twice in a row on the same path */
        struct pair_record copy = {.bytes = malloc(head->len), .len = head->len};
        assert_non_null(copy.bytes);
        memcpy(copy.bytes, head->bytes, head->len);
        (void)pair_deliver(&w->pair, who, path);
        if (w->pair.up[path])
            (void)channel_session_receive(
                w->pair.end[!who].session, w->pair.number[!who][path], copy.bytes, copy.len, w->pair.now_us);
        pair_events(&w->pair, !who);
        free(copy.bytes);
        w->repeats++;
    } else {
        (void)pair_deliver(&w->pair, who, path);
    }
    w->delivered++;
}

static void faults(struct world *w)
{
    int up = 0;
    for (int i = 0; i < PAIR_PATHS; i++)
        up += w->pair.up[i];
    if (up < 3 && roll(w, up == 0 ? 30 : 150) == 0 && pair_join(&w->pair) >= 0)
        w->joins++;
    if (w->quiet)
        return;
    int path = (int)roll(w, PAIR_PATHS);
    if (w->pair.up[path] && roll(w, 150) == 0) {
        pair_cut(&w->pair, path);
        w->cuts++;
    }
    if (roll(w, 200) == 0)
        deliver_again(w, (int)roll(w, 2), (int)roll(w, PAIR_PATHS));
}

static void step(struct world *w)
{
    struct pair *pair = &w->pair;
    work(w);
    for (int i = 0; i < 3; i++) {
        int who = (int)roll(w, 2), path = (int)roll(w, PAIR_PATHS);
        if (pair->pipe[who][path].count < IN_FLIGHT_MAX)
            (void)pair_send(pair, who, path);
        deliver(w, (int)roll(w, 2), (int)roll(w, PAIR_PATHS));
    }
    faults(w);
    pair->now_us += roll(w, 1500);
    for (int who = 0; who < 2; who++) {
        if (channel_session_deadline_us(pair->end[who].session) > pair->now_us)
            continue;
        channel_session_tick(pair->end[who].session, pair->now_us);
        pair_events(pair, who);
    }
    struct channel_stats stats;
    int who = (int)roll(w, 2);
    channel_session_stats(pair->end[who].session, &stats);
    if (stats.memory_bytes > w->most_memory)
        w->most_memory = stats.memory_bytes;
    assert_true(stats.unacked_bytes[CHANNEL_LANE_I] <= 256 << 10);
    assert_true(stats.unacked_bytes[CHANNEL_LANE_B] <= 1 << 20);
}

static bool all_over(const struct world *w)
{
    for (int opener = 0; opener < 2; opener++)
        for (int i = 0; i < STREAMS; i++)
            if (w->flow[opener][i].used)
                return false;
    return true;
}

static void run(uint64_t seed, uint64_t records)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    pair_init(&w->pair);
    w->pair.on_event = on_event;
    w->pair.arg = w;
    w->seed = seed;
    while (w->delivered < records)
        step(w);
    w->quiet = true;
    for (uint64_t left = 3000000; left > 0 && !all_over(w); left--)
        step(w);
    assert_true(all_over(w));
    assert_true(w->most_memory <= CHANNEL_SESSION_MAX_BYTES);
    assert_true(w->cuts > records / 400 && w->flows_done > records / 1000);
    printf(
        "           seed %llu: %llu records, %llu paths, %llu cuts, %llu repeats, %llu streams, %llu bytes, "
        "%llu messages, %llu gaps, at most %zu bytes held\n",
        (unsigned long long)seed, (unsigned long long)w->delivered, (unsigned long long)w->joins,
        (unsigned long long)w->cuts, (unsigned long long)w->repeats, (unsigned long long)w->flows_done,
        (unsigned long long)w->bytes, (unsigned long long)w->messages, (unsigned long long)w->gaps,
        w->most_memory);
    pair_finish(&w->pair);
    for (int who = 0; who < 2; who++)
        for (int i = 0; i < KEPT; i++)
            free(w->kept[who][i].bytes);
    free(w);
}

static void every_stream_arrives_once_whatever_the_paths_do(void **state)
{
    (void)state;
    const char *seed = getenv("HEARTH_SEED");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
    if (getenv("HEARTH_LONG")) {
        run(first, 1000000);
        return;
    }
    for (uint64_t i = 0; i < 5; i++)
        run(first + i, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_stream_arrives_once_whatever_the_paths_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
