#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "viewer/core/files.h"

static void the_key_of_an_upload_is_the_same_in_a_later_try_and_differs_for_others(void **state)
{
    (void)state;
    const uint8_t device[16] = {7}, other[16] = {8};
    uint8_t key[16], again[16];
    viewer_transfer_key(key, device, "home", "a/b", 10, 20);
    viewer_transfer_key(again, device, "home", "a/b", 10, 20);
    assert_memory_equal(key, again, 16);
    viewer_transfer_key(again, other, "home", "a/b", 10, 20);
    assert_memory_not_equal(key, again, 16);
    viewer_transfer_key(again, device, "work", "a/b", 10, 20);
    assert_memory_not_equal(key, again, 16);
    viewer_transfer_key(again, device, "home", "a/c", 10, 20);
    assert_memory_not_equal(key, again, 16);
    viewer_transfer_key(again, device, "home", "a/b", 11, 20);
    assert_memory_not_equal(key, again, 16);
    viewer_transfer_key(again, device, "home", "a/b", 10, 21);
    assert_memory_not_equal(key, again, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_of_an_upload_is_the_same_in_a_later_try_and_differs_for_others),
    };
    return channel_crypto_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
