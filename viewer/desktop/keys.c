#include "viewer/desktop/keys.h"

#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon.h>

static const uint8_t codes[SDL_NUM_SCANCODES] = {
    [SDL_SCANCODE_A] = KEY_A,
    [SDL_SCANCODE_B] = KEY_B,
    [SDL_SCANCODE_C] = KEY_C,
    [SDL_SCANCODE_D] = KEY_D,
    [SDL_SCANCODE_E] = KEY_E,
    [SDL_SCANCODE_F] = KEY_F,
    [SDL_SCANCODE_G] = KEY_G,
    [SDL_SCANCODE_H] = KEY_H,
    [SDL_SCANCODE_I] = KEY_I,
    [SDL_SCANCODE_J] = KEY_J,
    [SDL_SCANCODE_K] = KEY_K,
    [SDL_SCANCODE_L] = KEY_L,
    [SDL_SCANCODE_M] = KEY_M,
    [SDL_SCANCODE_N] = KEY_N,
    [SDL_SCANCODE_O] = KEY_O,
    [SDL_SCANCODE_P] = KEY_P,
    [SDL_SCANCODE_Q] = KEY_Q,
    [SDL_SCANCODE_R] = KEY_R,
    [SDL_SCANCODE_S] = KEY_S,
    [SDL_SCANCODE_T] = KEY_T,
    [SDL_SCANCODE_U] = KEY_U,
    [SDL_SCANCODE_V] = KEY_V,
    [SDL_SCANCODE_W] = KEY_W,
    [SDL_SCANCODE_X] = KEY_X,
    [SDL_SCANCODE_Y] = KEY_Y,
    [SDL_SCANCODE_Z] = KEY_Z,
    [SDL_SCANCODE_1] = KEY_1,
    [SDL_SCANCODE_2] = KEY_2,
    [SDL_SCANCODE_3] = KEY_3,
    [SDL_SCANCODE_4] = KEY_4,
    [SDL_SCANCODE_5] = KEY_5,
    [SDL_SCANCODE_6] = KEY_6,
    [SDL_SCANCODE_7] = KEY_7,
    [SDL_SCANCODE_8] = KEY_8,
    [SDL_SCANCODE_9] = KEY_9,
    [SDL_SCANCODE_0] = KEY_0,
    [SDL_SCANCODE_RETURN] = KEY_ENTER,
    [SDL_SCANCODE_ESCAPE] = KEY_ESC,
    [SDL_SCANCODE_BACKSPACE] = KEY_BACKSPACE,
    [SDL_SCANCODE_TAB] = KEY_TAB,
    [SDL_SCANCODE_SPACE] = KEY_SPACE,
    [SDL_SCANCODE_MINUS] = KEY_MINUS,
    [SDL_SCANCODE_EQUALS] = KEY_EQUAL,
    [SDL_SCANCODE_LEFTBRACKET] = KEY_LEFTBRACE,
    [SDL_SCANCODE_RIGHTBRACKET] = KEY_RIGHTBRACE,
    [SDL_SCANCODE_BACKSLASH] = KEY_BACKSLASH,
    [SDL_SCANCODE_NONUSHASH] = KEY_BACKSLASH,
    [SDL_SCANCODE_SEMICOLON] = KEY_SEMICOLON,
    [SDL_SCANCODE_APOSTROPHE] = KEY_APOSTROPHE,
    [SDL_SCANCODE_GRAVE] = KEY_GRAVE,
    [SDL_SCANCODE_COMMA] = KEY_COMMA,
    [SDL_SCANCODE_PERIOD] = KEY_DOT,
    [SDL_SCANCODE_SLASH] = KEY_SLASH,
    [SDL_SCANCODE_CAPSLOCK] = KEY_CAPSLOCK,
    [SDL_SCANCODE_F1] = KEY_F1,
    [SDL_SCANCODE_F2] = KEY_F2,
    [SDL_SCANCODE_F3] = KEY_F3,
    [SDL_SCANCODE_F4] = KEY_F4,
    [SDL_SCANCODE_F5] = KEY_F5,
    [SDL_SCANCODE_F6] = KEY_F6,
    [SDL_SCANCODE_F7] = KEY_F7,
    [SDL_SCANCODE_F8] = KEY_F8,
    [SDL_SCANCODE_F9] = KEY_F9,
    [SDL_SCANCODE_F10] = KEY_F10,
    [SDL_SCANCODE_F11] = KEY_F11,
    [SDL_SCANCODE_F12] = KEY_F12,
    [SDL_SCANCODE_PRINTSCREEN] = KEY_SYSRQ,
    [SDL_SCANCODE_SCROLLLOCK] = KEY_SCROLLLOCK,
    [SDL_SCANCODE_PAUSE] = KEY_PAUSE,
    [SDL_SCANCODE_INSERT] = KEY_INSERT,
    [SDL_SCANCODE_HOME] = KEY_HOME,
    [SDL_SCANCODE_PAGEUP] = KEY_PAGEUP,
    [SDL_SCANCODE_DELETE] = KEY_DELETE,
    [SDL_SCANCODE_END] = KEY_END,
    [SDL_SCANCODE_PAGEDOWN] = KEY_PAGEDOWN,
    [SDL_SCANCODE_RIGHT] = KEY_RIGHT,
    [SDL_SCANCODE_LEFT] = KEY_LEFT,
    [SDL_SCANCODE_DOWN] = KEY_DOWN,
    [SDL_SCANCODE_UP] = KEY_UP,
    [SDL_SCANCODE_NUMLOCKCLEAR] = KEY_NUMLOCK,
    [SDL_SCANCODE_KP_DIVIDE] = KEY_KPSLASH,
    [SDL_SCANCODE_KP_MULTIPLY] = KEY_KPASTERISK,
    [SDL_SCANCODE_KP_MINUS] = KEY_KPMINUS,
    [SDL_SCANCODE_KP_PLUS] = KEY_KPPLUS,
    [SDL_SCANCODE_KP_ENTER] = KEY_KPENTER,
    [SDL_SCANCODE_KP_1] = KEY_KP1,
    [SDL_SCANCODE_KP_2] = KEY_KP2,
    [SDL_SCANCODE_KP_3] = KEY_KP3,
    [SDL_SCANCODE_KP_4] = KEY_KP4,
    [SDL_SCANCODE_KP_5] = KEY_KP5,
    [SDL_SCANCODE_KP_6] = KEY_KP6,
    [SDL_SCANCODE_KP_7] = KEY_KP7,
    [SDL_SCANCODE_KP_8] = KEY_KP8,
    [SDL_SCANCODE_KP_9] = KEY_KP9,
    [SDL_SCANCODE_KP_0] = KEY_KP0,
    [SDL_SCANCODE_KP_PERIOD] = KEY_KPDOT,
    [SDL_SCANCODE_NONUSBACKSLASH] = KEY_102ND,
    [SDL_SCANCODE_APPLICATION] = KEY_COMPOSE,
    [SDL_SCANCODE_POWER] = KEY_POWER,
    [SDL_SCANCODE_KP_EQUALS] = KEY_KPEQUAL,
    [SDL_SCANCODE_F13] = KEY_F13,
    [SDL_SCANCODE_F14] = KEY_F14,
    [SDL_SCANCODE_F15] = KEY_F15,
    [SDL_SCANCODE_F16] = KEY_F16,
    [SDL_SCANCODE_F17] = KEY_F17,
    [SDL_SCANCODE_F18] = KEY_F18,
    [SDL_SCANCODE_F19] = KEY_F19,
    [SDL_SCANCODE_F20] = KEY_F20,
    [SDL_SCANCODE_F21] = KEY_F21,
    [SDL_SCANCODE_F22] = KEY_F22,
    [SDL_SCANCODE_F23] = KEY_F23,
    [SDL_SCANCODE_F24] = KEY_F24,
    [SDL_SCANCODE_MUTE] = KEY_MUTE,
    [SDL_SCANCODE_VOLUMEUP] = KEY_VOLUMEUP,
    [SDL_SCANCODE_VOLUMEDOWN] = KEY_VOLUMEDOWN,
    [SDL_SCANCODE_INTERNATIONAL1] = KEY_RO,
    [SDL_SCANCODE_INTERNATIONAL2] = KEY_KATAKANAHIRAGANA,
    [SDL_SCANCODE_INTERNATIONAL3] = KEY_YEN,
    [SDL_SCANCODE_INTERNATIONAL4] = KEY_HENKAN,
    [SDL_SCANCODE_INTERNATIONAL5] = KEY_MUHENKAN,
    [SDL_SCANCODE_LANG1] = KEY_HANGEUL,
    [SDL_SCANCODE_LANG2] = KEY_HANJA,
    [SDL_SCANCODE_LCTRL] = KEY_LEFTCTRL,
    [SDL_SCANCODE_LSHIFT] = KEY_LEFTSHIFT,
    [SDL_SCANCODE_LALT] = KEY_LEFTALT,
    [SDL_SCANCODE_LGUI] = KEY_LEFTMETA,
    [SDL_SCANCODE_RCTRL] = KEY_RIGHTCTRL,
    [SDL_SCANCODE_RSHIFT] = KEY_RIGHTSHIFT,
    [SDL_SCANCODE_RALT] = KEY_RIGHTALT,
    [SDL_SCANCODE_RGUI] = KEY_RIGHTMETA,
};

/* Keys that type nothing, and those of the keypad. */
static const struct {
    SDL_Scancode scancode;
    uint32_t keysym;
} named[] = {
    {SDL_SCANCODE_RETURN, XKB_KEY_Return},
    {SDL_SCANCODE_ESCAPE, XKB_KEY_Escape},
    {SDL_SCANCODE_BACKSPACE, XKB_KEY_BackSpace},
    {SDL_SCANCODE_TAB, XKB_KEY_Tab},
    {SDL_SCANCODE_CAPSLOCK, XKB_KEY_Caps_Lock},
    {SDL_SCANCODE_PRINTSCREEN, XKB_KEY_Print},
    {SDL_SCANCODE_SCROLLLOCK, XKB_KEY_Scroll_Lock},
    {SDL_SCANCODE_PAUSE, XKB_KEY_Pause},
    {SDL_SCANCODE_INSERT, XKB_KEY_Insert},
    {SDL_SCANCODE_HOME, XKB_KEY_Home},
    {SDL_SCANCODE_PAGEUP, XKB_KEY_Page_Up},
    {SDL_SCANCODE_DELETE, XKB_KEY_Delete},
    {SDL_SCANCODE_END, XKB_KEY_End},
    {SDL_SCANCODE_PAGEDOWN, XKB_KEY_Page_Down},
    {SDL_SCANCODE_RIGHT, XKB_KEY_Right},
    {SDL_SCANCODE_LEFT, XKB_KEY_Left},
    {SDL_SCANCODE_DOWN, XKB_KEY_Down},
    {SDL_SCANCODE_UP, XKB_KEY_Up},
    {SDL_SCANCODE_NUMLOCKCLEAR, XKB_KEY_Num_Lock},
    {SDL_SCANCODE_KP_ENTER, XKB_KEY_KP_Enter},
    {SDL_SCANCODE_APPLICATION, XKB_KEY_Menu},
    {SDL_SCANCODE_LCTRL, XKB_KEY_Control_L},
    {SDL_SCANCODE_LSHIFT, XKB_KEY_Shift_L},
    {SDL_SCANCODE_LGUI, XKB_KEY_Super_L},
    {SDL_SCANCODE_LALT, XKB_KEY_Alt_L},
    {SDL_SCANCODE_RCTRL, XKB_KEY_Control_R},
    {SDL_SCANCODE_RSHIFT, XKB_KEY_Shift_R},
    {SDL_SCANCODE_RGUI, XKB_KEY_Super_R},
};

uint32_t view_key_code(SDL_Scancode scancode)
{
    return scancode > SDL_SCANCODE_UNKNOWN && scancode < SDL_NUM_SCANCODES ? codes[scancode] : 0;
}

/* The one character of a UTF-8 text; 0 = none, or several. */
static uint32_t only_character(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const int len = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    uint32_t point = len == 1 ? at[0] : at[0] & (0xffu >> (len + 1));
    for (int i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (at[i] & 0x3f);
    }
    return point != 0 && at[len] == '\0' ? point : 0;
}

uint32_t view_keysym(const SDL_Keysym *key, const char *text)
{
    const uint32_t point = text[0] ? only_character(text) : 0;
    if (point >= 0x20 && point != 0x7f) {
        return xkb_utf32_to_keysym(point);
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i].scancode == key->scancode) {
            return named[i].keysym;
        }
    }
    /* Right Alt may be AltGr, and the keypad follows Num Lock: by the physical key. */
    if (key->scancode == SDL_SCANCODE_RALT || (key->sym & SDLK_SCANCODE_MASK)) {
        if (key->scancode >= SDL_SCANCODE_F1 && key->scancode <= SDL_SCANCODE_F12) {
            return XKB_KEY_F1 + (uint32_t)(key->scancode - SDL_SCANCODE_F1);
        }
        return 0;
    }
    /* A chord such as Control+C types nothing: the letter of this layout. */
    return key->sym >= 0x20 && key->sym != SDLK_DELETE ? xkb_utf32_to_keysym((uint32_t)key->sym) : 0;
}

uint32_t view_locks(uint16_t modifiers)
{
    return ((modifiers & KMOD_CAPS) ? 1u : 0u) | ((modifiers & KMOD_NUM) ? 2u : 0u);
}
