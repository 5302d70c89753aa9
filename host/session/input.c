#include "host/session/input.h"

#include <string.h>

void session_input_init(struct session_input *input, uint64_t now_us)
{
    *input = (struct session_input){0};
    session_rate_init(&input->rate, now_us);
}

void session_input_flush(struct session_input *input, struct screen_viewer *viewer)
{
    if (!input->pending)
        return;
    input->pending = false;
    screen_viewer_pointer(viewer, input->pending_input, &input->pointer);
}

static void take_pointer(
    struct session_input *input, const Hearth__Session__Pointer *pointer, struct screen_viewer *viewer)
{
    const uint32_t buttons = pointer->buttons & ((1u << INPUT_BUTTONS) - 1);
    if (buttons != input->buttons)
        session_input_flush(input, viewer); /* where it was when a button changed matters */
    input->pointer = (struct input_pointer){.x = pointer->x, .y = pointer->y, .buttons = buttons};
    input->pending_input = pointer->input;
    input->pending = true;
    if (buttons != input->buttons)
        session_input_flush(input, viewer);
    input->buttons = buttons;
}

static void take_motion(
    struct session_input *input, const Hearth__Session__Motion *motion, struct screen_viewer *viewer)
{
    const struct input_pointer moved = {.x = motion->dx,
        .y = motion->dy,
        .buttons = motion->buttons & ((1u << INPUT_BUTTONS) - 1),
        .relative = true};
    screen_viewer_pointer(viewer, motion->input, &moved);
    input->buttons = moved.buttons;
}

static void take_key(const Hearth__Session__Key *key, struct screen_viewer *viewer)
{
    const struct input_key event = {.down = key->down,
        .code = key->code,
        .keysym = key->keysym,
        .text = key->text[0] ? key->text : NULL,
        .text_len = strlen(key->text),
        .locks = key->locks};
    screen_viewer_key(viewer, key->input, &event);
}

bool session_input_take(struct session_input *input, const Hearth__Session__ToHost *event,
    struct screen_viewer *viewer, uint64_t now_us)
{
    uint64_t cost = 1;
    if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_TEXT)
        cost += strlen(event->text->text) / SESSION_INPUT_TEXT;
    bool release = event->body_case == HEARTH__SESSION__TO_HOST__BODY_RELEASE_ALL;
    if (!session_rate_take(&input->rate, cost, now_us) && !release) {
        session_input_flush(input, viewer);
        screen_viewer_release_all(viewer, input->pending_input);
        input->buttons = 0;
        return false;
    }
    if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_POINTER) {
        take_pointer(input, event->pointer, viewer);
        return true;
    }
    session_input_flush(input, viewer);
    if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_KEY) {
        take_key(event->key, viewer);
    } else if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_MOTION) {
        take_motion(input, event->motion, viewer);
    } else if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_WHEEL) {
        const Hearth__Session__Wheel *wheel = event->wheel;
        const struct input_wheel turned = {
            .x = wheel->x, .y = wheel->y, .dx_120 = wheel->dx_120, .dy_120 = wheel->dy_120};
        screen_viewer_wheel(viewer, wheel->input, &turned);
    } else if (event->body_case == HEARTH__SESSION__TO_HOST__BODY_TEXT) {
        screen_viewer_text(viewer, event->text->input, event->text->text, strlen(event->text->text));
    } else if (release) {
        screen_viewer_release_all(viewer, event->release_all->input);
        input->buttons = 0;
    }
    return true;
}
