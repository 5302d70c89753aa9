/* Big-endian fields over plain bytes. The caller has checked the length. No state, any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void channel_put_u16(uint8_t *out, uint16_t v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

static inline void channel_put_u32(uint8_t *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void channel_put_u64(uint8_t *out, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> (56 - 8 * i));
}

static inline uint16_t channel_get_u16(const uint8_t *in)
{
    return (uint16_t)((unsigned)in[0] << 8 | in[1]);
}

static inline uint32_t channel_get_u32(const uint8_t *in)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 8 | in[i];
    return v;
}

static inline uint64_t channel_get_u64(const uint8_t *in)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

/* Length of a zero-ended text, at most max: strnlen, which ISO C and wasi's strict headers lack. */
static inline size_t channel_text_len(const char *text, size_t max)
{
    const char *end = memchr(text, 0, max);
    return end ? (size_t)(end - text) : max;
}
