/* The page's door into C: flat functions over linear memory, exported by name to viewer/web/src/worker.
 * Nothing here decides anything: it turns numbers and pointers into calls of channel/ and codec/.
 *
 * Every pointer comes from hearth_alloc or from an earlier answer; a pointer in an answer is borrowed
 * until the next call on the same object. Times are microseconds and large numbers are doubles (exact to
 * 2^53) because a JavaScript number is one. Structures have the fixed layouts asserted beside them:
 * viewer/web/src/worker/wasm.ts reads them by offset. One thread: the worker. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define VIEWER_EXPORT(name) __attribute__((export_name(name)))

/* Declared so that -Wmissing-prototypes keeps watching; nothing calls them from C. */
struct channel_session;
struct channel_log;
struct channel_enroll;
struct codec_decoder;

static inline uint64_t viewer_from_double(double v)
{
    return v > 0 ? (uint64_t)v : 0;
}
