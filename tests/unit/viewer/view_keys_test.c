/* Keys of the desktop viewer: what SDL tells becomes what a host wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon.h>

#include "viewer/desktop/keys.h"

static SDL_Keysym key(SDL_Scancode scancode, SDL_Keycode sym)
{
    return (SDL_Keysym){.scancode = scancode, .sym = sym};
}

static void physical_keys_have_their_evdev_code(void **state)
{
    (void)state;
    assert_int_equal(view_key_code(SDL_SCANCODE_A), KEY_A);
    assert_int_equal(view_key_code(SDL_SCANCODE_RGUI), KEY_RIGHTMETA);
    assert_int_equal(view_key_code(SDL_SCANCODE_NONUSBACKSLASH), KEY_102ND);
    assert_int_equal(view_key_code(SDL_SCANCODE_UNKNOWN), 0);
    assert_int_equal(view_key_code(SDL_NUM_SCANCODES), 0);
    assert_int_equal(view_key_code((SDL_Scancode)-1), 0);
}

static void what_a_key_types_names_its_keysym(void **state)
{
    (void)state;
    const SDL_Keysym e = key(SDL_SCANCODE_2, SDLK_2);
    assert_int_equal(view_keysym(&e, "é"), XKB_KEY_eacute);
    assert_int_equal(view_keysym(&e, "€"), XKB_KEY_EuroSign);
    assert_int_equal(view_keysym(&e, "😀"), 0x0101f600);
    assert_int_equal(view_keysym(&e, "2"), XKB_KEY_2);
}

static void several_characters_or_broken_text_leave_it_to_the_key(void **state)
{
    (void)state;
    const SDL_Keysym a = key(SDL_SCANCODE_A, SDLK_a);
    assert_int_equal(view_keysym(&a, "ab"), XKB_KEY_a);
    assert_int_equal(view_keysym(&a, "\xc3"), XKB_KEY_a);
    assert_int_equal(view_keysym(&a, "\xe2\x82"), XKB_KEY_a);
}

static void keys_that_type_nothing_have_names(void **state)
{
    (void)state;
    const SDL_Keysym enter = key(SDL_SCANCODE_RETURN, SDLK_RETURN);
    const SDL_Keysym f5 = key(SDL_SCANCODE_F5, SDLK_F5);
    const SDL_Keysym ctrl_c = key(SDL_SCANCODE_C, SDLK_c);
    const SDL_Keysym right_alt = key(SDL_SCANCODE_RALT, SDLK_RALT);
    assert_int_equal(view_keysym(&enter, ""), XKB_KEY_Return);
    assert_int_equal(view_keysym(&enter, "\r"), XKB_KEY_Return);
    assert_int_equal(view_keysym(&f5, ""), XKB_KEY_F5);
    assert_int_equal(view_keysym(&ctrl_c, ""), XKB_KEY_c);
    assert_int_equal(view_keysym(&right_alt, ""), 0);
}

static void locks_are_told(void **state)
{
    (void)state;
    assert_int_equal(view_locks(KMOD_CAPS | KMOD_LSHIFT), 1);
    assert_int_equal(view_locks(KMOD_NUM), 2);
    assert_int_equal(view_locks(KMOD_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(physical_keys_have_their_evdev_code),
        cmocka_unit_test(what_a_key_types_names_its_keysym),
        cmocka_unit_test(several_characters_or_broken_text_leave_it_to_the_key),
        cmocka_unit_test(keys_that_type_nothing_have_names),
        cmocka_unit_test(locks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
