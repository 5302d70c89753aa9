#include "host/clipboard/internal.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xproto.h>

/* First what there is, then the best of it. An owner that does not say is asked for each in turn. Not
 * asking first would be wrong: xclip, for one, gives an image to who asks for text. */
static const enum clipboard_atom wanted[] = {
    ATOM_TARGETS, ATOM_UTF8_STRING, ATOM_TEXT_PLAIN_UTF8, ATOM_TEXT, ATOM_COUNT};
enum { WANTED = sizeof wanted / sizeof wanted[0] };

static xcb_atom_t target_at(const struct clipboard_x11 *clipboard, unsigned index)
{
    return wanted[index] == ATOM_COUNT ? XCB_ATOM_STRING : clipboard->atom[wanted[index]];
}

static void ask(struct clipboard_x11 *clipboard)
{
    clipboard->fetch = FETCH_ASKED;
    clipboard->fetch_deadline_us = 0; /* set by the next dispatch, which knows the time */
    xcb_delete_property(clipboard->conn, clipboard->window, clipboard->atom[ATOM_PROPERTY]);
    xcb_convert_selection(clipboard->conn, clipboard->window, clipboard->atom[ATOM_CLIPBOARD],
        target_at(clipboard, clipboard->fetch_target), clipboard->atom[ATOM_PROPERTY], clipboard->fetch_time);
}

void clipboard_fetch_start(struct clipboard_x11 *clipboard, xcb_timestamp_t time)
{
    clipboard_fetch_stop(clipboard);
    clipboard->fetch_target = 0;
    clipboard->fetch_time = time;
    ask(clipboard);
}

void clipboard_fetch_stop(struct clipboard_x11 *clipboard)
{
    clipboard->fetch = FETCH_NONE;
    free(clipboard->pieces);
    clipboard->pieces = NULL;
    clipboard->pieces_len = 0;
    clipboard->pieces_too_large = false;
}

/* STRING is Latin-1. NULL when out of memory or longer than a text may be. */
static struct clipboard_text *from_latin1(const char *bytes, size_t len)
{
    size_t high = 0;
    for (size_t i = 0; i < len; i++)
        high += (uint8_t)bytes[i] >= 0x80;
    if (len + high > CLIPBOARD_MAX_BYTES)
        return NULL;
    struct clipboard_text *text = clipboard_text_create(NULL, 0);
    struct clipboard_text *grown = text ? realloc(text, sizeof *text + len + high) : NULL;
    if (!grown) {
        free(text);
        return NULL;
    }
    grown->len = len + high;
    char *out = grown->bytes;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        if (byte < 0x80) {
            *out++ = (char)byte;
        } else {
            *out++ = (char)(0xc0 | byte >> 6);
            *out++ = (char)(0x80 | (byte & 0x3f));
        }
    }
    return grown;
}

static void tell_too_large(struct clipboard_x11 *clipboard)
{
    clipboard_text_unref(clipboard->last);
    clipboard->last = NULL;
    if (clipboard->fn)
        clipboard->fn(clipboard->data, NULL, 0, true);
}

static void deliver(struct clipboard_x11 *clipboard, const char *bytes, size_t len, xcb_atom_t type)
{
    /* Some programs count a closing NUL in. */
    const char *nul = len ? memchr(bytes, 0, len) : NULL;
    if (nul)
        len = (size_t)(nul - bytes);
    if (len > CLIPBOARD_MAX_BYTES) {
        tell_too_large(clipboard);
        return;
    }
    struct clipboard_text *text;
    if (type == XCB_ATOM_STRING && !clipboard_text_valid(bytes, len))
        text = from_latin1(bytes, len);
    else
        text = clipboard_text_valid(bytes, len) ? clipboard_text_create(bytes, len) : NULL;
    if (!text)
        return;
    /* A clipboard manager that takes over what we set, or what it told before, changes nothing. */
    struct clipboard_text *last = clipboard->last;
    bool same = last && last->len == text->len && memcmp(last->bytes, text->bytes, text->len) == 0;
    clipboard_text_unref(last);
    clipboard->last = text;
    if (!same && clipboard->fn) {
        text->refs++;
        clipboard->fn(clipboard->data, text->bytes, text->len, false);
        clipboard_text_unref(text);
    }
}

/* Take the property away (which tells the owner to go on); NULL when there is none. *out_more: it was
 * longer than a text may be. */
static xcb_get_property_reply_t *take(struct clipboard_x11 *clipboard, bool *out_more)
{
    xcb_get_property_reply_t *reply = xcb_get_property_reply(clipboard->conn,
        xcb_get_property(clipboard->conn, true, clipboard->window, clipboard->atom[ATOM_PROPERTY],
            XCB_GET_PROPERTY_TYPE_ANY, 0, CLIPBOARD_MAX_BYTES / 4 + 1),
        NULL);
    *out_more = reply && reply->bytes_after > 0;
    if (*out_more)
        xcb_delete_property(clipboard->conn, clipboard->window, clipboard->atom[ATOM_PROPERTY]);
    return reply;
}

/* Go on with the first wanted target that the owner has; false when it has none. */
static bool choose(struct clipboard_x11 *clipboard, const xcb_get_property_reply_t *targets)
{
    const xcb_atom_t *have = xcb_get_property_value(targets);
    size_t count = (size_t)xcb_get_property_value_length(targets) / sizeof *have;
    for (unsigned want = 1; want < WANTED; want++) {
        for (size_t i = 0; i < count; i++) {
            if (have[i] != target_at(clipboard, want))
                continue;
            clipboard->fetch_target = want;
            ask(clipboard);
            return true;
        }
    }
    return false;
}

void clipboard_fetch_notify(struct clipboard_x11 *clipboard, const xcb_selection_notify_event_t *event)
{
    if (clipboard->fetch != FETCH_ASKED || event->selection != clipboard->atom[ATOM_CLIPBOARD] ||
        event->target != target_at(clipboard, clipboard->fetch_target))
        return;
    if (event->property == XCB_NONE) {
        if (++clipboard->fetch_target < WANTED)
            ask(clipboard);
        else
            clipboard_fetch_stop(clipboard);
        return;
    }
    bool more;
    xcb_get_property_reply_t *reply = take(clipboard, &more);
    if (!reply) {
        clipboard_fetch_stop(clipboard);
        return;
    }
    if (clipboard->fetch_target == 0) {
        if (reply->format != 32 || !choose(clipboard, reply))
            clipboard_fetch_stop(clipboard);
        free(reply);
        return;
    }
    if (reply->type == clipboard->atom[ATOM_INCR]) {
        clipboard->fetch = FETCH_PIECES;
        clipboard->fetch_deadline_us = 0;
        clipboard->fetch_type = event->target;
    } else {
        clipboard_fetch_stop(clipboard);
        if (more)
            tell_too_large(clipboard);
        else if (reply->format == 8)
            deliver(clipboard, xcb_get_property_value(reply), (size_t)xcb_get_property_value_length(reply),
                reply->type);
    }
    free(reply);
}

void clipboard_fetch_property(struct clipboard_x11 *clipboard, const xcb_property_notify_event_t *event)
{
    if (clipboard->fetch != FETCH_PIECES || event->window != clipboard->window ||
        event->atom != clipboard->atom[ATOM_PROPERTY] || event->state != XCB_PROPERTY_NEW_VALUE)
        return;
    bool more;
    xcb_get_property_reply_t *reply = take(clipboard, &more);
    size_t len = reply ? (size_t)xcb_get_property_value_length(reply) : 0;
    if (!reply || reply->type == XCB_NONE) {
        free(reply);
        return; /* taken already */
    }
    clipboard->fetch_deadline_us = 0;
    if (len) {
        /* Too long a text is taken to its end all the same: its owner waits for that. */
        if (more || len > CLIPBOARD_MAX_BYTES - clipboard->pieces_len)
            clipboard->pieces_too_large = true;
        char *grown =
            clipboard->pieces_too_large ? NULL : realloc(clipboard->pieces, clipboard->pieces_len + len);
        if (grown) {
            memcpy(grown + clipboard->pieces_len, xcb_get_property_value(reply), len);
            clipboard->pieces = grown;
            clipboard->pieces_len += len;
        } else {
            clipboard->pieces_too_large = true;
        }
        free(reply);
        return;
    }
    free(reply);
    char *pieces = clipboard->pieces;
    size_t total = clipboard->pieces_len;
    bool too_large = clipboard->pieces_too_large;
    clipboard->pieces = NULL;
    clipboard_fetch_stop(clipboard);
    if (too_large)
        tell_too_large(clipboard);
    else if (pieces)
        deliver(clipboard, pieces, total, clipboard->fetch_type);
    free(pieces);
}
