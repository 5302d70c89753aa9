/* codec_seeds DIR: writes real streams of a small screen as seeds of fuzz_codec_decoder. */
#include "codec/bytes.h"
#include "codec/message.h"
#include "codec/video.h"
#include "tests/unit/codec/scene.h"

#include <stdio.h>
#include <string.h>

enum { W = 160, H = 130, MESSAGES = 6, STREAMS = 6, SWITCHES = 15, NATURAL = 5 };

static void draw(struct scene *s, int stream, int i)
{
    const struct codec_rect all = {0, 0, W, H};
    switch (stream) {
    case 0:
        scene_text(s, all, (uint32_t)i, 0x101010, 0xffffff);
        break;
    case 1: /* a scroll */
        if (i == 0)
            scene_text(s, all, 1, 0x101010, 0xffffff);
        scene_shift(s, all, 0, -15);
        break;
    case 2:
        scene_photo(s, (struct codec_rect){10, 10, 120, 100}, i / 2 * 5);
        break;
    case 4: /* three screens, round and round: slots and checks */
        scene_text(s, all, (uint32_t)(i % 3) * 50, 0x101010, 0xffffff);
        scene_text(s, (struct codec_rect){100, 100, 50, 15}, 900 + (uint32_t)i, 0, 0xffffff);
        break;
    case NATURAL: /* exact at once */
        scene_photo(s, (struct codec_rect){16, 16, 64, 64}, i * 7);
        break;
    default:
        scene_fill(s, all, (uint32_t)i * 0x102030u);
        scene_window(s, (struct codec_rect){10 + i, 10, 90, 80}, 3);
    }
}

/* A video stream by hand: its packets mean nothing to the decoder of the screen. */
static void write_video(FILE *f)
{
    static const struct codec_rect player = {32, 16, 96, 64}, menu = {48, 32, 32, 16};
    const struct codec_op op[] = {
        {.type = CODEC_OP_SIZE, .rect = {0, 0, W, H}},
        {.type = CODEC_OP_FILL, .rect = {0, 0, W, H}, .colour = 0x808080},
        {.type = CODEC_OP_VIDEO_OPEN, .stream = 1, .rect = player, .sps = {100, 0, 31}},
        {.type = CODEC_OP_VIDEO, .stream = 1, .key = true, .len = 3},
        {.type = CODEC_OP_FILL, .rect = menu, .colour = 0xffffff},
        {.type = CODEC_OP_VIDEO, .stream = 1, .len = 2},
        {.type = CODEC_OP_VIDEO_COVER, .stream = 1, .rect = menu},
        {.type = CODEC_OP_VIDEO, .stream = 1, .len = 4},
        {.type = CODEC_OP_VIDEO_CLOSE, .stream = 1},
        {.type = CODEC_OP_FILL, .rect = player, .colour = 0},
    };
    static const size_t ends[] = {4, 6, 7, 9, 10}; /* messages */
    size_t at = 0;
    for (uint32_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        uint8_t message[256], payload[16];
        uint8_t *p = message + 2 + CODEC_MESSAGE_HEADER_BYTES;
        uint32_t payload_len = 0;
        for (; at < ends[i]; at++) {
            p += codec_op_write(p, 64, &op[at]);
            for (uint32_t b = 0; b < op[at].len; b++)
                payload[payload_len++] = (uint8_t)b;
        }
        const uint32_t ops_len = (uint32_t)(p - message) - 2 - CODEC_MESSAGE_HEADER_BYTES;
        memcpy(p, payload, payload_len);
        const struct codec_message m = {.flags = i == 0 ? CODEC_MESSAGE_FLAG_START : 0,
            .epoch = 1,
            .seq = i,
            .ops_len = ops_len,
            .payload_len = payload_len};
        (void)codec_put16(message, CODEC_MESSAGE_HEADER_BYTES + ops_len + payload_len);
        codec_message_write(message + 2, &m);
        (void)fwrite(message, 1, 2 + CODEC_MESSAGE_HEADER_BYTES + ops_len + payload_len, f);
    }
}

static void write_stream(FILE *f, int stream)
{
    struct scene s;
    struct scene_link l;
    scene_init(&s, W, H, 1);
    scene_link_init(
        &l, &(struct codec_encoder_config){.width_px = W, .height_px = H, .lossy_first = stream != NATURAL});
    const int messages = stream == 4 ? SWITCHES : MESSAGES;
    for (int i = 0; i < messages; i++) {
        draw(&s, stream, i);
        l.now_us += stream == 4 ? 700000 : 200000;
        if (scene_link_send(&l, &s, NULL, 0, stream == NATURAL ? 40000 : 4000) <= 0 || l.len > 65535)
            continue;
        uint8_t head[2];
        (void)codec_put16(head, (uint32_t)l.len);
        (void)fwrite(head, 1, 2, f);
        (void)fwrite(l.message, 1, l.len, f);
    }
    scene_link_finish(&l);
    scene_finish(&s);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    for (int stream = 0; stream <= STREAMS; stream++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/stream-%d", argv[1], stream);
        FILE *f = fopen(path, "wb");
        if (!f) {
            perror(path);
            return 1;
        }
        if (stream < STREAMS)
            write_stream(f, stream);
        else
            write_video(f);
        if (fclose(f) != 0)
            return 1;
    }
    return 0;
}
