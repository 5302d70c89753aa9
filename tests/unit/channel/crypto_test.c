/* The crypto port against published vectors, and its two AEADs against each other. */
#include "channel/core/crypto.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <sodium.h>
#include <string.h>

static void hex(uint8_t *out, size_t len, const char *text)
{
    size_t n = 0;
    assert_int_equal(sodium_hex2bin(out, len, text, strlen(text), NULL, &n, NULL), 0);
    assert_int_equal(n, len);
}

/* RFC 5869, test cases 1 and 3. */
static void hkdf_gives_the_bytes_of_rfc_5869(void **state)
{
    (void)state;
    uint8_t ikm[22], salt[13], info[10], out[42], expected[42];
    memset(ikm, 0x0b, sizeof ikm);
    hex(salt, sizeof salt, "000102030405060708090a0b0c");
    hex(info, sizeof info, "f0f1f2f3f4f5f6f7f8f9");
    channel_crypto_hkdf(out, sizeof out, salt, sizeof salt, ikm, sizeof ikm, info, sizeof info);
    hex(expected, sizeof expected,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    assert_memory_equal(out, expected, sizeof out);
    channel_crypto_hkdf(out, sizeof out, NULL, 0, ikm, sizeof ikm, NULL, 0);
    hex(expected, sizeof expected,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
    assert_memory_equal(out, expected, sizeof out);
}

/* RFC 7748 section 6.1. */
static void x25519_gives_the_bytes_of_rfc_7748_and_refuses_small_orders(void **state)
{
    (void)state;
    uint8_t a[32], b_public[32], shared[32], expected[32];
    hex(a, 32, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    hex(b_public, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    hex(expected, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assert_int_equal(channel_crypto_x25519(shared, a, b_public), 0);
    assert_memory_equal(shared, expected, 32);
    memset(b_public, 0, 32);
    assert_int_equal(channel_crypto_x25519(shared, a, b_public), -1);
    b_public[0] = 1;
    assert_int_equal(channel_crypto_x25519(shared, a, b_public), -1);
}

static void seal(uint8_t *out, const uint8_t *key, uint64_t counter, const uint8_t *in, size_t len)
{
    uint8_t nonce[12] = {0};
    for (int i = 0; i < 8; i++)
        nonce[4 + i] = (uint8_t)(counter >> (8 * i));
    assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt(
                         out, NULL, in, len, in, len < 10 ? len : 10, NULL, nonce, key),
        0);
}

static void both_libraries_seal_the_same_bytes_and_open_each_other_s(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 1023, 1024, 1025, 4096, 16384};
    static uint8_t in[16384], a[16400], b[16400], out[16384];
    uint8_t key[32] = {7};
    channel_crypto_random(in, sizeof in);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t len = sizes[i], ad_len = len < 10 ? len : 10;
        uint64_t counter = 0x0102030405060708u + i;
        seal(a, key, counter, in, len);
        channel_crypto_seal(b, key, counter, in, ad_len, in, len);
        assert_memory_equal(a, b, len + CHANNEL_TAG_LEN);
        assert_int_equal(channel_crypto_open(out, key, counter, in, ad_len, a, len + CHANNEL_TAG_LEN), 0);
        assert_memory_equal(out, in, len);
        assert_int_equal(
            channel_crypto_open(out, key, counter + 1, in, ad_len, a, len + CHANNEL_TAG_LEN), -1);
        a[len] ^= 1;
        memset(out, 1, sizeof out);
        assert_int_equal(channel_crypto_open(out, key, counter, in, ad_len, a, len + CHANNEL_TAG_LEN), -1);
        for (size_t j = 0; j < len; j++)
            assert_int_equal(out[j], 0); /* nothing of a forgery is handed on */
        assert_int_equal(channel_crypto_open(out, key, counter, in, ad_len, a, CHANNEL_TAG_LEN - 1), -1);
    }
}

static void hashes_of_any_length_agree(void **state)
{
    (void)state;
    static uint8_t in[5000];
    uint8_t a[32], b[32];
    for (size_t len = 0; len < sizeof in; len += 509) {
        crypto_hash_sha256(a, in, len);
        channel_crypto_sha256(b, in, len);
        assert_memory_equal(a, b, 32);
    }
}

/* RFC 8032 section 7.1, test 2, and what a lax verifier would take. */
static void signatures_are_checked_strictly(void **state)
{
    (void)state;
    uint8_t key[32], signature[64], message[1] = {0x72};
    hex(key, 32, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    hex(signature, 64,
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b"
        "2eaeb4302a"
        "eeb00d291612bb0c00");
    assert_true(channel_crypto_verify(signature, key, message, 1));
    message[0] ^= 1;
    assert_false(channel_crypto_verify(signature, key, message, 1));
    /* key and R of order one, S zero: "signs" everything where small orders are let through */
    memset(key, 0, sizeof key);
    memset(signature, 0, sizeof signature);
    key[0] = signature[0] = 1;
    assert_false(channel_crypto_verify(signature, key, message, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hkdf_gives_the_bytes_of_rfc_5869),
        cmocka_unit_test(x25519_gives_the_bytes_of_rfc_7748_and_refuses_small_orders),
        cmocka_unit_test(both_libraries_seal_the_same_bytes_and_open_each_other_s),
        cmocka_unit_test(hashes_of_any_length_agree),
        cmocka_unit_test(signatures_are_checked_strictly),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
