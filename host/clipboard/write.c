#include "host/clipboard/internal.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 16 };

/* What STRING can carry of a text: Latin-1, the rest as question marks. Returns bytes written; each
 * character of text from *offset on takes one. */
static size_t to_latin1(const struct clipboard_text *text, size_t *offset, char *out, size_t cap)
{
    size_t written = 0;
    while (*offset < text->len && written < cap) {
        uint8_t lead = (uint8_t)text->bytes[*offset];
        size_t need = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
        char byte = '?';
        if (need == 1)
            byte = (char)lead;
        else if (need == 2 && lead <= 0xc3)
            byte = (char)((lead & 3) << 6 | (text->bytes[*offset + 1] & 0x3f));
        out[written++] = byte;
        *offset += need;
    }
    return written;
}

/* The next piece into the property; its length, 0 at the end. */
static size_t put_piece(struct clipboard_x11 *clipboard, struct clipboard_text *text, bool latin1,
    size_t *offset, xcb_window_t window, xcb_atom_t property, xcb_atom_t type)
{
    if (latin1) {
        char *piece = malloc(CLIPBOARD_CHUNK_BYTES);
        size_t len = piece ? to_latin1(text, offset, piece, CLIPBOARD_CHUNK_BYTES) : 0;
        xcb_change_property(
            clipboard->conn, XCB_PROP_MODE_REPLACE, window, property, type, 8, (uint32_t)len, piece);
        free(piece);
        return len;
    }
    size_t len = text->len - *offset;
    if (len > CLIPBOARD_CHUNK_BYTES)
        len = CLIPBOARD_CHUNK_BYTES;
    xcb_change_property(clipboard->conn, XCB_PROP_MODE_REPLACE, window, property, type, 8, (uint32_t)len,
        text->bytes + *offset);
    *offset += len;
    return len;
}

static void finish(struct clipboard_x11 *clipboard, struct clipboard_reader *reader)
{
    uint32_t none = 0;
    clipboard_text_unref(reader->text);
    reader->text = NULL;
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS; i++) {
        if (clipboard->reader[i].text && clipboard->reader[i].window == reader->window)
            return; /* another transfer to that window still needs its events */
    }
    xcb_change_window_attributes(clipboard->conn, reader->window, XCB_CW_EVENT_MASK, &none);
}

static bool start_pieces(
    struct clipboard_x11 *clipboard, xcb_window_t window, xcb_atom_t property, xcb_atom_t type, bool latin1)
{
    struct clipboard_reader *slot = NULL;
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS && !slot; i++) {
        if (!clipboard->reader[i].text)
            slot = &clipboard->reader[i];
    }
    if (!slot)
        return false;
    uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;
    uint32_t size = (uint32_t)clipboard->last->len;
    xcb_change_window_attributes(clipboard->conn, window, XCB_CW_EVENT_MASK, &events);
    xcb_change_property(
        clipboard->conn, XCB_PROP_MODE_REPLACE, window, property, clipboard->atom[ATOM_INCR], 32, 1, &size);
    clipboard->last->refs++;
    *slot = (struct clipboard_reader){.text = clipboard->last,
        .window = window,
        .property = property,
        .type = type,
        .latin1 = latin1,
        .deadline_us = clipboard->now_us + CLIPBOARD_TIMEOUT_US};
    return true;
}

static bool put_text(
    struct clipboard_x11 *clipboard, xcb_window_t window, xcb_atom_t property, xcb_atom_t type, bool latin1)
{
    if (clipboard->last->len > CLIPBOARD_CHUNK_BYTES)
        return start_pieces(clipboard, window, property, type, latin1);
    size_t offset = 0;
    (void)put_piece(clipboard, clipboard->last, latin1, &offset, window, property, type);
    return true;
}

static bool answer(
    struct clipboard_x11 *clipboard, xcb_window_t window, xcb_atom_t target, xcb_atom_t property)
{
    const xcb_atom_t *atom = clipboard->atom;
    if (target == atom[ATOM_TARGETS]) {
        const xcb_atom_t list[] = {atom[ATOM_TARGETS], atom[ATOM_TIMESTAMP], atom[ATOM_MULTIPLE],
            atom[ATOM_UTF8_STRING], atom[ATOM_TEXT_PLAIN_UTF8], atom[ATOM_TEXT], XCB_ATOM_STRING,
            atom[ATOM_TEXT_PLAIN]};
        xcb_change_property(clipboard->conn, XCB_PROP_MODE_REPLACE, window, property, XCB_ATOM_ATOM, 32,
            sizeof list / sizeof list[0], list);
        return true;
    }
    if (target == atom[ATOM_TIMESTAMP]) {
        xcb_change_property(clipboard->conn, XCB_PROP_MODE_REPLACE, window, property, XCB_ATOM_INTEGER, 32, 1,
            &clipboard->owned_since);
        return true;
    }
    if (target == atom[ATOM_UTF8_STRING] || target == atom[ATOM_TEXT])
        return put_text(clipboard, window, property, atom[ATOM_UTF8_STRING], false);
    if (target == atom[ATOM_TEXT_PLAIN_UTF8] || target == atom[ATOM_TEXT_PLAIN])
        return put_text(clipboard, window, property, target, false);
    if (target == XCB_ATOM_STRING)
        return put_text(clipboard, window, property, XCB_ATOM_STRING, true);
    return false;
}

/* Pairs of target and property; the property of a pair that cannot be served becomes None. */
static bool answer_multiple(struct clipboard_x11 *clipboard, xcb_window_t window, xcb_atom_t property)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(clipboard->conn,
        xcb_get_property(
            clipboard->conn, false, window, property, clipboard->atom[ATOM_ATOM_PAIR], 0, MAX_PAIRS * 2),
        NULL);
    if (!reply || reply->format != 32) {
        free(reply);
        return false;
    }
    xcb_atom_t *pair = xcb_get_property_value(reply);
    size_t count = (size_t)xcb_get_property_value_length(reply) / sizeof *pair / 2;
    for (size_t i = 0; i < count; i++) {
        if (!pair[2 * i + 1] || !answer(clipboard, window, pair[2 * i], pair[2 * i + 1]))
            pair[2 * i + 1] = XCB_NONE;
    }
    xcb_change_property(clipboard->conn, XCB_PROP_MODE_REPLACE, window, property,
        clipboard->atom[ATOM_ATOM_PAIR], 32, (uint32_t)(2 * count), pair);
    free(reply);
    return true;
}

void clipboard_serve_request(struct clipboard_x11 *clipboard, const xcb_selection_request_event_t *event)
{
    /* An obsolete program names no property: ICCCM says to use the target's name. */
    xcb_atom_t property = event->property ? event->property : event->target;
    bool served = false;
    if (clipboard->owned && clipboard->last && event->selection == clipboard->atom[ATOM_CLIPBOARD])
        served = event->target == clipboard->atom[ATOM_MULTIPLE]
                     ? event->property && answer_multiple(clipboard, event->requestor, property)
                     : answer(clipboard, event->requestor, event->target, property);
    xcb_selection_notify_event_t notify = {.response_type = XCB_SELECTION_NOTIFY,
        .time = event->time,
        .requestor = event->requestor,
        .selection = event->selection,
        .target = event->target,
        .property = served ? property : XCB_NONE};
    char wire[32] = {0};
    memcpy(wire, &notify, sizeof notify < sizeof wire ? sizeof notify : sizeof wire);
    xcb_send_event(clipboard->conn, false, event->requestor, 0, wire);
}

void clipboard_serve_property(struct clipboard_x11 *clipboard, const xcb_property_notify_event_t *event)
{
    if (event->state != XCB_PROPERTY_DELETE)
        return;
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS; i++) {
        struct clipboard_reader *reader = &clipboard->reader[i];
        if (!reader->text || reader->window != event->window || reader->property != event->atom)
            continue;
        reader->deadline_us = clipboard->now_us + CLIPBOARD_TIMEOUT_US;
        /* The empty piece ends it. */
        if (put_piece(clipboard, reader->text, reader->latin1, &reader->offset, reader->window,
                reader->property, reader->type) == 0)
            finish(clipboard, reader);
        return;
    }
}

void clipboard_serve_expire(struct clipboard_x11 *clipboard)
{
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS; i++) {
        struct clipboard_reader *reader = &clipboard->reader[i];
        if (reader->text && clipboard->now_us >= reader->deadline_us)
            finish(clipboard, reader);
    }
}
