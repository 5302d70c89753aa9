/* An enrolled peer that went mad: an open session eats whatever plaintext it sealed, while the application
 * answers with writes, ends and messages. Input: (u8 lane and action, u16 length, bytes) again and again. */
#include "channel/core/bytes.h"
#include "channel/core/session_internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void act(struct channel_session *s, const struct channel_event *event)
{
    static const uint8_t reply[3000];
    switch (event->type) {
    case CHANNEL_EVENT_STREAM_OPENED:
        (void)channel_stream_write(s, event->stream, reply, sizeof reply);
        break;
    case CHANNEL_EVENT_STREAM_DATA: {
        uint8_t sum = 0;
        for (size_t i = 0; i < event->len; i++)
            sum = (uint8_t)(sum + event->data[i]); /* the bytes must be there */
        if (sum != 13 && channel_stream_consumed(s, event->stream, event->len) != 0 &&
            channel_session_state(s) == CHANNEL_STATE_OPEN)
            abort();
        break;
    }
    case CHANNEL_EVENT_MESSAGE: {
        uint8_t sum = 0;
        for (size_t i = 0; i < event->len; i++)
            sum = (uint8_t)(sum + event->data[i]);
        if (sum == 17)
            (void)channel_stream_stop(s, event->stream, 1);
        break;
    }
    case CHANNEL_EVENT_STREAM_FINISHED:
        (void)channel_stream_finish(s, event->stream);
        break;
    default:
        break;
    }
}

static void turn(struct channel_session *s, uint64_t now_us)
{
    static uint8_t record[CHANNEL_RECORD_MAX];
    struct channel_event event;
    struct channel_stats stats;
    while (channel_session_event(s, &event))
        act(s, &event);
    for (int i = 0; i < 3; i++)
        if (channel_session_send(s, 0, record, sizeof record, now_us) <= 0)
            break;
    while (channel_session_event(s, &event))
        act(s, &event);
    channel_session_stats(s, &stats);
    if (stats.memory_bytes > CHANNEL_SESSION_MAX_BYTES)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct channel_session_config config = {.role = CHANNEL_RESPONDER};
    uint64_t now_us = 1000;
    if (channel_crypto_init() < 0)
        abort();
    struct channel_session *s = channel_session_create(&config, now_us);
    if (!s)
        return 0;
    s->keyed = true;
    if (channel_session_path_add(s, now_us) != 0)
        abort();
    s->hello_path = 0;
    channel_session_opened(s);
    turn(s, now_us);
    (void)channel_stream_open(s, CHANNEL_LANE_S, CHANNEL_KIND_SCREEN, 0);
    (void)channel_stream_open(s, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    while (len >= 3 && channel_session_state(s) == CHANNEL_STATE_OPEN) {
        enum channel_lane lane = (enum channel_lane)(data[0] % 3);
        size_t n = channel_get_u16(data + 1) % CHANNEL_RECORD_PLAIN_MAX;
        now_us += (uint64_t)(data[0] >> 2) * 500;
        data += 3;
        len -= 3;
        if (n > len)
            n = len;
        memcpy(s->plain_in, data, n);
        channel_message_in_next_record(&s->message_in);
        s->now_us = now_us;
        (void)channel_session_frames(s, lane, s->plain_in, n);
        turn(s, now_us);
        channel_session_tick(s, now_us);
        turn(s, now_us);
        data += n;
        len -= n;
    }
    channel_session_destroy(s);
    return 0;
}
