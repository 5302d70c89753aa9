/* Whether a host's pointer image may be shown. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "channel/proto/session.pb-c.h"

enum { VIEWER_CURSOR_MAX_PX = 256 }; /* each side: no window system of ours takes more */

/* True when the image is whole, of a size that is taken, and its hot spot lies inside. */
bool viewer_cursor_shaped(const Hearth__Session__Cursor *cursor);
