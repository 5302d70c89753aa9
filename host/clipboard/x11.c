#include "host/clipboard/internal.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xfixes.h>
#include <xcb/xtest.h>

static const char *const atom_names[ATOM_COUNT] = {
    [ATOM_CLIPBOARD] = "CLIPBOARD",
    [ATOM_TARGETS] = "TARGETS",
    [ATOM_TIMESTAMP] = "TIMESTAMP",
    [ATOM_MULTIPLE] = "MULTIPLE",
    [ATOM_ATOM_PAIR] = "ATOM_PAIR",
    [ATOM_INCR] = "INCR",
    [ATOM_UTF8_STRING] = "UTF8_STRING",
    [ATOM_TEXT_PLAIN_UTF8] = "text/plain;charset=utf-8",
    [ATOM_TEXT_PLAIN] = "text/plain",
    [ATOM_TEXT] = "TEXT",
    [ATOM_PROPERTY] = "HEARTH_CLIPBOARD",
};

static bool intern(struct clipboard_x11 *clipboard)
{
    xcb_intern_atom_cookie_t cookie[ATOM_COUNT];
    bool fine = true;
    for (int i = 0; i < ATOM_COUNT; i++)
        cookie[i] = xcb_intern_atom(clipboard->conn, false, (uint16_t)strlen(atom_names[i]), atom_names[i]);
    for (int i = 0; i < ATOM_COUNT; i++) {
        xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(clipboard->conn, cookie[i], NULL);
        fine = fine && reply;
        clipboard->atom[i] = reply ? reply->atom : XCB_NONE;
        free(reply);
    }
    return fine;
}

struct clipboard_x11 *clipboard_x11_create(const char *display)
{
    struct clipboard_x11 *clipboard = calloc(1, sizeof *clipboard);
    if (!clipboard)
        return NULL;
    int number = 0;
    clipboard->conn = xcb_connect(display && *display ? display : NULL, &number);
    if (xcb_connection_has_error(clipboard->conn) || !intern(clipboard))
        goto fail;
    const xcb_query_extension_reply_t *xfixes = xcb_get_extension_data(clipboard->conn, &xcb_xfixes_id);
    if (!xfixes || !xfixes->present)
        goto fail;
    clipboard->xfixes_event = xfixes->first_event;
    free(xcb_xfixes_query_version_reply(
        clipboard->conn, xcb_xfixes_query_version(clipboard->conn, 4, 0), NULL));

    /* As for capture: no waiting for a program that has grabbed the server. */
    const xcb_query_extension_reply_t *xtest = xcb_get_extension_data(clipboard->conn, &xcb_test_id);
    if (xtest && xtest->present)
        xcb_test_grab_control(clipboard->conn, true);

    xcb_screen_iterator_t it = xcb_setup_roots_iterator(xcb_get_setup(clipboard->conn));
    while (number-- > 0 && it.rem > 1)
        xcb_screen_next(&it);
    clipboard->root = it.data->root;
    clipboard->window = xcb_generate_id(clipboard->conn);
    uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;
    xcb_create_window(clipboard->conn, 0, clipboard->window, clipboard->root, -10, -10, 1, 1, 0,
        XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK, &events);
    xcb_xfixes_select_selection_input(clipboard->conn, clipboard->window, clipboard->atom[ATOM_CLIPBOARD],
        XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
            XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
            XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE);
    xcb_flush(clipboard->conn);
    return clipboard;

fail:
    clipboard_x11_destroy(clipboard);
    return NULL;
}

void clipboard_x11_destroy(struct clipboard_x11 *clipboard)
{
    if (!clipboard)
        return;
    clipboard_fetch_stop(clipboard);
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS; i++)
        clipboard_text_unref(clipboard->reader[i].text);
    clipboard_text_unref(clipboard->last);
    xcb_disconnect(clipboard->conn);
    free(clipboard);
}

int clipboard_x11_fd(const struct clipboard_x11 *clipboard)
{
    return xcb_get_file_descriptor(clipboard->conn);
}

uint64_t clipboard_x11_deadline_us(const struct clipboard_x11 *clipboard)
{
    uint64_t due = clipboard->fetch != FETCH_NONE ? clipboard->fetch_deadline_us : UINT64_MAX;
    for (size_t i = 0; i < CLIPBOARD_MAX_READERS; i++) {
        const struct clipboard_reader *reader = &clipboard->reader[i];
        if (reader->text && reader->deadline_us < due)
            due = reader->deadline_us;
    }
    return due;
}

static void owner_changed(struct clipboard_x11 *clipboard, const xcb_xfixes_selection_notify_event_t *event)
{
    if (event->selection != clipboard->atom[ATOM_CLIPBOARD])
        return;
    if (event->owner == clipboard->window) {
        clipboard->owned_since = event->selection_timestamp;
        clipboard->owned = clipboard->last != NULL;
        return;
    }
    clipboard->owned = false;
    if (event->owner != XCB_NONE && clipboard->fn)
        clipboard_fetch_start(clipboard, event->timestamp);
    else
        clipboard_fetch_stop(clipboard);
}

static void handle(struct clipboard_x11 *clipboard, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;
    switch (type) {
    case XCB_SELECTION_NOTIFY:
        clipboard_fetch_notify(clipboard, (const xcb_selection_notify_event_t *)event);
        break;
    case XCB_SELECTION_REQUEST:
        clipboard_serve_request(clipboard, (const xcb_selection_request_event_t *)event);
        break;
    case XCB_PROPERTY_NOTIFY:
        clipboard_fetch_property(clipboard, (const xcb_property_notify_event_t *)event);
        clipboard_serve_property(clipboard, (const xcb_property_notify_event_t *)event);
        break;
    default:
        if (type == clipboard->xfixes_event + XCB_XFIXES_SELECTION_NOTIFY)
            owner_changed(clipboard, (const xcb_xfixes_selection_notify_event_t *)event);
        break;
    }
}

int clipboard_x11_dispatch(struct clipboard_x11 *clipboard, uint64_t now_us)
{
    xcb_generic_event_t *event;
    clipboard->now_us = now_us;
    while ((event = xcb_poll_for_event(clipboard->conn))) {
        handle(clipboard, event);
        free(event);
    }
    if (xcb_connection_has_error(clipboard->conn))
        return CLIPBOARD_ERR_LOST;
    if (clipboard->fetch != FETCH_NONE && !clipboard->fetch_deadline_us)
        clipboard->fetch_deadline_us = now_us + CLIPBOARD_TIMEOUT_US;
    if (clipboard->fetch != FETCH_NONE && now_us >= clipboard->fetch_deadline_us)
        clipboard_fetch_stop(clipboard);
    clipboard_serve_expire(clipboard);
    xcb_flush(clipboard->conn);
    return 0;
}

void clipboard_x11_watch(struct clipboard_x11 *clipboard, clipboard_handler *fn, void *data)
{
    bool start = fn && !clipboard->fn;
    clipboard->fn = fn;
    clipboard->data = data;
    if (!fn)
        clipboard_fetch_stop(clipboard);
    else if (start && !clipboard->owned)
        clipboard_fetch_start(clipboard, XCB_CURRENT_TIME);
    xcb_flush(clipboard->conn);
}

int clipboard_x11_set(struct clipboard_x11 *clipboard, const char *text, size_t len, uint64_t now_us)
{
    if (len > CLIPBOARD_MAX_BYTES)
        return CLIPBOARD_ERR_LENGTH;
    if (!clipboard_text_valid(text, len))
        return CLIPBOARD_ERR_TEXT;
    struct clipboard_text *own = clipboard_text_create(text, len);
    if (!own)
        return CLIPBOARD_ERR_NOMEM;
    clipboard->now_us = now_us;
    clipboard_fetch_stop(clipboard);
    clipboard_text_unref(clipboard->last);
    clipboard->last = own;
    clipboard->owned = true;
    xcb_set_selection_owner(
        clipboard->conn, clipboard->window, clipboard->atom[ATOM_CLIPBOARD], XCB_CURRENT_TIME);
    xcb_flush(clipboard->conn);
    return xcb_connection_has_error(clipboard->conn) ? CLIPBOARD_ERR_LOST : 0;
}
