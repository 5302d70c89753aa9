/* Pixels of an X root window into one picture: MIT-SHM with a memory file where the server can map
 * it, GetImage otherwise. Loop thread only. */
#pragma once

#include "codec/compare.h"
#include "host/capture/capture.h"

#include <xcb/shm.h>
#include <xcb/xcb.h>

struct x11_grab {
    xcb_connection_t *conn;
    xcb_window_t root;
    uint8_t depth, bits_per_pixel, pad_bits;
    uint32_t mask[3]; /* red, green, blue in a pixel of the root's visual */
    bool plain;       /* pixels are 0xXXRRGGBB already */
    bool shm_wanted, shm_active;
    xcb_shm_seg_t seg;
    codec_compare_fn *compare;
    void *map; /* the picture, then as much scratch */
    size_t map_len;
    int32_t width_px, height_px;
};

/* Learn the root's pixel layout. Returns NULL, or what is wrong with it. */
const char *x11_grab_init(struct x11_grab *grab, xcb_connection_t *conn, const xcb_screen_t *screen);

/* Make room for a picture of this size, black; 0 or CAPTURE_ERR_*. The old one is gone either way. */
int x11_grab_resize(struct x11_grab *grab, int32_t width_px, int32_t height_px);

void x11_grab_finish(struct x11_grab *grab);

/* As capture_grab(). What comes is compared with the picture and only what differs is written. */
int x11_grab_rects(struct x11_grab *grab, const struct codec_rect *rects, size_t count,
    capture_changed_fn *changed, void *data);

/* Convert count pixels of the given layout to 0x00RRGGBB; bits is 16 or 32. Exact for 8 bits a channel,
 * 5 and 6 bits are widened by repeating their top, 10 bits lose the lowest two. */
void x11_grab_convert(uint32_t *dst, const void *src, size_t count, unsigned bits, const uint32_t mask[3]);
