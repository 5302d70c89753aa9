/* The module that decodes by libavcodec: its H.264 decoder alone, one thread, nothing held back. The packets
 * are a stranger's: no picture larger than announced is ever allocated, and one of another size is refused.
 */
#include "codec/video_module/module.h"

#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>

enum {
    MAX_PACKET_BYTES = 8 << 20,
    EDGE_PX = 64 /* what a decoder may add to a side */
};

struct reader {
    struct codec_video_format format;
    AVCodecContext *context;
    AVPacket *packet;
    AVFrame *frame;
    uint8_t *bytes; /* owned: the packet with what the decoder wants behind it */
    size_t cap;
};

static void reader_close(void *reader)
{
    struct reader *r = reader;
    avcodec_free_context(&r->context);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    free(r->bytes);
    free(r);
}

static void *reader_open(const struct codec_video_format *format)
{
    const AVCodec *codec = avcodec_find_decoder_by_name("h264");
    struct reader *r = codec ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    av_log_set_level(AV_LOG_QUIET);
    r->format = *format;
    r->context = avcodec_alloc_context3(codec);
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    if (!r->context || !r->packet || !r->frame) {
        reader_close(r);
        return NULL;
    }
    r->context->thread_count = 1;
    r->context->flags |= AV_CODEC_FLAG_LOW_DELAY;
    r->context->err_recognition = AV_EF_EXPLODE;
    r->context->max_pixels = (int64_t)(format->width_px + EDGE_PX) * (format->height_px + EDGE_PX);
    if (avcodec_open2(r->context, codec, NULL) < 0) {
        reader_close(r);
        return NULL;
    }
    return r;
}

static bool fits(const struct reader *r, const AVFrame *f)
{
    const bool full = r->format.kind == CODEC_VIDEO_H264_444;
    const bool layout = full ? f->format == AV_PIX_FMT_YUV444P || f->format == AV_PIX_FMT_YUVJ444P
                             : f->format == AV_PIX_FMT_YUV420P || f->format == AV_PIX_FMT_YUVJ420P;
    return layout && f->width == r->format.width_px && f->height == r->format.height_px &&
           f->linesize[0] > 0 && f->linesize[1] > 0 && f->linesize[1] == f->linesize[2];
}

static int reader_decode(void *reader, const uint8_t *data, size_t len, struct codec_yuv *out)
{
    struct reader *r = reader;
    if (len == 0 || len > MAX_PACKET_BYTES)
        return CODEC_ERR_LENGTH;
    if (len + AV_INPUT_BUFFER_PADDING_SIZE > r->cap) {
        uint8_t *grown = realloc(r->bytes, len + AV_INPUT_BUFFER_PADDING_SIZE);
        if (!grown)
            return CODEC_ERR_NOMEM;
        r->bytes = grown;
        r->cap = len + AV_INPUT_BUFFER_PADDING_SIZE;
    }
    memcpy(r->bytes, data, len);
    memset(r->bytes + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    r->packet->data = r->bytes;
    r->packet->size = (int)len;
    if (avcodec_send_packet(r->context, r->packet) < 0)
        return CODEC_ERR_CORRUPT;
    av_frame_unref(r->frame);
    const int got = avcodec_receive_frame(r->context, r->frame);
    if (got == AVERROR(EAGAIN))
        return 0;
    if (got < 0 || !fits(r, r->frame))
        return CODEC_ERR_CORRUPT;
    *out = (struct codec_yuv){.width_px = r->format.width_px,
        .height_px = r->format.height_px,
        .y = r->frame->data[0],
        .u = r->frame->data[1],
        .v = r->frame->data[2],
        .stride_y = (size_t)r->frame->linesize[0],
        .stride_uv = (size_t)r->frame->linesize[1],
        .step_uv = 1,
        .chroma_full = r->format.kind == CODEC_VIDEO_H264_444};
    return 1;
}

static const struct codec_video_reader READER = {
    .open = reader_open, .decode = reader_decode, .close = reader_close};

extern const struct codec_video_module hearth_video_module;
const struct codec_video_module hearth_video_module = {
    .version = CODEC_VIDEO_MODULE_VERSION, .reader = &READER};
