#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { PLENTY_BYTES = CODEC_MAX_MESSAGE_BYTES };

static struct codec_rect whole(const struct scene *s)
{
    return (struct codec_rect){0, 0, s->w, s->h};
}

/* Send until nothing is left, with time passing; every message must decode. */
static void settle(struct scene_link *l, const struct scene *s, size_t budget)
{
    const struct codec_rect none = {0};
    for (int i = 0; i < 2000 && codec_encoder_pending(l->encoder); i++) {
        assert_true(scene_link_send(l, s, &none, 0, budget) >= 0);
        l->now_us += 50000;
    }
    assert_false(codec_encoder_pending(l->encoder));
    assert_true(scene_link_equal(l, s));
}

static void exact_whole_screen(int32_t w, int32_t h)
{
    struct scene s;
    struct scene_link l;
    scene_init(&s, w, h, 7);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = w, .height_px = h});
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    assert_true(l.decoded.resized);
    scene_text(&s, whole(&s), 3, 0x101010, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    assert_true(l.stats.exact && l.stats.complete);
    assert_true(scene_link_equal(&l, &s));
    scene_noise(&s, whole(&s));
    /* A large screen of noise comes in parts, to keep calls short. */
    const int most_parts = w * h / 100000 + 1;
    l.stats.complete = false;
    for (int i = 0; i < most_parts && !l.stats.complete; i++) {
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_true(l.stats.exact == scene_link_equal(&l, &s));
    }
    assert_true(l.stats.exact);
    assert_int_equal(l.decoded.exact_permille, 1000);
    assert_int_equal(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES), 0);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void screens_of_odd_sizes_arrive_exactly(void **state)
{
    (void)state;
    exact_whole_screen(1, 1);
    exact_whole_screen(17, 33);
    exact_whole_screen(64, 64);
    exact_whole_screen(65, 200);
    exact_whole_screen(641, 481);
    exact_whole_screen(1366, 768);
}

static void a_key_echo_is_small_and_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1280, 720, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1280, .height_px = 720});
    scene_text(&s, whole(&s), 1, 0, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    for (uint32_t i = 0; i < 40; i++) {
        const struct codec_rect r = {(int32_t)(400 + i * 8), 300, 8, 15};
        scene_text(&s, r, 900 + i, 0, 0xffffff);
        const int n = scene_link_send(&l, &s, &r, 1, PLENTY_BYTES);
        assert_true(n >= 0 && n <= 150);
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void damage_outside_the_screen_is_cut(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 100, 100, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 100, .height_px = 100});
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    scene_noise(&s, whole(&s));
    const struct codec_rect damage[] = {{-50, -50, 100, 100}, {90, 90, INT32_MAX, INT32_MAX}, {0, 0, -5, 4},
        {INT32_MIN, 0, INT32_MAX, 1}, {0, 0, 200, 200}};
    assert_true(scene_link_send(&l, &s, damage, 5, PLENTY_BYTES) > 0);
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void scrolling_is_exact_and_mostly_copies(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    scene_text(&s, whole(&s), 0, 0x222222, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    const int whole_screen = (int)l.len;
    for (int32_t i = 1; i <= 12; i++) {
        const int32_t dy = i < 6 ? 45 : -30;
        scene_shift(&s, (struct codec_rect){0, 60, 900, 640}, 0, -dy);
        scene_text(&s,
            dy > 0 ? (struct codec_rect){0, 700 - dy, 900, dy} : (struct codec_rect){0, 60, 900, -dy},
            (uint32_t)(500 + i * 10), 0x222222, 0xffffff);
        const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
        assert_true(n > 0 && n < whole_screen / 4);
        assert_true(l.stats.copies > 0);
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void sideways_and_slanted_moves_are_found(void **state)
{
    (void)state;
    const int32_t by[][2] = {{37, 0}, {-5, 0}, {0, 3}, {21, -14}, {-90, 61}};
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        struct scene s;
        struct scene_link l;
        scene_init(&s, 900, 600, 1);
        scene_link_init(&l, &(struct codec_encoder_config){.width_px = 900, .height_px = 600});
        scene_photo(&s, whole(&s), 0);
        settle(&l, &s, PLENTY_BYTES);
        scene_shift(&s, (struct codec_rect){50, 50, 800, 500}, by[i][0], by[i][1]);
        const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
        assert_true(l.stats.copies > 0);
        assert_true(n > 0 && n < 60000); /* of a million */
        assert_true(scene_link_equal(&l, &s));
        scene_link_finish(&l);
        scene_finish(&s);
    }
}

static void a_dragged_window_is_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    uint32_t copies = 0;
    for (int32_t i = 0; i < 12; i++) {
        scene_text(&s, whole(&s), 40, 0x88aa88, 0x113311);
        scene_window(&s, (struct codec_rect){30 + i * 23, 40 + i * 17, 400, 300}, 5);
        scene_window(&s, (struct codec_rect){600 - i * 9, 300 - i * 3, 300, 250}, 90);
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        assert_true(scene_link_equal(&l, &s));
        copies += l.stats.copies;
    }
    assert_true(copies >= 12);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_window_dragged_back_uncovers_what_was_there(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    const struct codec_rect wallpaper = {0, 0, 1000, 700};
    scene_photo(&s, wallpaper, 0);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    for (int32_t i = 0; i < 20; i++) {
        const int32_t at = i < 10 ? i : 20 - i;
        scene_photo(&s, wallpaper, 0);
        scene_window(&s, (struct codec_rect){100 + at * 31, 80 + at * 13, 400, 300}, 5);
        const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
        assert_true(scene_link_equal(&l, &s));
        assert_true(i == 0 || (n > 0 && n < 100));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_menu_costs_little_to_close_and_to_open_again(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    const struct codec_rect menu = {333, 55, 210, 330};
    int cost[6];
    for (int i = 0; i < 6; i++) {
        scene_text(&s, whole(&s), 40, 0x88aa88, 0x113311);
        scene_photo(&s, (struct codec_rect){300, 200, 500, 400}, 0);
        if (i % 2)
            scene_window(&s, menu, 5);
        cost[i] = scene_link_send(&l, &s, i ? &menu : NULL, i ? 1 : 0, PLENTY_BYTES);
        assert_true(cost[i] > 0);
        assert_true(scene_link_equal(&l, &s));
    }
    /* Only its border, which shares cells with what is around, is coded again. */
    for (int i = 2; i < 6; i++)
        assert_true(cost[i] < 300 && cost[i] * 3 < cost[1]);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void going_back_and_forth_between_two_windows_costs_little(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    for (int i = 0; i < 8; i++) {
        scene_text(&s, whole(&s), i % 2 ? 400 : 90, 0x202020, i % 2 ? 0xffffff : 0xeeeedd);
        const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
        assert_true(n > 0 && (i < 2 || n < 200));
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void random_frames_with_honest_damage_stay_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 333, 222, 5);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 333, .height_px = 222});
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    for (int i = 0; i < 120; i++) {
        struct codec_rect r = {(int32_t)(scene_random(&s) % 333), (int32_t)(scene_random(&s) % 222),
            (int32_t)(scene_random(&s) % 200 + 1), (int32_t)(scene_random(&s) % 150 + 1)};
        switch (scene_random(&s) % 6) {
        case 0:
            scene_noise(&s, r);
            break;
        case 1:
            scene_photo(&s, r, i);
            break;
        case 2:
            scene_fill(&s, r, scene_random(&s));
            break;
        case 3:
            scene_shift(&s, r, (int32_t)(scene_random(&s) % 41) - 20, (int32_t)(scene_random(&s) % 41) - 20);
            break;
        default:
            scene_text(&s, r, scene_random(&s) % 50, scene_random(&s) & 0xffffff, 0xffffff);
        }
        assert_true(scene_link_send(&l, &s, &r, 1, PLENTY_BYTES) >= 0);
        assert_true(l.stats.exact);
        assert_true(scene_link_equal(&l, &s));
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_small_budget_splits_the_picture_and_loses_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 800, 600, 2);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 800, .height_px = 600});
    scene_text(&s, whole(&s), 3, 0x445566, 0xfafafa);
    scene_photo(&s, (struct codec_rect){300, 200, 200, 200}, 0);
    assert_true(scene_link_send(&l, &s, NULL, 0, 2000) > 0);
    assert_false(l.stats.complete);
    assert_false(l.stats.exact);
    assert_false(scene_link_equal(&l, &s));
    assert_true(codec_encoder_deadline_us(l.encoder) <= l.now_us);
    /* Something changes that waited, without damage told again for the rest. */
    const struct codec_rect r = {700, 500, 60, 60};
    scene_noise(&s, r);
    assert_true(scene_link_send(&l, &s, &r, 1, 2000) > 0);
    settle(&l, &s, 2000);
    assert_true(codec_encoder_deadline_us(l.encoder) == UINT64_MAX);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_key_echo_overtakes_what_waits(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 800, 600, 2);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 800, .height_px = 600});
    scene_noise(&s, whole(&s));
    assert_true(scene_link_send(&l, &s, NULL, 0, 60000) > 0);
    const struct codec_rect echo = {700, 560, 8, 15}; /* in the last row, far behind in the queue */
    scene_text(&s, echo, 3, 0, 0xffffff);
    assert_true(scene_link_send(&l, &s, &echo, 1, 60000) > 0);
    assert_false(l.stats.complete);
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(l.decoder, &w, &h, &stride);
    for (int32_t y = echo.y; y < echo.y + echo.h; y++)
        for (int32_t x = echo.x; x < echo.x + echo.w; x++)
            assert_int_equal(px[(size_t)y * stride + (size_t)x], s.px[y * 800 + x] & 0xffffff);
    settle(&l, &s, 60000);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void photos_come_lossy_first_and_end_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 900, 500, 2);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 900, .height_px = 500, .lossy_first = true});
    scene_text(&s, whole(&s), 3, 0x445566, 0xfafafa);
    scene_photo(&s, (struct codec_rect){250, 100, 500, 330}, 0);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    assert_true(l.stats.tiles_jpeg > 0);
    assert_true(l.stats.complete);
    assert_false(l.stats.exact);
    assert_true(l.decoded.exact_permille < 1000);
    double mse = 0;
    assert_true(scene_link_error(&l, &s, &mse) > 0);
    assert_true(mse < 100.0);
    /* Text around the photo is exact at once. */
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(l.decoder, &w, &h, &stride);
    for (int32_t y = 0; y < 90; y++)
        for (int32_t x = 0; x < 900; x++)
            assert_int_equal(px[(size_t)y * stride + (size_t)x], s.px[y * 900 + x] & 0xffffff);
    /* Not before it was still. */
    const struct codec_rect none = {0};
    const uint64_t due = codec_encoder_deadline_us(l.encoder);
    assert_true(due == l.now_us + 250000);
    l.now_us += 100000;
    assert_int_equal(scene_link_send(&l, &s, &none, 0, PLENTY_BYTES), 0);
    l.now_us = due;
    assert_true(scene_link_send(&l, &s, &none, 0, PLENTY_BYTES) > 0);
    settle(&l, &s, PLENTY_BYTES);
    assert_true(l.stats.exact);
    assert_int_equal(l.decoded.exact_permille, 1000);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void moving_photos_and_text_over_them_end_exact(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 700, 500, 9);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 700, .height_px = 500, .lossy_first = true});
    for (int32_t i = 0; i < 25; i++) {
        scene_text(&s, whole(&s), 3, 0x445566, 0xfafafa);
        scene_photo(&s, (struct codec_rect){50 + i * 7, 60 + i * 3, 330, 250}, i / 5 * 11);
        scene_text(&s, (struct codec_rect){100, 100 + i * 2, 200, 60}, 77, 0, 0xffffff);
        if (i % 4 == 3)
            scene_fill(&s, (struct codec_rect){0, 200, 700, 40}, 0x204060);
        l.now_us += 40000;
        assert_true(scene_link_send(&l, &s, NULL, 0, i % 3 ? PLENTY_BYTES : 6000) >= 0);
        double mse = 0;
        assert_true(!l.stats.exact || scene_link_error(&l, &s, &mse) == 0);
        assert_true(!l.stats.complete || (scene_link_error(&l, &s, &mse) >= 0 && mse < 150.0));
    }
    settle(&l, &s, 30000);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_picture_fits_a_small_budget_by_lower_quality(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 640, 400, 9);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 640, .height_px = 400, .lossy_first = true});
    size_t plenty = 0, most = 0;
    for (int32_t i = 0; i < 24; i++) {
        scene_photo(&s, (struct codec_rect){0, 0, 640, 256}, i * 997); /* too far to be found as a move */
        l.now_us += 40000;
        const int n = scene_link_send(&l, &s, NULL, 0, i < 12 ? PLENTY_BYTES : 16000);
        assert_true(n > 0 && l.stats.complete);
        if (i == 11)
            plenty = (size_t)n;
        if (i >= 16 && (size_t)n > most)
            most = (size_t)n;
    }
    assert_true(plenty > 10000);
    assert_true(most < plenty * 3 / 4);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_still_photo_becomes_exact_while_another_part_keeps_moving(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 700, 400, 9);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 700, .height_px = 400, .lossy_first = true});
    scene_photo(&s, (struct codec_rect){0, 0, 256, 256}, 0);
    for (int32_t i = 0; i < 100; i++) {
        const struct codec_rect video = {384, 64, 256, 256};
        scene_photo(&s, video, i * 307);
        l.now_us += 40000;
        assert_true(scene_link_send(&l, &s, i ? &video : NULL, i ? 1 : 0, 20000) >= 0);
    }
    int32_t w, h;
    size_t stride;
    const uint32_t *px = codec_decoder_pixels(l.decoder, &w, &h, &stride);
    for (int32_t y = 0; y < 256; y++)
        for (int32_t x = 0; x < 256; x++)
            assert_int_equal(px[(size_t)y * stride + (size_t)x], s.px[y * 700 + x]);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_reset_starts_a_new_epoch_and_may_change_the_size(void **state)
{
    (void)state;
    struct scene s, t;
    struct scene_link l;
    scene_init(&s, 300, 200, 2);
    scene_init(&t, 500, 130, 2);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 300, .height_px = 200});
    scene_text(&s, whole(&s), 3, 0, 0xffffff);
    scene_text(&t, whole(&t), 9, 0xff0000, 0xffffff);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    const uint16_t epoch = l.decoded.epoch;
    assert_int_equal(codec_encoder_reset(l.encoder, 300, 200), 0);
    assert_true(codec_encoder_pending(l.encoder));
    assert_true(scene_link_send(&l, &s, &(struct codec_rect){0}, 0, PLENTY_BYTES) > 0);
    assert_int_not_equal(l.decoded.epoch, epoch);
    assert_true(scene_link_equal(&l, &s));
    assert_int_equal(codec_encoder_reset(l.encoder, 500, 130), 0);
    assert_true(scene_link_send(&l, &t, NULL, 0, PLENTY_BYTES) > 0);
    assert_true(scene_link_equal(&l, &t));
    assert_int_equal(codec_encoder_reset(l.encoder, 0, 130), CODEC_ERR_RANGE);
    assert_int_equal(codec_encoder_reset(l.encoder, 8193, 1), CODEC_ERR_RANGE);
    scene_link_finish(&l);
    scene_finish(&s);
    scene_finish(&t);
}

static void a_lost_message_is_noticed_and_a_reset_heals(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 300, 200, 2);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 300, .height_px = 200});
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    scene_text(&s, whole(&s), 3, 0, 0xffffff);
    const struct codec_encoder_frame lost = {.pixels = s.px, .stride_px = 300, .budget_bytes = 100000};
    assert_true(codec_encoder_encode(l.encoder, &lost, l.message, CODEC_MAX_MESSAGE_BYTES, &l.stats) > 0);
    scene_text(&s, whole(&s), 4, 0, 0xffffff);
    assert_int_equal(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES), CODEC_ERR_ORDER);
    assert_int_equal(codec_encoder_reset(l.encoder, 300, 200), 0);
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void flat_areas_are_filled(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 1000, 700, 2);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 1000, .height_px = 700});
    scene_fill(&s, whole(&s), 0xff336699);
    const int n = scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES);
    assert_true(n > 0 && n < 64);
    assert_int_equal(l.stats.tiles_fill, 16 * 11);
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void reported_rectangles_cover_every_change(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 640, 480, 3);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 640, .height_px = 480});
    assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
    static uint32_t before[640 * 480];
    for (int i = 0; i < 30; i++) {
        int32_t w, h;
        size_t stride;
        const uint32_t *px = codec_decoder_pixels(l.decoder, &w, &h, &stride);
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++)
                before[y * w + x] = px[(size_t)y * stride + (size_t)x];
        for (int k = 0; k < 120; k++)
            scene_fill(&s,
                (struct codec_rect){
                    (int32_t)(scene_random(&s) % 640), (int32_t)(scene_random(&s) % 480), 3, 2},
                scene_random(&s));
        assert_true(scene_link_send(&l, &s, NULL, 0, PLENTY_BYTES) > 0);
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++) {
                if (before[y * w + x] == px[(size_t)y * stride + (size_t)x])
                    continue;
                bool covered = false;
                for (size_t k = 0; k < l.decoded.dirty_count; k++) {
                    const struct codec_rect r = l.decoded.dirty[k];
                    assert_true(r.x >= 0 && r.y >= 0 && r.x + r.w <= w && r.y + r.h <= h);
                    covered = covered || (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h);
                }
                assert_true(covered);
            }
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_of_odd_sizes_arrive_exactly),
        cmocka_unit_test(a_key_echo_is_small_and_exact),
        cmocka_unit_test(damage_outside_the_screen_is_cut),
        cmocka_unit_test(scrolling_is_exact_and_mostly_copies),
        cmocka_unit_test(sideways_and_slanted_moves_are_found),
        cmocka_unit_test(a_dragged_window_is_exact),
        cmocka_unit_test(a_window_dragged_back_uncovers_what_was_there),
        cmocka_unit_test(a_menu_costs_little_to_close_and_to_open_again),
        cmocka_unit_test(going_back_and_forth_between_two_windows_costs_little),
        cmocka_unit_test(random_frames_with_honest_damage_stay_exact),
        cmocka_unit_test(a_small_budget_splits_the_picture_and_loses_nothing),
        cmocka_unit_test(a_key_echo_overtakes_what_waits),
        cmocka_unit_test(photos_come_lossy_first_and_end_exact),
        cmocka_unit_test(moving_photos_and_text_over_them_end_exact),
        cmocka_unit_test(a_picture_fits_a_small_budget_by_lower_quality),
        cmocka_unit_test(a_still_photo_becomes_exact_while_another_part_keeps_moving),
        cmocka_unit_test(a_reset_starts_a_new_epoch_and_may_change_the_size),
        cmocka_unit_test(a_lost_message_is_noticed_and_a_reset_heals),
        cmocka_unit_test(flat_areas_are_filled),
        cmocka_unit_test(reported_rectangles_cover_every_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
