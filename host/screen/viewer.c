#include "codec/message.h"
#include "host/screen/screen_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INLINE_TILES = 8,         /* so little is encoded faster than a thread wakes up; under 1 ms */
    ERROR_PAUSE_US = 1000000, /* after an encoder error, before the new epoch */
    ENCODE_RETRY_US = 1000,   /* more is dirty than one message took */
    ENCODE_WORK_US = 8000 /* of one call: an echo waits no longer for the one before, and a large change is
                           * encoded, sent and decoded at the same time */
};

struct screen_viewer *screen_viewer_create(
    struct screen *screen, const struct screen_viewer_ops *ops, void *data)
{
    if (screen->viewer_count == SCREEN_MAX_VIEWERS)
        return NULL;
    struct screen_viewer *viewer = calloc(1, sizeof *viewer);
    if (!viewer)
        return NULL;
    viewer->screen = screen;
    viewer->ops = ops;
    viewer->data = data;
    screen_window_init(&viewer->window, screen_now_us());
    viewer->next = screen->viewers;
    screen->viewers = viewer;
    screen->viewer_count++;
    return viewer;
}

void screen_viewer_destroy(struct screen_viewer *viewer)
{
    if (!viewer || viewer->gone)
        return;
    struct screen *screen = viewer->screen;
    screen_enter(screen);
    screen_viewer_stop(viewer);
    capture_seat_destroy(viewer->seat);
    viewer->seat = NULL;
    viewer->clipboard = false;
    viewer->gone = true;
    screen->viewer_count--;
    screen_touch(screen);
    screen_leave(screen);
}

void screen_viewer_drop_encoder(struct screen_viewer *viewer)
{
    screen_encode_drop(viewer->encode);
    viewer->encode = NULL;
    viewer->exact = false;
    screen_window_forget(&viewer->window);
}

static bool too_large(const struct screen_viewer *viewer, int32_t width, int32_t height)
{
    return viewer->max_pixels != 0 && (uint64_t)width * (uint64_t)height > viewer->max_pixels;
}

static void tell_too_large(struct screen_viewer *viewer, int32_t width, int32_t height)
{
    char problem[160];
    if (!viewer->ops->unavailable)
        return;
    (void)snprintf(problem, sizeof problem,
        "The screen of this PC has %d x %d pixels, more than this viewer can show. Choose a smaller "
        "resolution "
        "on the PC.",
        (int)width, (int)height);
    screen_enter(viewer->screen);
    viewer->ops->unavailable(viewer->data, problem);
    screen_leave(viewer->screen);
}

bool screen_viewer_renew(struct screen_viewer *viewer)
{
    struct screen *screen = viewer->screen;
    int32_t width = screen->geometry.width_px, height = screen->geometry.height_px;
    if (too_large(viewer, width, height)) {
        screen_viewer_drop_encoder(viewer);
        tell_too_large(viewer, width, height);
        return true; /* it waits for another size, or a start with another limit */
    }
    if (viewer->encode && viewer->encode->running)
        viewer->encode->renew = true;
    else if (viewer->encode &&
             (viewer->made_slots != viewer->slots || viewer->made_kinds != viewer->video_kinds ||
                 codec_encoder_reset(viewer->encode->encoder, width, height) != 0))
        screen_viewer_drop_encoder(viewer);
    if (!viewer->encode) {
        const struct codec_encoder_config config = {.width_px = width,
            .height_px = height,
            .lossy_first = true,
            .cache_slots = screen->store ? viewer->slots : 0,
            .store = screen->store,
            .video = screen->video,
            .video_kinds = viewer->video_kinds};
        viewer->encode = screen_encode_create(viewer, &config);
        viewer->made_slots = viewer->slots;
        viewer->made_kinds = viewer->video_kinds;
    }
    viewer->exact = false;
    screen_window_forget(&viewer->window);
    screen_tiles_init(&viewer->dirty, width, height);
    screen_tiles_add_all(&viewer->dirty);
    screen_moves_clear(&viewer->moves);
    return viewer->encode != NULL;
}

int screen_viewer_start(struct screen_viewer *viewer)
{
    struct screen *screen = viewer->screen;
    if (viewer->started) {
        screen_viewer_reset(viewer);
        return 0;
    }
    viewer->started = true;
    viewer->due_us = 0;
    screen_window_init(&viewer->window, screen_now_us());
    screen_touch(screen);
    if (!screen->source)
        return 0;
    if (!screen_viewer_renew(viewer)) {
        viewer->started = false;
        return CAPTURE_ERR_NOMEM;
    }
    struct capture_cursor cursor;
    if (viewer->ops->cursor && capture_cursor(screen->source, &cursor) == 0) {
        screen_enter(screen);
        viewer->ops->cursor(viewer->data, &cursor);
        screen_leave(screen);
    }
    return 0;
}

void screen_viewer_stop(struct screen_viewer *viewer)
{
    viewer->started = false;
    screen_viewer_drop_encoder(viewer);
    screen_touch(viewer->screen);
}

void screen_viewer_reset(struct screen_viewer *viewer)
{
    if (!viewer->started || !viewer->screen->source)
        return;
    (void)screen_viewer_renew(viewer);
    screen_touch(viewer->screen);
}

void screen_viewer_set_limits(struct screen_viewer *viewer, uint32_t max_pixels, uint32_t slots)
{
    viewer->max_pixels = max_pixels;
    viewer->slots = slots < SCREEN_SLOTS_MAX ? slots : SCREEN_SLOTS_MAX;
}

void screen_viewer_set_video(struct screen_viewer *viewer, unsigned kinds)
{
    viewer->video_kinds = kinds & (1u << CODEC_VIDEO_H264 | 1u << CODEC_VIDEO_H264_444);
}

void screen_viewer_video(struct screen_viewer *viewer, uint8_t stream, const struct codec_video_wish *wish)
{
    if (!viewer->encode)
        return;
    screen_encode_video(viewer->encode, stream, wish);
    screen_touch(viewer->screen);
}

void screen_viewer_wake(struct screen_viewer *viewer)
{
    if (viewer->started)
        screen_touch(viewer->screen);
}

void screen_viewer_ack(struct screen_viewer *viewer, const struct screen_window_ack *ack)
{
    bool known = screen_window_acked(&viewer->window, ack, screen_now_us());
    if (viewer->started && known)
        screen_touch(viewer->screen);
}

void screen_viewer_watch_clipboard(struct screen_viewer *viewer, bool watch)
{
    viewer->clipboard = watch;
    screen_touch(viewer->screen);
}

static struct capture_seat *touched(struct screen_viewer *viewer, uint32_t input)
{
    struct screen *screen = viewer->screen;
    viewer->input = input;
    screen->echo_us = screen_now_us();
    screen_touch(screen);
    if (!viewer->seat && screen->source)
        viewer->seat = capture_seat_create(screen->source);
    return viewer->seat;
}

void screen_viewer_key(struct screen_viewer *viewer, uint32_t input, const struct input_key *key)
{
    capture_key(touched(viewer, input), key);
}

void screen_viewer_pointer(struct screen_viewer *viewer, uint32_t input, const struct input_pointer *pointer)
{
    capture_pointer(touched(viewer, input), pointer);
    /* Where a relative motion led, the display tells everybody. */
    if (viewer->screen->viewer_count > 1 && !pointer->relative)
        screen_tell_pointer(viewer->screen, viewer, pointer->x, pointer->y);
}

void screen_viewer_wheel(struct screen_viewer *viewer, uint32_t input, const struct input_wheel *wheel)
{
    capture_wheel(touched(viewer, input), wheel);
}

void screen_viewer_text(struct screen_viewer *viewer, uint32_t input, const char *text, size_t len)
{
    capture_text(touched(viewer, input), text, len);
}

void screen_viewer_release_all(struct screen_viewer *viewer, uint32_t input)
{
    capture_release_all(touched(viewer, input));
}

void screen_viewer_stats(const struct screen_viewer *viewer, struct screen_viewer_stats *out)
{
    *out = (struct screen_viewer_stats){.frames = viewer->frames,
        .bytes = viewer->bytes,
        .rtt_us = viewer->window.rtt_us,
        .min_rtt_us = viewer->window.min_rtt_us,
        .serve_us = viewer->window.serve_us,
        .rate_Bps = viewer->window.rate_Bps,
        .in_flight_bytes = viewer->window.in_flight_bytes,
        .window_bytes = viewer->window.window_bytes,
        .capture_us = viewer->screen->capture_us,
        .encode_us = viewer->encode_us,
        .exact = viewer->exact};
}

/* From when on the encoder has something to do by itself: what is left over, or to be made exact. */
static uint64_t leftover_us(const struct screen_viewer *viewer)
{
    const struct codec_encoder *encoder = viewer->encode->encoder;
    if (codec_encoder_video_ready(encoder))
        return 0;
    return codec_encoder_pending(encoder) ? codec_encoder_deadline_us(encoder) : UINT64_MAX;
}

/* Whether there is anything to encode, and from when on. */
static uint64_t work_us(const struct screen_viewer *viewer)
{
    if (!screen_tiles_empty(&viewer->dirty) || !screen_tiles_empty(&viewer->screen->dirty))
        return 0;
    return leftover_us(viewer);
}

/* Too much to be done on the loop thread, where input and files wait meanwhile. */
static bool large(const struct screen_viewer *viewer, uint64_t now_us)
{
    return codec_encoder_deadline_us(viewer->encode->encoder) <= now_us ||
           screen_tiles_count(&viewer->dirty) + screen_tiles_count(&viewer->screen->dirty) > INLINE_TILES;
}

/* Something changed after an input that this viewer has not been answered yet. */
static bool echo_due(const struct screen_viewer *viewer, uint64_t now_us)
{
    return viewer->input != viewer->told_input && now_us - viewer->screen->echo_us < SCREEN_ECHO_US &&
           !(screen_tiles_empty(&viewer->dirty) && screen_tiles_empty(&viewer->screen->dirty));
}

uint64_t screen_viewer_deadline_us(const struct screen_viewer *viewer, uint64_t now_us)
{
    if (viewer->gone || !viewer->started || !viewer->encode || viewer->encode->running)
        return UINT64_MAX;
    uint64_t due = work_us(viewer);
    if (due == UINT64_MAX)
        return UINT64_MAX;
    if (viewer->screen->encodes == SCREEN_PICTURES && large(viewer, now_us))
        return UINT64_MAX; /* the next that ends looks again */
    if (due < viewer->due_us)
        due = viewer->due_us;
    bool echo = echo_due(viewer, now_us);
    if (!screen_window_budget(&viewer->window, echo, now_us)) {
        uint64_t open_us = screen_window_deadline_us(&viewer->window, echo, now_us);
        due = open_us > due ? open_us : due;
    } else if (!viewer->ops->can_send(viewer->data)) {
        return UINT64_MAX; /* screen_viewer_wake() comes */
    }
    return due;
}

static uint16_t tens_us(uint64_t us)
{
    return us / 10 > UINT16_MAX ? UINT16_MAX : (uint16_t)(us / 10);
}

static void put_envelope(
    uint8_t out[SCREEN_ENVELOPE_BYTES], uint32_t input, uint64_t capture_us, uint64_t encode_us)
{
    uint16_t capture = tens_us(capture_us), encode = tens_us(encode_us);
    out[0] = SCREEN_ENVELOPE_VERSION;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(input >> (8 * i));
    out[5] = (uint8_t)capture;
    out[6] = (uint8_t)(capture >> 8);
    out[7] = (uint8_t)encode;
    out[8] = (uint8_t)(encode >> 8);
}

/* The pace: 60 a second on average while it moves, faster while someone types or points. After a pause two go
 * at once: programs draw in parts, and the part that came first must not hold up the rest. */
static void pace(struct screen_viewer *viewer, bool complete, uint64_t now_us)
{
    /* The rest of a large change goes as fast as the window lets it. */
    if (!complete) {
        viewer->due_us = now_us;
        return;
    }
    bool echo = viewer->screen->echo_us && now_us - viewer->screen->echo_us < SCREEN_ECHO_US;
    uint64_t gap = echo ? SCREEN_ECHO_GAP_US : SCREEN_FRAME_US;
    uint64_t from = now_us - viewer->due_us < gap ? viewer->due_us : now_us - gap;
    viewer->due_us = from + gap;
}

/* Start over after a pause: the encoder failed, or the message was not taken. */
static void start_over(struct screen_viewer *viewer, uint64_t now_us)
{
    (void)screen_viewer_renew(viewer);
    viewer->due_us = now_us + ERROR_PAUSE_US;
}

void screen_viewer_encoded(struct screen_viewer *viewer)
{
    struct screen *screen = viewer->screen;
    struct screen_encode *encode = viewer->encode;
    const uint64_t now_us = screen_now_us();
    screen_touch(screen);
    screen_encode_videos(encode);
    if (encode->renew) {
        encode->renew = false;
        (void)screen_viewer_renew(viewer);
        return;
    }
    if (encode->len < 0) {
        start_over(viewer, now_us);
        return;
    }
    if (encode->len == 0) {
        viewer->exact = !codec_encoder_pending(encode->encoder);
        /* An encoder that is due and yet has nothing must not spin the loop. */
        viewer->due_us = now_us + ENCODE_RETRY_US;
        return;
    }
    struct codec_message header;
    const uint8_t *body = encode->message + SCREEN_ENVELOPE_BYTES;
    uint32_t epoch = codec_message_parse(body, (size_t)encode->len, &header) == 0 ? header.epoch : 0;
    viewer->encode_us = encode->took_us;
    put_envelope(encode->message, encode->input, encode->frame.capture_us, encode->took_us);
    const size_t total = (size_t)encode->len + SCREEN_ENVELOPE_BYTES;
    viewer->told_input = encode->input;
    viewer->exact = encode->stats.exact;
    viewer->frames++;
    viewer->bytes += total;
    screen->frames++;
    screen->bytes += total;
    /* Only what the budget cut short tells what the link can do. */
    const bool more = !encode->stats.complete && encode->stats.bytes >= encode->frame.budget_bytes / 2;
    screen_window_sent(&viewer->window, epoch, encode->stats.seq, total, more, encode->start_us, now_us);
    pace(viewer, encode->stats.complete, encode->start_us);
    screen_enter(screen);
    if (!viewer->ops->send(viewer->data, encode->message, total) && !viewer->gone && viewer->started &&
        viewer->encode)
        start_over(viewer, now_us);
    screen_leave(screen);
}

int screen_viewer_turn(struct screen_viewer *viewer, uint64_t now_us)
{
    struct screen *screen = viewer->screen;
    if (screen_viewer_deadline_us(viewer, now_us) > now_us)
        return 0;
    if (!screen_tiles_empty(&screen->dirty)) {
        int result = screen_grab(screen);
        if (result)
            return result;
        if (screen_viewer_deadline_us(viewer, now_us) > now_us)
            return 0; /* damaged, yet as it was; or what came with it was the end of this viewer */
    }
    struct screen_encode *encode = viewer->encode;
    size_t stride_px;
    const uint32_t *pixels = capture_pixels(screen->source, &stride_px);
    struct screen_picture *picture = NULL;
    if (large(viewer, now_us))
        picture = screen_pictures_take(
            &screen->pictures, pixels, stride_px, screen->geometry.width_px, screen->geometry.height_px);
    encode->start_us = now_us;
    encode->input = viewer->captured_input;
    encode->moves = viewer->moves;
    encode->frame = (struct codec_encoder_frame){.pixels = picture ? picture->pixels : pixels,
        .stride_px = picture ? (size_t)screen->geometry.width_px : stride_px,
        .now_us = now_us,
        .capture_us = screen->capture_us,
        .damage = encode->damage,
        .damage_count = screen_tiles_rects(&viewer->dirty, encode->damage),
        .hints = encode->moves.move,
        .hint_count = encode->moves.count,
        .echo = screen->echo_us && now_us - screen->echo_us < SCREEN_ECHO_US,
        .budget_bytes = screen_window_budget(&viewer->window, echo_due(viewer, now_us), now_us),
        .work_us = ENCODE_WORK_US,
        .rate_Bps = viewer->window.rate_Bps};
    screen_tiles_clear(&viewer->dirty);
    screen_moves_clear(&viewer->moves);
    if (picture) {
        screen_encode_later(encode, picture);
        return 0;
    }
    screen_encode_now(encode);
    screen_viewer_encoded(viewer);
    return 0;
}
