/* Inside of input into X: shared by x11.c (connection, layout, lent keycodes, sending), keyboard.c
 * (what to press for a key or a text), queue.c (what waits) and pointer.c. */
#pragma once

#include "host/input/guard.h"
#include "host/input/layout.h"
#include "host/input/spare.h"
#include "host/input/x11.h"

#include <xcb/xcb.h>

struct xkb_context;

enum {
    INPUT_HELD_MAX = 64,   /* keys one seat holds; more are tapped instead of held */
    INPUT_QUEUE_MAX = 8192 /* events that wait for a lent keycode; beyond, all is dropped and released */
};

/* One key a seat holds: how the viewer names it and what was pressed for it. */
struct input_held {
    uint32_t code, keysym;
    struct input_plan plan;
    bool plain; /* pressed under whatever modifiers there are */
};

struct input_seat {
    struct input_x11 *input;
    struct input_seat *next;
    struct input_held held[INPUT_HELD_MAX];
    size_t held_count;
    uint32_t buttons;
    int32_t wheel_x, wheel_y; /* rest below a notch */
};

/* An event that waits. A text waits as its characters. */
struct input_event {
    enum { INPUT_EVENT_KEY, INPUT_EVENT_CHAR, INPUT_EVENT_POINTER, INPUT_EVENT_WHEEL } kind;
    struct input_seat *seat;
    union {
        struct {
            bool down;
            uint32_t code, keysym, codepoint, locks;
        } key;
        uint32_t codepoint;
        struct input_pointer pointer;
        struct input_wheel wheel;
    } u;
};

/* Modifiers as the display has them. */
struct input_mods {
    uint8_t effective, latched, locked;
    uint32_t group, locked_group;
};

struct input_x11 {
    xcb_connection_t *conn;
    struct input_guard *guard; /* NULL: none could be made */
    xcb_window_t root;
    struct xkb_context *context;
    int32_t device;   /* of the core keyboard */
    int xtest_device; /* -1: not found */
    uint8_t xkb_event;
    struct input_layout *layout;
    struct input_spares spares;
    bool spares_known;
    uint8_t down[INPUT_KEYCODES]; /* how many held keys stand behind each keycode */
    uint8_t button_down[16];
    int32_t width_px, height_px;
    uint64_t now_us; /* as of the last dispatch or event */
    struct input_seat *seats;
    struct input_event *queue; /* ring of INPUT_QUEUE_MAX once something had to wait */
    size_t queue_head, queue_count;
    uint64_t queue_wait_us;
    bool typing; /* typing_mods are still those of the display */
    struct input_mods typing_mods;
};

/* One round trip; all zero when the display is gone. */
struct input_mods input_x11_mods(const struct input_x11 *input);

void input_x11_fake(const struct input_x11 *input, uint8_t type, uint8_t detail, int16_t x, int16_t y);

/* All requests leave; the guard hears what is down now. */
void input_x11_flush(const struct input_x11 *input);

/* Counted press and release of a keycode; a press of one already down is a repeat. */
void input_x11_press(struct input_x11 *input, uint8_t keycode);
void input_x11_release(struct input_x11 *input, uint8_t keycode);

/* Press under the plan's modifiers and group, then put those back as they were. */
void input_x11_press_plan(
    struct input_x11 *input, const struct input_plan *plan, const struct input_mods *mods);

/* Set locked modifiers: bits of affect become those of value. */
void input_x11_lock(const struct input_x11 *input, uint8_t affect, uint8_t value);

/* A lent keycode that gives keysym whatever the modifiers; 0 with *out_wait_us when none is free now
 * (UINT64_MAX: none at all). */
uint8_t input_x11_lend(struct input_x11 *input, uint32_t keysym, uint64_t *out_wait_us);

uint64_t input_x11_clock_us(void);

/* The events themselves, at once. False: it must wait until *out_wait_us; nothing was done. */
bool input_keyboard_key(struct input_seat *seat, const struct input_event *event, uint64_t *out_wait_us);
bool input_keyboard_char(struct input_seat *seat, uint32_t codepoint, uint64_t *out_wait_us);
/* Lend keycodes to what a text will need, as far as there are. */
void input_keyboard_lend_ahead(struct input_seat *seat, const char *text, size_t len);
void input_keyboard_release_all(struct input_seat *seat);
void input_pointer_move(struct input_seat *seat, const struct input_pointer *pointer);
void input_pointer_wheel(struct input_seat *seat, const struct input_wheel *wheel);
void input_pointer_release_all(struct input_seat *seat);

/* Do the event now, or after those that wait already. */
void input_queue_put(struct input_x11 *input, const struct input_event *event);
void input_queue_run(struct input_x11 *input);
void input_queue_forget(struct input_x11 *input, const struct input_seat *seat);

/* Next character of a UTF-8 text: bytes used (1..4), *out the code point or 0 where it is not valid. */
size_t input_text_next(const char *text, size_t len, uint32_t *out);
