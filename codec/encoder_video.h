/* The encoder's video streams: opened over areas that move, closed when they rest. Part of the encoder, used
 * by encoder.c and encoder_pixels.c.
 *
 * A call of the encoder goes: begin (streams that rest are closed), what differs is found, claim (the
 * cells of streams leave the other coders' way), all other operations, send (packets, covers, opens, closes).
 * No call waits for a video coder: send takes pictures, which become packets elsewhere (codec/video_task.h)
 * and go into a later message. From the moment a picture is taken the cells of its stream are lossy and hold
 * it here, as a JPEG's do; what becomes exact before the packet comes stays exact, as a packet paints lossy
 * cells only. */
#pragma once

#include "codec/video.h"

struct codec_encoder;
struct codec_encoder_config;
struct codec_job;
struct codec_videos;

enum {
    CODEC_VIDEO_REST_US = 250000,    /* still for so long: what a stream shows becomes exact */
    CODEC_VIDEO_LEAVE_US = 700000,   /* ... and for so long: it is closed */
    CODEC_VIDEO_FROZEN_US = 1000000, /* a stream keeps its rectangle for so long */
    CODEC_VIDEO_SETTLE_US = 300000,  /* text over a video becomes exact when it was still for so long */
    CODEC_VIDEO_NATURAL_US = 1000000 /* and so does a natural part, after this */
};

/* NULL when the configuration has no video coder, or out of memory. */
struct codec_videos *codec_videos_create(const struct codec_encoder_config *config);
/* For a new epoch and size: no streams. False when out of memory; video then stays off. */
void codec_videos_reset(struct codec_videos *videos, int32_t width_px, int32_t height_px);
void codec_videos_destroy(struct codec_videos *videos);

/* videos may be NULL in all of these. */
void codec_job_video_begin(struct codec_job *j);
void codec_job_video_claim(struct codec_job *j);
void codec_job_video_send(struct codec_job *j);

/* Between both calls of claim and the pixels: what is left to be coded has moved, whether or not this message
 * has room for it. */
void codec_job_video_watch(struct codec_job *j);

/* Cells of a tile changed, and which of them are natural: what videos are found by. */
void codec_job_video_seen(struct codec_job *j, size_t tile, uint16_t cells, uint16_t natural);

/* Whether a stream touches the tile; then *out are its lossy cells that may be refined now. */
bool codec_job_video_settled(struct codec_job *j, size_t tile, uint16_t *out);
/* Whether the tile belongs to a stream that moves. */
bool codec_videos_touch(
    const struct codec_videos *videos, const struct codec_screen *sent, size_t tile, uint64_t now_us);

/* Whether a picture of a stream is being coded; whether a packet has come of one. */
bool codec_videos_coding(const struct codec_videos *videos);
bool codec_videos_ready(const struct codec_videos *videos);
/* Whether a picture is to be taken now; when the streams want to be looked at next, UINT64_MAX for
 * never. */
bool codec_videos_wait(const struct codec_videos *videos, uint64_t now_us);
uint64_t codec_videos_deadline_us(const struct codec_videos *videos, uint64_t now_us);
