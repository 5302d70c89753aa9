/* Model of text and flat user interface: what the exact coder knows, and one row coded with it.
 *
 * For each pixel, in this order, the first that fits: the rest of a run of one colour; the colour last
 * seen after the same 11 neighbours, then after the same 6 (this learns glyphs: it is where the
 * compression comes from); one of W, N, NW, NE; the colour last seen after the same W and N; one of the
 * 64 most recent colours; one of a cache of 2,048; a new colour by colour.h.
 * Internal to the tile coders; inline for both directions. */
#pragma once

#include "codec/colour.h"

enum {
    CODEC_TEXT_HASH_BITS = 17, /* 2 tables of 512 KiB: measured 2^14 costs up to 30 % more bytes */
    CODEC_TEXT_GROUP_BITS = 4, /* of the far table: 64 bytes */
    CODEC_TEXT_PAIR_BITS = 12,
    CODEC_TEXT_RECENT_BITS = 6,
    CODEC_TEXT_CACHE_BITS = 11,
    CODEC_TEXT_RECENT = 1 << CODEC_TEXT_RECENT_BITS,
    CODEC_TEXT_MAX_RUN_BITS = 6
};

/* An entry of the hashed context tables: colour 24, check 6, confidence 2 bits. */
typedef uint32_t codec_text_seen;

struct codec_text {
    codec_text_seen far[1 << CODEC_TEXT_HASH_BITS];  /* after 11 neighbours */
    codec_text_seen near[1 << CODEC_TEXT_HASH_BITS]; /* after 6 */
    uint32_t pair_colour[1 << CODEC_TEXT_PAIR_BITS]; /* after W and N */
    uint8_t pair_trust[1 << CODEC_TEXT_PAIR_BITS];
    uint32_t recent[CODEC_TEXT_RECENT];
    uint32_t cache[1 << CODEC_TEXT_CACHE_BITS];
    struct codec_prob run_full[CODEC_TEXT_MAX_RUN_BITS + 1];
    struct codec_prob run_len[CODEC_TEXT_MAX_RUN_BITS + 1][1 << CODEC_TEXT_MAX_RUN_BITS];
    struct codec_prob far_miss[4][16], near_miss[4][16];
    struct codec_prob differs[4][128]; /* from W, N, NW, NE */
    struct codec_prob pair_miss[4][16];
    struct codec_prob not_recent, not_cached;
    struct codec_prob rank[CODEC_TEXT_RECENT];
    struct codec_colour fresh;
};

static inline uint32_t codec_text_cache_slot(uint32_t colour)
{
    return colour * 0x9E3779B1u >> (32 - CODEC_TEXT_CACHE_BITS);
}

CODEC_INLINE uint32_t codec_text_fold(uint64_t h)
{
    h ^= h >> 29;
    h *= 0x9E3779B97F4A7C15ull;
    return (uint32_t)(h >> 32);
}

/* Where the tables know a pixel's neighbours, as far as they are seen without W. In the far table every
 * neighbour but W chooses a group of entries, so that it is on its way from memory while the pixel before is
 * coded (measured: a third of all time was waiting for it), and W the place inside. */
struct codec_text_place {
    uint32_t far;  /* hash of 10 neighbours */
    uint64_t near; /* sum of 5, unfolded */
};

CODEC_INLINE uint32_t codec_text_group(struct codec_text_place at)
{
    return at.far >> CODEC_TEXT_GROUP_BITS << CODEC_TEXT_GROUP_BITS & ((1u << CODEC_TEXT_HASH_BITS) - 1);
}

/* Of the pixel at q; q[-1] need not be there yet. */
CODEC_INLINE struct codec_text_place codec_text_find(const uint32_t *q)
{
    enum { UP = CODEC_PATCH_STRIDE };
    const uint64_t near = q[-UP] * 0xD6E8FEB86659FD93ull + q[-UP - 1] * 0xBF58476D1CE4E5B9ull +
                          q[-UP + 1] * 0x94D049BB133111EBull + q[-2] * 0xC2B2AE3D27D4EB4Full +
                          q[-2 * UP] * 0x165667B19E3779F9ull;
    const uint64_t far = near + q[-UP - 2] * 0xA0761D6478BD642Full + q[-2 * UP + 1] * 0xE7037ED1A0B428DBull +
                         q[-UP + 2] * 0x8EBC6AF09C88C6E3ull + q[-2 * UP - 1] * 0x589965CC75374CC3ull +
                         q[-3] * 0x1D8E4E27C47D124Full;
    return (struct codec_text_place){codec_text_fold(far), near};
}

/* Ask for memory that will be needed soon. */
CODEC_INLINE void codec_text_fetch(const codec_text_seen *e)
{
#ifdef __wasm__
    (void)*(const volatile codec_text_seen *)e; /* a load that nothing waits for */
#else
    __builtin_prefetch(e);
#endif
}

CODEC_INLINE uint32_t codec_text_colour(codec_text_seen e)
{
    return e & 0xffffffu;
}

CODEC_INLINE bool codec_text_knows(codec_text_seen e, uint32_t hash)
{
    return (e >> 24 & 63u) == hash >> 26;
}

/* A correct prediction: more confident. */
CODEC_INLINE void codec_text_confirm(codec_text_seen *e)
{
    if (*e >> 30 < 3)
        *e += 1u << 30;
}

/* Another colour followed: doubt a confident entry once, replace it at the second miss. */
CODEC_INLINE void codec_text_learn(codec_text_seen *e, uint32_t hash, uint32_t colour)
{
    if (codec_text_knows(*e, hash) && *e >> 30 > 1)
        *e &= 0x3fffffffu;
    else
        *e = (hash >> 26) << 24 | colour;
}

CODEC_INLINE uint32_t codec_text_find_recent(const struct codec_text *m, uint32_t colour)
{
    uint32_t i = 0;
    while (i < CODEC_TEXT_RECENT && m->recent[i] != colour)
        i++;
    return i;
}

CODEC_INLINE void codec_text_move_to_front(struct codec_text *m, uint32_t i, uint32_t colour)
{
    if (i >= CODEC_TEXT_RECENT)
        i = CODEC_TEXT_RECENT - 1;
    for (; i > 0; i--)
        m->recent[i] = m->recent[i - 1];
    m->recent[0] = colour;
}

/* A colour that no neighbour predicts, by list, cache or value. */
CODEC_INLINE uint32_t codec_text_other(
    struct codec_range *r, const bool enc, struct codec_text *m, const uint32_t *q, uint32_t px)
{
    uint32_t i = enc ? codec_text_find_recent(m, px) : 0;
    uint32_t c;
    if (!codec_range_bit(r, enc, &m->not_recent, i == CODEC_TEXT_RECENT)) {
        i = codec_range_tree(r, enc, m->rank, CODEC_TEXT_RECENT_BITS, i);
        c = m->recent[i];
    } else {
        i = CODEC_TEXT_RECENT;
        uint32_t slot = enc ? codec_text_cache_slot(px) : 0;
        if (!codec_range_bit(r, enc, &m->not_cached, enc ? m->cache[slot] != px : 0)) {
            slot = codec_range_raw(r, enc, CODEC_TEXT_CACHE_BITS, slot);
            c = m->cache[slot];
        } else {
            c = codec_colour_pixel(r, enc, &m->fresh, q, px);
            m->cache[codec_text_cache_slot(c)] = c;
        }
    }
    codec_text_move_to_front(m, i, c);
    return c;
}

/* n pixels of a row at q inside a patch; src holds the new pixels when writing. */
CODEC_INLINE void codec_text_row(
    struct codec_range *r, const bool enc, struct codec_text *m, uint32_t *q, const uint32_t *src, int32_t n)
{
    enum { UP = CODEC_PATCH_STRIDE };
    const uint32_t none = UINT32_MAX; /* no colour */
    struct codec_text_place next = {0};
    int32_t ahead = -1; /* the pixel that next is for */
    for (int32_t x = 0; x < n;) {
        const uint32_t w = q[x - 1];
        uint32_t nn = q[x - UP], nw = q[x - UP - 1], ne = q[x - UP + 1];
        bool not_w = false;
        if (w == nn && w == nw && w == ne) {
            /* The row above allows a run this long; mostly it is taken whole. */
            int32_t room = 1;
            while (x + room < n && q[x + room - UP + 1] == w)
                room++;
            const uint32_t log2 = 31u - (uint32_t)__builtin_clz((uint32_t)room);
            int32_t k = 0;
            if (enc)
                while (k < room && src[x + k] == w)
                    k++;
            const bool whole = !codec_range_bit(r, enc, &m->run_full[log2], k < room);
            if (whole) {
                k = room;
            } else if (room > 1) {
                const uint32_t bits = 32u - (uint32_t)__builtin_clz((uint32_t)(room - 1));
                k = (int32_t)codec_range_tree(r, enc, m->run_len[log2], bits, (uint32_t)k);
                if (!enc && k >= room) {
                    r->bad = true;
                    k = room - 1;
                }
            }
            for (int32_t i = 0; i < k; i++)
                q[x + i] = w;
            x += k;
            if (whole)
                continue;
            not_w = true;
            nn = q[x - UP];
            nw = q[x - UP - 1];
            ne = q[x - UP + 1];
        }
        const uint32_t px = enc ? src[x] : 0;
        const uint32_t ww = q[x - 2], n2 = q[x - 2 * UP];
        const uint32_t pattern = (uint32_t)(w == nn) | (uint32_t)(w == nw) << 1 | (uint32_t)(nn == ne) << 2 |
                                 (uint32_t)(nn == nw) << 3 | (uint32_t)(w == ww) << 4 |
                                 (uint32_t)(nn == n2) << 5 | (uint32_t)(w == ne) << 6;
        const struct codec_text_place here = ahead == x ? next : codec_text_find(q + x);
        const uint32_t inside = here.far ^ w * 0x9E3779B1u >> (26 - CODEC_TEXT_GROUP_BITS);
        const uint32_t far_hash = here.far ^ w * 0x9E3779B1u;
        const uint32_t near_hash = codec_text_fold(here.near + w * 0x9E3779B97F4A7C15ull);
        codec_text_seen *far =
            &m->far[codec_text_group(here) + (inside & ((1u << CODEC_TEXT_GROUP_BITS) - 1))];
        codec_text_seen *near = &m->near[near_hash & ((1u << CODEC_TEXT_HASH_BITS) - 1)];
        if (x + 1 < n) {
            ahead = x + 1;
            next = codec_text_find(q + ahead);
            codec_text_fetch(&m->far[codec_text_group(next)]);
        }
        uint32_t not_far = none, not_near = none; /* colours already refused */
        uint32_t c = codec_text_colour(*far);
        if (codec_text_knows(*far, far_hash) && !(not_w && c == w)) {
            if (!codec_range_bit(r, enc, &m->far_miss[*far >> 30][pattern & 15], px != c)) {
                codec_text_confirm(far);
                q[x++] = c;
                continue;
            }
            not_far = c;
        }
        c = codec_text_colour(*near);
        if (codec_text_knows(*near, near_hash) && c != not_far && !(not_w && c == w)) {
            if (!codec_range_bit(r, enc, &m->near_miss[*near >> 30][pattern & 15], px != c)) {
                codec_text_confirm(near);
                codec_text_learn(far, far_hash, c);
                q[x++] = c;
                continue;
            }
            not_near = c;
        }
        const uint32_t pair_hash = w * 0x9E3779B1u ^ nn * 0x85EBCA6Bu;
        const uint32_t slot = (pair_hash ^ pair_hash >> 15) >> 4 & ((1u << CODEC_TEXT_PAIR_BITS) - 1);
        const uint32_t pair = m->pair_colour[slot];
        const uint32_t trust = m->pair_trust[slot];
#define REFUSED(colour) ((colour) == not_far || (colour) == not_near)
        if (!not_w && !REFUSED(w) && !codec_range_bit(r, enc, &m->differs[0][pattern], px != w)) {
            c = w;
        } else if (nn != w && !REFUSED(nn) && !codec_range_bit(r, enc, &m->differs[1][pattern], px != nn)) {
            c = nn;
        } else if (nw != w && nw != nn && !REFUSED(nw) &&
                   !codec_range_bit(r, enc, &m->differs[2][pattern], px != nw)) {
            c = nw;
        } else if (ne != w && ne != nn && ne != nw && !REFUSED(ne) &&
                   !codec_range_bit(r, enc, &m->differs[3][pattern], px != ne)) {
            c = ne;
        } else if (pair != w && pair != nn && pair != nw && pair != ne && !REFUSED(pair) &&
                   !codec_range_bit(r, enc, &m->pair_miss[trust][pattern & 15], px != pair)) {
            c = pair;
            if (trust < 3)
                m->pair_trust[slot] = (uint8_t)(trust + 1);
        } else {
            c = codec_text_other(r, enc, m, q + x, px);
            m->pair_colour[slot] = c;
            m->pair_trust[slot] = 0;
        }
#undef REFUSED
        codec_text_learn(far, far_hash, c);
        codec_text_learn(near, near_hash, c);
        q[x++] = c;
    }
}
