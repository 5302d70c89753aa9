/* Every allocation of a session fails once: nothing crashes, nothing leaks, and the application is told.
 * malloc, calloc and realloc of the code under test are wrapped by the linker. */
#include "channel/core/session.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

static unsigned long allocations, fail_at; /* fail_at 0 = never */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    return ++allocations == fail_at;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

struct side {
    struct channel_session *session;
    uint8_t secret[32], public_key[32];
    int path;
    size_t received, messages;
    bool told; /* an error or CLOSED was seen */
};

static struct side side[2];
static uint64_t now_us;

static void check(int who, int result)
{
    if (result < 0)
        side[who].told = true;
}

static void drain(int who)
{
    struct side *me = &side[who];
    struct channel_event event;
    uint8_t shared[32];
    while (channel_session_event(me->session, &event)) {
        switch (event.type) {
        case CHANNEL_EVENT_WANT_DH:
            assert_int_equal(channel_crypto_x25519(shared, me->secret, event.point), 0);
            check(who, channel_session_give_dh(me->session, shared));
            break;
        case CHANNEL_EVENT_VERDICT:
            check(who, channel_session_verdict(me->session, true));
            break;
        case CHANNEL_EVENT_STREAM_DATA:
            me->received += event.len;
            check(who, channel_stream_consumed(me->session, event.stream, event.len));
            break;
        case CHANNEL_EVENT_MESSAGE:
            me->messages++;
            break;
        case CHANNEL_EVENT_CLOSED:
            me->told = true;
            break;
        default:
            break;
        }
    }
}

static void exchange(void)
{
    static uint8_t record[CHANNEL_RECORD_MAX];
    bool moved = true;
    while (moved) {
        moved = false;
        for (int who = 0; who < 2; who++) {
            int n = channel_session_send(side[who].session, side[who].path, record, sizeof record, now_us);
            check(who, n);
            drain(who);
            if (n <= 0)
                continue;
            moved = true;
            check(!who,
                channel_session_receive(side[!who].session, side[!who].path, record, (size_t)n, now_us));
            drain(!who);
        }
    }
}

static bool create(void)
{
    struct channel_session_config config = {.prologue_len = 1};
    memset(side, 0, sizeof side);
    now_us = 1000;
    for (int who = 0; who < 2; who++) {
        side[who].secret[0] = (uint8_t)(who + 1);
        channel_crypto_x25519_public(side[who].public_key, side[who].secret);
    }
    for (int who = 0; who < 2; who++) {
        config.role = who == 0 ? CHANNEL_INITIATOR : CHANNEL_RESPONDER;
        memcpy(config.local_public, side[who].public_key, 32);
        memcpy(config.peer_public, side[!who].public_key, 32);
        side[who].session = channel_session_create(&config, now_us);
        if (!side[who].session)
            return false;
        side[who].path = channel_session_path_add(side[who].session, now_us);
        drain(who);
    }
    return true;
}

/* A bit of everything: streams both ways, a large message, a cut, a resume, an end. */
static void live(void)
{
    static const uint8_t data[50000];
    exchange();
    int control = channel_stream_open(side[0].session, CHANNEL_LANE_I, CHANNEL_KIND_CONTROL, 0);
    check(0, control);
    int screen = channel_stream_open(side[1].session, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
    check(1, screen);
    check(0, channel_stream_write(side[0].session, (uint32_t)control, data, sizeof data));
    exchange();
    check(1, channel_stream_write(side[1].session, (uint32_t)control, data, 10));
    if (channel_message_can(side[1].session, (uint32_t)screen))
        check(1, channel_message_send(side[1].session, (uint32_t)screen, data, sizeof data));
    exchange();
    int file = channel_stream_open(side[1].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    check(1, file);
    check(1, channel_stream_write(side[1].session, (uint32_t)file, data, sizeof data));
    check(1, channel_stream_finish(side[1].session, (uint32_t)file));
    for (int who = 0; who < 2; who++) {
        channel_session_path_lost(side[who].session, side[who].path, now_us);
        drain(who);
        side[who].path = channel_session_path_add(side[who].session, now_us);
        check(who, side[who].path);
        drain(who);
    }
    exchange();
    now_us += 30000;
    for (int who = 0; who < 2; who++) {
        channel_session_tick(side[who].session, now_us);
        drain(who);
    }
    exchange();
}

static bool run(void)
{
    bool created = create();
    if (created)
        live();
    bool complete =
        created && side[1].received == 50000 && side[0].received == 50010 && side[0].messages == 1;
    for (int who = 0; who < 2; who++)
        channel_session_destroy(side[who].session);
    return complete;
}

static void an_allocation_that_fails_is_told_and_leaves_nothing_behind(void **state)
{
    (void)state;
    fail_at = allocations = 0;
    assert_true(run());
    unsigned long all = allocations;
    assert_in_range(all, 20, 2000);
    for (unsigned long at = 1; at <= all; at++) {
        allocations = 0;
        fail_at = at;
        bool complete = run();
        if (!complete && side[0].session && side[1].session)
            assert_true(side[0].told || side[1].told);
    }
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_that_fails_is_told_and_leaves_nothing_behind)};
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
