#include "host/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 512 };

void host_log(const char *module, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)fprintf(stderr, "%s: %s\n", module, line);
}

const char *host_log_quote(char out[static HOST_LOG_QUOTE_BYTES], const char *text)
{
    size_t at = 0;
    out[at++] = '"';
    for (; *text && at < HOST_LOG_QUOTE_BYTES - 2; text++) {
        const unsigned char c = (unsigned char)*text;
        out[at++] = c < 0x20 || c == 0x7f || c == '"' ? '?' : *text;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}
