/* What layouts can type, without a display: keymaps compiled from xkb-data. */
#include "host/input/layout.h"
#include "host/input/spare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include <cmocka.h>

enum { LEVEL3 = 128, NUM = 16 };

static struct input_layout *load(const char *layout)
{
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    const struct xkb_rule_names names = {.rules = "evdev", .model = "pc105", .layout = layout};
    struct xkb_keymap *keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    assert_non_null(keymap);
    struct input_layout *out = input_layout_create(keymap, NULL);
    assert_non_null(out);
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
    return out;
}

static struct input_plan plan_of(const struct input_layout *layout, uint32_t codepoint, uint8_t mods)
{
    struct input_plan plan = {0};
    assert_true(input_layout_find_char(layout, codepoint, mods, 0, 0, &plan));
    return plan;
}

static void letters_and_signs_are_found_under_their_modifiers(void **state)
{
    (void)state;
    struct input_layout *fr = load("fr");
    struct input_plan a = plan_of(fr, 'a', 0), one = plan_of(fr, '1', 0), at = plan_of(fr, '@', 0);
    assert_int_equal(a.keycode, 24); /* the key right of Tab */
    assert_int_equal(a.mods, 0);
    assert_int_equal(one.keycode, 10);
    assert_int_equal(one.mods, INPUT_MOD_SHIFT);
    assert_int_equal(at.keycode, 19);
    assert_int_equal(at.mods, LEVEL3);
    input_layout_destroy(fr);
}

static void a_held_shift_is_lifted_where_the_sign_does_not_want_it(void **state)
{
    (void)state;
    struct input_layout *fr = load("fr");
    struct input_plan at = plan_of(fr, '@', INPUT_MOD_SHIFT), eacute = plan_of(fr, 0xe9, INPUT_MOD_SHIFT);
    assert_int_equal(at.mods, LEVEL3);
    assert_int_equal(eacute.mods, 0);
    input_layout_destroy(fr);
}

static void a_held_shift_stays_where_it_changes_nothing(void **state)
{
    (void)state;
    struct input_layout *us = load("us");
    assert_int_equal(plan_of(us, ' ', INPUT_MOD_SHIFT).mods, INPUT_MOD_SHIFT);
    assert_int_equal(plan_of(us, 'A', INPUT_MOD_SHIFT).mods, INPUT_MOD_SHIFT);
    input_layout_destroy(us);
}

static void control_and_alt_are_never_touched(void **state)
{
    (void)state;
    struct input_layout *us = load("us");
    uint8_t held = INPUT_MOD_CONTROL | 8;
    assert_int_equal(plan_of(us, 'c', held).mods, held);
    assert_int_equal(plan_of(us, '+', held).mods, held | INPUT_MOD_SHIFT);
    assert_true(input_layout_shortcut_mods(us) & INPUT_MOD_CONTROL);
    assert_true(input_layout_shortcut_mods(us) & 8);
    assert_false(input_layout_shortcut_mods(us) & LEVEL3);
    input_layout_destroy(us);
}

static void caps_lock_does_not_change_what_is_typed(void **state)
{
    (void)state;
    struct input_layout *fr = load("fr");
    const uint32_t codepoints[] = {'a', 'A', 0xe9, '1', '@', 0x20ac};
    for (size_t i = 0; i < sizeof codepoints / sizeof codepoints[0]; i++) {
        struct input_plan plan = plan_of(fr, codepoints[i], INPUT_MOD_LOCK);
        uint32_t keysym = input_layout_keysym(fr, plan.keycode, plan.mods, plan.group);
        assert_int_equal(xkb_keysym_to_utf32(keysym), codepoints[i]);
    }
    input_layout_destroy(fr);
}

static void every_character_of_every_layout_is_reached_from_every_state(void **state)
{
    (void)state;
    static const char *const layouts[] = {
        "us", "fr", "de", "gb", "es", "it", "ru", "gr", "jp", "ch", "ca", "br", "tr"};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct input_layout *layout = load(layouts[i]);
        for (uint32_t codepoint = 0x20; codepoint < 0x500; codepoint++) {
            struct input_plan from_rest;
            if (!input_layout_find_char(layout, codepoint, 0, 0, 0, &from_rest))
                continue;
            static const uint8_t states[] = {0, INPUT_MOD_SHIFT, INPUT_MOD_LOCK, NUM, LEVEL3,
                INPUT_MOD_SHIFT | LEVEL3, INPUT_MOD_LOCK | NUM | INPUT_MOD_SHIFT};
            for (size_t s = 0; s < sizeof states; s++) {
                struct input_plan plan = plan_of(layout, codepoint, states[s]);
                uint32_t keysym = input_layout_keysym(layout, plan.keycode, plan.mods, plan.group);
                assert_int_equal(xkb_keysym_to_utf32(keysym), codepoint);
            }
        }
        input_layout_destroy(layout);
    }
}

static void the_key_that_was_pressed_wins_over_another_with_the_same_sign(void **state)
{
    (void)state;
    struct input_layout *de = load("de");
    struct input_plan plan;
    assert_true(input_layout_find_char(de, '<', 0, 0, 94, &plan));
    assert_int_equal(plan.keycode, 94);
    input_layout_destroy(de);
}

static void digits_come_from_the_top_row_not_the_keypad(void **state)
{
    (void)state;
    struct input_layout *us = load("us");
    assert_int_equal(plan_of(us, '4', NUM).keycode, 13);
    assert_int_equal(input_layout_num_mods(us), NUM);
    input_layout_destroy(us);
}

static void what_a_layout_lacks_is_not_found(void **state)
{
    (void)state;
    struct input_layout *us = load("us");
    struct input_plan plan;
    assert_false(input_layout_find_char(us, 0x65e5, 0, 0, 0, &plan));
    assert_false(input_layout_find_char(us, 0, 0, 0, 0, &plan));
    assert_int_equal(input_layout_find_key(us, XKB_KEY_Hangul_Jamo, 0, 0), 0);
    input_layout_destroy(us);
}

static void keys_that_type_nothing_are_found_by_keysym(void **state)
{
    (void)state;
    struct input_layout *us = load("us");
    assert_int_equal(input_layout_find_key(us, XKB_KEY_Left, 0, 0), 113);
    assert_int_equal(input_layout_find_key(us, XKB_KEY_ISO_Left_Tab, 0, 23), 23);
    assert_int_equal(input_layout_key_mods(us, 50), INPUT_MOD_SHIFT);
    assert_int_equal(input_layout_key_mods(us, 66), 0); /* Caps Lock locks, it does not hold */
    assert_int_equal(input_layout_mod_key(us, INPUT_MOD_SHIFT), 50);
    assert_true(input_layout_mod_key(us, LEVEL3) != 0);
    input_layout_destroy(us);
}

static void another_group_of_the_keymap_is_the_last_resort(void **state)
{
    (void)state;
    struct input_layout *both = load("us,ru");
    struct input_plan plan = plan_of(both, 0x444, 0); /* f in Cyrillic */
    assert_int_equal(plan.group, 1);
    assert_int_equal(plan_of(both, 'a', 0).group, 0);
    input_layout_destroy(both);
}

static void a_lent_keycode_rests_before_it_is_lent_again(void **state)
{
    (void)state;
    struct input_spares spares = {0};
    uint8_t down[256] = {0};
    uint64_t wait = 0;
    assert_true(input_spares_add(&spares, 200));
    assert_true(input_spares_add(&spares, 201));
    struct input_spare *a = input_spares_take(&spares, 'a', down, 1000000, &wait);
    a->keysym = 'a';
    struct input_spare *b = input_spares_take(&spares, 'b', down, 1000001, &wait);
    b->keysym = 'b';
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(input_spares_take(&spares, 'a', down, 1000002, &wait), a);
    assert_null(input_spares_take(&spares, 'c', down, 1000003, &wait));
    assert_int_equal(wait, 1000001 + INPUT_SPARE_REST_US);
    assert_ptr_equal(input_spares_take(&spares, 'c', down, wait, &wait), b);
}

static void a_lent_keycode_that_is_held_is_not_taken_away(void **state)
{
    (void)state;
    struct input_spares spares = {0};
    uint8_t down[256] = {[200] = 1};
    uint64_t wait = 0;
    assert_true(input_spares_add(&spares, 200));
    spares.slot[0].keysym = 'a';
    assert_null(input_spares_take(&spares, 'b', down, 9000000, &wait));
    assert_true(wait == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_and_signs_are_found_under_their_modifiers),
        cmocka_unit_test(a_held_shift_is_lifted_where_the_sign_does_not_want_it),
        cmocka_unit_test(a_held_shift_stays_where_it_changes_nothing),
        cmocka_unit_test(control_and_alt_are_never_touched),
        cmocka_unit_test(caps_lock_does_not_change_what_is_typed),
        cmocka_unit_test(every_character_of_every_layout_is_reached_from_every_state),
        cmocka_unit_test(the_key_that_was_pressed_wins_over_another_with_the_same_sign),
        cmocka_unit_test(digits_come_from_the_top_row_not_the_keypad),
        cmocka_unit_test(what_a_layout_lacks_is_not_found),
        cmocka_unit_test(keys_that_type_nothing_are_found_by_keysym),
        cmocka_unit_test(another_group_of_the_keymap_is_the_last_resort),
        cmocka_unit_test(a_lent_keycode_rests_before_it_is_lent_again),
        cmocka_unit_test(a_lent_keycode_that_is_held_is_not_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
