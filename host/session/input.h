/* A viewer's input on its way to the display: pointer motion that nobody will see is left out, and a
 * viewer that floods is stopped. Loop thread only. */
#pragma once

#include "channel/proto/session.pb-c.h"
#include "host/screen/screen.h"
#include "host/session/rate.h"

#include <stdbool.h>

enum { SESSION_INPUT_TEXT = 16 /* characters of a text that cost as much as one event */ };

struct session_input {
    struct session_rate rate;
    bool pending; /* a motion that a later one may replace */
    uint32_t pending_input;
    struct input_pointer pointer;
    uint32_t buttons; /* of the last pointer event taken */
};

void session_input_init(struct session_input *input, uint64_t now_us);

/* A Key, Pointer, Motion, Wheel, Text or ReleaseAll. False: too many; everything held was released and the
 * event was not taken. */
bool session_input_take(struct session_input *input, const Hearth__Session__ToHost *event,
    struct screen_viewer *viewer, uint64_t now_us);

/* No more events are at hand: apply the motion that waited. */
void session_input_flush(struct session_input *input, struct screen_viewer *viewer);
