#include "codec/jpeg.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

enum { MAX_WORK_BYTES = 64 << 20 };

struct failure {
    struct jpeg_error_mgr mgr; /* first: libjpeg hands back a pointer to it */
    jmp_buf exit;
};

static void fail(j_common_ptr c)
{
    struct failure *f = (struct failure *)c->err;
    longjmp(f->exit, 1);
}

/* A warning means damaged data: not good enough for a picture that must be the host's. */
static void warn(j_common_ptr c, int level)
{
    if (level < 0)
        fail(c);
}

static void silent(j_common_ptr c)
{
    (void)c;
}

static bool acceptable(const struct jpeg_decompress_struct *c, int32_t width_px, int32_t height_px)
{
    return c->image_width == (JDIMENSION)width_px && c->image_height == (JDIMENSION)height_px &&
           c->num_components == 3 && c->data_precision == 8 && !c->progressive_mode && !c->arith_code &&
           c->comps_in_scan == 3;
}

int codec_jpeg_decode(
    const uint8_t *data, size_t len, int32_t width_px, int32_t height_px, uint32_t *out, size_t out_stride_px)
{
    struct jpeg_decompress_struct c = {0};
    struct failure f;
    c.err = jpeg_std_error(&f.mgr);
    f.mgr.error_exit = fail;
    f.mgr.emit_message = warn;
    f.mgr.output_message = silent;
    if (setjmp(f.exit) != 0) {
        jpeg_destroy_decompress(&c);
        return CODEC_ERR_CORRUPT;
    }
    jpeg_create_decompress(&c);
    c.mem->max_memory_to_use = MAX_WORK_BYTES;
    jpeg_mem_src(&c, data, (unsigned long)len);
    (void)jpeg_read_header(&c, TRUE);
    if (!acceptable(&c, width_px, height_px))
        fail((j_common_ptr)&c);
    c.out_color_space = JCS_EXT_BGRX;
    c.dct_method = JDCT_ISLOW;
    (void)jpeg_start_decompress(&c);
    while (c.output_scanline < c.output_height) {
        JSAMPROW row = (JSAMPROW)(out + (size_t)c.output_scanline * out_stride_px);
        (void)jpeg_read_scanlines(&c, &row, 1);
    }
    (void)jpeg_finish_decompress(&c);
    jpeg_destroy_decompress(&c);
    return 0;
}
