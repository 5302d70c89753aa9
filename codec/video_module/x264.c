/* The module that codes by x264. Nothing is looked ahead and nothing held back: one picture in, its packet
 * out; only the first and those asked for are keys. One thread, which is the caller's.
 *
 * The preset follows what a picture costs on this machine: the slowest one that should take at most
 * FRAME_US. What was learnt lives with the coder's owner, data of open(), a struct codec_video_pace. */
#include "codec/video_module/module.h"

#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <x264.h>

enum {
    FRAME_US = 7500,  /* a fifth of a core at 24 pictures a second, and what input may have to wait */
    NOMINAL_FPS = 30, /* of the rate control; real pictures come when they come */
    MAX_PACKET_BYTES = 400 << 10,
    PSNR_MOST_DB = 100,
    RATE_STEP_PERCENT = 20 /* smaller changes of the allowed size are not worth telling */
};

/* Cost per pixel of full chroma, in 1/16 ns, on the machine where they were measured; and the quality: about
 * 41 dB of a natural picture, as what rests becomes exact anyway. */
static const struct {
    const char *name;
    uint32_t cost;
    float crf;
} PRESET[] = {{"ultrafast", 130, 24}, {"superfast", 200, 24}, {"veryfast", 280, 24}};
enum { PRESETS = sizeof PRESET / sizeof PRESET[0] };

struct coder {
    x264_t *x264;
    x264_param_t param;
    struct codec_video_pace *pace;
    size_t preset;
    uint64_t px;
    uint32_t max_bytes;
    int64_t pts;
};

static uint64_t thread_us(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t expected_us(size_t preset, uint64_t px, uint32_t percent)
{
    return px * PRESET[preset].cost / 16 * percent / 100 / 1000;
}

/* No packet much beyond max_bytes: a buffer of one picture. */
static void limit(x264_param_t *p, uint32_t max_bytes)
{
    p->rc.i_vbv_buffer_size = (int)(max_bytes * 8 / 1000) + 1;
    p->rc.i_vbv_max_bitrate = p->rc.i_vbv_buffer_size * NOMINAL_FPS;
}

static int level(uint64_t px)
{
    return px <= 1280 * 720 ? 31 : px <= 2048 * 1024 ? 40 : px <= 4096 * 2304 ? 51 : 60;
}

static void say_nothing(void *data, int level, const char *format, va_list args)
{
    (void)data;
    (void)level;
    (void)format;
    (void)args;
}

static void set_up(struct coder *c, const struct codec_video_format *format)
{
    x264_param_t *p = &c->param;
    const bool full = format->kind == CODEC_VIDEO_H264_444;
    (void)x264_param_default_preset(p, PRESET[c->preset].name, "zerolatency");
    p->i_log_level = X264_LOG_INFO; /* with less it does not measure what it made */
    p->pf_log = say_nothing;
    p->i_threads = 1;
    p->b_sliced_threads = 0;
    p->i_width = format->width_px;
    p->i_height = format->height_px;
    p->i_csp = full ? X264_CSP_I444 : X264_CSP_I420;
    p->i_level_idc = level(c->px);
    p->i_fps_num = NOMINAL_FPS;
    p->i_fps_den = 1;
    p->b_vfr_input = 0;
    p->i_keyint_max = X264_KEYINT_MAX_INFINITE;
    p->i_scenecut_threshold = 0;
    p->b_annexb = 1;
    p->b_repeat_headers = 1;
    p->b_aud = 0;
    p->vui.b_fullrange = 1;
    p->vui.i_colmatrix = 1;
    p->vui.i_colorprim = 1;
    p->vui.i_transfer = 1;
    p->analyse.b_psnr = 1; /* told with each packet */
    p->rc.i_rc_method = X264_RC_CRF;
    p->rc.f_rf_constant = PRESET[c->preset].crf;
    limit(p, c->max_bytes);
    (void)x264_param_apply_profile(p, full ? "high444" : "high");
}

/* Profile, constraints and level of the SPS among the headers. */
static bool read_sps(x264_t *x264, uint8_t out_sps[3])
{
    x264_nal_t *nal = NULL;
    int count = 0;
    if (x264_encoder_headers(x264, &nal, &count) < 0)
        return false;
    for (int i = 0; i < count; i++) {
        /* Start code of four bytes, the unit's type, then what is wanted. */
        if (nal[i].i_type != NAL_SPS || nal[i].i_payload < 8)
            continue;
        memcpy(out_sps, nal[i].p_payload + 5, 3);
        return true;
    }
    return false;
}

static void coder_close(void *coder)
{
    struct coder *c = coder;
    if (c->x264)
        x264_encoder_close(c->x264);
    free(c);
}

static void *coder_open(void *data, const struct codec_video_format *format, uint8_t out_sps[3])
{
    struct coder *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->pace = data;
    c->px = (uint64_t)format->width_px * (uint64_t)format->height_px;
    c->max_bytes = MAX_PACKET_BYTES;
    uint32_t none = 0;
    (void)atomic_compare_exchange_strong(&c->pace->percent, &none, 100);
    const uint32_t percent = atomic_load(&c->pace->percent);
    for (size_t i = 1; i < PRESETS; i++)
        if (expected_us(i, c->px, percent) <= FRAME_US)
            c->preset = i;
    set_up(c, format);
    c->x264 = x264_encoder_open(&c->param);
    if (!c->x264 || !read_sps(c->x264, out_sps)) {
        coder_close(c);
        return NULL;
    }
    return c;
}

static void learn(struct coder *c, uint64_t took_us)
{
    const uint64_t usual_us = c->px * PRESET[c->preset].cost / 16 / 1000;
    const uint64_t percent = took_us * 100 / (usual_us ? usual_us : 1);
    const uint64_t held = percent < 10 ? 10 : percent > 2000 ? 2000 : percent;
    /* Several coders learn at once: what one of them says may be lost, which harms nothing. */
    const uint64_t old = atomic_load(&c->pace->percent);
    atomic_store(&c->pace->percent, (uint32_t)((15u * old + held + 8) / 16));
}

static int coder_encode(void *coder, const struct codec_video_frame *frame, uint8_t *out, size_t cap,
    struct codec_video_packet *packet)
{
    struct coder *c = coder;
    const uint64_t start_us = thread_us();
    const uint32_t wanted = frame->max_bytes < MAX_PACKET_BYTES ? frame->max_bytes : MAX_PACKET_BYTES;
    const uint32_t apart = wanted > c->max_bytes ? wanted - c->max_bytes : c->max_bytes - wanted;
    if ((uint64_t)apart * 100 > (uint64_t)c->max_bytes * RATE_STEP_PERCENT) {
        c->max_bytes = wanted;
        limit(&c->param, wanted);
        (void)x264_encoder_reconfig(c->x264, &c->param);
    }
    x264_picture_t in, coded;
    x264_picture_init(&in);
    in.i_type = frame->key ? X264_TYPE_IDR : X264_TYPE_AUTO;
    in.i_pts = c->pts++;
    in.img.i_csp = c->param.i_csp;
    in.img.i_plane = 3;
    in.img.plane[0] = (uint8_t *)(uintptr_t)frame->picture.y; /* x264 reads them only */
    in.img.plane[1] = (uint8_t *)(uintptr_t)frame->picture.u;
    in.img.plane[2] = (uint8_t *)(uintptr_t)frame->picture.v;
    in.img.i_stride[0] = (int)frame->picture.stride_y;
    in.img.i_stride[1] = in.img.i_stride[2] = (int)frame->picture.stride_uv;
    x264_nal_t *nal = NULL;
    int count = 0;
    const int bytes = x264_encoder_encode(c->x264, &nal, &count, &in, &coded);
    if (bytes <= 0 || count < 1)
        return CODEC_ERR_CORRUPT;
    if ((size_t)bytes > cap)
        return CODEC_ERR_SPACE;
    memcpy(out, nal[0].p_payload, (size_t)bytes);
    const uint64_t took_us = thread_us() - start_us;
    learn(c, took_us);
    packet->key = coded.b_keyframe != 0;
    const double db = coded.prop.f_psnr_avg;
    packet->psnr_cdb = db > 0 && db < PSNR_MOST_DB ? (uint32_t)(db * 100) : 0;
    packet->cost_us = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
    return bytes;
}

static const struct codec_video_coder CODER = {
    .open = coder_open, .encode = coder_encode, .close = coder_close};

extern const struct codec_video_module hearth_video_module;
const struct codec_video_module hearth_video_module = {
    .version = CODEC_VIDEO_MODULE_VERSION, .coder = &CODER};
