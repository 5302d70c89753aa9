#include "codec/encoder_internal.h"

#include "codec/check.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_QUALITY = 80,
    MIN_QUALITY = 30,
    MAX_QUALITY = 95,
    MIN_CAP_BYTES = 1 << 20,
    MOTION_MIN_CELLS = 48,
    FILL_MIN_CELLS = 32,
    CHECK_PAUSE_US = 5000000
};

static void free_screen(struct codec_encoder *e)
{
    codec_screen_finish(&e->sent);
    codec_motion_destroy(e->motion);
    free(e->suspect);
    free(e->dirty);
    free(e->picture);
    free(e->extra);
    free(e->swap);
    free(e->load);
    free(e->shown);
    free(e->stood);
    free(e->changed_us);
    free(e->known);
    free(e->flat);
    e->motion = NULL;
    e->suspect = e->dirty = e->picture = e->extra = e->swap = e->load = NULL;
    e->shown = NULL;
    e->stood = NULL;
    e->changed_us = NULL;
    e->known = NULL;
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
    e->swap = calloc(e->tiles, sizeof *e->swap);
    e->load = calloc(e->tiles, sizeof *e->load);
    e->shown = calloc(e->tiles, sizeof *e->shown);
    e->stood = calloc(e->tiles, sizeof *e->stood);
    e->changed_us = calloc(e->tiles, sizeof *e->changed_us);
    e->known = calloc(e->tiles, sizeof *e->known);
    e->flat = calloc(e->tiles, sizeof *e->flat);
    e->motion = codec_motion_create(width_px, height_px);
    if (!e->suspect || !e->dirty || !e->picture || !e->extra || !e->swap || !e->load || !e->shown ||
        !e->stood || !e->changed_us || !e->known || !e->flat || !e->motion) {
        free_screen(e);
        return CODEC_ERR_NOMEM;
    }
    for (int32_t y = 0; y < e->sent.tiles_y; y++)
        for (int32_t x = 0; x < e->sent.tiles_x; x++)
            e->suspect[(size_t)y * (size_t)e->sent.tiles_x + (size_t)x] =
                codec_screen_tile_cells(&e->sent, x, y);
    codec_tile_models_reset(e->models);
    codec_videos_reset(e->videos, width_px, height_px);
    if (e->slots)
        codec_slots_clear(e->slots);
    e->told_complete = false;
    e->check_us = e->check_tile = 0;
    e->dirty_cells = 0;
    e->next_tile = e->next_picture = e->next_refine = 0;
    e->picture_waits = false;
    e->picture_cost = 256;
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
    e->compare = codec_compare_best();
    int *quality = &e->config.jpeg_quality;
    if (*quality == 0)
        *quality = DEFAULT_QUALITY;
    *quality = *quality < MIN_QUALITY ? MIN_QUALITY : *quality > MAX_QUALITY ? MAX_QUALITY : *quality;
    e->models = malloc(sizeof *e->models);
    e->scratch = malloc(sizeof *e->scratch);
    e->videos = codec_videos_create(config);
    if (config->cache_slots > 0 && config->store)
        e->slots = codec_slots_create(config->store, config->cache_slots);
    if (!e->models || !e->scratch || (!e->slots && config->cache_slots > 0) ||
        init_screen(e, config->width_px, config->height_px) < 0) {
        codec_encoder_destroy(e);
        return NULL;
    }
    codec_tile_scratch_init(e->scratch);
    return e;
}

void codec_encoder_destroy(struct codec_encoder *e)
{
    if (!e)
        return;
    free_screen(e);
    codec_videos_destroy(e->videos);
    codec_slots_destroy(e->slots);
    free(e->models);
    free(e->scratch);
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
    return e->start || e->dirty_cells > 0 || e->sent.lossy_cells > 0 || codec_videos_wait(e->videos, 0) ||
           codec_videos_deadline_us(e->videos, 0) != UINT64_MAX;
}

uint64_t codec_encoder_deadline_us(const struct codec_encoder *e)
{
    return e->deadline_us;
}

bool codec_encoder_video_ready(const struct codec_encoder *e)
{
    return codec_videos_ready(e->videos);
}

/* Now and then, with pixels that complete the picture: a sum over some of the tiles, round and round. It
 * costs no message of its own. */
static void put_check(struct codec_job *j)
{
    struct codec_encoder *e = j->e;
    if (!j->stats.complete || j->coded == 0 || j->now_us - e->check_us < CHECK_PAUSE_US)
        return;
    const uint32_t left = (uint32_t)e->tiles - e->check_tile;
    struct codec_op op = {.type = CODEC_OP_CHECK,
        .tile = e->check_tile,
        .count = left < CODEC_CHECK_TILES ? left : CODEC_CHECK_TILES};
    /* As many pixels as whole tiles have, at most. */
    if (!codec_job_may_paint(j, (struct codec_rect){0, 0, CODEC_TILE_PX, CODEC_TILE_PX * (int32_t)op.count}))
        return;
    op.sum = codec_check_sum(&e->sent, op.tile, op.count);
    if (!codec_job_put_op(j, &op))
        return;
    e->check_us = j->now_us;
    e->check_tile = op.count < left ? op.tile + op.count : 0;
}

static int finish(struct codec_job *j, const struct codec_encoder_frame *frame, uint8_t *out,
    struct codec_encoder_stats *out_stats)
{
    struct codec_encoder *e = j->e;
    if (j->out.range.full) {
        /* The models have moved on with bytes that do not exist. */
        const int err = init_screen(e, e->sent.width_px, e->sent.height_px);
        return err < 0 ? err : CODEC_ERR_SPACE;
    }
    codec_job_set_deadline(e, j->now_us);
    j->stats.complete = e->dirty_cells == 0 && !codec_videos_wait(e->videos, j->now_us);
    j->stats.exact = e->dirty_cells == 0 && e->sent.lossy_cells == 0;
    const bool complete = j->stats.complete && !codec_videos_coding(e->videos);
    put_check(j);
    /* A picture that went back to what the viewer has needs nothing but the word that it is whole. */
    if (j->ops_len == 0 && (!complete || e->told_complete)) {
        j->stats.seq = e->seq;
        *out_stats = j->stats;
        return 0;
    }
    const struct codec_message m = {
        .flags = (uint8_t)((e->start ? CODEC_MESSAGE_FLAG_START : 0) |
                           (complete ? CODEC_MESSAGE_FLAG_COMPLETE : 0)),
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
    e->told_complete = complete;
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
    const size_t before_payload = CODEC_MESSAGE_HEADER_BYTES + CODEC_OPS_RESERVE_BYTES;
    struct codec_job j = {
        .e = e,
        .truth = {frame->pixels, frame->stride_px, e->compare},
        .now_us = frame->now_us,
        .budget = frame->budget_bytes,
        .rate_Bps = frame->rate_Bps,
        .echo = frame->echo,
        .payload = out + before_payload,
        .cap = limit - before_payload,
        .max_paint = CODEC_MESSAGE_MAX_PAINT * (uint64_t)e->sent.width_px * (uint64_t)e->sent.height_px,
    };
    if (e->start) {
        const struct codec_op op = {
            .type = CODEC_OP_SIZE, .rect = {0, 0, e->sent.width_px, e->sent.height_px}};
        (void)codec_job_put_op(&j, &op);
    }
    codec_job_begin_slots(&j);
    codec_job_video_begin(&j);
    size_t fresh = codec_job_find_dirty(&j, frame);
    codec_job_video_claim(&j);
    fresh = fresh < e->dirty_cells ? fresh : e->dirty_cells;
    if (fresh > 0 && !e->start) {
        /* Moves come first, as an uncovered part may be their source; unless most of the change is a way
         * back to what was there before: a closed menu, another window on top, a screen in the slots. */
        codec_job_find_loads(&j);
        size_t swaps = codec_job_find_swaps(&j);
        if (!j.back && fresh >= MOTION_MIN_CELLS && swaps * 10 < e->dirty_cells * 7) {
            j.work_ns += fresh * CODEC_MOTION_CELL_NS;
            codec_job_send_moves(&j, frame);
            swaps = codec_job_find_swaps(&j);
        }
        codec_job_send_saves(&j, NULL, 0);
        if (swaps > 0)
            codec_job_send_swaps(&j);
        codec_job_send_loads(&j);
    }
    /* Moves may have left something to do at the borders of streams. */
    codec_job_video_claim(&j);
    codec_job_video_watch(&j);
    if (e->dirty_cells >= FILL_MIN_CELLS)
        codec_job_send_fills(&j);
    j.most_ns = frame->work_us ? frame->work_us * UINT64_C(1000) : CODEC_WORK_NS;
    if (j.most_ns < j.work_ns + CODEC_PIXELS_NS)
        j.most_ns = j.work_ns + CODEC_PIXELS_NS;
    if (e->dirty_cells > 0 || e->sent.lossy_cells > 0)
        codec_job_send_pixels(&j);
    codec_job_video_send(&j);
    return finish(&j, frame, out, out_stats);
}
