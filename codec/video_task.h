/* One picture on its way through a video coder, away from the encoder that wants it: the encoder begins it,
 * anyone runs it on any thread, the encoder takes the packet. It belongs to both until each has let go, so
 * the encoder may end while it runs. A stream has one task, for one picture at a time. */
#pragma once

#include "codec/truth.h"
#include "codec/video.h"

struct codec_video_task;

/* For a stream of this rectangle. NULL when out of memory or when the coder does not open as that kind. */
struct codec_video_task *codec_video_task_create(const struct codec_video_coder *ops, void *data,
    enum codec_video_kind kind, struct codec_rect rect, uint8_t out_sps[3]);
/* The encoder lets go: what runs ends by itself. NULL is fine. */
void codec_video_task_release(struct codec_video_task *task);

/* Take the rectangle of the picture as it is now. The one before must be done. max_bytes is soft. */
void codec_video_task_begin(
    struct codec_video_task *task, const struct codec_truth *truth, bool key, uint32_t max_bytes);
/* It goes to whoever runs it, once for each begin: codec_video_task_run() in encoder.h. */
void codec_video_task_hand_out(struct codec_video_task *task);

/* What came of it, once it has run: */
struct codec_video_outcome {
    const uint8_t *packet; /* of the task, until the next begin */
    int len;               /* CODEC_ERR_*: the coder failed */
    bool key;
    uint32_t cost_us;
    uint32_t psnr_cdb; /* 0 = not known */
};
/* False while it has not run. */
bool codec_video_task_done(struct codec_video_task *task, struct codec_video_outcome *out);
