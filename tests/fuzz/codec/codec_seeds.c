/* codec_seeds DIR: writes real streams of a small screen as seeds of fuzz_codec_decoder. */
#include "codec/bytes.h"
#include "tests/unit/codec/scene.h"

#include <stdio.h>

enum { W = 160, H = 130, MESSAGES = 6, STREAMS = 4 };

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
    default:
        scene_fill(s, all, (uint32_t)i * 0x102030u);
        scene_window(s, (struct codec_rect){10 + i, 10, 90, 80}, 3);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    for (int stream = 0; stream < STREAMS; stream++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/stream-%d", argv[1], stream);
        FILE *f = fopen(path, "wb");
        if (!f) {
            perror(path);
            return 1;
        }
        struct scene s;
        struct scene_link l;
        scene_init(&s, W, H, 1);
        scene_link_init(
            &l, &(struct codec_encoder_config){.width_px = W, .height_px = H, .lossy_first = true});
        for (int i = 0; i < MESSAGES; i++) {
            draw(&s, stream, i);
            l.now_us += 200000;
            if (scene_link_send(&l, &s, NULL, 0, 4000) <= 0 || l.len > 65535)
                continue;
            uint8_t head[2];
            (void)codec_put16(head, (uint32_t)l.len);
            (void)fwrite(head, 1, 2, f);
            (void)fwrite(l.message, 1, l.len, f);
        }
        scene_link_finish(&l);
        scene_finish(&s);
        if (fclose(f) != 0)
            return 1;
    }
    return 0;
}
