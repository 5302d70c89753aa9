/* What a person does in the window, as messages to the host: keys, text, pointer, wheel, clipboard.
 * The pointer's way is reduced to its newest place, sent once per turn of the loop. Main thread only. */
#pragma once

#include "viewer/core/remote.h"
#include "viewer/desktop/window.h"

enum {
    VIEW_HELD_MAX = 32,                  /* keys held at a time */
    VIEW_CLIPBOARD_MAX_BYTES = 512 << 10 /* session.proto, Clipboard.text */
};

struct view_input {
    struct viewer_remote *remote; /* NULL: nothing is sent */
    struct view_window *window;
    bool control;            /* this viewer may act on the host */
    bool clipboard;          /* and give it what was copied here */
    bool moved;              /* place below is not sent yet */
    int32_t x, y;            /* host px */
    uint32_t buttons;        /* bits of Pointer.buttons */
    double wheel_x, wheel_y; /* parts of 1/120 notch not sent yet */
    SDL_Scancode held[VIEW_HELD_MAX];
    size_t held_count;
    uint64_t clipboard_serial;
    char *given; /* owned: text that came from the host, which is not sent back; NULL = none */
};

/* Returns whether the event was input and is done with. */
bool view_input_take(struct view_input *input, const SDL_Event *event);

/* Send what was put off; once per turn. */
void view_input_flush(struct view_input *input);

/* All keys and buttons up, here and there: focus or the path was lost, or the session ends. */
void view_input_release(struct view_input *input);

/* Text that was copied on the host. */
void view_input_clipboard_from_host(struct view_input *input, const char *text);
void view_input_finish(struct view_input *input);
