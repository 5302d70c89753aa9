/* One line on stderr for each decision: module, who, what, numbers with units. No keys, keystrokes,
 * clipboard, pixels or names of files. Any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HOST_LOG_QUOTE_BYTES = 80 };

void host_log(const char *module, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A string from a peer, quoted, with everything unprintable as '?', cut to fit. Returns out. */
const char *host_log_quote(char out[static HOST_LOG_QUOTE_BYTES], const char *text);
