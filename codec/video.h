/* Video streams inside the screen: what both sides keep about them, and the two doors through which
 * the codec reaches a real video coder without knowing one. The encoder is given struct
 * codec_video_coder by its owner; the decoder hands packets out (struct codec_video_event) and takes
 * pictures back (codec_decoder_video_paint).
 *
 * A stream covers a rectangle. It paints the lossy cells of it, and only those: a cell that an exact
 * operation makes exact stands above the video, and COVER gives cells back to it. As lossy cells are never
 * looked at by the exact coder, the streams need not be decoded alike, or at once, on all viewers.
 * Layout of the operations: docs/wire-screen.md "Video". */
#pragma once

#include "codec/message.h"
#include "codec/screen.h"

enum {
    CODEC_MAX_VIDEOS = 4,                          /* open at a time */
    CODEC_MAX_VIDEO_EVENTS = 3 * CODEC_MAX_VIDEOS, /* of one message: opens, packets, closes */
    CODEC_VIDEO_MIN_PX = 16                        /* each side of a stream */
};

/* H.264 by the profile of its SPS. A viewer names those it decodes. */
enum codec_video_kind {
    CODEC_VIDEO_H264 = 1,    /* up to High: 4:2:0 */
    CODEC_VIDEO_H264_444 = 2 /* High 4:4:4 Predictive */
};

/* One planar picture, 8 bits: BT.709 matrix, full range. */
struct codec_yuv {
    int32_t width_px, height_px; /* even */
    const uint8_t *y, *u, *v;
    size_t stride_y, stride_uv;
    size_t step_uv;   /* bytes between two samples of u, and of v: 1, or 2 when they alternate */
    bool chroma_full; /* 4:4:4; else 4:2:0 */
};

struct codec_video_format {
    int32_t width_px, height_px; /* even */
    enum codec_video_kind kind;
};

struct codec_video_frame {
    struct codec_yuv picture;
    bool key;           /* must be decodable alone */
    uint32_t max_bytes; /* soft */
};

struct codec_video_packet {
    bool key;          /* decodable alone */
    uint32_t cost_us;  /* processor time; the encoder leaves twice that to others before the next */
    uint32_t psnr_cdb; /* how near it comes to the picture, 1/100 dB; 0 = not known */
};

/* What coders learn of the machine, kept by their owner over streams: data of open(). Zero at first. */
struct codec_video_pace {
    _Atomic uint32_t percent; /* of the usual cost */
};

/* A video coder as the encoder of the screen uses it, given by its owner. Coders are used on any thread, each
 * by one at a time; data must outlive the tasks that codec_encoder_video_task() gave out. */
struct codec_video_coder {
    /* NULL when it cannot. out_sps: profile, constraints and level, as the SPS will have them. */
    void *(*open)(void *data, const struct codec_video_format *format, uint8_t out_sps[3]);
    /* One picture in, its whole Annex B access unit out: nothing is held back. Bytes written with *packet, or
     * CODEC_ERR_*, after which the stream is closed. */
    int (*encode)(void *coder, const struct codec_video_frame *frame, uint8_t *out, size_t cap,
        struct codec_video_packet *packet);
    void (*close)(void *coder);
};

struct codec_video_stream {
    bool open;
    bool keyed; /* a key was sent */
    uint8_t id;
    uint8_t sps[3];
    struct codec_rect rect;
};

struct codec_video_set {
    struct codec_video_stream stream[CODEC_MAX_VIDEOS];
};

/* What a message did with a stream, in order. */
struct codec_video_event {
    enum codec_op_type type; /* VIDEO_OPEN, VIDEO, VIDEO_CLOSE */
    uint8_t stream;
    uint8_t sps[3];         /* VIDEO_OPEN */
    bool key;               /* VIDEO */
    struct codec_rect rect; /* of the stream */
    const uint8_t *data;    /* VIDEO: inside the message that was decoded */
    uint32_t len;
};

/* The open stream of that number, or NULL. */
struct codec_video_stream *codec_video_find(struct codec_video_set *set, uint8_t id);

/* Check an operation of type VIDEO_OPEN and beyond against the screen and the set, and change the set by it.
 * 0 or CODEC_ERR_*. The marks of the screen are codec_video_mark()'s. */
int codec_video_take(struct codec_video_set *set, const struct codec_screen *s, const struct codec_op *op);

/* The cells that the operation gives to the video become lossy. */
void codec_video_mark(struct codec_screen *s, const struct codec_op *op);

/* 0 for a profile that is neither kind. */
int codec_video_kind_of(const uint8_t sps[3]);

/* Pixels of a stream's coded picture: its rectangle, rounded up to even. */
static inline int32_t codec_video_even(int32_t px)
{
    return (px + 1) & ~1;
}
