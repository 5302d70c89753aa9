#include "host/capture/x11_pointer.h"

#include <stdlib.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>

void x11_pointer_init(struct x11_pointer *pointer, xcb_connection_t *conn, xcb_window_t root)
{
    *pointer = (struct x11_pointer){.conn = conn, .root = root, .x = -1, .y = -1};
    const xcb_query_extension_reply_t *ext = xcb_get_extension_data(conn, &xcb_input_id);
    if (!ext || !ext->present)
        return;
    /* From 2.1 on raw events come although another program has grabbed the pointer. */
    xcb_input_xi_query_version_reply_t *version =
        xcb_input_xi_query_version_reply(conn, xcb_input_xi_query_version(conn, 2, 2), NULL);
    if (version && version->major_version >= 2)
        pointer->opcode = ext->major_opcode;
    free(version);
}

static void ask(struct x11_pointer *pointer)
{
    pointer->sequence = xcb_query_pointer(pointer->conn, pointer->root).sequence;
    pointer->asked = true;
    pointer->again = false;
}

void x11_pointer_refresh(struct x11_pointer *pointer)
{
    if (pointer->opcode && !pointer->asked)
        ask(pointer);
}

void x11_pointer_watch(struct x11_pointer *pointer, bool watch)
{
    if (!pointer->opcode)
        return;
    struct {
        xcb_input_event_mask_t head;
        uint32_t mask;
    } select = {{XCB_INPUT_DEVICE_ALL_MASTER, 1}, watch ? XCB_INPUT_XI_EVENT_MASK_RAW_MOTION : 0};
    xcb_input_xi_select_events(pointer->conn, pointer->root, 1, &select.head);
    if (watch && !pointer->asked)
        ask(pointer);
}

void x11_pointer_expect(struct x11_pointer *pointer, int32_t x, int32_t y, uint64_t now_us)
{
    pointer->ours_until_us = now_us + X11_POINTER_OURS_US;
    pointer->x = x;
    pointer->y = y;
}

void x11_pointer_event(struct x11_pointer *pointer, const xcb_generic_event_t *event)
{
    const xcb_ge_generic_event_t *generic = (const xcb_ge_generic_event_t *)event;
    if (!pointer->opcode || generic->extension != pointer->opcode ||
        generic->event_type != XCB_INPUT_RAW_MOTION)
        return;
    if (pointer->asked) {
        pointer->again = true;
    } else {
        ask(pointer);
        xcb_flush(pointer->conn);
    }
}

bool x11_pointer_poll(struct x11_pointer *pointer, uint64_t now_us)
{
    void *answer = NULL;
    xcb_generic_error_t *error = NULL;
    if (!pointer->asked || !xcb_poll_for_reply(pointer->conn, pointer->sequence, &answer, &error))
        return false;
    xcb_query_pointer_reply_t *reply = answer;
    bool moved = false;
    pointer->asked = false;
    if (reply && now_us >= pointer->ours_until_us) {
        moved = reply->root_x != pointer->x || reply->root_y != pointer->y;
        pointer->x = reply->root_x;
        pointer->y = reply->root_y;
    }
    free(reply);
    free(error);
    if (pointer->again) {
        ask(pointer);
        xcb_flush(pointer->conn);
    }
    return moved;
}
