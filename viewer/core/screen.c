#include "viewer/core/screen.h"

#include "codec/message.h"

#include <stdlib.h>

struct viewer_screen {
    struct codec_decoder *decoder;
    struct viewer_videos *videos;
    struct viewer_guard guard;
    int error_code;
};

struct viewer_screen *viewer_screen_create(size_t max_pixels)
{
    struct viewer_screen *screen = calloc(1, sizeof *screen);
    if (!screen) {
        return NULL;
    }
    screen->decoder = codec_decoder_create(max_pixels, VIEWER_SCREEN_SLOTS);
    screen->videos = viewer_videos_create();
    if (!screen->decoder || !screen->videos) {
        viewer_screen_destroy(screen);
        return NULL;
    }
    return screen;
}

void viewer_screen_destroy(struct viewer_screen *screen)
{
    if (!screen) {
        return;
    }
    viewer_videos_destroy(screen->videos);
    codec_decoder_destroy(screen->decoder);
    free(screen);
}

unsigned viewer_screen_video(struct viewer_screen *screen)
{
    return viewer_videos_kinds(screen->videos);
}

int viewer_envelope_parse(const uint8_t *data, size_t len, struct viewer_envelope *out)
{
    if (len < VIEWER_SCREEN_ENVELOPE_BYTES || data[0] != VIEWER_SCREEN_ENVELOPE_VERSION) {
        return VIEWER_SCREEN_ERR_ENVELOPE;
    }
    out->input =
        (uint32_t)data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16 | (uint32_t)data[4] << 24;
    out->capture_us = ((uint32_t)data[5] | (uint32_t)data[6] << 8) * 10u;
    out->encode_us = ((uint32_t)data[7] | (uint32_t)data[8] << 8) * 10u;
    return VIEWER_SCREEN_OK;
}

static int refused(struct viewer_screen *screen, int error, int error_code, uint64_t now_us)
{
    screen->error_code = error_code;
    switch (viewer_guard_error(&screen->guard, now_us)) {
    case VIEWER_GUARD_RESET:
        return error;
    case VIEWER_GUARD_WAIT:
        return VIEWER_SCREEN_WAITING;
    case VIEWER_GUARD_CLOSE:
        break;
    }
    return VIEWER_SCREEN_CLOSE;
}

int viewer_screen_receive(struct viewer_screen *screen, const uint8_t *data, size_t len, uint64_t now_us,
    struct viewer_screen_update *out)
{
    struct viewer_screen_update update;
    if (viewer_envelope_parse(data, len, &update.envelope) != VIEWER_SCREEN_OK) {
        return refused(screen, VIEWER_SCREEN_ERR_ENVELOPE, 0, now_us);
    }
    data += VIEWER_SCREEN_ENVELOPE_BYTES;
    len -= VIEWER_SCREEN_ENVELOPE_BYTES;
    if (!viewer_guard_message(&screen->guard, codec_message_starts(data, len), now_us)) {
        screen->error_code = CODEC_ERR_LIMIT;
        return VIEWER_SCREEN_CLOSE;
    }
    /* The decoder itself takes nothing but the start of an epoch after an error. */
    const int result = codec_decoder_decode(screen->decoder, data, len, &update.decoded);
    if (result != CODEC_OK) {
        return refused(screen, VIEWER_SCREEN_ERR_CODEC, result, now_us);
    }
    viewer_guard_good(&screen->guard);
    update.wish_count = viewer_videos_take(screen->videos, screen->decoder, &update.decoded, update.wish);
    *out = update;
    return VIEWER_SCREEN_OK;
}

void viewer_screen_lost(struct viewer_screen *screen)
{
    /* The sequence number that is missing makes the decoder refuse what follows. */
    viewer_guard_lost(&screen->guard);
}

int viewer_screen_error_code(const struct viewer_screen *screen)
{
    return screen->error_code;
}

const struct codec_decoder *viewer_screen_decoder(const struct viewer_screen *screen)
{
    return screen->decoder;
}
