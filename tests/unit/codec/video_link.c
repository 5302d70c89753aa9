#include "video_link.h"

#include "codec/bytes.h"

#include <stdlib.h>
#include <string.h>

/* A packet: key, chroma, width, height, then the planes. */
enum { HEAD_BYTES = 6 };

struct coder {
    struct video_link *link;
    struct codec_video_format format;
};

static void *coder_open(void *data, const struct codec_video_format *format, uint8_t out_sps[3])
{
    struct video_link *link = data;
    if (link->refuse)
        return NULL;
    struct coder *c = malloc(sizeof *c);
    if (!c)
        return NULL;
    *c = (struct coder){link, *format};
    link->opened++;
    out_sps[0] = format->kind == CODEC_VIDEO_H264_444 ? 244 : 100;
    out_sps[1] = 0;
    out_sps[2] = 31;
    return c;
}

static uint8_t *put_plane(uint8_t *out, const uint8_t *plane, size_t stride, int32_t w, int32_t h)
{
    for (int32_t y = 0; y < h; y++, out += w)
        memcpy(out, plane + (size_t)y * stride, (size_t)w);
    return out;
}

static int coder_encode(void *coder, const struct codec_video_frame *frame, uint8_t *out, size_t cap,
    struct codec_video_packet *packet)
{
    struct coder *c = coder;
    const struct codec_yuv *p = &frame->picture;
    const int32_t w = p->width_px, h = p->height_px;
    const int32_t cw = p->chroma_full ? w : w / 2, ch = p->chroma_full ? h : h / 2;
    const size_t len = HEAD_BYTES + (size_t)w * (size_t)h + 2 * (size_t)cw * (size_t)ch;
    if (c->link->fail || len > cap || w != c->format.width_px || h != c->format.height_px)
        return CODEC_ERR_SPACE;
    uint8_t *at = codec_put8(out, frame->key);
    at = codec_put8(at, p->chroma_full);
    at = codec_put16(at, (uint32_t)w);
    at = codec_put16(at, (uint32_t)h);
    at = put_plane(at, p->y, p->stride_y, w, h);
    at = put_plane(at, p->u, p->stride_uv, cw, ch);
    (void)put_plane(at, p->v, p->stride_uv, cw, ch);
    c->link->packets++;
    c->link->keys += frame->key;
    c->link->max_bytes = frame->max_bytes;
    *packet = (struct codec_video_packet){
        .key = frame->key, .cost_us = c->link->cost_us, .psnr_cdb = c->link->psnr_cdb};
    return (int)len;
}

static void coder_close(void *coder)
{
    struct coder *c = coder;
    c->link->closed++;
    free(c);
}

const struct codec_video_coder video_link_coder = {
    .open = coder_open, .encode = coder_encode, .close = coder_close};

bool video_link_paint(struct codec_decoder *decoder, const struct codec_decoded *decoded)
{
    for (size_t i = 0; i < decoded->video_count; i++) {
        const struct codec_video_event *v = &decoded->video[i];
        if (v->type != CODEC_OP_VIDEO)
            continue;
        if (v->len < HEAD_BYTES || v->data[0] != v->key)
            return false;
        const bool full = v->data[1];
        const size_t w = codec_get16(v->data + 2), h = codec_get16(v->data + 4);
        const size_t cw = full ? w : w / 2, ch = full ? h : h / 2;
        if (v->len != HEAD_BYTES + w * h + 2 * cw * ch)
            return false;
        const uint8_t *y = v->data + HEAD_BYTES;
        const struct codec_yuv yuv = {.width_px = (int32_t)w,
            .height_px = (int32_t)h,
            .y = y,
            .u = y + w * h,
            .v = y + w * h + cw * ch,
            .stride_y = w,
            .stride_uv = cw,
            .step_uv = 1,
            .chroma_full = full};
        if (codec_decoder_video_paint(decoder, v->stream, &yuv) != 0)
            return false;
    }
    return true;
}
