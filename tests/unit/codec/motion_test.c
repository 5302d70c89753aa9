#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PLENTY_BYTES = CODEC_MAX_MESSAGE_BYTES, WINDOWS = 4, WIDTH_PX = 803, HEIGHT_PX = 611 };

struct desktop {
    struct scene s;
    struct codec_rect window[WINDOWS]; /* the last is on top */
    uint32_t text[WINDOWS];            /* first line shown */
};

static void paint(struct desktop *d, int wallpaper)
{
    const struct codec_rect all = {0, 0, d->s.w, d->s.h};
    if (wallpaper == 0)
        scene_photo(&d->s, all, 0);
    else
        scene_text(&d->s, all, 700, 0x335533, 0xddeedd);
    for (int i = 0; i < WINDOWS; i++)
        if (d->window[i].w > 0)
            scene_window(&d->s, d->window[i], d->text[i]);
}

static int32_t within(struct scene *s, int32_t lo, int32_t hi)
{
    return lo + (int32_t)(scene_random(s) % (uint32_t)(hi - lo + 1));
}

static void start(struct desktop *d, struct scene_link *l, int wallpaper, bool lossy)
{
    scene_init(&d->s, WIDTH_PX, HEIGHT_PX, 77);
    scene_link_init(l,
        &(struct codec_encoder_config){.width_px = WIDTH_PX, .height_px = HEIGHT_PX, .lossy_first = lossy});
    for (int i = 0; i < WINDOWS; i++) {
        d->window[i] = (struct codec_rect){40 + i * 130, 30 + i * 90, 280 + i * 31, 190 + i * 17};
        d->text[i] = (uint32_t)i * 200;
    }
    paint(d, wallpaper);
    assert_true(scene_link_send(l, &d->s, NULL, 0, PLENTY_BYTES) > 0);
}

static void finish(struct desktop *d, struct scene_link *l)
{
    scene_link_finish(l);
    scene_finish(&d->s);
}

/* Move, raise and change windows by chance. Returns how many hints were written, some of them false. */
static size_t disturb(struct desktop *d, struct codec_move hint[2 * WINDOWS])
{
    size_t hints = 0;
    for (int i = 0; i < WINDOWS; i++) {
        const struct codec_rect old = d->window[i];
        if (scene_random(&d->s) % 2) {
            d->window[i].x = within(&d->s, -100, d->s.w - 60);
            d->window[i].y = within(&d->s, -60, d->s.h - 40);
        } else if (scene_random(&d->s) % 2) {
            d->window[i].x += within(&d->s, -30, 30);
            d->window[i].y += within(&d->s, -30, 30);
        }
        if (scene_random(&d->s) % 4 == 0)
            d->text[i] += (uint32_t)within(&d->s, 1, 6);
        if (scene_random(&d->s) % 3)
            hint[hints++] = (struct codec_move){old, d->window[i].x - old.x, d->window[i].y - old.y};
        if (scene_random(&d->s) % 8 == 0)
            hint[hints++] = (struct codec_move){{(int32_t)scene_random(&d->s), within(&d->s, -900, 900),
                                                    (int32_t)scene_random(&d->s), within(&d->s, -9, 900)},
                (int32_t)scene_random(&d->s), within(&d->s, -9000, 9000)};
    }
    if (scene_random(&d->s) % 3 == 0) {
        const int a = within(&d->s, 0, WINDOWS - 1), b = within(&d->s, 0, WINDOWS - 1);
        const struct codec_rect r = d->window[a];
        const uint32_t text = d->text[a];
        d->window[a] = d->window[b];
        d->text[a] = d->text[b];
        d->window[b] = r;
        d->text[b] = text;
    }
    return hints;
}

static void move_at_random(int wallpaper, bool lossy)
{
    struct desktop d;
    struct scene_link l;
    struct codec_move hint[2 * WINDOWS];
    uint32_t copies = 0;
    start(&d, &l, wallpaper, lossy);
    for (int i = 0; i < 60; i++) {
        l.hint_count = disturb(&d, hint);
        l.hints = hint;
        paint(&d, wallpaper);
        l.now_us += 30000;
        assert_true(scene_link_send(&l, &d.s, NULL, 0, PLENTY_BYTES) >= 0);
        copies += l.stats.copies;
        assert_true(lossy || l.stats.exact);
        assert_true(!l.stats.exact || scene_link_equal(&l, &d.s));
        double mse = 0;
        assert_true(scene_link_error(&l, &d.s, &mse) >= 0 && mse < 200.0); /* as good as a picture is */
    }
    const struct codec_rect none = {0};
    for (int i = 0; i < 1000 && codec_encoder_pending(l.encoder); i++) {
        l.now_us += 50000;
        assert_true(scene_link_send(&l, &d.s, &none, 0, PLENTY_BYTES) >= 0);
    }
    assert_true(scene_link_equal(&l, &d.s));
    assert_true(copies > 60);
    finish(&d, &l);
}

static void random_moves_with_hints_true_and_false_stay_exact(void **state)
{
    (void)state;
    move_at_random(0, false);
    move_at_random(1, false);
}

static void random_moves_of_lossy_content_end_exact(void **state)
{
    (void)state;
    move_at_random(0, true);
}

static void hints_find_windows_that_jump(void **state)
{
    (void)state;
    struct desktop d;
    struct scene_link l;
    start(&d, &l, 1, false);
    for (int i = 0; i < WINDOWS; i++)
        d.window[i].w = i == 1 ? 200 : 0;
    paint(&d, 1);
    assert_true(scene_link_send(&l, &d.s, NULL, 0, PLENTY_BYTES) > 0);
    for (int i = 0; i < 20; i++) {
        const struct codec_rect old = d.window[1];
        d.window[1].x = within(&d.s, 0, d.s.w - old.w);
        d.window[1].y = within(&d.s, 0, d.s.h - old.h);
        const struct codec_move hint = {old, d.window[1].x - old.x, d.window[1].y - old.y};
        l.hints = &hint;
        l.hint_count = 1;
        paint(&d, 1);
        assert_true(scene_link_send(&l, &d.s, NULL, 0, PLENTY_BYTES) > 0);
        assert_true(l.stats.copies > 0 && l.stats.copies < 4);
        assert_true(scene_link_equal(&l, &d.s));
    }
    finish(&d, &l);
}

static void windows_that_move_apart_together_and_across_are_all_copied(void **state)
{
    (void)state;
    static const int32_t by[][2][2] = {
        {{30, 40}, {-20, 10}}, /* towards each other: each uncovers where the other goes */
        {{-30, -9}, {25, 0}},
        {{0, 60}, {0, -44}},
    };
    for (size_t k = 0; k < sizeof by / sizeof by[0]; k++) {
        struct desktop d;
        struct scene_link l;
        start(&d, &l, 1, false);
        d.window[0] = (struct codec_rect){60, 100, 300, 300};
        d.window[1] = (struct codec_rect){400, 140, 340, 280};
        d.window[2].w = d.window[3].w = 0;
        paint(&d, 1);
        assert_true(scene_link_send(&l, &d.s, NULL, 0, PLENTY_BYTES) > 0);
        for (int i = 0; i < 2; i++) {
            d.window[i].x += by[k][i][0];
            d.window[i].y += by[k][i][1];
        }
        paint(&d, 1);
        const int n = scene_link_send(&l, &d.s, NULL, 0, PLENTY_BYTES);
        assert_true(n > 0 && n < 4000); /* the two cost three times as much as text */
        assert_true(l.stats.copies >= 2);
        assert_true(scene_link_equal(&l, &d.s));
        finish(&d, &l);
    }
}

static void a_pane_scrolls_beside_things_that_do_not(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 5);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    scene_text(&s, (struct codec_rect){0, 0, 1000, 700}, 3, 0xcccccc, 0x202830);
    const struct codec_rect pane = {223, 61, 777, 639};
    scene_text(&s, pane, 900, 0x222222, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    for (int32_t i = 0; i < 20; i++) {
        const int32_t dy = within(&s, 9, 90) * (i % 7 < 4 ? -1 : 1);
        scene_shift(&s, pane, 0, dy);
        scene_text(&s, (struct codec_rect){pane.x, dy < 0 ? 700 + dy : pane.y, pane.w, dy < 0 ? -dy : dy},
            2000 + (uint32_t)i * 9, 0x222222, 0xffffff);
        scene_noise(&s, (struct codec_rect){80 + i % 3, 620, 30, 30}); /* something spins in the side bar */
        const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
        assert_true(n > 0 && n < 5000); /* of which the noise has 2700 */
        assert_true(l.stats.copies > 0);
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_scroll_is_found_in_the_midst_of_a_video(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 5);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700, .lossy_first = true});
    const struct codec_rect page = {0, 0, 500, 700};
    scene_text(&s, page, 3, 0x222222, 0xffffff);
    for (int32_t i = 0; i < 12; i++) {
        scene_photo(&s, (struct codec_rect){520, 100, 460, 400}, i * 977);
        if (i >= 8) {
            scene_shift(&s, page, 0, -31 - i);
            scene_text(
                &s, (struct codec_rect){0, 669 - i, 500, 31 + i}, 300 + (uint32_t)i * 9, 0x222222, 0xffffff);
        }
        l.now_us += 33000;
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_true(i < 8 || l.stats.copies > 0);
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_moves_with_hints_true_and_false_stay_exact),
        cmocka_unit_test(random_moves_of_lossy_content_end_exact),
        cmocka_unit_test(hints_find_windows_that_jump),
        cmocka_unit_test(windows_that_move_apart_together_and_across_are_all_copied),
        cmocka_unit_test(a_pane_scrolls_beside_things_that_do_not),
        cmocka_unit_test(a_scroll_is_found_in_the_midst_of_a_video),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
