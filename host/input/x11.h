/* Input into an X display through XTest, with layouts: a key event names what was pressed (evdev
 * code), what was meant (keysym) and what it types (text); this picks what the display's own
 * layout can do.
 *
 * Order of choice for a key: with Ctrl, Alt or Super held, or without keysym and text, the key that
 * bears the keysym at its base, else the physical key. Otherwise a key and level of the current
 * layout that gives the keysym, with Shift, AltGr and the like pressed or lifted around it as
 * needed; else dead keys or Compose; else a spare keycode lent to the character.
 * Text is typed the same way, one character after another.
 *
 * The layout is re-read when it changes. What a seat holds is tracked; a second press of a key
 * already held is sent as the repeat of a keyboard. The connection is its own.
 * Loop thread only; some calls wait for one round trip to the display. */
#pragma once

#include "host/input/input.h"

struct input_x11;
struct input_seat;

/* display: as for XOpenDisplay, NULL = $DISPLAY. NULL with a text in out_problem (cap bytes, what
 * happened and what to do) when it cannot be opened or lacks XTEST or XKEYBOARD. */
struct input_x11 *input_x11_create(const char *display, char *out_problem, size_t cap);

/* Releases everything, gives borrowed keycodes back. NULL is fine; seats must be destroyed before. */
void input_x11_destroy(struct input_x11 *input);

int input_x11_fd(const struct input_x11 *input);

/* Handle layout changes that arrived; no blocking. Returns 0, or -1 when the display is gone.
 * *out_keymap, when not NULL, is set to whether the layout changed. */
int input_x11_dispatch(struct input_x11 *input, uint64_t now_us, bool *out_keymap);

/* When dispatch is wanted again: text that waits for a lent keycode. UINT64_MAX when nothing waits. */
uint64_t input_x11_deadline_us(const struct input_x11 *input);

/* Size to clamp the pointer to. */
void input_x11_set_size(struct input_x11 *input, int32_t width_px, int32_t height_px);

/* Name of the current layout such as "fr" or "us(intl)"; returns its length, 0 when unknown. */
int input_x11_layout(const struct input_x11 *input, char *out, size_t cap);

/* NULL when out of memory. */
struct input_seat *input_seat_create(struct input_x11 *input);
void input_seat_destroy(struct input_seat *seat);

void input_seat_key(struct input_seat *seat, const struct input_key *key);
void input_seat_pointer(struct input_seat *seat, const struct input_pointer *pointer);
void input_seat_wheel(struct input_seat *seat, const struct input_wheel *wheel);

/* Types UTF-8; newline is Return, tab is Tab, other control characters are skipped. At most
 * INPUT_TEXT_BYTES; what is not UTF-8 is skipped. */
void input_seat_text(struct input_seat *seat, const char *text, size_t len);

/* Everything this seat holds goes up: keys, buttons. Locks stay. */
void input_seat_release_all(struct input_seat *seat);
