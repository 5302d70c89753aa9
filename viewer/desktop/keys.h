/* From SDL's keys to what a host wants: the evdev code of the physical key and an X keysym. Pure. */
#pragma once

#include <stdint.h>

#include <SDL.h>

/* Linux evdev code of a key (a USB usage is what SDL calls a scancode); 0 = unknown. */
uint32_t view_key_code(SDL_Scancode scancode);

/* X keysym of a key that types `text` (UTF-8; "" = nothing); 0 = the host's layout decides. */
uint32_t view_keysym(const SDL_Keysym *key, const char *text);

/* Bits of Key.locks in channel/proto/session.proto. */
uint32_t view_locks(uint16_t modifiers);
