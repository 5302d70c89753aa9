/* Memory that held a screen is cleared before it is given back: no later session, tab or program finds it. */
#pragma once

#include <stddef.h>
#include <string.h>

/* NULL is fine. Not removed by a compiler that sees nobody read it. */
static inline void codec_wipe(void *data, size_t len)
{
    if (!data)
        return;
    memset(data, 0, len);
    __asm__ volatile("" : : "r"(data) : "memory");
}
