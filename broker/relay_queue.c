#include "broker/relay_queue.h"

#include <libwebsockets.h>
#include <stdlib.h>

struct broker_relay_message *broker_relay_message_create(size_t cap)
{
    if (cap > BROKER_RELAY_MESSAGE_MAX)
        return NULL;
    struct broker_relay_message *message = malloc(sizeof *message + LWS_PRE + cap);
    if (!message)
        return NULL;
    message->next = NULL;
    message->len = 0;
    message->cap = cap;
    return message;
}

uint8_t *broker_relay_message_data(struct broker_relay_message *message)
{
    return message->room + LWS_PRE;
}

void broker_relay_queue_finish(struct broker_relay_queue *queue)
{
    for (int lane = 0; lane < BROKER_LANE_COUNT; lane++) {
        while (queue->first[lane]) {
            struct broker_relay_message *message = queue->first[lane];
            queue->first[lane] = message->next;
            free(message);
        }
        queue->last[lane] = NULL;
    }
    queue->bytes = 0;
    queue->bulk_owed = 0;
}

void broker_relay_queue_push(struct broker_relay_queue *queue, struct broker_relay_message *message)
{
    unsigned lane = message->len > 1 ? broker_relay_message_data(message)[1] >> 6 : BROKER_LANE_BULK;
    if (lane > BROKER_LANE_BULK)
        lane = BROKER_LANE_BULK;
    message->next = NULL;
    if (queue->last[lane])
        queue->last[lane]->next = message;
    else
        queue->first[lane] = message;
    queue->last[lane] = message;
    queue->bytes += message->len;
}

static struct broker_relay_message *pop_lane(struct broker_relay_queue *queue, enum broker_relay_lane lane)
{
    struct broker_relay_message *message = queue->first[lane];
    if (!message)
        return NULL;
    queue->first[lane] = message->next;
    if (!message->next)
        queue->last[lane] = NULL;
    message->next = NULL;
    queue->bytes -= message->len;
    return message;
}

struct broker_relay_message *broker_relay_queue_pop(struct broker_relay_queue *queue)
{
    const struct broker_relay_message *bulk = queue->first[BROKER_LANE_BULK];
    if (bulk && queue->bulk_owed >= (uint64_t)bulk->len * BROKER_RELAY_BULK_SHARE) {
        queue->bulk_owed -= (uint64_t)bulk->len * BROKER_RELAY_BULK_SHARE;
        return pop_lane(queue, BROKER_LANE_BULK);
    }
    struct broker_relay_message *message = pop_lane(queue, BROKER_LANE_INTERACTIVE);
    if (!message)
        message = pop_lane(queue, BROKER_LANE_SCREEN);
    if (message) {
        /* Only what passed a waiting bulk message is owed to it. */
        queue->bulk_owed = bulk ? queue->bulk_owed + message->len : 0;
        return message;
    }
    queue->bulk_owed = 0;
    return pop_lane(queue, BROKER_LANE_BULK);
}

bool broker_relay_queue_should_pause(const struct broker_relay_queue *queue, bool paused)
{
    return queue->bytes > (size_t)(paused ? BROKER_RELAY_LOW : BROKER_RELAY_HIGH);
}
