/* Screens that come back: slides, windows, tabs. */
#include "scene.h"

#include "codec/message.h"
#include "codec/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { W = 1000, H = 700, PLENTY_BYTES = CODEC_MAX_MESSAGE_BYTES, SECOND_US = 1000000 };

static void draw_screen(struct scene *s, uint32_t number)
{
    const struct codec_rect all = {0, 0, s->w, s->h};
    scene_fill(s, all, 0x202020u * (1 + number % 5));
    scene_text(s, (struct codec_rect){20, 20, s->w - 40, s->h - 40}, 100 * number, 0x101010, 0xf0f0f0);
    if (number % 3 == 1)
        scene_photo(s, (struct codec_rect){s->w / 3, s->h / 4, s->w / 2, s->h / 2}, (int32_t)number * 517);
    if (number % 3 == 2)
        scene_window(s, (struct codec_rect){s->w / 5, s->h / 5, s->w / 2, s->h / 2}, number * 31);
}

/* Send, and have the viewer refine what came lossy; whether it is right is asserted. */
static void settle(struct scene_link *l, const struct scene *s)
{
    const struct codec_rect none = {0};
    for (int i = 0; i < 2000 && codec_encoder_pending(l->encoder); i++) {
        assert_true(scene_link_send(l, s, &none, 0, PLENTY_BYTES) >= 0);
        l->now_us += 50000;
    }
    assert_true(scene_link_equal(l, s));
}

static void slides_forth_and_back(struct scene_link *l, struct scene *s)
{
    enum { SLIDES = 6 };
    for (uint32_t i = 0; i < SLIDES; i++) {
        draw_screen(s, i);
        assert_true(scene_link_send(l, s, NULL, 0, PLENTY_BYTES) > 0);
        settle(l, s);
        l->now_us += SECOND_US;
    }
    for (uint32_t i = SLIDES - 1; i-- > 0;) {
        draw_screen(s, i);
        const int n = scene_link_send(l, s, NULL, 0, PLENTY_BYTES);
        assert_true(n > 0 && n <= 5000);
        assert_true(l->stats.exact);
        assert_true(l->stats.loads > 0 || l->stats.copies > 0);
        assert_true(scene_link_equal(l, s));
        l->now_us += SECOND_US;
    }
}

static void a_screen_seen_before_comes_in_one_small_message(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{W, H}, {640, 65}, {333, 222}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int lossy = 0; lossy < 2; lossy++) {
            struct scene s;
            struct scene_link l;
            scene_init(&s, sizes[i][0], sizes[i][1], 1);
            scene_link_init(&l,
                &(struct codec_encoder_config){.width_px = s.w, .height_px = s.h, .lossy_first = lossy == 1});
            slides_forth_and_back(&l, &s);
            scene_link_finish(&l);
            scene_finish(&s);
        }
}

static void what_flits_by_is_not_saved(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, W, H, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = W, .height_px = H});
    for (uint32_t i = 0; i < 6; i++) {
        draw_screen(&s, i % 3);
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_int_equal(l.stats.saves, 0);
        assert_true(scene_link_equal(&l, &s));
        l.now_us += 400000;
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_scroll_saves_nothing_of_what_stays(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, W, H, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = W, .height_px = H});
    scene_text(&s, (struct codec_rect){0, 0, W, H}, 0, 0x222222, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    for (uint32_t i = 0; i < 4; i++) {
        l.now_us += SECOND_US;
        scene_shift(&s, (struct codec_rect){0, 0, W, H}, 0, -45);
        scene_text(&s, (struct codec_rect){0, H - 45, W, 45}, 500 + i * 10, 0x222222, 0xffffff);
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_true(l.stats.copies > 0);
        assert_true(l.stats.saves <= 2 * 16); /* the first rows may go */
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_blinking_caret_costs_a_few_bytes(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, W, H, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = W, .height_px = H});
    const struct codec_rect caret = {333, 222, 2, 15};
    for (int i = 0; i < 12; i++) {
        scene_text(&s, (struct codec_rect){0, 0, W, H}, 0, 0x222222, 0xffffff);
        if (i % 2)
            scene_fill(&s, caret, 0x222222);
        const int n = scene_link_send(&l, &s, i ? &caret : NULL, i ? 1 : 0, PLENTY_BYTES);
        assert_true(n > 0 && (i < 6 || n <= CODEC_MESSAGE_HEADER_BYTES + 16));
        assert_true(scene_link_equal(&l, &s));
        l.now_us += 600000;
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void few_slots_still_show_the_right_picture(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    for (size_t slots = 1; slots < 200; slots = slots * 3 + 1) {
        scene_init(&s, 640, 400, (uint32_t)slots);
        scene_link_init(
            &l, &(struct codec_encoder_config){
                    .width_px = 640, .height_px = 400, .lossy_first = true, .cache_slots = slots});
        for (int i = 0; i < 40; i++) {
            draw_screen(&s, scene_random(&s) % 6);
            if (scene_random(&s) % 3 == 0)
                scene_shift(&s, (struct codec_rect){0, 0, 640, 400}, 0, -8);
            const size_t budget = scene_random(&s) % 2 ? PLENTY_BYTES : scene_random(&s) % 20000;
            assert_true(scene_link_send(&l, &s, NULL, 0, budget) >= 0);
            assert_true(!l.stats.exact || scene_link_equal(&l, &s));
            if (scene_random(&s) % 2)
                settle(&l, &s);
            l.now_us += scene_random(&s) % SECOND_US;
        }
        settle(&l, &s);
        scene_link_finish(&l);
        scene_finish(&s);
    }
}

static void a_reset_empties_the_slots(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, W, H, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = W, .height_px = H});
    for (uint32_t i = 0; i < 4; i++) {
        draw_screen(&s, i);
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        l.now_us += SECOND_US;
    }
    assert_true(codec_store_count(l.store) > 100);
    assert_int_equal(codec_encoder_reset(l.encoder, W, H), 0);
    assert_int_equal(codec_store_count(l.store), 0);
    for (uint32_t i = 0; i < 4; i++) {
        draw_screen(&s, i);
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_int_equal(l.stats.loads, 0);
        assert_true(scene_link_equal(&l, &s));
        l.now_us += SECOND_US;
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_screen_seen_before_comes_in_one_small_message),
        cmocka_unit_test(what_flits_by_is_not_saved),
        cmocka_unit_test(a_scroll_saves_nothing_of_what_stays),
        cmocka_unit_test(a_blinking_caret_costs_a_few_bytes),
        cmocka_unit_test(few_slots_still_show_the_right_picture),
        cmocka_unit_test(a_reset_empties_the_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
