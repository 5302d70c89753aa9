/* What waits for one side of a relay: three lanes of whole messages. Interactive goes first, then
 * screen, then bulk; bulk keeps at least 5 % of the bytes while it waits, so it never starves. Order
 * within a lane is kept and nothing is dropped. Pure; loop thread. docs/wire.md section 6. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BROKER_RELAY_MESSAGE_MAX = 16640, /* bytes of one record on the wire */
    BROKER_RELAY_HIGH = 64 * 1024,    /* bytes waiting: stop reading from the sender */
    BROKER_RELAY_LOW = 16 * 1024,     /* bytes waiting: read again */
    BROKER_RELAY_BULK_SHARE = 19      /* one byte of bulk for 19 others = 5 % */
};

enum broker_relay_lane { BROKER_LANE_INTERACTIVE, BROKER_LANE_SCREEN, BROKER_LANE_BULK, BROKER_LANE_COUNT };

/* One message. The payload starts at broker_relay_message_data(): before it is the room that the
 * WebSocket writer needs for its frame header, so nothing is copied on the way out. */
struct broker_relay_message {
    struct broker_relay_message *next;
    size_t len, cap;
    uint8_t room[];
};

struct broker_relay_queue {
    struct broker_relay_message *first[BROKER_LANE_COUNT], *last[BROKER_LANE_COUNT];
    size_t bytes;
    uint64_t bulk_owed; /* bytes of other lanes sent while bulk waited */
};

/* cap <= BROKER_RELAY_MESSAGE_MAX bytes of payload. NULL when out of memory. */
struct broker_relay_message *broker_relay_message_create(size_t cap);
uint8_t *broker_relay_message_data(struct broker_relay_message *message);

void broker_relay_queue_finish(struct broker_relay_queue *queue);
/* Takes ownership. The lane is read from the second byte (lane 3 counts as bulk). */
void broker_relay_queue_push(struct broker_relay_queue *queue, struct broker_relay_message *message);
/* The next message to send, owned by the caller (free); NULL when nothing waits. */
struct broker_relay_message *broker_relay_queue_pop(struct broker_relay_queue *queue);

/* Whether the sender's socket should be read, given whether it is paused now. */
bool broker_relay_queue_should_pause(const struct broker_relay_queue *queue, bool paused);
