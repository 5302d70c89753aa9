/* One line on a terminal that says how far a copy is. Nothing where there is no terminal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cli_progress {
    bool shown, quiet;
    uint64_t began_us, began_bytes, last_us;
};

/* At most ten times a second. name may be NULL. now_us monotonic. */
void cli_progress_show(
    struct cli_progress *progress, uint64_t done, uint64_t total, const char *name, uint64_t now_us);
/* Clear the line. */
void cli_progress_clear(struct cli_progress *progress);
