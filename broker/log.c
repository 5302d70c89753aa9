#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "broker/broker.h"

uint64_t broker_now_us(void)
{
    return uv_hrtime() / 1000;
}

uint64_t broker_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void broker_log(const char *module, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)fprintf(stderr, "broker/%s: %s\n", module, line);
}
