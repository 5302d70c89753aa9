#include "codec/slots.h"

#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STRIDE_PX = 70 };

static const uint8_t KEY[CODEC_STORE_KEY_BYTES] = {1, 2, 3};

struct room {
    struct codec_store *store;
    struct codec_slots *slots;
    uint32_t px[64 * STRIDE_PX];
};

static struct codec_tile_view view_of(const struct room *r)
{
    return (struct codec_tile_view){r->px, STRIDE_PX, 64, 64};
}

/* A tile of its own for each number. */
static struct codec_tile_view draw(struct room *r, uint32_t number)
{
    for (uint32_t i = 0; i < 64 * STRIDE_PX; i++)
        r->px[i] = (i * 2654435761u ^ number * 40503u) & 0xffffff;
    return view_of(r);
}

static int32_t put(struct room *r, uint32_t number)
{
    const struct codec_tile_view view = draw(r, number);
    return codec_slots_put(r->slots, codec_slots_hash(r->slots, &view), &view);
}

static int32_t find(struct room *r, uint32_t number)
{
    const struct codec_tile_view view = draw(r, number);
    return codec_slots_find(r->slots, codec_slots_hash(r->slots, &view), &view);
}

static void room_init(struct room *r, size_t tiles, size_t count)
{
    *r = (struct room){.store = codec_store_create(KEY, tiles)};
    r->slots = codec_slots_create(r->store, count);
    codec_slots_begin(r->slots);
}

static void room_finish(struct room *r)
{
    codec_slots_destroy(r->slots);
    assert_int_equal(codec_store_count(r->store), 0);
    codec_store_destroy(r->store);
}

static void what_was_put_is_found_and_slots_come_in_order(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 100, 100);
    assert_true(codec_slots_empty(r.slots));
    for (int32_t i = 0; i < 50; i++)
        assert_int_equal(put(&r, (uint32_t)i), i);
    for (int32_t i = 0; i < 50; i++)
        assert_int_equal(find(&r, (uint32_t)i), i);
    assert_int_equal(find(&r, 50), -1);
    codec_slots_clear(r.slots);
    assert_int_equal(find(&r, 3), -1);
    assert_true(codec_slots_empty(r.slots));
    room_finish(&r);
}

static void a_hash_alone_is_not_believed(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 10, 10);
    struct codec_tile_view view = draw(&r, 1);
    const uint64_t hash = codec_slots_hash(r.slots, &view);
    assert_int_equal(codec_slots_put(r.slots, hash, &view), 0);
    for (uint32_t i = 0; i < 64 * STRIDE_PX; i += 997) {
        if (i % STRIDE_PX >= 64)
            continue;
        r.px[i] ^= 1;
        assert_int_equal(codec_slots_find(r.slots, hash, &view), -1);
        struct codec_stored *other = codec_store_ref(r.store, hash, &view);
        assert_non_null(other);
        assert_ptr_not_equal(other, codec_slots_at(r.slots, 0));
        codec_store_unref(r.store, other);
        r.px[i] ^= 0xff000001; /* top bytes do not count */
        assert_int_equal(codec_slots_find(r.slots, hash, &view), 0);
        assert_true(codec_slots_hash(r.slots, &view) == hash);
    }
    view.h = 63;
    assert_int_equal(codec_slots_find(r.slots, hash, &view), -1);
    room_finish(&r);
}

static void the_hash_depends_on_every_pixel_on_the_size_and_on_the_key(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 10, 10);
    const uint8_t other_key[CODEC_STORE_KEY_BYTES] = {1, 2, 4};
    struct codec_store *other = codec_store_create(other_key, 1);
    struct codec_tile_view view = draw(&r, 1);
    const uint64_t hash = codec_slots_hash(r.slots, &view);
    assert_false(codec_store_hash(other, &view) == hash);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++) {
            r.px[y * STRIDE_PX + x] ^= 0x800000;
            assert_false(codec_slots_hash(r.slots, &view) == hash);
            r.px[y * STRIDE_PX + x] ^= 0x800000;
        }
    memset(r.px, 0, sizeof r.px);
    const uint64_t black = codec_slots_hash(r.slots, &view);
    view.w = 56;
    assert_false(codec_slots_hash(r.slots, &view) == black);
    view.w = 64;
    view.h = 57;
    assert_false(codec_slots_hash(r.slots, &view) == black);
    codec_store_destroy(other);
    room_finish(&r);
}

static void what_was_found_again_outlives_a_flood(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 100, 100);
    for (uint32_t i = 0; i < 20; i++)
        assert_true(put(&r, i) >= 0);
    for (uint32_t i = 0; i < 20; i++)
        assert_true(find(&r, i) >= 0);
    for (uint32_t i = 0; i < 240; i++) {
        codec_slots_begin(r.slots);
        assert_true(put(&r, 1000 + i) >= 0);
    }
    for (uint32_t i = 0; i < 20; i++)
        assert_true(find(&r, i) >= 0);
    assert_int_equal(find(&r, 1000), -1);
    room_finish(&r);
}

static void what_this_message_uses_is_not_given_away(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 100, 8);
    for (uint32_t i = 0; i < 8; i++)
        assert_true(put(&r, i) >= 0);
    assert_int_equal(put(&r, 100), -1);
    codec_slots_begin(r.slots);
    const int32_t kept = find(&r, 3);
    for (uint32_t i = 0; i < 7; i++) {
        const int32_t slot = put(&r, 200 + i);
        assert_true(slot >= 0 && slot != kept);
    }
    assert_int_equal(put(&r, 300), -1);
    assert_int_equal(find(&r, 3), kept);
    room_finish(&r);
}

static void viewers_share_copies_within_one_bound(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 10, 100);
    struct codec_slots *second = codec_slots_create(r.store, 100);
    codec_slots_begin(second);
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(put(&r, i) >= 0);
        const struct codec_tile_view view = draw(&r, i);
        assert_true(codec_slots_put(second, codec_slots_hash(second, &view), &view) >= 0);
    }
    assert_int_equal(codec_store_count(r.store), 10);
    codec_slots_begin(r.slots);
    codec_slots_begin(second);
    /* Full: tiles are given up, one with each try, until there is room again. */
    int32_t slot = -1;
    for (int i = 0; i < 30 && slot < 0; i++) {
        slot = put(&r, 500);
        const struct codec_tile_view view = draw(&r, 600);
        if (slot < 0)
            slot = codec_slots_put(second, codec_slots_hash(second, &view), &view);
        assert_true(codec_store_count(r.store) <= 10);
    }
    assert_true(slot >= 0);
    codec_slots_destroy(second);
    room_finish(&r);
}

static void a_serial_tells_a_new_tile_in_an_old_slot(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 4, 1);
    assert_int_equal(codec_slots_serial(r.slots, 0), 0);
    assert_int_equal(put(&r, 1), 0);
    const uint32_t serial = codec_slots_serial(r.slots, 0);
    assert_int_not_equal(serial, 0);
    codec_slots_begin(r.slots);
    assert_int_equal(put(&r, 2), 0);
    assert_int_not_equal(codec_slots_serial(r.slots, 0), serial);
    room_finish(&r);
}

static void the_second_sight_is_told_from_the_first(void **state)
{
    (void)state;
    struct room r;
    room_init(&r, 4, 4);
    assert_false(codec_slots_seen(r.slots, 0x123456789abcdef0));
    assert_true(codec_slots_seen(r.slots, 0x123456789abcdef0));
    assert_false(codec_slots_seen(r.slots, 0x2234567a9abcdef0));
    room_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_and_slots_come_in_order),
        cmocka_unit_test(a_hash_alone_is_not_believed),
        cmocka_unit_test(the_hash_depends_on_every_pixel_on_the_size_and_on_the_key),
        cmocka_unit_test(what_was_found_again_outlives_a_flood),
        cmocka_unit_test(what_this_message_uses_is_not_given_away),
        cmocka_unit_test(viewers_share_copies_within_one_bound),
        cmocka_unit_test(a_serial_tells_a_new_tile_in_an_old_slot),
        cmocka_unit_test(the_second_sight_is_told_from_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
