/* bench_scene: plays one scene on an X display, each frame as new pixels by XShmPutImage between two
 * barcodes, and answers keys in the scenes that take them. Started by the benchmark's conductor:
 *   bench_scene --run FILE --scene NAME --seconds N [--cache DIR]     DISPLAY names the source
 * Makes FILE (run.h), stays after the last frame until SIGTERM. */
#include "tests/bench/barcode.h"
#include "tests/bench/scene.h"

#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>

/* Where the barcodes are: the first thing drawn of a frame and the last. */
#define FIRST_X 16
#define FIRST_Y 16
#define LAST_X (BENCH_W - 16 - BARCODE_W)
#define LAST_Y (BENCH_H - 16 - BARCODE_H)

struct player {
    struct bench_run *run;
    struct scene scene;
    xcb_connection_t *conn;
    xcb_window_t window;
    xcb_gcontext_t gc;
    xcb_shm_seg_t segment;
    bool on; /* the square's colour */
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void put(struct player *p, struct bench_area r)
{
    xcb_shm_put_image(p->conn, p->window, p->gc, BENCH_W, BENCH_H, (uint16_t)r.x, (uint16_t)r.y,
        (uint16_t)r.w, (uint16_t)r.h, (int16_t)r.x, (int16_t)r.y, 24, XCB_IMAGE_FORMAT_Z_PIXMAP, 0,
        p->segment, BENCH_PICTURE_AT);
}

/* Until the server has done all it was asked. */
static void settle(struct player *p)
{
    free(xcb_get_input_focus_reply(p->conn, xcb_get_input_focus(p->conn), NULL));
}

static bool open_window(struct player *p, int fd)
{
    p->conn = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(p->conn))
        return false;
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(p->conn)).data;
    if (screen->width_in_pixels != BENCH_W || screen->height_in_pixels != BENCH_H || screen->root_depth != 24)
        return false;
    /* No pointer in the picture: it is not what is measured. */
    const xcb_pixmap_t blank = xcb_generate_id(p->conn);
    const xcb_cursor_t cursor = xcb_generate_id(p->conn);
    xcb_create_pixmap(p->conn, 1, blank, screen->root, 1, 1);
    const xcb_gcontext_t clear = xcb_generate_id(p->conn);
    xcb_create_gc(p->conn, clear, blank, XCB_GC_FOREGROUND, &(uint32_t){0});
    xcb_poly_fill_rectangle(p->conn, blank, clear, 1, &(xcb_rectangle_t){0, 0, 1, 1});
    xcb_create_cursor(p->conn, cursor, blank, blank, 0, 0, 0, 0, 0, 0, 0, 0);
    p->window = xcb_generate_id(p->conn);
    xcb_create_window(p->conn, XCB_COPY_FROM_PARENT, p->window, screen->root, 0, 0, BENCH_W, BENCH_H, 0,
        XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
        XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK | XCB_CW_CURSOR,
        (uint32_t[]){0, 1, XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_EXPOSURE, cursor});
    xcb_map_window(p->conn, p->window);
    xcb_set_input_focus(p->conn, XCB_INPUT_FOCUS_POINTER_ROOT, p->window, XCB_CURRENT_TIME);
    xcb_warp_pointer(p->conn, XCB_NONE, screen->root, 0, 0, 0, 0, BENCH_W - 1, BENCH_H - 1);
    /* A key held longer by a slow link is one key. */
    xcb_change_keyboard_control(p->conn, XCB_KB_AUTO_REPEAT_MODE, &(uint32_t){XCB_AUTO_REPEAT_MODE_OFF});
    p->gc = xcb_generate_id(p->conn);
    xcb_create_gc(p->conn, p->gc, p->window, 0, NULL);
    p->segment = xcb_generate_id(p->conn);
    const int given = dup(fd); /* the connection closes what it sends */
    xcb_generic_error_t *error =
        given < 0 ? NULL
                  : xcb_request_check(p->conn, xcb_shm_attach_fd_checked(p->conn, p->segment, given, 0));
    if (given < 0 || error) {
        free(error);
        return false;
    }
    settle(p);
    return true;
}

static void issue(struct player *p, uint32_t n)
{
    struct scene *s = &p->scene;
    uint32_t *px = s->screen.px;
    if (s->ops->keys && n > 0)
        scene_square(s, p->on);
    barcode_paint(px + FIRST_Y * BENCH_W + FIRST_X, BENCH_W, n);
    barcode_paint(px + LAST_Y * BENCH_W + LAST_X, BENCH_W, n);
    cairo_surface_mark_dirty(s->screen.surface);
    /* The copy first: whoever sees the frame finds it. */
    const struct bench_area a = s->area;
    atomic_store(&p->run->slot[n % BENCH_SLOTS], UINT32_MAX);
    uint32_t *copy = bench_run_slot(p->run, n);
    for (int32_t y = 0; y < a.h; y++)
        memcpy(
            copy + (size_t)y * (size_t)a.w, px + (size_t)(a.y + y) * BENCH_W + a.x, (size_t)a.w * sizeof *px);
    atomic_store(&p->run->slot[n % BENCH_SLOTS], n);
    p->run->issued_us[n] = bench_now_us();
    put(p, (struct bench_area){FIRST_X, FIRST_Y, BARCODE_W, BARCODE_H});
    for (uint32_t i = 0; i < s->changed_count; i++)
        put(p, s->changed[i]);
    put(p, (struct bench_area){LAST_X, LAST_Y, BARCODE_W, BARCODE_H});
    xcb_flush(p->conn);
    settle(p);
    p->run->drawn_us[n] = bench_now_us();
    atomic_store(&p->run->frames, n);
}

static void answer_keys(struct player *p)
{
    for (xcb_generic_event_t *event; (event = xcb_poll_for_event(p->conn)) != NULL; free(event)) {
        if ((event->response_type & 0x7f) != XCB_KEY_PRESS || !p->scene.ops->keys)
            continue;
        const uint32_t flip = atomic_load(&p->run->flips);
        if (flip >= BENCH_KEYS_MAX)
            continue;
        p->on = !p->on;
        scene_square(&p->scene, p->on);
        p->run->flipped_us[flip] = bench_now_us();
        atomic_store(&p->run->flips, flip + 1);
        put(p, (struct bench_area){BENCH_FLIP_X, BENCH_FLIP_Y, BENCH_FLIP_PX, BENCH_FLIP_PX});
        xcb_flush(p->conn);
        settle(p);
    }
}

static void wait_until(struct player *p, uint64_t at_us)
{
    const uint64_t now = bench_now_us();
    const uint64_t left = at_us > now ? at_us - now : 0;
    struct pollfd fd = {xcb_get_file_descriptor(p->conn), POLLIN, 0};
    const struct timespec wait = {(time_t)(left / 1000000u), (long)(left % 1000000u) * 1000};
    answer_keys(p); /* settle() may have read some already */
    (void)ppoll(&fd, 1, &wait, NULL);
    answer_keys(p);
}

static void play(struct player *p, uint64_t seconds)
{
    struct scene *s = &p->scene;
    while (!stopped && atomic_load(&p->run->state) != BENCH_GO)
        wait_until(p, bench_now_us() + 5000);
    const uint64_t start = p->run->go_us = bench_now_us();
    uint32_t n = 1;
    while (!stopped && n <= s->frames) {
        const uint64_t due = start + (uint64_t)n * s->ops->interval_us;
        answer_keys(p); /* also when the machine is too slow for the frames */
        while (!stopped && bench_now_us() < due)
            wait_until(p, due);
        s->changed_count = 0;
        s->ops->frame(s, n);
        issue(p, n++);
    }
    while (!stopped && bench_now_us() < start + seconds * 1000000u)
        wait_until(p, start + seconds * 1000000u);
    p->run->ended_us = bench_now_us();
    atomic_store(&p->run->state, BENCH_ENDED);
    while (!stopped)
        wait_until(p, bench_now_us() + 1000000u);
}

static int list(void)
{
    for (const struct scene_ops *ops = scene_all; ops->name; ops++)
        printf("%s%s\n", ops->name, ops->held_out ? " held-out" : "");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"run", 1, NULL, 'r'}, {"scene", 1, NULL, 's'},
        {"seconds", 1, NULL, 't'}, {"cache", 1, NULL, 'c'}, {"list", 0, NULL, 'l'}, {NULL, 0, NULL, 0}};
    const char *file = NULL, *name = NULL;
    struct player p = {.scene.seed = 20261u};
    unsigned long seconds = 4;
    for (int opt; (opt = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (opt == 'r')
            file = optarg;
        else if (opt == 's')
            name = optarg;
        else if (opt == 't')
            seconds = strtoul(optarg, NULL, 10);
        else if (opt == 'c')
            p.scene.cache = optarg;
        else
            return opt == 'l' ? list() : 2;
    }
    p.scene.ops = name ? scene_find(name) : NULL;
    if (!file || !p.scene.ops || seconds < 1 || seconds > 600) {
        fputs("usage: bench_scene --run FILE --scene NAME --seconds N [--cache DIR] | --list\n", stderr);
        return 2;
    }
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_TIMERSLACK, 1000);
    if (p.scene.ops->interval_us > 0) {
        const unsigned long frames = seconds * 1000000u / p.scene.ops->interval_us;
        p.scene.frames = frames < BENCH_FRAMES_MAX ? (uint32_t)frames : BENCH_FRAMES_MAX - 1;
    }
    const int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)BENCH_FILE_BYTES) != 0 || !(p.run = bench_run_map(fd))) {
        perror(file);
        return 1;
    }
    canvas_init(&p.scene.screen, bench_run_picture(p.run), BENCH_W, BENCH_H);
    p.scene.ops->start(&p.scene);
    p.run->area = p.scene.area;
    p.run->interval_us = p.scene.ops->interval_us;
    if (!open_window(&p, fd)) {
        fputs("bench_scene: the display is not there, not 1920x1080 at depth 24, or has no shared memory\n",
            stderr);
        return 1;
    }
    p.scene.changed_count = 0;
    scene_changed(&p.scene, 0, 0, BENCH_W, BENCH_H);
    issue(&p, 0);
    atomic_store(&p.run->state, BENCH_READY);
    play(&p, seconds);
    scene_finish(&p.scene);
    xcb_disconnect(p.conn);
    return 0;
}
