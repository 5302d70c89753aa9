/* Rule 6 of a decoder against a hostile host: a JPEG picture is baseline, of its rectangle and whole, and an
 * error of it ends neither the program nor the next picture. */
#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jpeglib.h>

enum { W = 48, H = 32 };

enum kind { BASELINE, GREY, FOUR_COMPONENTS, PROGRESSIVE, ARITHMETIC, SEVERAL_SCANS, RESTARTS };

/* A real picture of that kind into the message's payload; its bytes. */
static size_t put_picture(struct forge *f, enum kind kind, int w, int h)
{
    /* One scan for each component: baseline still, but not what our host sends. */
    static const jpeg_scan_info scans[] = {
        {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL, row[W * 2 * 4];
    unsigned long len = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &len);
    c.image_width = (JDIMENSION)w;
    c.image_height = (JDIMENSION)h;
    c.input_components = kind == GREY ? 1 : kind == FOUR_COMPONENTS ? 4 : 3;
    c.in_color_space = kind == GREY ? JCS_GRAYSCALE : kind == FOUR_COMPONENTS ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&c);
    if (kind == PROGRESSIVE)
        jpeg_simple_progression(&c);
    if (kind == SEVERAL_SCANS) {
        c.scan_info = scans;
        c.num_scans = 3;
    }
    c.arith_code = kind == ARITHMETIC;
    c.restart_interval = kind == RESTARTS;
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < h; y++) {
        for (size_t i = 0; i < sizeof row; i++)
            row[i] = (unsigned char)(i * 37u + (unsigned)y * 11u);
        JSAMPROW rows = row;
        (void)jpeg_write_scanlines(&c, &rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    assert_true(len <= sizeof f->payload);
    memcpy(f->payload, bytes, len);
    free(bytes);
    f->payload_len = len;
    return len;
}

static int send_picture(struct forge *f)
{
    forge_put(
        f, (struct codec_op){.type = CODEC_OP_JPEG, .rect = {16, 16, W, H}, .len = (uint32_t)f->payload_len});
    return forge_send(f);
}

static void rule_6_a_baseline_picture_of_its_rectangle_is_taken(void **state)
{
    struct forge *f = *state;
    (void)put_picture(f, BASELINE, W, H);
    assert_int_equal(send_picture(f), 0);
}

static void rule_6_other_kinds_of_pictures_are_refused(void **state)
{
    struct forge *f = *state;
    static const enum kind kinds[] = {GREY, FOUR_COMPONENTS, PROGRESSIVE, ARITHMETIC, SEVERAL_SCANS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        forge_start(f);
        (void)put_picture(f, kinds[i], W, H);
        assert_int_equal(send_picture(f), CODEC_ERR_CORRUPT);
    }
}

static void rule_6_other_sizes_are_refused(void **state)
{
    struct forge *f = *state;
    static const int sizes[][2] = {
        {W + 1, H}, {W, H + 1}, {W - 1, H}, {W, H - 1}, {H, W}, {W * 2, H}, {1, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        forge_start(f);
        (void)put_picture(f, BASELINE, sizes[i][0], sizes[i][1]);
        assert_int_equal(send_picture(f), CODEC_ERR_CORRUPT);
    }
}

/* libjpeg would patch these up and warn. */
static void rule_6_a_damaged_picture_is_refused(void **state)
{
    struct forge *f = *state;
    size_t len = put_picture(f, BASELINE, W, H);
    f->payload_len = len / 2;
    assert_int_equal(send_picture(f), CODEC_ERR_CORRUPT);
    forge_start(f);
    len = put_picture(f, BASELINE, W, H);
    memset(f->payload + len * 3 / 4, 0xff, len / 4); /* the data runs into a marker that is none */
    assert_int_equal(send_picture(f), CODEC_ERR_CORRUPT);
    forge_start(f);
    len = put_picture(f, RESTARTS, W, H);
    for (size_t i = 0; i + 1 < len; i++)
        if (f->payload[i] == 0xff && f->payload[i + 1] == 0xd1)
            f->payload[i + 1] = 0xd5; /* the wrong restart */
    assert_int_equal(send_picture(f), CODEC_ERR_CORRUPT);
}

static void rule_6_no_bytes_end_the_program_and_a_good_picture_follows(void **state)
{
    struct forge *f = *state;
    uint32_t seed = 9;
    for (int i = 0; i < 2000; i++) {
        forge_start(f);
        const size_t len = put_picture(f, i % 2 ? BASELINE : RESTARTS, W, H);
        for (int k = 0; k < 4; k++) {
            seed = seed * 1664525u + 1013904223u;
            f->payload[(seed >> 8) % len] = (uint8_t)seed;
        }
        const int err = send_picture(f);
        assert_true(err == 0 || err == CODEC_ERR_CORRUPT);
    }
    forge_start(f);
    (void)put_picture(f, BASELINE, W, H);
    assert_int_equal(send_picture(f), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rule_6_a_baseline_picture_of_its_rectangle_is_taken),
        TEST(rule_6_other_kinds_of_pictures_are_refused),
        TEST(rule_6_other_sizes_are_refused),
        TEST(rule_6_a_damaged_picture_is_refused),
        TEST(rule_6_no_bytes_end_the_program_and_a_good_picture_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
