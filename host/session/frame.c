#include "host/session/frame.h"

#include <stdlib.h>
#include <string.h>

enum {
    INBOX_FIRST_BYTES = 4096,
    INBOX_KEPT_BYTES = 64 * 1024, /* a larger buffer is given back when it is empty */
    INBOX_MAX_BYTES = SESSION_FRAME_HEADER + SESSION_MESSAGE_MAX + 64 * 1024
};

const char *session_strerror(int err)
{
    switch (err) {
    case SESSION_OK:
        return "done";
    case SESSION_ERR_NOMEM:
        return "out of memory";
    case SESSION_ERR_LENGTH:
        return "a message was too long";
    case SESSION_ERR_FORMAT:
        return "a message was malformed";
    case SESSION_ERR_LIMIT:
        return "the viewer does not read what it asked for";
    case SESSION_ERR_CLOSED:
        return "the session is closed";
    default:
        return "unknown error";
    }
}

int session_frame_parse(const uint8_t *data, size_t len, struct session_frame *out)
{
    if (len < SESSION_FRAME_HEADER)
        return 0;
    uint32_t body = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (body == 0 || body > SESSION_MESSAGE_MAX)
        return SESSION_ERR_LENGTH;
    if (body > len - SESSION_FRAME_HEADER)
        return 0;
    *out = (struct session_frame){.body = data + SESSION_FRAME_HEADER, .len = body};
    return (int)(SESSION_FRAME_HEADER + body);
}

void session_frame_header(uint8_t out[static SESSION_FRAME_HEADER], size_t len)
{
    out[0] = (uint8_t)(len >> 24);
    out[1] = (uint8_t)(len >> 16);
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
}

int session_inbox_add(struct session_inbox *inbox, const uint8_t *data, size_t len)
{
    if (inbox->taken > 0) {
        memmove(inbox->data, inbox->data + inbox->taken, inbox->len - inbox->taken);
        inbox->len -= inbox->taken;
        inbox->taken = 0;
    }
    if (len > INBOX_MAX_BYTES - inbox->len)
        return SESSION_ERR_LIMIT;
    if (len > inbox->cap - inbox->len) {
        size_t cap = inbox->cap ? inbox->cap : INBOX_FIRST_BYTES;
        while (len > cap - inbox->len)
            cap *= 2;
        uint8_t *grown = realloc(inbox->data, cap);
        if (!grown)
            return SESSION_ERR_NOMEM;
        inbox->data = grown;
        inbox->cap = cap;
    }
    if (len > 0)
        memcpy(inbox->data + inbox->len, data, len);
    inbox->len += len;
    return SESSION_OK;
}

int session_inbox_next(struct session_inbox *inbox, struct session_frame *out)
{
    int used = inbox->len == inbox->taken
                   ? 0
                   : session_frame_parse(inbox->data + inbox->taken, inbox->len - inbox->taken, out);
    if (used > 0)
        inbox->taken += (size_t)used;
    else if (used == 0 && inbox->len == inbox->taken && inbox->cap > INBOX_KEPT_BYTES)
        session_inbox_finish(inbox);
    return used > 0 ? 1 : used;
}

void session_inbox_finish(struct session_inbox *inbox)
{
    free(inbox->data);
    *inbox = (struct session_inbox){0};
}
