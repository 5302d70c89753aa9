#include "codec/motion_internal.h"

#include <string.h>

enum {
    TABLE = 1 << MOTION_TABLE_BITS,
    VOTES = 1 << MOTION_VOTE_BITS,
    TABLE_PROBES = 8,
    VOTE_PROBES = 4,
    PATTERN_PX = CODEC_CELL_PX,
    PATTERN_MIN_CHANGES = 3, /* pixels that differ from the first: flat rows say nothing */
    PATTERN_MAX_REPEATS = 2, /* patterns seen more often say nothing either */
    PATTERN_ROW = 6,         /* of a cell: the first of PATTERN_ROWS */
    PATTERN_ROWS = 4,        /* one of them meets an old row that is looked at, whatever the move */
    PATTERNS_MAX = TABLE / 2,
    STRIPS = 4,
    STRIP_PX = CODEC_TILE_PX,
    STRIP_MIN_CELLS = 4
};

#define HASH_MUL UINT64_C(0x9E3779B97F4A7C15)

static void vote(struct codec_motion *m, int32_t dx, int32_t dy)
{
    if (dx == 0 && dy == 0)
        return;
    const uint32_t key = (uint32_t)(dx + CODEC_MAX_SIDE_PX) << 14 | (uint32_t)(dy + CODEC_MAX_SIDE_PX);
    uint32_t i = key * 0x9E3779B1u >> (32 - MOTION_VOTE_BITS);
    struct motion_vote *weakest = &m->vote[i];
    for (int k = 0; k < VOTE_PROBES; k++, i = (i + 1) & (VOTES - 1)) {
        struct motion_vote *v = &m->vote[i];
        if (v->count > 0 && v->by.dx == dx && v->by.dy == dy) {
            v->count++;
            return;
        }
        if (v->count < weakest->count)
            weakest = v;
    }
    /* No place left: wear the weakest down. Chance votes come and go, a true vector stays. */
    if (weakest->count > 0)
        weakest->count--;
    else
        *weakest = (struct motion_vote){{dx, dy}, 1};
}

bool motion_search_best(struct codec_motion *m, struct motion_vector *out)
{
    struct motion_vote *best = NULL;
    for (int i = 0; i < VOTES; i++)
        if (m->vote[i].count >= MOTION_MIN_VOTES && (!best || m->vote[i].count > best->count))
            best = &m->vote[i];
    if (!best)
        return false;
    *out = best->by;
    best->count = 0;
    return true;
}

static struct motion_pattern *slot(struct codec_motion *m, uint64_t hash)
{
    uint32_t i = (uint32_t)(hash >> (64 - MOTION_TABLE_BITS));
    for (int k = 0; k < TABLE_PROBES; k++, i = (i + 1) & (TABLE - 1))
        if (m->table[i].count == 0 || m->table[i].hash == hash)
            return &m->table[i];
    return NULL;
}

/* False when it is already there; then it counts once more. */
static bool remember(struct codec_motion *m, uint64_t hash, int32_t x, int32_t y)
{
    struct motion_pattern *p = slot(m, hash);
    if (!p)
        return false;
    const bool is_new = p->count == 0;
    if (is_new)
        *p = (struct motion_pattern){hash, (int16_t)x, (int16_t)y, 0};
    p->count++;
    return is_new;
}

static struct motion_pattern *find(struct codec_motion *m, uint64_t hash)
{
    struct motion_pattern *p = slot(m, hash);
    return p && p->count > 0 && p->count <= PATTERN_MAX_REPEATS ? p : NULL;
}

/* A row of STRIP_PX pixels in four interleaved chains; 0 when all are of one colour. */
static uint64_t strip_hash(const uint32_t *p)
{
    uint64_t h[4] = {1, 2, 3, 4};
    uint32_t differs = 0;
    for (int i = 0; i < STRIP_PX; i += 4)
        for (int k = 0; k < 4; k++) {
            const uint32_t c = p[i + k] & CODEC_TRUTH_MASK;
            differs |= c ^ (p[0] & CODEC_TRUTH_MASK);
            h[k] = (h[k] ^ c) * HASH_MUL;
        }
    if (differs == 0)
        return 0;
    const uint64_t all = (h[0] ^ h[1] >> 17) * HASH_MUL ^ (h[2] ^ h[3] >> 29) * UINT64_C(0xD6E8FEB86659FD93);
    return (all ^ all >> 32) * HASH_MUL | 1;
}

/* The columns of tiles with most that is to be explained, not next to each other where there is a choice. */
static int choose_strips(const struct codec_motion *m, const struct codec_screen *s, int32_t out[STRIPS])
{
    int32_t count[CODEC_MAX_SIDE_PX / CODEC_TILE_PX] = {0};
    for (int32_t y = m->box.top; y <= m->box.bottom; y++)
        for (int32_t x = m->box.left; x <= m->box.right; x++) {
            const int32_t i = y * m->cols + x;
            count[x / CODEC_CELLS_PER_TILE] += m->cell[i] == MOTION_WANTED && motion_calm(m, i);
        }
    int n = 0;
    while (n < STRIPS) {
        int32_t best = -1;
        for (int32_t x = 0; x < s->tiles_x; x++)
            if (count[x] >= STRIP_MIN_CELLS && codec_screen_tile_w(s, x) == STRIP_PX &&
                (best < 0 || count[x] > count[best]))
                best = x;
        if (best < 0)
            return n;
        out[n++] = best;
        count[best] = 0;
        if (best > 0)
            count[best - 1] /= 2;
        if (best + 1 < s->tiles_x)
            count[best + 1] /= 2;
    }
    return n;
}

void motion_search_strips(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    int32_t strip[STRIPS];
    const int n = choose_strips(m, s, strip);
    const int32_t y0 = m->box.top * CODEC_CELL_PX, box_end = (m->box.bottom + 1) * CODEC_CELL_PX;
    const int32_t y1 = box_end < s->height_px ? box_end : s->height_px;
    memset(m->vote, 0, sizeof m->vote);
    memset(m->table, 0, sizeof m->table);
    for (int i = 0; i < n; i++)
        for (int32_t y = y0; y < y1; y++) {
            const uint64_t h = strip_hash(codec_screen_at(s, strip[i] * STRIP_PX, y));
            if (h != 0)
                (void)remember(m, h + (uint64_t)i * HASH_MUL, 0, y);
        }
    for (int i = 0; i < n; i++)
        for (int32_t y = y0; y < y1; y++) {
            const uint64_t h = strip_hash(codec_truth_at(t, strip[i] * STRIP_PX, y));
            const struct motion_pattern *p = h != 0 ? find(m, h + (uint64_t)i * HASH_MUL) : NULL;
            if (p)
                vote(m, 0, p->y - y);
        }
}

bool motion_pattern_hash(
    const struct codec_truth *t, const struct codec_screen *s, int32_t x, int32_t y, uint64_t *out)
{
    if (x + PATTERN_PX > s->width_px || y >= s->height_px)
        return false;
    const uint32_t *p = codec_truth_at(t, x, y);
    uint64_t h = 0;
    int changes = 0;
    for (int i = 0; i < PATTERN_PX; i++) {
        const uint32_t c = p[i] & CODEC_TRUTH_MASK;
        h = h * HASH_MUL + c + 1;
        changes += c != (p[0] & CODEC_TRUTH_MASK);
    }
    *out = h;
    return changes >= PATTERN_MIN_CHANGES;
}

static uint32_t bloom_bit(uint64_t hash)
{
    return (uint32_t)(hash >> 24) & ((1u << MOTION_BLOOM_BITS) - 1);
}

/* Some rows of as many cells as the table takes. Returns the cells. */
static int32_t collect_patterns(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    memset(m->bloom, 0, sizeof m->bloom);
    memset(m->table, 0, sizeof m->table);
    const int32_t step = m->unexplained / (PATTERNS_MAX / PATTERN_ROWS) + 1;
    int32_t nth = 0, cells = 0, n = 0;
    for (int32_t y = m->box.top; y <= m->box.bottom; y++)
        for (int32_t x = m->box.left; x <= m->box.right; x++) {
            const int32_t i = y * m->cols + x;
            if (m->cell[i] != MOTION_WANTED || !motion_calm(m, i) || nth++ % step != 0)
                continue;
            bool any = false;
            for (int32_t row = PATTERN_ROW; row < PATTERN_ROW + PATTERN_ROWS && n < PATTERNS_MAX; row++) {
                const int32_t px = x * CODEC_CELL_PX, py = y * CODEC_CELL_PX + row;
                uint64_t h;
                if (!motion_pattern_hash(t, s, px, py, &h))
                    continue;
                any = true;
                n += remember(m, h, px, py);
                const uint32_t b = bloom_bit(h);
                m->bloom[b >> 3] = (uint8_t)(m->bloom[b >> 3] | 1u << (b & 7u));
            }
            cells += any;
        }
    return cells;
}

/* One rolling hash over every fourth row of the box in the old picture. */
void motion_search_patterns(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    uint64_t drop = 1;
    for (int i = 0; i < PATTERN_PX - 1; i++)
        drop *= HASH_MUL;
    memset(m->vote, 0, sizeof m->vote);
    const int32_t x0 = m->box.left * CODEC_CELL_PX, y0 = m->box.top * CODEC_CELL_PX;
    const int32_t box_x1 = (m->box.right + 1) * CODEC_CELL_PX;
    const int32_t box_y1 = (m->box.bottom + 1) * CODEC_CELL_PX;
    const int32_t x1 = box_x1 < s->width_px ? box_x1 : s->width_px;
    const int32_t y1 = box_y1 < s->height_px ? box_y1 : s->height_px;
    if (x1 - x0 < PATTERN_PX || collect_patterns(m, t, s) < MOTION_MIN_VOTES)
        return;
    for (int32_t y = y0; y < y1; y += PATTERN_ROWS) {
        const uint32_t *p = codec_screen_at(s, x0, y);
        const int32_t n = x1 - x0 - PATTERN_PX + 1;
        uint64_t h = 0;
        for (int32_t i = 0; i < PATTERN_PX - 1; i++)
            h = h * HASH_MUL + p[i] + 1;
        for (int32_t x = 0; x < n; x++) {
            h = h * HASH_MUL + p[x + PATTERN_PX - 1] + 1;
            const uint32_t b = bloom_bit(h);
            if ((uint32_t)m->bloom[b >> 3] >> (b & 7u) & 1u) {
                const struct motion_pattern *found = find(m, h);
                if (found)
                    vote(m, x0 + x - found->x, y - found->y);
            }
            h -= ((uint64_t)p[x] + 1) * drop;
        }
    }
}
