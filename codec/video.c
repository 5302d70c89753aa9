#include "codec/video.h"

#include <string.h>

struct codec_video_stream *codec_video_find(struct codec_video_set *set, uint8_t id)
{
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++)
        if (set->stream[i].open && set->stream[i].id == id)
            return &set->stream[i];
    return NULL;
}

int codec_video_kind_of(const uint8_t sps[3])
{
    switch (sps[0]) {
    case 66:  /* Baseline */
    case 77:  /* Main */
    case 100: /* High */
        return CODEC_VIDEO_H264;
    case 244: /* High 4:4:4 Predictive */
        return CODEC_VIDEO_H264_444;
    default:
        return 0;
    }
}

static bool overlap(struct codec_rect a, struct codec_rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static bool inside(struct codec_rect a, struct codec_rect b)
{
    return a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w && a.y + a.h <= b.y + b.h;
}

static int take_open(struct codec_video_set *set, const struct codec_screen *s, const struct codec_op *op)
{
    struct codec_video_stream *slot = NULL;
    if (!codec_screen_has(s, op->rect) || !codec_screen_cell_aligned(s, op->rect) ||
        op->rect.w < CODEC_VIDEO_MIN_PX || op->rect.h < CODEC_VIDEO_MIN_PX)
        return CODEC_ERR_RANGE;
    if (codec_video_kind_of(op->sps) == 0)
        return CODEC_ERR_UNKNOWN;
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct codec_video_stream *v = &set->stream[i];
        if (!v->open)
            slot = v;
        else if (v->id == op->stream)
            return CODEC_ERR_ORDER;
        else if (overlap(v->rect, op->rect))
            return CODEC_ERR_RANGE;
    }
    if (!slot)
        return CODEC_ERR_LIMIT;
    *slot = (struct codec_video_stream){.open = true, .id = op->stream, .rect = op->rect};
    memcpy(slot->sps, op->sps, sizeof slot->sps);
    return 0;
}

int codec_video_take(struct codec_video_set *set, const struct codec_screen *s, const struct codec_op *op)
{
    if (op->type == CODEC_OP_VIDEO_OPEN)
        return take_open(set, s, op);
    struct codec_video_stream *v = codec_video_find(set, op->stream);
    if (!v)
        return CODEC_ERR_ORDER;
    switch (op->type) {
    case CODEC_OP_VIDEO:
        if (!v->keyed && !op->key)
            return CODEC_ERR_ORDER;
        v->keyed = true;
        return 0;
    case CODEC_OP_VIDEO_CLOSE:
        v->open = false;
        return 0;
    case CODEC_OP_VIDEO_COVER:
        return codec_screen_has(s, op->rect) && codec_screen_cell_aligned(s, op->rect) &&
                       inside(op->rect, v->rect)
                   ? 0
                   : CODEC_ERR_RANGE;
    default:
        return CODEC_ERR_UNKNOWN;
    }
}

void codec_video_mark(struct codec_screen *s, const struct codec_op *op)
{
    if (op->type == CODEC_OP_VIDEO_OPEN || op->type == CODEC_OP_VIDEO_COVER)
        codec_screen_mark_lossy(s, op->rect);
}
