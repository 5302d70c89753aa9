/* Where the pointer of an X display is, told when somebody else than us moves it: raw motion events of
 * XInput 2 say that it moved, one question without waiting says where to. Loop thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

enum { X11_POINTER_OURS_US = 150000 };

struct x11_pointer {
    xcb_connection_t *conn;
    xcb_window_t root;
    uint8_t opcode; /* of XInput; 0: the display lacks it and nothing is told */
    bool asked;
    unsigned sequence;      /* of the question on its way */
    bool again;             /* it moved once more since */
    int32_t x, y;           /* last known */
    uint64_t ours_until_us; /* moves are our own until then */
};

void x11_pointer_init(struct x11_pointer *pointer, xcb_connection_t *conn, xcb_window_t root);
void x11_pointer_watch(struct x11_pointer *pointer, bool watch);

/* We are moving it there ourselves. For a moment after, answers may still be from before. */
void x11_pointer_expect(struct x11_pointer *pointer, int32_t x, int32_t y, uint64_t now_us);

/* Ask on the way of another request: a program that warps the pointer makes no motion event. */
void x11_pointer_refresh(struct x11_pointer *pointer);

void x11_pointer_event(struct x11_pointer *pointer, const xcb_generic_event_t *event);

/* Take the answer if it is there; true when the place is a new one. */
bool x11_pointer_poll(struct x11_pointer *pointer, uint64_t now_us);
