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

/* Bytes of the character at text that may be shown; 0 for a control, a quote and what is not UTF-8. */
static size_t shown(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return c[0] >= 0x20 && c[0] != 0x7f && c[0] != '"';
    size_t len = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4 || (c[0] == 0xc2 && c[1] < 0xa0)) /* U+0080 to U+009F are controls too */
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

const char *host_log_quote(char out[static HOST_LOG_QUOTE_BYTES], const char *text)
{
    size_t at = 0;
    out[at++] = '"';
    while (*text && at < HOST_LOG_QUOTE_BYTES - 2) {
        size_t len = shown(text);
        if (len > HOST_LOG_QUOTE_BYTES - 2 - at)
            break;
        if (len == 0)
            out[at++] = '?';
        for (size_t i = 0; i < len; i++)
            out[at++] = text[i];
        text += len ? len : 1;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}
