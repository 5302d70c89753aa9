#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Allocations of the program go through these (linker option --wrap), so that one can fail. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static long fail_at = -1, allocations;

void *__wrap_malloc(size_t n)
{
    return allocations++ == fail_at ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocations++ == fail_at ? NULL : __real_calloc(n, size);
}

static const struct codec_encoder_config CONFIG = {.width_px = 300, .height_px = 200, .lossy_first = true};

static void sizes_out_of_range_make_no_encoder(void **state)
{
    (void)state;
    const int32_t bad[][2] = {{0, 1}, {1, 0}, {-1, 5}, {8193, 1}, {1, 8193}, {8192, 8192}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(codec_encoder_create(
            &(struct codec_encoder_config){.width_px = bad[i][0], .height_px = bad[i][1]}));
    codec_encoder_destroy(NULL);
}

static void short_space_and_short_rows_are_refused_without_harm(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 300, 200, 1);
    scene_link_init(&l, &CONFIG);
    scene_noise(&s, (struct codec_rect){0, 0, 300, 200});
    struct codec_encoder_frame frame = {.pixels = s.px, .stride_px = 300, .budget_bytes = 100000};
    assert_int_equal(codec_encoder_encode(l.encoder, &frame, l.message, 1000, &l.stats), CODEC_ERR_SPACE);
    frame.stride_px = 299;
    assert_int_equal(codec_encoder_encode(l.encoder, &frame, l.message, CODEC_MAX_MESSAGE_BYTES, &l.stats),
        CODEC_ERR_RANGE);
    for (int i = 0; i < 100 && codec_encoder_pending(l.encoder); i++) {
        l.now_us += 300000;
        assert_true(scene_link_send(&l, &s, NULL, 0, 100000) >= 0);
    }
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void the_newest_picture_is_sent_not_the_one_told_first(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 300, 200, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 300, .height_px = 200});
    scene_noise(&s, (struct codec_rect){0, 0, 300, 200});
    assert_true(scene_link_send(&l, &s, NULL, 0, 1) > 0);
    assert_false(l.stats.complete);
    /* Back to black where nothing was sent yet: nothing of the noise may follow. */
    scene_fill(&s, (struct codec_rect){0, 0, 300, 200}, 0);
    const int n = scene_link_send(&l, &s, NULL, 0, CODEC_MAX_MESSAGE_BYTES);
    assert_true(n > 0 && n < 500);
    assert_false(codec_encoder_pending(l.encoder));
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_change_that_goes_back_costs_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 300, 200, 1);
    scene_link_init(&l, &CONFIG);
    assert_true(scene_link_send(&l, &s, NULL, 0, 100000) > 0);
    assert_int_equal(scene_link_send(&l, &s, NULL, 0, 100000), 0);
    assert_true(l.stats.exact && l.stats.complete);
    assert_false(codec_encoder_pending(l.encoder));
    assert_true(codec_encoder_deadline_us(l.encoder) == UINT64_MAX);
    scene_link_finish(&l);
    scene_finish(&s);
}

static void messages_stay_below_the_limit(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 2560, 1600, 1);
    scene_link_init(&l, &(struct codec_encoder_config){.width_px = 2560, .height_px = 1600});
    scene_noise(&s, (struct codec_rect){0, 0, 2560, 1600});
    int rounds = 0;
    do {
        const int n = scene_link_send(&l, &s, NULL, 0, SIZE_MAX);
        assert_true(n > 0 && n <= CODEC_MAX_MESSAGE_BYTES);
        rounds++;
    } while (!l.stats.complete && rounds < 20);
    assert_true(rounds >= 2); /* noise does not compress: 12 MB */
    assert_true(scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

/* A whole screen of natural pixels, in calls of a given work; how many messages until it is complete. */
static int messages_of(struct scene_link *l, const struct scene *s, uint32_t work_us)
{
    static const struct codec_rect none;
    int n = 1;
    l->work_us = work_us;
    assert_true(scene_link_send(l, s, NULL, 0, CODEC_MAX_MESSAGE_BYTES) > 0);
    while (!l->stats.complete && n++ < 100)
        assert_true(scene_link_send(l, s, &none, 0, CODEC_MAX_MESSAGE_BYTES) > 0);
    return n;
}

static void a_large_change_comes_in_parts_of_the_work_allowed(void **state)
{
    (void)state;
    for (int lossy = 0; lossy < 2; lossy++) {
        struct scene s;
        struct scene_link l;
        scene_init(&s, 1280, 960, 1);
        scene_link_init(
            &l, &(struct codec_encoder_config){.width_px = 1280, .height_px = 960, .lossy_first = lossy});
        scene_photo(&s, (struct codec_rect){0, 0, 1280, 960}, 0);
        const int few = messages_of(&l, &s, 0);
        scene_photo(&s, (struct codec_rect){0, 0, 1280, 960}, 5000);
        const int many = messages_of(&l, &s, 5000);
        assert_true(many > few && many >= (lossy ? 2 : 5));
        assert_true(many <= 30);
        if (!lossy)
            assert_true(l.stats.exact && scene_link_equal(&l, &s));
        scene_link_finish(&l);
        scene_finish(&s);
    }
}

static void however_little_work_is_allowed_it_goes_on(void **state)
{
    (void)state;
    struct scene s;
    struct scene_link l;
    scene_init(&s, 640, 480, 1);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = 640, .height_px = 480, .lossy_first = true});
    scene_text(&s, (struct codec_rect){0, 0, 640, 200}, 1, 0x101010, 0xf0f0f0);
    scene_photo(&s, (struct codec_rect){30, 210, 500, 250}, 0);
    assert_true(messages_of(&l, &s, 1) < 100);
    for (int i = 0; i < 200 && !l.stats.exact; i++) {
        l.now_us += 50000;
        assert_true(scene_link_send(&l, &s, NULL, 0, CODEC_MAX_MESSAGE_BYTES) >= 0);
    }
    assert_true(l.stats.exact && scene_link_equal(&l, &s));
    scene_link_finish(&l);
    scene_finish(&s);
}

static void a_small_photo_is_exact_at_once_on_a_fast_link(void **state)
{
    (void)state;
    static const uint64_t RATES[] = {0, 250000, 50000000};
    for (size_t i = 0; i < sizeof RATES / sizeof *RATES; i++) {
        struct scene s;
        struct scene_link l;
        scene_init(&s, 640, 480, 1);
        scene_link_init(
            &l, &(struct codec_encoder_config){.width_px = 640, .height_px = 480, .lossy_first = true});
        l.rate_Bps = RATES[i];
        scene_photo(&s, (struct codec_rect){100, 100, 160, 120}, 0);
        assert_true(scene_link_send(&l, &s, NULL, 0, CODEC_MAX_MESSAGE_BYTES) > 0);
        assert_true(l.stats.complete);
        assert_int_equal(l.stats.exact, RATES[i] == 50000000);
        assert_int_equal(l.stats.tiles_jpeg == 0, RATES[i] == 50000000);
        scene_link_finish(&l);
        scene_finish(&s);
    }
}

/* The whole life of a link once; false when an allocation failed and that was told. */
static bool live(const struct scene *s, uint8_t *message)
{
    bool ok = false;
    struct codec_encoder *e = codec_encoder_create(&CONFIG);
    struct codec_decoder *d = codec_decoder_create(300 * 200, 0);
    struct codec_encoder_stats stats;
    struct codec_decoded decoded;
    const struct codec_encoder_frame frame = {.pixels = s->px, .stride_px = 300, .budget_bytes = 100000};
    if (e && d) {
        int n = codec_encoder_encode(e, &frame, message, CODEC_MAX_MESSAGE_BYTES, &stats);
        if (n > 0 && codec_decoder_decode(d, message, (size_t)n, &decoded) == 0 &&
            codec_encoder_reset(e, 300, 200) == 0) {
            n = codec_encoder_encode(e, &frame, message, CODEC_MAX_MESSAGE_BYTES, &stats);
            ok = n > 0 && codec_decoder_decode(d, message, (size_t)n, &decoded) == 0;
        } else if (n <= 0) {
            assert_int_equal(n, CODEC_ERR_NOMEM);
        }
        /* After a failed reset the encoder says so and stays safe to use. */
        n = codec_encoder_encode(e, &frame, message, CODEC_MAX_MESSAGE_BYTES, &stats);
        assert_true(n >= 0 || n == CODEC_ERR_NOMEM);
    }
    codec_encoder_destroy(e);
    codec_decoder_destroy(d);
    return ok;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, 300, 200, 1);
    scene_text(&s, (struct codec_rect){0, 0, 300, 200}, 1, 0, 0xffffff);
    uint8_t *message = malloc(CODEC_MAX_MESSAGE_BYTES);
    assert_non_null(message);
    fail_at = -1;
    allocations = 0;
    assert_true(live(&s, message));
    const long total = allocations;
    assert_true(total > 10);
    for (long i = 0; i < total; i++) {
        allocations = 0;
        fail_at = i;
        const bool ok = live(&s, message);
        fail_at = -1;
        assert_false(ok);
    }
    free(message);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_out_of_range_make_no_encoder),
        cmocka_unit_test(short_space_and_short_rows_are_refused_without_harm),
        cmocka_unit_test(the_newest_picture_is_sent_not_the_one_told_first),
        cmocka_unit_test(a_change_that_goes_back_costs_nothing),
        cmocka_unit_test(messages_stay_below_the_limit),
        cmocka_unit_test(a_large_change_comes_in_parts_of_the_work_allowed),
        cmocka_unit_test(however_little_work_is_allowed_it_goes_on),
        cmocka_unit_test(a_small_photo_is_exact_at_once_on_a_fast_link),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
