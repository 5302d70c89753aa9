/* movie X Y W H FPS: a window without a frame that shows a moving natural picture below all
 * others, for the tests of video.
 * SIGUSR1 freezes it, SIGUSR2 lets it go on. Says "moving" and "frozen". */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

#include <xcb/shm.h>
#include <xcb/xcb.h>

static volatile sig_atomic_t frozen;

static void on_signal(int number)
{
    frozen = number == SIGUSR1;
}

static uint32_t grain(uint32_t v)
{
    v = (v ^ v >> 15) * 0x2c1b3c6du;
    return (v ^ v >> 12) * 0x297a2d39u >> 28;
}

/* Soft waves, an edge that turns, and some grain that stays with the picture. */
static void draw(uint32_t *px, int w, int h, double t)
{
    const double edge = sin(t * 0.7), other = cos(t * 0.7);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const double u = x + t * 37.3, v = y + 20 * sin(t * 0.5);
            const double a = sin(u / 61 + sin(v / 47) * 2), b = sin(v / 83 + u / 211 + a);
            const int side = (x - w / 2) * edge + (y - h / 2) * other > 0 ? 24 : 0;
            const int n = (int)grain((uint32_t)u * 7919u + (uint32_t)v * 104729u);
            const int r = (int)(120 + 70 * a + side) + n, g = (int)(110 + 60 * b - side) + n;
            const int blue = (int)(100 + 50 * a * b) + n;
            px[y * w + x] = (uint32_t)(r << 16 | g << 8 | blue);
        }
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    int number[5];
    for (int i = 0; i < 5; i++) {
        char *end = NULL;
        const long value = strtol(argv[i + 1], &end, 10);
        if (end == argv[i + 1] || *end || value < 0 || value > 8192)
            return 2;
        number[i] = (int)value;
    }
    const int x = number[0], y = number[1], w = number[2], h = number[3], fps = number[4];
    xcb_connection_t *c = xcb_connect(NULL, NULL);
    if (xcb_connection_has_error(c) || w < 1 || h < 1 || fps < 1)
        return 1;
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
    const xcb_window_t window = xcb_generate_id(c);
    const uint32_t values[] = {1};
    xcb_create_window(c, XCB_COPY_FROM_PARENT, window, screen->root, (int16_t)x, (int16_t)y, (uint16_t)w,
        (uint16_t)h, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT, XCB_CW_OVERRIDE_REDIRECT,
        values);
    xcb_map_window(c, window);
    const uint32_t below[] = {XCB_STACK_MODE_BELOW};
    xcb_configure_window(c, window, XCB_CONFIG_WINDOW_STACK_MODE, below);
    const xcb_gcontext_t gc = xcb_generate_id(c);
    xcb_create_gc(c, gc, window, 0, NULL);
    const int id = shmget(IPC_PRIVATE, (size_t)w * (size_t)h * 4, IPC_CREAT | 0600);
    uint32_t *px = shmat(id, NULL, 0);
    const xcb_shm_seg_t segment = xcb_generate_id(c);
    free(xcb_request_check(c, xcb_shm_attach_checked(c, segment, (uint32_t)id, 0)));
    (void)shmctl(id, IPC_RMID, NULL);
    (void)signal(SIGUSR1, on_signal);
    (void)signal(SIGUSR2, on_signal);
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    int was = -1;
    for (long frame = 0;;) {
        if (frozen != was) {
            was = frozen;
            (void)puts(was ? "frozen" : "moving");
            (void)fflush(stdout);
        }
        if (!was) {
            draw(px, w, h, (double)frame++ / fps);
            xcb_shm_put_image(c, window, gc, (uint16_t)w, (uint16_t)h, 0, 0, (uint16_t)w, (uint16_t)h, 0, 0,
                screen->root_depth, XCB_IMAGE_FORMAT_Z_PIXMAP, 0, segment, 0);
            free(xcb_get_input_focus_reply(c, xcb_get_input_focus(c), NULL));
        }
        next.tv_nsec += 1000000000 / fps;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0)
            ;
        if (xcb_connection_has_error(c))
            return 0;
    }
}
