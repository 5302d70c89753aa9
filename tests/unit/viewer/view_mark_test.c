#include "viewer/desktop/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SIDE = 128 };

static uint32_t at(const SDL_Surface *surface, int x, int y)
{
    return ((
        const uint32_t *)(const void *)((const uint8_t *)surface->pixels + (ptrdiff_t)y * surface->pitch))[x];
}

static void the_mark_stands_where_it_is_painted_and_nowhere_else(void **state)
{
    (void)state;
    SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, SIDE + 20, SIDE + 10, 32, SDL_PIXELFORMAT_RGB888);
    assert_non_null(s);
    view_mark_paint(s, 10, 5, SIDE, false);
    assert_int_equal(at(s, 10, 5), VIEW_MARK_GROUND);
    assert_int_equal(at(s, 10 + SIDE / 2, 5 + SIDE * 348 / 512), 0xf0713a);         /* the ember */
    assert_int_equal(at(s, 10 + SIDE / 2, 5 + SIDE * (251 - 162) / 512), 0xf3eee8); /* top of the ring */
    assert_int_equal(at(s, 10 + SIDE / 2, 5 + SIDE * 421 / 512), VIEW_MARK_GROUND); /* its gap */
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++)
            if (x < 10 || x >= 10 + SIDE || y < 5 || y >= 5 + SIDE)
                assert_int_equal(at(s, x, y), 0);
    SDL_FreeSurface(s);
}

static void an_icon_has_round_corners(void **state)
{
    (void)state;
    SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, SIDE, SIDE, 32, SDL_PIXELFORMAT_ARGB8888);
    assert_non_null(s);
    view_mark_paint(s, 0, 0, SIDE, true);
    assert_int_equal(at(s, 0, 0) >> 24, 0);
    assert_int_equal(at(s, SIDE - 1, SIDE - 1) >> 24, 0);
    assert_int_equal(at(s, SIDE / 2, 0), 0xff000000u | VIEW_MARK_GROUND);
    SDL_FreeSurface(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mark_stands_where_it_is_painted_and_nowhere_else),
        cmocka_unit_test(an_icon_has_round_corners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
