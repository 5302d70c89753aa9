/* An account's secrets, and the vectors that other implementations are tested against:
 * tests/data/identity-vectors.json. HEARTH_WRITE_VECTORS=1 writes the file anew. */
#include "channel/core/bytes.h"
#include "tests/unit/channel/identity_fixture.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vectors_path[] = "tests/data/identity-vectors.json";

static json_t *hex(const uint8_t *data, size_t len)
{
    char text[2 * 1024 + 1];
    assert_true(len <= 1024);
    return json_string(sodium_bin2hex(text, sizeof text, data, len));
}

static struct channel_kdf test_kdf(void)
{
    struct channel_kdf kdf = {.mem_kib = CHANNEL_KDF_MEM_KIB_MIN, .passes = CHANNEL_KDF_PASSES_MIN};
    for (uint8_t i = 0; i < sizeof kdf.salt; i++)
        kdf.salt[i] = i;
    return kdf;
}

static json_t *password_vector(const char *password)
{
    struct channel_kdf kdf = test_kdf();
    uint8_t auth[32], wrap[32];
    assert_int_equal(channel_password_keys(auth, wrap, password, &kdf), 0);
    return json_pack("{s:s, s:o, s:i, s:i, s:o, s:o}", "password", password, "salt",
        hex(kdf.salt, sizeof kdf.salt), "mem_kib", (int)kdf.mem_kib, "passes", (int)kdf.passes, "auth_key",
        hex(auth, 32), "wrap_key", hex(wrap, 32));
}

static json_t *recovery_vector(void)
{
    uint8_t key[CHANNEL_RECOVERY_LEN], auth[32], wrap[32];
    char text[CHANNEL_RECOVERY_TEXT];
    for (uint8_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 13 + 5);
    channel_recovery_format(text, key);
    channel_recovery_keys(auth, wrap, key);
    return json_pack("{s:o, s:s, s:o, s:o}", "key", hex(key, sizeof key), "text", text, "recovery_auth",
        hex(auth, 32), "wrap_key", hex(wrap, 32));
}

static json_t *keys_json(const struct channel_keys *keys)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "ed25519_seed", hex(keys->sign_seed, 32), "ed25519_public",
        hex(keys->sign_public, 32), "x25519_secret", hex(keys->dh_secret, 32), "x25519_public",
        hex(keys->dh_public, 32));
}

static json_t *root_vector(void)
{
    struct channel_keys root;
    uint8_t account[16], wrap_key[32], nonce[24], wrapped[CHANNEL_WRAPPED_LEN];
    fixture_keys(&root, 1);
    memset(wrap_key, 0x77, sizeof wrap_key);
    memset(nonce, 0x24, sizeof nonce);
    channel_account_id(account, root.sign_public, root.dh_public);
    channel_root_wrap(wrapped, wrap_key, &root, nonce);
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "keys", keys_json(&root), "account_id", hex(account, 16),
        "wrap_key", hex(wrap_key, 32), "nonce", hex(nonce, 24), "wrapped_root", hex(wrapped, sizeof wrapped));
}

static json_t *words_vector(void)
{
    struct channel_keys keys;
    uint8_t id[16], salt[16], seed[32];
    char words[CHANNEL_WORDS][CHANNEL_WORD_MAX + 1];
    fixture_keys(&keys, 11);
    fixture_id(id, &keys);
    channel_words_salt(salt, "ABCD1234");
    assert_int_equal(channel_words_seed(seed, keys.sign_public, keys.dh_public, "ABCD1234"), 0);
    channel_words_from_seed(words, seed);
    return json_pack("{s:o, s:o, s:s, s:o, s:o, s:[s, s, s, s]}", "device", keys_json(&keys), "device_id",
        hex(id, 16), "code", "ABCD1234", "salt", hex(salt, 16), "seed", hex(seed, 32), "words", words[0],
        words[1], words[2], words[3]);
}

static void add_entry(json_t *entries, const char *what, const struct fixture_entry *entry)
{
    json_array_append_new(
        entries, json_pack("{s:s, s:o}", "what", what, "entry", hex(entry->bytes, entry->len)));
}

/* GENESIS, ADD by the root, ADD by that device, RENAME, REVOKE. */
static json_t *log_vector(void)
{
    struct channel_log *log = channel_log_create();
    struct channel_keys root, admin, pc;
    struct channel_device device;
    struct fixture_entry entry;
    uint8_t admin_id[16], pc_id[16], head[64], hash[32];
    json_t *entries = json_array();
    fixture_keys(&root, 1);
    fixture_keys(&admin, 11);
    fixture_keys(&pc, 21);
    fixture_id(admin_id, &admin);
    fixture_id(pc_id, &pc);
    entry = fixture_genesis(log, &root);
    add_entry(entries, "GENESIS", &entry);
    fixture_device(&device, &admin, "Firefox on laptop", CHANNEL_RIGHTS_ALL);
    device.role = CHANNEL_ROLE_BROWSER;
    entry = fixture_add(log, &root, NULL, &device);
    add_entry(entries, "ADD by the root", &entry);
    fixture_device(&device, &pc, "Bureau à la maison", CHANNEL_RIGHT_VIEW | CHANNEL_RIGHT_FILES_READ);
    device.not_after_ms = 2000000000000;
    entry = fixture_add(log, &root, &admin, &device);
    add_entry(entries, "ADD by a device", &entry);
    int n = channel_log_make_rename(log, entry.bytes, sizeof entry.bytes, pc_id, 1000010, pc_id, "Den");
    fixture_sign(&entry, n, &pc);
    assert_int_equal(channel_log_append(log, entry.bytes, entry.len), 0);
    add_entry(entries, "RENAME by the device itself", &entry);
    n = channel_log_make_revoke(log, entry.bytes, sizeof entry.bytes, admin_id, 1000011, pc_id);
    fixture_sign(&entry, n, &admin);
    assert_int_equal(channel_log_append(log, entry.bytes, entry.len), 0);
    add_entry(entries, "REVOKE", &entry);
    int head_len = channel_log_head_write(log, head, sizeof head);
    assert_true(channel_log_head(log, hash));
    json_t *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "admin", keys_json(&admin), "pc",
        keys_json(&pc), "pc_id", hex(pc_id, 16), "entries", entries, "head_hash", hex(hash, 32),
        "handshake_payload", hex(head, (size_t)head_len));
    channel_log_destroy(log);
    return out;
}

static void the_published_vectors_are_what_this_program_makes(void **state)
{
    (void)state;
    json_t *made = json_pack("{s:s, s:[o, o], s:o, s:o, s:o, s:o}", "about",
        "Made by tests/unit/channel/account_test.c; bytes as hex. docs/wire.md sections 2, 3 and 9.",
        "passwords", password_vector("correct horse battery staple"),
        password_vector("e\xcc\x81t\xc3\xa9 \xe2\x84\xab"), "recovery", recovery_vector(), "root",
        root_vector(), "words", words_vector(), "log", log_vector());
    assert_non_null(made);
    if (getenv("HEARTH_WRITE_VECTORS"))
        assert_int_equal(json_dump_file(made, vectors_path, JSON_INDENT(1) | JSON_PRESERVE_ORDER), 0);
    json_t *kept = json_load_file(vectors_path, 0, NULL);
    assert_non_null(kept);
    assert_true(json_equal(made, kept));
    json_decref(kept);
    json_decref(made);
}

static void weak_and_exhausting_parameters_are_refused(void **state)
{
    (void)state;
    uint8_t auth[32], wrap[32];
    const uint32_t bad[][2] = {{CHANNEL_KDF_MEM_KIB_MIN - 1, 3}, {CHANNEL_KDF_MEM_KIB_MIN, 2},
        {CHANNEL_KDF_MEM_KIB_MAX + 1, 3}, {CHANNEL_KDF_MEM_KIB_MIN, 17}, {0, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct channel_kdf kdf = test_kdf();
        kdf.mem_kib = bad[i][0];
        kdf.passes = bad[i][1];
        assert_int_equal(channel_password_keys(auth, wrap, "x", &kdf), CHANNEL_ACCOUNT_ERR_WEAK);
    }
}

static void composed_and_decomposed_passwords_are_one_and_broken_text_is_refused(void **state)
{
    (void)state;
    struct channel_kdf kdf = test_kdf();
    uint8_t auth[2][32], wrap[32];
    assert_int_equal(channel_password_keys(auth[0], wrap, "caf\xc3\xa9", &kdf), 0);
    assert_int_equal(channel_password_keys(auth[1], wrap, "cafe\xcc\x81", &kdf), 0);
    assert_memory_equal(auth[0], auth[1], 32);
    assert_int_equal(channel_password_keys(auth[0], wrap, "caf\xe9", &kdf), CHANNEL_ACCOUNT_ERR_FORMAT);
    assert_int_equal(channel_password_keys(auth[0], wrap, "", &kdf), CHANNEL_ACCOUNT_ERR_FORMAT);
}

static void a_wrapped_root_opens_with_its_key_and_account_only(void **state)
{
    (void)state;
    struct channel_keys root, out;
    uint8_t account[16], key[32] = {1}, wrong[32] = {2}, wrapped[CHANNEL_WRAPPED_LEN];
    channel_keys_make(&root);
    channel_account_id(account, root.sign_public, root.dh_public);
    channel_root_wrap(wrapped, key, &root, NULL);
    assert_int_equal(channel_root_unwrap(&out, wrapped, sizeof wrapped, key, account), 0);
    assert_memory_equal(&out, &root, sizeof out);
    assert_int_equal(
        channel_root_unwrap(&out, wrapped, sizeof wrapped, wrong, account), CHANNEL_ACCOUNT_ERR_KEY);
    account[3] ^= 1;
    assert_int_equal(
        channel_root_unwrap(&out, wrapped, sizeof wrapped, key, account), CHANNEL_ACCOUNT_ERR_KEY);
    assert_int_equal(
        channel_root_unwrap(&out, wrapped, sizeof wrapped - 1, key, account), CHANNEL_ACCOUNT_ERR_FORMAT);
}

static void a_recovery_key_survives_paper(void **state)
{
    (void)state;
    uint8_t key[CHANNEL_RECOVERY_LEN], back[CHANNEL_RECOVERY_LEN];
    char text[CHANNEL_RECOVERY_TEXT], typed[CHANNEL_RECOVERY_TEXT];
    for (int i = 0; i < 50; i++) {
        channel_recovery_make(key);
        channel_recovery_format(text, key);
        assert_int_equal(strlen(text), CHANNEL_RECOVERY_TEXT - 1);
        for (size_t j = 0; j <= strlen(text); j++) {
            char c = text[j];
            typed[j] = c == '0'               ? 'o'
                       : c == '1'             ? 'l'
                       : c == '-'             ? ' '
                       : c >= 'A' && c <= 'Z' ? (char)(c + 32)
                                              : c;
        }
        assert_int_equal(channel_recovery_parse(back, typed), 0);
        assert_memory_equal(back, key, sizeof key);
    }
    text[0] = 'U';
    assert_int_equal(channel_recovery_parse(back, text), CHANNEL_ACCOUNT_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_are_what_this_program_makes),
        cmocka_unit_test(weak_and_exhausting_parameters_are_refused),
        cmocka_unit_test(composed_and_decomposed_passwords_are_one_and_broken_text_is_refused),
        cmocka_unit_test(a_wrapped_root_opens_with_its_key_and_account_only),
        cmocka_unit_test(a_recovery_key_survives_paper),
    };
    if (channel_crypto_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
