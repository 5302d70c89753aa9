/* What a peer calls itself never forges a line of the log or talks to the terminal that shows it. */
#include "host/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void controls_of_every_kind_become_question_marks(void **state)
{
    (void)state;
    char out[HOST_LOG_QUOTE_BYTES];
    assert_string_equal(host_log_quote(out, "a\nb\r\x1b[2J\x7f\""), "\"a?b??[2J??\"");
    assert_string_equal(host_log_quote(out, "\xc2\x9b"
                                            "2J\x9b"),
        "\"??2J?\"");
    assert_string_equal(host_log_quote(out, "Zo\xc3\xab's \xc2\xa7"), "\"Zo\xc3\xab's \xc2\xa7\"");
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    char out[HOST_LOG_QUOTE_BYTES], name[500];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(strlen(host_log_quote(out, name)), HOST_LOG_QUOTE_BYTES - 1);
    assert_int_equal(out[HOST_LOG_QUOTE_BYTES - 2], '"');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_of_every_kind_become_question_marks),
        cmocka_unit_test(a_long_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
