/* The guard of a picture, for the page: guard.h. */
#include <stdlib.h>

#include "codec/message.h"
#include "viewer/core/guard.h"
#include "viewer/core/wasm.h"

struct viewer_guard *hearth_guard_create(void);
void hearth_guard_destroy(struct viewer_guard *guard);
int hearth_guard_message(struct viewer_guard *guard, const uint8_t *data, size_t len, double now_us);
void hearth_guard_good(struct viewer_guard *guard);
int hearth_guard_error(struct viewer_guard *guard, double now_us);
void hearth_guard_lost(struct viewer_guard *guard);

/* Waits for the first epoch. NULL when out of memory. */
VIEWER_EXPORT("hearth_guard_create") struct viewer_guard *hearth_guard_create(void)
{
    struct viewer_guard *guard = calloc(1, sizeof *guard);
    if (guard)
        viewer_guard_lost(guard);
    return guard;
}

VIEWER_EXPORT("hearth_guard_destroy") void hearth_guard_destroy(struct viewer_guard *guard)
{
    free(guard);
}

VIEWER_EXPORT("hearth_guard_message")
int hearth_guard_message(struct viewer_guard *guard, const uint8_t *data, size_t len, double now_us)
{
    return viewer_guard_message(guard, codec_message_starts(data, len), viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_guard_good") void hearth_guard_good(struct viewer_guard *guard)
{
    viewer_guard_good(guard);
}

VIEWER_EXPORT("hearth_guard_error") int hearth_guard_error(struct viewer_guard *guard, double now_us)
{
    return (int)viewer_guard_error(guard, viewer_from_double(now_us));
}

VIEWER_EXPORT("hearth_guard_lost") void hearth_guard_lost(struct viewer_guard *guard)
{
    viewer_guard_lost(guard);
}
