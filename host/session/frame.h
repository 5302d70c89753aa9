/* Messages of the control stream: u32 big-endian length, then that many bytes of protobuf, at most
 * SESSION_MESSAGE_MAX. docs/wire.md section 8. The parser is pure; the inbox keeps what has arrived of
 * a message so far and nothing else. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_MESSAGE_MAX = 1 << 20, /* bytes of one message; a longer one ends the session */
    SESSION_FRAME_HEADER = 4
};

enum session_error {
    SESSION_OK = 0,
    SESSION_ERR_NOMEM = -1,
    SESSION_ERR_LENGTH = -2, /* a message over SESSION_MESSAGE_MAX, or empty */
    SESSION_ERR_FORMAT = -3, /* not a message, or a field over its bound */
    SESSION_ERR_LIMIT = -4,  /* the viewer does not read, or asks too much at once */
    SESSION_ERR_CLOSED = -5
};
const char *session_strerror(int err);

struct session_frame {
    const uint8_t *body; /* inside the data that was parsed */
    size_t len;
};

/* Returns bytes consumed with *out written, 0 when more bytes are needed, or SESSION_ERR_LENGTH. */
int session_frame_parse(const uint8_t *data, size_t len, struct session_frame *out);

/* Length prefix of a message of len bytes (at most SESSION_MESSAGE_MAX). */
void session_frame_header(uint8_t out[static SESSION_FRAME_HEADER], size_t len);

/* Bytes received and not yet parsed; grows with what arrived, never with what is announced. */
struct session_inbox {
    uint8_t *data;
    size_t len, cap, taken;
};

/* Copies. 0, SESSION_ERR_NOMEM, or SESSION_ERR_LIMIT when more than one message and a stream's credit
 * would wait. */
int session_inbox_add(struct session_inbox *inbox, const uint8_t *data, size_t len);
/* The next whole message, borrowed until the next call: 1 with *out, 0 for none yet, SESSION_ERR_LENGTH. */
int session_inbox_next(struct session_inbox *inbox, struct session_frame *out);
void session_inbox_finish(struct session_inbox *inbox);
