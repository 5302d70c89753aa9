/* Adaptive binary range coder, both directions in one set of inline functions: `enc` is a constant
 * at every call, so each direction compiles to its own code and the two cannot drift apart.
 *
 * 64-bit low with carry, 64-bit range, 32 bits moved at a time. A probability is the mean of two
 * estimates of different speed (measured: 1 to 2 % fewer bytes than one estimate).
 *
 * The coded bytes end with the flush: up to 4 bytes whose trailing zeros are left out. The reader
 * sees zeros after the end, counts them, and codec_range_read_ok() tells whether exactly the coded
 * bytes were used. No allocation; never reads or writes outside the given bytes. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODEC_INLINE static inline __attribute__((always_inline))

enum {
    CODEC_RANGE_FAST_SHIFT = 4,
    CODEC_RANGE_SLOW_SHIFT = 7,
    CODEC_RANGE_MAX_OVERRUN = 8 /* bytes: 4 of look-ahead and up to 4 zeros left out by the flush */
};

struct codec_prob {
    uint16_t fast, slow; /* of a 0 bit, 16 bit fractions */
};

struct codec_range {
    uint64_t low; /* writer */
    uint64_t range;
    uint64_t code; /* reader: offset inside the range */
    uint8_t *out, *out_start, *out_end;
    const uint8_t *in, *in_end;
    uint32_t overrun; /* zeros read after the end, bytes */
    bool full;        /* writer: the space was too small, the bytes are worthless */
    bool bad;         /* reader: a value no writer makes */
};

static inline void codec_range_write_start(struct codec_range *r, uint8_t *out, size_t cap)
{
    *r = (struct codec_range){.range = UINT64_MAX, .out = out, .out_start = out, .out_end = out + cap};
}

CODEC_INLINE uint32_t codec_range_take32(struct codec_range *r)
{
    uint32_t v = 0;
    if (__builtin_expect(r->in_end - r->in >= 4, 1)) {
        v = (uint32_t)r->in[0] << 24 | (uint32_t)r->in[1] << 16 | (uint32_t)r->in[2] << 8 | r->in[3];
        r->in += 4;
        return v;
    }
    for (int i = 0; i < 4; i++) {
        v <<= 8;
        if (r->in < r->in_end)
            v |= *r->in++;
        else if (r->overrun <= CODEC_RANGE_MAX_OVERRUN)
            r->overrun++;
    }
    return v;
}

static inline void codec_range_read_start(struct codec_range *r, const uint8_t *in, size_t len)
{
    *r = (struct codec_range){.range = UINT64_MAX, .in = in, .in_end = in + len};
    r->code = (uint64_t)codec_range_take32(r) << 32;
    r->code |= codec_range_take32(r);
}

/* False as soon as the bytes cannot come from a writer: stop decoding then. */
static inline bool codec_range_read_going(const struct codec_range *r)
{
    return !r->bad && r->overrun <= CODEC_RANGE_MAX_OVERRUN;
}

/* True when the bytes were used exactly: none missing, none left. */
static inline bool codec_range_read_ok(const struct codec_range *r)
{
    return codec_range_read_going(r) && r->in == r->in_end && r->overrun >= 4;
}

static inline void codec_range_carry(struct codec_range *r)
{
    uint8_t *p = r->out;
    while (p > r->out_start && ++*--p == 0) {
    }
}

static inline void codec_range_put32(struct codec_range *r, uint32_t v)
{
    if (__builtin_expect(r->out_end - r->out < 4, 0)) {
        r->full = true;
        return;
    }
    r->out[0] = (uint8_t)(v >> 24);
    r->out[1] = (uint8_t)(v >> 16);
    r->out[2] = (uint8_t)(v >> 8);
    r->out[3] = (uint8_t)v;
    r->out += 4;
}

CODEC_INLINE void codec_range_renormalise(struct codec_range *r, const bool enc)
{
    if (__builtin_expect(r->range < (1ull << 32), 0)) {
        if (enc) {
            codec_range_put32(r, (uint32_t)(r->low >> 32));
            r->low <<= 32;
        } else {
            r->code = r->code << 32 | codec_range_take32(r);
        }
        r->range <<= 32;
    }
}

/* Write or read one bit under an adaptive probability; returns the bit. */
CODEC_INLINE uint32_t codec_range_bit(
    struct codec_range *r, const bool enc, struct codec_prob *p, uint32_t bit)
{
    const uint64_t zero = (r->range >> 16) * ((((uint32_t)p->fast + p->slow) >> 1) | 1u);
    if (enc) {
        if (!bit) {
            r->range = zero;
        } else {
            const uint64_t before = r->low;
            r->low += zero;
            if (r->low < before)
                codec_range_carry(r);
            r->range -= zero;
        }
    } else {
        bit = r->code >= zero;
        if (bit) {
            r->code -= zero;
            r->range -= zero;
        } else {
            r->range = zero;
        }
    }
    if (bit) {
        p->fast = (uint16_t)(p->fast - (p->fast >> CODEC_RANGE_FAST_SHIFT));
        p->slow = (uint16_t)(p->slow - (p->slow >> CODEC_RANGE_SLOW_SHIFT));
    } else {
        p->fast = (uint16_t)(p->fast + ((65535 - p->fast) >> CODEC_RANGE_FAST_SHIFT));
        p->slow = (uint16_t)(p->slow + ((65535 - p->slow) >> CODEC_RANGE_SLOW_SHIFT));
    }
    codec_range_renormalise(r, enc);
    return bit;
}

/* Write or read n (1..16) bits of equal probability; returns 0..2^n-1. */
CODEC_INLINE uint32_t codec_range_raw(struct codec_range *r, const bool enc, uint32_t n, uint32_t v)
{
    const uint64_t step = r->range >> n;
    if (enc) {
        const uint64_t before = r->low;
        r->low += step * v;
        if (r->low < before)
            codec_range_carry(r);
    } else {
        const uint64_t q = r->code / step;
        const uint32_t top = (1u << n) - 1;
        if (__builtin_expect(q > top, 0)) {
            r->bad = true;
            v = top;
        } else {
            v = (uint32_t)q;
        }
        r->code -= step * v;
    }
    r->range = step;
    codec_range_renormalise(r, enc);
    return v;
}

/* Write or read n bits, most significant first, as a tree of 2^n probabilities. */
CODEC_INLINE uint32_t codec_range_tree(
    struct codec_range *r, const bool enc, struct codec_prob *p, uint32_t n, uint32_t v)
{
    uint32_t node = 1;
    for (uint32_t i = n; i-- > 0;)
        node = node * 2 + codec_range_bit(r, enc, p + node, (v >> i) & 1u);
    return node - (1u << n);
}

/* Finish writing: returns the number of bytes, or 0 with r->full set when they did not fit. */
static inline size_t codec_range_write_end(struct codec_range *r)
{
    /* A value inside [low, low + range) with as many zero bytes at its end as possible. */
    uint64_t mask = (1ull << 32) - 1;
    for (uint32_t bits = 56; bits > 32; bits -= 8) {
        const uint64_t m = (1ull << bits) - 1;
        const uint64_t up = (r->low + m) & ~m;
        if (up - r->low < r->range) {
            mask = m;
            break;
        }
    }
    const uint64_t v = (r->low + mask) & ~mask;
    if (v < r->low)
        codec_range_carry(r);
    codec_range_put32(r, (uint32_t)(v >> 32));
    if (r->full)
        return 0;
    for (int i = 0; i < 4 && r->out > r->out_start && r->out[-1] == 0; i++)
        r->out--;
    return (size_t)(r->out - r->out_start);
}

static inline void codec_prob_init(struct codec_prob *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (struct codec_prob){32768, 32768};
}
