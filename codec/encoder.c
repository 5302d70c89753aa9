#include "codec/encoder.h"

#include "codec/classify.h"
#include "codec/jpeg_encode.h"
#include "codec/message.h"
#include "codec/motion.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_QUALITY = 80,
    MIN_QUALITY = 30,
    MAX_QUALITY = 95,
    STILL_US = 250000,              /* a lossy tile becomes exact when it was unchanged for so long */
    OPS_RESERVE_BYTES = 64 << 10,   /* ends every list of operations early rather than late */
    TILE_RESERVE_BYTES = 192 << 10, /* 12 times the raw pixels: more than one exact tile can cost */
    MIN_CAP_BYTES = 1 << 20,
    MOTION_MIN_CELLS = 48,
    FILL_MIN_TILES = 8,      /* smaller flat areas cost less in the exact coder */
    SMALL_NATURAL_CELLS = 4, /* fewer changed cells of an exact tile stay exact */
    JPEG_MAX_W_CELLS = 64,   /* 1024 x 256 px: small enough to keep to a budget */
    JPEG_MAX_H_CELLS = 16,
    JPEG_MIN_CELLS = 6,      /* less is cheaper exact: a JPEG header has 600 bytes */
    MAX_PICTURES = 512,      /* per message; more wait for the next */
    REFINE_MAX_TILES = 24,   /* per message, about 7 ms of work */
    REFINE_PAUSE_US = 15000, /* then input and moving parts have their turn */
    URGENT_MAX_TILES = 12    /* fresh changes this small go before what waits */
};

struct codec_encoder {
    struct codec_encoder_config config;
    bool start; /* the next message opens an epoch */
    uint16_t epoch;
    uint32_t seq;             /* of the last message */
    struct codec_screen sent; /* the viewer's screen; lossy cells hold what they stand for */
    size_t tiles;
    uint16_t *suspect;    /* owned, per tile: cells that damage touched */
    uint16_t *dirty;      /* owned, per tile: cells that differ from sent */
    uint16_t *picture;    /* owned, per tile: cells that are to go as JPEG */
    uint16_t *extra;      /* owned, per tile: cells of a further exact pass */
    uint64_t *changed_us; /* owned, per tile: last change seen */
    uint32_t *flat;       /* owned, per tile: colour of a flat dirty tile, else FLAT_NONE */
    size_t dirty_cells;
    /* Where the last message stopped for lack of budget, as tiles. */
    size_t next_tile, next_picture, next_refine;
    bool picture_waits; /* the last message had no room for all pictures */
    bool picture_found; /* any cell of picture is set */
    size_t rect_count;
    struct codec_rect rect[MAX_PICTURES]; /* pictures of this message */
    uint64_t deadline_us;
    uint64_t refine_us; /* no refinement before */
    struct codec_motion *motion;
    struct codec_tile_models *models;
    struct codec_patch patch;
    uint32_t src[CODEC_TILE_PX * CODEC_PATCH_STRIDE];
    bool tile_row[CODEC_MAX_SIDE_PX / CODEC_TILE_PX];
    uint8_t ops[OPS_RESERVE_BYTES];
};

/* One call of codec_encoder_encode. */
struct job {
    struct codec_encoder *e;
    struct codec_truth truth;
    uint64_t now_us;
    size_t ops_len;
    size_t budget; /* bytes of the whole message, soft */
    size_t cap;    /* bytes of payload, hard */
    uint8_t *payload;
    size_t coded; /* bytes of finished payload */
    struct codec_range range;
    bool range_open;
    uint64_t paint, max_paint; /* px */
    bool urgent;               /* e->extra marks small fresh changes that go first */
    struct codec_encoder_stats stats;
};

#define FLAT_NONE UINT32_MAX

static void free_screen(struct codec_encoder *e)
{
    codec_screen_finish(&e->sent);
    codec_motion_destroy(e->motion);
    free(e->suspect);
    free(e->dirty);
    free(e->picture);
    free(e->extra);
    free(e->changed_us);
    free(e->flat);
    e->motion = NULL;
    e->suspect = e->dirty = e->picture = e->extra = NULL;
    e->changed_us = NULL;
    e->flat = NULL;
}

static int init_screen(struct codec_encoder *e, int32_t width_px, int32_t height_px)
{
    free_screen(e);
    const int err = codec_screen_init(&e->sent, width_px, height_px);
    if (err < 0)
        return err;
    e->tiles = (size_t)e->sent.tiles_x * (size_t)e->sent.tiles_y;
    e->suspect = calloc(e->tiles, sizeof *e->suspect);
    e->dirty = calloc(e->tiles, sizeof *e->dirty);
    e->picture = calloc(e->tiles, sizeof *e->picture);
    e->extra = calloc(e->tiles, sizeof *e->extra);
    e->changed_us = calloc(e->tiles, sizeof *e->changed_us);
    e->flat = calloc(e->tiles, sizeof *e->flat);
    e->motion = codec_motion_create(width_px, height_px);
    if (!e->suspect || !e->dirty || !e->picture || !e->extra || !e->changed_us || !e->flat || !e->motion) {
        free_screen(e);
        return CODEC_ERR_NOMEM;
    }
    for (int32_t y = 0; y < e->sent.tiles_y; y++)
        for (int32_t x = 0; x < e->sent.tiles_x; x++)
            e->suspect[(size_t)y * (size_t)e->sent.tiles_x + (size_t)x] =
                codec_screen_tile_cells(&e->sent, x, y);
    codec_tile_models_reset(e->models);
    e->dirty_cells = 0;
    e->next_tile = e->next_picture = e->next_refine = 0;
    e->picture_waits = false;
    e->refine_us = 0;
    e->deadline_us = UINT64_MAX;
    e->start = true;
    e->epoch++;
    return 0;
}

struct codec_encoder *codec_encoder_create(const struct codec_encoder_config *config)
{
    if (!codec_size_ok(config->width_px, config->height_px, CODEC_MAX_PIXELS))
        return NULL;
    struct codec_encoder *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->config = *config;
    int *quality = &e->config.jpeg_quality;
    if (*quality == 0)
        *quality = DEFAULT_QUALITY;
    *quality = *quality < MIN_QUALITY ? MIN_QUALITY : *quality > MAX_QUALITY ? MAX_QUALITY : *quality;
    e->models = malloc(sizeof *e->models);
    if (!e->models || init_screen(e, config->width_px, config->height_px) < 0) {
        codec_encoder_destroy(e);
        return NULL;
    }
    return e;
}

void codec_encoder_destroy(struct codec_encoder *e)
{
    if (!e)
        return;
    free_screen(e);
    free(e->models);
    free(e);
}

int codec_encoder_reset(struct codec_encoder *e, int32_t width_px, int32_t height_px)
{
    if (!codec_size_ok(width_px, height_px, CODEC_MAX_PIXELS))
        return CODEC_ERR_RANGE;
    return init_screen(e, width_px, height_px);
}

bool codec_encoder_pending(const struct codec_encoder *e)
{
    return e->start || e->dirty_cells > 0 || e->sent.lossy_cells > 0;
}

uint64_t codec_encoder_deadline_us(const struct codec_encoder *e)
{
    return e->deadline_us;
}

static int32_t tile_x_of(const struct codec_encoder *e, size_t tile)
{
    return (int32_t)(tile % (size_t)e->sent.tiles_x);
}

static int32_t tile_y_of(const struct codec_encoder *e, size_t tile)
{
    return (int32_t)(tile / (size_t)e->sent.tiles_x);
}

static int32_t clamp32(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Cells of a tile that a rectangle touches, both in cells. */
static uint16_t cells_in(int32_t cx0, int32_t cy0, int32_t cx1, int32_t cy1, int32_t tx, int32_t ty)
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
            *s = (uint16_t)(*s | cells_in(cx0, cy0, cx1, cy1, tx, ty));
        }
}

static void set_dirty(struct codec_encoder *e, size_t tile, uint16_t mask)
{
    e->dirty_cells -= (size_t)__builtin_popcount(e->dirty[tile]);
    e->dirty_cells += (size_t)__builtin_popcount(mask);
    e->dirty[tile] = mask;
}

/* Compare what damage touched and what was left over. Returns the cells that newly differ. When they are
 * few and more was waiting, their tiles are marked in e->extra and j->urgent is set. */
static size_t find_dirty(struct job *j, const struct codec_encoder_frame *frame)
{
    struct codec_encoder *e = j->e;
    if (!frame->damage)
        suspect_rect(e, (struct codec_rect){0, 0, e->sent.width_px, e->sent.height_px});
    for (size_t i = 0; frame->damage && i < frame->damage_count; i++)
        suspect_rect(e, frame->damage[i]);
    const bool backlog = e->dirty_cells > 0;
    size_t fresh = 0, fresh_tiles = 0;
    for (size_t t = 0; t < e->tiles; t++) {
        e->extra[t] = 0;
        const uint16_t ask = (uint16_t)(e->suspect[t] | e->dirty[t]);
        if (ask == 0)
            continue;
        const uint16_t now = codec_truth_diff(&j->truth, &e->sent, tile_x_of(e, t), tile_y_of(e, t), ask);
        const int added = __builtin_popcount(now & e->suspect[t]);
        if (added > 0) {
            e->changed_us[t] = j->now_us;
            e->extra[t] = now;
            fresh_tiles++;
        }
        fresh += (size_t)added;
        e->suspect[t] = 0;
        set_dirty(e, t, now);
    }
    j->urgent = backlog && fresh_tiles > 0 && fresh_tiles <= URGENT_MAX_TILES;
    return fresh;
}

static bool put_op(struct job *j, const struct codec_op *op)
{
    const int n = codec_op_write(j->e->ops + j->ops_len, sizeof j->e->ops - j->ops_len, op);
    if (n < 0)
        return false;
    j->ops_len += (size_t)n;
    return true;
}

static bool may_paint(struct job *j, struct codec_rect r)
{
    const uint64_t px = (uint64_t)r.w * (uint64_t)r.h;
    if (px > j->max_paint - j->paint)
        return false;
    j->paint += px;
    return true;
}

/* After a copy or fill that is known to be right: its cells are clean, those at its border are compared. */
static void recheck(struct job *j, struct codec_rect r)
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
            const uint16_t all =
                (uint16_t)(cells_in(cx0, cy0, cx1, cy1, tx, ty) & codec_screen_tile_cells(&e->sent, tx, ty));
            const uint16_t clean = cells_in(in_x0, in_y0, in_x1, in_y1, tx, ty);
            const uint16_t now = codec_truth_diff(&j->truth, &e->sent, tx, ty, (uint16_t)(all & ~clean));
            set_dirty(e, t, (uint16_t)((e->dirty[t] & ~all) | now));
        }
}

/* Compare again all cells that a rectangle touches. */
static void recheck_all(struct job *j, struct codec_rect r)
{
    struct codec_encoder *e = j->e;
    const int32_t cx0 = r.x / CODEC_CELL_PX, cx1 = (r.x + r.w + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t cy0 = r.y / CODEC_CELL_PX, cy1 = (r.y + r.h + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (int32_t ty = r.y / CODEC_TILE_PX; ty * CODEC_TILE_PX < r.y + r.h; ty++)
        for (int32_t tx = r.x / CODEC_TILE_PX; tx * CODEC_TILE_PX < r.x + r.w; tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t ask =
                (uint16_t)(cells_in(cx0, cy0, cx1, cy1, tx, ty) & codec_screen_tile_cells(&e->sent, tx, ty));
            const uint16_t now = codec_truth_diff(&j->truth, &e->sent, tx, ty, ask);
            set_dirty(e, t, (uint16_t)((e->dirty[t] & ~ask) | now));
        }
}

/* Whether what lies under the uncovered part of a move is nearer to the picture than what was left there.
 * When neither is, the move still remembers what it covers. */
static bool under_helps(const struct job *j, const struct codec_rect *part, int n)
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

static void send_moves(struct job *j)
{
    struct codec_encoder *e = j->e;
    if (!codec_motion_start(e->motion, &j->truth, &e->sent, e->dirty))
        return;
    struct codec_move move;
    while (codec_motion_next(e->motion, &j->truth, &e->sent, &move)) {
        const struct codec_rect src = {move.src_x, move.src_y, move.dst.w, move.dst.h};
        struct codec_rect part[2];
        const int parts = codec_screen_difference(src, move.dst, part);
        const bool under = under_helps(j, part, parts);
        const struct codec_op op = {.type = CODEC_OP_COPY,
            .rect = move.dst,
            .src_x = move.src_x,
            .src_y = move.src_y,
            .under = under};
        if (!may_paint(j, move.dst) || !put_op(j, &op))
            return;
        codec_screen_copy(&e->sent, move.dst, move.src_x, move.src_y, under);
        recheck(j, move.dst);
        for (int i = 0; under && i < parts; i++)
            recheck_all(j, part[i]);
        j->stats.copies++;
    }
}

/* The colour of a tile that changed in most cells and is flat now. */
static uint32_t flat_colour(struct job *j, size_t tile)
{
    struct codec_encoder *e = j->e;
    if (__builtin_popcount(e->dirty[tile]) < SMALL_NATURAL_CELLS)
        return FLAT_NONE;
    const int32_t tx = tile_x_of(e, tile), ty = tile_y_of(e, tile);
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

/* Tiles to pixels, cut at the edge. */
static struct codec_rect tiles_rect(const struct codec_encoder *e, struct codec_rect tiles)
{
    struct codec_rect r = {
        tiles.x * CODEC_TILE_PX, tiles.y * CODEC_TILE_PX, tiles.w * CODEC_TILE_PX, tiles.h * CODEC_TILE_PX};
    r.w = r.w < e->sent.width_px - r.x ? r.w : e->sent.width_px - r.x;
    r.h = r.h < e->sent.height_px - r.y ? r.h : e->sent.height_px - r.y;
    return r;
}

static void send_fills(struct job *j)
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
        const int32_t x0 = tile_x_of(e, t), y0 = tile_y_of(e, t);
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
        const struct codec_rect r = tiles_rect(e, (struct codec_rect){x0, y0, x1 - x0, y1 - y0});
        if (!may_paint(j, r) || !put_op(j, &(struct codec_op){.type = CODEC_OP_FILL, .rect = r, .colour = c}))
            return;
        codec_screen_fill(&e->sent, r, c);
        recheck(j, r);
        j->stats.tiles_fill += (uint32_t)n;
    }
}

static size_t used(const struct job *j)
{
    const size_t coding = j->range_open ? (size_t)(j->range.out - j->range.out_start) : 0;
    return CODEC_MESSAGE_HEADER_BYTES + j->ops_len + j->coded + coding;
}

static bool room_for_tile(const struct job *j, size_t budget)
{
    return used(j) < budget && used(j) + TILE_RESERVE_BYTES <= j->cap;
}

/* Code the loaded tile (patch.tile_*, cells, bounds and src are set). */
static void code_tile(struct job *j, size_t tile, enum codec_tile_class class)
{
    struct codec_encoder *e = j->e;
    codec_patch_load(&e->patch, &e->sent);
    codec_tile_write(&j->range, e->models, &e->sent, &e->patch, class, e->src);
    (void)codec_patch_store(&e->patch, &e->sent);
    set_dirty(e, tile, (uint16_t)(e->dirty[tile] & ~e->patch.cells));
    j->stats.tiles_exact++;
}

/* Which cells of a tile a pass wants to code exactly now; 0 for none. Sets patch cells, bounds and src. */
typedef bool (*want_fn)(struct job *j, size_t tile, enum codec_tile_class *out_class);

static bool set_tile(struct job *j, size_t tile, uint16_t cells)
{
    struct codec_encoder *e = j->e;
    e->patch.tile_x = tile_x_of(e, tile);
    e->patch.tile_y = tile_y_of(e, tile);
    e->patch.cells = cells;
    if (!codec_truth_bounds(&j->truth, &e->sent, &e->patch))
        return false;
    codec_truth_load(&j->truth, &e->sent, e->patch.tile_x, e->patch.tile_y, e->src);
    return true;
}

/* Everything dirty; natural cells are put aside when they may be a picture first. */
static bool want_dirty(struct job *j, size_t tile, enum codec_tile_class *out_class)
{
    struct codec_encoder *e = j->e;
    const uint16_t dirty = e->dirty[tile];
    if (!set_tile(j, tile, dirty))
        return false;
    const struct codec_class class = codec_classify(&e->patch, e->src, e->models);
    *out_class = class.tile;
    if (class.tile == CODEC_TILE_TEXT || !e->config.lossy_first ||
        (__builtin_popcount(dirty) < SMALL_NATURAL_CELLS && e->sent.lossy[tile] == 0))
        return true;
    e->picture[tile] = class.natural_cells;
    e->picture_found = true;
    *out_class = CODEC_TILE_TEXT;
    const uint16_t rest = (uint16_t)(dirty & ~class.natural_cells);
    return rest != 0 && set_tile(j, tile, rest);
}

/* Natural cells that lie alone: too few for a picture. */
static bool want_put_back(struct job *j, size_t tile, enum codec_tile_class *out_class)
{
    *out_class = CODEC_TILE_NATURAL;
    return set_tile(j, tile, j->e->dirty[tile]);
}

static bool want_refined(struct job *j, size_t tile, enum codec_tile_class *out_class)
{
    struct codec_encoder *e = j->e;
    if (!set_tile(j, tile, e->sent.lossy[tile]))
        return false;
    *out_class = codec_classify(&e->patch, e->src, e->models).tile;
    return true;
}

/* One EXACT operation over tiles first..last (indices, first <= last): their bounding rectangle, in it
 * those tiles that `todo` marks. Returns where the budget ended, or `end`. */
static size_t code_tiles(
    struct job *j, const uint16_t *todo, size_t begin, size_t end, size_t budget, want_fn want)
{
    struct codec_encoder *e = j->e;
    const int32_t cols = e->sent.tiles_x;
    int32_t x0 = cols, x1 = 0, y0 = e->sent.tiles_y, y1 = 0;
    for (size_t t = begin; t < end; t++) {
        if (todo[t] == 0)
            continue;
        const int32_t x = tile_x_of(e, t), y = tile_y_of(e, t);
        x0 = x < x0 ? x : x0;
        x1 = x + 1 > x1 ? x + 1 : x1;
        y0 = y < y0 ? y : y0;
        y1 = y + 1 > y1 ? y + 1 : y1;
    }
    if (x0 >= x1)
        return end;
    const struct codec_op op = {.type = CODEC_OP_EXACT, .rect = {x0, y0, x1 - x0, y1 - y0}};
    if (!may_paint(j, tiles_rect(e, op.rect)) || !put_op(j, &op))
        return begin;
    if (!j->range_open) {
        codec_range_write_start(&j->range, j->payload, j->cap);
        j->range_open = true;
    }
    size_t stop = end;
    memset(e->tile_row, 0, sizeof e->tile_row);
    for (int32_t y = y0; y < y1; y++) {
        bool left = false;
        for (int32_t x = x0; x < x1; x++) {
            const size_t t = (size_t)y * (size_t)cols + (size_t)x;
            enum codec_tile_class class = CODEC_TILE_TEXT;
            bool now = false;
            if (t >= begin && t < stop && todo[t] != 0) {
                if (room_for_tile(j, budget) || j->stats.tiles_exact == 0)
                    now = want(j, t, &class);
                else
                    stop = t;
            }
            (void)codec_tile_present(&j->range, true, e->models, left, e->tile_row[x - x0], now);
            e->tile_row[x - x0] = left = now;
            if (now)
                code_tile(j, t, class);
        }
    }
    return stop;
}

/* All tiles marked in todo, beginning where the last message had to stop, so that none starves. */
static void code_round(struct job *j, const uint16_t *todo, size_t *next, size_t budget, want_fn want)
{
    const size_t tiles = j->e->tiles, first = *next < tiles ? *next : 0;
    size_t stop = code_tiles(j, todo, first, tiles, budget, want);
    if (stop == tiles && first > 0) {
        stop = code_tiles(j, todo, 0, first, budget, want);
        *next = stop < first ? stop : 0;
        return;
    }
    *next = stop < tiles ? stop : 0;
}

static bool picture_cell(const struct codec_encoder *e, int32_t cx, int32_t cy)
{
    const size_t t =
        (size_t)(cy / CODEC_CELLS_PER_TILE) * (size_t)e->sent.tiles_x + (size_t)(cx / CODEC_CELLS_PER_TILE);
    return e->picture[t] >> (cy % CODEC_CELLS_PER_TILE * CODEC_CELLS_PER_TILE + cx % CODEC_CELLS_PER_TILE) &
           1;
}

/* Set or clear cells of a per-tile mask; r in cells. */
static void change_cells(const struct codec_encoder *e, uint16_t *mask, struct codec_rect r, bool set)
{
    for (int32_t ty = r.y / CODEC_CELLS_PER_TILE; ty * CODEC_CELLS_PER_TILE < r.y + r.h; ty++)
        for (int32_t tx = r.x / CODEC_CELLS_PER_TILE; tx * CODEC_CELLS_PER_TILE < r.x + r.w; tx++) {
            const uint16_t cells = cells_in(r.x, r.y, r.x + r.w, r.y + r.h, tx, ty);
            uint16_t *m = &mask[(size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx];
            *m = (uint16_t)(set ? *m | cells : *m & ~cells);
        }
}

/* Cut the cells put aside into rectangles, largest first to the right, then down. Crumbs are marked in
 * e->extra instead, to be coded exactly. */
static void find_pictures(struct codec_encoder *e)
{
    const int32_t cols = (e->sent.width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t rows = (e->sent.height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t start =
        e->next_picture < e->tiles ? tile_y_of(e, e->next_picture) * CODEC_CELLS_PER_TILE : 0;
    for (int32_t i = 0; i < rows; i++) {
        const int32_t y0 = (start + i) % rows;
        for (int32_t x0 = 0; x0 < cols && e->rect_count < MAX_PICTURES; x0++) {
            if (!picture_cell(e, x0, y0))
                continue;
            int32_t x1 = x0 + 1, y1 = y0 + 1;
            while (x1 < cols && x1 - x0 < JPEG_MAX_W_CELLS && picture_cell(e, x1, y0))
                x1++;
            for (bool all = true; all && y1 < rows && y1 - y0 < JPEG_MAX_H_CELLS;) {
                for (int32_t x = x0; x < x1; x++)
                    all = all && picture_cell(e, x, y1);
                y1 += all;
            }
            const struct codec_rect r = {x0, y0, x1 - x0, y1 - y0};
            change_cells(e, e->picture, r, false);
            if (r.w * r.h < JPEG_MIN_CELLS)
                change_cells(e, e->extra, r, true);
            else
                e->rect[e->rect_count++] = r;
            x0 = x1 - 1;
        }
    }
}

static struct codec_rect cells_rect(const struct codec_encoder *e, struct codec_rect cells)
{
    struct codec_rect r = {
        cells.x * CODEC_CELL_PX, cells.y * CODEC_CELL_PX, cells.w * CODEC_CELL_PX, cells.h * CODEC_CELL_PX};
    r.w = r.w < e->sent.width_px - r.x ? r.w : e->sent.width_px - r.x;
    r.h = r.h < e->sent.height_px - r.y ? r.h : e->sent.height_px - r.y;
    return r;
}

/* From here on the rectangle is lossy, and stands for the picture as it is now. */
static void keep_picture(struct job *j, struct codec_rect cells, struct codec_rect px)
{
    struct codec_encoder *e = j->e;
    codec_screen_keep(&e->sent, px);
    for (int32_t y = px.y; y < px.y + px.h; y++) {
        const uint32_t *from = codec_truth_at(&j->truth, px.x, y);
        uint32_t *to = codec_screen_at(&e->sent, px.x, y);
        for (int32_t x = 0; x < px.w; x++)
            to[x] = from[x] & CODEC_TRUTH_MASK;
    }
    codec_screen_mark_lossy(&e->sent, px);
    for (int32_t ty = cells.y / CODEC_CELLS_PER_TILE; ty * CODEC_CELLS_PER_TILE < cells.y + cells.h; ty++)
        for (int32_t tx = cells.x / CODEC_CELLS_PER_TILE; tx * CODEC_CELLS_PER_TILE < cells.x + cells.w;
             tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t in = cells_in(cells.x, cells.y, cells.x + cells.w, cells.y + cells.h, tx, ty);
            set_dirty(e, t, (uint16_t)(e->dirty[t] & ~in));
            j->stats.tiles_jpeg++;
        }
}

static void send_pictures(struct job *j)
{
    struct codec_encoder *e = j->e;
    e->picture_waits = false;
    e->next_picture = 0;
    for (size_t i = 0; i < e->rect_count; i++) {
        const struct codec_rect r = cells_rect(e, e->rect[i]);
        const bool first = j->stats.tiles_exact == 0 && i == 0;
        int n = CODEC_ERR_SPACE;
        if ((first || used(j) < j->budget) && j->ops_len + CODEC_OP_MAX_BYTES <= sizeof e->ops &&
            may_paint(j, r))
            n = codec_jpeg_encode(
                &j->truth, r, e->config.jpeg_quality, j->payload + j->coded, j->cap - j->coded);
        if (n < 0) {
            e->picture_waits = true;
            e->next_picture = (size_t)(e->rect[i].y / CODEC_CELLS_PER_TILE) * (size_t)e->sent.tiles_x;
            return;
        }
        (void)put_op(j, &(struct codec_op){.type = CODEC_OP_JPEG, .rect = r, .len = (uint32_t)n});
        j->coded += (size_t)n;
        keep_picture(j, e->rect[i], r);
    }
}

/* Mark lossy tiles that have been still for long enough. Returns whether there are any. */
static bool find_refinement(struct job *j)
{
    struct codec_encoder *e = j->e;
    size_t n = 0;
    if (j->now_us < e->refine_us)
        return false;
    memset(e->extra, 0, e->tiles * sizeof *e->extra);
    for (size_t i = 0; i < e->tiles && n < REFINE_MAX_TILES; i++) {
        const size_t t = (e->next_refine + i) % e->tiles;
        if (e->sent.lossy[t] == 0 || e->dirty[t] != 0 || j->now_us - e->changed_us[t] < STILL_US)
            continue;
        e->extra[t] = e->sent.lossy[t];
        n++;
    }
    e->refine_us = n > 0 ? j->now_us + REFINE_PAUSE_US : 0;
    return n > 0;
}

static void set_deadline(struct codec_encoder *e, uint64_t now_us)
{
    e->deadline_us = e->dirty_cells > 0 ? now_us : UINT64_MAX;
    if (e->sent.lossy_cells == 0)
        return;
    uint64_t due = UINT64_MAX;
    for (size_t t = 0; t < e->tiles; t++)
        if (e->sent.lossy[t] != 0 && e->changed_us[t] + STILL_US < due)
            due = e->changed_us[t] + STILL_US;
    due = due < e->refine_us ? e->refine_us : due;
    due = due < now_us ? now_us : due;
    e->deadline_us = due < e->deadline_us ? due : e->deadline_us;
}

static void send_pixels(struct job *j)
{
    struct codec_encoder *e = j->e;
    e->rect_count = 0;
    if (e->dirty_cells > 0) {
        const size_t budget = e->picture_waits ? j->budget / 2 : j->budget;
        e->picture_found = false;
        memset(e->picture, 0, e->tiles * sizeof *e->picture);
        if (j->urgent)
            (void)code_tiles(j, e->extra, 0, e->tiles, budget, want_dirty);
        code_round(j, e->dirty, &e->next_tile, budget, want_dirty);
        if (e->picture_found) {
            memset(e->extra, 0, e->tiles * sizeof *e->extra);
            find_pictures(e);
            (void)code_tiles(j, e->extra, 0, e->tiles, budget, want_put_back);
        }
    }
    /* While something keeps moving, what rests still becomes exact, with a quarter of the budget. */
    if (e->sent.lossy_cells > 0 && find_refinement(j)) {
        const size_t share = e->dirty_cells > 0 ? used(j) + j->budget / 4 : j->budget;
        code_round(j, e->extra, &e->next_refine, share < j->budget ? share : j->budget, want_refined);
    }
    if (j->range_open) {
        j->coded = codec_range_write_end(&j->range);
        j->range_open = false;
    }
    send_pictures(j);
}

static int finish(struct job *j, const struct codec_encoder_frame *frame, uint8_t *out,
    struct codec_encoder_stats *out_stats)
{
    struct codec_encoder *e = j->e;
    if (j->range.full) {
        /* The models have moved on with bytes that do not exist. */
        const int err = init_screen(e, e->sent.width_px, e->sent.height_px);
        return err < 0 ? err : CODEC_ERR_SPACE;
    }
    set_deadline(e, j->now_us);
    j->stats.complete = e->dirty_cells == 0;
    j->stats.exact = e->dirty_cells == 0 && e->sent.lossy_cells == 0;
    if (j->ops_len == 0) {
        j->stats.seq = e->seq;
        *out_stats = j->stats;
        return 0;
    }
    const struct codec_message m = {
        .flags = e->start ? CODEC_MESSAGE_FLAG_START : 0,
        .epoch = e->epoch,
        .seq = ++e->seq,
        .capture_us = frame->capture_us,
        .ops_len = (uint32_t)j->ops_len,
        .payload_len = (uint32_t)j->coded,
    };
    codec_message_write(out, &m);
    memcpy(out + CODEC_MESSAGE_HEADER_BYTES, e->ops, j->ops_len);
    memmove(out + CODEC_MESSAGE_HEADER_BYTES + j->ops_len, j->payload, j->coded);
    e->start = false;
    j->stats.seq = m.seq;
    j->stats.bytes = CODEC_MESSAGE_HEADER_BYTES + j->ops_len + j->coded;
    *out_stats = j->stats;
    return (int)j->stats.bytes;
}

int codec_encoder_encode(struct codec_encoder *e, const struct codec_encoder_frame *frame, uint8_t *out,
    size_t cap, struct codec_encoder_stats *out_stats)
{
    if (cap < MIN_CAP_BYTES)
        return CODEC_ERR_SPACE;
    if (!e->sent.px)
        return CODEC_ERR_NOMEM; /* the last reset failed */
    if (frame->stride_px < (size_t)e->sent.width_px)
        return CODEC_ERR_RANGE;
    const size_t limit = cap < CODEC_MAX_MESSAGE_BYTES ? cap : CODEC_MAX_MESSAGE_BYTES;
    const size_t before_payload = CODEC_MESSAGE_HEADER_BYTES + OPS_RESERVE_BYTES;
    struct job j = {
        .e = e,
        .truth = {frame->pixels, frame->stride_px},
        .now_us = frame->now_us,
        .budget = frame->budget_bytes,
        .payload = out + before_payload,
        .cap = limit - before_payload,
        .max_paint = CODEC_MESSAGE_MAX_PAINT * (uint64_t)e->sent.width_px * (uint64_t)e->sent.height_px,
    };
    if (e->start) {
        const struct codec_op op = {
            .type = CODEC_OP_SIZE, .rect = {0, 0, e->sent.width_px, e->sent.height_px}};
        (void)put_op(&j, &op);
    }
    const size_t fresh = find_dirty(&j, frame);
    if (fresh >= MOTION_MIN_CELLS && !e->start)
        send_moves(&j);
    if (e->dirty_cells >= FILL_MIN_TILES * SMALL_NATURAL_CELLS)
        send_fills(&j);
    if (e->dirty_cells > 0 || e->sent.lossy_cells > 0)
        send_pixels(&j);
    return finish(&j, frame, out, out_stats);
}
