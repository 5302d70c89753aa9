#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channel/proto/link.pb-c.h"
#include "channel/proto/session.pb-c.h"
#include "viewer/cli/cli.h"
#include "viewer/core/files.h"

/* main.c is not linked here; commands name themselves only through it. */
const struct cli_command *cli_command_find(const char *name)
{
    (void)name;
    return NULL;
}

static void codes_of_the_link_become_the_exit_codes_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_of_link(0), 0);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_DENIED), 3);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_NOT_FOUND), 4);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_EXPIRED), 4);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_OFFLINE), 5);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_BUSY), 5);
    assert_int_equal(cli_exit_of_link(HEARTH__LINK__CODE__CODE_INTERNAL), 1);
}

static void codes_of_a_session_become_the_exit_codes_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_of_session(0), 0);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_DENIED), 3);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_OUTSIDE), 3);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_NOT_FOUND), 4);
    assert_int_equal(cli_exit_of_session(VIEWER_FILE_LOST), 5);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_EXISTS), 6);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_MISMATCH), 7);
    assert_int_equal(cli_exit_of_session(VIEWER_FILE_HOSTILE), 7);
    assert_int_equal(cli_exit_of_session(VIEWER_FILE_LOCAL), 8);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_IO), 8);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_NO_SPACE), 8);
    assert_int_equal(cli_exit_of_session(HEARTH__SESSION__CODE__CODE_LIMIT), 1);
}

static void bytes_become_hex(void **state)
{
    (void)state;
    char out[7];
    cli_hex(out, (const uint8_t[]){0x00, 0xa5, 0xff}, 3);
    assert_string_equal(out, "00a5ff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_the_link_become_the_exit_codes_of_the_manual),
        cmocka_unit_test(codes_of_a_session_become_the_exit_codes_of_the_manual),
        cmocka_unit_test(bytes_become_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
