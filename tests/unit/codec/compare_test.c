#include "codec/truth.h"
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the header says, by the letter. */
static uint64_t plain(const uint32_t *a, const uint32_t *b, int32_t n)
{
    uint64_t bits = 0;
    for (int32_t i = 0; i < n; i++)
        if ((a[i] & 0xffffffu) != (b[i] & 0xffffffu))
            bits |= (uint64_t)1 << i;
    return bits;
}

static void every_form_finds_the_same_pixels_at_every_length_and_place(void **state)
{
    (void)state;
    enum { SPARE = 9 };
    struct scene s;
    scene_init(&s, 1, 1, 11);
    for (int round = 0; round < 3000; round++) {
        const int32_t n = 1 + (int32_t)(scene_random(&s) % CODEC_COMPARE_MAX_PX);
        const size_t at_a = scene_random(&s) % SPARE, at_b = scene_random(&s) % SPARE;
        /* As large as read: beyond it the sanitizer watches. */
        uint32_t *a = malloc((at_a + (size_t)n) * sizeof *a), *b = malloc((at_b + (size_t)n) * sizeof *b);
        assert_true(a && b);
        const uint32_t often = scene_random(&s) % 70;
        for (int32_t i = 0; i < n; i++) {
            a[at_a + (size_t)i] = scene_random(&s);
            const uint32_t bit = scene_random(&s) % 32; /* the top byte, and then every other, by one bit */
            const bool change = scene_random(&s) % 64 < often;
            b[at_b + (size_t)i] = a[at_a + (size_t)i] ^ (change ? 1u << bit : 0xff000000u);
        }
        const uint64_t want = plain(a + at_a, b + at_b, n);
        for (size_t f = 0; codec_compare_form(f); f++)
            assert_true(codec_compare_form(f)(a + at_a, b + at_b, n) == want);
        assert_true(codec_compare_best()(a + at_a, b + at_b, n) == want);
        free(a);
        free(b);
    }
    scene_finish(&s);
}

static void diff_and_bounds_are_those_of_single_pixels(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 301, 150, 3); /* odd: the last tiles and cells are cut */
    struct codec_screen screen;
    assert_int_equal(codec_screen_init(&screen, s.w, s.h), 0);
    const struct codec_truth truth = {s.px, (size_t)s.w, codec_compare_best()};
    for (int round = 0; round < 400; round++) {
        const int32_t x = (int32_t)(scene_random(&s) % 301), y = (int32_t)(scene_random(&s) % 150);
        const int32_t x2 = (int32_t)(scene_random(&s) % 301), y2 = y / 64 * 64;
        s.px[y * s.w + x] = s.px[y2 * s.w + x2] = 0xff0000ffu;
        const int32_t ty = y / 64, tiles = screen.tiles_x;
        uint16_t ask[5], got[5];
        for (int32_t i = 0; i < tiles; i++)
            ask[i] = (uint16_t)(round % 2 ? 0xffffu : scene_random(&s));
        codec_truth_diff(&truth, &screen, 0, ty, tiles, ask, got);
        uint16_t want[5] = {0};
        const int32_t at[2][2] = {{x, y}, {x2, y2}};
        for (int i = 0; i < 2; i++) {
            const int32_t tx = at[i][0] / 64;
            const uint32_t bit = 1u << (at[i][1] % 64 / 16 * 4 + at[i][0] % 64 / 16);
            want[tx] = (uint16_t)(want[tx] | (bit & ask[tx]));
        }
        assert_memory_equal(got, want, (size_t)tiles * sizeof *want);
        struct codec_patch *patch = calloc(1, sizeof *patch);
        assert_non_null(patch);
        patch->tile_x = x / 64;
        patch->tile_y = ty;
        patch->cells = 0xffff;
        assert_true(codec_truth_bounds(&truth, &screen, patch));
        const bool both = x2 / 64 == x / 64;
        assert_int_equal(patch->x0, both && x2 < x ? x2 % 64 : x % 64);
        assert_int_equal(patch->x1, (both && x2 > x ? x2 % 64 : x % 64) + 1);
        assert_int_equal(patch->y0, both ? y2 % 64 : y % 64);
        assert_int_equal(patch->y1, y % 64 + 1);
        free(patch);
        s.px[y * s.w + x] = s.px[y2 * s.w + x2] = 0;
    }
    codec_screen_finish(&screen);
    scene_finish(&s);
}

static void a_part_of_the_picture_is_found_at_its_old_place_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 200, 100, 3);
    scene_noise(&s, (struct codec_rect){0, 0, 200, 100});
    struct codec_screen screen;
    assert_int_equal(codec_screen_init(&screen, s.w, s.h), 0);
    for (int32_t y = 0; y < 90; y++)
        for (int32_t x = 0; x < 187; x++)
            *codec_screen_at(&screen, x + 13, y + 10) = s.px[y * 200 + x] & 0xffffffu;
    const struct codec_truth truth = {s.px, 200, codec_compare_best()};
    const struct codec_rect all = {0, 0, 187, 90};
    assert_true(codec_truth_equals(&truth, &screen, all, 13, 10));
    assert_false(codec_truth_equals(&truth, &screen, all, 12, 10));
    s.px[89 * 200 + 186] ^= 1;
    assert_false(codec_truth_equals(&truth, &screen, all, 13, 10));
    codec_screen_finish(&screen);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_finds_the_same_pixels_at_every_length_and_place),
        cmocka_unit_test(diff_and_bounds_are_those_of_single_pixels),
        cmocka_unit_test(a_part_of_the_picture_is_found_at_its_old_place_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
