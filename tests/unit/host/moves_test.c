#include "host/screen/moves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void moves_of_one_window_are_joined(void **state)
{
    (void)state;
    struct screen_moves moves = {0};
    screen_moves_add(&moves, &(struct codec_move){{10, 20, 300, 200}, 5, -7});
    screen_moves_add(&moves, &(struct codec_move){{500, 20, 300, 200}, 1, 1});
    screen_moves_add(&moves, &(struct codec_move){{15, 13, 300, 200}, 4, 4});
    assert_int_equal(moves.count, 2);
    assert_int_equal(moves.move[0].from.x, 10);
    assert_int_equal(moves.move[0].dx, 9);
    assert_int_equal(moves.move[0].dy, -3);
    struct screen_moves later = {0};
    screen_moves_add(&later, &(struct codec_move){{501, 21, 300, 200}, 2, 0});
    screen_moves_add(
        &later, &(struct codec_move){{19, 17, 300, 201}, 2, 0}); /* another size: another window */
    screen_moves_unite(&moves, &later);
    assert_int_equal(moves.count, 3);
    assert_int_equal(moves.move[1].dx, 3);
    screen_moves_clear(&moves);
    assert_int_equal(moves.count, 0);
}

static void more_than_the_list_holds_are_left_out_and_far_ones_do_not_overflow(void **state)
{
    (void)state;
    struct screen_moves moves = {0};
    for (int32_t i = 0; i < 3 * SCREEN_MOVES_MAX; i++)
        screen_moves_add(&moves, &(struct codec_move){{i * 100, 0, 10, 10}, 1, 1});
    assert_int_equal(moves.count, SCREEN_MOVES_MAX);
    screen_moves_clear(&moves);
    screen_moves_add(&moves, &(struct codec_move){{0, 0, 1, 1}, INT32_MAX, INT32_MIN});
    screen_moves_add(&moves, &(struct codec_move){{INT32_MAX, INT32_MIN, 1, 1}, INT32_MAX, INT32_MIN});
    assert_int_equal(moves.count, 1);
    assert_int_equal(moves.move[0].dx, INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_of_one_window_are_joined),
        cmocka_unit_test(more_than_the_list_holds_are_left_out_and_far_ones_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
