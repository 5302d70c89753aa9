/* jpeg.wasm: one picture in, pixels out, in a module of its own, so that a damaged picture stops this
 * module (a trap) and not the session. The page throws a stopped module away and starts a new one. */
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

enum { MAX_SIDE_PX = 8192 };

static void fail(j_common_ptr c)
{
    (void)c;
    __builtin_trap();
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

static void no_text(j_common_ptr c, char *buffer)
{
    (void)c;
    buffer[0] = 0;
}

static void forget(j_common_ptr c)
{
    c->err->num_warnings = 0;
}

/* Row y of the picture, words 0x??RRGGBB, good until it returns. A whole picture is never held here: 8 MiB
 * for a screen, and memory of a module does not shrink. */
__attribute__((import_module("env"), import_name("jpeg_row"))) void jpeg_row(int y, const uint32_t *row);

/* Decode data to width_px x height_px pixels, told row by row from the first. 0, or -1 when the picture is of
 * another size or kind; traps when it is damaged. data comes from malloc. */
__attribute__((export_name("jpeg_decode"))) int jpeg_decode(
    const uint8_t *data, unsigned long len, int width_px, int height_px);

int jpeg_decode(const uint8_t *data, unsigned long len, int width_px, int height_px)
{
    static uint32_t px[MAX_SIDE_PX];
    if (width_px < 1 || height_px < 1 || width_px > MAX_SIDE_PX || height_px > MAX_SIDE_PX)
        return -1;
    struct jpeg_error_mgr errors = {
        .error_exit = fail,
        .emit_message = warn,
        .output_message = silent,
        .format_message = no_text,
        .reset_error_mgr = forget,
    };
    struct jpeg_decompress_struct c = {.err = &errors};
    jpeg_create_decompress(&c);
    jpeg_mem_src(&c, data, len);
    (void)jpeg_read_header(&c, TRUE);
    const int ok = c.image_width == (JDIMENSION)width_px && c.image_height == (JDIMENSION)height_px &&
                   c.num_components == 3 && c.data_precision == 8 && !c.progressive_mode && !c.arith_code &&
                   c.comps_in_scan == 3;
    if (ok) {
        c.out_color_space = JCS_EXT_BGRX;
        c.dct_method = JDCT_ISLOW;
        (void)jpeg_start_decompress(&c);
        while (c.output_scanline < c.output_height) {
            const int y = (int)c.output_scanline;
            JSAMPROW row = (JSAMPROW)px;
            (void)jpeg_read_scanlines(&c, &row, 1);
            jpeg_row(y, px);
        }
        (void)jpeg_finish_decompress(&c);
    }
    jpeg_destroy_decompress(&c);
    return ok ? 0 : -1;
}
