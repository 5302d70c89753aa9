/* Presence: who of an account is online, told to all its links, changes gathered for a moment so that
 * many at once cost one message. Loop thread. docs/wire.md section 5. */
#pragma once

#include "broker/account.h"
#include "broker/broker.h"

struct broker_link;

enum {
    BROKER_PRESENCE_GATHER_MS = 150, /* how long changes wait for others */
    BROKER_PRESENCE_CHUNK = 500      /* devices in one message */
};

int broker_presence_init(struct broker *broker);
/* Stop the timer and let go of what waits. */
void broker_presence_finish(struct broker *broker);
/* The device's state changed. */
void broker_presence_mark(
    struct broker *broker, struct broker_account *account, struct broker_device *device);
/* Everything, to one link. */
void broker_presence_send_full(struct broker_link *link);
