#include "codec/video_task.h"

#include "codec/encoder.h"
#include "codec/yuv.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { PACKET_MAX_BYTES = 1 << 20 };

struct codec_video_task {
    atomic_uint owners; /* the encoder, and whoever runs it */
    atomic_bool done;   /* the outcome is written */
    const struct codec_video_coder *ops;
    void *coder; /* owned */
    struct codec_rect rect;
    enum codec_video_kind kind;
    size_t stride_uv;
    uint8_t *plane[3]; /* owned */
    uint8_t *packet;   /* owned; pages that no packet reached cost nothing */
    struct codec_video_frame frame;
    struct codec_video_outcome outcome;
};

static bool make_room(struct codec_video_task *t)
{
    const size_t w = (size_t)codec_video_even(t->rect.w), h = (size_t)codec_video_even(t->rect.h);
    const bool full = t->kind == CODEC_VIDEO_H264_444;
    t->stride_uv = full ? w : w / 2;
    t->plane[0] = malloc(w * h);
    t->plane[1] = malloc(t->stride_uv * (full ? h : h / 2));
    t->plane[2] = malloc(t->stride_uv * (full ? h : h / 2));
    t->packet = malloc(PACKET_MAX_BYTES);
    return t->plane[0] && t->plane[1] && t->plane[2] && t->packet;
}

struct codec_video_task *codec_video_task_create(const struct codec_video_coder *ops, void *data,
    enum codec_video_kind kind, struct codec_rect rect, uint8_t out_sps[3])
{
    struct codec_video_task *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->owners, 1);
    atomic_init(&t->done, false);
    t->ops = ops;
    t->kind = kind;
    t->rect = rect;
    const struct codec_video_format format = {codec_video_even(rect.w), codec_video_even(rect.h), kind};
    if (make_room(t) && (t->coder = ops->open(data, &format, out_sps)) &&
        codec_video_kind_of(out_sps) == (int)kind)
        return t;
    codec_video_task_release(t);
    return NULL;
}

void codec_video_task_release(struct codec_video_task *t)
{
    if (!t || atomic_fetch_sub(&t->owners, 1) > 1)
        return;
    if (t->coder)
        t->ops->close(t->coder);
    for (int i = 0; i < 3; i++)
        free(t->plane[i]);
    free(t->packet);
    free(t);
}

void codec_video_task_begin(
    struct codec_video_task *t, const struct codec_truth *truth, bool key, uint32_t max_bytes)
{
    const bool full = t->kind == CODEC_VIDEO_H264_444;
    const size_t w = (size_t)codec_video_even(t->rect.w);
    codec_yuv_from_rgb(truth->pixels, truth->stride_px, t->rect, full, t->plane[0], w, t->plane[1],
        t->plane[2], t->stride_uv);
    t->frame = (struct codec_video_frame){
        .picture = {.width_px = (int32_t)w,
            .height_px = codec_video_even(t->rect.h),
            .y = t->plane[0],
            .u = t->plane[1],
            .v = t->plane[2],
            .stride_y = w,
            .stride_uv = t->stride_uv,
            .step_uv = 1,
            .chroma_full = full},
        .key = key,
        .max_bytes = max_bytes,
    };
    atomic_store(&t->done, false);
}

void codec_video_task_hand_out(struct codec_video_task *t)
{
    atomic_fetch_add(&t->owners, 1);
}

void codec_video_task_run(struct codec_video_task *t)
{
    struct codec_video_packet packet = {0};
    const int n = t->ops->encode(t->coder, &t->frame, t->packet, PACKET_MAX_BYTES, &packet);
    const bool refused = n == 0 || (n > 0 && t->frame.key && !packet.key);
    t->outcome = (struct codec_video_outcome){.packet = t->packet,
        .len = refused ? CODEC_ERR_CORRUPT : n,
        .key = packet.key,
        .cost_us = packet.cost_us,
        .psnr_cdb = packet.psnr_cdb};
    atomic_store(&t->done, true);
    codec_video_task_release(t);
}

bool codec_video_task_done(struct codec_video_task *t, struct codec_video_outcome *out)
{
    if (!atomic_load(&t->done))
        return false;
    *out = t->outcome;
    return true;
}
