/* Screens that come back: which tiles the viewer is to save before they are replaced, and which it has. */
#include "codec/encoder_internal.h"

#include <string.h>

enum {
    REST_US = 500000,     /* what stood for less is passing by */
    BURST_TILES = 16,     /* so many replaced at once are another screen, and kept at first sight */
    LOADS_MIN_CELLS = 64, /* less is no screen */
    EDGES_MIN = 32,       /* fewer pixels unlike their neighbours cost less than a slot is worth */
    SHARE_OF_SLOTS = 2    /* one message takes at most this part of all slots */
};

enum { STOOD_NOT, STOOD, STOOD_FROM_SLOT }; /* for long enough; and was loaded, so the viewer has it */

static struct codec_tile_view view_of(
    const struct codec_encoder *e, const uint32_t *px, size_t stride_px, size_t tile)
{
    const int32_t tx = codec_tile_x_of(e, tile), ty = codec_tile_y_of(e, tile);
    return (struct codec_tile_view){
        .px = px + (size_t)ty * CODEC_TILE_PX * stride_px + (size_t)tx * CODEC_TILE_PX,
        .stride_px = stride_px,
        .w = codec_screen_tile_w(&e->sent, tx),
        .h = codec_screen_tile_h(&e->sent, ty),
    };
}

void codec_job_begin_slots(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    if (!e->slots)
        return;
    codec_slots_begin(e->slots);
    for (size_t t = 0; t < e->tiles; t++) {
        const struct codec_shown *shown = &e->shown[t];
        if (e->dirty[t] != 0 || e->sent.lossy[t] != 0 || j->now_us - e->changed_us[t] < REST_US)
            e->stood[t] = STOOD_NOT;
        else if (shown->changed_us != 0 && shown->changed_us == e->changed_us[t] &&
                 codec_slots_serial(e->slots, shown->slot) == shown->serial)
            e->stood[t] = STOOD_FROM_SLOT;
        else
            e->stood[t] = STOOD;
    }
}

/* One colour: never in a slot, as it costs nothing. */
static bool flat(const struct codec_tile_view *view)
{
    const uint32_t colour = view->px[0];
    for (int32_t y = 0; y < view->h; y++) {
        const uint32_t *row = view->px + (size_t)y * view->stride_px;
        uint32_t differs = 0;
        for (int32_t x = 0; x < view->w; x++)
            differs |= row[x] ^ colour;
        if (differs & CODEC_TRUTH_MASK)
            return false;
    }
    return true;
}

void codec_job_find_loads(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    if (!e->slots || codec_slots_empty(e->slots))
        return;
    size_t loads = 0, flats = 0; /* cells */
    memset(e->load, 0, e->tiles * sizeof *e->load);
    for (size_t t = 0; t < e->tiles; t++) {
        /* extra: changed in this message; what waits from earlier ones was looked up then. */
        if (e->dirty[t] == 0 || e->extra[t] == 0)
            continue;
        const size_t cells = (size_t)__builtin_popcount(e->dirty[t]);
        const struct codec_tile_view view = view_of(e, j->truth.pixels, j->truth.stride_px, t);
        if (flat(&view)) {
            flats += cells;
            continue;
        }
        const int32_t slot = codec_slots_find(e->slots, codec_slots_hash(e->slots, &view), &view);
        if (slot < 0)
            continue;
        e->load[t] = (uint16_t)(slot + 1);
        j->loads++;
        loads += cells;
    }
    if (loads < LOADS_MIN_CELLS || loads * 2 < e->dirty_cells - flats)
        return;
    /* A screen that comes back: nobody else needs to look at what the slots make right. */
    for (size_t t = 0; t < e->tiles; t++)
        if (e->load[t] != 0)
            codec_job_set_dirty(e, t, 0);
    j->back = true;
}

/* Whether the tile would cost more than a few bytes. */
static bool worth(const struct codec_tile_view *view)
{
    uint32_t edges = 0;
    const uint32_t *above = view->px;
    for (int32_t y = 0; y < view->h && edges < EDGES_MIN; y++) {
        const uint32_t *row = view->px + (size_t)y * view->stride_px;
        for (int32_t x = 1; x < view->w; x++)
            edges += (row[x] != row[x - 1]) | (row[x] != above[x]);
        above = row;
    }
    return edges >= EDGES_MIN;
}

/* All of a tile is the source of a move, so that it is still on the screen afterwards. */
static bool stays(const struct codec_encoder *e, size_t tile, const struct codec_copy *moves, size_t count)
{
    const struct codec_rect t =
        codec_tiles_rect(e, (struct codec_rect){codec_tile_x_of(e, tile), codec_tile_y_of(e, tile), 1, 1});
    for (size_t i = 0; i < count; i++) {
        const struct codec_copy *m = &moves[i];
        if (t.x >= m->src_x && t.y >= m->src_y && t.x + t.w <= m->src_x + m->dst.w &&
            t.y + t.h <= m->src_y + m->dst.h)
            return true;
    }
    return false;
}

/* Tiles and slots that go on together: one operation. */
struct run {
    enum codec_op_type type;
    size_t tile, slot, count;
};

static void end_run(struct codec_job *j, struct run *run)
{
    if (run->count > 0)
        (void)codec_job_put_op(j, &(struct codec_op){.type = run->type,
                                      .tile = (uint32_t)run->tile,
                                      .slot = (uint32_t)run->slot,
                                      .count = (uint32_t)run->count});
    run->count = 0;
}

static void add_to_run(struct codec_job *j, struct run *run, size_t tile, size_t slot)
{
    if (tile != run->tile + run->count || slot != run->slot + run->count)
        end_run(j, run);
    if (run->count == 0) {
        run->tile = tile;
        run->slot = slot;
    }
    run->count++;
}

/* For the run that goes on, and one more. */
static bool room_for_runs(const struct codec_job *j)
{
    return sizeof j->e->ops - j->ops_len >= 2 * CODEC_OP_MAX_BYTES;
}

void codec_job_send_saves(struct codec_job *j, const struct codec_copy *moves, size_t move_count)
{
    struct codec_encoder *e = j->e;
    if (!e->slots || j->saved)
        return;
    j->saved = true;
    size_t leaving = 0;
    for (size_t t = 0; t < e->tiles; t++) {
        if ((e->dirty[t] == 0 && e->load[t] == 0) || stays(e, t, moves, move_count))
            e->stood[t] = STOOD_NOT;
        leaving += e->stood[t] != STOOD_NOT;
    }
    const bool burst = leaving >= BURST_TILES;
    size_t left = e->config.cache_slots / SHARE_OF_SLOTS;
    struct run run = {.type = CODEC_OP_SAVE};
    for (size_t t = 0; t < e->tiles && left > 0; t++) {
        if (e->stood[t] == STOOD_FROM_SLOT)
            codec_slots_use(e->slots, e->shown[t].slot);
        if (e->stood[t] != STOOD)
            continue;
        const struct codec_tile_view view = view_of(e, e->sent.px, e->sent.stride_px, t);
        if (!worth(&view))
            continue;
        const uint64_t hash = codec_slots_hash(e->slots, &view);
        if ((!codec_slots_seen(e->slots, hash) && !burst) || codec_slots_find(e->slots, hash, &view) >= 0)
            continue;
        if (!room_for_runs(j) || !codec_job_may_paint(j, (struct codec_rect){0, 0, view.w, view.h}))
            break;
        const int32_t slot = codec_slots_put(e->slots, hash, &view);
        if (slot < 0)
            continue;
        left--;
        j->stats.saves++;
        add_to_run(j, &run, t, (size_t)slot);
    }
    end_run(j, &run);
}

void codec_job_send_loads(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    struct run run = {.type = CODEC_OP_LOAD};
    for (size_t t = 0; t < e->tiles && j->loads > 0; t++) {
        if (e->load[t] == 0)
            continue;
        const int32_t slot = e->load[t] - 1;
        const struct codec_stored *tile = codec_slots_at(e->slots, slot);
        e->load[t] = 0;
        j->loads--;
        if (e->dirty[t] == 0 && !j->back)
            continue; /* something else made it right */
        const struct codec_rect r = {
            codec_tile_x_of(e, t) * CODEC_TILE_PX, codec_tile_y_of(e, t) * CODEC_TILE_PX, tile->w, tile->h};
        if (!room_for_runs(j) || !codec_job_may_paint(j, r)) {
            codec_job_set_dirty(
                e, t, codec_screen_tile_cells(&e->sent, codec_tile_x_of(e, t), codec_tile_y_of(e, t)));
            continue;
        }
        for (int32_t y = 0; y < r.h; y++)
            memcpy(codec_screen_at(&e->sent, r.x, r.y + y), tile->px + (size_t)y * (size_t)r.w,
                (size_t)r.w * sizeof *tile->px);
        codec_screen_mark_exact(&e->sent, r);
        codec_job_set_dirty(e, t, 0);
        e->shown[t] = (struct codec_shown){
            .changed_us = e->changed_us[t], .serial = codec_slots_serial(e->slots, slot), .slot = slot};
        add_to_run(j, &run, t, (size_t)slot);
        j->stats.loads++;
    }
    end_run(j, &run);
}
