/* The host's side of a control stream: messages to the viewer queue here until the stream takes them.
 * Loop thread only. */
#pragma once

#include "channel/core/session.h"
#include "channel/proto/session.pb-c.h"
#include "host/session/frame.h"

#include <stdbool.h>

enum {
    SESSION_OUT_HIGH = 256 * 1024, /* over this, requests wait and what can be left out is left out */
    SESSION_OUT_MAX = 8 << 20      /* a viewer that lets so much wait is ended */
};

struct session_wire {
    struct channel_session *session;
    uint32_t stream; /* 0 until the viewer opened it */
    uint8_t *data;
    size_t len, cap, taken;
    int error; /* first that happened; the session ends with it */
};

/* Queue and try to write. Errors are kept in wire->error. */
void session_wire_send(struct session_wire *wire, Hearth__Session__FromHost *message);
void session_wire_error(
    struct session_wire *wire, uint32_t re, Hearth__Session__Code code, const char *message);
void session_wire_done(struct session_wire *wire, uint32_t re);

/* The stream has room. */
void session_wire_flush(struct session_wire *wire);

/* The viewer does not keep up: hold back. */
bool session_wire_full(const struct session_wire *wire);

void session_wire_finish(struct session_wire *wire);
