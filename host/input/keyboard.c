#include "host/input/x11_internal.h"

#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

enum { EVDEV_OFFSET = 8 };

static bool is_keypad(uint32_t keysym)
{
    return keysym >= XKB_KEY_KP_Space && keysym <= XKB_KEY_KP_Equal;
}

/* Keys of the keypad that Num Lock changes. */
static bool is_num_locked(uint32_t keysym)
{
    return (keysym >= XKB_KEY_KP_Home && keysym <= XKB_KEY_KP_Delete) || keysym == XKB_KEY_KP_Separator ||
           keysym == XKB_KEY_KP_Decimal || (keysym >= XKB_KEY_KP_0 && keysym <= XKB_KEY_KP_9);
}

static bool is_dead(uint32_t keysym)
{
    return keysym >= XKB_KEY_dead_grave && keysym <= XKB_KEY_dead_greek;
}

static uint32_t char_of(uint32_t keysym)
{
    uint32_t codepoint = is_keypad(keysym) ? 0 : xkb_keysym_to_utf32(keysym);
    return codepoint < 0x20 || codepoint == 0x7f ? 0 : codepoint;
}

static uint32_t keysym_of(uint32_t codepoint)
{
    return xkb_utf32_to_keysym(codepoint);
}

/* Follow the viewer's locks where they decide what comes out: Caps for letters, Num for the keypad. A
 * layout without that key is left alone, or nobody at the PC could undo it. */
static void follow_locks(struct input_x11 *input, const struct input_event *event, struct input_mods *mods)
{
    uint8_t affect = 0, value = 0;
    uint32_t keysym = event->u.key.keysym;
    uint32_t letter = event->u.key.codepoint ? keysym_of(event->u.key.codepoint) : 0;
    if (letter && xkb_keysym_to_upper(letter) != xkb_keysym_to_lower(letter) &&
        input_layout_find_key(input->layout, XKB_KEY_Caps_Lock, mods->group, 0)) {
        affect = INPUT_MOD_LOCK;
        value = event->u.key.locks & INPUT_LOCK_CAPS ? INPUT_MOD_LOCK : 0;
    } else if (is_num_locked(keysym)) {
        affect = input_layout_num_mods(input->layout);
        value = event->u.key.locks & INPUT_LOCK_NUM ? affect : 0;
    }
    if ((mods->locked & affect) == value)
        return;
    input_x11_lock(input, affect, value);
    mods->locked = (uint8_t)((mods->locked & ~affect) | value);
    mods->effective = (uint8_t)((mods->effective & ~affect) | value);
}

/* Pressed under lent keycodes: modifiers of levels are lifted, and Lock where it would make a capital. */
static bool plan_lent(struct input_x11 *input, uint32_t keysym, uint8_t base, uint32_t group,
    struct input_plan *out, uint64_t *out_wait_us)
{
    uint8_t keycode = input_x11_lend(input, keysym, out_wait_us);
    if (!keycode)
        return false;
    out->keycode = keycode;
    out->group = group;
    out->mods = base & (uint8_t)~input_layout_level_mods(input->layout);
    if (xkb_keysym_to_upper(keysym) != keysym)
        out->mods &= (uint8_t)~INPUT_MOD_LOCK;
    return true;
}

enum choice { CHOSEN, CHOSEN_PLAIN, CHOICE_NONE, CHOICE_WAIT };

static enum choice choose_text(struct input_x11 *input, const struct input_event *event,
    const struct input_mods *mods, uint32_t codepoint, uint8_t physical, struct input_plan *out,
    uint64_t *out_wait_us)
{
    const struct input_layout *layout = input->layout;
    uint32_t keysym = event->u.key.keysym;
    if (physical) {
        uint32_t here = input_layout_keysym(layout, physical, mods->effective, mods->group);
        if (here && (here == keysym || (char_of(here) == codepoint && !is_keypad(keysym)))) {
            out->keycode = physical;
            return CHOSEN_PLAIN;
        }
    }
    uint8_t shortcut = input_layout_shortcut_mods(layout);
    uint8_t base = mods->effective;
    /* Windows sends AltGr as Control and AltGr; with a text it was meant to type. */
    if (event->u.key.codepoint && (base & INPUT_MOD_CONTROL) && (base & input_layout_level_mods(layout)))
        base &= (uint8_t)~shortcut;

    bool found =
        is_keypad(keysym) && input_layout_find_keysym(layout, keysym, base, mods->group, physical, out);
    if (found || input_layout_find_char(layout, codepoint, base, mods->group, physical, out)) {
        /* Programs look for the Latin letter of a shortcut themselves; a group switch would confuse them. */
        return out->group != mods->group && (base & shortcut) ? CHOSEN_PLAIN : CHOSEN;
    }
    if ((base & shortcut) && physical) {
        out->keycode = physical;
        return CHOSEN_PLAIN;
    }
    uint32_t wanted = char_of(keysym) == codepoint ? keysym : keysym_of(codepoint);
    if (plan_lent(input, wanted, base, mods->group, out, out_wait_us))
        return CHOSEN;
    if (*out_wait_us != UINT64_MAX)
        return CHOICE_WAIT;
    out->keycode = physical;
    return physical ? CHOSEN_PLAIN : CHOICE_NONE;
}

static enum choice choose_other(struct input_x11 *input, uint32_t keysym, const struct input_mods *mods,
    uint8_t physical, struct input_plan *out, uint64_t *out_wait_us)
{
    const struct input_layout *layout = input->layout;
    if (is_dead(keysym) &&
        input_layout_find_keysym(layout, keysym, mods->effective, mods->group, physical, out))
        return CHOSEN;
    uint8_t keycode = keysym ? input_layout_find_key(layout, keysym, mods->group, physical) : physical;
    if (keysym && physical && keycode != physical &&
        (!keycode || input_layout_keysym(layout, keycode, 0, mods->group) != keysym))
        keycode = physical;
    if (keycode) {
        out->keycode = keycode;
        return CHOSEN_PLAIN;
    }
    if (!keysym)
        return CHOICE_NONE;
    if (plan_lent(input, keysym, mods->effective, mods->group, out, out_wait_us))
        return CHOSEN;
    return *out_wait_us != UINT64_MAX ? CHOICE_WAIT : CHOICE_NONE;
}

/* The key as the viewer named it when it went down: its keysym may be another by the time it goes up. */
static struct input_held *held_of(struct input_seat *seat, uint32_t code, uint32_t keysym)
{
    for (size_t i = 0; i < seat->held_count; i++) {
        struct input_held *held = &seat->held[i];
        if (code ? held->code == code : !held->code && held->keysym == keysym)
            return held;
    }
    return NULL;
}

static void let_go(struct input_seat *seat, struct input_held *held)
{
    input_x11_release(seat->input, held->plan.keycode);
    *held = seat->held[--seat->held_count];
}

static void press(
    struct input_x11 *input, const struct input_plan *plan, bool plain, const struct input_mods *mods)
{
    if (plain)
        input_x11_press(input, plan->keycode);
    else
        input_x11_press_plan(input, plan, mods);
}

bool input_keyboard_key(struct input_seat *seat, const struct input_event *event, uint64_t *out_wait_us)
{
    struct input_x11 *input = seat->input;
    uint32_t code = event->u.key.code, keysym = event->u.key.keysym;
    struct input_held *held = held_of(seat, code, keysym);
    if (!event->u.key.down) {
        if (held)
            let_go(seat, held);
        return true;
    }
    if (held && held->keysym == keysym) {
        /* A repeat; modifiers have none. */
        if (input_layout_key_mods(input->layout, held->plan.keycode))
            return true;
        struct input_mods mods = held->plain ? (struct input_mods){0} : input_x11_mods(input);
        press(input, &held->plan, held->plain, &mods);
        input->down[held->plan.keycode]--;
        return true;
    }
    if (held)
        let_go(seat, held);

    uint8_t physical = code && code < INPUT_KEYCODES - EVDEV_OFFSET ? (uint8_t)(code + EVDEV_OFFSET) : 0;
    uint32_t codepoint = event->u.key.codepoint ? event->u.key.codepoint : char_of(keysym);
    struct input_mods mods = input_x11_mods(input);
    struct input_plan plan = {0};
    *out_wait_us = UINT64_MAX;
    follow_locks(input, event, &mods);
    enum choice choice = codepoint ? choose_text(input, event, &mods, codepoint, physical, &plan, out_wait_us)
                                   : choose_other(input, keysym, &mods, physical, &plan, out_wait_us);
    if (choice == CHOICE_WAIT)
        return false;
    if (choice == CHOICE_NONE)
        return true;
    press(input, &plan, choice == CHOSEN_PLAIN, &mods);
    if (seat->held_count == INPUT_HELD_MAX) {
        input_x11_release(input, plan.keycode);
        return true;
    }
    seat->held[seat->held_count++] =
        (struct input_held){.code = code, .keysym = keysym, .plan = plan, .plain = choice == CHOSEN_PLAIN};
    return true;
}

/* How to type one character of a text, with shortcut modifiers out of the way. */
static bool plan_char(struct input_x11 *input, uint32_t codepoint, const struct input_mods *mods,
    struct input_plan *out, uint64_t *out_wait_us)
{
    uint8_t base = mods->effective & (uint8_t)~input_layout_shortcut_mods(input->layout);
    *out_wait_us = UINT64_MAX;
    if (codepoint == '\n' || codepoint == '\r' || codepoint == '\t') {
        uint32_t keysym = codepoint == '\t' ? XKB_KEY_Tab : XKB_KEY_Return;
        return input_layout_find_keysym(
            input->layout, keysym, base & (uint8_t)~INPUT_MOD_SHIFT, mods->group, 0, out);
    }
    if (codepoint < 0x20 || codepoint == 0x7f)
        return false;
    if (input_layout_find_char(input->layout, codepoint, base, mods->group, 0, out))
        return true;
    return plan_lent(input, keysym_of(codepoint), base, mods->group, out, out_wait_us);
}

bool input_keyboard_char(struct input_seat *seat, uint32_t codepoint, uint64_t *out_wait_us)
{
    struct input_x11 *input = seat->input;
    if (!input->typing) {
        input->typing_mods = input_x11_mods(input);
        input->typing = true;
    }
    struct input_plan plan;
    if (!plan_char(input, codepoint, &input->typing_mods, &plan, out_wait_us))
        return *out_wait_us == UINT64_MAX;
    input_x11_press_plan(input, &plan, &input->typing_mods);
    input_x11_release(input, plan.keycode);
    return true;
}

void input_keyboard_lend_ahead(struct input_seat *seat, const char *text, size_t len)
{
    struct input_x11 *input = seat->input;
    input->typing_mods = input_x11_mods(input);
    input->typing = true;
    for (size_t at = 0; at < len;) {
        uint32_t codepoint;
        at += input_text_next(text + at, len - at, &codepoint);
        struct input_plan plan;
        uint64_t wait_us;
        if (codepoint >= 0x80)
            (void)plan_char(input, codepoint, &input->typing_mods, &plan, &wait_us);
    }
}

void input_keyboard_release_all(struct input_seat *seat)
{
    while (seat->held_count)
        let_go(seat, &seat->held[seat->held_count - 1]);
}
