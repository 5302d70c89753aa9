#include "viewer/cli/shot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

static int encode(const char *file, const uint8_t *rgba, int32_t width, int32_t height)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)width,
        .height = (png_uint_32)height,
        .format = PNG_FORMAT_RGBA};
    errno = 0;
    if (png_image_write_to_file(&image, file, 0, rgba, 0, NULL) == 0) {
        return errno ? -errno : -EIO;
    }
    return 0;
}

int cli_shot_write(const char *file, const struct codec_decoder *decoder)
{
    int32_t width = 0, height = 0;
    size_t stride = 0;
    if (!codec_decoder_pixels(decoder, &width, &height, &stride)) {
        return -EINVAL;
    }
    const size_t bytes = (size_t)width * (size_t)height * 4;
    const size_t name_cap = strlen(file) + 32;
    uint8_t *rgba = malloc(bytes);
    char *temporary = malloc(name_cap);
    int result = rgba && temporary ? 0 : -ENOMEM;
    if (result == 0) {
        const struct codec_rect all = {0, 0, width, height};
        (void)snprintf(temporary, name_cap, "%s.%ld.part", file, (long)getpid());
        result = codec_decoder_copy_rgba(decoder, all, rgba, bytes) < 0
                     ? -EINVAL
                     : encode(temporary, rgba, width, height);
        if (result == 0 && rename(temporary, file) != 0) {
            result = -errno;
        }
        if (result != 0) {
            (void)unlink(temporary);
        }
    }
    free(rgba);
    free(temporary);
    return result;
}
