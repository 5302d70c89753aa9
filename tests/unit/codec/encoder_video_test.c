#include "scene.h"
#include "video_link.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 600, H = 400, BUDGET_BYTES = 1 << 20, FRAME_US = 41667 };

static const struct codec_rect PLAYER = {96, 64, 320, 208};
static const struct codec_rect NOTHING = {0, 0, 0, 0};

/* A desktop of text with a player in it, seen by a viewer. */
struct desk {
    struct scene scene;
    struct scene_link link;
    struct video_link video;
    int32_t phase;
    struct codec_video_task *held; /* not run yet */
    bool hold;                     /* tasks wait for code_held() */
    int opens, closes, packets;
    struct codec_rect rect; /* of the last stream opened */
    uint8_t id;
};

static void begin(struct desk *d, unsigned kinds)
{
    *d = (struct desk){0};
    scene_init(&d->scene, W, H, 5);
    scene_text(&d->scene, (struct codec_rect){0, 0, W, H}, 0, 0x101010, 0xffffff);
    const struct codec_encoder_config config = {.width_px = W,
        .height_px = H,
        .lossy_first = true,
        .video = &video_link_coder,
        .video_data = &d->video,
        .video_kinds = kinds};
    scene_link_init(&d->link, &config);
}

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    begin(d, 1u << CODEC_VIDEO_H264_444);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    scene_link_finish(&d->link);
    if (d->held)
        codec_video_task_run(d->held);
    scene_finish(&d->scene);
    const bool all_closed = d->video.opened == d->video.closed;
    free(d);
    return all_closed ? 0 : -1;
}

/* Whoever codes the video: at once, or when the test says so. */
static void code(struct desk *d)
{
    struct codec_video_task *task;
    while ((task = codec_encoder_video_task(d->link.encoder)) != NULL) {
        assert_null(d->held);
        if (d->hold)
            d->held = task;
        else
            codec_video_task_run(task);
    }
}

static void code_held(struct desk *d)
{
    assert_non_null(d->held);
    codec_video_task_run(d->held);
    d->held = NULL;
}

static bool due(const struct desk *d)
{
    return codec_encoder_video_ready(d->link.encoder) ||
           codec_encoder_deadline_us(d->link.encoder) <= d->link.now_us;
}

/* What the viewer does with one message. */
static int message(struct desk *d, const struct codec_rect *damage)
{
    const int n =
        scene_link_send(&d->link, &d->scene, damage ? damage : &NOTHING, damage ? 1 : 0, BUDGET_BYTES);
    assert_true(n >= 0);
    code(d);
    if (n == 0)
        return 0;
    assert_true(video_link_paint(d->link.decoder, &d->link.decoded));
    for (size_t i = 0; i < d->link.decoded.video_count; i++) {
        const struct codec_video_event *v = &d->link.decoded.video[i];
        d->opens += v->type == CODEC_OP_VIDEO_OPEN;
        d->closes += v->type == CODEC_OP_VIDEO_CLOSE;
        d->packets += v->type == CODEC_OP_VIDEO;
        if (v->type == CODEC_OP_VIDEO_OPEN) {
            d->rect = v->rect;
            d->id = v->stream;
        }
    }
    return n;
}

/* One frame of the player, and whatever else damage covers; messages until all of it is sent. */
static void frame(struct desk *d, struct codec_rect damage, uint64_t us)
{
    d->link.now_us += us;
    (void)message(d, &damage);
    for (int i = 0; i < 8 && due(d); i++)
        (void)message(d, NULL);
}

static void play(struct desk *d, int frames)
{
    for (int i = 0; i < frames; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        frame(d, PLAYER, FRAME_US);
    }
}

/* Nothing moves; the encoder is asked when it wants to be, as the host does. */
static void rest(struct desk *d, uint64_t us)
{
    const uint64_t end = d->link.now_us + us;
    while (codec_encoder_pending(d->link.encoder)) {
        const uint64_t next =
            codec_encoder_video_ready(d->link.encoder) ? 0 : codec_encoder_deadline_us(d->link.encoder);
        if (next > end)
            break;
        d->link.now_us = next > d->link.now_us ? next : d->link.now_us + 1000;
        (void)message(d, NULL);
    }
    d->link.now_us = end;
}

static uint32_t shown(const struct desk *d, int32_t x, int32_t y)
{
    int32_t w, h;
    size_t stride;
    return codec_decoder_pixels(d->link.decoder, &w, &h, &stride)[(size_t)y * stride + (size_t)x] & 0xffffff;
}

static bool shown_exactly(const struct desk *d, struct codec_rect r)
{
    for (int32_t y = r.y; y < r.y + r.h; y++)
        for (int32_t x = r.x; x < r.x + r.w; x++)
            if (shown(d, x, y) != (d->scene.px[y * W + x] & 0xffffff))
                return false;
    return true;
}

static void a_moving_picture_becomes_a_stream_of_its_size(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    assert_int_equal(d->opens, 1);
    assert_memory_equal(&d->rect, &PLAYER, sizeof PLAYER);
    assert_true(d->packets > 8);
    assert_int_equal(d->video.keys, 1);
    /* Full chroma by a coder that keeps every byte: within two steps everywhere. */
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
    assert_true(shown_exactly(d, (struct codec_rect){0, 0, W, PLAYER.y}));
    assert_false(d->link.stats.exact);
}

static void half_chroma_is_used_when_the_viewer_knows_no_other(void **state)
{
    struct desk *d = *state;
    scene_link_finish(&d->link);
    scene_finish(&d->scene);
    begin(d, 1u << CODEC_VIDEO_H264);
    play(d, 24);
    assert_int_equal(d->opens, 1);
    double mse;
    (void)scene_link_error(&d->link, &d->scene, &mse);
    assert_true(mse < 300); /* its sharp colours are what half chroma cannot keep */
}

static void a_viewer_without_video_gets_none(void **state)
{
    struct desk *d = *state;
    scene_link_finish(&d->link);
    scene_finish(&d->scene);
    begin(d, 0);
    play(d, 24);
    assert_int_equal(d->video.opened, 0);
    assert_int_equal(d->opens, 0);
}

static void a_picture_that_rests_becomes_exact(void **state)
{
    struct desk *d = *state;
    play(d, 30);
    rest(d, 600000);
    assert_int_equal(d->closes, 0);
    rest(d, 1400000);
    assert_int_equal(d->closes, 1);
    assert_true(d->link.stats.exact);
    assert_true(scene_link_equal(&d->link, &d->scene));
    assert_false(codec_encoder_pending(d->link.encoder));
    /* The viewer is told so. */
    assert_true(d->link.decoded.complete);
    assert_int_equal(d->link.decoded.exact_permille, 1000);
}

static const struct codec_rect CINEMA = {32, 32, 544, 336};

static void play_cinema(struct desk *d, int frames)
{
    for (int i = 0; i < frames; i++) {
        scene_photo(&d->scene, CINEMA, d->phase += 517);
        frame(d, CINEMA, FRAME_US);
    }
}

/* As rest(), over a link: messages of at most so much, each gone before the next. */
static void rest_on_link(struct desk *d, uint64_t us, size_t bytes_per_s)
{
    const uint64_t end = d->link.now_us + us;
    while (codec_encoder_pending(d->link.encoder) && d->link.now_us < end) {
        const uint64_t next = codec_encoder_deadline_us(d->link.encoder);
        d->link.now_us = next > d->link.now_us ? next : d->link.now_us + 1000;
        const int n = scene_link_send(&d->link, &d->scene, &NOTHING, 0, bytes_per_s / 80);
        assert_true(n >= 0);
        code(d);
        if (n == 0)
            continue;
        assert_true(video_link_paint(d->link.decoder, &d->link.decoded));
        for (size_t i = 0; i < d->link.decoded.video_count; i++)
            d->opens += d->link.decoded.video[i].type == CODEC_OP_VIDEO_OPEN;
        d->link.now_us += (uint64_t)n * 1000000 / bytes_per_s;
    }
}

static void a_picture_that_stops_is_exact_within_a_second_at_20_mbit(void **state)
{
    struct desk *d = *state;
    play_cinema(d, 30);
    assert_int_equal(d->opens, 1);
    assert_false(scene_link_equal(&d->link, &d->scene));
    rest_on_link(d, 900000, 2500000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    rest_on_link(d, 3000000, 2500000);
    assert_int_equal(d->opens, 1);
    assert_false(codec_encoder_pending(d->link.encoder));
}

static void a_picture_that_stops_is_exact_while_a_spinner_turns_in_it(void **state)
{
    struct desk *d = *state;
    const struct codec_rect spinner = {256, 160, 32, 32};
    play_cinema(d, 30);
    for (int i = 0; i < 24; i++) {
        scene_photo(&d->scene, spinner, d->phase += 517);
        frame(d, spinner, 100000);
    }
    const struct codec_rect left = {32, 32, 224, 336}, right = {304, 32, 272, 336};
    assert_true(shown_exactly(d, left));
    assert_true(shown_exactly(d, right));
    rest(d, 2000000);
    assert_true(scene_link_equal(&d->link, &d->scene));
}

static void a_picture_that_goes_on_within_a_moment_keeps_its_stream(void **state)
{
    struct desk *d = *state;
    play(d, 30);
    rest(d, 500000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    const int packets = d->packets;
    play(d, 5);
    assert_int_equal(d->packets, packets + 5);
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
    assert_int_equal(d->opens, 1);
}

static void a_link_that_stalls_while_a_picture_moves_keeps_its_stream(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    frame(d, PLAYER, 3000000);
    play(d, 5);
    assert_int_equal(d->closes, 0);
}

static void a_picture_that_stops_while_paused_ends_exact(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    codec_encoder_video_control(d->link.encoder, d->id, &(struct codec_video_wish){.pause = true});
    play(d, 3);
    rest(d, 900000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    codec_encoder_video_control(d->link.encoder, d->id, &(struct codec_video_wish){0});
    rest(d, 2000000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    assert_false(codec_encoder_pending(d->link.encoder));
}

static void slides_do_not_become_a_stream(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 20; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        frame(d, PLAYER, 1);
        rest(d, 2000000);
    }
    assert_int_equal(d->opens, 0);
    assert_true(scene_link_equal(&d->link, &d->scene));
}

static void moving_text_does_not_become_a_stream(void **state)
{
    struct desk *d = *state;
    for (uint32_t i = 0; i < 48; i++) {
        scene_text(&d->scene, PLAYER, i * 977, 0x101010, 0xffffff);
        frame(d, PLAYER, FRAME_US);
    }
    assert_int_equal(d->opens, 0);
    assert_true(scene_link_equal(&d->link, &d->scene));
}

static void a_slow_link_still_finds_its_video(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 24; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        frame(d, PLAYER, 190000);
    }
    assert_int_equal(d->opens, 1);
}

static void a_video_is_found_though_each_message_has_room_for_a_part_of_it(void **state)
{
    struct desk *d = *state;
    for (int i = 0; i < 60; i++) {
        scene_photo(&d->scene, CINEMA, d->phase += 517);
        d->link.now_us += FRAME_US;
        assert_true(scene_link_send(&d->link, &d->scene, &CINEMA, 1, 6000) >= 0);
        code(d);
        for (size_t k = 0; d->link.len > 0 && k < d->link.decoded.video_count; k++)
            d->opens += d->link.decoded.video[k].type == CODEC_OP_VIDEO_OPEN;
    }
    assert_true(d->opens > 0);
}

static void a_sky_that_is_flat_belongs_to_the_video_below_it(void **state)
{
    struct desk *d = *state;
    const struct codec_rect sky = {32, 32, 544, 96}, ground = {32, 128, 544, 240};
    for (uint32_t i = 0; i < 40; i++) {
        scene_fill(&d->scene, sky, 0x4060a0 + i * 0x010101);
        scene_photo(&d->scene, ground, d->phase += 517);
        frame(d, CINEMA, FRAME_US);
    }
    assert_int_equal(d->opens, 1);
    assert_true(d->rect.y <= 64);
    assert_int_equal(d->rect.x, 32);
}

static void a_stream_takes_no_more_bytes_than_pictures_need(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    assert_in_range(d->video.max_bytes, 3000, PLAYER.w * PLAYER.h / 8);
    for (int i = 0; i < 3; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        d->link.now_us += FRAME_US;
        assert_true(scene_link_send(&d->link, &d->scene, &PLAYER, 1, 100) >= 0);
        code(d);
    }
    assert_int_equal(d->video.max_bytes, 3000);
}

static const struct codec_rect MENU = {160, 100, 150, 90};

static void play_under_a_menu(struct desk *d, int frames, uint32_t first_line)
{
    for (int i = 0; i < frames; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        scene_window(&d->scene, MENU, first_line);
        frame(d, PLAYER, FRAME_US);
    }
}

static void a_window_over_a_video_becomes_exact_while_it_plays(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    play_under_a_menu(d, 24, 1);
    assert_int_equal(d->closes, 0);
    /* Its cells that are wholly the window's. */
    assert_true(shown_exactly(d, (struct codec_rect){160, 112, 144, 64}));
    const int packets = d->packets;
    play_under_a_menu(d, 4, 1);
    assert_int_equal(d->packets, packets + 4);
}

static void what_is_typed_over_a_video_is_exact_at_once(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    play_under_a_menu(d, 24, 1);
    const struct codec_rect word = {176, 128, 60, 12};
    scene_text(&d->scene, word, 99, 0x000080, 0xf8f8f2);
    d->link.now_us += 5000;
    const int packets = d->packets;
    assert_true(message(d, &word) > 0);
    assert_true(shown_exactly(d, word));
    assert_int_equal(d->packets, packets);
}

static void an_answer_to_an_input_over_a_video_is_exact_at_once_and_alone(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    const int packets = d->packets;
    const struct codec_rect button = {160, 112, 64, 48};
    for (int i = 0; i < 3; i++) {
        /* Its cells belong to the video; one is flat now, while all around it moves on. */
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        scene_fill(&d->scene, button, i & 1 ? 0x285ac8 : 0xe6b428);
        d->link.now_us += FRAME_US;
        d->link.echo = true;
        assert_true(message(d, &PLAYER) > 0);
        assert_true(shown_exactly(d, button));
        assert_int_equal(d->packets, packets + i);
        d->link.echo = false;
        for (int k = 0; k < 8 && due(d); k++)
            (void)message(d, NULL);
        assert_int_equal(d->packets, packets + i + 1);
        assert_true(shown_exactly(d, button));
    }
    assert_int_equal(d->closes, 0);
}

static void an_answer_holds_pictures_up_for_one_message_only(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->link.echo = true;
    for (int i = 0; i < 12; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        scene_fill(&d->scene, (struct codec_rect){160, 112, 64, 48}, i & 1 ? 0x285ac8 : 0xe6b428);
        const int packets = d->packets;
        frame(d, PLAYER, FRAME_US);
        assert_true(d->packets > packets);
    }
}

static void play_poorly(struct desk *d, uint64_t rate_Bps)
{
    d->video.psnr_cdb = 2700;
    d->link.rate_Bps = rate_Bps;
    play(d, 30);
}

static void a_stream_that_blurs_gives_way_to_jpeg_where_the_link_has_room(void **state)
{
    struct desk *d = *state;
    play_poorly(d, 50000000);
    assert_int_equal(d->opens, 1);
    assert_int_equal(d->closes, 1);
    assert_in_range(d->packets, 8, 10);
    /* After a while it is tried again: what plays then may be another film. */
    d->video.psnr_cdb = 4400;
    for (int i = 0; i < 8; i++)
        play(d, 30);
    assert_int_equal(d->opens, 2);
    assert_int_equal(d->closes, 1);
}

static void a_viewer_that_wants_no_video_gets_none_though_a_packet_was_poor(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->video.psnr_cdb = 2700;
    d->link.rate_Bps = 50000000;
    d->hold = true;
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    d->link.now_us += FRAME_US;
    (void)message(d, &PLAYER);
    codec_encoder_video_control(d->link.encoder, d->id, &(struct codec_video_wish){.none = true});
    code_held(d);
    d->hold = false;
    for (int i = 0; i < 8; i++)
        play(d, 30);
    assert_int_equal(d->opens, 1);
    assert_int_equal(d->closes, 1);
}

static void a_stream_that_blurs_stays_on_a_narrow_link(void **state)
{
    struct desk *d = *state;
    play_poorly(d, 100000);
    assert_int_equal(d->opens, 1);
    assert_int_equal(d->closes, 0);
}

static void a_video_that_is_uncovered_plays_on_there(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    play_under_a_menu(d, 24, 1);
    play(d, 3);
    assert_int_equal(d->closes, 0);
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
}

static void a_key_goes_while_a_picture_is_coded(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    const struct codec_rect word = {440, 20, 60, 12}, next = {440, 40, 60, 12};
    const struct codec_rect both[2] = {PLAYER, word};
    const int packets = d->packets;
    d->hold = true;
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    scene_text(&d->scene, word, 99, 0x000080, 0xffffff);
    d->link.now_us += FRAME_US;
    assert_true(scene_link_send(&d->link, &d->scene, both, 2, BUDGET_BYTES) > 0);
    code(d);
    assert_int_equal(d->link.decoded.video_count, 0);
    assert_true(shown_exactly(d, word));
    scene_text(&d->scene, next, 99, 0x000080, 0xffffff);
    d->link.now_us += 5000;
    assert_true(message(d, &next) > 0);
    assert_true(shown_exactly(d, next));
    assert_int_equal(d->packets, packets);
    /* Nothing is left to do until the packet is there. */
    assert_false(due(d));
    code_held(d);
    assert_true(due(d));
    assert_true(message(d, NULL) > 0);
    assert_int_equal(d->packets, packets + 1);
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
}

static void a_picture_that_changes_while_it_is_coded_goes_after_it(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    const int packets = d->packets;
    d->hold = true;
    for (int i = 0; i < 3; i++) {
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        d->link.now_us += FRAME_US;
        (void)message(d, &PLAYER);
    }
    code_held(d);
    d->hold = false;
    frame(d, NOTHING, 1000);
    assert_int_equal(d->packets, packets + 2);
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
}

static void what_becomes_exact_while_a_picture_is_coded_stays_exact(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->hold = true;
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    d->link.now_us += FRAME_US;
    (void)message(d, &PLAYER);
    /* It stops there, and is refined before its packet comes. */
    d->hold = false;
    rest(d, 900000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    code_held(d);
    rest(d, 900000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    assert_false(codec_encoder_pending(d->link.encoder));
}

static void a_reset_leaves_what_is_being_coded_to_itself(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->hold = true;
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    d->link.now_us += FRAME_US;
    (void)message(d, &PLAYER);
    assert_int_equal(codec_encoder_reset(d->link.encoder, W, H), 0);
    assert_int_equal(d->video.closed, d->video.opened - 1);
    assert_null(codec_encoder_video_task(d->link.encoder));
    code_held(d);
    assert_int_equal(d->video.closed, d->video.opened);
    d->hold = false;
    play(d, 24);
    assert_int_equal(d->opens, 2);
}

static void an_encoder_may_end_while_a_picture_is_coded(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->hold = true;
    scene_photo(&d->scene, PLAYER, d->phase += 517);
    d->link.now_us += FRAME_US;
    (void)message(d, &PLAYER);
    assert_non_null(d->held); /* the teardown runs it after the encoder is gone */
}

static void *run_task(void *task)
{
    codec_video_task_run(task);
    return NULL;
}

static void pictures_are_coded_by_other_threads(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    for (int i = 0; i < 40; i++) {
        d->hold = true;
        scene_photo(&d->scene, PLAYER, d->phase += 517);
        d->link.now_us += FRAME_US;
        (void)message(d, &PLAYER);
        if (!d->held)
            continue;
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_task, d->held), 0);
        d->held = NULL;
        for (int k = 0; k < 3; k++) {
            d->link.now_us += 1000;
            (void)message(d, NULL);
        }
        if (i == 30)
            assert_int_equal(codec_encoder_reset(d->link.encoder, W, H), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
    d->hold = false;
    if (d->held)
        code_held(d);
    d->link.now_us += FRAME_US;
    assert_true(scene_link_send(&d->link, &d->scene, NULL, 0, BUDGET_BYTES) >= 0);
    code(d);
    rest(d, 2000000);
    assert_true(scene_link_equal(&d->link, &d->scene));
}

static void wish(struct desk *d, uint8_t id, struct codec_video_wish w)
{
    codec_encoder_video_control(d->link.encoder, id, &w);
}

static void a_paused_stream_sends_nothing_until_it_goes_on(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    int packets = d->packets;
    wish(d, d->id, (struct codec_video_wish){.pause = true});
    play(d, 20);
    assert_int_equal(d->packets, packets);
    assert_int_equal(d->closes, 0);
    wish(d, (uint8_t)(d->id + 1), (struct codec_video_wish){0}); /* somebody else's number */
    play(d, 2);
    assert_int_equal(d->packets, packets);
    wish(d, d->id, (struct codec_video_wish){0});
    play(d, 2);
    assert_int_equal(d->packets, packets + 2);
    assert_int_equal(d->video.keys, 1);
}

static void a_viewer_that_lost_a_packet_gets_a_key(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    wish(d, d->id, (struct codec_video_wish){.key = true});
    play(d, 3);
    assert_int_equal(d->video.keys, 2);
}

static void a_viewer_whose_decoder_fails_gets_pictures_as_before(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    wish(d, d->id, (struct codec_video_wish){.none = true});
    play(d, 30);
    assert_int_equal(d->opens, 1);
    assert_int_equal(d->closes, 1);
    assert_true(d->link.stats.tiles_jpeg > 0);
    rest(d, 2000000);
    assert_true(scene_link_equal(&d->link, &d->scene));
}

static void a_coder_that_fails_costs_its_stream_only(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    d->video.fail = true;
    play(d, 10);
    assert_int_equal(d->closes, 1);
    rest(d, 2000000);
    assert_true(scene_link_equal(&d->link, &d->scene));
    d->video.fail = false;
    rest(d, 5000000);
    play(d, 24);
    assert_int_equal(d->opens, 2);
}

static void a_coder_that_does_not_open_is_left_alone(void **state)
{
    struct desk *d = *state;
    d->video.refuse = true;
    play(d, 60);
    assert_int_equal(d->opens, 0);
    assert_true(d->link.stats.tiles_jpeg > 0);
}

static void a_costly_video_leaves_time_to_others(void **state)
{
    struct desk *d = *state;
    d->video.cost_us = FRAME_US;
    play(d, 12);
    const int packets = d->packets;
    play(d, 30);
    assert_in_range(d->packets - packets, 9, 11);
    frame(d, NOTHING, 3 * FRAME_US); /* the newest goes when its time has come */
    double mse;
    assert_true(scene_link_error(&d->link, &d->scene, &mse) <= 2);
}

static void a_reset_ends_the_streams(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    assert_int_equal(codec_encoder_reset(d->link.encoder, W, H), 0);
    assert_int_equal(d->video.closed, d->video.opened);
    d->link.now_us += FRAME_US;
    assert_true(scene_link_send(&d->link, &d->scene, NULL, 0, BUDGET_BYTES) > 0);
    assert_int_equal(d->link.decoded.video_count, 0);
    play(d, 24);
    assert_int_equal(d->opens, 2);
}

static void a_player_that_grows_starts_anew(void **state)
{
    struct desk *d = *state;
    play(d, 24);
    const struct codec_rect larger = {32, 32, 480, 304};
    for (int i = 0; i < 80; i++) {
        scene_photo(&d->scene, larger, d->phase += 517);
        frame(d, larger, FRAME_US);
    }
    assert_int_equal(d->opens, 2);
    assert_memory_equal(&d->rect, &larger, sizeof larger);
}

static void a_small_spinner_is_no_video(void **state)
{
    struct desk *d = *state;
    const struct codec_rect spinner = {64, 64, 96, 64};
    for (int i = 0; i < 60; i++) {
        scene_photo(&d->scene, spinner, d->phase += 517);
        frame(d, spinner, FRAME_US);
    }
    assert_int_equal(d->opens, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_moving_picture_becomes_a_stream_of_its_size),
        TEST(half_chroma_is_used_when_the_viewer_knows_no_other),
        TEST(a_viewer_without_video_gets_none),
        TEST(a_picture_that_rests_becomes_exact),
        TEST(a_picture_that_stops_is_exact_within_a_second_at_20_mbit),
        TEST(a_picture_that_stops_is_exact_while_a_spinner_turns_in_it),
        TEST(a_picture_that_goes_on_within_a_moment_keeps_its_stream),
        TEST(a_link_that_stalls_while_a_picture_moves_keeps_its_stream),
        TEST(a_picture_that_stops_while_paused_ends_exact),
        TEST(slides_do_not_become_a_stream),
        TEST(moving_text_does_not_become_a_stream),
        TEST(a_slow_link_still_finds_its_video),
        TEST(a_video_is_found_though_each_message_has_room_for_a_part_of_it),
        TEST(a_sky_that_is_flat_belongs_to_the_video_below_it),
        TEST(a_stream_takes_no_more_bytes_than_pictures_need),
        TEST(a_window_over_a_video_becomes_exact_while_it_plays),
        TEST(what_is_typed_over_a_video_is_exact_at_once),
        TEST(an_answer_to_an_input_over_a_video_is_exact_at_once_and_alone),
        TEST(an_answer_holds_pictures_up_for_one_message_only),
        TEST(a_stream_that_blurs_gives_way_to_jpeg_where_the_link_has_room),
        TEST(a_viewer_that_wants_no_video_gets_none_though_a_packet_was_poor),
        TEST(a_stream_that_blurs_stays_on_a_narrow_link),
        TEST(a_video_that_is_uncovered_plays_on_there),
        TEST(a_key_goes_while_a_picture_is_coded),
        TEST(a_picture_that_changes_while_it_is_coded_goes_after_it),
        TEST(what_becomes_exact_while_a_picture_is_coded_stays_exact),
        TEST(a_reset_leaves_what_is_being_coded_to_itself),
        TEST(an_encoder_may_end_while_a_picture_is_coded),
        TEST(pictures_are_coded_by_other_threads),
        TEST(a_paused_stream_sends_nothing_until_it_goes_on),
        TEST(a_viewer_that_lost_a_packet_gets_a_key),
        TEST(a_viewer_whose_decoder_fails_gets_pictures_as_before),
        TEST(a_coder_that_fails_costs_its_stream_only),
        TEST(a_coder_that_does_not_open_is_left_alone),
        TEST(a_costly_video_leaves_time_to_others),
        TEST(a_reset_ends_the_streams),
        TEST(a_player_that_grows_starts_anew),
        TEST(a_small_spinner_is_no_video),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
