#include "host/session/wire.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_KEPT_BYTES = 64 * 1024 };

static int reserve(struct session_wire *wire, size_t len)
{
    if (wire->taken > 0) {
        memmove(wire->data, wire->data + wire->taken, wire->len - wire->taken);
        wire->len -= wire->taken;
        wire->taken = 0;
    }
    if (len > SESSION_OUT_MAX - wire->len)
        return SESSION_ERR_LIMIT;
    if (len <= wire->cap - wire->len)
        return SESSION_OK;
    size_t cap = wire->cap ? wire->cap : 4096;
    while (len > cap - wire->len)
        cap *= 2;
    uint8_t *grown = realloc(wire->data, cap);
    if (!grown)
        return SESSION_ERR_NOMEM;
    wire->data = grown;
    wire->cap = cap;
    return SESSION_OK;
}

void session_wire_send(struct session_wire *wire, Hearth__Session__FromHost *message)
{
    if (wire->error != SESSION_OK || wire->stream == 0)
        return;
    size_t len = hearth__session__from_host__get_packed_size(message);
    if (len == 0 || len > SESSION_MESSAGE_MAX)
        wire->error = SESSION_ERR_LENGTH;
    else
        wire->error = reserve(wire, SESSION_FRAME_HEADER + len);
    if (wire->error != SESSION_OK)
        return;
    session_frame_header(wire->data + wire->len, len);
    (void)hearth__session__from_host__pack(message, wire->data + wire->len + SESSION_FRAME_HEADER);
    wire->len += SESSION_FRAME_HEADER + len;
    session_wire_flush(wire);
}

void session_wire_error(
    struct session_wire *wire, uint32_t re, Hearth__Session__Code code, const char *message)
{
    Hearth__Session__Error error = HEARTH__SESSION__ERROR__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    error.code = code;
    error.message = (char *)(uintptr_t)message; /* packed, not written to */
    reply.re = re;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_ERROR;
    reply.error = &error;
    session_wire_send(wire, &reply);
}

void session_wire_done(struct session_wire *wire, uint32_t re)
{
    Hearth__Session__Done done = HEARTH__SESSION__DONE__INIT;
    Hearth__Session__FromHost reply = HEARTH__SESSION__FROM_HOST__INIT;
    reply.re = re;
    reply.body_case = HEARTH__SESSION__FROM_HOST__BODY_DONE;
    reply.done = &done;
    session_wire_send(wire, &reply);
}

void session_wire_flush(struct session_wire *wire)
{
    while (wire->error == SESSION_OK && wire->taken < wire->len) {
        int took = channel_stream_write(
            wire->session, wire->stream, wire->data + wire->taken, wire->len - wire->taken);
        if (took < 0)
            wire->error = SESSION_ERR_CLOSED;
        if (took <= 0)
            return;
        wire->taken += (size_t)took;
    }
    if (wire->taken == wire->len && wire->cap > WIRE_KEPT_BYTES) {
        free(wire->data);
        wire->data = NULL;
        wire->len = wire->cap = wire->taken = 0;
    }
}

bool session_wire_full(const struct session_wire *wire)
{
    return wire->len - wire->taken > SESSION_OUT_HIGH;
}

void session_wire_finish(struct session_wire *wire)
{
    free(wire->data);
    *wire = (struct session_wire){0};
}
