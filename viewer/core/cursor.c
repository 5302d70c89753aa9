#include "viewer/core/cursor.h"

bool viewer_cursor_shaped(const Hearth__Session__Cursor *cursor)
{
    return cursor->width > 0 && cursor->width <= VIEWER_CURSOR_MAX_PX && cursor->height > 0 &&
           cursor->height <= VIEWER_CURSOR_MAX_PX && cursor->hot_x < cursor->width &&
           cursor->hot_y < cursor->height && cursor->rgba.len == (size_t)cursor->width * cursor->height * 4;
}
