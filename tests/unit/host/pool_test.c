/* The threads that encode, and the pictures that they read. */
#include "host/screen/picture.h"
#include "host/screen/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORKS = 40 };

struct job {
    struct screen_work work; /* first */
    struct room *room;
    unsigned order;
};

struct room {
    uv_loop_t loop;
    struct screen_pool *pool;
    uv_mutex_t gate; /* held: what runs waits */
    atomic_uint ran;
    unsigned done;
    bool closed;
    struct job job[WORKS];
};

static void on_closed(void *data)
{
    ((struct room *)data)->closed = true;
}

static void on_run(struct screen_work *work)
{
    struct room *room = ((struct job *)work)->room;
    uv_mutex_lock(&room->gate);
    uv_mutex_unlock(&room->gate);
    atomic_fetch_add(&room->ran, 1);
}

static void on_done(struct screen_work *work)
{
    ((struct job *)work)->room->done++;
}

static void enter(struct room *room)
{
    memset(room, 0, sizeof *room);
    assert_int_equal(uv_loop_init(&room->loop), 0);
    assert_int_equal(uv_mutex_init(&room->gate), 0);
    room->pool = screen_pool_create(&room->loop, on_closed, room);
    assert_non_null(room->pool);
}

static void leave(struct room *room)
{
    screen_pool_destroy(room->pool);
    while (!room->closed)
        uv_run(&room->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&room->loop), 0);
    uv_mutex_destroy(&room->gate);
}

static void submit(struct room *room, unsigned i)
{
    room->job[i] = (struct job){.work = {.run = on_run, .done = on_done}, .room = room, .order = i};
    screen_pool_submit(room->pool, &room->job[i].work);
}

static void all_that_is_submitted_runs_and_is_told_on_the_loop(void **state)
{
    (void)state;
    struct room room;
    enter(&room);
    for (unsigned i = 0; i < WORKS; i++)
        submit(&room, i);
    while (room.done < WORKS)
        uv_run(&room.loop, UV_RUN_ONCE);
    assert_int_equal(atomic_load(&room.ran), WORKS);
    leave(&room);
}

static void the_loop_goes_on_while_work_runs(void **state)
{
    (void)state;
    struct room room;
    enter(&room);
    uv_mutex_lock(&room.gate);
    submit(&room, 0);
    uv_run(&room.loop, UV_RUN_NOWAIT);
    assert_int_equal(room.done, 0);
    uv_mutex_unlock(&room.gate);
    while (room.done < 1)
        uv_run(&room.loop, UV_RUN_ONCE);
    leave(&room);
}

static void at_the_end_nothing_is_left_undone(void **state)
{
    (void)state;
    struct room room;
    enter(&room);
    for (unsigned i = 0; i < WORKS; i++)
        submit(&room, i);
    leave(&room);
    assert_int_equal(room.done, WORKS);
}

enum { W = 200, H = 130 };

static void set_px(uint32_t *px, struct screen_pictures *pictures, int32_t x, int32_t y, uint32_t rgb)
{
    struct screen_tiles tiles;
    px[y * W + x] = rgb;
    screen_tiles_init(&tiles, W, H);
    screen_tiles_add(&tiles, &(struct codec_rect){x, y, 1, 1});
    screen_pictures_changed(pictures, &tiles);
}

static void a_picture_that_is_read_stays_as_it_is(void **state)
{
    (void)state;
    static uint32_t px[W * H];
    struct screen_pictures pictures = {0};
    set_px(px, &pictures, 5, 5, 1);
    struct screen_picture *first = screen_pictures_take(&pictures, px, W, W, H);
    assert_non_null(first);
    set_px(px, &pictures, 5, 5, 2);
    set_px(px, &pictures, 199, 129, 3);
    struct screen_picture *second = screen_pictures_take(&pictures, px, W, W, H);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_int_equal(first->pixels[5 * W + 5], 1);
    assert_int_equal(first->pixels[129 * W + 199], 0);
    assert_memory_equal(second->pixels, px, sizeof px);
    screen_picture_give(first);
    screen_picture_give(second);
    first = screen_pictures_take(&pictures, px, W, W, H);
    assert_memory_equal(first->pixels, px, sizeof px);
    screen_picture_give(first);
    screen_pictures_finish(&pictures);
}

static void readers_of_the_same_state_share_a_picture_and_there_are_no_more_than_allowed(void **state)
{
    (void)state;
    static uint32_t px[W * H];
    struct screen_pictures pictures = {0};
    struct screen_picture *lent[SCREEN_PICTURES];
    for (int32_t i = 0; i < SCREEN_PICTURES; i++) {
        set_px(px, &pictures, i, 0, 7);
        lent[i] = screen_pictures_take(&pictures, px, W, W, H);
        assert_non_null(lent[i]);
    }
    assert_ptr_equal(screen_pictures_take(&pictures, px, W, W, H), lent[SCREEN_PICTURES - 1]);
    set_px(px, &pictures, 60, 0, 8);
    assert_null(screen_pictures_take(&pictures, px, W, W, H));
    screen_picture_give(lent[0]);
    struct screen_picture *again = screen_pictures_take(&pictures, px, W, W, H);
    assert_ptr_equal(again, lent[0]);
    assert_memory_equal(again->pixels, px, sizeof px);
    screen_pictures_finish(&pictures);
}

static void another_size_makes_another_picture(void **state)
{
    (void)state;
    static uint32_t px[W * H];
    struct screen_pictures pictures = {0};
    screen_picture_give(screen_pictures_take(&pictures, px, W, W, H));
    px[3] = 9;
    struct screen_picture *small = screen_pictures_take(&pictures, px, W, W / 2, H / 2);
    assert_non_null(small);
    assert_int_equal(small->pixels[3], 9);
    screen_picture_give(small);
    screen_pictures_finish(&pictures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_submitted_runs_and_is_told_on_the_loop),
        cmocka_unit_test(the_loop_goes_on_while_work_runs),
        cmocka_unit_test(at_the_end_nothing_is_left_undone),
        cmocka_unit_test(a_picture_that_is_read_stays_as_it_is),
        cmocka_unit_test(readers_of_the_same_state_share_a_picture_and_there_are_no_more_than_allowed),
        cmocka_unit_test(another_size_makes_another_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
