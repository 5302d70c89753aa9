/* The screen as a native viewer has it: one S-lane message in, the changed rectangles and what to
 * acknowledge out; video packets are decoded on the way. Every byte is the host's and is believed only as far
 * as the checks go. No clock, no loop. Message layout: channel/proto/session.proto "screen". Any thread, one
 * object per thread at a time. */
#pragma once

#include "viewer/core/guard.h"
#include "viewer/core/video.h"

enum {
    VIEWER_SCREEN_ENVELOPE_BYTES = 9,
    VIEWER_SCREEN_ENVELOPE_VERSION = 1,
    VIEWER_SCREEN_SLOTS = 4096 /* for exact tiles, 64 MiB when all are in use */
};

enum viewer_screen_error {
    VIEWER_SCREEN_OK = 0,
    VIEWER_SCREEN_ERR_NOMEM = -1,
    VIEWER_SCREEN_ERR_ENVELOPE = -2, /* too short, or another version */
    VIEWER_SCREEN_ERR_CODEC = -3,    /* the decoder refused it */
    VIEWER_SCREEN_WAITING = -4,      /* dropped: a new epoch was asked for and has not begun */
    VIEWER_SCREEN_CLOSE = -5         /* it erred again, or floods: end the session */
};

struct viewer_envelope {
    uint32_t input;      /* last input number applied before the capture */
    uint32_t capture_us; /* how long it took, in steps of 10 us */
    uint32_t encode_us;
};

struct viewer_screen_update {
    struct viewer_envelope envelope;
    struct codec_decoded decoded; /* dirty: with the rectangles of video pictures that came with it */
    size_t wish_count;
    struct viewer_video_wish wish[CODEC_MAX_VIDEOS];
};

struct viewer_screen;

/* max_pixels bounds the screen and so the memory. NULL when out of memory. */
struct viewer_screen *viewer_screen_create(size_t max_pixels);
void viewer_screen_destroy(struct viewer_screen *screen);

/* ScreenStart.video: what this viewer decodes. Looks for the decoder at the first call. */
unsigned viewer_screen_video(struct viewer_screen *screen);

/* Bytes 0..8 of a message. 0 or VIEWER_SCREEN_ERR_ENVELOPE; pure. */
int viewer_envelope_parse(const uint8_t *data, size_t len, struct viewer_envelope *out);

/* One whole message. 0 with *out filled: acknowledge (decoded.epoch, decoded.seq). On ERR_ENVELOPE and
 * ERR_CODEC the picture is not valid: ask the host for a reset once (viewer_screen_error_code tells
 * the codec's reason); what still comes of the old epoch is then answered with WAITING. CLOSE:
 * see guard.h. now_us is monotonic. */
int viewer_screen_receive(struct viewer_screen *screen, const uint8_t *data, size_t len, uint64_t now_us,
    struct viewer_screen_update *out);

/* Messages were lost (CHANNEL_EVENT_MESSAGE_GAP): nothing is decoded until a new epoch begins. */
void viewer_screen_lost(struct viewer_screen *screen);

/* The codec_error of the last refused message, 0 = none yet. */
int viewer_screen_error_code(const struct viewer_screen *screen);

/* The decoder, for its pixels; borrowed. */
const struct codec_decoder *viewer_screen_decoder(const struct viewer_screen *screen);
