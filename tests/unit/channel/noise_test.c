/* The published vectors of Noise_IK_25519_ChaChaPoly_SHA256, byte for byte. */
#include "channel/core/noise.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <jansson.h>
#include <sodium.h>
#include <string.h>

enum { FIELD_MAX = 512 };

struct bytes {
    uint8_t data[FIELD_MAX];
    size_t len;
};

static struct bytes field(const json_t *object, const char *name)
{
    struct bytes out = {.len = 0};
    const char *hex = json_string_value(json_object_get(object, name));
    assert_non_null(hex);
    assert_int_equal(sodium_hex2bin(out.data, sizeof out.data, hex, strlen(hex), NULL, &out.len, NULL), 0);
    return out;
}

static void give(struct channel_noise *noise, const struct bytes *secret)
{
    uint8_t shared[32];
    while (noise->step == CHANNEL_NOISE_WANT_DH) {
        assert_int_equal(channel_crypto_x25519(shared, secret->data, noise->point), 0);
        assert_int_equal(channel_noise_give(noise, shared), 0);
    }
}

struct sides {
    struct channel_noise a, b;
    struct bytes a_static, b_static;
};

static void set_up(
    struct sides *sides, const json_t *vector, const struct bytes *first, const struct bytes *second)
{
    struct bytes prologue_a = field(vector, "init_prologue"), prologue_b = field(vector, "resp_prologue");
    struct bytes remote = field(vector, "init_remote_static");
    uint8_t public_a[32], public_b[32];
    sides->a_static = field(vector, "init_static");
    sides->b_static = field(vector, "resp_static");
    channel_crypto_x25519_public(public_a, sides->a_static.data);
    channel_crypto_x25519_public(public_b, sides->b_static.data);
    assert_memory_equal(public_b, remote.data, 32);
    channel_noise_init(&sides->a, CHANNEL_INITIATOR, prologue_a.data, prologue_a.len, public_a, public_b,
        first->data, first->len);
    channel_noise_init(&sides->b, CHANNEL_RESPONDER, prologue_b.data, prologue_b.len, public_b, NULL,
        second->data, second->len);
}

static void check_transport(const json_t *messages, const struct channel_noise *noise)
{
    uint64_t counter[2] = {0, 0};
    for (size_t i = 2; i < json_array_size(messages); i++) {
        struct bytes payload = field(json_array_get(messages, i), "payload");
        struct bytes expected = field(json_array_get(messages, i), "ciphertext");
        uint8_t out[FIELD_MAX + CHANNEL_TAG_LEN];
        size_t who = i & 1;
        const uint8_t *key = who == 0 ? noise->key_initiator : noise->key_responder;
        channel_crypto_seal(out, key, counter[who]++, NULL, 0, payload.data, payload.len);
        assert_int_equal(expected.len, payload.len + CHANNEL_TAG_LEN);
        assert_memory_equal(out, expected.data, expected.len);
    }
}

static void check_vector(const json_t *vector)
{
    const json_t *messages = json_object_get(vector, "messages");
    struct bytes payload_1 = field(json_array_get(messages, 0), "payload");
    struct bytes payload_2 = field(json_array_get(messages, 1), "payload");
    struct bytes message_1 = field(json_array_get(messages, 0), "ciphertext");
    struct bytes message_2 = field(json_array_get(messages, 1), "ciphertext");
    struct bytes ephemeral_a = field(vector, "init_ephemeral"), ephemeral_b = field(vector, "resp_ephemeral");
    struct bytes hash = field(vector, "handshake_hash");
    struct sides sides;
    set_up(&sides, vector, &payload_1, &payload_2);

    assert_int_equal(channel_noise_start(&sides.a, ephemeral_a.data), 0);
    give(&sides.a, &sides.a_static);
    assert_int_equal(sides.a.step, CHANNEL_NOISE_SENT);
    assert_int_equal(sides.a.message_len, message_1.len);
    assert_memory_equal(sides.a.message, message_1.data, message_1.len);

    assert_int_equal(channel_noise_read(&sides.b, message_1.data, message_1.len), 0);
    give(&sides.b, &sides.b_static);
    assert_int_equal(sides.b.step, CHANNEL_NOISE_VERDICT);
    assert_int_equal(sides.b.payload_len, payload_1.len);
    assert_memory_equal(sides.b.payload, payload_1.data, payload_1.len);
    assert_memory_equal(sides.b.peer_public, sides.a.local_public, 32);

    assert_int_equal(channel_noise_answer(&sides.b, ephemeral_b.data), 0);
    assert_int_equal(sides.b.message_len, message_2.len);
    assert_memory_equal(sides.b.message, message_2.data, message_2.len);
    assert_int_equal(channel_noise_read(&sides.a, message_2.data, message_2.len), 0);
    give(&sides.a, &sides.a_static);
    assert_int_equal(sides.a.step, CHANNEL_NOISE_DONE);
    assert_memory_equal(sides.a.payload, payload_2.data, payload_2.len);

    assert_memory_equal(sides.a.h, hash.data, 32);
    assert_memory_equal(sides.b.h, hash.data, 32);
    check_transport(messages, &sides.a);
    check_transport(messages, &sides.b);
}

static void the_published_vectors_pass_byte_for_byte(void **state)
{
    (void)state;
    json_error_t error;
    json_t *root = json_load_file("tests/data/noise/cacophony.json", 0, &error);
    assert_non_null(root);
    const json_t *vectors = json_object_get(root, "vectors");
    int seen = 0;
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        if (strcmp(json_string_value(json_object_get(vector, "protocol_name")),
                "Noise_IK_25519_ChaChaPoly_SHA256") != 0)
            continue;
        check_vector(vector);
        seen++;
    }
    assert_true(seen >= 1);
    json_decref(root);
}

/* A handshake of our own between fresh keys, up to message 1 in noise_b's hands. */
static void exchange_first(struct sides *sides, uint8_t flip_at)
{
    uint8_t public_a[32], public_b[32], ephemeral[32];
    channel_crypto_random(sides->a_static.data, 32);
    channel_crypto_random(sides->b_static.data, 32);
    channel_crypto_random(ephemeral, 32);
    channel_crypto_x25519_public(public_a, sides->a_static.data);
    channel_crypto_x25519_public(public_b, sides->b_static.data);
    channel_noise_init(
        &sides->a, CHANNEL_INITIATOR, (const uint8_t *)"p", 1, public_a, public_b, (const uint8_t *)"one", 3);
    channel_noise_init(
        &sides->b, CHANNEL_RESPONDER, (const uint8_t *)"p", 1, public_b, NULL, (const uint8_t *)"two", 3);
    assert_int_equal(channel_noise_start(&sides->a, ephemeral), 0);
    give(&sides->a, &sides->a_static);
    if (flip_at < sides->a.message_len)
        sides->a.message[flip_at] ^= 1;
    assert_int_equal(channel_noise_read(&sides->b, sides->a.message, sides->a.message_len), 0);
}

static void any_changed_byte_of_message_1_is_refused(void **state)
{
    (void)state;
    for (uint8_t at = 0; at < CHANNEL_NOISE_1_FIXED + 3; at++) {
        struct sides sides;
        uint8_t shared[32];
        exchange_first(&sides, at);
        int err = 0;
        while (err == 0 && sides.b.step == CHANNEL_NOISE_WANT_DH) {
            if (channel_crypto_x25519(shared, sides.b_static.data, sides.b.point) < 0)
                memset(shared, 0, sizeof shared);
            err = channel_noise_give(&sides.b, shared);
        }
        assert_int_equal(err, CHANNEL_ERR_AUTH);
        assert_int_equal(sides.b.step, CHANNEL_NOISE_FAILED);
    }
}

static void an_all_zero_result_is_refused(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct sides sides;
    exchange_first(&sides, 255);
    assert_int_equal(channel_noise_give(&sides.b, zeros), CHANNEL_ERR_AUTH);
}

static void a_message_out_of_turn_or_too_short_is_refused(void **state)
{
    (void)state;
    struct sides sides;
    uint8_t ephemeral[32] = {1};
    exchange_first(&sides, 255);
    assert_int_equal(channel_noise_read(&sides.b, sides.a.message, sides.a.message_len), CHANNEL_ERR_STATE);
    assert_int_equal(channel_noise_answer(&sides.b, ephemeral), CHANNEL_ERR_STATE);
    assert_int_equal(channel_noise_start(&sides.b, ephemeral), CHANNEL_ERR_STATE);
    assert_int_equal(
        channel_noise_read(&sides.a, sides.a.message, CHANNEL_NOISE_2_FIXED - 1), CHANNEL_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_pass_byte_for_byte),
        cmocka_unit_test(any_changed_byte_of_message_1_is_refused),
        cmocka_unit_test(an_all_zero_result_is_refused),
        cmocka_unit_test(a_message_out_of_turn_or_too_short_is_refused),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
