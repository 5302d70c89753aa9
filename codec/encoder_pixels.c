/* The pixels themselves: exact tiles, pictures of natural content, and its refinement to exact. */
#include "codec/encoder_internal.h"

#include "codec/jpeg_encode.h"

#include <string.h>

enum {
    STILL_US = 250000,              /* a lossy tile becomes exact when it was unchanged for so long */
    TILE_RESERVE_BYTES = 192 << 10, /* 12 times the raw pixels: more than one exact tile can cost */
    JPEG_MAX_W_CELLS = 64,          /* 1024 x 256 px: small enough to keep to a budget */
    JPEG_MAX_H_CELLS = 16,
    JPEG_HEADER_BYTES = 600,
    JPEG_MIN_CELLS = 6,      /* less is cheaper exact: a JPEG header has 600 bytes */
    REFINE_MAX_TILES = 24,   /* per message */
    REFINE_PAUSE_US = 15000, /* then input and moving parts have their turn */
    LEVELS = 3
};

/* What a pixel costs: of each exact coder with all around it, of a JPEG, and to be classified. */
enum { TEXT_PX_NS = 18, NATURAL_PX_NS = 45, JPEG_PX_NS = 8, CLASSIFY_PX_NS = 3 };
/* The rest of a row of tiles is added to its pictures, so that they are whole bands. */
enum { ROW_NS = 1500000 };
/* What crumbs of pictures, and then refinement, may do in a call that is full already. */
enum { EXTRA_NS = 2000000 };
/* Natural pixels go exact at once, without a JPEG, when coding, sending and decoding them takes no longer
 * than this; those that went as JPEG before only at three quarters of it, so that an area does not flip. */
enum { AT_ONCE_NS = 6000000, DECODE_PX_NS = 40, NATURAL_MILLI_BYTES_PER_PX = 800 };

/* Qualities below the configured one, for when a picture would not fit the budget, and what a pixel of
 * usual content costs at each in 1/1000 byte. The last is the configured one. */
static const struct {
    int quality;
    uint32_t milli_bytes_per_px;
} LEVEL[LEVELS] = {{40, 70}, {60, 100}, {0, 160}};

size_t codec_job_used(const struct codec_job *j)
{
    const size_t coding = j->out_open ? codec_tile_out_bytes(&j->out) : 0;
    return CODEC_MESSAGE_HEADER_BYTES + j->ops_len + j->coded + coding;
}

static uint64_t cells_px(uint16_t cells)
{
    return (uint64_t)__builtin_popcount(cells) * CODEC_CELL_PX * CODEC_CELL_PX;
}

static bool room_for_tile(const struct codec_job *j, size_t budget)
{
    return codec_job_used(j) < budget && codec_tile_out_room(&j->out) >= TILE_RESERVE_BYTES &&
           j->work_ns < j->most_ns;
}

/* Code the loaded tile (patch.tile_*, cells, bounds and src are set). */
static void code_tile(struct codec_job *j, size_t tile, enum codec_tile_class class)
{
    struct codec_encoder *e = j->e;
    codec_patch_load(&e->patch, &e->sent);
    codec_tile_write(&j->out, e->models, &e->sent, &e->patch, class, e->src);
    const size_t px = codec_patch_store(&e->patch, &e->sent);
    codec_job_set_dirty(e, tile, (uint16_t)(e->dirty[tile] & ~e->patch.cells));
    j->work_ns += px * (class == CODEC_TILE_NATURAL ? NATURAL_PX_NS : TEXT_PX_NS);
    j->stats.tiles_exact++;
}

/* Which cells of a tile a pass wants to code exactly now: sets the patch's cells and bounds, src and the
 * class, or returns false for none. */
typedef bool (*want_fn)(struct codec_job *j, size_t tile, enum codec_tile_class *out_class);

static bool set_tile(struct codec_job *j, size_t tile, uint16_t cells)
{
    struct codec_encoder *e = j->e;
    e->patch.tile_x = codec_tile_x_of(e, tile);
    e->patch.tile_y = codec_tile_y_of(e, tile);
    e->patch.cells = cells;
    if (!codec_truth_bounds(&j->truth, &e->sent, &e->patch))
        return false;
    codec_truth_load(&j->truth, &e->sent, e->patch.tile_x, e->patch.tile_y, e->src);
    return true;
}

/* What a changed tile is. Looked at once for each change: a tile that waits is not classified again. False
 * when nothing of it differs after all. */
static bool know_tile(struct codec_job *j, size_t tile)
{
    struct codec_encoder *e = j->e;
    struct codec_known *known = &e->known[tile];
    const uint16_t dirty = e->dirty[tile];
    if (known->changed_us == e->changed_us[tile] && known->dirty == dirty)
        return true;
    if (!set_tile(j, tile, dirty)) {
        codec_job_set_dirty(e, tile, 0);
        return false;
    }
    known->changed_us = e->changed_us[tile];
    known->dirty = dirty;
    known->is = codec_classify(&e->patch, e->src, e->models);
    j->work_ns += cells_px(dirty) * CLASSIFY_PX_NS;
    codec_job_video_seen(j, tile, dirty, known->is.tile == CODEC_TILE_NATURAL ? known->is.natural_cells : 0);
    return true;
}

/* Everything dirty; natural cells are put aside when they may be a picture first. */
static bool want_dirty(struct codec_job *j, size_t tile, enum codec_tile_class *out_class)
{
    struct codec_encoder *e = j->e;
    if (!know_tile(j, tile))
        return false;
    const uint16_t dirty = e->dirty[tile];
    const struct codec_class class = e->known[tile].is;
    *out_class = class.tile;
    if (class.tile == CODEC_TILE_TEXT || !e->config.lossy_first ||
        (__builtin_popcount(dirty) < CODEC_SMALL_CELLS && e->sent.lossy[tile] == 0))
        return set_tile(j, tile, dirty);
    e->picture[tile] = class.natural_cells;
    e->picture_found = true;
    j->work_ns += cells_px(class.natural_cells) * JPEG_PX_NS;
    *out_class = CODEC_TILE_TEXT;
    const uint16_t rest = (uint16_t)(dirty & ~class.natural_cells);
    return rest != 0 && set_tile(j, tile, rest);
}

/* The part of it that is not natural: an answer to an input. */
static bool want_answer(struct codec_job *j, size_t tile, enum codec_tile_class *out_class)
{
    const struct codec_encoder *e = j->e;
    if (!know_tile(j, tile))
        return false;
    const struct codec_class class = e->known[tile].is;
    const uint16_t natural = class.tile == CODEC_TILE_NATURAL ? class.natural_cells : 0;
    const uint16_t rest = (uint16_t)(e->dirty[tile] & ~natural);
    *out_class = CODEC_TILE_TEXT;
    return rest != 0 && set_tile(j, tile, rest);
}

/* Natural cells that lie alone: too few for a picture. */
static bool want_put_back(struct codec_job *j, size_t tile, enum codec_tile_class *out_class)
{
    *out_class = CODEC_TILE_NATURAL;
    return set_tile(j, tile, j->e->extra[tile]);
}

static bool want_refined(struct codec_job *j, size_t tile, enum codec_tile_class *out_class)
{
    struct codec_encoder *e = j->e;
    if (!set_tile(j, tile, e->extra[tile]))
        return false;
    *out_class = codec_classify(&e->patch, e->src, e->models).tile;
    return true;
}

/* Whether the tile before it in its row is to be a picture, which then goes on to the end of the row. */
static bool ends_band(const struct codec_job *j, size_t tile, int32_t before)
{
    return before > 0 && j->e->picture[tile - 1] != 0 && j->work_ns < j->most_ns + ROW_NS;
}

/* One EXACT operation over the tiles begin..end - 1 that `todo` marks: their bounding rectangle, and in it
 * those that the pass wants. Returns the tile at which the budget ended, or `end`. */
static size_t code_tiles(
    struct codec_job *j, const uint16_t *todo, size_t begin, size_t end, size_t budget, want_fn want)
{
    struct codec_encoder *e = j->e;
    const int32_t cols = e->sent.tiles_x;
    int32_t x0 = cols, x1 = 0, y0 = e->sent.tiles_y, y1 = 0;
    for (size_t t = begin; t < end; t++) {
        if (todo[t] == 0)
            continue;
        const int32_t x = codec_tile_x_of(e, t), y = codec_tile_y_of(e, t);
        x0 = x < x0 ? x : x0;
        x1 = x + 1 > x1 ? x + 1 : x1;
        y0 = y < y0 ? y : y0;
        y1 = y + 1 > y1 ? y + 1 : y1;
    }
    if (x0 >= x1)
        return end;
    const struct codec_op op = {.type = CODEC_OP_EXACT, .rect = {x0, y0, x1 - x0, y1 - y0}};
    if (!codec_job_may_paint(j, codec_tiles_rect(e, op.rect)) || !codec_job_put_op(j, &op))
        return begin;
    if (!j->out_open) {
        codec_tile_out_start(&j->out, j->payload, j->cap, e->scratch);
        j->out_open = true;
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
                if (room_for_tile(j, budget) || !j->tried || ends_band(j, t, x - x0))
                    now = want(j, t, &class);
                else
                    stop = t;
                j->tried = true;
            }
            (void)codec_tile_present(&j->out.range, true, e->models, left, e->tile_row[x - x0], now);
            e->tile_row[x - x0] = left = now;
            if (now)
                code_tile(j, t, class);
        }
    }
    return stop;
}

/* All tiles marked in todo, beginning where the last message had to stop, so that none starves. */
static void code_round(struct codec_job *j, const uint16_t *todo, size_t *next, size_t budget, want_fn want)
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

/* Cut the cells put aside into rectangles, largest first to the right, then down. Crumbs are marked in
 * e->extra instead, to be coded exactly. */
static void find_pictures(struct codec_encoder *e)
{
    const int32_t cols = (e->sent.width_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t rows = (e->sent.height_px + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t start =
        e->next_picture < e->tiles ? codec_tile_y_of(e, e->next_picture) * CODEC_CELLS_PER_TILE : 0;
    for (int32_t i = 0; i < rows; i++) {
        const int32_t y0 = (start + i) % rows;
        for (int32_t x0 = 0; x0 < cols && e->rect_count < CODEC_MAX_PICTURES; x0++) {
            if (!codec_mask_has(e, e->picture, x0, y0))
                continue;
            int32_t x1 = x0 + 1, y1 = y0 + 1;
            while (x1 < cols && x1 - x0 < JPEG_MAX_W_CELLS && codec_mask_has(e, e->picture, x1, y0))
                x1++;
            for (bool all = true; all && y1 < rows && y1 - y0 < JPEG_MAX_H_CELLS;) {
                for (int32_t x = x0; x < x1; x++)
                    all = all && codec_mask_has(e, e->picture, x, y1);
                y1 += all;
            }
            const struct codec_rect r = {x0, y0, x1 - x0, y1 - y0};
            codec_mask_change(e, e->picture, r, false);
            if (r.w * r.h < JPEG_MIN_CELLS)
                codec_mask_change(e, e->extra, r, true);
            else
                e->rect[e->rect_count++] = r;
            x0 = x1 - 1;
        }
    }
}

/* Whether the pictures found are so little for this link that they should be exact at once. */
static bool small_enough(const struct codec_job *j)
{
    const struct codec_encoder *e = j->e;
    uint64_t px = 0, lossy_px = 0;
    if (j->rate_Bps == 0)
        return false;
    for (size_t t = 0; t < e->tiles; t++) {
        px += cells_px(e->picture[t]);
        lossy_px += cells_px(e->picture[t] & e->sent.lossy[t]);
    }
    const uint64_t most_ns = lossy_px * 2 > px ? AT_ONCE_NS / 4 * 3 : AT_ONCE_NS;
    const uint64_t bytes = px * NATURAL_MILLI_BYTES_PER_PX / 1000;
    return px * (NATURAL_PX_NS + DECODE_PX_NS) + bytes * 1000000000u / j->rate_Bps <= most_ns &&
           j->work_ns + px * (NATURAL_PX_NS - JPEG_PX_NS) <= j->most_ns &&
           codec_job_used(j) + bytes <= j->budget;
}

/* From here on the rectangle is lossy, and stands for the picture as it is now. */
static void keep_picture(struct codec_job *j, struct codec_rect cells, struct codec_rect px)
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
            const uint16_t in =
                codec_cells_in(cells.x, cells.y, cells.x + cells.w, cells.y + cells.h, tx, ty);
            codec_job_set_dirty(e, t, (uint16_t)(e->dirty[t] & ~in));
            j->stats.tiles_jpeg++;
        }
}

/* The best quality at which all pictures should fit what is left of the budget. */
static int choose_level(const struct codec_job *j)
{
    const struct codec_encoder *e = j->e;
    uint64_t px = 0;
    for (size_t i = 0; i < e->rect_count; i++)
        px += (uint64_t)e->rect[i].w * (uint64_t)e->rect[i].h * CODEC_CELL_PX * CODEC_CELL_PX;
    const size_t left = codec_job_used(j) < j->budget ? j->budget - codec_job_used(j) : 0;
    int level = LEVELS - 1;
    while (level > 0 && px * LEVEL[level].milli_bytes_per_px / 1000 * e->picture_cost / 256 > left)
        level--;
    return level;
}

/* Learn how this content compares to the usual: e->picture_cost, in 1/256. */
static void learn_cost(struct codec_encoder *e, int level, struct codec_rect r, size_t bytes)
{
    const uint64_t usual =
        (uint64_t)r.w * (uint64_t)r.h * LEVEL[level].milli_bytes_per_px / 1000 + JPEG_HEADER_BYTES;
    const uint64_t cost = (uint64_t)bytes * 256 / usual;
    e->picture_cost = (uint32_t)((3u * (uint64_t)e->picture_cost + (cost > 4096 ? 4096 : cost)) / 4);
}

static void send_pictures(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    e->picture_waits = false;
    e->next_picture = 0;
    const int level = choose_level(j);
    const int top = e->config.jpeg_quality;
    const int quality = level == LEVELS - 1 || LEVEL[level].quality > top ? top : LEVEL[level].quality;
    for (size_t i = 0; i < e->rect_count; i++) {
        const struct codec_rect r = codec_cells_rect(e, e->rect[i]);
        const bool first = j->stats.tiles_exact == 0 && i == 0;
        int n = CODEC_ERR_SPACE;
        if ((first || codec_job_used(j) < j->budget) && j->ops_len + CODEC_OP_MAX_BYTES <= sizeof e->ops &&
            codec_job_may_paint(j, r))
            n = codec_jpeg_encode(&j->truth, r, quality, j->payload + j->coded, j->cap - j->coded);
        if (n < 0) {
            e->picture_waits = true;
            e->next_picture = (size_t)(e->rect[i].y / CODEC_CELLS_PER_TILE) * (size_t)e->sent.tiles_x;
            return;
        }
        (void)codec_job_put_op(j, &(struct codec_op){.type = CODEC_OP_JPEG, .rect = r, .len = (uint32_t)n});
        j->coded += (size_t)n;
        learn_cost(e, level, r, (size_t)n);
        keep_picture(j, e->rect[i], r);
    }
}

/* Mark lossy tiles that have been still for long enough. Returns whether there are any. */
static bool find_refinement(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    size_t n = 0;
    if (j->now_us < e->refine_us)
        return false;
    memset(e->extra, 0, e->tiles * sizeof *e->extra);
    for (size_t i = 0; i < e->tiles && n < REFINE_MAX_TILES; i++) {
        const size_t t = (e->next_refine + i) % e->tiles;
        if (e->sent.lossy[t] == 0)
            continue;
        uint16_t cells = e->sent.lossy[t];
        if (!codec_job_video_settled(j, t, &cells) &&
            (e->dirty[t] != 0 || j->now_us - e->changed_us[t] < STILL_US))
            continue;
        if (cells == 0)
            continue;
        e->extra[t] = cells;
        n++;
    }
    e->refine_us = n > 0 ? j->now_us + REFINE_PAUSE_US : 0;
    return n > 0;
}

void codec_job_set_deadline(struct codec_encoder *e, uint64_t now_us)
{
    uint64_t due = UINT64_MAX;
    for (size_t t = 0; e->sent.lossy_cells > 0 && t < e->tiles; t++)
        if (e->sent.lossy[t] != 0 && e->changed_us[t] + STILL_US < due &&
            !codec_videos_touch(e->videos, &e->sent, t, now_us))
            due = e->changed_us[t] + STILL_US;
    due = due < e->refine_us ? e->refine_us : due;
    const uint64_t video = codec_videos_deadline_us(e->videos, now_us);
    due = video < due ? video : due;
    if (e->dirty_cells > 0 || codec_videos_wait(e->videos, now_us) || due < now_us)
        due = now_us;
    e->deadline_us = due;
}

static void allow_extra(struct codec_job *j)
{
    j->most_ns = j->most_ns > j->work_ns + EXTRA_NS ? j->most_ns : j->work_ns + EXTRA_NS;
}

static void end_tiles(struct codec_job *j)
{
    if (!j->out_open)
        return;
    j->coded = codec_tile_out_end(&j->out);
    j->out_open = false;
}

void codec_job_send_pixels(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    e->rect_count = 0;
    if (j->echo && e->dirty_cells > 0) {
        (void)code_tiles(j, e->dirty, 0, e->tiles, j->budget, want_answer);
        if (j->stats.tiles_exact > 0) {
            end_tiles(j);
            return;
        }
    }
    if (e->dirty_cells > 0) {
        const size_t budget = e->picture_waits ? j->budget / 2 : j->budget;
        e->picture_found = false;
        memset(e->picture, 0, e->tiles * sizeof *e->picture);
        if (j->urgent)
            (void)code_tiles(j, e->extra, 0, e->tiles, budget, want_dirty);
        code_round(j, e->dirty, &e->next_tile, budget, want_dirty);
        if (e->picture_found) {
            if (small_enough(j)) {
                memcpy(e->extra, e->picture, e->tiles * sizeof *e->extra);
            } else {
                memset(e->extra, 0, e->tiles * sizeof *e->extra);
                find_pictures(e);
            }
            allow_extra(j);
            (void)code_tiles(j, e->extra, 0, e->tiles, budget, want_put_back);
        }
    }
    /* While something keeps moving, what rests still becomes exact, with a quarter of the budget. */
    if (e->sent.lossy_cells > 0 && find_refinement(j)) {
        allow_extra(j);
        const size_t share = e->dirty_cells > 0 ? codec_job_used(j) + j->budget / 4 : j->budget;
        code_round(j, e->extra, &e->next_refine, share < j->budget ? share : j->budget, want_refined);
    }
    end_tiles(j);
    send_pictures(j);
}
