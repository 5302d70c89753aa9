#include "host/screen/tiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool covered(const struct codec_rect *rects, size_t count, int x, int y)
{
    for (size_t i = 0; i < count; i++) {
        const struct codec_rect *r = &rects[i];
        if (x >= r->x && y >= r->y && x < r->x + r->w && y < r->y + r->h)
            return true;
    }
    return false;
}

static void assert_sound(const struct screen_tiles *tiles, const struct codec_rect *rects, size_t count)
{
    assert_in_range(count, 0, SCREEN_TILES_RECTS);
    for (size_t i = 0; i < count; i++) {
        assert_true(rects[i].x >= 0 && rects[i].y >= 0 && rects[i].w > 0 && rects[i].h > 0);
        assert_true(
            rects[i].x + rects[i].w <= tiles->width_px && rects[i].y + rects[i].h <= tiles->height_px);
        for (size_t j = 0; j < i; j++) {
            const struct codec_rect *a = &rects[i], *b = &rects[j];
            assert_true(
                a->x + a->w <= b->x || b->x + b->w <= a->x || a->y + a->h <= b->y || b->y + b->h <= a->y);
        }
    }
}

static void a_rectangle_marks_every_tile_it_touches_and_no_other(void **state)
{
    (void)state;
    struct screen_tiles tiles;
    struct codec_rect out[SCREEN_TILES_RECTS];
    screen_tiles_init(&tiles, 1000, 700);
    assert_true(screen_tiles_empty(&tiles));
    screen_tiles_add(&tiles, &(struct codec_rect){63, 64, 2, 1});
    assert_int_equal(screen_tiles_rects(&tiles, out), 1);
    assert_int_equal(out[0].x, 0);
    assert_int_equal(out[0].y, 64);
    assert_int_equal(out[0].w, 128);
    assert_int_equal(out[0].h, 64);
}

static void rectangles_outside_or_empty_mark_nothing(void **state)
{
    (void)state;
    struct screen_tiles tiles;
    screen_tiles_init(&tiles, 100, 100);
    const struct codec_rect rects[] = {{-50, 0, 50, 10}, {100, 0, 5, 5}, {0, 0, 0, 9}, {5, 5, -3, 4},
        {INT32_MAX, 0, INT32_MAX, 1}, {0, 200, 1, 1}};
    for (size_t i = 0; i < sizeof rects / sizeof rects[0]; i++)
        screen_tiles_add(&tiles, &rects[i]);
    assert_true(screen_tiles_empty(&tiles));
}

static void the_last_tile_is_cut_at_the_edge(void **state)
{
    (void)state;
    struct screen_tiles tiles;
    struct codec_rect out[SCREEN_TILES_RECTS];
    screen_tiles_init(&tiles, 8192, 100);
    screen_tiles_add_all(&tiles);
    assert_int_equal(screen_tiles_rects(&tiles, out), 1);
    assert_int_equal(out[0].w, 8192);
    assert_int_equal(out[0].h, 100);
}

static void a_scattered_set_is_covered_by_few_disjoint_rectangles(void **state)
{
    (void)state;
    struct screen_tiles tiles;
    struct codec_rect out[SCREEN_TILES_RECTS];
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        int w = 1 + rand_r(&seed) % 8192, h = 1 + rand_r(&seed) % 8192;
        screen_tiles_init(&tiles, w, h);
        struct codec_rect marks[40];
        int count = rand_r(&seed) % 40;
        for (int i = 0; i < count; i++) {
            marks[i] = (struct codec_rect){rand_r(&seed) % w, rand_r(&seed) % h, 1, 1};
            screen_tiles_add(&tiles, &marks[i]);
        }
        /* A chessboard now and then: the most rectangles there can be. */
        for (int y = 0; round % 10 == 0 && y < h; y += 64)
            for (int x = y / 64 % 2 * 64; x < w; x += 128)
                screen_tiles_add(&tiles, &(struct codec_rect){x, y, 1, 1});
        size_t rects = screen_tiles_rects(&tiles, out);
        assert_sound(&tiles, out, rects);
        for (int i = 0; i < count; i++)
            assert_true(covered(out, rects, marks[i].x, marks[i].y));
    }
}

static void sets_unite_and_clear(void **state)
{
    (void)state;
    struct screen_tiles a, b;
    screen_tiles_init(&a, 640, 480);
    screen_tiles_init(&b, 640, 480);
    screen_tiles_add(&b, &(struct codec_rect){600, 400, 1, 1});
    screen_tiles_unite(&a, &b);
    assert_memory_equal(&a, &b, sizeof a);
    screen_tiles_clear(&a);
    assert_true(screen_tiles_empty(&a));
}

static void tiles_that_two_sets_share_are_counted(void **state)
{
    (void)state;
    struct screen_tiles one, other;
    screen_tiles_init(&one, 1000, 700);
    screen_tiles_init(&other, 1000, 700);
    assert_int_equal(screen_tiles_common(&one, &other), 0);
    screen_tiles_add(&one, &(struct codec_rect){0, 0, 200, 100});
    screen_tiles_add(&other, &(struct codec_rect){0, 200, 1000, 100});
    assert_int_equal(screen_tiles_common(&one, &other), 0);
    screen_tiles_add(&other, &(struct codec_rect){128, 64, 1, 1});
    assert_int_equal(screen_tiles_common(&one, &other), 1);
    assert_int_equal(screen_tiles_common(&one, &one), screen_tiles_count(&one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rectangle_marks_every_tile_it_touches_and_no_other),
        cmocka_unit_test(rectangles_outside_or_empty_mark_nothing),
        cmocka_unit_test(the_last_tile_is_cut_at_the_edge),
        cmocka_unit_test(a_scattered_set_is_covered_by_few_disjoint_rectangles),
        cmocka_unit_test(sets_unite_and_clear),
        cmocka_unit_test(tiles_that_two_sets_share_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
