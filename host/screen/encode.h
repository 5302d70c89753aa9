/* One viewer's encoder and the message it is making, on the loop thread or on one of the pool. While it
 * runs it belongs to the thread: the loop thread only looks at `running`, and lets go of it by
 * screen_encode_drop(). Loop thread only. */
#pragma once

#include "codec/encoder.h"
#include "codec/video.h"
#include "host/screen/moves.h"
#include "host/screen/picture.h"
#include "host/screen/pool.h"

enum { SCREEN_ENCODE_WISHES = 8 /* of a viewer's streams, kept while it runs; more are left out */ };

struct screen;
struct screen_viewer;

struct screen_encode {
    struct screen_work work;
    struct screen *screen;
    struct screen_viewer *viewer; /* NULL: nobody wants the message any more */
    struct codec_encoder *encoder;
    uint8_t *message;               /* room for an envelope and CODEC_MAX_MESSAGE_BYTES */
    struct screen_picture *picture; /* read while it runs on another thread */
    bool running;
    bool renew; /* asked to start over meanwhile: the message is not sent */
    struct {
        uint8_t stream;
        struct codec_video_wish wish;
    } wishes[SCREEN_ENCODE_WISHES];
    size_t wish_count;
    /* What is asked. */
    uint64_t start_us;
    uint32_t input; /* applied before the capture */
    struct codec_encoder_frame frame;
    struct codec_rect damage[SCREEN_TILES_RECTS];
    struct screen_moves moves;
    /* What came of it. */
    int len;
    uint32_t took_us;
    struct codec_encoder_stats stats;
};

/* config's video_data is set here. NULL when out of memory. */
struct screen_encode *screen_encode_create(
    struct screen_viewer *viewer, const struct codec_encoder_config *config);

/* Free it, or have it freed when what runs has ended. NULL is fine. */
void screen_encode_drop(struct screen_encode *encode);

/* What the viewer says about a video stream: now, or when what runs has ended. */
void screen_encode_video(struct screen_encode *encode, uint8_t stream, const struct codec_video_wish *wish);

/* frame and damage are set. Encode here and now. */
void screen_encode_now(struct screen_encode *encode);

/* The same on a thread; picture is given back after it. Then screen_viewer_encoded(), unless dropped. */
void screen_encode_later(struct screen_encode *encode, struct screen_picture *picture);

/* Have the pool code what video the last message left to be coded; the screen is looked at again when a
 * packet is there. Not while it runs. */
void screen_encode_videos(struct screen_encode *encode);
