#include "viewer/core/guard.h"

/* Generic cell rate: *until moves on by one interval with each that comes, and may run ahead by `burst`. */
static bool within(uint64_t *until_us, uint64_t now_us, uint64_t interval_us, uint64_t burst)
{
    const uint64_t from = *until_us > now_us ? *until_us : now_us;
    if (from - now_us > interval_us * (burst - 1)) {
        return false;
    }
    *until_us = from + interval_us;
    return true;
}

bool viewer_guard_message(struct viewer_guard *guard, bool start, uint64_t now_us)
{
    return within(&guard->message_us, now_us, VIEWER_GUARD_MESSAGE_US, VIEWER_GUARD_MESSAGES) &&
           (!start || within(&guard->start_us, now_us, VIEWER_GUARD_START_US, VIEWER_GUARD_STARTS));
}

void viewer_guard_good(struct viewer_guard *guard)
{
    guard->waiting = false;
}

enum viewer_guard_verdict viewer_guard_error(struct viewer_guard *guard, uint64_t now_us)
{
    if (guard->waiting) {
        return VIEWER_GUARD_WAIT;
    }
    const bool again = guard->erred && now_us - guard->error_us < VIEWER_GUARD_ERROR_US;
    guard->waiting = guard->erred = true;
    guard->error_us = now_us;
    guard->errors++;
    return again ? VIEWER_GUARD_CLOSE : VIEWER_GUARD_RESET;
}

void viewer_guard_lost(struct viewer_guard *guard)
{
    guard->waiting = true;
}
