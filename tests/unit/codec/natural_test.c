/* Natural tiles: what is written is read, and nothing else is taken. */
#include "codec/tile.h"
#include "tests/unit/codec/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 150, H = 100, CAP_BYTES = 400 << 10, TILES = 6 };

struct pair {
    struct codec_screen from, to;
    struct codec_tile_models *write, *read;
    struct codec_patch patch;
    struct codec_tile_scratch *scratch;
    uint32_t *src;
    uint8_t *bytes;
    struct codec_tile_out out;
    struct codec_tile_in in;
};

static int make(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_int_equal(codec_screen_init(&p->from, W, H), 0);
    assert_int_equal(codec_screen_init(&p->to, W, H), 0);
    p->write = malloc(sizeof *p->write);
    p->read = malloc(sizeof *p->read);
    p->scratch = malloc(sizeof *p->scratch);
    p->src = calloc(CODEC_TILE_PX * CODEC_PATCH_STRIDE, sizeof *p->src);
    p->bytes = malloc(CAP_BYTES);
    assert_true(p->write && p->read && p->scratch && p->src && p->bytes);
    codec_tile_scratch_init(p->scratch);
    codec_tile_models_reset(p->write);
    codec_tile_models_reset(p->read);
    codec_tile_out_start(&p->out, p->bytes, CAP_BYTES, p->scratch);
    *state = p;
    return 0;
}

static int drop(void **state)
{
    struct pair *p = *state;
    codec_screen_finish(&p->from);
    codec_screen_finish(&p->to);
    free(p->write);
    free(p->read);
    free(p->scratch);
    free(p->src);
    free(p->bytes);
    free(p);
    return 0;
}

/* One tile of the scene, or of its part that cells and bounds leave. */
static void put(struct pair *p, const struct scene *s, int32_t tile, uint16_t cells, struct codec_rect bounds,
    enum codec_tile_class class)
{
    p->patch.tile_x = tile % 3;
    p->patch.tile_y = tile / 3;
    const int32_t w = codec_screen_tile_w(&p->from, p->patch.tile_x);
    const int32_t h = codec_screen_tile_h(&p->from, p->patch.tile_y);
    p->patch.cells = cells & codec_screen_tile_cells(&p->from, p->patch.tile_x, p->patch.tile_y);
    p->patch.x0 = bounds.x;
    p->patch.y0 = bounds.y;
    p->patch.x1 = bounds.x + bounds.w < w ? bounds.x + bounds.w : w;
    p->patch.y1 = bounds.y + bounds.h < h ? bounds.y + bounds.h : h;
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            p->src[y * CODEC_PATCH_STRIDE + x] =
                s->px[(p->patch.tile_y * CODEC_TILE_PX + y) * W + p->patch.tile_x * CODEC_TILE_PX + x];
    codec_patch_load(&p->patch, &p->from);
    codec_tile_write(&p->out, p->write, &p->from, &p->patch, class, p->src);
    (void)codec_patch_store(&p->patch, &p->from);
}

static int get(struct pair *p, int32_t tile)
{
    p->patch.tile_x = tile % 3;
    p->patch.tile_y = tile / 3;
    const int err = codec_tile_read(&p->in, p->read, &p->to, &p->patch);
    if (err == 0)
        (void)codec_patch_store(&p->patch, &p->to);
    return err;
}

static void draw(struct scene *s, int kind)
{
    const struct codec_rect all = {0, 0, W, H};
    if (kind == 0)
        scene_photo(s, all, 0);
    else if (kind == 1)
        scene_noise(s, all);
    else if (kind == 2)
        scene_fill(s, all, 0x123456);
    else /* the largest steps there are */
        for (int32_t i = 0; i < W * H; i++)
            s->px[i] = (i ^ i / W) & 1 ? 0xffffff : 0;
}

static const struct codec_rect WHOLE = {0, 0, CODEC_TILE_PX, CODEC_TILE_PX};

static size_t write_all(struct pair *p, int kind)
{
    struct scene s;
    scene_init(&s, W, H, 7);
    draw(&s, kind);
    for (int32_t t = 0; t < TILES; t++)
        put(p, &s, t, 0xffff, WHOLE, CODEC_TILE_NATURAL);
    scene_finish(&s);
    const size_t n = codec_tile_out_end(&p->out);
    assert_false(p->out.range.full);
    return n;
}

static bool same(const struct pair *p)
{
    for (int32_t y = 0; y < H; y++)
        if (memcmp(codec_screen_at(&p->from, 0, y), codec_screen_at(&p->to, 0, y), W * sizeof(uint32_t)) != 0)
            return false;
    return true;
}

static void every_kind_of_picture_comes_back(void **state)
{
    for (int kind = 0; kind < 4; kind++) {
        (void)drop(state);
        (void)make(state);
        struct pair *p = *state;
        const size_t n = write_all(p, kind);
        assert_int_equal(codec_tile_in_start(&p->in, p->bytes, n), 0);
        for (int32_t t = 0; t < TILES; t++)
            assert_int_equal(get(p, t), 0);
        assert_true(codec_tile_in_ok(&p->in));
        assert_true(same(p));
    }
}

static void parts_of_tiles_and_both_coders_share_a_message(void **state)
{
    struct pair *p = *state;
    struct scene s;
    scene_init(&s, W, H, 9);
    for (int round = 0; round < 40; round++) {
        const uint32_t r = scene_random(&s);
        draw(&s, (int)(r % 4));
        const struct codec_rect bounds = {(int32_t)(r >> 2 & 15), (int32_t)(r >> 6 & 15),
            (int32_t)(r >> 10 & 31) + 1, (int32_t)(r >> 15 & 31) + 1};
        codec_tile_out_start(&p->out, p->bytes, CAP_BYTES, p->scratch);
        for (int32_t t = 0; t < 2; t++)
            put(p, &s, t, (uint16_t)(scene_random(&s) | 1u), bounds,
                (scene_random(&s) & 3) != 0 ? CODEC_TILE_NATURAL : CODEC_TILE_TEXT);
        const size_t n = codec_tile_out_end(&p->out);
        assert_int_equal(codec_tile_in_start(&p->in, p->bytes, n), 0);
        for (int32_t t = 0; t < 2; t++)
            assert_int_equal(get(p, t), 0);
        assert_true(codec_tile_in_ok(&p->in));
        assert_true(same(p));
    }
    scene_finish(&s);
}

/* 0, or the first error, of a message that is read whole. */
static int read_all(struct pair *p, const uint8_t *bytes, size_t n)
{
    codec_tile_models_reset(p->read);
    int err = codec_tile_in_start(&p->in, bytes, n);
    for (int32_t t = 0; t < TILES && err == 0; t++)
        err = get(p, t);
    return err == 0 && !codec_tile_in_ok(&p->in) ? CODEC_ERR_CORRUPT : err;
}

static void bytes_missing_or_left_over_are_refused(void **state)
{
    struct pair *p = *state;
    const size_t n = write_all(p, 0);
    const size_t trailer = (p->bytes[n - 1] & 128) ? (p->bytes[n - 2] & 128 ? 3 : 2) : 1;
    assert_int_equal(read_all(p, p->bytes, n), 0);
    for (size_t change = 1; change < 40; change += 3) {
        /* Shorter and longer by so much, with a length that agrees. Exact allocations: a sanitizer sees all.
         */
        for (int longer = 0; longer < 2; longer++) {
            const size_t body = n - trailer, natural = longer ? body + change : body - change;
            uint8_t *copy = calloc(1, natural + 3);
            assert_non_null(copy);
            memcpy(copy, p->bytes, longer ? body : natural);
            size_t was = 0;
            for (size_t i = 0; i < trailer; i++)
                was |= (size_t)(p->bytes[n - 1 - i] & 127u) << (7 * i);
            const size_t now = longer ? was + change : was - change;
            copy[natural] = (uint8_t)(now >> 14);
            copy[natural + 1] = (uint8_t)((now >> 7 & 127) | 128);
            copy[natural + 2] = (uint8_t)((now & 127) | 128);
            assert_int_equal(read_all(p, copy, natural + 3), CODEC_ERR_CORRUPT);
            free(copy);
        }
    }
}

static void a_changed_byte_is_noticed_by_the_end(void **state)
{
    struct pair *p = *state;
    const size_t n = write_all(p, 0);
    size_t refused = 0, tried = 0;
    for (size_t i = 40; i + 4 < n; i += n / 97, tried++) {
        p->bytes[i] ^= 0x10;
        refused += read_all(p, p->bytes, n) != 0;
        p->bytes[i] ^= 0x10;
    }
    assert_int_equal(refused, tried);
}

static void lengths_that_cannot_be_are_refused(void **state)
{
    struct pair *p = *state;
    static const struct {
        uint8_t bytes[6];
        size_t len;
    } bad[] = {
        {{0}, 0},                        /* no length at all */
        {{1}, 1},                        /* more than there is */
        {{0, 0, 3}, 3},                  /* as before */
        {{0, 128}, 2},                   /* zero in two bytes */
        {{128}, 1},                      /* cut */
        {{0, 1, 128, 128, 128, 128}, 6}, /* too long */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(codec_tile_in_start(&p->in, bad[i].bytes, bad[i].len), CODEC_ERR_LENGTH);
}

static void too_little_space_is_told(void **state)
{
    struct pair *p = *state;
    struct scene s;
    scene_init(&s, W, H, 7);
    draw(&s, 1);
    codec_tile_out_start(&p->out, p->bytes, 3000, p->scratch);
    put(p, &s, 0, 0xffff, WHOLE, CODEC_TILE_NATURAL);
    assert_true(p->out.range.full);
    assert_int_equal(codec_tile_out_end(&p->out), 0);
    scene_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_picture_comes_back, make, drop),
        cmocka_unit_test_setup_teardown(parts_of_tiles_and_both_coders_share_a_message, make, drop),
        cmocka_unit_test_setup_teardown(bytes_missing_or_left_over_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_noticed_by_the_end, make, drop),
        cmocka_unit_test_setup_teardown(lengths_that_cannot_be_are_refused, make, drop),
        cmocka_unit_test_setup_teardown(too_little_space_is_told, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
