/* What changed, and the parts of it that cost next to nothing: moves and flat areas. */
#include "codec/encoder_internal.h"

#include <string.h>

enum {
    FILL_MIN_TILES = 8,   /* smaller flat areas cost less in the exact coder */
    URGENT_MAX_TILES = 12 /* fresh changes this small go before what waits */
};

#define FLAT_NONE UINT32_MAX

static int32_t clamp32(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

uint16_t codec_cells_in(int32_t cx0, int32_t cy0, int32_t cx1, int32_t cy1, int32_t tx, int32_t ty)
{
    uint32_t mask = 0;
    for (int32_t y = 0; y < CODEC_CELLS_PER_TILE; y++)
        for (int32_t x = 0; x < CODEC_CELLS_PER_TILE; x++) {
            const int32_t cx = tx * CODEC_CELLS_PER_TILE + x, cy = ty * CODEC_CELLS_PER_TILE + y;
            if (cx >= cx0 && cx < cx1 && cy >= cy0 && cy < cy1)
                mask |= 1u << (y * CODEC_CELLS_PER_TILE + x);
        }
    return (uint16_t)mask;
}

bool codec_mask_has(const struct codec_encoder *e, const uint16_t *mask, int32_t cx, int32_t cy)
{
    const size_t t =
        (size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)e->sent.tiles_x + (size_t)(cx / CODEC_CELLS_PER_TILE);
    return mask[t] >> (cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE) & 1;
}

void codec_mask_change(const struct codec_encoder *e, uint16_t *mask, struct codec_rect r, bool set)
{
    for (int32_t ty = r.y / CODEC_CELLS_PER_TILE; ty * CODEC_CELLS_PER_TILE < r.y + r.h; ty++)
        for (int32_t tx = r.x / CODEC_CELLS_PER_TILE; tx * CODEC_CELLS_PER_TILE < r.x + r.w; tx++) {
            const uint16_t cells = codec_cells_in(r.x, r.y, r.x + r.w, r.y + r.h, tx, ty);
            uint16_t *m = &mask[(size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx];
            *m = (uint16_t)(set ? *m | cells : *m & ~cells);
        }
}

struct codec_rect codec_cells_rect(const struct codec_encoder *e, struct codec_rect cells)
{
    struct codec_rect r = {
        cells.x * CODEC_CELL_PX, cells.y * CODEC_CELL_PX, cells.w * CODEC_CELL_PX, cells.h * CODEC_CELL_PX};
    r.w = r.w < e->sent.width_px - r.x ? r.w : e->sent.width_px - r.x;
    r.h = r.h < e->sent.height_px - r.y ? r.h : e->sent.height_px - r.y;
    return r;
}

static void suspect_rect(struct codec_encoder *e, struct codec_rect r)
{
    if (r.w <= 0 || r.h <= 0)
        return;
    /* Damage may reach outside; what lies inside counts. */
    const int64_t right = (int64_t)r.x + r.w, bottom = (int64_t)r.y + r.h;
    const int32_t x0 = clamp32(r.x, 0, e->sent.width_px), y0 = clamp32(r.y, 0, e->sent.height_px);
    const int32_t x1 = right < e->sent.width_px ? (int32_t)right : e->sent.width_px;
    const int32_t y1 = bottom < e->sent.height_px ? (int32_t)bottom : e->sent.height_px;
    if (x0 >= x1 || y0 >= y1)
        return;
    const int32_t cx0 = x0 / CODEC_CELL_PX, cx1 = (x1 + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t cy0 = y0 / CODEC_CELL_PX, cy1 = (y1 + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (int32_t ty = y0 / CODEC_TILE_PX; ty * CODEC_TILE_PX < y1; ty++)
        for (int32_t tx = x0 / CODEC_TILE_PX; tx * CODEC_TILE_PX < x1; tx++) {
            uint16_t *s = &e->suspect[(size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx];
            *s = (uint16_t)(*s | codec_cells_in(cx0, cy0, cx1, cy1, tx, ty));
        }
}

void codec_job_set_dirty(struct codec_encoder *e, size_t tile, uint16_t mask)
{
    e->dirty_cells -= (size_t)__builtin_popcount(e->dirty[tile]);
    e->dirty_cells += (size_t)__builtin_popcount(mask);
    e->dirty[tile] = mask;
}

size_t codec_job_find_dirty(struct codec_job *j, const struct codec_encoder_frame *frame)
{
    struct codec_encoder *e = j->e;
    if (!frame->damage)
        suspect_rect(e, (struct codec_rect){0, 0, e->sent.width_px, e->sent.height_px});
    for (size_t i = 0; frame->damage && i < frame->damage_count; i++)
        suspect_rect(e, frame->damage[i]);
    const bool backlog = e->dirty_cells > 0;
    size_t fresh = 0, fresh_tiles = 0;
    memset(e->extra, 0, e->tiles * sizeof *e->extra);
    for (int32_t ty = 0; ty < e->sent.tiles_y; ty++) {
        uint16_t ask[CODEC_MAX_SIDE_PX / CODEC_TILE_PX], now[CODEC_MAX_SIDE_PX / CODEC_TILE_PX];
        const size_t row = (size_t)ty * (size_t)e->sent.tiles_x;
        int32_t x0 = e->sent.tiles_x, x1 = 0;
        for (int32_t tx = 0; tx < e->sent.tiles_x; tx++) {
            /* What was dirty and was not touched since is dirty still. */
            ask[tx] = e->suspect[row + (size_t)tx];
            j->work_ns += (uint64_t)__builtin_popcount(ask[tx]) * CODEC_COMPARE_CELL_NS;
            if (ask[tx] != 0) {
                x0 = tx < x0 ? tx : x0;
                x1 = tx + 1;
            }
        }
        if (x0 >= x1)
            continue;
        codec_truth_diff(&j->truth, &e->sent, x0, ty, x1 - x0, ask + x0, now + x0);
        for (int32_t tx = x0; tx < x1; tx++) {
            const size_t t = row + (size_t)tx;
            if (ask[tx] == 0)
                continue;
            const uint16_t dirty = (uint16_t)((e->dirty[t] & ~ask[tx]) | now[tx]);
            if (now[tx] != 0) {
                e->changed_us[t] = j->now_us;
                e->extra[t] = dirty;
                fresh_tiles++;
            }
            fresh += (size_t)__builtin_popcount(now[tx]);
            e->suspect[t] = 0;
            codec_job_set_dirty(e, t, dirty);
        }
    }
    j->urgent = backlog && fresh_tiles > 0 && fresh_tiles <= URGENT_MAX_TILES;
    return fresh;
}

bool codec_job_put_op(struct codec_job *j, const struct codec_op *op)
{
    const int n = codec_op_write(j->e->ops + j->ops_len, sizeof j->e->ops - j->ops_len, op);
    if (n < 0)
        return false;
    j->ops_len += (size_t)n;
    return true;
}

bool codec_job_may_paint(struct codec_job *j, struct codec_rect r)
{
    const uint64_t px = (uint64_t)r.w * (uint64_t)r.h;
    if (px > j->max_paint - j->paint)
        return false;
    j->paint += px;
    return true;
}

/* After a copy or fill that is known to be right: its cells are clean, those at its border are compared. */
static void recheck(struct codec_job *j, struct codec_rect r)
{
    struct codec_encoder *e = j->e;
    const int32_t right = r.x + r.w, bottom = r.y + r.h;
    const int32_t cx0 = r.x / CODEC_CELL_PX, cx1 = (right + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t cy0 = r.y / CODEC_CELL_PX, cy1 = (bottom + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    /* Cells wholly inside; at the edge of the screen that means as far as it reaches. */
    const int32_t in_x0 = (r.x + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t in_y0 = (r.y + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t in_x1 = right == e->sent.width_px ? cx1 : right / CODEC_CELL_PX;
    const int32_t in_y1 = bottom == e->sent.height_px ? cy1 : bottom / CODEC_CELL_PX;
    for (int32_t ty = r.y / CODEC_TILE_PX; ty * CODEC_TILE_PX < bottom; ty++)
        for (int32_t tx = r.x / CODEC_TILE_PX; tx * CODEC_TILE_PX < right; tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t all = (uint16_t)(codec_cells_in(cx0, cy0, cx1, cy1, tx, ty) &
                                            codec_screen_tile_cells(&e->sent, tx, ty));
            const uint16_t ask = (uint16_t)(all & ~codec_cells_in(in_x0, in_y0, in_x1, in_y1, tx, ty));
            uint16_t now = 0;
            if (ask != 0)
                codec_truth_diff(&j->truth, &e->sent, tx, ty, 1, &ask, &now);
            codec_job_set_dirty(e, t, (uint16_t)((e->dirty[t] & ~all) | now));
        }
}

/* Whether a cell shows the picture once it is swapped with what lies under it. */
static bool swap_fits(const struct codec_job *j, int32_t x0, int32_t y0, bool lossy)
{
    const struct codec_screen *s = &j->e->sent;
    const int32_t x1 = x0 + CODEC_CELL_PX < s->width_px ? x0 + CODEC_CELL_PX : s->width_px;
    const int32_t y1 = y0 + CODEC_CELL_PX < s->height_px ? y0 + CODEC_CELL_PX : s->height_px;
    for (int32_t y = y0; y < y1; y++) {
        const uint32_t *truth = codec_truth_at(&j->truth, 0, y);
        const uint32_t *sent = codec_screen_at(s, 0, y), *under = codec_screen_under_at(s, 0, y);
        for (int32_t x = x0; x < x1; x++) {
            if (under[x] == 0 && lossy)
                return false;
            const uint32_t shown = under[x] != 0 ? under[x] : sent[x];
            if ((shown ^ truth[x]) & CODEC_TRUTH_MASK)
                return false;
        }
    }
    return true;
}

/* Those of some cells of a tile that swap_fits() holds for. */
static uint32_t swaps_among(const struct codec_job *j, size_t tile, uint32_t cells)
{
    const struct codec_encoder *e = j->e;
    uint32_t fits = 0;
    for (int32_t c = 0; c < CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE; c++) {
        const int32_t x = codec_tile_x_of(e, tile) * CODEC_TILE_PX + c % CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        const int32_t y = codec_tile_y_of(e, tile) * CODEC_TILE_PX + c / CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
        if ((cells >> c & 1u) && swap_fits(j, x, y, e->sent.lossy[tile] >> c & 1))
            fits |= 1u << c;
    }
    return fits;
}

/* Of some cells of a tile those that a look at whole rows does not rule out: where what lies under a place is
 * not the picture, there must be nothing under it, and the screen must be right. */
static uint32_t swap_candidates(const struct codec_job *j, size_t tile, uint32_t cells)
{
    const struct codec_encoder *e = j->e;
    const int32_t tx = codec_tile_x_of(e, tile), ty = codec_tile_y_of(e, tile);
    const int32_t w = codec_screen_tile_w(&e->sent, tx), h = codec_screen_tile_h(&e->sent, ty);
    const int32_t x0 = tx * CODEC_TILE_PX, y0 = ty * CODEC_TILE_PX;
    for (int32_t y = 0; y < h; y++) {
        const uint32_t shift = (uint32_t)(y / CODEC_CELL_PX * CODEC_CELLS_PER_TILE);
        const uint32_t *truth = codec_truth_at(&j->truth, x0, y0 + y);
        const uint32_t *under = codec_screen_under_at(&e->sent, x0, y0 + y);
        uint32_t left = cells >> shift & 15u;
        if (left == 0) {
            y |= CODEC_CELL_PX - 1;
            continue;
        }
        const uint64_t wrong = e->compare(truth, under, w);
        if (wrong == 0)
            continue;
        left &= ~codec_compare_fold(wrong & e->compare(truth, codec_screen_at(&e->sent, x0, y0 + y), w));
        for (uint32_t c = 0; c < CODEC_CELLS_PER_TILE; c++) {
            const uint64_t in = wrong & (uint64_t)0xffffu << (c * CODEC_CELL_PX);
            if (in != 0 && under[__builtin_ctzll(in)] != 0)
                left &= ~(1u << c);
        }
        cells &= ~(15u << shift) | left << shift;
    }
    return cells;
}

size_t codec_job_find_swaps(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    size_t found = 0;
    for (size_t t = 0; t < e->tiles; t++) {
        const uint32_t dirty = e->dirty[t];
        uint32_t fits = dirty != 0 ? swaps_among(j, t, swap_candidates(j, t, dirty)) : 0;
        found += (size_t)__builtin_popcount(fits);
        /* Others only make the rectangles larger. */
        if (fits != 0)
            fits |= swaps_among(j, t,
                codec_screen_tile_cells(&e->sent, codec_tile_x_of(e, t), codec_tile_y_of(e, t)) & ~dirty);
        e->swap[t] = (uint16_t)fits;
    }
    return found;
}

void codec_job_send_swaps(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    const int32_t cols = (e->sent.width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t rows = (e->sent.height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (int32_t y0 = 0; y0 < rows; y0++)
        for (int32_t x0 = 0; x0 < cols; x0++) {
            if (!codec_mask_has(e, e->swap, x0, y0))
                continue;
            int32_t x1 = x0 + 1, y1 = y0 + 1;
            bool dirty = false;
            while (x1 < cols && codec_mask_has(e, e->swap, x1, y0))
                x1++;
            for (bool all = true; all && y1 < rows;) {
                for (int32_t x = x0; x < x1; x++)
                    all = all && codec_mask_has(e, e->swap, x, y1);
                y1 += all;
            }
            for (int32_t y = y0; y < y1; y++)
                for (int32_t x = x0; x < x1; x++)
                    dirty = dirty || codec_mask_has(e, e->dirty, x, y);
            const struct codec_rect cells = {x0, y0, x1 - x0, y1 - y0};
            codec_mask_change(e, e->swap, cells, false);
            if (!dirty)
                continue;
            const struct codec_rect r = codec_cells_rect(e, cells);
            if (!codec_job_may_paint(j, r) ||
                !codec_job_put_op(j, &(struct codec_op){.type = CODEC_OP_SWAP, .rect = r}))
                return;
            codec_screen_swap(&e->sent, r);
            recheck(j, r);
            j->stats.copies++;
        }
}

/* Compare again all cells that a rectangle touches. */
static void recheck_all(struct codec_job *j, struct codec_rect r)
{
    struct codec_encoder *e = j->e;
    const int32_t cx0 = r.x / CODEC_CELL_PX, cx1 = (r.x + r.w + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t cy0 = r.y / CODEC_CELL_PX, cy1 = (r.y + r.h + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (int32_t ty = r.y / CODEC_TILE_PX; ty * CODEC_TILE_PX < r.y + r.h; ty++)
        for (int32_t tx = r.x / CODEC_TILE_PX; tx * CODEC_TILE_PX < r.x + r.w; tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t ask = (uint16_t)(codec_cells_in(cx0, cy0, cx1, cy1, tx, ty) &
                                            codec_screen_tile_cells(&e->sent, tx, ty));
            uint16_t now;
            codec_truth_diff(&j->truth, &e->sent, tx, ty, 1, &ask, &now);
            codec_job_set_dirty(e, t, (uint16_t)((e->dirty[t] & ~ask) | now));
        }
}

/* Whether what lies under the uncovered part of a move is nearer to the picture than what was left there.
 * When neither is, the move still remembers what it covers. */
static bool under_helps(const struct codec_job *j, const struct codec_rect *part, int n)
{
    const struct codec_encoder *e = j->e;
    int64_t gain = 0;
    for (int i = 0; i < n; i++)
        for (int32_t y = part[i].y; y < part[i].y + part[i].h; y++) {
            const uint32_t *truth = codec_truth_at(&j->truth, 0, y);
            const uint32_t *sent = codec_screen_at(&e->sent, 0, y);
            const uint32_t *under = codec_screen_under_at(&e->sent, 0, y);
            for (int32_t x = part[i].x; x < part[i].x + part[i].w; x++) {
                if (under[x] == 0)
                    continue;
                gain += ((under[x] ^ truth[x]) & CODEC_TRUTH_MASK) == 0;
                gain -= ((sent[x] ^ truth[x]) & CODEC_TRUTH_MASK) == 0;
            }
        }
    return gain >= 0;
}

/* The places of the screen that the copies of a message have changed. */
struct written {
    size_t count;
    struct codec_rect rect[3 * CODEC_MAX_COPIES];
};

static bool holds_still(const struct codec_job *j, const struct codec_copy *c, const struct written *w)
{
    const struct codec_rect src = {c->src_x, c->src_y, c->dst.w, c->dst.h};
    bool touched = false;
    for (size_t i = 0; i < w->count; i++)
        touched = touched || codec_motion_meet(src, w->rect[i]);
    return !touched ||
           codec_truth_equals(&j->truth, &j->e->sent, c->dst, c->src_x - c->dst.x, c->src_y - c->dst.y);
}

void codec_job_send_moves(struct codec_job *j, const struct codec_encoder_frame *frame)
{
    struct codec_encoder *e = j->e;
    struct codec_copy copy[CODEC_MAX_COPIES];
    struct written written = {0};
    const size_t n = codec_motion_find(
        e->motion, &j->truth, &e->sent, e->dirty, frame->hints, frame->hint_count, j->now_us, copy);
    for (size_t k = 0; k < n; k++) {
        const struct codec_copy *c = &copy[k];
        if (!holds_still(j, c, &written))
            continue;
        const struct codec_rect src = {c->src_x, c->src_y, c->dst.w, c->dst.h};
        struct codec_rect part[2];
        const int parts = codec_screen_difference(src, c->dst, part);
        const bool under = under_helps(j, part, parts);
        const struct codec_op op = {
            .type = CODEC_OP_COPY, .rect = c->dst, .src_x = c->src_x, .src_y = c->src_y, .under = under};
        codec_job_send_saves(j, copy, n);
        if (!codec_job_may_paint(j, c->dst) || !codec_job_put_op(j, &op))
            return;
        codec_screen_copy(&e->sent, c->dst, c->src_x, c->src_y, under);
        recheck(j, c->dst);
        written.rect[written.count++] = c->dst;
        for (int i = 0; under && i < parts; i++) {
            recheck_all(j, part[i]);
            written.rect[written.count++] = part[i];
        }
        j->stats.copies++;
    }
}

/* The colour of a tile that changed in most cells and is flat now. */
static uint32_t flat_colour(struct codec_job *j, size_t tile)
{
    struct codec_encoder *e = j->e;
    if (__builtin_popcount(e->dirty[tile]) < CODEC_SMALL_CELLS)
        return FLAT_NONE;
    const int32_t tx = codec_tile_x_of(e, tile), ty = codec_tile_y_of(e, tile);
    const int32_t w = codec_screen_tile_w(&e->sent, tx), h = codec_screen_tile_h(&e->sent, ty);
    const uint32_t *p = codec_truth_at(&j->truth, tx * CODEC_TILE_PX, ty * CODEC_TILE_PX);
    const uint32_t c = p[0];
    for (int32_t y = 0; y < h; y++, p += j->truth.stride_px) {
        uint32_t d = 0;
        for (int32_t x = 0; x < w; x++)
            d |= p[x] ^ c;
        if (d & CODEC_TRUTH_MASK)
            return FLAT_NONE;
    }
    return c & CODEC_TRUTH_MASK;
}

struct codec_rect codec_tiles_rect(const struct codec_encoder *e, struct codec_rect tiles)
{
    struct codec_rect r = {
        tiles.x * CODEC_TILE_PX, tiles.y * CODEC_TILE_PX, tiles.w * CODEC_TILE_PX, tiles.h * CODEC_TILE_PX};
    r.w = r.w < e->sent.width_px - r.x ? r.w : e->sent.width_px - r.x;
    r.h = r.h < e->sent.height_px - r.y ? r.h : e->sent.height_px - r.y;
    return r;
}

void codec_job_send_fills(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    const int32_t cols = e->sent.tiles_x, rows = e->sent.tiles_y;
    size_t flat = 0;
    for (size_t t = 0; t < e->tiles; t++) {
        e->flat[t] = e->dirty[t] ? flat_colour(j, t) : FLAT_NONE;
        flat += e->flat[t] != FLAT_NONE;
    }
    for (size_t t = 0; t < e->tiles && flat >= FILL_MIN_TILES; t++) {
        const uint32_t c = e->flat[t];
        if (c == FLAT_NONE)
            continue;
        const int32_t x0 = codec_tile_x_of(e, t), y0 = codec_tile_y_of(e, t);
        int32_t x1 = x0 + 1, y1 = y0 + 1;
        while (x1 < cols && e->flat[t + (size_t)(x1 - x0)] == c)
            x1++;
        for (bool same = true; same && y1 < rows;) {
            for (int32_t x = x0; x < x1; x++)
                same = same && e->flat[(size_t)y1 * (size_t)cols + (size_t)x] == c;
            y1 += same;
        }
        for (int32_t y = y0; y < y1; y++)
            for (int32_t x = x0; x < x1; x++)
                e->flat[(size_t)y * (size_t)cols + (size_t)x] = FLAT_NONE;
        const int32_t n = (x1 - x0) * (y1 - y0);
        if (n < FILL_MIN_TILES)
            continue;
        const struct codec_rect r = codec_tiles_rect(e, (struct codec_rect){x0, y0, x1 - x0, y1 - y0});
        if (!codec_job_may_paint(j, r) ||
            !codec_job_put_op(j, &(struct codec_op){.type = CODEC_OP_FILL, .rect = r, .colour = c}))
            return;
        codec_screen_fill(&e->sent, r, c);
        recheck(j, r);
        j->stats.tiles_fill += (uint32_t)n;
    }
}
