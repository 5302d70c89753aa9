#include "host/input/x11_internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xcb/xcbext.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>
#include <xkbcommon/xkbcommon-x11.h>

enum { XTEST_DEVICES = 32, NAME_PROPERTY_WORDS = 256 };

uint64_t input_x11_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct input_mods input_x11_mods(const struct input_x11 *input)
{
    struct input_mods mods = {0};
    xcb_xkb_get_state_reply_t *reply =
        xcb_xkb_get_state_reply(input->conn, xcb_xkb_get_state(input->conn, XCB_XKB_ID_USE_CORE_KBD), NULL);
    if (reply) {
        mods.effective = reply->mods;
        mods.latched = reply->latchedMods;
        mods.locked = reply->lockedMods;
        mods.group = reply->group;
        mods.locked_group = reply->lockedGroup;
        free(reply);
    }
    return mods;
}

void input_x11_fake(const struct input_x11 *input, uint8_t type, uint8_t detail, int16_t x, int16_t y)
{
    if (type == XCB_KEY_PRESS)
        input_guard_key(input->guard, detail);
    else if (type == XCB_BUTTON_PRESS)
        input_guard_button(input->guard, detail);
    xcb_test_fake_input(input->conn, type, detail, XCB_CURRENT_TIME, input->root, x, y, 0);
}

void input_x11_flush(const struct input_x11 *input)
{
    if (xcb_flush(input->conn) > 0)
        input_guard_flushed(input->guard, input->down, input->button_down);
}

void input_x11_press(struct input_x11 *input, uint8_t keycode)
{
    /* The server's own repeat is off for us (quiet_repeat), so a repeat is what it would send. */
    if (input->down[keycode])
        input_x11_fake(input, XCB_KEY_RELEASE, keycode, 0, 0);
    input_x11_fake(input, XCB_KEY_PRESS, keycode, 0, 0);
    if (input->down[keycode] < UINT8_MAX)
        input->down[keycode]++;
}

void input_x11_release(struct input_x11 *input, uint8_t keycode)
{
    if (!input->down[keycode] || --input->down[keycode])
        return;
    input_x11_fake(input, XCB_KEY_RELEASE, keycode, 0, 0);
}

void input_x11_lock(const struct input_x11 *input, uint8_t affect, uint8_t value)
{
    xcb_xkb_latch_lock_state(input->conn, XCB_XKB_ID_USE_CORE_KBD, affect, value, false, 0, 0, false, 0);
}

static void lock_group(const struct input_x11 *input, uint32_t group)
{
    xcb_xkb_latch_lock_state(input->conn, XCB_XKB_ID_USE_CORE_KBD, 0, 0, true, (uint8_t)group, 0, false, 0);
}

void input_x11_press_plan(
    struct input_x11 *input, const struct input_plan *plan, const struct input_mods *mods)
{
    uint8_t lift = mods->effective & (uint8_t)~plan->mods;
    uint8_t add = plan->mods & (uint8_t)~mods->effective;
    uint8_t unlocked = lift & mods->locked;
    uint8_t added_lock = 0;
    uint8_t lifted[INPUT_KEYCODES], added[8];
    size_t lifted_count = 0, added_count = 0;

    if (plan->group != mods->group)
        lock_group(input, plan->group);
    if (unlocked)
        input_x11_lock(input, unlocked, 0);
    if (lift & mods->latched)
        xcb_xkb_latch_lock_state(
            input->conn, XCB_XKB_ID_USE_CORE_KBD, 0, 0, false, 0, lift & mods->latched, false, 0);
    for (unsigned keycode = 8; lift && keycode < INPUT_KEYCODES; keycode++) {
        if (input->down[keycode] && (input_layout_key_mods(input->layout, (uint8_t)keycode) & lift)) {
            input_x11_fake(input, XCB_KEY_RELEASE, (uint8_t)keycode, 0, 0);
            lifted[lifted_count++] = (uint8_t)keycode;
        }
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        uint8_t mod = (uint8_t)(1u << bit);
        if (!(add & mod))
            continue;
        uint8_t keycode = input_layout_mod_key(input->layout, mod);
        if (keycode && !input->down[keycode]) {
            input_x11_fake(input, XCB_KEY_PRESS, keycode, 0, 0);
            added[added_count++] = keycode;
        } else {
            added_lock |= mod;
        }
    }
    if (added_lock)
        input_x11_lock(input, added_lock, added_lock);

    input_x11_press(input, plan->keycode);

    if (added_lock)
        input_x11_lock(input, added_lock, 0);
    while (added_count)
        input_x11_fake(input, XCB_KEY_RELEASE, added[--added_count], 0, 0);
    while (lifted_count)
        input_x11_fake(input, XCB_KEY_PRESS, lifted[--lifted_count], 0, 0);
    if (unlocked)
        input_x11_lock(input, unlocked, unlocked);
    if (plan->group != mods->group)
        lock_group(input, mods->locked_group);
}

static void map_keycode(const struct input_x11 *input, uint8_t keycode, uint32_t keysym)
{
    /* Both levels, so that Shift changes nothing. */
    xcb_keysym_t keysyms[2] = {keysym, keysym};
    input_guard_lend(input->guard, keycode, keysym != XCB_NO_SYMBOL);
    xcb_change_keyboard_mapping(input->conn, 1, keycode, 2, keysyms);
}

uint8_t input_x11_lend(struct input_x11 *input, uint32_t keysym, uint64_t *out_wait_us)
{
    *out_wait_us = UINT64_MAX;
    struct input_spare *slot =
        input_spares_take(&input->spares, keysym, input->down, input->now_us, out_wait_us);
    if (!slot)
        return 0;
    if (slot->keysym != keysym) {
        map_keycode(input, slot->keycode, keysym);
        slot->keysym = keysym;
    }
    return slot->keycode;
}

/* The keys that no layout uses become spare; the ones lent already stay lent unless the layout that came
 * has taken them. */
static void find_spares(struct input_x11 *input, struct xkb_keymap *keymap, const struct input_layout *all)
{
    for (size_t i = input->spares.count; i > 0; i--) {
        struct input_spare *slot = &input->spares.slot[i - 1];
        const xkb_keysym_t *syms;
        int count = xkb_keymap_key_get_syms_by_level(keymap, slot->keycode, 0, 0, &syms);
        if (input_layout_key_empty(all, slot->keycode)) {
            slot->keysym = 0;
            input_guard_lend(input->guard, slot->keycode, false);
        } else if (count != 1 || syms[0] != slot->keysym) {
            input_guard_lend(input->guard, slot->keycode, false);
            input_spares_remove(&input->spares, slot->keycode);
        }
    }
    if (input->spares_known)
        return;
    input->spares_known = true;
    unsigned last = xkb_keymap_max_keycode(keymap) > 255 ? 255 : xkb_keymap_max_keycode(keymap);
    for (unsigned keycode = last; keycode >= xkb_keymap_min_keycode(keymap) && keycode >= 8; keycode--) {
        if (input_layout_key_empty(all, (uint8_t)keycode) &&
            !input_spares_add(&input->spares, (uint8_t)keycode))
            break;
    }
}

/* Without a key of ours held by the server's timer: a stalled link must not type on. Only the XTEST
 * keyboard's repeat is turned off; a keyboard plugged into the PC keeps its own. */
static void set_repeat(const struct input_x11 *input, bool repeat)
{
    if (input->xtest_device < 0)
        return;
    uint8_t unused[32] = {0};
    xcb_xkb_set_controls(input->conn, (xcb_xkb_device_spec_t)input->xtest_device, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, XCB_XKB_BOOL_CTRL_REPEAT_KEYS, repeat ? XCB_XKB_BOOL_CTRL_REPEAT_KEYS : 0,
        XCB_XKB_CONTROL_CONTROLS_ENABLED, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, unused);
}

static int find_xtest_device(xcb_connection_t *conn)
{
    xcb_xkb_get_device_info_cookie_t cookies[XTEST_DEVICES];
    for (int i = 0; i < XTEST_DEVICES; i++)
        cookies[i] = xcb_xkb_get_device_info(conn, (xcb_xkb_device_spec_t)(i + 2), 0, false, 0, 0,
            XCB_XKB_LED_CLASS_DFLT_XI_CLASS, XCB_XKB_ID_DFLT_XI_ID);
    int found = -1;
    for (int i = 0; i < XTEST_DEVICES; i++) {
        xcb_generic_error_t *error = NULL;
        xcb_xkb_get_device_info_reply_t *reply = xcb_xkb_get_device_info_reply(conn, cookies[i], &error);
        static const char suffix[] = "XTEST keyboard";
        if (reply) {
            /* The name follows its length at once; xcb's accessor skips two bytes of it. */
            size_t end = 32 + (size_t)reply->length * 4;
            size_t at = offsetof(xcb_xkb_get_device_info_reply_t, nameLen) + sizeof reply->nameLen;
            size_t len = reply->nameLen;
            const char *name = (const char *)reply + at;
            if (found < 0 && len <= end - at && len >= sizeof suffix - 1 &&
                memcmp(name + len - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0)
                found = i + 2;
        }
        free(reply);
        free(error);
    }
    return found;
}

static bool load_layout(struct input_x11 *input)
{
    struct xkb_keymap *keymap = xkb_x11_keymap_new_from_device(
        input->context, input->conn, input->device, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (!keymap)
        return false;
    struct input_layout *all = input_layout_create(keymap, NULL);
    if (all)
        find_spares(input, keymap, all);
    input_layout_destroy(all);
    uint8_t skip[INPUT_KEYCODES / 8] = {0};
    for (size_t i = 0; i < input->spares.count; i++)
        skip[input->spares.slot[i].keycode / 8] |= (uint8_t)(1u << (input->spares.slot[i].keycode % 8));
    struct input_layout *layout = input_layout_create(keymap, skip);
    xkb_keymap_unref(keymap);
    if (!layout)
        return false;
    input_layout_destroy(input->layout);
    input->layout = layout;
    return true;
}

/* Whether a change of the map touches nothing but what we lend. */
static bool ours(const struct input_x11 *input, const xcb_xkb_map_notify_event_t *event)
{
    unsigned first = event->firstKeySym, count = event->nKeySyms;
    if (!(event->changed & XCB_XKB_MAP_PART_KEY_SYMS) || !count)
        return false;
    for (unsigned keycode = first; keycode < first + count; keycode++) {
        if (!input_spares_at(&input->spares, (uint8_t)keycode))
            return false;
    }
    return true;
}

int input_x11_dispatch(struct input_x11 *input, uint64_t now_us, bool *out_keymap)
{
    bool changed = false;
    xcb_generic_event_t *event;
    input->now_us = now_us;
    while ((event = xcb_poll_for_event(input->conn))) {
        if ((event->response_type & 0x7f) == input->xkb_event) {
            switch (event->pad0) {
            case XCB_XKB_NEW_KEYBOARD_NOTIFY:
                changed = changed || (((xcb_xkb_new_keyboard_notify_event_t *)event)->changed &
                                         XCB_XKB_NKN_DETAIL_KEYCODES);
                break;
            case XCB_XKB_MAP_NOTIFY:
                changed = changed || !ours(input, (const xcb_xkb_map_notify_event_t *)event);
                break;
            default:
                break;
            }
        }
        free(event);
    }
    if (xcb_connection_has_error(input->conn))
        return -1;
    if (changed) {
        (void)load_layout(input);
        set_repeat(input, false);
    }
    if (out_keymap)
        *out_keymap = changed;
    input_queue_run(input);
    input_x11_flush(input);
    return 0;
}

uint64_t input_x11_deadline_us(const struct input_x11 *input)
{
    return input->queue_count ? input->queue_wait_us : UINT64_MAX;
}

int input_x11_fd(const struct input_x11 *input)
{
    return xcb_get_file_descriptor(input->conn);
}

void input_x11_set_size(struct input_x11 *input, int32_t width_px, int32_t height_px)
{
    input->width_px = width_px;
    input->height_px = height_px;
}

/* _XKB_RULES_NAMES holds rules, model, layouts, variants, options, each ended by NUL; layouts and
 * variants are lists by group. */
int input_x11_layout(const struct input_x11 *input, char *out, size_t cap)
{
    static const char name[] = "_XKB_RULES_NAMES";
    if (!cap)
        return 0;
    out[0] = '\0';
    xcb_intern_atom_reply_t *atom =
        xcb_intern_atom_reply(input->conn, xcb_intern_atom(input->conn, true, sizeof name - 1, name), NULL);
    xcb_get_property_reply_t *reply = NULL;
    if (atom && atom->atom)
        reply = xcb_get_property_reply(input->conn,
            xcb_get_property(
                input->conn, false, input->root, atom->atom, XCB_ATOM_STRING, 0, NAME_PROPERTY_WORDS),
            NULL);
    free(atom);
    if (!reply)
        return 0;
    const char *text = xcb_get_property_value(reply);
    size_t len = (size_t)xcb_get_property_value_length(reply);
    char part[2][64] = {{0}};
    unsigned field = 0, group = 0, wanted = input_x11_mods(input).group;
    size_t used[2] = {0};
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0') {
            field++;
            group = 0;
        } else if (field == 2 || field == 3) {
            if (text[i] == ',')
                group++;
            else if (group == wanted && used[field - 2] < sizeof part[0] - 1)
                part[field - 2][used[field - 2]++] = text[i];
        }
    }
    free(reply);
    int written =
        part[1][0] ? snprintf(out, cap, "%s(%s)", part[0], part[1]) : snprintf(out, cap, "%s", part[0]);
    return written < 0 ? 0 : (size_t)written < cap ? written : (int)cap - 1;
}

static bool select_events(struct input_x11 *input)
{
    const uint16_t map = XCB_XKB_MAP_PART_KEY_TYPES | XCB_XKB_MAP_PART_KEY_SYMS |
                         XCB_XKB_MAP_PART_MODIFIER_MAP | XCB_XKB_MAP_PART_KEY_ACTIONS |
                         XCB_XKB_MAP_PART_VIRTUAL_MODS | XCB_XKB_MAP_PART_VIRTUAL_MOD_MAP;
    const xcb_xkb_select_events_details_t details = {
        .affectNewKeyboard = XCB_XKB_NKN_DETAIL_KEYCODES, .newKeyboardDetails = XCB_XKB_NKN_DETAIL_KEYCODES};
    xcb_void_cookie_t cookie =
        xcb_xkb_select_events_aux_checked(input->conn, (xcb_xkb_device_spec_t)input->device,
            XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY | XCB_XKB_EVENT_TYPE_MAP_NOTIFY, 0, 0, map, map, &details);
    xcb_generic_error_t *error = xcb_request_check(input->conn, cookie);
    free(error);
    return !error;
}

struct input_x11 *input_x11_create(const char *display, char *out_problem, size_t cap)
{
    struct input_x11 *input = calloc(1, sizeof *input);
    if (!input) {
        snprintf(out_problem, cap, "Out of memory.");
        return NULL;
    }
    int number = 0;
    input->xtest_device = -1;
    input->conn = xcb_connect(display && *display ? display : NULL, &number);
    if (xcb_connection_has_error(input->conn)) {
        snprintf(out_problem, cap,
            "The display cannot be opened for input. Check that a desktop session runs there.");
        goto fail;
    }
    xcb_screen_iterator_t it = xcb_setup_roots_iterator(xcb_get_setup(input->conn));
    while (number-- > 0 && it.rem > 1)
        xcb_screen_next(&it);
    input->root = it.data->root;
    input->width_px = it.data->width_in_pixels;
    input->height_px = it.data->height_in_pixels;

    const xcb_query_extension_reply_t *xtest = xcb_get_extension_data(input->conn, &xcb_test_id);
    if (!xtest || !xtest->present) {
        snprintf(out_problem, cap,
            "The display lacks the extension XTEST, so keys and pointer cannot reach it. It can be "
            "watched only; start its server without -extension XTEST to control it.");
        goto fail;
    }
    /* A client that ignores grabs of others can still type while a screen locker or a menu has one. */
    xcb_test_grab_control(input->conn, true);

    input->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES | XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    if (!input->context || !xkb_x11_setup_xkb_extension(input->conn, XKB_X11_MIN_MAJOR_XKB_VERSION,
                               XKB_X11_MIN_MINOR_XKB_VERSION, XKB_X11_SETUP_XKB_EXTENSION_NO_FLAGS, NULL,
                               NULL, &input->xkb_event, NULL)) {
        snprintf(out_problem, cap,
            "The display lacks the extension XKEYBOARD, so its layout is unknown. It can be watched "
            "only; start its server without -kb to control it.");
        goto fail;
    }
    xkb_context_set_log_level(input->context, XKB_LOG_LEVEL_CRITICAL);
    input->device = xkb_x11_get_core_keyboard_device_id(input->conn);
    if (input->device < 0 || !select_events(input) || !load_layout(input)) {
        snprintf(
            out_problem, cap, "The display has no keyboard layout that can be read. Set one with setxkbmap.");
        goto fail;
    }
    input->xtest_device = find_xtest_device(input->conn);
    set_repeat(input, false);
    xcb_flush(input->conn);
    input->guard = input_guard_create(display);
    input->now_us = input_x11_clock_us();
    return input;

fail:
    input_x11_destroy(input);
    return NULL;
}

void input_x11_destroy(struct input_x11 *input)
{
    if (!input)
        return;
    if (!xcb_connection_has_error(input->conn)) {
        for (size_t i = 0; i < input->spares.count; i++) {
            if (input->spares.slot[i].keysym)
                map_keycode(input, input->spares.slot[i].keycode, XCB_NO_SYMBOL);
        }
        set_repeat(input, true);
        /* A server that sees a connection end forgets what it has not read of it: a key would stay down. */
        free(xcb_get_input_focus_reply(input->conn, xcb_get_input_focus(input->conn), NULL));
    }
    input_layout_destroy(input->layout);
    xkb_context_unref(input->context);
    xcb_disconnect(input->conn);
    input_guard_destroy(input->guard); /* after what it guards was let go of */
    free(input->queue);
    free(input);
}
