/* Lets go of what this program holds down on a display when it dies without a word (kill -9, a crash, no
 * memory): X keeps a key that XTest pressed until somebody releases it, and a Control that stays down makes
 * a PC unusable for whoever sits at it.
 *
 * A small process of the same user waits at the other end of a pipe. What is pressed and which keycodes are
 * lent stands in a page that both share; when the pipe ends without input_guard_destroy, the process
 * connects to the display, releases those keys and buttons, takes the lent keycodes back and ends. Until
 * then it has no connection, no file and nothing to do. Loop thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct input_guard;

/* display: as for XOpenDisplay, NULL = $DISPLAY. NULL when no process could be made: input works without. */
struct input_guard *input_guard_create(const char *display);

/* In order: nothing is released any more. Waits for the process, which ends at once. NULL is fine. */
void input_guard_destroy(struct input_guard *guard);

/* Before the request for it is written; NULL is fine for all of these. */
void input_guard_key(struct input_guard *guard, uint8_t keycode);
void input_guard_button(struct input_guard *guard, uint8_t button);
void input_guard_lend(struct input_guard *guard, uint8_t keycode, bool lent);

/* Everything written so far left this program; down and buttons count who holds each (0 = nobody). Not
 * earlier: a release that was still in our buffer when we died is one that the display never saw. */
void input_guard_flushed(
    struct input_guard *guard, const uint8_t down[static 256], const uint8_t buttons[static 16]);
