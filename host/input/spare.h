/* Keycodes without a key, lent to characters the layout lacks.
 *
 * A program learns a new mapping only when it handles the event that tells of it, and looks the key up
 * even later. So a keycode rests after use before it is given to another character; who asks while all
 * rest is told to wait. Pure bookkeeping, time passed in. Loop thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_SPARE_MAX = 64, INPUT_SPARE_REST_US = 300000 };

struct input_spare {
    uint8_t keycode;
    uint32_t keysym; /* 0: lent to nobody */
    uint64_t used_us;
};

struct input_spares {
    struct input_spare slot[INPUT_SPARE_MAX];
    size_t count;
};

/* The slot of a keysym: one that has it, else one that may take it (its keysym is then another, and the
 * caller maps it and sets it). down tells which keycodes are held and must stay. NULL when none is
 * free; *out_wait_us is then when to ask again (UINT64_MAX: never without a release). */
struct input_spare *input_spares_take(struct input_spares *spares, uint32_t keysym, const uint8_t down[256],
    uint64_t now_us, uint64_t *out_wait_us);

const struct input_spare *input_spares_at(const struct input_spares *spares, uint8_t keycode);

/* Returns whether there was room. */
bool input_spares_add(struct input_spares *spares, uint8_t keycode);

void input_spares_remove(struct input_spares *spares, uint8_t keycode);
