#include "codec/decoder.h"

#include "codec/cache.h"
#include "codec/check.h"
#include "codec/dirty.h"
#include "codec/jpeg.h"
#include "codec/message.h"
#include "codec/tile.h"
#include "codec/video.h"
#include "codec/yuv.h"

#include <stdlib.h>
#include <string.h>

struct codec_decoder {
    size_t max_pixels;
    bool ready; /* the picture is the host's; false before the first message and after an error */
    uint16_t epoch;
    uint32_t seq;
    struct codec_screen screen;
    struct codec_cache cache;
    struct codec_video_set videos;
    struct codec_tile_models models;
    struct codec_patch patch;
    struct codec_tile_in coded;                       /* of the message at hand */
    bool tile_row[CODEC_MAX_SIDE_PX / CODEC_TILE_PX]; /* which tiles of the row above were coded */
};

/* What a message changed. */
struct changes {
    struct codec_dirty dirty;
    size_t video_count;
    struct codec_video_event video[CODEC_MAX_VIDEO_EVENTS];
};

struct codec_decoder *codec_decoder_create(size_t max_pixels, size_t slots)
{
    struct codec_decoder *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->max_pixels = max_pixels;
    codec_cache_init(&d->cache, slots);
    return d;
}

void codec_decoder_destroy(struct codec_decoder *d)
{
    if (!d)
        return;
    codec_screen_finish(&d->screen);
    codec_cache_clear(&d->cache);
    free(d);
}

static int start_epoch(struct codec_decoder *d, int32_t width_px, int32_t height_px)
{
    if (!codec_size_ok(width_px, height_px, d->max_pixels))
        return CODEC_ERR_RANGE;
    /* The old picture goes first, so that two screens are never held at once. */
    codec_screen_finish(&d->screen);
    codec_cache_clear(&d->cache);
    const int err = codec_screen_init(&d->screen, width_px, height_px);
    if (err < 0)
        return err;
    codec_tile_models_reset(&d->models);
    d->videos = (struct codec_video_set){0};
    return 0;
}

static uint64_t area(struct codec_rect r)
{
    return (uint64_t)r.w * (uint64_t)r.h;
}

/* Tiles to pixels, cut at the edge; false when outside. */
static bool tiles_rect(const struct codec_screen *s, struct codec_rect tiles, struct codec_rect *out)
{
    if (tiles.w < 1 || tiles.h < 1 || tiles.x + tiles.w > s->tiles_x || tiles.y + tiles.h > s->tiles_y)
        return false;
    struct codec_rect r = {
        tiles.x * CODEC_TILE_PX, tiles.y * CODEC_TILE_PX, tiles.w * CODEC_TILE_PX, tiles.h * CODEC_TILE_PX};
    r.w = r.w < s->width_px - r.x ? r.w : s->width_px - r.x;
    r.h = r.h < s->height_px - r.y ? r.h : s->height_px - r.y;
    *out = r;
    return true;
}

/* *out_paint, in pixels, is exact up to limit. */
static int check_op(const struct codec_decoder *d, struct codec_video_set *videos, const struct codec_op *op,
    uint64_t limit, uint64_t *out_paint)
{
    const struct codec_screen *s = &d->screen;
    struct codec_rect r = op->rect;
    switch (op->type) {
    case CODEC_OP_SIZE:
        return CODEC_ERR_ORDER;
    case CODEC_OP_EXACT:
        if (!tiles_rect(s, op->rect, &r))
            return CODEC_ERR_RANGE;
        break;
    case CODEC_OP_COPY:
        if (!codec_screen_has(s, r) ||
            !codec_screen_has(s, (struct codec_rect){op->src_x, op->src_y, r.w, r.h}))
            return CODEC_ERR_RANGE;
        break;
    case CODEC_OP_SWAP:
    case CODEC_OP_FILL:
        if (!codec_screen_has(s, r))
            return CODEC_ERR_RANGE;
        break;
    case CODEC_OP_JPEG:
        if (!codec_screen_has(s, r) || !codec_screen_cell_aligned(s, r))
            return CODEC_ERR_RANGE;
        break;
    case CODEC_OP_SAVE:
    case CODEC_OP_LOAD:
        if (op->slot >= d->cache.slots || op->count > d->cache.slots - op->slot ||
            !codec_cache_run_px(s, op->tile, op->count, limit, out_paint))
            return CODEC_ERR_RANGE;
        return 0;
    case CODEC_OP_CHECK:
        return codec_cache_run_px(s, op->tile, op->count, limit, out_paint) ? 0 : CODEC_ERR_RANGE;
    case CODEC_OP_VIDEO_OPEN:
    case CODEC_OP_VIDEO_CLOSE:
    case CODEC_OP_VIDEO_COVER:
        return codec_video_take(videos, s, op); /* paints nothing */
    case CODEC_OP_VIDEO: {
        const int err = codec_video_take(videos, s, op);
        if (err < 0)
            return err;
        r = codec_video_find(videos, op->stream)->rect;
        break;
    }
    }
    *out_paint = area(r);
    return 0;
}

/* A stream has one packet in a message. */
static bool first_packet(struct codec_video_set *videos, const struct codec_op *op, uint32_t *seen)
{
    const uint32_t bit = 1u << (codec_video_find(videos, op->stream) - videos->stream);
    const bool first = (*seen & bit) == 0;
    *seen |= bit;
    return first;
}

/* Check every operation before a pixel is touched. *out_coded is the payload left for exact tiles. */
static int check_ops(
    const struct codec_decoder *d, const uint8_t *ops, size_t len, size_t payload_len, size_t *out_coded)
{
    const struct codec_screen *s = &d->screen;
    struct codec_video_set videos = d->videos;
    uint32_t packets = 0;
    const uint64_t max_paint = CODEC_MESSAGE_MAX_PAINT * (uint64_t)s->width_px * (uint64_t)s->height_px;
    uint64_t paint = 0;
    size_t count = 0, copies = 0, taken = 0;
    bool coded = false;
    int phase = 0;
    for (size_t pos = 0; pos < len;) {
        struct codec_op op;
        const int n = codec_op_parse(ops + pos, len - pos, &op);
        if (n < 0)
            return n;
        pos += (size_t)n;
        if (codec_op_phase(op.type) < phase)
            return CODEC_ERR_ORDER;
        phase = codec_op_phase(op.type);
        uint64_t px = 0;
        const int err = check_op(d, &videos, &op, max_paint, &px);
        if (err < 0)
            return err;
        paint += px;
        copies += op.type == CODEC_OP_COPY;
        if (paint > max_paint || ++count > CODEC_MESSAGE_MAX_OPS || copies > CODEC_MESSAGE_MAX_COPIES)
            return CODEC_ERR_LIMIT;
        if (op.type == CODEC_OP_VIDEO && !first_packet(&videos, &op, &packets))
            return CODEC_ERR_LIMIT;
        if (op.type == CODEC_OP_JPEG || op.type == CODEC_OP_VIDEO) {
            if (op.len == 0 || op.len > payload_len - taken)
                return CODEC_ERR_LENGTH;
            taken += op.len;
        }
        coded = coded || op.type == CODEC_OP_EXACT;
    }
    if (!coded && taken != payload_len)
        return CODEC_ERR_LENGTH;
    *out_coded = payload_len - taken;
    return 0;
}

static int apply_run(struct codec_decoder *d, const struct codec_op *op, struct codec_dirty *dirty)
{
    const int32_t cols = d->screen.tiles_x;
    for (uint32_t i = 0; i < op->count; i++) {
        const int err = op->type == CODEC_OP_SAVE
                            ? codec_cache_save(&d->cache, &d->screen, op->tile + i, op->slot + i)
                            : codec_cache_load(&d->cache, &d->screen, op->tile + i, op->slot + i);
        struct codec_rect r;
        if (err < 0)
            return err;
        const int32_t t = (int32_t)(op->tile + i);
        if (op->type == CODEC_OP_LOAD &&
            tiles_rect(&d->screen, (struct codec_rect){t % cols, t / cols, 1, 1}, &r))
            codec_dirty_add(dirty, r);
    }
    return 0;
}

static int apply_exact(
    struct codec_decoder *d, struct codec_tile_in *in, struct codec_rect tiles, struct codec_dirty *dirty)
{
    for (int32_t i = 0; i < tiles.w; i++)
        d->tile_row[i] = false;
    for (int32_t y = 0; y < tiles.h; y++) {
        bool left = false;
        for (int32_t x = 0; x < tiles.w; x++) {
            left = codec_tile_present(&in->range, false, &d->models, left, d->tile_row[x], false);
            d->tile_row[x] = left;
            if (!left)
                continue;
            struct codec_patch *p = &d->patch;
            p->tile_x = tiles.x + x;
            p->tile_y = tiles.y + y;
            const int err = codec_tile_read(in, &d->models, &d->screen, p);
            if (err < 0)
                return err;
            if (codec_patch_store(p, &d->screen) == 0)
                return CODEC_ERR_RANGE;
            codec_dirty_add(dirty, (struct codec_rect){p->tile_x * CODEC_TILE_PX + p->x0,
                                       p->tile_y * CODEC_TILE_PX + p->y0, p->x1 - p->x0, p->y1 - p->y0});
        }
    }
    return codec_range_read_going(&in->range) ? 0 : CODEC_ERR_CORRUPT;
}

static int apply_jpeg(struct codec_decoder *d, struct codec_rect r, const uint8_t *data, size_t len)
{
    uint32_t *px = codec_screen_at(&d->screen, r.x, r.y);
    codec_screen_keep(&d->screen, r);
    const int err = codec_jpeg_decode(data, len, r.w, r.h, px, d->screen.stride_px);
    if (err < 0)
        return err;
    /* Keep the promise about the top byte whatever the port wrote. */
    for (int32_t y = 0; y < r.h; y++)
        for (int32_t x = 0; x < r.w; x++)
            px[(size_t)y * d->screen.stride_px + (size_t)x] &= 0xffffffu;
    codec_screen_mark_lossy(&d->screen, r);
    return 0;
}

/* What the caller has to do for it. The operation was checked. */
static void apply_video(
    struct codec_decoder *d, const struct codec_op *op, const uint8_t *data, struct changes *out)
{
    struct codec_video_event event = {.type = op->type, .stream = op->stream, .key = op->key, .data = data};
    if (op->type == CODEC_OP_VIDEO)
        event.len = op->len;
    else
        event.data = NULL;
    memcpy(event.sps, op->sps, sizeof event.sps);
    const struct codec_video_stream *v = codec_video_find(&d->videos, op->stream);
    event.rect = v ? v->rect : op->rect;
    (void)codec_video_take(&d->videos, &d->screen, op);
    codec_video_mark(&d->screen, op);
    if (op->type != CODEC_OP_VIDEO_COVER && out->video_count < CODEC_MAX_VIDEO_EVENTS)
        out->video[out->video_count++] = event;
}

static int apply_ops(struct codec_decoder *d, const uint8_t *ops, size_t len, const uint8_t *payload,
    size_t coded, struct changes *out)
{
    struct codec_dirty *dirty = &out->dirty;
    const uint8_t *next = payload + coded;
    bool exact = false;
    for (size_t pos = 0; pos < len;) {
        struct codec_op op;
        const int n = codec_op_parse(ops + pos, len - pos, &op);
        if (n < 0)
            return n;
        pos += (size_t)n;
        int err = 0;
        switch (op.type) {
        case CODEC_OP_SIZE:
            return CODEC_ERR_ORDER;
        case CODEC_OP_COPY:
            codec_screen_copy(&d->screen, op.rect, op.src_x, op.src_y, op.under);
            if (op.under)
                codec_dirty_add(dirty, (struct codec_rect){op.src_x, op.src_y, op.rect.w, op.rect.h});
            break;
        case CODEC_OP_SWAP:
            codec_screen_swap(&d->screen, op.rect);
            break;
        case CODEC_OP_FILL:
            codec_screen_fill(&d->screen, op.rect, op.colour);
            break;
        case CODEC_OP_EXACT:
            err = exact ? 0 : codec_tile_in_start(&d->coded, payload, coded);
            exact = true;
            if (err == 0)
                err = apply_exact(d, &d->coded, op.rect, dirty);
            break;
        case CODEC_OP_JPEG:
            err = apply_jpeg(d, op.rect, next, op.len);
            next += op.len;
            break;
        case CODEC_OP_VIDEO_OPEN:
        case CODEC_OP_VIDEO:
        case CODEC_OP_VIDEO_CLOSE:
        case CODEC_OP_VIDEO_COVER:
            apply_video(d, &op, next, out);
            next += op.type == CODEC_OP_VIDEO ? op.len : 0;
            break;
        case CODEC_OP_SAVE:
        case CODEC_OP_LOAD:
            err = apply_run(d, &op, dirty);
            break;
        case CODEC_OP_CHECK:
            err = codec_check_sum(&d->screen, op.tile, op.count) == op.sum ? 0 : CODEC_ERR_MISMATCH;
            break;
        }
        if (err < 0)
            return err;
        if (op.type < CODEC_OP_EXACT || op.type == CODEC_OP_JPEG)
            codec_dirty_add(dirty, op.rect);
    }
    return !exact || codec_tile_in_ok(&d->coded) ? 0 : CODEC_ERR_CORRUPT;
}

/* All of it only when nothing is on its way: which cells wait, the viewer cannot know. */
static uint32_t exact_permille(const struct codec_screen *s, bool complete)
{
    const size_t exact = s->cells - s->lossy_cells;
    const uint32_t permille = (uint32_t)((uint64_t)exact * 1000 / s->cells);
    return complete || permille < 1000 ? permille : 999;
}

static int decode(struct codec_decoder *d, const uint8_t *data, size_t len, const struct codec_message *m,
    struct changes *out)
{
    const uint8_t *ops = data + CODEC_MESSAGE_HEADER_BYTES;
    size_t ops_len = m->ops_len;
    const uint8_t *payload = data + (len - m->payload_len);
    if (m->flags & CODEC_MESSAGE_FLAG_START) {
        struct codec_op op;
        const int n = codec_op_parse(ops, ops_len, &op);
        if (n < 0)
            return n;
        if (op.type != CODEC_OP_SIZE)
            return CODEC_ERR_ORDER;
        const int err = start_epoch(d, op.rect.w, op.rect.h);
        if (err < 0)
            return err;
        ops += n;
        ops_len -= (size_t)n;
        codec_dirty_add(&out->dirty, (struct codec_rect){0, 0, op.rect.w, op.rect.h});
    }
    size_t coded = 0;
    const int err = check_ops(d, ops, ops_len, m->payload_len, &coded);
    if (err < 0)
        return err;
    return apply_ops(d, ops, ops_len, payload, coded, out);
}

int codec_decoder_decode(struct codec_decoder *d, const uint8_t *data, size_t len, struct codec_decoded *out)
{
    const bool was_ready = d->ready;
    d->ready = false;
    struct codec_message m;
    int err = codec_message_parse(data, len, &m);
    if (err < 0)
        return err;
    const bool start = m.flags & CODEC_MESSAGE_FLAG_START;
    if (!start && (!was_ready || m.epoch != d->epoch || m.seq != d->seq + 1u))
        return CODEC_ERR_ORDER;
    struct changes changes = {.dirty = {0}};
    err = decode(d, data, len, &m, &changes);
    if (err < 0)
        return err;
    d->ready = true;
    d->epoch = m.epoch;
    d->seq = m.seq;
    *out = (struct codec_decoded){
        .seq = m.seq,
        .epoch = m.epoch,
        .capture_us = m.capture_us,
        .resized = start,
        .width_px = d->screen.width_px,
        .height_px = d->screen.height_px,
        .dirty_count = changes.dirty.count,
        .video_count = changes.video_count,
        .complete = m.flags & CODEC_MESSAGE_FLAG_COMPLETE,
        .exact_permille = exact_permille(&d->screen, m.flags & CODEC_MESSAGE_FLAG_COMPLETE),
    };
    for (size_t i = 0; i < changes.dirty.count; i++)
        out->dirty[i] = changes.dirty.rect[i];
    for (size_t i = 0; i < changes.video_count; i++)
        out->video[i] = changes.video[i];
    return 0;
}

int codec_decoder_video_paint(struct codec_decoder *d, uint8_t stream, const struct codec_yuv *picture)
{
    const struct codec_video_stream *v = codec_video_find(&d->videos, stream);
    if (!d->ready || !v || picture->width_px != codec_video_even(v->rect.w) ||
        picture->height_px != codec_video_even(v->rect.h))
        return CODEC_ERR_RANGE;
    const struct codec_rect r = v->rect;
    for (int32_t y = 0; y < r.h; y++) {
        uint32_t *row = codec_screen_at(&d->screen, r.x, r.y + y);
        for (int32_t x0 = 0; x0 < r.w;) {
            /* The longest run of lossy cells: those are the video's. */
            int32_t x1 = x0;
            while (x1 < r.w && codec_screen_is_lossy(&d->screen, r.x + x1, r.y + y))
                x1 += CODEC_CELL_PX;
            x1 = x1 < r.w ? x1 : r.w;
            if (x1 > x0)
                codec_yuv_to_rgb_row(picture, x0, x1, y, row + x0);
            x0 = x1 > x0 ? x1 : x0 + CODEC_CELL_PX;
        }
    }
    return 0;
}

const uint32_t *codec_decoder_pixels(
    const struct codec_decoder *d, int32_t *out_width_px, int32_t *out_height_px, size_t *out_stride_px)
{
    if (!d->screen.px)
        return NULL;
    *out_width_px = d->screen.width_px;
    *out_height_px = d->screen.height_px;
    *out_stride_px = d->screen.stride_px;
    return d->screen.px;
}

int codec_decoder_copy_rgba(const struct codec_decoder *d, struct codec_rect r, uint8_t *out, size_t cap)
{
    if (!d->screen.px || !codec_screen_has(&d->screen, r))
        return CODEC_ERR_RANGE;
    const uint64_t bytes = area(r) * 4;
    if (bytes > cap || bytes > INT32_MAX)
        return CODEC_ERR_SPACE;
    /* In words, for vector code: every byte that a page shows goes through here. */
    for (int32_t y = 0; y < r.h; y++) {
        const uint32_t *restrict row = codec_screen_at(&d->screen, r.x, r.y + y);
        uint8_t *restrict to = out + (size_t)y * (size_t)r.w * 4;
        for (size_t x = 0; x < (size_t)r.w; x++) {
            const uint32_t rgba =
                0xff000000u | (row[x] & 0xffu) << 16 | (row[x] & 0xff00u) | (row[x] >> 16 & 0xffu);
            memcpy(to + 4 * x, &rgba, sizeof rgba);
        }
    }
    return (int)bytes;
}
