#include "host/input/x11_internal.h"

#include <stdlib.h>
#include <string.h>

struct input_seat *input_seat_create(struct input_x11 *input)
{
    struct input_seat *seat = calloc(1, sizeof *seat);
    if (!seat)
        return NULL;
    seat->input = input;
    seat->next = input->seats;
    input->seats = seat;
    return seat;
}

void input_seat_destroy(struct input_seat *seat)
{
    if (!seat)
        return;
    input_seat_release_all(seat);
    for (struct input_seat **at = &seat->input->seats; *at; at = &(*at)->next) {
        if (*at == seat) {
            *at = seat->next;
            break;
        }
    }
    free(seat);
}

static void begin(struct input_x11 *input)
{
    input->now_us = input_x11_clock_us();
    input->typing = false;
}

static void put(struct input_x11 *input, const struct input_event *event)
{
    input_queue_put(input, event);
    input_x11_flush(input);
}

/* The one character of a text; 0 when there is none, several or no text at all. */
static uint32_t only_char(const char *text, size_t len)
{
    uint32_t codepoint = 0;
    if (!text || !len || len > INPUT_KEY_TEXT_BYTES || input_text_next(text, len, &codepoint) != len)
        return 0;
    return codepoint < 0x20 || codepoint == 0x7f ? 0 : codepoint;
}

void input_seat_key(struct input_seat *seat, const struct input_key *key)
{
    begin(seat->input);
    uint32_t codepoint = only_char(key->text, key->text_len);
    bool several = key->text && key->text_len > 1 && !codepoint && key->text_len <= INPUT_KEY_TEXT_BYTES &&
                   (uint8_t)key->text[0] >= 0x20;
    if (key->down && several) {
        /* Committed by an input method: typed at once, there is nothing to hold. */
        input_seat_text(seat, key->text, key->text_len);
        return;
    }
    struct input_event event = {.kind = INPUT_EVENT_KEY, .seat = seat};
    event.u.key.down = key->down;
    event.u.key.code = key->code;
    event.u.key.keysym = key->keysym;
    event.u.key.codepoint = codepoint;
    event.u.key.locks = key->locks;
    put(seat->input, &event);
}

void input_seat_pointer(struct input_seat *seat, const struct input_pointer *pointer)
{
    begin(seat->input);
    struct input_event event = {.kind = INPUT_EVENT_POINTER, .seat = seat, .u.pointer = *pointer};
    put(seat->input, &event);
}

void input_seat_wheel(struct input_seat *seat, const struct input_wheel *wheel)
{
    begin(seat->input);
    struct input_event event = {.kind = INPUT_EVENT_WHEEL, .seat = seat, .u.wheel = *wheel};
    put(seat->input, &event);
}

void input_seat_text(struct input_seat *seat, const char *text, size_t len)
{
    begin(seat->input);
    if (len > INPUT_TEXT_BYTES)
        len = INPUT_TEXT_BYTES;
    /* All new mappings at once, so that programs re-read theirs once rather than between letters. */
    if (!seat->input->queue_count)
        input_keyboard_lend_ahead(seat, text, len);
    for (size_t at = 0; at < len;) {
        struct input_event event = {.kind = INPUT_EVENT_CHAR, .seat = seat};
        at += input_text_next(text + at, len - at, &event.u.codepoint);
        if (event.u.codepoint)
            input_queue_put(seat->input, &event);
    }
    input_x11_flush(seat->input);
}

void input_seat_release_all(struct input_seat *seat)
{
    input_queue_forget(seat->input, seat);
    input_keyboard_release_all(seat);
    input_pointer_release_all(seat);
    input_x11_flush(seat->input);
}
