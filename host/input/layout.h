/* What a keyboard layout can type: for a character or a keysym, which key, under which modifiers.
 *
 * Pure over an xkbcommon keymap; knows neither a display nor seats. Modifiers are the eight real ones as
 * bits (Shift 1, Lock 2, Control 4, Mod1 8 .. Mod5 128). Loop thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xkb_keymap;
struct input_layout;

enum {
    INPUT_KEYCODES = 256,
    INPUT_LAYOUT_MAX_ENTRIES = 8192, /* key levels indexed; a keymap with more is cut */
    INPUT_MOD_SHIFT = 1,
    INPUT_MOD_LOCK = 2,
    INPUT_MOD_CONTROL = 4
};

/* How to type something. */
struct input_plan {
    uint8_t keycode;
    uint8_t mods;   /* effective modifiers wanted while the key goes down */
    uint32_t group; /* effective layout group wanted */
};

/* A keymap's index; the keymap is referenced. Keycodes set in skip (256 bits, may be NULL) are left
 * out. NULL when out of memory. */
struct input_layout *input_layout_create(struct xkb_keymap *keymap, const uint8_t skip[INPUT_KEYCODES / 8]);
void input_layout_destroy(struct input_layout *layout);

/* Keysym that a key gives now; 0 when none or several. */
uint32_t input_layout_keysym(
    const struct input_layout *layout, uint8_t keycode, uint8_t mods, uint32_t group);

/* The way to a character that changes the least: mods and group are those in effect, prefer is the key that
 * the viewer pressed (0 = none). Modifiers that play no part in text (Control, Alt, Super) are kept.
 * Returns false, *out untouched, when the layout has no such character. */
bool input_layout_find_char(const struct input_layout *layout, uint32_t codepoint, uint8_t mods,
    uint32_t group, uint8_t prefer, struct input_plan *out);

/* The same for a keysym under the modifiers that give exactly it. */
bool input_layout_find_keysym(const struct input_layout *layout, uint32_t keysym, uint8_t mods,
    uint32_t group, uint8_t prefer, struct input_plan *out);

/* The key that bears a keysym at any level, for keys that type nothing; 0 when none does. */
uint8_t input_layout_find_key(
    const struct input_layout *layout, uint32_t keysym, uint32_t group, uint8_t prefer);

/* Whether a key has no symbol at all. */
bool input_layout_key_empty(const struct input_layout *layout, uint8_t keycode);

/* Modifiers in effect while this key is held; 0 for keys that latch or lock. */
uint8_t input_layout_key_mods(const struct input_layout *layout, uint8_t keycode);

/* A key to hold for one modifier bit; 0 when there is none. */
uint8_t input_layout_mod_key(const struct input_layout *layout, uint8_t mod);

uint8_t input_layout_num_mods(const struct input_layout *layout);      /* what Num Lock locks */
uint8_t input_layout_shortcut_mods(const struct input_layout *layout); /* Control, Alt, Super, Meta, Hyper */
uint8_t input_layout_level_mods(const struct input_layout *layout);    /* AltGr and the fifth level */
