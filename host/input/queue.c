#include "host/input/x11_internal.h"

#include <stdlib.h>

size_t input_text_next(const char *text, size_t len, uint32_t *out)
{
    const uint8_t *byte = (const uint8_t *)text;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = byte[0] < 0x80       ? 1
                  : byte[0] >> 5 == 6  ? 2
                  : byte[0] >> 4 == 14 ? 3
                  : byte[0] >> 3 == 30 ? 4
                                       : 0;
    *out = 0;
    if (!need || need > len)
        return 1;
    uint32_t value = need == 1 ? byte[0] : byte[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (byte[i] & 0x3f);
    }
    if (value >= least[need] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff))
        *out = value;
    return need;
}

static bool perform(const struct input_event *event, uint64_t *out_wait_us)
{
    switch (event->kind) {
    case INPUT_EVENT_KEY:
        event->seat->input->typing = false;
        return input_keyboard_key(event->seat, event, out_wait_us);
    case INPUT_EVENT_CHAR:
        return input_keyboard_char(event->seat, event->u.codepoint, out_wait_us);
    case INPUT_EVENT_POINTER:
        input_pointer_move(event->seat, &event->u.pointer);
        return true;
    case INPUT_EVENT_WHEEL:
        input_pointer_wheel(event->seat, &event->u.wheel);
        return true;
    }
    return true;
}

/* Everything is let go: a key that stays down would be worse than text that is cut. */
static void overflow(struct input_x11 *input)
{
    input->queue_count = 0;
    for (struct input_seat *seat = input->seats; seat; seat = seat->next) {
        input_keyboard_release_all(seat);
        input_pointer_release_all(seat);
    }
}

void input_queue_put(struct input_x11 *input, const struct input_event *event)
{
    uint64_t wait_us = UINT64_MAX;
    if (!input->queue_count) {
        if (perform(event, &wait_us))
            return;
        input->queue_wait_us = wait_us;
    }
    if (!input->queue)
        input->queue = calloc(INPUT_QUEUE_MAX, sizeof *input->queue);
    if (!input->queue || input->queue_count == INPUT_QUEUE_MAX) {
        overflow(input);
        return;
    }
    input->queue[(input->queue_head + input->queue_count++) % INPUT_QUEUE_MAX] = *event;
}

void input_queue_run(struct input_x11 *input)
{
    if (!input->queue_count || input->now_us < input->queue_wait_us)
        return;
    input->typing = false;
    while (input->queue_count) {
        uint64_t wait_us = UINT64_MAX;
        if (!perform(&input->queue[input->queue_head], &wait_us)) {
            input->queue_wait_us = wait_us;
            return;
        }
        input->queue_head = (input->queue_head + 1) % INPUT_QUEUE_MAX;
        input->queue_count--;
    }
    free(input->queue);
    input->queue = NULL;
    input->queue_head = 0;
}

void input_queue_forget(struct input_x11 *input, const struct input_seat *seat)
{
    size_t kept = 0;
    for (size_t i = 0; i < input->queue_count; i++) {
        struct input_event event = input->queue[(input->queue_head + i) % INPUT_QUEUE_MAX];
        if (event.seat != seat)
            input->queue[(input->queue_head + kept++) % INPUT_QUEUE_MAX] = event;
    }
    input->queue_count = kept;
}
