/* The text clipboard of an X display (selection CLIPBOARD), both ways, on a connection of its own.
 *
 * Watching: when another program takes the clipboard its text is fetched (UTF8_STRING first, then
 * text/plain;charset=utf-8, TEXT, STRING), INCR included, and handed to the handler. Own content is
 * never handed back, so two ends cannot echo. Owning: clipboard_x11_set() takes the selection and
 * answers TARGETS, TIMESTAMP, MULTIPLE and the text targets, in pieces (INCR) where large.
 * An owner that never answers and a reader that stops in the middle are given up after
 * CLIPBOARD_TIMEOUT_US. No thread, no timer: wait on the descriptor and the deadline.
 * Loop thread only. Source: ICCCM 2. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CLIPBOARD_MAX_BYTES = 512 * 1024,  /* of one text, UTF-8, both ways */
    CLIPBOARD_CHUNK_BYTES = 64 * 1024, /* of one property; larger texts go by INCR */
    CLIPBOARD_MAX_READERS = 8,         /* INCR transfers out at a time; more are refused */
    CLIPBOARD_TIMEOUT_US = 3000000
};

enum clipboard_error {
    CLIPBOARD_OK = 0,
    CLIPBOARD_ERR_NOMEM = -1,
    CLIPBOARD_ERR_LOST = -2,   /* the display is gone */
    CLIPBOARD_ERR_LENGTH = -3, /* over CLIPBOARD_MAX_BYTES */
    CLIPBOARD_ERR_TEXT = -4    /* not UTF-8, or a NUL inside */
};

const char *clipboard_strerror(int err);

/* New text on the display's clipboard: UTF-8, borrowed for the call, without NUL. When it is longer than
 * CLIPBOARD_MAX_BYTES text is NULL and too_large true. */
typedef void clipboard_handler(void *data, const char *text, size_t len, bool too_large);

struct clipboard_x11;

/* display: as for XOpenDisplay, NULL = $DISPLAY. NULL when it cannot be opened or lacks XFixes. */
struct clipboard_x11 *clipboard_x11_create(const char *display);
void clipboard_x11_destroy(struct clipboard_x11 *clipboard);

int clipboard_x11_fd(const struct clipboard_x11 *clipboard);
uint64_t clipboard_x11_deadline_us(const struct clipboard_x11 *clipboard);

/* Handle what arrived and what is overdue. 0 or CLIPBOARD_ERR_LOST. */
int clipboard_x11_dispatch(struct clipboard_x11 *clipboard, uint64_t now_us);

/* fn NULL: stop watching; nothing is fetched from other programs then. */
void clipboard_x11_watch(struct clipboard_x11 *clipboard, clipboard_handler *fn, void *data);

/* Own the clipboard with this text (copied). 0 or CLIPBOARD_ERR_*. */
int clipboard_x11_set(struct clipboard_x11 *clipboard, const char *text, size_t len, uint64_t now_us);
