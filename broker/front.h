/* The front: one libwebsockets context on the broker's loop. It reads requests, refuses what is not for
 * us, and hands the rest to REST, the page's files, links and relays. Loop thread. */
#pragma once

#include <stdbool.h>

#include "broker/broker.h"

enum {
    BROKER_FILES_MAX = 1048576 /* open files asked of the system; libwebsockets' tables grow with it */
};

struct broker_front;

/* NULL when it cannot be set up (libwebsockets said why on stderr): TLS files, memory. */
struct broker_front *broker_front_create(struct broker *broker);
/* Take an accepted socket. metrics: it may ask for /metrics only, without TLS. */
void broker_front_adopt(struct broker_front *front, int socket, bool metrics);
/* Close every socket; then the loop must turn until its handles are gone, then destroy. */
void broker_front_close(struct broker_front *front);
void broker_front_destroy(struct broker_front *front);
