#include "codec/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SYMBOLS = 20000, CAP_BYTES = 1 << 17 };

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* The same calls in both directions: mixed bits of all skews, raw values and trees. */
static bool run(struct codec_range *r, const bool enc, uint32_t seed, int symbols)
{
    struct codec_prob bits[16], tree[64];
    codec_prob_init(bits, 16);
    codec_prob_init(tree, 64);
    bool same = true;
    for (int i = 0; i < symbols; i++) {
        const uint32_t kind = next(&seed) % 8, value = next(&seed);
        if (kind == 0) {
            const uint32_t n = value % 16 + 1, v = value >> 4 & ((1u << n) - 1);
            same = same && codec_range_raw(r, enc, n, v) == v;
        } else if (kind == 1) {
            same = same && codec_range_tree(r, enc, tree, 6, value & 63) == (value & 63);
        } else {
            const uint32_t skew = value % 16, bit = (value >> 8) % 1000 < skew * 4;
            same = same && codec_range_bit(r, enc, &bits[skew], bit) == bit;
        }
    }
    return same;
}

static size_t write_symbols(uint8_t *out, uint32_t seed, int symbols)
{
    struct codec_range r;
    codec_range_write_start(&r, out, CAP_BYTES);
    (void)run(&r, true, seed, symbols);
    const size_t n = codec_range_write_end(&r);
    assert_false(r.full);
    return n;
}

static bool read_symbols(const uint8_t *in, size_t len, uint32_t seed, int symbols)
{
    struct codec_range r;
    codec_range_read_start(&r, in, len);
    return run(&r, false, seed, symbols) && codec_range_read_ok(&r);
}

static void symbols_of_every_kind_come_back(void **state)
{
    (void)state;
    uint8_t *buffer = malloc(CAP_BYTES);
    assert_non_null(buffer);
    for (uint32_t seed = 0; seed < 300; seed++) {
        const int symbols = seed < 250 ? (int)seed : SYMBOLS;
        const size_t n = write_symbols(buffer, seed, symbols);
        /* An exact copy, so that a read past the end is seen by the sanitizer. */
        uint8_t *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, buffer, n);
        copy = realloc(copy, n ? n : 1);
        assert_true(read_symbols(copy, n, seed, symbols));
        free(copy);
    }
    free(buffer);
}

static void a_cut_stream_is_noticed(void **state)
{
    (void)state;
    uint8_t *buffer = malloc(CAP_BYTES);
    assert_non_null(buffer);
    const size_t n = write_symbols(buffer, 5, SYMBOLS);
    assert_true(n > 100);
    assert_false(read_symbols(buffer, n - 9, 5, SYMBOLS));
    assert_false(read_symbols(buffer, 10, 5, SYMBOLS));
    assert_false(read_symbols(buffer, 0, 5, SYMBOLS));
    free(buffer);
}

static void a_byte_left_over_is_noticed(void **state)
{
    (void)state;
    uint8_t *buffer = calloc(1, CAP_BYTES);
    assert_non_null(buffer);
    const size_t n = write_symbols(buffer, 5, SYMBOLS);
    memset(buffer + n, 0, 16);
    assert_false(read_symbols(buffer, n + 9, 5, SYMBOLS));
    free(buffer);
}

static void a_full_buffer_is_told_and_not_overrun(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 40; cap++) {
        uint8_t *small = malloc(cap + 1);
        assert_non_null(small);
        small[cap] = 0xa5;
        struct codec_range r;
        codec_range_write_start(&r, small, cap);
        (void)run(&r, true, 5, SYMBOLS);
        assert_int_equal(codec_range_write_end(&r), 0);
        assert_true(r.full);
        assert_int_equal(small[cap], 0xa5);
        free(small);
    }
}

static void hostile_bytes_never_read_past_the_end(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 300; i++) {
        const size_t n = next(&seed) % 64;
        uint8_t *bytes = malloc(n + 1);
        assert_non_null(bytes);
        bytes = realloc(bytes, n ? n : 1);
        for (size_t k = 0; k < n; k++)
            bytes[k] = i % 2 ? 0xff : (uint8_t)next(&seed);
        (void)read_symbols(bytes, n, 9, 500);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_of_every_kind_come_back),
        cmocka_unit_test(a_cut_stream_is_noticed),
        cmocka_unit_test(a_byte_left_over_is_noticed),
        cmocka_unit_test(a_full_buffer_is_told_and_not_overrun),
        cmocka_unit_test(hostile_bytes_never_read_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
