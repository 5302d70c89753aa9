/* Screen messages of a hostile host, several in a row: u16 length, then the message. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "viewer/core/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct viewer_screen *screen = viewer_screen_create(256 * 256);
    if (!screen) {
        return 0;
    }
    for (uint64_t now_us = 1; size >= 2; now_us += 20000000) {
        size_t len = (size_t)data[0] << 8 | data[1];
        struct viewer_screen_update update;
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        if (viewer_screen_receive(screen, data, len, now_us, &update) == VIEWER_SCREEN_OK) {
            for (size_t i = 0; i < update.decoded.dirty_count; i++) {
                const struct codec_rect *rect = &update.decoded.dirty[i];
                if (rect->x < 0 || rect->y < 0 || rect->w < 0 || rect->h < 0 ||
                    rect->x + rect->w > update.decoded.width_px ||
                    rect->y + rect->h > update.decoded.height_px) {
                    abort(); /* a caller would draw outside of the screen */
                }
            }
        }
        data += len;
        size -= len;
    }
    viewer_screen_destroy(screen);
    return 0;
}
