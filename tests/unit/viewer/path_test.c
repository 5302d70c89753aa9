#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "viewer/core/path.h"

static void a_colon_before_the_first_slash_names_a_device(void **state)
{
    (void)state;
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "desk:Home/notes/a b", &why), 0);
    assert_true(place.remote);
    assert_string_equal(place.device, "desk");
    assert_string_equal(place.root, "Home");
    assert_string_equal(place.path, "notes/a b");
}

static void a_device_alone_and_a_root_alone_are_places(void **state)
{
    (void)state;
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "desk:", &why), 0);
    assert_string_equal(place.root, "");
    assert_int_equal(viewer_place_parse(&place, "desk:/Home/", &why), 0);
    assert_string_equal(place.root, "Home");
    assert_string_equal(place.path, "");
}

static void double_and_trailing_slashes_are_forgiven(void **state)
{
    (void)state;
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "desk:Home//a///b/", &why), 0);
    assert_string_equal(place.path, "a/b");
}

static void a_colon_after_a_slash_is_part_of_a_local_name(void **state)
{
    (void)state;
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "./a:b", &why), 0);
    assert_false(place.remote);
    assert_string_equal(place.path, "./a:b");
}

static void dots_in_a_remote_path_are_refused(void **state)
{
    (void)state;
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "desk:Home/../etc", &why), -1);
    assert_non_null(why);
    assert_int_equal(viewer_place_parse(&place, "desk:Home/./a", &why), -1);
    assert_int_equal(viewer_place_parse(&place, "desk:..", &why), -1);
}

static void what_is_empty_or_too_long_is_refused(void **state)
{
    (void)state;
    static char text[VIEWER_PATH_MAX + 300];
    struct viewer_place place;
    const char *why = NULL;
    assert_int_equal(viewer_place_parse(&place, "", &why), -1);
    assert_int_equal(viewer_place_parse(&place, ":Home", &why), -1);
    memset(text, 'a', sizeof text - 1);
    assert_int_equal(viewer_place_parse(&place, text, &why), -1);
    memcpy(text, "desk:", 5);
    assert_int_equal(viewer_place_parse(&place, text, &why), -1); /* one name of more than 255 bytes */
    for (size_t i = 5; i < sizeof text - 1; i += 2) {
        text[i] = '/';
    }
    assert_int_equal(viewer_place_parse(&place, text, &why), -1); /* short names, 4389 bytes in all */
}

static void names_that_could_leave_a_folder_are_not_names(void **state)
{
    (void)state;
    assert_true(viewer_name_ok("a", 1));
    assert_true(viewer_name_ok("...", 3));
    assert_true(viewer_name_ok("-rf", 3));
    assert_false(viewer_name_ok("", 0));
    assert_false(viewer_name_ok(".", 1));
    assert_false(viewer_name_ok("..", 2));
    assert_false(viewer_name_ok("a/b", 3));
    assert_false(viewer_name_ok("a\0b", 3));
}

static void joining_refuses_what_does_not_fit(void **state)
{
    (void)state;
    char out[6];
    assert_int_equal(viewer_path_join(out, sizeof out, "ab", "cd"), 0);
    assert_string_equal(out, "ab/cd");
    assert_int_equal(viewer_path_join(out, sizeof out, "", "cd"), 0);
    assert_string_equal(out, "cd");
    assert_int_equal(viewer_path_join(out, sizeof out, "abc", "cd"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_colon_before_the_first_slash_names_a_device),
        cmocka_unit_test(a_device_alone_and_a_root_alone_are_places),
        cmocka_unit_test(double_and_trailing_slashes_are_forgiven),
        cmocka_unit_test(a_colon_after_a_slash_is_part_of_a_local_name),
        cmocka_unit_test(dots_in_a_remote_path_are_refused),
        cmocka_unit_test(what_is_empty_or_too_long_is_refused),
        cmocka_unit_test(names_that_could_leave_a_folder_are_not_names),
        cmocka_unit_test(joining_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
