/* Little-endian fields of the screen messages. Callers have checked the bounds. Any thread. */
#pragma once

#include <stdint.h>

static inline uint16_t codec_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t codec_get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint8_t *codec_put8(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    return p + 1;
}

static inline uint8_t *codec_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    return p + 2;
}

static inline uint8_t *codec_put32(uint8_t *p, uint32_t v)
{
    return codec_put16(codec_put16(p, v & 0xffffu), v >> 16);
}
