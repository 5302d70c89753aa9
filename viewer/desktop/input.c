#include "viewer/desktop/input.h"

#include <stdlib.h>
#include <string.h>

#include "viewer/desktop/keys.h"

static void send_key(struct view_input *input, const SDL_Keysym *key, bool down, const char *text)
{
    Hearth__Session__Key body = HEARTH__SESSION__KEY__INIT;
    body.input = viewer_remote_next_input(input->remote);
    body.down = down;
    body.code = view_key_code(key->scancode);
    body.keysym = view_keysym(key, text);
    body.text = (char *)(uintptr_t)text;
    body.locks = view_locks(key->mod);
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_KEY;
    message.key = &body;
    (void)viewer_remote_send(input->remote, &message);
}

static void send_text(struct view_input *input, const char *text)
{
    Hearth__Session__Text body = HEARTH__SESSION__TEXT__INIT;
    body.input = viewer_remote_next_input(input->remote);
    body.text = (char *)(uintptr_t)text;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_TEXT;
    message.text = &body;
    (void)viewer_remote_send(input->remote, &message);
}

static void send_pointer(struct view_input *input)
{
    Hearth__Session__Pointer body = HEARTH__SESSION__POINTER__INIT;
    body.input = viewer_remote_next_input(input->remote);
    body.x = input->x;
    body.y = input->y;
    body.buttons = input->buttons;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_POINTER;
    message.pointer = &body;
    (void)viewer_remote_send(input->remote, &message);
    input->moved = false;
}

static void send_wheel(struct view_input *input, int32_t dx_120, int32_t dy_120)
{
    Hearth__Session__Wheel body = HEARTH__SESSION__WHEEL__INIT;
    body.input = viewer_remote_next_input(input->remote);
    body.x = input->x;
    body.y = input->y;
    body.dx_120 = dx_120;
    body.dy_120 = dy_120;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_WHEEL;
    message.wheel = &body;
    (void)viewer_remote_send(input->remote, &message);
}

/* ---- keys */

static size_t held_at(const struct view_input *input, SDL_Scancode scancode)
{
    size_t i = 0;
    while (i < input->held_count && input->held[i] != scancode) {
        i++;
    }
    return i;
}

static void key_down(struct view_input *input, const SDL_KeyboardEvent *event)
{
    /* The host's own keyboard repeats what is held. */
    /* SDL tells what the key typed in an event of its own, right behind. */
    SDL_Event typed;
    const char *text = "";
    if (SDL_PeepEvents(&typed, 1, SDL_PEEKEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) == 1 &&
        typed.type == SDL_TEXTINPUT &&
        SDL_PeepEvents(&typed, 1, SDL_GETEVENT, SDL_TEXTINPUT, SDL_TEXTINPUT) == 1) {
        text = typed.text.text;
    }
    /* The host's own keyboard repeats what is held. */
    if (event->repeat || input->held_count == VIEW_HELD_MAX) {
        return;
    }
    if (held_at(input, event->keysym.scancode) == input->held_count) {
        input->held[input->held_count++] = event->keysym.scancode;
    }
    send_key(input, &event->keysym, true, text);
}

static void key_up(struct view_input *input, const SDL_KeyboardEvent *event)
{
    const size_t at = held_at(input, event->keysym.scancode);
    if (at < input->held_count) {
        input->held[at] = input->held[--input->held_count];
        send_key(input, &event->keysym, false, "");
    }
}

void view_input_release(struct view_input *input)
{
    if (!input->remote || (input->held_count == 0 && input->buttons == 0)) {
        return;
    }
    Hearth__Session__ReleaseAll body = HEARTH__SESSION__RELEASE_ALL__INIT;
    body.input = viewer_remote_next_input(input->remote);
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_RELEASE_ALL;
    message.release_all = &body;
    (void)viewer_remote_send(input->remote, &message);
    input->held_count = 0;
    input->buttons = 0;
}

/* ---- pointer and wheel */

static bool go_to(struct view_input *input, int32_t x, int32_t y)
{
    return view_window_to_host(input->window, x, y, &input->x, &input->y);
}

static uint32_t button_bit(uint8_t button)
{
    switch (button) {
    case SDL_BUTTON_LEFT:
        return 1u << 0;
    case SDL_BUTTON_MIDDLE:
        return 1u << 1;
    case SDL_BUTTON_RIGHT:
        return 1u << 2;
    case SDL_BUTTON_X1:
        return 1u << 3;
    case SDL_BUTTON_X2:
        return 1u << 4;
    default:
        return 0;
    }
}

static void take_button(struct view_input *input, const SDL_MouseButtonEvent *event)
{
    const uint32_t bit = button_bit(event->button);
    if (bit == 0 || !go_to(input, event->x, event->y)) {
        return;
    }
    input->buttons = event->state == SDL_PRESSED ? input->buttons | bit : input->buttons & ~bit;
    /* A drag goes on outside the window. */
    (void)SDL_CaptureMouse(input->buttons != 0);
    send_pointer(input);
}

static void take_wheel(struct view_input *input, const SDL_MouseWheelEvent *event)
{
    const double sign = event->direction == SDL_MOUSEWHEEL_FLIPPED ? -1 : 1;
    input->wheel_x += sign * (double)event->preciseX * 120;
    input->wheel_y -= sign * (double)event->preciseY * 120;
}

void view_input_flush(struct view_input *input)
{
    if (!input->remote) {
        return;
    }
    if (input->moved) {
        send_pointer(input);
    }
    const int32_t dx = (int32_t)input->wheel_x, dy = (int32_t)input->wheel_y;
    if (dx != 0 || dy != 0) {
        input->wheel_x -= dx;
        input->wheel_y -= dy;
        send_wheel(input, dx, dy);
    }
}

/* ---- clipboard */

static void clipboard_to_host(struct view_input *input)
{
    char *text = input->clipboard && SDL_HasClipboardText() ? SDL_GetClipboardText() : NULL;
    if (!text || !text[0] || (input->given && strcmp(text, input->given) == 0)) {
        SDL_free(text);
        return;
    }
    Hearth__Session__Clipboard body = HEARTH__SESSION__CLIPBOARD__INIT;
    body.serial = ++input->clipboard_serial;
    body.too_large = strlen(text) > VIEW_CLIPBOARD_MAX_BYTES;
    body.text = body.too_large ? (char *)(uintptr_t) "" : text;
    Hearth__Session__ToHost message = HEARTH__SESSION__TO_HOST__INIT;
    message.body_case = HEARTH__SESSION__TO_HOST__BODY_CLIPBOARD;
    message.clipboard = &body;
    (void)viewer_remote_send(input->remote, &message);
    SDL_free(text);
}

void view_input_clipboard_from_host(struct view_input *input, const char *text)
{
    char *given = strdup(text);
    if (given && SDL_SetClipboardText(text) == 0) {
        free(input->given);
        input->given = given;
        return;
    }
    free(given);
}

void view_input_finish(struct view_input *input)
{
    free(input->given);
    input->given = NULL;
}

bool view_input_take(struct view_input *input, const SDL_Event *event)
{
    if (event->type == SDL_CLIPBOARDUPDATE) {
        if (input->remote) {
            clipboard_to_host(input);
        }
        return true;
    }
    const bool is_input = event->type >= SDL_KEYDOWN && event->type <= SDL_MOUSEWHEEL;
    if (!is_input || !input->remote || !input->control) {
        return is_input;
    }
    switch (event->type) {
    case SDL_KEYDOWN:
        view_input_flush(input); /* in the order in which it happened */
        key_down(input, &event->key);
        break;
    case SDL_KEYUP:
        key_up(input, &event->key);
        break;
    case SDL_TEXTINPUT: /* without a key: an input method made it */
        send_text(input, event->text.text);
        break;
    case SDL_MOUSEMOTION:
        input->moved = go_to(input, event->motion.x, event->motion.y) || input->moved;
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        view_input_flush(input);
        take_button(input, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        take_wheel(input, &event->wheel);
        break;
    default:
        break;
    }
    return true;
}
