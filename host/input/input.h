/* What a viewer does with its keyboard and pointer, as plain values, and who holds what.
 *
 * A source of input (input/x11.h, later others) is shared by all viewers of one display. Each
 * viewer acts through a seat: what a seat holds down is released when it says so or goes, and
 * nothing that another seat holds. Fields mirror channel/proto/session.proto; nothing here knows
 * protobuf. Loop thread only. Design: docs/architecture.md "The screen". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INPUT_KEY_TEXT_BYTES = 32, /* of one key event */
    INPUT_TEXT_BYTES = 4096,   /* of one text event */
    INPUT_LOCK_CAPS = 1,
    INPUT_LOCK_NUM = 2,
    INPUT_BUTTONS = 5,            /* left, middle, right, back, forward: bits 0..4 */
    INPUT_NOTCH = 120,            /* wheel units of one notch */
    INPUT_WHEEL_MAX_NOTCHES = 32, /* of one event; more is cut */
    INPUT_MOTION_MAX = 4096       /* px of one relative motion; more is cut */
};

struct input_key {
    bool down;
    uint32_t code;    /* Linux evdev code of the physical key, 0 = unknown */
    uint32_t keysym;  /* X keysym wanted, 0 = unknown */
    const char *text; /* UTF-8 it would type, borrowed for the call, not terminated; NULL = none */
    size_t text_len;  /* bytes; a text over INPUT_KEY_TEXT_BYTES or not UTF-8 is ignored */
    uint32_t locks;   /* INPUT_LOCK_* as the viewer has them */
};

struct input_pointer {
    int32_t x, y;     /* host px, clamped to the screen; relative: by how much, to INPUT_MOTION_MAX */
    uint32_t buttons; /* those held, bit 0 left .. bit 4 forward */
    bool relative;
};

struct input_wheel {
    int32_t x, y;           /* host px; below 0: where the pointer is */
    int32_t dx_120, dy_120; /* INPUT_NOTCH = one notch, right and down positive */
};
