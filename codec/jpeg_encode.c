#include "codec/jpeg_encode.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

enum { FULL_CHROMA_QUALITY = 90 };

struct failure {
    struct jpeg_error_mgr mgr; /* first: libjpeg hands back a pointer to it */
    jmp_buf exit;
};

struct sink {
    struct jpeg_destination_mgr mgr; /* first, as above */
    uint8_t *out;
    size_t cap;
    bool full;
};

static void fail(j_common_ptr c)
{
    struct failure *f = (struct failure *)c->err;
    longjmp(f->exit, 1);
}

static void silent(j_common_ptr c)
{
    (void)c;
}

static void sink_start(j_compress_ptr c)
{
    struct sink *s = (struct sink *)c->dest;
    s->mgr.next_output_byte = s->out;
    s->mgr.free_in_buffer = s->cap;
}

static boolean sink_full(j_compress_ptr c)
{
    struct sink *s = (struct sink *)c->dest;
    s->full = true;
    fail((j_common_ptr)c);
    return FALSE;
}

static void sink_end(j_compress_ptr c)
{
    (void)c;
}

int codec_jpeg_encode(const struct codec_truth *t, struct codec_rect r, int quality, uint8_t *out, size_t cap)
{
    struct jpeg_compress_struct c = {0};
    struct failure f;
    struct sink s = {.out = out, .cap = cap};
    s.mgr.init_destination = sink_start;
    s.mgr.empty_output_buffer = sink_full;
    s.mgr.term_destination = sink_end;
    c.err = jpeg_std_error(&f.mgr);
    f.mgr.error_exit = fail;
    f.mgr.output_message = silent;
    if (cap == 0)
        return CODEC_ERR_SPACE;
    if (setjmp(f.exit) != 0) {
        jpeg_destroy_compress(&c);
        return s.full ? CODEC_ERR_SPACE : CODEC_ERR_NOMEM;
    }
    jpeg_create_compress(&c);
    c.dest = &s.mgr;
    c.image_width = (JDIMENSION)r.w;
    c.image_height = (JDIMENSION)r.h;
    c.input_components = 4;
    c.in_color_space = JCS_EXT_BGRX;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    c.dct_method = JDCT_ISLOW;
    c.write_JFIF_header = FALSE;
    if (quality >= FULL_CHROMA_QUALITY)
        c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        /* libjpeg does not write to its input; its type only lacks the const. */
        JSAMPROW row = (JSAMPROW)(uintptr_t)codec_truth_at(t, r.x, r.y + (int32_t)c.next_scanline);
        (void)jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    const size_t n = cap - s.mgr.free_in_buffer;
    jpeg_destroy_compress(&c);
    return (int)n;
}
