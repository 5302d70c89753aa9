#include "channel/core/bytes.h"
#include "channel/identity/code.h"
#include "channel/identity/cpace.h"
#include "channel/identity/words.h"
#include "tests/unit/channel/identity_fixture.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void hex(uint8_t *out, size_t len, const char *text)
{
    size_t n = 0;
    assert_int_equal(sodium_hex2bin(out, len, text, strlen(text), NULL, &n, NULL), 0);
    assert_int_equal(n, len);
}

/* draft-irtf-cfrg-cpace-21, appendix B.3 (CPACE-RISTR255-SHA512). */
static void the_draft_s_vector_of_cpace_passes(void **state)
{
    (void)state;
    uint8_t ci[24], sid[16], ya[32], yb[32], generator[32], expected[64], isk[64];
    struct channel_cpace_share a = {.ad = "ADa", .ad_len = 3}, b = {.ad = "ADb", .ad_len = 3};
    hex(ci, sizeof ci, "0b415f696e69746961746f720b425f726573706f6e646572");
    hex(sid, sizeof sid, "7e4b4791d6a8ef019b936c79fb7f2c57");
    hex(ya, sizeof ya, "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08");
    hex(yb, sizeof yb, "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d");
    channel_cpace_generator(generator, (const uint8_t *)"Password", 8, ci, sizeof ci, sid);
    hex(expected, 32, "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56");
    assert_memory_equal(generator, expected, 32);
    assert_int_equal(channel_crypto_ristretto_mul(a.y, ya, generator), 0);
    assert_int_equal(channel_crypto_ristretto_mul(b.y, yb, generator), 0);
    hex(expected, 32, "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157");
    assert_memory_equal(a.y, expected, 32);
    hex(expected, 32, "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258");
    assert_memory_equal(b.y, expected, 32);
    hex(expected, 64,
        "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa4"
        "60b588c"
        "1e80c3fa2068af7900447");
    assert_int_equal(channel_cpace_isk(isk, sid, ya, b.y, &a, &b), 0);
    assert_memory_equal(isk, expected, 64);
    assert_int_equal(channel_cpace_isk(isk, sid, yb, a.y, &a, &b), 0);
    assert_memory_equal(isk, expected, 64);
}

static void a_tag_is_hmac_sha512_of_the_share(void **state)
{
    (void)state;
    uint8_t isk[64], sid[16] = {3}, tag[64], key[64], expected[64], input[8 + 16 + 64];
    struct channel_cpace_share share = {.ad_len = 0};
    memset(isk, 9, sizeof isk);
    memset(share.y, 5, sizeof share.y);
    channel_cpace_tag(tag, isk, sid, &share);
    memcpy(input, "CPaceMac", 8);
    memcpy(input + 8, sid, 16);
    memcpy(input + 24, isk, 64);
    crypto_hash_sha512(key, input, sizeof input);
    uint8_t message[34] = {32};
    memcpy(message + 1, share.y, 32);
    crypto_auth_hmacsha512_state hmac;
    crypto_auth_hmacsha512_init(&hmac, key, sizeof key);
    crypto_auth_hmacsha512_update(&hmac, message, sizeof message);
    crypto_auth_hmacsha512_final(&hmac, expected);
    assert_memory_equal(tag, expected, 64);
}

struct run {
    struct channel_enroll *pc, *approver;
    struct channel_log *log;
    struct channel_keys root, pc_keys;
    uint8_t a[CHANNEL_ENROLL_MESSAGE_MAX], b[CHANNEL_ENROLL_MESSAGE_MAX];
    size_t a_len, b_len;
};

static int set_up(void **state)
{
    static struct run run;
    memset(&run, 0, sizeof run);
    fixture_keys(&run.root, 1);
    fixture_keys(&run.pc_keys, 51);
    run.log = channel_log_create();
    fixture_genesis(run.log, &run.root);
    run.pc = channel_enroll_create_pc(
        "ABCD1234", run.pc_keys.sign_public, run.pc_keys.dh_public, "Den", "Debian 12");
    run.approver = channel_enroll_create_approver("ABCD1234");
    *state = &run;
    return 0;
}

static int tear_down(void **state)
{
    struct run *run = *state;
    channel_enroll_destroy(run->pc);
    channel_enroll_destroy(run->approver);
    channel_log_destroy(run->log);
    return 0;
}

/* Messages 1 and 2. */
static void meet(struct run *run)
{
    int n = channel_enroll_start(run->approver, run->a, sizeof run->a);
    assert_true(n > 0);
    assert_int_equal(
        channel_enroll_receive(run->pc, run->a, (size_t)n, run->b, sizeof run->b, &run->b_len), 0);
    assert_null(channel_enroll_pc(run->approver));
}

static void add_pc(struct run *run)
{
    struct channel_device device;
    fixture_device(&device, &run->pc_keys, "Den", CHANNEL_RIGHT_VIEW);
    fixture_add(run->log, &run->root, NULL, &device);
}

static void a_pc_is_enrolled_by_its_code(void **state)
{
    struct run *run = *state;
    char account[65];
    meet(run);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
    assert_int_equal(run->a_len, 0);
    const struct channel_enroll_pc *pc = channel_enroll_pc(run->approver);
    assert_non_null(pc);
    assert_string_equal(pc->name, "Den");
    assert_string_equal(pc->os, "Debian 12");
    assert_memory_equal(pc->sign_public, run->pc_keys.sign_public, 32);
    assert_int_equal(channel_enroll_approve(run->approver, "ada", run->log, run->a, sizeof run->a),
        CHANNEL_ENROLL_ERR_LOG);
    add_pc(run);
    int n = channel_enroll_approve(run->approver, "ada", run->log, run->a, sizeof run->a);
    assert_true(n > 0);
    assert_int_equal(
        channel_enroll_receive(run->pc, run->a, (size_t)n, run->b, sizeof run->b, &run->b_len), 0);
    assert_true(channel_enroll_done(run->pc));
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
    assert_true(channel_enroll_done(run->approver));
    struct channel_log *log = channel_enroll_take_log(run->pc, account);
    assert_non_null(log);
    assert_string_equal(account, "ada");
    assert_int_equal(channel_log_count(log), 2);
    assert_null(channel_enroll_take_log(run->pc, account));
    channel_log_destroy(log);
}

/* Renames until the log holds count entries, the PC's own included. */
static void grow_log(struct run *run, uint64_t count)
{
    uint8_t id[16];
    fixture_id(id, &run->pc_keys);
    while (channel_log_count(run->log) < count) {
        struct fixture_entry entry;
        char name[CHANNEL_LOG_NAME_MAX + 1];
        (void)snprintf(name, sizeof name, "Den with a name of many letters, number %u",
            (unsigned)channel_log_count(run->log));
        int n = channel_log_make_rename(run->log, entry.bytes, sizeof entry.bytes, NULL, 2000000, id, name);
        fixture_sign(&entry, n, &run->root);
        assert_int_equal(channel_log_append(run->log, entry.bytes, entry.len), 0);
    }
}

/* Up to message 3 of an approval with a log of count entries: its length. */
static int approve_long(struct run *run, uint64_t count)
{
    meet(run);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
    add_pc(run);
    grow_log(run, count);
    return channel_enroll_approve(run->approver, "ada", run->log, run->a, sizeof run->a);
}

static void a_log_of_a_thousand_entries_travels_in_parts(void **state)
{
    struct run *run = *state;
    char account[65];
    size_t messages = 0;
    run->a_len = (size_t)approve_long(run, 1000);
    while (!channel_enroll_done(run->approver)) {
        assert_in_range(run->a_len, 1, CHANNEL_ENROLL_MESSAGE_MAX);
        assert_null(channel_enroll_take_log(run->pc, account));
        assert_int_equal(
            channel_enroll_receive(run->pc, run->a, run->a_len, run->b, sizeof run->b, &run->b_len), 0);
        assert_int_equal(
            channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
        messages++;
    }
    assert_in_range(messages, 3, 16);
    assert_true(channel_enroll_done(run->pc));
    struct channel_log *log = channel_enroll_take_log(run->pc, account);
    assert_non_null(log);
    assert_int_equal(channel_log_count(log), 1000);
    uint8_t ours[32], theirs[32];
    assert_true(channel_log_head(run->log, ours) && channel_log_head(log, theirs));
    assert_memory_equal(ours, theirs, 32);
    channel_log_destroy(log);
}

static void a_part_that_was_changed_or_comes_twice_is_refused(void **state)
{
    struct run *run = *state;
    static uint8_t part[CHANNEL_ENROLL_MESSAGE_MAX];
    char account[65];
    run->a_len = (size_t)approve_long(run, 1000);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            channel_enroll_receive(run->pc, run->a, run->a_len, run->b, sizeof run->b, &run->b_len), 0);
        assert_int_equal(
            channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
        if (i == 0)
            memcpy(part, run->a, run->a_len);
    }
    assert_int_equal(part[0], 5);
    /* The first part once more in the place of the second. */
    assert_int_equal(channel_enroll_receive(run->pc, part, run->a_len, run->b, sizeof run->b, &run->b_len),
        CHANNEL_ENROLL_ERR_CODE);
    assert_int_equal(channel_enroll_receive(run->pc, run->a, run->a_len, run->b, sizeof run->b, &run->b_len),
        CHANNEL_ENROLL_ERR_STATE);
    assert_null(channel_enroll_take_log(run->pc, account));
}

static void a_pc_that_asks_again_for_the_same_part_ends_the_run(void **state)
{
    struct run *run = *state;
    run->a_len = (size_t)approve_long(run, 1000);
    assert_int_equal(
        channel_enroll_receive(run->pc, run->a, run->a_len, run->b, sizeof run->b, &run->b_len), 0);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len),
        CHANNEL_ENROLL_ERR_CODE);
}

static void a_wrong_code_is_found_out_by_the_approver_and_spends_the_run(void **state)
{
    struct run *run = *state;
    channel_enroll_destroy(run->approver);
    run->approver = channel_enroll_create_approver("ABCD1235");
    meet(run);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len),
        CHANNEL_ENROLL_ERR_CODE);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len),
        CHANNEL_ENROLL_ERR_STATE);
    assert_null(channel_enroll_pc(run->approver));
}

static void any_changed_byte_of_message_3_is_refused_by_the_pc(void **state)
{
    struct run *run = *state;
    meet(run);
    assert_int_equal(
        channel_enroll_receive(run->approver, run->b, run->b_len, run->a, sizeof run->a, &run->a_len), 0);
    add_pc(run);
    int n = channel_enroll_approve(run->approver, "ada", run->log, run->a, sizeof run->a);
    assert_true(n > 0);
    run->a[(size_t)n / 2] ^= 1;
    assert_int_equal(channel_enroll_receive(run->pc, run->a, (size_t)n, run->b, sizeof run->b, &run->b_len),
        CHANNEL_ENROLL_ERR_CODE);
    assert_false(channel_enroll_done(run->pc));
}

static void a_second_first_message_does_not_get_a_second_guess(void **state)
{
    struct run *run = *state;
    meet(run);
    struct channel_enroll *again = channel_enroll_create_approver("ABCD9999");
    int n = channel_enroll_start(again, run->a, sizeof run->a);
    assert_true(channel_enroll_receive(run->pc, run->a, (size_t)n, run->b, sizeof run->b, &run->b_len) < 0);
    channel_enroll_destroy(again);
}

static void codes_are_forgiving_and_exact(void **state)
{
    (void)state;
    char code[CHANNEL_CODE_LEN + 1], secret[5];
    assert_int_equal(channel_code_normalise(code, " abco-il2z "), 0);
    assert_string_equal(code, "ABC0112Z");
    assert_int_equal(channel_code_normalise(code, "ABCD123"), -1);
    assert_int_equal(channel_code_normalise(code, "ABCD12345"), -1);
    assert_int_equal(channel_code_normalise(code, "ABCD123U"), -1);
    channel_code_secret(secret);
    assert_int_equal(strlen(secret), 4);
}

static void the_word_list_is_distinct_and_fits(void **state)
{
    (void)state;
    for (int i = 0; i < CHANNEL_WORDLIST_LEN; i++) {
        size_t len = strlen(channel_wordlist[i]);
        assert_in_range(len, 3, CHANNEL_WORD_MAX);
        if (i > 0)
            assert_true(strncmp(channel_wordlist[i - 1], channel_wordlist[i], 4) < 0);
    }
    char words[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1];
    uint8_t seed[32] = {0};
    channel_words_from_seed(words, seed);
    assert_string_equal(words[0], "abandon");
    assert_string_equal(words[3], "abandon");
    memset(seed, 0xff, sizeof seed);
    channel_words_from_seed(words, seed);
    assert_string_equal(words[0], "zoo");
    memset(seed, 0, sizeof seed);
    seed[1] = 0x20; /* the lowest of the first 11 bits */
    channel_words_from_seed(words, seed);
    assert_string_equal(words[0], "ability");
    assert_string_equal(words[1], "abandon");
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_draft_s_vector_of_cpace_passes),
        cmocka_unit_test(a_tag_is_hmac_sha512_of_the_share),
        WITH(a_pc_is_enrolled_by_its_code),
        WITH(a_log_of_a_thousand_entries_travels_in_parts),
        WITH(a_part_that_was_changed_or_comes_twice_is_refused),
        WITH(a_pc_that_asks_again_for_the_same_part_ends_the_run),
        WITH(a_wrong_code_is_found_out_by_the_approver_and_spends_the_run),
        WITH(any_changed_byte_of_message_3_is_refused_by_the_pc),
        WITH(a_second_first_message_does_not_get_a_second_guess),
        cmocka_unit_test(codes_are_forgiving_and_exact),
        cmocka_unit_test(the_word_list_is_distinct_and_fits),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
