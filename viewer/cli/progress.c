#include "viewer/cli/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { GAP_US = 100000, NAME_SHOWN = 32 };

static void scale(uint64_t bytes, double *out, const char **out_unit)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1000;
        unit++;
    }
    *out = value;
    *out_unit = units[unit];
}

void cli_progress_show(
    struct cli_progress *progress, uint64_t done, uint64_t total, const char *name, uint64_t now_us)
{
    if (progress->quiet || !isatty(STDERR_FILENO)) {
        return;
    }
    if (progress->began_us == 0) {
        progress->began_us = now_us;
        progress->began_bytes = done;
    }
    if (progress->last_us != 0 && now_us - progress->last_us < GAP_US) {
        return;
    }
    progress->last_us = now_us;
    const double seconds = (double)(now_us - progress->began_us) / 1e6;
    const uint64_t moved = done > progress->began_bytes ? done - progress->began_bytes : 0;
    double have = 0, all = 0, rate = 0;
    const char *have_unit = "", *all_unit = "", *rate_unit = "";
    scale(done, &have, &have_unit);
    scale(total, &all, &all_unit);
    scale(seconds > 0.2 ? (uint64_t)((double)moved / seconds) : 0, &rate, &rate_unit);
    char shown[NAME_SHOWN + 1];
    (void)snprintf(shown, sizeof shown, "%s", name ? name : "");
    for (char *c = shown; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    (void)fprintf(stderr, "\r\033[K%3.0f %%  %.1f %s of %.1f %s  %.1f %s/s  %s",
        total ? 100.0 * (double)done / (double)total : 0, have, have_unit, all, all_unit, rate, rate_unit,
        shown);
    progress->shown = true;
}

void cli_progress_clear(struct cli_progress *progress)
{
    if (progress->shown) {
        (void)fprintf(stderr, "\r\033[K");
        progress->shown = false;
    }
}
