#include "tests/bench/coder.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <x264.h>
#include <zstd.h>

enum { PNG_LEVEL = 6, WEBP_LEVEL = 6 };

struct ops {
    const char *name, *preset; /* preset: of x264 */
    int level;                 /* of zstd */
    bool stream;
    bool (*create)(struct coder *c);
    void (*destroy)(struct coder *c);
    size_t (*encode)(struct coder *c, const uint32_t *px, size_t stride, int32_t w, int32_t h, bool alone);
};

struct coder {
    const struct ops *ops;
    int32_t width, height;
    ZSTD_CCtx *zstd;
    void *packed, *out; /* zstd's input without gaps and its output */
    size_t cap;
    x264_t *x264;
    int64_t number;
};

static bool zstd_create(struct coder *c)
{
    const size_t bytes = (size_t)c->width * (size_t)c->height * 4;
    c->cap = ZSTD_compressBound(bytes);
    c->zstd = ZSTD_createCCtx();
    c->packed = malloc(bytes);
    c->out = malloc(c->cap);
    return c->zstd && c->packed && c->out;
}

static void zstd_destroy(struct coder *c)
{
    ZSTD_freeCCtx(c->zstd);
    free(c->packed);
    free(c->out);
}

static size_t zstd_encode(
    struct coder *c, const uint32_t *px, size_t stride, int32_t w, int32_t h, bool alone)
{
    (void)alone;
    const size_t row = (size_t)w * 4, bytes = row * (size_t)h;
    const void *in = px;
    if (stride != (size_t)w) {
        for (int32_t y = 0; y < h; y++)
            memcpy((uint8_t *)c->packed + (size_t)y * row, px + (size_t)y * stride, row);
        in = c->packed;
    }
    const size_t n = ZSTD_compressCCtx(c->zstd, c->out, c->cap, in, bytes, c->ops->level);
    return ZSTD_isError(n) ? 0 : n;
}

static void png_count(png_structp png, png_bytep data, size_t len)
{
    (void)data;
    *(size_t *)png_get_io_ptr(png) += len;
}

static void png_flush_nothing(png_structp png)
{
    (void)png;
}

static size_t png_encode(struct coder *c, const uint32_t *px, size_t stride, int32_t w, int32_t h, bool alone)
{
    (void)c;
    (void)alone;
    size_t bytes = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return 0;
    }
    png_set_write_fn(png, &bytes, png_count, png_flush_nothing);
    png_set_compression_level(png, PNG_LEVEL);
    png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_set_filler(png, 0, PNG_FILLER_AFTER);
    png_set_bgr(png);
    for (int32_t y = 0; y < h; y++)
        png_write_row(png, (png_const_bytep)(px + (size_t)y * stride));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

static int webp_count(const uint8_t *data, size_t len, const WebPPicture *picture)
{
    (void)data;
    *(size_t *)picture->custom_ptr += len;
    return 1;
}

static size_t webp_encode(
    struct coder *c, const uint32_t *px, size_t stride, int32_t w, int32_t h, bool alone)
{
    (void)c;
    (void)alone;
    size_t bytes = 0;
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigInit(&config) || !WebPConfigLosslessPreset(&config, WEBP_LEVEL) ||
        !WebPPictureInit(&picture))
        return 0;
    picture.use_argb = 1;
    picture.width = w;
    picture.height = h;
    picture.writer = webp_count;
    picture.custom_ptr = &bytes;
    const bool ok = WebPPictureImportBGRX(&picture, (const uint8_t *)px, (int)(stride * 4)) &&
                    WebPEncode(&config, &picture);
    WebPPictureFree(&picture);
    return ok ? bytes : 0;
}

/* As one would set it for a desktop: no frame waits for a later one, no key frame but the first. */
static bool x264_create(struct coder *c)
{
    x264_param_t p;
    if (x264_param_default_preset(&p, c->ops->preset, "zerolatency") < 0)
        return false;
    p.i_csp = X264_CSP_BGRA;
    p.vui.i_colmatrix = 0; /* the planes are green, blue and red */
    p.i_width = c->width;
    p.i_height = c->height;
    p.i_threads = 1;
    p.i_keyint_max = X264_KEYINT_MAX_INFINITE;
    p.i_log_level = X264_LOG_ERROR;
    p.b_repeat_headers = 1;
    p.rc.i_rc_method = X264_RC_CQP;
    p.rc.i_qp_constant = 0;
    c->x264 = x264_encoder_open(&p);
    return c->x264 != NULL;
}

static void x264_destroy(struct coder *c)
{
    if (c->x264)
        x264_encoder_close(c->x264);
}

static size_t x264_encode(
    struct coder *c, const uint32_t *px, size_t stride, int32_t w, int32_t h, bool alone)
{
    x264_picture_t in, out;
    x264_nal_t *nal = NULL;
    int count = 0;
    if (w != c->width || h != c->height)
        return 0;
    x264_picture_init(&in);
    in.img.i_csp = X264_CSP_BGRA;
    in.img.i_plane = 1;
    in.img.plane[0] = (uint8_t *)(uintptr_t)px; /* read only */
    in.img.i_stride[0] = (int)(stride * 4);
    in.i_pts = c->number++;
    in.i_type = alone ? X264_TYPE_IDR : X264_TYPE_AUTO;
    const int n = x264_encoder_encode(c->x264, &nal, &count, &in, &out);
    return n > 0 ? (size_t)n : 0;
}

static const struct ops CODERS[] = {
    {"zstd-1", NULL, 1, false, zstd_create, zstd_destroy, zstd_encode},
    {"zstd-3", NULL, 3, false, zstd_create, zstd_destroy, zstd_encode},
    {"png-6", NULL, 0, false, NULL, NULL, png_encode},
    {"webp-6", NULL, 0, false, NULL, NULL, webp_encode},
    {"x264-ultrafast", "ultrafast", 0, true, x264_create, x264_destroy, x264_encode},
    {"x264-veryfast", "veryfast", 0, true, x264_create, x264_destroy, x264_encode},
};

struct coder *coder_create(const char *name, int32_t width_px, int32_t height_px)
{
    for (size_t i = 0; i < sizeof CODERS / sizeof CODERS[0]; i++) {
        if (strcmp(CODERS[i].name, name) != 0)
            continue;
        struct coder *c = calloc(1, sizeof *c);
        if (!c)
            return NULL;
        c->ops = &CODERS[i];
        c->width = width_px;
        c->height = height_px;
        if (!c->ops->create || c->ops->create(c))
            return c;
        coder_destroy(c);
    }
    return NULL;
}

void coder_destroy(struct coder *c)
{
    if (c && c->ops->destroy)
        c->ops->destroy(c);
    free(c);
}

bool coder_is_stream(const struct coder *c)
{
    return c->ops->stream;
}

size_t coder_encode(
    struct coder *c, const uint32_t *px, size_t stride_px, int32_t width_px, int32_t height_px, bool alone)
{
    return c->ops->encode(c, px, stride_px, width_px, height_px, alone);
}
