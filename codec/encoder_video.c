#include "codec/encoder_video.h"

#include "codec/encoder_internal.h"
#include "codec/video_region.h"
#include "codec/video_task.h"

#include <stdlib.h>
#include <string.h>

enum {
    COST_TIMES = 3,          /* a stream takes at most a third of a core */
    MIN_PACKET_BYTES = 3000, /* asked of a coder at least, however small the budget */
    PACKET_BUDGETS = 3,      /* ... and at most so many times it: the next picture is that far away */
    PX_PER_BYTE = 8,         /* ... but no more than this, which moving pictures seldom need */
    COVER_MAX_RECTS = 64,    /* per message and stream */
    SETTLE_TILES = 24,       /* found at once: there may be more, */
    SETTLE_MORE_US = 15000,  /* ... which are looked for so soon */
    EDGE_CELLS = 2,          /* a stream is opened anew when what moves is larger by this */
    FULL_CHROMA_PX =
        1 << 20,      /* larger streams have half chroma: a third less time, and seldom drawn content */
    POOR_CDB = 3300,  /* nearer than this a stream is to come to the picture, on average */
    POOR_PACKETS = 8, /* ... of so many packets or more */
    POOR_PAUSE_US = 5000000, /* where it does not, JPEG has so long */
    JPEG_MILLI_BYTES_PER_PX = 220,
    JPEG_FPS = 24,
    ANSWER_MAX_CELLS = 512, /* more that changed and is not natural is the video itself */
    FAIL_PAUSE_US = 5000000 /* no stream after a coder failed */
};

struct stream {
    struct codec_video_stream is; /* as the viewer has it */
    bool live;                    /* a coder is there; is.open says whether the viewer knows */
    bool closing, unwanted;
    bool paused, key;
    bool changed;                  /* cells of it differ from the picture taken last */
    bool begun;                    /* a picture was taken */
    bool coding;                   /* the picture taken last has not been sent */
    bool waiting;                  /* ... nor given to anyone who would code it */
    struct codec_video_task *task; /* shared with whoever runs it */
    uint64_t opened_us, changed_us, taken_us;
    uint64_t next_us;           /* no picture before */
    uint32_t psnr_cdb, packets; /* on average; since it opened */
};

struct codec_videos {
    const struct codec_video_coder *ops;
    void *data;
    unsigned kinds; /* 1 << enum codec_video_kind */
    uint8_t next_id;
    bool again;     /* the next call has something to do */
    bool postponed; /* the last call left everything to this one */
    struct codec_regions *regions;
    struct stream stream[CODEC_MAX_VIDEOS];
    int32_t width_px, height_px, tiles_x;
    size_t tiles;
    uint32_t *cell_ms; /* owned: per tile 16, last change of each cell */
    uint16_t *cover;   /* owned: per tile, exact cells to give to their stream */
    uint16_t *answer;  /* owned: per tile, cells of streams that answer an input */
    bool answered;     /* this call has looked for them */
    uint64_t settle_us, fail_us;
    bool settle;    /* this call looks for text that has settled */
    size_t settled; /* tiles that it found */
};

static uint32_t ms_of(uint64_t us)
{
    return (uint32_t)(us / 1000);
}

/* No stream before; a viewer that wants none at all stays without. */
static void hold_off(struct codec_videos *v, uint64_t until_us)
{
    v->fail_us = until_us > v->fail_us ? until_us : v->fail_us;
}

static void stream_finish(struct stream *s)
{
    codec_video_task_release(s->task);
    *s = (struct stream){0};
}

struct codec_videos *codec_videos_create(const struct codec_encoder_config *config)
{
    if (!config->video || config->video_kinds == 0 || !config->lossy_first)
        return NULL;
    struct codec_videos *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->ops = config->video;
    v->data = config->video_data;
    v->kinds = config->video_kinds;
    return v;
}

static void drop_screen(struct codec_videos *v)
{
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        stream_finish(&v->stream[i]);
    codec_regions_destroy(v->regions);
    free(v->cell_ms);
    free(v->cover);
    free(v->answer);
    v->regions = NULL;
    v->cell_ms = NULL;
    v->cover = NULL;
    v->answer = NULL;
}

void codec_videos_reset(struct codec_videos *v, int32_t width_px, int32_t height_px)
{
    if (!v)
        return;
    drop_screen(v);
    v->width_px = width_px;
    v->height_px = height_px;
    v->tiles_x = (width_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX;
    v->tiles = (size_t)v->tiles_x * (size_t)((height_px + CODEC_TILE_PX - 1) / CODEC_TILE_PX);
    v->cell_ms = calloc(v->tiles * 16, sizeof *v->cell_ms);
    v->cover = calloc(v->tiles, sizeof *v->cover);
    v->answer = calloc(v->tiles, sizeof *v->answer);
    struct codec_regions *regions = codec_regions_create(width_px, height_px);
    if (!v->cell_ms || !v->cover || !v->answer) {
        codec_regions_destroy(regions);
        return;
    }
    v->regions = regions;
}

void codec_videos_destroy(struct codec_videos *v)
{
    if (!v)
        return;
    drop_screen(v);
    free(v);
}

/* Cells of a tile inside a stream's rectangle. */
static uint16_t cells_of(const struct stream *s, int32_t tx, int32_t ty)
{
    const struct codec_rect r = s->is.rect;
    return codec_cells_in(r.x / CODEC_CELL_PX, r.y / CODEC_CELL_PX,
        (r.x + r.w + CODEC_CELL_PX - 1) / CODEC_CELL_PX, (r.y + r.h + CODEC_CELL_PX - 1) / CODEC_CELL_PX, tx,
        ty);
}

static bool touches(const struct stream *s, int32_t tx, int32_t ty)
{
    const struct codec_rect r = s->is.rect;
    return s->live && r.x < (tx + 1) * CODEC_TILE_PX && r.x + r.w > tx * CODEC_TILE_PX &&
           r.y < (ty + 1) * CODEC_TILE_PX && r.y + r.h > ty * CODEC_TILE_PX;
}

/* Nothing of it changed for a while: what it shows becomes exact, though it may go on any time. */
static bool rests(const struct stream *s, uint64_t now_us)
{
    return now_us - s->changed_us >= CODEC_VIDEO_REST_US;
}

bool codec_videos_touch(
    const struct codec_videos *v, const struct codec_screen *sent, size_t tile, uint64_t now_us)
{
    const int32_t tx = (int32_t)(tile % (size_t)sent->tiles_x), ty = (int32_t)(tile / (size_t)sent->tiles_x);
    for (size_t i = 0; v && i < CODEC_MAX_VIDEOS; i++)
        if (touches(&v->stream[i], tx, ty) && !rests(&v->stream[i], now_us))
            return true;
    return false;
}

/* The tiles that a stream touches. */
static struct codec_rect tiles_of(const struct stream *s)
{
    const struct codec_rect r = s->is.rect;
    const int32_t x = r.x / CODEC_TILE_PX, y = r.y / CODEC_TILE_PX;
    return (struct codec_rect){x, y, (r.x + r.w + CODEC_TILE_PX - 1) / CODEC_TILE_PX - x,
        (r.y + r.h + CODEC_TILE_PX - 1) / CODEC_TILE_PX - y};
}

/* The stream ends with this message; what it covers is compared again. */
static void let_go(struct codec_job *j, struct stream *s)
{
    struct codec_encoder *e = j->e;
    s->closing = true;
    e->videos->again = true;
    const struct codec_rect tiles = tiles_of(s);
    for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
        for (int32_t tx = tiles.x; tx < tiles.x + tiles.w; tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t cells =
                (uint16_t)(cells_of(s, tx, ty) & codec_screen_tile_cells(&e->sent, tx, ty));
            e->suspect[t] = (uint16_t)(e->suspect[t] | cells);
            e->videos->cover[t] = (uint16_t)(e->videos->cover[t] & ~cells);
        }
}

/* Share of a stream's cells that show it. */
static bool mostly_covered(const struct codec_job *j, const struct stream *s)
{
    int64_t all = 0, shown = 0;
    const struct codec_rect tiles = tiles_of(s);
    for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
        for (int32_t tx = tiles.x; tx < tiles.x + tiles.w; tx++) {
            const size_t t = (size_t)ty * (size_t)j->e->sent.tiles_x + (size_t)tx;
            const uint16_t cells = cells_of(s, tx, ty);
            all += __builtin_popcount(cells);
            shown += __builtin_popcount(cells & (j->e->sent.lossy[t] | j->e->videos->cover[t]));
        }
    return shown * 3 < all;
}

void codec_job_video_begin(struct codec_job *j)
{
    struct codec_videos *v = j->e->videos;
    if (!v || !v->regions)
        return;
    v->settle = j->now_us >= v->settle_us && j->now_us >= j->e->refine_us;
    v->settled = 0;
    v->answered = false;
    v->again = false; /* this call compares what closed streams covered */
}

/* After what differs is known: a pause between two calls is no rest. */
static void close_streams(struct codec_job *j)
{
    struct codec_videos *v = j->e->videos;
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &v->stream[i];
        if (!s->live || s->closing)
            continue;
        if (s->unwanted || j->now_us - s->changed_us >= CODEC_VIDEO_LEAVE_US ||
            (v->settle && !rests(s, j->now_us) && mostly_covered(j, s)))
            let_go(j, s);
    }
}

/* Exact cells of a stream that changed: those that are natural go back to the video. */
static uint16_t natural_again(struct codec_job *j, size_t tile, uint16_t cells)
{
    struct codec_encoder *e = j->e;
    struct codec_patch *p = &e->patch;
    p->tile_x = codec_tile_x_of(e, tile);
    p->tile_y = codec_tile_y_of(e, tile);
    p->cells = cells;
    if (!codec_truth_bounds(&j->truth, &e->sent, p))
        return 0;
    codec_truth_load(&j->truth, &e->sent, p->tile_x, p->tile_y, e->src);
    const struct codec_class class = codec_classify(p, e->src, e->models);
    return class.tile == CODEC_TILE_NATURAL ? class.natural_cells : 0;
}

static void claim_tile(struct codec_job *j, struct stream *s, int32_t tx, int32_t ty)
{
    struct codec_encoder *e = j->e;
    struct codec_videos *v = e->videos;
    const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
    const uint16_t dirty = e->dirty[t];
    if (dirty == 0)
        return;
    for (uint32_t bits = dirty; bits != 0; bits &= bits - 1)
        v->cell_ms[t * 16 + (size_t)__builtin_ctz(bits)] = ms_of(j->now_us);
    const uint16_t in = (uint16_t)(dirty & cells_of(s, tx, ty));
    /* All of it until the viewer knows the stream: then all is lossy. */
    uint16_t mine = s->is.open ? (uint16_t)(in & (e->sent.lossy[t] | v->cover[t])) : in;
    mine = (uint16_t)(mine & ~v->answer[t]);
    const uint16_t above = (uint16_t)(in & ~mine & ~v->answer[t]);
    if (above != 0) {
        const uint16_t natural = natural_again(j, t, above);
        v->cover[t] = (uint16_t)(v->cover[t] | natural);
        mine = (uint16_t)(mine | natural);
    }
    if (mine == 0)
        return;
    codec_regions_changed(v->regions, t, mine, mine);
    codec_job_set_dirty(e, t, (uint16_t)(dirty & ~mine));
    e->extra[t] = (uint16_t)(e->extra[t] & ~mine);
    s->changed = true;
    s->changed_us = j->now_us;
}

/* What changed over videos, is not natural and is not much: it goes exact, at once. */
static void find_answers(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    struct codec_videos *v = e->videos;
    size_t found = 0;
    memset(v->answer, 0, v->tiles * sizeof *v->answer);
    v->answered = true;
    for (size_t i = 0; j->echo && i < CODEC_MAX_VIDEOS; i++) {
        const struct stream *s = &v->stream[i];
        if (!s->live || s->closing || !s->is.open)
            continue;
        const struct codec_rect tiles = tiles_of(s);
        for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
            for (int32_t tx = tiles.x; tx < tiles.x + tiles.w && found <= ANSWER_MAX_CELLS; tx++) {
                const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
                const uint16_t cells = (uint16_t)(e->dirty[t] & cells_of(s, tx, ty) & e->sent.lossy[t]);
                if (cells == 0)
                    continue;
                v->answer[t] = (uint16_t)(cells & ~natural_again(j, t, cells));
                found += (size_t)__builtin_popcount(v->answer[t]);
            }
    }
    if (found > ANSWER_MAX_CELLS)
        memset(v->answer, 0, v->tiles * sizeof *v->answer);
}

void codec_job_video_claim(struct codec_job *j)
{
    struct codec_videos *v = j->e->videos;
    if (!v || !v->regions)
        return;
    if (!v->answered)
        find_answers(j);
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &v->stream[i];
        if (!s->live || s->closing)
            continue;
        const struct codec_rect tiles = tiles_of(s);
        for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
            for (int32_t tx = tiles.x; tx < tiles.x + tiles.w; tx++)
                claim_tile(j, s, tx, ty);
    }
}

void codec_job_video_watch(struct codec_job *j)
{
    const struct codec_encoder *e = j->e;
    for (size_t t = 0; e->videos && e->videos->regions && t < e->tiles; t++)
        if (e->dirty[t] != 0 && e->changed_us[t] == j->now_us)
            codec_regions_moved(e->videos->regions, t, e->dirty[t]);
}

void codec_job_video_seen(struct codec_job *j, size_t tile, uint16_t cells, uint16_t natural)
{
    if (j->e->videos && j->e->videos->regions)
        codec_regions_changed(j->e->videos->regions, tile, cells, natural);
}

bool codec_job_video_settled(struct codec_job *j, size_t tile, uint16_t *out)
{
    struct codec_encoder *e = j->e;
    struct codec_videos *v = e->videos;
    if (!v || !v->regions)
        return false;
    const int32_t tx = codec_tile_x_of(e, tile), ty = codec_tile_y_of(e, tile);
    uint16_t video = 0;
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        if (touches(&v->stream[i], tx, ty) && !v->stream[i].closing && !rests(&v->stream[i], j->now_us))
            video = (uint16_t)(video | cells_of(&v->stream[i], tx, ty));
    if (video == 0)
        return false;
    uint32_t text = 0, any = 0;
    const uint16_t ask = (uint16_t)(e->sent.lossy[tile] & ~e->dirty[tile] & ~v->cover[tile]);
    for (uint32_t bits = ask; bits != 0; bits &= bits - 1) {
        const int c = __builtin_ctz(bits);
        const uint32_t still_ms = ms_of(j->now_us) - v->cell_ms[tile * 16 + (size_t)c];
        if (still_ms * 1000u >= CODEC_VIDEO_NATURAL_US)
            any |= 1u << c;
        else if (still_ms * 1000u >= CODEC_VIDEO_SETTLE_US)
            text |= 1u << c;
    }
    any |= text & ~video;           /* beside the stream the usual rule holds */
    text &= v->settle ? video : 0u; /* looking whether it is text takes time */
    if (text != 0)
        text &= ~(uint32_t)natural_again(j, tile, (uint16_t)text);
    *out = (uint16_t)(any | text);
    v->settled += *out != 0;
    return true;
}

/* ---- streams */

static void begin_stream(struct codec_job *j, struct codec_rect rect)
{
    struct codec_videos *v = j->e->videos;
    struct stream *s = NULL;
    for (size_t i = 0; i < CODEC_MAX_VIDEOS && !s; i++)
        if (!v->stream[i].live)
            s = &v->stream[i];
    if (!s)
        return;
    *s = (struct stream){.live = true, .opened_us = j->now_us, .changed_us = j->now_us};
    s->is.rect = rect;
    const bool may_full = v->kinds & 1u << CODEC_VIDEO_H264_444, may_half = v->kinds & 1u << CODEC_VIDEO_H264;
    const bool full = may_full && (!may_half || (int64_t)rect.w * rect.h <= FULL_CHROMA_PX);
    const enum codec_video_kind kind = full ? CODEC_VIDEO_H264_444 : CODEC_VIDEO_H264;
    s->task = codec_video_task_create(v->ops, v->data, kind, rect, s->is.sps);
    if (!s->task) {
        hold_off(v, j->now_us + FAIL_PAUSE_US);
        stream_finish(s);
        return;
    }
    s->is.id = v->next_id++;
    s->changed = true;
    const uint32_t ms = ms_of(j->now_us);
    const struct codec_rect tiles = tiles_of(s);
    for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
        for (int32_t tx = tiles.x; tx < tiles.x + tiles.w; tx++)
            for (size_t c = 0; c < 16; c++)
                v->cell_ms[((size_t)ty * (size_t)v->tiles_x + (size_t)tx) * 16 + c] = ms;
}

/* Open streams where something began to move; one that has outgrown its rectangle starts anew. */
static void find_streams(struct codec_job *j)
{
    struct codec_videos *v = j->e->videos;
    struct codec_rect avoid[CODEC_MAX_VIDEOS], found[CODEC_MAX_VIDEOS];
    size_t open = 0;
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        if (v->stream[i].live && j->now_us - v->stream[i].opened_us < CODEC_VIDEO_FROZEN_US)
            avoid[open++] = v->stream[i].is.rect;
    const size_t n = codec_regions_find(v->regions, avoid, open, found, CODEC_MAX_VIDEOS);
    for (size_t k = 0; k < n; k++) {
        const struct codec_rect f = found[k];
        bool place = true;
        for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
            struct stream *s = &v->stream[i];
            const struct codec_rect r = s->is.rect;
            if (!s->live || f.x >= r.x + r.w || r.x >= f.x + f.w || f.y >= r.y + r.h || r.y >= f.y + f.h)
                continue;
            place = false;
            const int32_t edge = EDGE_CELLS * CODEC_CELL_PX;
            if (!s->closing && (r.x - f.x >= edge || r.y - f.y >= edge || f.x + f.w - r.x - r.w >= edge ||
                                   f.y + f.h - r.y - r.h >= edge))
                let_go(j, s);
        }
        if (place)
            begin_stream(j, f);
    }
}

/* Take the picture as it is now, to be coded by whoever asks for work. */
static void take_picture(struct codec_job *j, struct stream *s)
{
    const size_t used = codec_job_used(j), budgets = PACKET_BUDGETS * j->budget;
    const size_t left = used < budgets ? budgets - used : 0;
    const size_t most = (size_t)s->is.rect.w * (size_t)s->is.rect.h / PX_PER_BYTE;
    const size_t bytes = left < most ? left : most;
    codec_video_task_begin(s->task, &j->truth, s->key || !s->begun,
        (uint32_t)(bytes > MIN_PACKET_BYTES ? bytes : MIN_PACKET_BYTES));
    s->key = false;
    s->begun = s->coding = s->waiting = true;
    s->taken_us = j->now_us;
}

/* Noise and the like: where H.264 blurs what moves, and the link has room for JPEG, that shows it better. */
static void judge(struct codec_job *j, struct stream *s, uint32_t psnr_cdb)
{
    if (psnr_cdb == 0)
        return;
    s->psnr_cdb = s->packets == 0 ? psnr_cdb : (7 * s->psnr_cdb + psnr_cdb) / 8;
    s->packets++;
    const uint64_t px = (uint64_t)s->is.rect.w * (uint64_t)s->is.rect.h;
    const uint64_t jpeg_Bps = px * JPEG_MILLI_BYTES_PER_PX / 1000 * JPEG_FPS;
    if (s->packets < POOR_PACKETS || s->psnr_cdb >= POOR_CDB || jpeg_Bps > j->rate_Bps / 2)
        return;
    hold_off(j->e->videos, j->now_us + POOR_PAUSE_US);
    s->unwanted = true;
}

/* Whether the packet of the picture taken last is there; then it goes into this message, unless it does not
 * fit or the coder failed. */
static void put_packet(struct codec_job *j, struct stream *s)
{
    struct codec_video_outcome packet;
    if (!s->coding || s->waiting || s->closing || !codec_video_task_done(s->task, &packet))
        return;
    if (packet.len < 0) {
        s->coding = false;
        hold_off(j->e->videos, j->now_us + FAIL_PAUSE_US);
        let_go(j, s);
        return;
    }
    const struct codec_op op = {
        .type = CODEC_OP_VIDEO, .stream = s->is.id, .key = packet.key, .len = (uint32_t)packet.len};
    if ((size_t)packet.len > j->cap - j->coded || !codec_job_may_paint(j, s->is.rect) ||
        !codec_job_put_op(j, &op))
        return;
    memcpy(j->payload + j->coded, packet.packet, (size_t)packet.len);
    j->coded += (size_t)packet.len;
    s->is.keyed = true;
    s->coding = false;
    s->next_us = s->taken_us + COST_TIMES * (uint64_t)packet.cost_us;
    j->stats.video_packets++;
    judge(j, s, packet.psnr_cdb);
}

/* The picture that was taken is what the cells of the stream stand for from now on. */
static void keep_video(struct codec_job *j, const struct stream *s)
{
    struct codec_encoder *e = j->e;
    const struct codec_rect tiles = tiles_of(s);
    for (int32_t ty = tiles.y; ty < tiles.y + tiles.h; ty++)
        for (int32_t tx = tiles.x; tx < tiles.x + tiles.w; tx++) {
            const size_t t = (size_t)ty * (size_t)e->sent.tiles_x + (size_t)tx;
            const uint16_t cells = (uint16_t)(cells_of(s, tx, ty) & e->sent.lossy[t]);
            for (uint32_t bits = cells; bits != 0; bits &= bits - 1) {
                const int c = __builtin_ctz(bits);
                const int32_t x0 = tx * CODEC_TILE_PX + c % CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
                const int32_t y0 = ty * CODEC_TILE_PX + c / CODEC_CELLS_PER_TILE * CODEC_CELL_PX;
                const int32_t w =
                    CODEC_CELL_PX < e->sent.width_px - x0 ? CODEC_CELL_PX : e->sent.width_px - x0;
                for (int32_t y = y0; y < y0 + CODEC_CELL_PX && y < e->sent.height_px; y++) {
                    const uint32_t *from = codec_truth_at(&j->truth, x0, y);
                    uint32_t *to = codec_screen_at(&e->sent, x0, y);
                    for (int32_t x = 0; x < w; x++)
                        to[x] = from[x] & CODEC_TRUTH_MASK;
                }
            }
            codec_job_set_dirty(e, t, (uint16_t)(e->dirty[t] & ~cells));
        }
}

/* Give cells marked in cover to their stream. What finds no room waits. */
static bool send_covers(struct codec_job *j, const struct stream *s)
{
    struct codec_encoder *e = j->e;
    uint16_t *cover = e->videos->cover;
    const int32_t cx0 = s->is.rect.x / CODEC_CELL_PX, cy0 = s->is.rect.y / CODEC_CELL_PX;
    const int32_t cx1 = (s->is.rect.x + s->is.rect.w + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    const int32_t cy1 = (s->is.rect.y + s->is.rect.h + CODEC_CELL_PX - 1) / CODEC_CELL_PX;
    for (int32_t y0 = cy0, rects = 0; y0 < cy1; y0++)
        for (int32_t x0 = cx0; x0 < cx1; x0++) {
            if (!codec_mask_has(e, cover, x0, y0))
                continue;
            int32_t x1 = x0 + 1, y1 = y0 + 1;
            while (x1 < cx1 && codec_mask_has(e, cover, x1, y0))
                x1++;
            for (bool all = true; all && y1 < cy1;) {
                for (int32_t x = x0; x < x1; x++)
                    all = all && codec_mask_has(e, cover, x, y1);
                y1 += all;
            }
            const struct codec_rect cells = {x0, y0, x1 - x0, y1 - y0};
            const struct codec_op op = {
                .type = CODEC_OP_VIDEO_COVER, .stream = s->is.id, .rect = codec_cells_rect(e, cells)};
            if (++rects > COVER_MAX_RECTS || !codec_job_put_op(j, &op))
                return false;
            codec_mask_change(e, cover, cells, false);
            codec_video_mark(&e->sent, &op);
        }
    return true;
}

/* Whether a picture of the stream is to be taken now. */
static bool may_take(struct codec_job *j, const struct stream *s)
{
    struct codec_video_outcome outcome;
    /* One whose packet is there gives its place. */
    if (s->coding && (s->waiting || !codec_video_task_done(s->task, &outcome)))
        return false;
    return s->live && !s->closing && !s->paused && s->changed && j->now_us >= s->next_us &&
           codec_job_used(j) < j->budget && j->ops_len + 4 * CODEC_OP_MAX_BYTES <= sizeof j->e->ops;
}

static void open_stream(struct codec_job *j, struct stream *s)
{
    const struct codec_op op = {.type = CODEC_OP_VIDEO_OPEN,
        .stream = s->is.id,
        .rect = s->is.rect,
        .sps = {s->is.sps[0], s->is.sps[1], s->is.sps[2]}};
    (void)codec_job_put_op(j, &op);
    codec_video_mark(&j->e->sent, &op);
    s->is.open = true;
}

void codec_job_video_send(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    struct codec_videos *v = e->videos;
    if (!v || !v->regions || e->start)
        return;
    /* An answer goes alone; the next call sees to the videos. */
    v->postponed = j->echo && j->ops_len > 0 && !v->postponed &&
                   (codec_videos_wait(v, j->now_us) || codec_videos_ready(v));
    if (v->postponed) {
        v->again = true;
        return;
    }
    if (v->settle)
        v->settle_us = j->now_us + (v->settled < SETTLE_TILES ? CODEC_VIDEO_SETTLE_US : SETTLE_MORE_US);
    close_streams(j);
    if (codec_regions_tick(v->regions, j->now_us) && j->now_us >= v->fail_us)
        find_streams(j);
    /* In the order of the operations: opens, packets, closes, covers. */
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        if (!v->stream[i].is.open && may_take(j, &v->stream[i]))
            open_stream(j, &v->stream[i]);
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        put_packet(j, &v->stream[i]);
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &v->stream[i];
        if (!s->closing)
            continue;
        const struct codec_op op = {.type = CODEC_OP_VIDEO_CLOSE, .stream = s->is.id};
        if (!s->is.open || codec_job_put_op(j, &op))
            stream_finish(s);
    }
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &v->stream[i];
        if (!s->is.open || !may_take(j, s) || s->coding)
            continue;
        take_picture(j, s);
        s->changed = !send_covers(j, s);
        keep_video(j, s);
    }
}

struct codec_video_task *codec_encoder_video_task(struct codec_encoder *e)
{
    for (size_t i = 0; e->videos && i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &e->videos->stream[i];
        if (!s->waiting)
            continue;
        s->waiting = false;
        codec_video_task_hand_out(s->task);
        return s->task;
    }
    return NULL;
}

bool codec_videos_coding(const struct codec_videos *v)
{
    bool coding = false;
    for (size_t i = 0; v && i < CODEC_MAX_VIDEOS; i++)
        coding = coding || v->stream[i].coding;
    return coding;
}

bool codec_videos_ready(const struct codec_videos *v)
{
    struct codec_video_outcome outcome;
    for (size_t i = 0; v && i < CODEC_MAX_VIDEOS; i++) {
        const struct stream *s = &v->stream[i];
        if (s->coding && !s->waiting && codec_video_task_done(s->task, &outcome))
            return true;
    }
    return false;
}

bool codec_videos_wait(const struct codec_videos *v, uint64_t now_us)
{
    if (v && v->again)
        return true;
    for (size_t i = 0; v && i < CODEC_MAX_VIDEOS; i++) {
        const struct stream *s = &v->stream[i];
        if (s->closing || s->unwanted ||
            (s->live && s->changed && !s->paused && !s->coding && now_us >= s->next_us))
            return true;
    }
    return false;
}

uint64_t codec_videos_deadline_us(const struct codec_videos *v, uint64_t now_us)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; v && i < CODEC_MAX_VIDEOS; i++) {
        if (!v->stream[i].live)
            continue;
        const uint64_t leave = v->stream[i].changed_us + CODEC_VIDEO_LEAVE_US;
        const uint64_t rest = v->stream[i].changed_us + CODEC_VIDEO_REST_US;
        due = leave < due ? leave : due;
        due = rest > now_us && rest < due ? rest : due;
        due = v->settle_us < due ? v->settle_us : due;
        if (v->stream[i].changed && !v->stream[i].paused && !v->stream[i].coding &&
            v->stream[i].next_us < due)
            due = v->stream[i].next_us;
    }
    return due;
}

void codec_encoder_video_control(struct codec_encoder *e, uint8_t stream, const struct codec_video_wish *wish)
{
    struct codec_videos *v = e->videos;
    if (!v)
        return;
    if (wish->none) {
        v->fail_us = UINT64_MAX;
        v->kinds = 0;
    }
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *s = &v->stream[i];
        if (!s->live || !s->is.open || (!wish->none && s->is.id != stream))
            continue;
        s->paused = wish->pause && !wish->none;
        if (wish->key) {
            s->key = true;
            s->changed = true;
        }
        s->unwanted = s->unwanted || wish->none;
    }
}
