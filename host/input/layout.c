#include "host/input/layout.h"

#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

enum { MASKS_PER_LEVEL = 8 };

struct entry {
    uint32_t keysym;
    uint32_t codepoint; /* 0: types nothing */
    uint8_t keycode, group, level;
};

struct input_layout {
    struct xkb_keymap *keymap;
    struct xkb_state *scratch;
    struct entry *entries;
    size_t count;
    uint8_t key_mods[INPUT_KEYCODES];
    uint8_t empty[INPUT_KEYCODES];
    uint8_t mod_key[8];
    uint8_t num_mods, shortcut_mods, level_mods;
};

static bool is_keypad(uint32_t keysym)
{
    return keysym >= XKB_KEY_KP_Space && keysym <= XKB_KEY_KP_Equal;
}

static uint32_t printable(uint32_t keysym)
{
    uint32_t codepoint = xkb_keysym_to_utf32(keysym);
    return codepoint < 0x20 || codepoint == 0x7f ? 0 : codepoint;
}

static bool add_key(struct input_layout *layout, uint8_t keycode, size_t *cap)
{
    xkb_layout_index_t groups = xkb_keymap_num_layouts_for_key(layout->keymap, keycode);
    bool empty = true;
    for (xkb_layout_index_t group = 0; group < groups && group < 4; group++) {
        xkb_level_index_t levels = xkb_keymap_num_levels_for_key(layout->keymap, keycode, group);
        for (xkb_level_index_t level = 0; level < levels && level < 64; level++) {
            const xkb_keysym_t *syms;
            int count = xkb_keymap_key_get_syms_by_level(layout->keymap, keycode, group, level, &syms);
            empty = empty && count < 1;
            if (count != 1 || layout->count == INPUT_LAYOUT_MAX_ENTRIES)
                continue;
            if (layout->count == *cap) {
                size_t more = *cap ? *cap * 2 : 1024;
                struct entry *grown = realloc(layout->entries, more * sizeof *grown);
                if (!grown)
                    return false;
                layout->entries = grown;
                *cap = more;
            }
            layout->entries[layout->count++] = (struct entry){.keysym = syms[0],
                .codepoint = printable(syms[0]),
                .keycode = keycode,
                .group = (uint8_t)group,
                .level = (uint8_t)level};
        }
    }
    layout->empty[keycode] = empty;
    return true;
}

/* Learn what each key does to the modifiers by pressing it in a state of our own. */
static bool probe_mods(struct input_layout *layout, uint8_t keycode)
{
    struct xkb_state *state = xkb_state_new(layout->keymap);
    if (!state)
        return false;
    xkb_keysym_t keysym = xkb_state_key_get_one_sym(state, keycode);
    xkb_state_update_key(state, keycode, XKB_KEY_DOWN);
    uint8_t held = (uint8_t)xkb_state_serialize_mods(state, XKB_STATE_MODS_DEPRESSED);
    uint8_t locked = (uint8_t)xkb_state_serialize_mods(state, XKB_STATE_MODS_LOCKED);
    uint8_t latched = (uint8_t)xkb_state_serialize_mods(state, XKB_STATE_MODS_LATCHED);
    xkb_state_unref(state);

    if (keysym == XKB_KEY_Num_Lock)
        layout->num_mods |= locked;
    if (locked || latched || !held)
        return true;
    layout->key_mods[keycode] = held;
    switch (keysym) {
    case XKB_KEY_Alt_L:
    case XKB_KEY_Alt_R:
    case XKB_KEY_Meta_L:
    case XKB_KEY_Meta_R:
    case XKB_KEY_Super_L:
    case XKB_KEY_Super_R:
    case XKB_KEY_Hyper_L:
    case XKB_KEY_Hyper_R:
        layout->shortcut_mods |= held;
        break;
    case XKB_KEY_ISO_Level3_Shift:
    case XKB_KEY_ISO_Level5_Shift:
        layout->level_mods |= held;
        break;
    default:
        break;
    }
    for (unsigned bit = 0; bit < 8; bit++) {
        if (held == 1u << bit && !layout->mod_key[bit])
            layout->mod_key[bit] = keycode;
    }
    return true;
}

struct input_layout *input_layout_create(struct xkb_keymap *keymap, const uint8_t skip[INPUT_KEYCODES / 8])
{
    struct input_layout *layout = calloc(1, sizeof *layout);
    if (!layout)
        return NULL;
    layout->keymap = xkb_keymap_ref(keymap);
    layout->scratch = xkb_state_new(keymap);
    layout->shortcut_mods = INPUT_MOD_CONTROL;
    memset(layout->empty, true, sizeof layout->empty);
    bool fine = layout->scratch != NULL;
    size_t cap = 0;
    for (unsigned keycode = 8; keycode < INPUT_KEYCODES && fine; keycode++) {
        if (keycode < xkb_keymap_min_keycode(keymap) || keycode > xkb_keymap_max_keycode(keymap))
            continue;
        if (skip && skip[keycode / 8] >> (keycode % 8) & 1)
            continue;
        fine = add_key(layout, (uint8_t)keycode, &cap) && probe_mods(layout, (uint8_t)keycode);
    }
    if (!fine) {
        input_layout_destroy(layout);
        return NULL;
    }
    /* A key that is Alt in one layout may be the third level in another of the same keymap. */
    layout->shortcut_mods &= (uint8_t)~layout->level_mods;
    return layout;
}

void input_layout_destroy(struct input_layout *layout)
{
    if (!layout)
        return;
    xkb_state_unref(layout->scratch);
    xkb_keymap_unref(layout->keymap);
    free(layout->entries);
    free(layout);
}

uint32_t input_layout_keysym(const struct input_layout *layout, uint8_t keycode, uint8_t mods, uint32_t group)
{
    xkb_state_update_mask(layout->scratch, mods, 0, 0, 0, 0, group);
    return xkb_state_key_get_one_sym(layout->scratch, keycode);
}

/* Plan for one entry, or false when no set of modifiers leads to it. */
static bool plan_entry(
    const struct input_layout *layout, const struct entry *entry, uint8_t mods, struct input_plan *out)
{
    out->keycode = entry->keycode;
    out->group = entry->group;
    out->mods = mods;
    if (input_layout_keysym(layout, entry->keycode, mods, entry->group) == entry->keysym)
        return true;
    uint8_t consumed =
        (uint8_t)xkb_state_key_get_consumed_mods2(layout->scratch, entry->keycode, XKB_CONSUMED_MODE_XKB);
    xkb_mod_mask_t masks[MASKS_PER_LEVEL];
    size_t count = xkb_keymap_key_get_mods_for_level(
        layout->keymap, entry->keycode, entry->group, entry->level, masks, MASKS_PER_LEVEL);
    int best = -1;
    for (size_t i = 0; i < count; i++) {
        uint8_t keep = (uint8_t)(mods & ~(consumed | layout->level_mods));
        /* Lock also turns letters whose key ignores it into capitals, so try without as well. */
        for (unsigned lock = 0; lock < 2; lock++) {
            uint8_t want = (uint8_t)((lock ? keep & (uint8_t)~INPUT_MOD_LOCK : keep) | (masks[i] & 0xff));
            if (input_layout_keysym(layout, entry->keycode, want, entry->group) != entry->keysym)
                continue;
            int cost =
                __builtin_popcount((unsigned)(want ^ mods)) * 2 + ((want & ~mods & INPUT_MOD_LOCK) ? 8 : 0);
            if (best < 0 || cost < best) {
                best = cost;
                out->mods = want;
            }
        }
    }
    return best >= 0;
}

static bool find(const struct input_layout *layout, uint32_t keysym, uint32_t codepoint, uint8_t mods,
    uint32_t group, uint8_t prefer, struct input_plan *out)
{
    int best = -1;
    for (size_t i = 0; i < layout->count; i++) {
        const struct entry *entry = &layout->entries[i];
        if (codepoint ? entry->codepoint != codepoint : entry->keysym != keysym)
            continue;
        struct input_plan plan;
        if (!plan_entry(layout, entry, mods, &plan))
            continue;
        int cost = __builtin_popcount((unsigned)(plan.mods ^ mods)) * 8 + entry->level;
        cost += entry->keycode == prefer ? 0 : 4;
        cost += entry->group == group ? 0 : 1000;
        cost += codepoint && is_keypad(entry->keysym) ? 200 : 0;
        if (best < 0 || cost < best) {
            best = cost;
            *out = plan;
        }
    }
    return best >= 0;
}

bool input_layout_find_char(const struct input_layout *layout, uint32_t codepoint, uint8_t mods,
    uint32_t group, uint8_t prefer, struct input_plan *out)
{
    return codepoint && find(layout, 0, codepoint, mods, group, prefer, out);
}

bool input_layout_find_keysym(const struct input_layout *layout, uint32_t keysym, uint8_t mods,
    uint32_t group, uint8_t prefer, struct input_plan *out)
{
    return keysym && find(layout, keysym, 0, mods, group, prefer, out);
}

uint8_t input_layout_find_key(
    const struct input_layout *layout, uint32_t keysym, uint32_t group, uint8_t prefer)
{
    const struct entry *best = NULL;
    for (size_t i = 0; i < layout->count; i++) {
        const struct entry *entry = &layout->entries[i];
        if (entry->keysym != keysym)
            continue;
        if (entry->keycode == prefer)
            return prefer;
        if (!best || (entry->group == group && best->group != group) ||
            (entry->group == best->group && entry->level < best->level))
            best = entry;
    }
    return best ? best->keycode : 0;
}

bool input_layout_key_empty(const struct input_layout *layout, uint8_t keycode)
{
    return layout->empty[keycode];
}

uint8_t input_layout_key_mods(const struct input_layout *layout, uint8_t keycode)
{
    return layout->key_mods[keycode];
}

uint8_t input_layout_mod_key(const struct input_layout *layout, uint8_t mod)
{
    return mod && (mod & (mod - 1)) == 0 ? layout->mod_key[__builtin_ctz(mod)] : 0;
}

uint8_t input_layout_num_mods(const struct input_layout *layout)
{
    return layout->num_mods;
}

uint8_t input_layout_shortcut_mods(const struct input_layout *layout)
{
    return layout->shortcut_mods;
}

uint8_t input_layout_level_mods(const struct input_layout *layout)
{
    return layout->level_mods;
}
