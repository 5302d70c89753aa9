/* The encoder: newest picture in, messages out. One encoder per viewer; its state follows every
 * byte it has produced, so each message must reach the decoder, in order, or the caller calls
 * codec_encoder_reset(). There is no queue of frames: what is sent is read from the newest
 * picture at the time of the call. Design: docs/architecture.md "The screen". */
#pragma once

#include "codec/codec.h"

struct codec_encoder;
struct codec_video_coder;
struct codec_video_task;
struct codec_store;

struct codec_encoder_config {
    int32_t width_px, height_px; /* 1..CODEC_MAX_SIDE_PX */
    bool lossy_first;            /* natural content may go as JPEG first; it always ends exact */
    int jpeg_quality;            /* 30..95; 0 takes the default */
    /* Moving pictures go as video streams when the viewer decodes them: with lossy_first only. */
    const struct codec_video_coder *video; /* codec/video.h, borrowed; NULL: none */
    void *video_data;                      /* for its open() */
    unsigned video_kinds;                  /* 1 << enum codec_video_kind that the viewer decodes */
    size_t cache_slots;                    /* for exact tiles, as the viewer announced them; 0 = none */
    struct codec_store *store; /* where their copies are kept, borrowed; with cache_slots not NULL */
};

struct codec_encoder_frame {
    const uint32_t *pixels; /* newest picture, borrowed for the call */
    size_t stride_px;
    const struct codec_rect *damage; /* areas that may have changed since the last call; NULL = all;
                                      * a count of 0 = none, only what was left over */
    size_t damage_count;
    const struct codec_move *hints; /* what the caller saw move since the last call; only makes finding it
                                     * quicker, so it may be wrong. Borrowed for the call */
    size_t hint_count;
    uint64_t now_us;     /* monotonic, paces refinement */
    uint32_t capture_us; /* goes into the message header */
    size_t budget_bytes; /* soft bound of this message; what does not fit stays dirty */
    uint32_t work_us;    /* soft bound of the processor time of this call, by an estimate that is the same
                          * everywhere; what does not fit stays dirty. 0 = 40 ms */
    bool echo;           /* an input may wait for its answer: what is not natural goes first and alone */
    uint64_t rate_Bps;   /* bytes a second that the link carries: small natural areas are exact at once on a
                          * fast one; 0 = not known */
};

struct codec_encoder_stats { /* of the last message */
    uint32_t seq;
    size_t bytes;
    uint32_t tiles_exact, tiles_jpeg, tiles_fill, copies, video_packets;
    uint32_t saves, loads; /* tiles into and from the viewer's slots */
    bool complete;         /* nothing is left that could go at once */
    bool exact;            /* the viewer's picture equals `pixels` everywhere */
};

/* NULL when out of memory or the size is out of range. */
struct codec_encoder *codec_encoder_create(const struct codec_encoder_config *config);
void codec_encoder_destroy(struct codec_encoder *encoder);

/* New epoch: the next message carries the whole screen and resets the decoder. Also changes the
 * size; 0 on success, CODEC_ERR_*. */
int codec_encoder_reset(struct codec_encoder *encoder, int32_t width_px, int32_t height_px);

/* Encode what is dirty. Writes at most cap bytes to out: at least 1 MiB, CODEC_MAX_MESSAGE_BYTES advised.
 * Returns the message's length, 0 when there is nothing to send, or CODEC_ERR_SPACE (cap), CODEC_ERR_RANGE
 * (stride) with nothing changed, CODEC_ERR_NOMEM after a failed reset. */
int codec_encoder_encode(struct codec_encoder *encoder, const struct codec_encoder_frame *frame, uint8_t *out,
    size_t cap, struct codec_encoder_stats *out_stats);

/* Video is not coded inside codec_encoder_encode(): ask after each call, until it says NULL. Every task is to
 * be run once, on any thread, even when the encoder has been reset or destroyed meanwhile. When it has run
 * its packet is ready for the next codec_encoder_encode(), at once if possible. */
struct codec_video_task *codec_encoder_video_task(struct codec_encoder *encoder);
void codec_video_task_run(struct codec_video_task *task);
bool codec_encoder_video_ready(const struct codec_encoder *encoder);

/* What a viewer says about a stream: unknown numbers are ignored. */
struct codec_video_wish {
    bool pause; /* its decoder is behind: no packets until another wish without it */
    bool key;   /* a packet was lost there: the next must be decodable alone */
    bool none;  /* no video works there: all streams end, there are no more in this encoder's life */
};
void codec_encoder_video_control(
    struct codec_encoder *encoder, uint8_t stream, const struct codec_video_wish *wish);

/* True while tiles are dirty or not yet exact, so that a still screen must be encoded again. */
bool codec_encoder_pending(const struct codec_encoder *encoder);

/* Monotonic time at which the next refinement is due; UINT64_MAX when none is. */
uint64_t codec_encoder_deadline_us(const struct codec_encoder *encoder);
