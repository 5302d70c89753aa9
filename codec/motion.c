#include "codec/motion_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    MIN_CHANGED_CELLS = 48,
    MIN_LEFT_CELLS = 24,
    LEFT_SHARE = 12, /* no further search for less than this part of the change */
    MIN_RECT_CELLS = 8,
    MIN_GAIN_CELLS = 6,
    MIN_LINE_CELLS = 3, /* rows and columns of cells with fewer changes are cut off the box */
    MAX_HINTS = 16,
    MAX_STRIP_VECTORS = 3,
    MAX_PATTERN_VECTORS = 6,
    MAX_RECTS_PER_VECTOR = 4,
    SAMPLES = 128,
    MIN_GOOD_SAMPLES = 4,
    MIN_GOOD_SHARE = 10,
    MAX_FAILURES = 2, /* vectors in a row that lead to nothing end a search */
    GROW_PX = CODEC_CELL_PX - 1,
    SEARCH_ALL_EVERY = 8, /* searches, one looks at restless parts too */
    REST_US = 200000      /* after so long without a search nothing counts as restless */
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
    m->lines = (size_t)(m->cols > m->rows ? m->cols : m->rows) + 2;
    m->cell = calloc(cells, 1);
    m->match = calloc(cells, 1);
    m->restless = calloc(cells, 1);
    m->line = calloc(2 * m->lines, sizeof *m->line);
    if (!m->cell || !m->match || !m->restless || !m->line) {
        codec_motion_destroy(m);
        return NULL;
    }
    return m;
}

void codec_motion_destroy(struct codec_motion *m)
{
    if (!m)
        return;
    free(m->cell);
    free(m->match);
    free(m->restless);
    free(m->line);
    free(m);
}

static int32_t min32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t max32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

bool codec_motion_meet(struct codec_rect a, struct codec_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static void load_cells(struct codec_motion *m, const struct codec_screen *s, const uint16_t *dirty)
{
    m->changed = 0;
    for (int32_t y = 0; y < m->rows; y++)
        for (int32_t x = 0; x < m->cols; x++) {
            const uint32_t mask = dirty[(size_t)(y / CODEC_CELLS_PER_TILE) * (size_t)s->tiles_x +
                                        (size_t)(x / CODEC_CELLS_PER_TILE)];
            const int bit = y % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + x % CODEC_CELLS_PER_TILE;
            const uint8_t set = mask >> bit & 1u;
            m->cell[y * m->cols + x] = set ? MOTION_WANTED : MOTION_SAME;
            m->changed += set;
        }
    m->unexplained = m->changed;
}

/* The box around the changes, without outliers such as a clock in a corner. */
static void find_box(struct codec_motion *m)
{
    int32_t *col = m->line, *row = m->line + m->lines;
    memset(m->line, 0, 2 * m->lines * sizeof *m->line);
    for (int32_t y = 0; y < m->rows; y++)
        for (int32_t x = 0; x < m->cols; x++) {
            const int32_t i = y * m->cols + x, n = m->cell[i] == MOTION_WANTED && motion_calm(m, i);
            col[x] += n;
            row[y] += n;
        }
    struct motion_box *b = &m->box;
    *b = (struct motion_box){0, m->cols - 1, 0, m->rows - 1};
    while (b->left < b->right && col[b->left] < MIN_LINE_CELLS)
        b->left++;
    while (b->right > b->left && col[b->right] < MIN_LINE_CELLS)
        b->right--;
    while (b->top < b->bottom && row[b->top] < MIN_LINE_CELLS)
        b->top++;
    while (b->bottom > b->top && row[b->bottom] < MIN_LINE_CELLS)
        b->bottom--;
}

static struct codec_rect cell_rect(const struct codec_screen *s, int32_t cx, int32_t cy)
{
    const int32_t x = cx * CODEC_CELL_PX, y = cy * CODEC_CELL_PX;
    return (struct codec_rect){
        x, y, min32(CODEC_CELL_PX, s->width_px - x), min32(CODEC_CELL_PX, s->height_px - y)};
}

static bool equal_at(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, struct motion_vector by)
{
    return codec_screen_has(s, r) &&
           codec_screen_has(s, (struct codec_rect){r.x + by.dx, r.y + by.dy, r.w, r.h}) &&
           codec_truth_equals(t, s, r, by.dx, by.dy);
}

/* Whether a vector holds for several of a sample of the changed cells of a box, flat ones aside: it is
 * cheaper to ask than to compare all of them. */
static bool worth_trying(const struct codec_motion *m, const struct codec_truth *t,
    const struct codec_screen *s, struct motion_box box, struct motion_vector by)
{
    int32_t wanted = 0;
    for (int32_t y = box.top; y <= box.bottom; y++)
        for (int32_t x = box.left; x <= box.right; x++)
            wanted += m->cell[y * m->cols + x] == MOTION_WANTED;
    const int32_t step = wanted / SAMPLES + 1;
    int32_t nth = 0, tried = 0, good = 0;
    for (int32_t y = box.top; y <= box.bottom; y++)
        for (int32_t x = box.left; x <= box.right; x++) {
            uint64_t h;
            if (m->cell[y * m->cols + x] != MOTION_WANTED || nth++ % step != 0 ||
                !motion_pattern_hash(t, s, x * CODEC_CELL_PX, y * CODEC_CELL_PX + CODEC_CELL_PX / 2, &h))
                continue;
            tried++;
            good += equal_at(t, s, cell_rect(s, x, y), by);
        }
    /* Of text with letters of one width some equal others at any number of lines and columns. */
    return (good >= MIN_GOOD_SAMPLES && good * MIN_GOOD_SHARE >= tried) || (good >= 2 && good * 2 >= tried);
}

/* Which cells of a box equal the screen where the vector says they come from. */
static void find_matches(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    struct motion_box box, struct motion_vector by)
{
    /* Cells whose source lies on the screen. */
    const int32_t x0 = max32(0, -by.dx), x1 = min32(s->width_px, s->width_px - by.dx);
    const int32_t y0 = max32(0, -by.dy), y1 = min32(s->height_px, s->height_px - by.dy);
    for (int32_t cy = box.top; cy <= box.bottom; cy++) {
        uint8_t *match = m->match + cy * m->cols;
        memset(match + box.left, 0, (size_t)box.right + 1 - (size_t)box.left);
        const struct codec_rect row = cell_rect(s, box.left, cy);
        if (row.y < y0 || row.y + row.h > y1)
            continue;
        int32_t left = box.left, right = box.right;
        while (left <= right && left * CODEC_CELL_PX < x0)
            left++;
        while (right >= left && min32((right + 1) * CODEC_CELL_PX, s->width_px) > x1)
            right--;
        if (left > right)
            continue;
        memset(match + left, 1, (size_t)right + 1 - (size_t)left);
        const int32_t end = min32((right + 1) * CODEC_CELL_PX, s->width_px);
        for (int32_t y = row.y; y < row.y + row.h; y++)
            for (int32_t c = left; c <= right; c += CODEC_CELLS_PER_TILE) {
                const int32_t cells = min32(CODEC_CELLS_PER_TILE, right + 1 - c), x = c * CODEC_CELL_PX;
                bool any = false;
                for (int32_t i = 0; i < cells; i++)
                    any = any || match[c + i];
                const uint64_t differ =
                    any ? t->compare(codec_truth_at(t, x, y), codec_screen_at(s, x + by.dx, y + by.dy),
                              min32(CODEC_COMPARE_MAX_PX, end - x))
                        : 0;
                for (int32_t i = 0; i < cells && differ != 0; i++)
                    if (differ >> (i * CODEC_CELL_PX) & 0xffffu)
                        match[c + i] = 0;
            }
    }
}

/* The largest rectangle of matching cells of a box, in cells. */
static struct codec_rect largest_match(struct codec_motion *m, struct motion_box box)
{
    int32_t *height = m->line, *stack = m->line + m->lines;
    struct codec_rect best = {0, 0, 0, 0};
    memset(height, 0, m->lines * sizeof *height);
    for (int32_t y = box.top; y <= box.bottom; y++) {
        for (int32_t x = box.left; x <= box.right; x++)
            height[x] = m->match[y * m->cols + x] ? height[x] + 1 : 0;
        int32_t depth = 0;
        for (int32_t x = box.left; x <= box.right + 1; x++) {
            const int32_t h = x <= box.right ? height[x] : 0;
            while (depth > 0 && height[stack[depth - 1]] >= h) {
                const int32_t tall = height[stack[--depth]];
                const int32_t from = depth > 0 ? stack[depth - 1] + 1 : box.left;
                if (tall * (x - from) > best.w * best.h)
                    best = (struct codec_rect){from, y - tall + 1, x - from, tall};
            }
            stack[depth++] = x;
        }
    }
    return best;
}

/* How many cells of a rectangle are still to be explained. */
static int32_t wanted_in(const struct codec_motion *m, struct codec_rect cells)
{
    int32_t n = 0;
    for (int32_t y = cells.y; y < cells.y + cells.h; y++)
        for (int32_t x = cells.x; x < cells.x + cells.w; x++)
            n += m->cell[y * m->cols + x] == MOTION_WANTED;
    return n;
}

static void explain(struct codec_motion *m, int32_t cx, int32_t cy)
{
    uint8_t *cell = &m->cell[cy * m->cols + cx];
    m->unexplained -= *cell == MOTION_WANTED;
    if (*cell == MOTION_WANTED)
        *cell = MOTION_EXPLAINED;
}

/* What moves away shows what was under it: cells for which that will do need no further search. */
static void explain_uncovered(struct codec_motion *m, const struct codec_truth *t,
    const struct codec_screen *s, struct codec_rect src, struct codec_rect dst)
{
    struct codec_rect part[2];
    const int parts = codec_screen_difference(src, dst, part);
    for (int i = 0; i < parts; i++) {
        const struct codec_rect r = part[i];
        for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
            for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++) {
                /* One row of it stands for all: this only saves time. */
                const int32_t x0 = max32(r.x, cx * CODEC_CELL_PX);
                const int32_t x1 = min32(r.x + r.w, (cx + 1) * CODEC_CELL_PX);
                const int32_t y0 = max32(r.y, cy * CODEC_CELL_PX);
                const int32_t y = (y0 + min32(r.y + r.h, (cy + 1) * CODEC_CELL_PX)) / 2;
                const uint32_t *under = codec_screen_under_at(s, x0, y);
                if (under[0] != 0 && t->compare(codec_truth_at(t, x0, y), under, x1 - x0) == 0)
                    explain(m, cx, cy);
            }
    }
}

/* Extend by single pixels: window edges do not lie on cells. */
static struct codec_rect grow(
    const struct codec_truth *t, const struct codec_screen *s, struct codec_rect r, struct motion_vector by)
{
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x, r.y - 1, r.w, 1}, by); i++) {
        r.y--;
        r.h++;
    }
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x, r.y + r.h, r.w, 1}, by); i++)
        r.h++;
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x - 1, r.y, 1, r.h}, by); i++) {
        r.x--;
        r.w++;
    }
    for (int i = 0; i < GROW_PX && equal_at(t, s, (struct codec_rect){r.x + r.w, r.y, 1, r.h}, by); i++)
        r.w++;
    return r;
}

static void use_recently(struct codec_motion *m, struct motion_vector by)
{
    int32_t at = 0;
    while (at < m->recent_count && (m->recent[at].dx != by.dx || m->recent[at].dy != by.dy))
        at++;
    if (at == m->recent_count && m->recent_count < MOTION_RECENT)
        m->recent_count++;
    at = min32(at, m->recent_count - 1);
    memmove(m->recent + 1, m->recent, (size_t)at * sizeof *m->recent);
    m->recent[0] = by;
}

/* Take the rectangles of a box that a vector holds for, largest first. */
static void take_rects(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    struct motion_box box, struct motion_vector by)
{
    find_matches(m, t, s, box, by);
    for (int n = 0; n < MAX_RECTS_PER_VECTOR && m->copies < CODEC_MAX_COPIES; n++) {
        const struct codec_rect cells = largest_match(m, box);
        if (cells.w * cells.h < MIN_RECT_CELLS || wanted_in(m, cells) < MIN_GAIN_CELLS)
            return;
        const struct codec_rect last = cell_rect(s, cells.x + cells.w - 1, cells.y + cells.h - 1);
        struct codec_rect r = {cells.x * CODEC_CELL_PX, cells.y * CODEC_CELL_PX, 0, 0};
        r.w = last.x + last.w - r.x;
        r.h = last.y + last.h - r.y;
        r = grow(t, s, r, by);
        const uint64_t px = (uint64_t)r.w * (uint64_t)r.h;
        if (px > m->max_area - m->area)
            return;
        m->area += px;
        for (int32_t cy = r.y / CODEC_CELL_PX; cy * CODEC_CELL_PX < r.y + r.h; cy++)
            for (int32_t cx = r.x / CODEC_CELL_PX; cx * CODEC_CELL_PX < r.x + r.w; cx++) {
                explain(m, cx, cy);
                m->match[cy * m->cols + cx] = 0;
            }
        explain_uncovered(m, t, s, (struct codec_rect){r.x + by.dx, r.y + by.dy, r.w, r.h}, r);
        m->copy[m->copies++] = (struct codec_copy){r, r.x + by.dx, r.y + by.dy};
        use_recently(m, by);
    }
}

static bool finished(const struct codec_motion *m)
{
    return m->unexplained < MIN_LEFT_CELLS || m->unexplained * LEFT_SHARE < m->changed ||
           m->copies == CODEC_MAX_COPIES;
}

/* What worked before, in the whole box. */
static void try_recent(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s)
{
    struct motion_vector recent[MOTION_RECENT];
    const int32_t count = m->recent_count;
    memcpy(recent, m->recent, sizeof recent);
    for (int32_t i = 0; i < count && !finished(m); i++) {
        m->tried[m->tried_count++] = recent[i];
        if (worth_trying(m, t, s, m->box, recent[i]))
            take_rects(m, t, s, m->box, recent[i]);
    }
}

/* What the caller believes moved, each inside the place it went to. */
static void try_hints(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    const struct codec_move *hints, size_t count)
{
    for (size_t i = 0; i < count && i < MAX_HINTS && !finished(m); i++) {
        const struct codec_move *h = &hints[i];
        const int64_t x = (int64_t)h->from.x + h->dx, y = (int64_t)h->from.y + h->dy;
        const int64_t x1 = x + h->from.w, y1 = y + h->from.h;
        if ((h->dx == 0 && h->dy == 0) || h->dx < -CODEC_MAX_SIDE_PX || h->dx > CODEC_MAX_SIDE_PX ||
            h->dy < -CODEC_MAX_SIDE_PX || h->dy > CODEC_MAX_SIDE_PX || h->from.w <= 0 || h->from.h <= 0 ||
            x1 <= 0 || y1 <= 0 || x >= s->width_px || y >= s->height_px)
            continue;
        const struct motion_box box = {
            .left = x < 0 ? 0 : (int32_t)x / CODEC_CELL_PX,
            .right = x1 > s->width_px ? m->cols - 1 : (int32_t)(x1 - 1) / CODEC_CELL_PX,
            .top = y < 0 ? 0 : (int32_t)y / CODEC_CELL_PX,
            .bottom = y1 > s->height_px ? m->rows - 1 : (int32_t)(y1 - 1) / CODEC_CELL_PX,
        };
        const struct motion_vector by = {-h->dx, -h->dy};
        if (worth_trying(m, t, s, box, by))
            take_rects(m, t, s, box, by);
    }
}

/* What the votes say, in the whole box. */
static void try_votes(
    struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s, int32_t most)
{
    struct motion_vector by;
    int32_t failures = 0;
    for (int32_t n = 0; n < most && failures < MAX_FAILURES && !finished(m) && motion_search_best(m, &by);
         n++) {
        bool again = false;
        for (int32_t i = 0; i < m->tried_count; i++)
            again = again || (m->tried[i].dx == by.dx && m->tried[i].dy == by.dy);
        if (again)
            continue;
        m->tried[m->tried_count++] = by;
        if (!worth_trying(m, t, s, m->box, by))
            continue;
        const size_t before = m->copies;
        take_rects(m, t, s, m->box, by);
        failures = m->copies > before ? 0 : failures + 1;
    }
}

/* Whether a search of the box can be expected to find something: not when most of its change is restless, and
 * the rest only scattered about. */
static bool worth_searching(const struct codec_motion *m)
{
    const struct motion_box b = m->box;
    int32_t wanted = 0, calm = 0;
    for (int32_t y = b.top; y <= b.bottom; y++)
        for (int32_t x = b.left; x <= b.right; x++) {
            const int32_t i = y * m->cols + x;
            wanted += m->cell[i] == MOTION_WANTED;
            calm += m->cell[i] == MOTION_WANTED && motion_calm(m, i);
        }
    return calm * 2 >= wanted || calm * 6 >= (b.right - b.left + 1) * (b.bottom - b.top + 1);
}

/* Whether a copy must come before another: the other writes or uncovers what it reads, or it uncovers what
 * the other writes. */
static bool precedes(const struct codec_copy *a, const struct codec_copy *b)
{
    const struct codec_rect a_src = {a->src_x, a->src_y, a->dst.w, a->dst.h};
    const struct codec_rect b_src = {b->src_x, b->src_y, b->dst.w, b->dst.h};
    struct codec_rect part[2];
    bool before = codec_motion_meet(a_src, b->dst);
    for (int i = codec_screen_difference(b_src, b->dst, part); i-- > 0;)
        before = before || codec_motion_meet(a_src, part[i]);
    for (int i = codec_screen_difference(a_src, a->dst, part); i-- > 0;)
        before = before || codec_motion_meet(part[i], b->dst);
    return before;
}

/* Each after those that must precede it; out of a cycle the largest goes first, as the others may fail then.
 */
static void order_copies(struct codec_motion *m, struct codec_copy out[CODEC_MAX_COPIES])
{
    bool done[CODEC_MAX_COPIES] = {false};
    for (size_t n = 0; n < m->copies; n++) {
        size_t free_one = m->copies, largest = m->copies;
        for (size_t i = 0; i < m->copies && free_one == m->copies; i++) {
            if (done[i])
                continue;
            bool waits = false;
            for (size_t k = 0; k < m->copies && !waits; k++)
                waits = k != i && !done[k] && precedes(&m->copy[k], &m->copy[i]);
            if (!waits)
                free_one = i;
            if (largest == m->copies ||
                m->copy[i].dst.w * m->copy[i].dst.h > m->copy[largest].dst.w * m->copy[largest].dst.h)
                largest = i;
        }
        const size_t next = free_one < m->copies ? free_one : largest;
        done[next] = true;
        out[n] = m->copy[next];
    }
}

size_t codec_motion_find(struct codec_motion *m, const struct codec_truth *t, const struct codec_screen *s,
    const uint16_t *dirty, const struct codec_move *hints, size_t hint_count, uint64_t now_us,
    struct codec_copy out[CODEC_MAX_COPIES])
{
    const int32_t cells = m->cols * m->rows;
    load_cells(m, s, dirty);
    if (m->changed < MIN_CHANGED_CELLS)
        return 0;
    if (now_us - m->searched_us > REST_US)
        memset(m->restless, 0, (size_t)cells);
    m->searched_us = now_us;
    m->all_calm = ++m->searches % SEARCH_ALL_EVERY == 0;
    m->tried_count = 0;
    m->copies = 0;
    m->area = 0;
    find_box(m);
    try_hints(m, t, s, hints, hint_count);
    try_recent(m, t, s);
    const bool search = !finished(m) && worth_searching(m);
    if (search) {
        motion_search_strips(m, t, s);
        try_votes(m, t, s, MAX_STRIP_VECTORS);
    }
    if (search && !finished(m)) {
        motion_search_patterns(m, t, s);
        try_votes(m, t, s, MAX_PATTERN_VECTORS);
    }
    for (int32_t i = 0; i < cells; i++) {
        const uint8_t was = m->restless[i];
        if (m->cell[i] == MOTION_WANTED)
            m->restless[i] = (uint8_t)min32(was + MOTION_UNREST, MOTION_MAX_UNREST);
        else
            m->restless[i] = m->cell[i] == MOTION_EXPLAINED || was == 0 ? 0 : (uint8_t)(was - 1);
    }
    order_copies(m, out);
    return m->copies;
}
