/* Where the top windows of an X11 display stand, learned from its events: one that moves without a change of
 * its size is told as a move, which spares the encoder a search. Fixed size, no allocation, no requests:
 * of a window never seen before, the first move is not known. Loop thread only. */
#pragma once

#include "codec/codec.h"

#include <xcb/xcb.h>

enum { X11_WINDOWS_MAX = 256 /* more: the one learned first is forgotten */ };

struct x11_windows {
    size_t count, next;
    struct {
        xcb_window_t id;
        struct codec_rect at, told; /* with its border; where it was when moves were last taken */
        bool moved;
    } window[X11_WINDOWS_MAX];
};

/* Any event of the connection; only those of the root's children count (XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY).
 */
void x11_windows_event(struct x11_windows *windows, xcb_window_t root, const xcb_generic_event_t *event);

/* The moves since the last call, at most cap; more are forgotten. Returns how many. */
size_t x11_windows_take(struct x11_windows *windows, struct codec_move *out, size_t cap);
