#include "host/input/x11_internal.h"

#include <xcb/xcb.h>

/* X buttons of left, middle, right, back, forward; 4 to 7 are the wheel. */
static const uint8_t button_of[INPUT_BUTTONS] = {1, 2, 3, 8, 9};

static int16_t clamp(int32_t value, int32_t size)
{
    int32_t last = size > 0 ? size - 1 : 0;
    if (last > INT16_MAX)
        last = INT16_MAX;
    return (int16_t)(value < 0 ? 0 : value > last ? last : value);
}

static void move(struct input_x11 *input, int32_t x, int32_t y)
{
    input_x11_fake(input, XCB_MOTION_NOTIFY, 0, clamp(x, input->width_px), clamp(y, input->height_px));
}

static void set_buttons(struct input_seat *seat, uint32_t buttons)
{
    struct input_x11 *input = seat->input;
    for (unsigned i = 0; i < INPUT_BUTTONS; i++) {
        uint8_t button = button_of[i];
        bool now = buttons >> i & 1, before = seat->buttons >> i & 1;
        if (now == before)
            continue;
        /* Two viewers may hold the same button: the first press and the last release count. */
        if (now && input->button_down[button]++ == 0)
            input_x11_fake(input, XCB_BUTTON_PRESS, button, 0, 0);
        if (!now && --input->button_down[button] == 0)
            input_x11_fake(input, XCB_BUTTON_RELEASE, button, 0, 0);
    }
    seat->buttons = buttons & ((1u << INPUT_BUTTONS) - 1);
}

static int16_t cut(int32_t delta)
{
    return (int16_t)(delta > INPUT_MOTION_MAX    ? INPUT_MOTION_MAX
                     : delta < -INPUT_MOTION_MAX ? -INPUT_MOTION_MAX
                                                 : delta);
}

void input_pointer_move(struct input_seat *seat, const struct input_pointer *pointer)
{
    if (!pointer->relative)
        move(seat->input, pointer->x, pointer->y);
    else if (pointer->x != 0 || pointer->y != 0)
        input_x11_fake(seat->input, XCB_MOTION_NOTIFY, 1, cut(pointer->x), cut(pointer->y));
    set_buttons(seat, pointer->buttons);
}

/* Whole notches out of *rest; a turn of direction forgets what is left of the other. */
static int32_t notches(int32_t *rest, int32_t delta)
{
    const int32_t most = INPUT_WHEEL_MAX_NOTCHES * INPUT_NOTCH;
    delta = delta > most ? most : delta < -most ? -most : delta;
    if ((delta > 0) != (*rest > 0))
        *rest = delta ? 0 : *rest;
    *rest += delta;
    int32_t whole = *rest / INPUT_NOTCH;
    *rest -= whole * INPUT_NOTCH;
    return whole;
}

static void click(struct input_x11 *input, uint8_t button, int32_t times)
{
    while (times-- > 0) {
        input_x11_fake(input, XCB_BUTTON_PRESS, button, 0, 0);
        input_x11_fake(input, XCB_BUTTON_RELEASE, button, 0, 0);
    }
}

void input_pointer_wheel(struct input_seat *seat, const struct input_wheel *wheel)
{
    struct input_x11 *input = seat->input;
    if (wheel->x >= 0 && wheel->y >= 0)
        move(input, wheel->x, wheel->y);
    int32_t down = notches(&seat->wheel_y, wheel->dy_120);
    int32_t right = notches(&seat->wheel_x, wheel->dx_120);
    click(input, down > 0 ? 5 : 4, down > 0 ? down : -down);
    click(input, right > 0 ? 7 : 6, right > 0 ? right : -right);
}

void input_pointer_release_all(struct input_seat *seat)
{
    set_buttons(seat, 0);
    seat->wheel_x = 0;
    seat->wheel_y = 0;
}
