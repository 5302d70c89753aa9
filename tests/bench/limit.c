/* bench_limit: the local physical limit. One process copies the whole screen from one X server to the other
 * when something changed there, and carries keys back: no network, no coding.
 *   bench_limit SOURCE TARGET     (display names) */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <xcb/damage.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xtest.h>

struct end {
    xcb_connection_t *conn;
    xcb_screen_t *screen;
    xcb_shm_seg_t segment;
};

static bool open_end(struct end *end, const char *display, int fd)
{
    end->conn = xcb_connect(display, NULL);
    if (xcb_connection_has_error(end->conn))
        return false;
    end->screen = xcb_setup_roots_iterator(xcb_get_setup(end->conn)).data;
    end->segment = xcb_generate_id(end->conn);
    const int given = dup(fd);
    if (given < 0)
        return false;
    xcb_generic_error_t *error =
        xcb_request_check(end->conn, xcb_shm_attach_fd_checked(end->conn, end->segment, given, 0));
    free(error);
    return !error;
}

static void settle(const struct end *end)
{
    free(xcb_get_input_focus_reply(end->conn, xcb_get_input_focus(end->conn), NULL));
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: bench_limit SOURCE TARGET\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct end from, to;
    const int fd = memfd_create("screen", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 64 << 20) != 0 || !open_end(&from, argv[1], fd) ||
        !open_end(&to, argv[2], fd)) {
        fputs("bench_limit: a display is not there or has no shared memory\n", stderr);
        return 1;
    }
    const uint16_t w = from.screen->width_in_pixels, h = from.screen->height_in_pixels;
    if ((size_t)w * h * 4 > 64u << 20)
        return 1;
    const xcb_window_t window = xcb_generate_id(to.conn);
    const xcb_gcontext_t gc = xcb_generate_id(to.conn);
    xcb_create_window(to.conn, XCB_COPY_FROM_PARENT, window, to.screen->root, 0, 0, w, h, 0,
        XCB_WINDOW_CLASS_INPUT_OUTPUT, to.screen->root_visual, XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
        (uint32_t[]){1, XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE});
    xcb_create_gc(to.conn, gc, window, 0, NULL);
    xcb_map_window(to.conn, window);
    settle(&to);
    xcb_set_input_focus(to.conn, XCB_INPUT_FOCUS_POINTER_ROOT, window, XCB_CURRENT_TIME);
    const xcb_query_extension_reply_t *damage = xcb_get_extension_data(from.conn, &xcb_damage_id);
    free(xcb_damage_query_version_reply(from.conn, xcb_damage_query_version(from.conn, 1, 1), NULL));
    const xcb_damage_damage_t watch = xcb_generate_id(from.conn);
    xcb_damage_create(from.conn, watch, from.screen->root, XCB_DAMAGE_REPORT_LEVEL_NON_EMPTY);
    settle(&to);
    bool dirty = true;
    for (;;) {
        xcb_generic_event_t *event;
        while ((event = xcb_poll_for_event(to.conn)) != NULL) {
            const uint8_t type = event->response_type & 0x7f;
            if (type == XCB_KEY_PRESS || type == XCB_KEY_RELEASE) {
                xcb_test_fake_input(from.conn, type, ((xcb_key_press_event_t *)event)->detail,
                    XCB_CURRENT_TIME, from.screen->root, 0, 0, 0);
                xcb_flush(from.conn);
            }
            free(event);
        }
        while ((event = xcb_poll_for_event(from.conn)) != NULL) {
            dirty = dirty || (event->response_type & 0x7f) == damage->first_event + XCB_DAMAGE_NOTIFY;
            free(event);
        }
        if (xcb_connection_has_error(from.conn) || xcb_connection_has_error(to.conn))
            return 0;
        if (!dirty) {
            struct pollfd fds[2] = {{xcb_get_file_descriptor(from.conn), POLLIN, 0},
                {xcb_get_file_descriptor(to.conn), POLLIN, 0}};
            xcb_flush(from.conn);
            (void)poll(fds, 2, -1);
            continue;
        }
        dirty = false;
        xcb_damage_subtract(from.conn, watch, XCB_NONE, XCB_NONE);
        free(xcb_shm_get_image_reply(from.conn,
            xcb_shm_get_image(
                from.conn, from.screen->root, 0, 0, w, h, ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP, from.segment, 0),
            NULL));
        xcb_shm_put_image(to.conn, window, gc, w, h, 0, 0, w, h, 0, 0, to.screen->root_depth,
            XCB_IMAGE_FORMAT_Z_PIXMAP, 0, to.segment, 0);
        settle(&to);
    }
}
