/* bench_watch: reads the target's framebuffer every 0.2 ms and notes when each frame and each flip is
 * complete there. Presses keys at the target by XTest. Talks to the benchmark's conductor by lines:
 *   ready          the target shows frame 0 and has come to rest; a line on stdin starts the motion
 *   ended          the motion is over (memory and processor time are read now)
 *   {json}         all it saw, once the picture is exact or the settling time is over
 * Usage: bench_watch --run FILE --target FILE [--keys N] [--settle-ms N]     DISPLAY names the target */
#include "tests/bench/barcode.h"
#include "tests/bench/run.h"
#include "tests/bench/target.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

#define POLL_US 200u
#define REST_US 400000u         /* unchanged for this long: at rest */
#define REST_MOST_US 4000000u   /* a picture that never rests is taken as it is */
#define FIRST_MOST_US 25000000u /* frame 0 must be there by then */
#define SAMPLE_US 250000u       /* between two comparisons in motion */
#define SAMPLES_MAX 512u
#define EXACT_US 10000u /* between two comparisons at the end */
#define GRID 48         /* points across the area that tell frames apart */
#define CLEARLY 90u     /* sum over the colours; lossy coding stays below half of it */
#define KEY_LOST_US 3000000u
#define KEY_HELD_US 40000u
#define KEY_PAUSE_US 150000u
#define EDGE_PX 4 /* viewers differ in the last row and column, and the pointer waits there */
#define KEYCODE_A 38

struct watcher {
    struct bench_run *run;
    struct picture target;
    xcb_connection_t *conn;
    xcb_window_t root;
    uint64_t shown_us[BENCH_FRAMES_MAX]; /* 0: never seen */
    uint32_t newest;
    double samples_db[SAMPLES_MAX];
    uint32_t samples;
    uint64_t sampled_us, error_outside;
    uint64_t pressed_us[BENCH_KEYS_MAX], answered_us[BENCH_KEYS_MAX]; /* answered 0: lost */
    uint32_t keys, pressed, flips_before[BENCH_KEYS_MAX];
    uint64_t settle_us, exact_us;
    double rest_db[2]; /* 1 s and 3 s after the end */
    size_t differences;
};

static void doze(void)
{
    const struct timespec wait = {0, POLL_US * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
}

static const uint32_t *at(const struct watcher *w, int32_t x, int32_t y)
{
    return w->target.px + (int64_t)y * w->target.stride + x;
}

static struct picture part(struct picture p, int32_t x, int32_t y)
{
    return (struct picture){p.px + (int64_t)y * p.stride + x, p.stride};
}

static struct picture source(const struct watcher *w)
{
    return (struct picture){bench_run_picture(w->run), BENCH_W};
}

/* The number of the frame that stands complete in the target, or -1. */
static int32_t frame_shown(const struct watcher *w)
{
    const int32_t first = barcode_read(at(w, 16, 16), w->target.stride);
    if (first < 0)
        return -1;
    const int32_t last =
        barcode_read(at(w, BENCH_W - 16 - BARCODE_W, BENCH_H - 16 - BARCODE_H), w->target.stride);
    return first == last ? first : -1;
}

static double psnr_whole(const struct watcher *w)
{
    const int32_t width = BENCH_W - 2 * EDGE_PX, height = BENCH_H - 2 * EDGE_PX;
    return picture_psnr(
        picture_error(part(source(w), EDGE_PX, EDGE_PX), part(w->target, EDGE_PX, EDGE_PX), width, height),
        (size_t)width * (size_t)height);
}

static size_t differences_whole(const struct watcher *w)
{
    return picture_differences(part(source(w), EDGE_PX, EDGE_PX), part(w->target, EDGE_PX, EDGE_PX),
        BENCH_W - 2 * EDGE_PX, BENCH_H - 2 * EDGE_PX);
}

/* The moving area less the screen's edge. */
static struct bench_area inner(const struct watcher *w)
{
    const struct bench_area a = w->run->area;
    const int32_t x0 = a.x < EDGE_PX ? EDGE_PX : a.x, y0 = a.y < EDGE_PX ? EDGE_PX : a.y;
    const int32_t x1 = a.x + a.w > BENCH_W - EDGE_PX ? BENCH_W - EDGE_PX : a.x + a.w;
    const int32_t y1 = a.y + a.h > BENCH_H - EDGE_PX ? BENCH_H - EDGE_PX : a.y + a.h;
    return (struct bench_area){x0, y0, x1 - x0, y1 - y0};
}

static uint64_t area_error(const struct watcher *w, struct picture from, int32_t x, int32_t y)
{
    const struct bench_area a = inner(w);
    return picture_error(part(from, a.x - x, a.y - y), part(w->target, a.x, a.y), a.w, a.h);
}

/* Compare what is shown of frame n with the copy the scene has kept of it. */
static void sample(struct watcher *w, uint32_t n, uint64_t now)
{
    if (now - w->sampled_us < SAMPLE_US || w->samples == SAMPLES_MAX ||
        atomic_load(&w->run->slot[n % BENCH_SLOTS]) != n)
        return;
    const struct bench_area a = w->run->area;
    const uint64_t error = area_error(w, (struct picture){bench_run_slot(w->run, n), a.w}, a.x, a.y);
    if (atomic_load(&w->run->slot[n % BENCH_SLOTS]) != n || frame_shown(w) != (int32_t)n)
        return; /* it went on meanwhile */
    w->samples_db[w->samples++] = picture_psnr(error + w->error_outside, BENCH_PIXELS);
    w->sampled_us = now;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    uint32_t sum = 0;
    for (uint32_t shift = 0; shift < 24; shift += 8) {
        const int32_t d = (int32_t)(a >> shift & 255u) - (int32_t)(b >> shift & 255u);
        sum += (uint32_t)(d < 0 ? -d : d);
    }
    return sum;
}

/* Whether the area between the barcodes is frame n's too: a viewer may paint both barcodes before what lies
 * between. Looks at points where n differs clearly from the frame that was shown last; lossy coding leaves
 * them nearer to n. True when the copies are gone: then the barcodes have to do. */
static bool area_shown(const struct watcher *w, uint32_t n)
{
    const uint32_t before = w->newest;
    const struct bench_area a = w->run->area;
    if (before >= n || atomic_load(&w->run->slot[n % BENCH_SLOTS]) != n ||
        atomic_load(&w->run->slot[before % BENCH_SLOTS]) != before)
        return true;
    const uint32_t *now = bench_run_slot(w->run, n), *then = bench_run_slot(w->run, before);
    uint32_t points = 0, arrived = 0;
    for (int32_t y = a.h / (2 * GRID); y < a.h; y += a.h / GRID + 1)
        for (int32_t x = a.w / (2 * GRID); x < a.w; x += a.w / GRID + 1) {
            const uint32_t p = now[(int64_t)y * a.w + x], q = then[(int64_t)y * a.w + x],
                           shown = *at(w, a.x + x, a.y + y);
            if (distance(p, q) < CLEARLY)
                continue;
            points++;
            arrived += distance(shown, p) < distance(shown, q);
        }
    return arrived * 10 >= points * 9;
}

static void look(struct watcher *w, bool compare)
{
    const int32_t n = frame_shown(w);
    if (n < 0 || (uint32_t)n > atomic_load(&w->run->frames) + 1 || w->shown_us[n] != 0 ||
        !area_shown(w, (uint32_t)n))
        return;
    const uint64_t now = bench_now_us();
    w->shown_us[n] = now;
    if ((uint32_t)n > w->newest)
        w->newest = (uint32_t)n;
    if (compare)
        sample(w, (uint32_t)n, now);
}

static void press(const struct watcher *w, bool down)
{
    xcb_test_fake_input(
        w->conn, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, KEYCODE_A, XCB_CURRENT_TIME, w->root, 0, 0, 0);
    xcb_flush(w->conn);
}

/* 1 and 0 for the square's two colours, -1 when it is neither all over. */
static int32_t square_shown(const struct watcher *w)
{
    static const int32_t points[5][2] = {{12, 12}, {188, 12}, {100, 100}, {12, 188}, {188, 188}};
    int32_t on = 0;
    for (int32_t i = 0; i < 5; i++) {
        const uint32_t pixel = *at(w, BENCH_FLIP_X + points[i][0], BENCH_FLIP_Y + points[i][1]);
        on += distance(pixel, BENCH_FLIP_ON) < distance(pixel, BENCH_FLIP_OFF);
    }
    return on == 5 ? 1 : on == 0 ? 0 : -1;
}

/* One key after the other while the scene plays; each waits for the last one's flip. */
struct keyboard {
    uint64_t next_us, release_us;
    bool waiting;
    uint32_t random;
};

static void type(struct watcher *w, struct keyboard *k)
{
    const uint64_t now = bench_now_us();
    if (k->release_us && now >= k->release_us) {
        press(w, false);
        k->release_us = 0;
    }
    if (k->waiting) {
        const bool answered = square_shown(w) == (int32_t)((w->flips_before[w->pressed] + 1) & 1u);
        if (!answered && now - w->pressed_us[w->pressed] < KEY_LOST_US)
            return;
        w->answered_us[w->pressed] = answered ? now : 0;
        w->pressed++;
        k->waiting = false;
        k->random = k->random * 747796405u + 2891336453u;
        k->next_us = now + KEY_PAUSE_US + (k->random >> 8) % 80000u; /* out of step with any poll */
        return;
    }
    if (w->pressed == w->keys || now < k->next_us || k->release_us)
        return;
    /* Not before the target stands where the source does: a late flip would answer the wrong key. */
    const uint32_t flips = atomic_load(&w->run->flips);
    if (square_shown(w) != (int32_t)(flips & 1u))
        return;
    w->flips_before[w->pressed] = flips;
    w->pressed_us[w->pressed] = bench_now_us();
    press(w, true);
    k->release_us = w->pressed_us[w->pressed] + KEY_HELD_US;
    k->waiting = true;
}

static const char *wait_for_start(struct watcher *w)
{
    const uint64_t start = bench_now_us();
    while (frame_shown(w) != 0) {
        if (bench_now_us() - start > FIRST_MOST_US)
            return "the target never showed the first frame";
        doze();
    }
    const uint64_t shown = bench_now_us();
    uint64_t still = shown, sum = 0;
    while (bench_now_us() - still < REST_US && bench_now_us() - shown < REST_MOST_US) {
        const uint64_t now_sum = picture_sum(w->target, BENCH_W, BENCH_H);
        if (now_sum != sum) {
            sum = now_sum;
            still = bench_now_us();
        }
        const struct timespec wait = {0, 20000000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
    }
    /* What does not move keeps the error it has now. */
    const int32_t width = BENCH_W - 2 * EDGE_PX, height = BENCH_H - 2 * EDGE_PX;
    const uint64_t whole =
        picture_error(part(source(w), EDGE_PX, EDGE_PX), part(w->target, EDGE_PX, EDGE_PX), width, height);
    const uint64_t inside = area_error(w, source(w), 0, 0);
    w->error_outside = whole > inside ? whole - inside : 0;
    return NULL;
}

static void watch_motion(struct watcher *w)
{
    struct keyboard keyboard = {.next_us = bench_now_us() + 300000u, .random = 7};
    atomic_store(&w->run->state, BENCH_GO);
    while (atomic_load(&w->run->state) != BENCH_ENDED || keyboard.waiting || keyboard.release_us) {
        look(w, w->keys == 0);
        if (w->keys > 0)
            type(w, &keyboard);
        if (w->keys > 0 && w->pressed == w->keys && !keyboard.release_us)
            break;
        doze();
    }
}

static void watch_rest(struct watcher *w)
{
    const uint64_t end = w->run->ended_us;
    uint64_t compared = 0;
    w->rest_db[0] = w->rest_db[1] = -1;
    while (bench_now_us() - end < w->settle_us) {
        look(w, false);
        const uint64_t now = bench_now_us();
        if (now - compared >= EXACT_US && w->newest == atomic_load(&w->run->frames)) {
            compared = now;
            w->differences = differences_whole(w);
            if (w->differences == 0) {
                w->exact_us = now - end;
                w->rest_db[0] = w->rest_db[0] < 0 ? 99 : w->rest_db[0];
                w->rest_db[1] = 99;
                return;
            }
        }
        if (w->rest_db[0] < 0 && now - end >= 1000000u)
            w->rest_db[0] = psnr_whole(w);
        doze();
    }
    w->differences = differences_whole(w);
    w->rest_db[1] = psnr_whole(w);
}

static void print_times(const char *name, const uint64_t *times, uint32_t from, uint32_t to, uint64_t start)
{
    printf("\"%s\":[", name);
    for (uint32_t i = from; i < to; i++)
        if (times[i])
            printf("%s%" PRIu64, i > from ? "," : "", times[i] - start);
        else
            printf("%snull", i > from ? "," : "");
    printf("],");
}

static void print_all(const struct watcher *w)
{
    const struct bench_run *run = w->run;
    const uint32_t frames = atomic_load(&run->frames);
    const uint64_t go = run->go_us;
    printf("{");
    print_times("issued_us", run->issued_us, 1, frames + 1, go);
    print_times("drawn_us", run->drawn_us, 1, frames + 1, go);
    print_times("shown_us", w->shown_us, 1, frames + 1, go);
    print_times("pressed_us", w->pressed_us, 0, w->pressed, go);
    print_times("answered_us", w->answered_us, 0, w->pressed, go);
    printf("\"flipped_us\":[");
    for (uint32_t i = 0; i < w->pressed; i++)
        if (w->flips_before[i] < atomic_load(&run->flips))
            printf("%s%" PRIu64, i > 0 ? "," : "", run->flipped_us[w->flips_before[i]] - go);
        else
            printf("%snull", i > 0 ? "," : "");
    printf("],\"motion_db\":[");
    for (uint32_t i = 0; i < w->samples; i++)
        printf("%s%.2f", i > 0 ? "," : "", w->samples_db[i]);
    printf("],\"interval_us\":%" PRIu32 ",\"ended_us\":%" PRIu64 ",\"differences\":%zu", run->interval_us,
        run->ended_us ? run->ended_us - go : 0, w->differences);
    if (w->rest_db[0] >= 0)
        printf(",\"psnr_1s\":%.2f", w->rest_db[0]);
    printf(",\"psnr_3s\":%.2f", w->rest_db[1]);
    if (w->exact_us)
        printf(",\"exact_us\":%" PRIu64, w->exact_us);
    printf("}\n");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"run", 1, NULL, 'r'}, {"target", 1, NULL, 't'},
        {"keys", 1, NULL, 'k'}, {"settle-ms", 1, NULL, 's'}, {NULL, 0, NULL, 0}};
    static struct watcher w = {.settle_us = 3200000u}; /* large: not on the stack */
    const char *file = NULL, *target = NULL;
    for (int opt; (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (opt == 'r')
            file = optarg;
        else if (opt == 't')
            target = optarg;
        else if (opt == 'k')
            w.keys = (uint32_t)strtoul(optarg, NULL, 10);
        else if (opt == 's')
            w.settle_us = strtoull(optarg, NULL, 10) * 1000u;
        else
            return 2;
    }
    if (!file || !target || w.keys > BENCH_KEYS_MAX) {
        fputs("usage: bench_watch --run FILE --target FILE [--keys N] [--settle-ms N]\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1000);
    const int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0 || !(w.run = bench_run_map(fd)) || target_map(target, &w.target) != 0) {
        fputs("bench_watch: the run's file or the target's framebuffer cannot be read\n", stderr);
        return 1;
    }
    w.conn = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(w.conn)) {
        fputs("bench_watch: no target display\n", stderr);
        return 1;
    }
    w.root = xcb_setup_roots_iterator(xcb_get_setup(w.conn)).data->root;
    xcb_change_keyboard_control(w.conn, XCB_KB_AUTO_REPEAT_MODE, &(uint32_t){XCB_AUTO_REPEAT_MODE_OFF});
    xcb_warp_pointer(w.conn, XCB_NONE, w.root, 0, 0, 0, 0, BENCH_W - 1, BENCH_H - 1);
    xcb_flush(w.conn);
    const char *why = wait_for_start(&w);
    if (why) {
        fprintf(stderr, "bench_watch: %s\n", why);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        return 1;
    watch_motion(&w);
    puts("ended");
    fflush(stdout);
    if (w.keys == 0)
        watch_rest(&w);
    print_all(&w);
    /* The last key's release must have arrived: a server drops what it has not read of a closed connection.
     */
    free(xcb_get_input_focus_reply(w.conn, xcb_get_input_focus(w.conn), NULL));
    xcb_disconnect(w.conn);
    return 0;
}
