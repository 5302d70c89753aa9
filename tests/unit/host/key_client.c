#include "tests/unit/host/key_client.h"

#include "tests/unit/host/display.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <xcb/xcb.h>
#include <xcb/xkb.h>
#include <xkbcommon/xkbcommon-x11.h>

struct client {
    xcb_connection_t *conn;
    struct xkb_context *context;
    struct xkb_state *state;
    int32_t device;
    uint8_t xkb_event;
    FILE *text, *events;
};

static void load(struct client *client)
{
    struct xkb_keymap *keymap =
        xkb_x11_keymap_new_from_device(client->context, client->conn, client->device, 0);
    xkb_state_unref(client->state);
    client->state = xkb_state_new(keymap);
    xkb_keymap_unref(keymap);
}

static void on_key(struct client *client, const xcb_key_press_event_t *event, int press)
{
    char name[64], text[16];
    xkb_state_update_mask(client->state, event->state & 0xff, 0, 0, 0, 0, event->state >> 13 & 3);
    xkb_keysym_t keysym = xkb_state_key_get_one_sym(client->state, event->detail);
    xkb_keysym_get_name(keysym, name, sizeof name);
    fprintf(client->events, "%s %s %x\n", press ? "press" : "release", name, event->state & 0xff);
    fflush(client->events);
    int len = xkb_state_key_get_utf8(client->state, event->detail, text, sizeof text);
    if (press && len > 0) {
        fwrite(text, 1, (size_t)len, client->text);
        fflush(client->text);
    }
}

static void run(const char *text_path, const char *events_path, unsigned slow_us)
{
    struct client client = {.conn = xcb_connect(NULL, NULL)};
    const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(client.conn)).data;
    client.context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
    xkb_x11_setup_xkb_extension(client.conn, 1, 0, 0, NULL, NULL, &client.xkb_event, NULL);
    client.device = xkb_x11_get_core_keyboard_device_id(client.conn);
    const uint16_t parts =
        XCB_XKB_MAP_PART_KEY_TYPES | XCB_XKB_MAP_PART_KEY_SYMS | XCB_XKB_MAP_PART_MODIFIER_MAP;
    xcb_xkb_select_events(client.conn, (uint16_t)client.device,
        XCB_XKB_EVENT_TYPE_MAP_NOTIFY | XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY, 0,
        XCB_XKB_EVENT_TYPE_MAP_NOTIFY | XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY, parts, parts, NULL);
    load(&client);
    xcb_window_t window = xcb_generate_id(client.conn);
    uint32_t values[2] = {1, XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE |
                                 XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE};
    xcb_create_window(client.conn, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0, 200, 200, 0,
        XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual, XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
        values);
    xcb_map_window(client.conn, window);
    free(xcb_get_input_focus_reply(client.conn, xcb_get_input_focus(client.conn), NULL));
    client.text = fopen(text_path, "wb");
    client.events = fopen(events_path, "wb");
    fprintf(client.events, "ready\n");
    fflush(client.events);

    xcb_generic_event_t *event;
    while ((event = xcb_wait_for_event(client.conn))) {
        uint8_t type = event->response_type & 0x7f;
        if (slow_us)
            nanosleep(&(struct timespec){.tv_nsec = (long)slow_us * 1000}, NULL);
        if (type == XCB_KEY_PRESS || type == XCB_KEY_RELEASE)
            on_key(&client, (const xcb_key_press_event_t *)event, type == XCB_KEY_PRESS);
        else if (type == XCB_BUTTON_PRESS || type == XCB_BUTTON_RELEASE) {
            const xcb_button_press_event_t *button = (const xcb_button_press_event_t *)event;
            fprintf(client.events, "%s %u at %d %d\n", type == XCB_BUTTON_PRESS ? "button" : "unbutton",
                button->detail, button->root_x, button->root_y);
            fflush(client.events);
        } else if (type == client.xkb_event)
            load(&client);
        free(event);
    }
}

pid_t key_client_start(const char *text_path, const char *events_path, unsigned slow_us)
{
    unlink(text_path);
    unlink(events_path);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        run(text_path, events_path, slow_us);
        _exit(0);
    }
    char ready[16];
    (void)test_file_wait(events_path, ready, sizeof ready, 6, 10000);
    return pid;
}
