#include "codec/motion.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANCHOR_BITS = 15,
    ANCHORS = 1 << ANCHOR_BITS,
    ANCHORS_MAX = ANCHORS / 2, /* more are left out: the table stays quick on any screen */
    ANCHOR_PROBES = 8,
    ANCHOR_PX = CODEC_CELL_PX,
    ANCHOR_ROW = 7,         /* the row of a cell that is looked up */
    ANCHOR_MIN_CHANGES = 3, /* pixels of it that differ from the first: flat rows say nothing */
    ANCHOR_MAX_REPEATS = 2, /* patterns seen more often say nothing either */
    BLOOM_BITS = 18,
    VOTE_BITS = 12,
    VOTES = 1 << VOTE_BITS,
    VOTE_PROBES = 4,
    MIN_CHANGED_CELLS = 48,
    MIN_LEFT_CELLS = 24,
    MIN_VOTES = 6,
    MIN_RECT_CELLS = 8,
    MIN_GAIN_CELLS = 6,
    MIN_LINE_CELLS = 3, /* rows and columns of cells with fewer changes are cut off the box */
    MAX_VECTORS = 6,
    MAX_RECTS_PER_VECTOR = 3,
    MAX_MOVES = 16,
    HINT_SAMPLES = 64,
    GROW_PX = CODEC_CELL_PX - 1
};

#define HASH_MUL 0x9E3779B97F4A7C15ull

struct anchor {
    uint64_t hash;
    int16_t x, y;
    uint32_t count;
};

struct vote {
    int32_t dx, dy; /* old place minus new place */
    int32_t count;
};

struct codec_motion {
    int32_t cols, rows;               /* of cells */
    int32_t left, right, top, bottom; /* box of cells, inclusive */
    int32_t changed, unexplained;
    uint8_t *want;    /* per cell: changed and not yet explained by a move */
    uint8_t *match;   /* per cell: equal under the present vector */
    int32_t *line;    /* scratch of the larger of cols and rows, twice */
    struct vote hint; /* what worked last time */
    struct vote now;  /* the present vector */
    int32_t vectors, rects, moves;
    uint64_t area, max_area; /* px moved in this search */
    uint8_t bloom[1 << (BLOOM_BITS - 3)];
    struct anchor anchor[ANCHORS];
    struct vote vote[VOTES];
};

struct codec_motion *codec_motion_create(int32_t width_px, int32_t height_px)
{
    struct codec_motion *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->cols = (width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    m->rows = (height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    m->max_area = (uint64_t)width_px * (uint64_t)height_px;
    const size_t cells = (size_t)m->cols * (size_t)m->rows;
    const size_t lines = (size_t)(m->cols > m->rows ? m->cols : m->rows) + 2;
    m->want = calloc(cells, 1);
    m->match = calloc(cells, 1);
    m->line = calloc(2 * lines, sizeof *m->line);
    if (!m->want || !m->match || !m->line) {
        codec_motion_destroy(m);
        return NULL;
    }
    return m;
}

void codec_motion_destroy(struct codec_motion *m)
{
    if (!m)
        return;
    free(m->want);
    free(m->match);
    free(m->line);
    free(m);
}

static void load_want(struct codec_motion *m, const struct codec_screen *s, const uint16_t *dirty)
{
    m->changed = 0;
    for (int32_t y = 0; y < m->rows; y++)
        for (int32_t x = 0; x < m->cols; x++) {
            const uint32_t mask = dirty[(size_t)(y / CODEC_CELLS_PER_TILE) * (size_t)s->tiles_x +
                                        (size_t)(x / CODEC_CELLS_PER_TILE)];
            const int bit = y % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + x % CODEC_CELLS_PER_TILE;
            const uint8_t set = mask >> bit & 1u;
            m->want[y * m->cols + x] = set;
            m->changed += set;
        }
    m->unexplained = m->changed;
}

/* The box around the changes, without outliers such as a clock in a corner. */
static void find_box(struct codec_motion *m)
{
    const size_t lines = (size_t)(m->cols > m->rows ? m->cols : m->rows) + 2;
    int32_t *col = m->line, *row = m->line + lines;
    memset(m->line, 0, 2 * lines * sizeof *m->line);
    for (int32_t y = 0; y < m->rows; y++)
        for (int32_t x = 0; x < m->cols; x++) {
            col[x] += m->want[y * m->cols + x];
            row[y] += m->want[y * m->cols + x];
        }
    m->left = m->top = 0;
    m->right = m->cols - 1;
    m->bottom = m->rows - 1;
    while (m->left < m->right && col[m->left] < MIN_LINE_CELLS)
        m->left++;
    while (m->right > m->left && col[m->right] < MIN_LINE_CELLS)
        m->right--;
    while (m->top < m->bottom && row[m->top] < MIN_LINE_CELLS)
        m->top++;
    while (m->bottom > m->top && row[m->bottom] < MIN_LINE_CELLS)
        m->bottom--;
}

static int32_t min32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Whether a rectangle of the new picture equals the screen at an offset; false when that is outside. */
static bool equal_at(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, int32_t dx, int32_t dy)
{
    if (!codec_screen_has(s, r) || !codec_screen_has(s, (struct codec_rect){r.x + dx, r.y + dy, r.w, r.h}))
        return false;
    return codec_truth_equals(t, s, r, dx, dy);
}

static struct codec_rect cell_rect(const struct codec_screen *s, int32_t cx, int32_t cy)
{
    const int32_t x = cx * CODEC_CELL_PX, y = cy * CODEC_CELL_PX;
    return (struct codec_rect){
        x, y, min32(CODEC_CELL_PX, s->width_px - x), min32(CODEC_CELL_PX, s->height_px - y)};
}

/* The anchor row of a cell: false when it is cut by the edge or flat. */
static bool anchor_hash(
    const struct codec_truth *t, const struct codec_screen *s, int32_t cx, int32_t cy, uint64_t *out)
{
    const int32_t x = cx * CODEC_CELL_PX, y = cy * CODEC_CELL_PX + ANCHOR_ROW;
    if (x + ANCHOR_PX > s->width_px || y >= s->height_px)
        return false;
    const uint32_t *p = codec_truth_at(t, x, y);
    uint64_t h = 0;
    int changes = 0;
    for (int i = 0; i < ANCHOR_PX; i++) {
        const uint32_t c = p[i] & CODEC_TRUTH_MASK;
        h = h * HASH_MUL + c + 1;
        changes += c != (p[0] & CODEC_TRUTH_MASK);
    }
    *out = h;
    return changes >= ANCHOR_MIN_CHANGES;
}

/* Most scrolls and drags go on as they began: test last time's vector on a sample of the cells. */
static bool hint_holds(
    const struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    if (m->hint.dx == 0 && m->hint.dy == 0)
        return false;
    const int32_t total = m->cols * m->rows;
    const int32_t step = m->changed / HINT_SAMPLES + 1;
    int32_t nth = 0, tried = 0, good = 0;
    for (int32_t i = 0; i < total; i++) {
        uint64_t h;
        if (!m->want[i] || nth++ % step != 0 || !anchor_hash(t, s, i % m->cols, i / m->cols, &h))
            continue;
        tried++;
        good += equal_at(t, s, cell_rect(s, i % m->cols, i / m->cols), m->hint.dx, m->hint.dy);
    }
    return tried >= 8 && good * 2 >= tried;
}

static uint32_t bloom_bit(uint64_t hash)
{
    return (uint32_t)(hash >> 24) & ((1u << BLOOM_BITS) - 1);
}

static struct anchor *anchor_slot(struct codec_motion *m, uint64_t hash)
{
    uint32_t i = (uint32_t)(hash >> (64 - ANCHOR_BITS));
    for (int k = 0; k < ANCHOR_PROBES; k++, i = (i + 1) & (ANCHORS - 1))
        if (m->anchor[i].count == 0 || m->anchor[i].hash == hash)
            return &m->anchor[i];
    return NULL;
}

static void collect_anchors(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    memset(m->bloom, 0, sizeof m->bloom);
    memset(m->anchor, 0, sizeof m->anchor);
    int32_t n = 0;
    for (int32_t y = m->top; y <= m->bottom; y++)
        for (int32_t x = m->left; x <= m->right && n < ANCHORS_MAX; x++) {
            uint64_t h;
            if (!m->want[y * m->cols + x] || !anchor_hash(t, s, x, y, &h))
                continue;
            struct anchor *a = anchor_slot(m, h);
            if (!a)
                continue;
            if (a->count == 0) {
                *a = (struct anchor){
                    h, (int16_t)(x * CODEC_CELL_PX), (int16_t)(y * CODEC_CELL_PX + ANCHOR_ROW), 0};
                n++;
            }
            a->count++;
            const uint32_t b = bloom_bit(h);
            m->bloom[b >> 3] = (uint8_t)(m->bloom[b >> 3] | 1u << (b & 7u));
        }
}

static void vote(struct codec_motion *m, int32_t dx, int32_t dy)
{
    if (dx == 0 && dy == 0)
        return;
    const uint32_t key = (uint32_t)(dx + CODEC_MAX_SIDE_PX) << 14 | (uint32_t)(dy + CODEC_MAX_SIDE_PX);
    uint32_t i = key * 0x9E3779B1u >> (32 - VOTE_BITS);
    struct vote *weakest = &m->vote[i];
    for (int k = 0; k < VOTE_PROBES; k++, i = (i + 1) & (VOTES - 1)) {
        struct vote *v = &m->vote[i];
        if (v->count > 0 && v->dx == dx && v->dy == dy) {
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
        *weakest = (struct vote){dx, dy, 1};
}

/* One rolling hash over every row of the box in the old picture. */
static void search_old(struct codec_motion *m, const struct codec_screen *s)
{
    uint64_t drop = 1;
    for (int i = 0; i < ANCHOR_PX - 1; i++)
        drop *= HASH_MUL;
    memset(m->vote, 0, sizeof m->vote);
    const int32_t x0 = m->left * CODEC_CELL_PX, y0 = m->top * CODEC_CELL_PX;
    const int32_t x1 = min32((m->right + 1) * CODEC_CELL_PX, s->width_px);
    const int32_t y1 = min32((m->bottom + 1) * CODEC_CELL_PX, s->height_px);
    if (x1 - x0 < ANCHOR_PX)
        return;
    for (int32_t y = y0; y < y1; y++) {
        const uint32_t *p = codec_screen_at(s, x0, y);
        const int32_t n = x1 - x0 - ANCHOR_PX + 1;
        uint64_t h = 0;
        for (int32_t i = 0; i < ANCHOR_PX - 1; i++)
            h = h * HASH_MUL + p[i] + 1;
        for (int32_t x = 0; x < n; x++) {
            h = h * HASH_MUL + p[x + ANCHOR_PX - 1] + 1;
            const uint32_t b = bloom_bit(h);
            if ((uint32_t)m->bloom[b >> 3] >> (b & 7u) & 1u) {
                const struct anchor *a = anchor_slot(m, h);
                if (a && a->count > 0 && a->count <= ANCHOR_MAX_REPEATS)
                    vote(m, x0 + x - a->x, y - a->y);
            }
            h -= ((uint64_t)p[x] + 1) * drop;
        }
    }
}

bool codec_motion_start(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s, const uint16_t *dirty)
{
    m->vectors = m->rects = m->moves = 0;
    m->area = 0;
    m->now.count = 0;
    load_want(m, s, dirty);
    if (m->changed < MIN_CHANGED_CELLS)
        return false;
    find_box(m);
    if (hint_holds(m, t, s)) {
        memset(m->vote, 0, sizeof m->vote);
        m->vote[0] = m->hint;
        m->vote[0].count = MIN_VOTES;
        return true;
    }
    collect_anchors(m, t, s);
    search_old(m, s);
    return true;
}

static bool next_vector(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    if (m->vectors >= MAX_VECTORS || m->unexplained < MIN_LEFT_CELLS || m->unexplained * 12 < m->changed)
        return false;
    struct vote *best = NULL;
    for (int i = 0; i < VOTES; i++)
        if (m->vote[i].count >= MIN_VOTES && (!best || m->vote[i].count > best->count))
            best = &m->vote[i];
    if (!best)
        return false;
    m->now = *best;
    best->count = 0;
    m->vectors++;
    m->rects = 0;
    for (int32_t y = m->top; y <= m->bottom; y++)
        for (int32_t x = m->left; x <= m->right; x++)
            m->match[y * m->cols + x] = equal_at(t, s, cell_rect(s, x, y), m->now.dx, m->now.dy);
    return true;
}

/* The largest rectangle of matching cells, in cells. */
static struct codec_rect largest_match(struct codec_motion *m)
{
    const size_t lines = (size_t)(m->cols > m->rows ? m->cols : m->rows) + 2;
    int32_t *height = m->line, *stack = m->line + lines;
    struct codec_rect best = {0, 0, 0, 0};
    memset(height, 0, lines * sizeof *height);
    for (int32_t y = m->top; y <= m->bottom; y++) {
        for (int32_t x = m->left; x <= m->right; x++)
            height[x] = m->match[y * m->cols + x] ? height[x] + 1 : 0;
        int32_t depth = 0;
        for (int32_t x = m->left; x <= m->right + 1; x++) {
            const int32_t h = x <= m->right ? height[x] : 0;
            while (depth > 0 && height[stack[depth - 1]] >= h) {
                const int32_t tall = height[stack[--depth]];
                const int32_t from = depth > 0 ? stack[depth - 1] + 1 : m->left;
                if (tall * (x - from) > best.w * best.h)
                    best = (struct codec_rect){from, y - tall + 1, x - from, tall};
            }
            stack[depth++] = x;
        }
    }
    return best;
}

/* Take the cells of a rectangle out of the map; how many of them were still wanted. */
static int32_t take(struct codec_motion *m, struct codec_rect cells, bool explain)
{
    int32_t gain = 0;
    for (int32_t y = cells.y; y < cells.y + cells.h; y++)
        for (int32_t x = cells.x; x < cells.x + cells.w; x++) {
            gain += m->want[y * m->cols + x];
            if (explain) {
                m->want[y * m->cols + x] = 0;
                m->match[y * m->cols + x] = 0;
            }
        }
    return gain;
}

/* Extend by single pixels: window edges do not lie on cells. */
static struct codec_rect grow(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, int32_t dx, int32_t dy)
{
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x, r.y - 1, r.w, 1}, dx, dy); i++) {
        r.y--;
        r.h++;
    }
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x, r.y + r.h, r.w, 1}, dx, dy); i++)
        r.h++;
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x - 1, r.y, 1, r.h}, dx, dy); i++) {
        r.x--;
        r.w++;
    }
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x + r.w, r.y, 1, r.h}, dx, dy); i++)
        r.w++;
    return r;
}

bool codec_motion_next(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s, struct codec_move *out)
{
    while (m->moves < MAX_MOVES) {
        if (m->now.count == 0 || m->rects >= MAX_RECTS_PER_VECTOR) {
            if (!next_vector(m, t, s))
                return false;
        }
        const struct codec_rect cells = largest_match(m);
        if (cells.w * cells.h < MIN_RECT_CELLS || take(m, cells, false) < MIN_GAIN_CELLS) {
            m->now.count = 0;
            continue;
        }
        const struct codec_rect last = cell_rect(s, cells.x + cells.w - 1, cells.y + cells.h - 1);
        struct codec_rect r = {cells.x * CODEC_CELL_PX, cells.y * CODEC_CELL_PX, 0, 0};
        r.w = last.x + last.w - r.x;
        r.h = last.y + last.h - r.y;
        m->rects++;
        /* An earlier move of this search may have written over the source. */
        if (m->rects > 1 && !equal_at(t, s, r, m->now.dx, m->now.dy)) {
            m->now.count = 0;
            continue;
        }
        r = grow(t, s, r, m->now.dx, m->now.dy);
        const uint64_t px = (uint64_t)r.w * (uint64_t)r.h;
        if (px > m->max_area - m->area)
            return false;
        m->area += px;
        m->unexplained -= take(m, cells, true);
        if (m->moves++ == 0)
            m->hint = (struct vote){m->now.dx, m->now.dy, 0};
        *out = (struct codec_move){r, r.x + m->now.dx, r.y + m->now.dy};
        return true;
    }
    return false;
}
