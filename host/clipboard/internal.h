/* Inside of the X clipboard: x11.c (connection, ownership), read.c (text of other programs), write.c
 * (our text to other programs). Loop thread only. */
#pragma once

#include "host/clipboard/clipboard.h"

#include <xcb/xcb.h>

enum clipboard_atom {
    ATOM_CLIPBOARD,
    ATOM_TARGETS,
    ATOM_TIMESTAMP,
    ATOM_MULTIPLE,
    ATOM_ATOM_PAIR,
    ATOM_INCR,
    ATOM_UTF8_STRING,
    ATOM_TEXT_PLAIN_UTF8,
    ATOM_TEXT_PLAIN,
    ATOM_TEXT,
    ATOM_PROPERTY, /* where texts are delivered to us */
    ATOM_COUNT
};

/* A text that readers may still be taking while a newer one is set. */
struct clipboard_text {
    unsigned refs;
    size_t len;
    char bytes[];
};

struct clipboard_reader {
    struct clipboard_text *text; /* NULL: slot is free */
    xcb_window_t window;
    xcb_atom_t property, type;
    size_t offset;
    bool latin1;
    uint64_t deadline_us;
};

struct clipboard_x11 {
    xcb_connection_t *conn;
    xcb_window_t root, window;
    xcb_atom_t atom[ATOM_COUNT];
    uint8_t xfixes_event;
    clipboard_handler *fn;
    void *data;
    uint64_t now_us;

    struct clipboard_text *last; /* newest text known, either way; what we own while owned */
    bool owned;
    xcb_timestamp_t owned_since;

    /* Fetching: which target is being asked for, and what an INCR transfer has brought. */
    enum { FETCH_NONE, FETCH_ASKED, FETCH_PIECES } fetch;
    unsigned fetch_target;
    xcb_timestamp_t fetch_time;
    uint64_t fetch_deadline_us;
    xcb_atom_t fetch_type;
    char *pieces;
    size_t pieces_len;
    bool pieces_too_large;

    struct clipboard_reader reader[CLIPBOARD_MAX_READERS];
};

/* NULL when out of memory; bytes may be NULL. */
struct clipboard_text *clipboard_text_create(const char *bytes, size_t len);
void clipboard_text_unref(struct clipboard_text *text);

/* UTF-8 without NUL. */
bool clipboard_text_valid(const char *text, size_t len);

void clipboard_fetch_start(struct clipboard_x11 *clipboard, xcb_timestamp_t time);
void clipboard_fetch_stop(struct clipboard_x11 *clipboard);
void clipboard_fetch_notify(struct clipboard_x11 *clipboard, const xcb_selection_notify_event_t *event);
void clipboard_fetch_property(struct clipboard_x11 *clipboard, const xcb_property_notify_event_t *event);

void clipboard_serve_request(struct clipboard_x11 *clipboard, const xcb_selection_request_event_t *event);
void clipboard_serve_property(struct clipboard_x11 *clipboard, const xcb_property_notify_event_t *event);
void clipboard_serve_expire(struct clipboard_x11 *clipboard);
