/* Adaptive rANS (range asymmetric numeral systems, Duda 2009): the entropy coder of natural pixels.
 *
 * Values of -128..127 become one of CODEC_RANS_TOKENS tokens and up to 6 plain bits. A model counts the
 * tokens of one context and turns its counts into frequencies of 1/2048 when enough new ones have come; both
 * sides do so at the same places, so no table is sent. Two states of 32 bits take turns with the two rows
 * that natural.h codes side by side, so that a processor works on both at once; each moves 16 bits at a time.
 *
 * rANS writes backwards: the writer collects a tile's symbols, then makes its bytes from the last to the
 * first. A tile's bytes are the two states, little endian, then words of 16 bits. The reader must end at the
 * states the writer began with. No allocation; never reads outside the given bytes. Any thread. */
#pragma once

#include "codec/predict.h"

#include <string.h>

enum {
    CODEC_RANS_BITS = 11,
    CODEC_RANS_TOTAL = 1 << CODEC_RANS_BITS,
    CODEC_RANS_DIRECT = 6,  /* values up to this size have a token of their own */
    CODEC_RANS_CLASSES = 6, /* of larger sizes, with 1..6 plain bits; one token for each sign */
    CODEC_RANS_TOKENS = 2 * CODEC_RANS_DIRECT + 1 + 2 * CODEC_RANS_CLASSES,
    CODEC_RANS_COUNT_MAX = 2048, /* of one model: then its counts are halved */
    CODEC_RANS_FRESH = 4,        /* new frequencies when one count of so many is new */
    CODEC_RANS_STATES = 2,
    CODEC_RANS_TAIL_BYTES = 64
};
#define CODEC_RANS_LOW (1u << 16) /* a state is never below between symbols, and this at the start */

struct codec_rans_model {
    uint16_t count[CODEC_RANS_TOKENS];
    uint32_t total;                     /* of the counts when the frequencies were made */
    uint32_t span[CODEC_RANS_TOKENS];   /* start, and frequency << 16 */
    uint8_t token_at[CODEC_RANS_TOTAL]; /* of the reader */
};

/* To divide by a frequency without a division: x / f is x * of[f] >> CODEC_RANS_INVERSE_BITS for every x
 * below f << (32 - CODEC_RANS_BITS), as the states of a writer are; the product stays below 2^64. */
enum { CODEC_RANS_INVERSE_BITS = 32 + CODEC_RANS_BITS };
struct codec_rans_inverse {
    uint64_t of[CODEC_RANS_TOTAL]; /* a frequency is less than all: every token has one */
};

static inline void codec_rans_inverse_init(struct codec_rans_inverse *inverse)
{
    inverse->of[0] = 0;
    for (uint32_t f = 1; f < CODEC_RANS_TOTAL; f++)
        inverse->of[f] = (UINT64_C(1) << CODEC_RANS_INVERSE_BITS) / f + 1;
}

/* Symbols of a tile until they are written: start 16 bits, frequency 15 bits, state 1 bit. */
struct codec_rans_writer {
    uint32_t *symbols, *end; /* begin and end of those collected */
    const struct codec_rans_inverse *inverse;
};

/* Where a coder stands, kept in registers over a row: of a writer end, of a reader at and state. */
struct codec_rans_place {
    uint32_t *end;
    const uint8_t *at;
    uint32_t state[CODEC_RANS_STATES];
};

struct codec_rans_reader {
    const uint8_t *at, *end;
    uint32_t state[CODEC_RANS_STATES];
    bool in_tail;
    uint8_t tail[CODEC_RANS_TAIL_BYTES]; /* the last bytes and zeros, to read past the end of */
};

/* Sizes of class c begin here: 7, 9, 13, 21, 37, 69. */
CODEC_INLINE int codec_rans_class_base(uint32_t class)
{
    return CODEC_RANS_DIRECT - 1 + (2 << class);
}

/* Frequencies from the counts. */
static inline void codec_rans_model_settle(struct codec_rans_model *m, const bool enc)
{
    const uint32_t scale = ((uint32_t)CODEC_RANS_TOTAL << 16) / m->total;
    uint32_t frequency[CODEC_RANS_TOKENS], sum = 0, most = 0, start = 0;
    for (uint32_t i = 0; i < CODEC_RANS_TOKENS; i++) {
        const uint32_t f = m->count[i] * scale >> 16;
        frequency[i] = f ? f : 1;
        sum += frequency[i];
        most = frequency[i] > frequency[most] ? i : most;
    }
    /* Rounding is made up for where it hurts least; the largest is always larger than what is missing. */
    frequency[most] += (uint32_t)CODEC_RANS_TOTAL - sum;
    for (uint32_t i = 0; i < CODEC_RANS_TOKENS; i++) {
        m->span[i] = start | frequency[i] << 16;
        if (!enc)
            memset(m->token_at + start, (int)i, frequency[i]);
        start += frequency[i];
    }
    if (m->total <= CODEC_RANS_COUNT_MAX)
        return;
    m->total = 0;
    for (uint32_t i = 0; i < CODEC_RANS_TOKENS; i++) {
        m->count[i] = (uint16_t)((m->count[i] + 1) / 2);
        m->total += m->count[i];
    }
}

/* Counts as if a little had been seen already: values of about this size, the rarer the larger. */
static inline void codec_rans_model_reset(struct codec_rans_model *m, uint32_t size)
{
    m->total = 0;
    for (uint32_t i = 0; i < CODEC_RANS_TOKENS; i++) {
        uint32_t value, width = 1;
        if (i <= 2 * CODEC_RANS_DIRECT) {
            value = (uint32_t)codec_abs((int)i - CODEC_RANS_DIRECT);
        } else {
            const uint32_t class = (i - 2 * CODEC_RANS_DIRECT - 1) / 2;
            width = 2u << class;
            value = (uint32_t)codec_rans_class_base(class) + width / 2;
        }
        const uint32_t rare = (size + value) * (size + value) / size + 1;
        m->count[i] = (uint16_t)(1 + 48 * width * size / rare / (size + 1));
        m->total += m->count[i];
    }
    codec_rans_model_settle(m, false);
}

/* Take what was counted into the frequencies, when it is enough to matter. */
CODEC_INLINE void codec_rans_model_learn(struct codec_rans_model *m, const bool enc)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < CODEC_RANS_TOKENS; i++)
        sum += m->count[i];
    if ((sum - m->total) * CODEC_RANS_FRESH < m->total)
        return;
    m->total = sum;
    codec_rans_model_settle(m, enc);
}

CODEC_INLINE void codec_rans_put(
    struct codec_rans_place *at, uint32_t state, struct codec_rans_model *m, int value)
{
    const uint32_t size = (uint32_t)codec_abs(value), id = state << 31;
    uint32_t token;
    if (__builtin_expect(size <= CODEC_RANS_DIRECT, 1)) {
        token = (uint32_t)(value + CODEC_RANS_DIRECT);
        *at->end++ = m->span[token] | id;
    } else {
        const uint32_t rest = size - (CODEC_RANS_DIRECT - 1);
        const uint32_t bits = 31u - (uint32_t)__builtin_clz(rest);
        token = 2 * CODEC_RANS_DIRECT + 1 + 2 * (bits - 1) + (value < 0);
        *at->end++ = m->span[token] | id;
        /* Plain bits are a symbol among 2^bits equal ones. */
        *at->end++ =
            (rest - (1u << bits)) << (CODEC_RANS_BITS - bits) | 1u << (16 + CODEC_RANS_BITS - bits) | id;
    }
    m->count[token]++;
}

/* Write the symbols of a tile; they end before `end`. Returns where they begin, NULL when there is no space
 * down to `out`; the symbols are gone in any case. */
static inline uint8_t *codec_rans_write(struct codec_rans_writer *w, uint8_t *out, uint8_t *end)
{
    /* The state whose turn it is, and the other: exchanged without memory in between, which both wait for. */
    uint32_t x = CODEC_RANS_LOW, other = CODEC_RANS_LOW, turn = 0;
    const size_t count = (size_t)(w->end - w->symbols);
    uint8_t *p = end;
    w->end = w->symbols;
    if ((size_t)(end - out) < 2 * count + 4 * CODEC_RANS_STATES)
        return NULL;
    for (size_t i = count; i-- > 0;) {
        const uint32_t s = w->symbols[i];
        const uint32_t start = s & 0xffffu, frequency = s >> 16 & 0x7fffu;
        const uint32_t swap = (x ^ other) & (0u - (turn ^ s >> 31));
        turn = s >> 31;
        x ^= swap;
        other ^= swap;
        const uint32_t move = x >= frequency << (32 - CODEC_RANS_BITS);
        p[-2] = (uint8_t)x;
        p[-1] = (uint8_t)(x >> 8);
        p -= 2 * move;
        x >>= 16 * move;
        /* (x / f << BITS) + x % f + start */
        const uint32_t q = (uint32_t)(x * w->inverse->of[frequency] >> CODEC_RANS_INVERSE_BITS);
        x += q * (CODEC_RANS_TOTAL - frequency) + start;
    }
    const uint32_t state[CODEC_RANS_STATES] = {turn ? other : x, turn ? x : other};
    for (size_t i = CODEC_RANS_STATES; i-- > 0;)
        for (uint32_t shift = 32; shift > 0; shift -= 8)
            *--p = (uint8_t)(state[i] >> (shift - 8));
    return p;
}

static inline void codec_rans_read_start(struct codec_rans_reader *r, const uint8_t *in, size_t len)
{
    r->at = in;
    r->end = in + len;
    r->in_tail = false;
}

/* Before every read: n bytes may be looked at from here on; false when that would be past the last ones. */
CODEC_INLINE bool codec_rans_read_ready(struct codec_rans_reader *r, ptrdiff_t n)
{
    if (__builtin_expect(r->end - r->at >= n, 1))
        return true;
    if (!r->in_tail) {
        const size_t rest = (size_t)(r->end - r->at);
        memset(r->tail, 0, sizeof r->tail);
        memcpy(r->tail, r->at, rest);
        r->at = r->tail;
        r->end = r->tail + rest;
        r->in_tail = true;
    }
    return r->at <= r->end;
}

/* A tile begins: its states. False when they are not there. */
static inline bool codec_rans_read_tile(struct codec_rans_reader *r)
{
    if (r->at > r->end || r->end - r->at < CODEC_RANS_STATES * 4)
        return false;
    for (int i = 0; i < CODEC_RANS_STATES; i++, r->at += 4)
        r->state[i] = (uint32_t)r->at[0] | (uint32_t)r->at[1] << 8 | (uint32_t)r->at[2] << 16 |
                      (uint32_t)r->at[3] << 24;
    return true;
}

/* A tile ends: whether its bytes were used exactly. */
static inline bool codec_rans_read_tile_ok(const struct codec_rans_reader *r)
{
    return r->at <= r->end && r->state[0] == CODEC_RANS_LOW && r->state[1] == CODEC_RANS_LOW;
}

static inline bool codec_rans_read_ok(const struct codec_rans_reader *r)
{
    return r->at == r->end;
}

/* Without a branch: nothing predicts when a state needs its next 16 bits. */
CODEC_INLINE uint32_t codec_rans_refill(struct codec_rans_place *at, uint32_t x)
{
    const uint32_t word = (uint32_t)at->at[0] | (uint32_t)at->at[1] << 8;
    const uint32_t move = x < CODEC_RANS_LOW;
    at->at += 2 * move;
    return x << 16 * move | (word & (0u - move));
}

/* One value of -128..127; from hostile bytes up to 132 in size. Looks at 4 bytes at most. */
CODEC_INLINE int codec_rans_get(struct codec_rans_place *at, uint32_t state, struct codec_rans_model *m)
{
    uint32_t x = at->state[state];
    uint32_t slot = x & (CODEC_RANS_TOTAL - 1);
    const uint32_t token = m->token_at[slot];
    const uint32_t span = m->span[token];
    int value = (int)token - CODEC_RANS_DIRECT;
    x = codec_rans_refill(at, (span >> 16) * (x >> CODEC_RANS_BITS) + slot - (span & 0xffffu));
    m->count[token]++;
    if (__builtin_expect(token > 2 * CODEC_RANS_DIRECT, 0)) {
        const uint32_t class = (token - 2 * CODEC_RANS_DIRECT - 1) / 2, left = CODEC_RANS_BITS - 1 - class;
        slot = x & (CODEC_RANS_TOTAL - 1);
        value = codec_rans_class_base(class) + (int)(slot >> left);
        value = (token & 1u) ? value : -value;
        x = codec_rans_refill(at, (x >> CODEC_RANS_BITS << left) + (slot & ((1u << left) - 1)));
    }
    at->state[state] = x;
    return value;
}
