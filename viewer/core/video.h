/* The video streams of one screen on a native viewer: packets in, pictures painted into the decoder of the
 * screen. The decoder is libavcodec's, loaded when it is there (codec/video_module). Any thread, one object
 * per thread at a time. Rules: docs/wire-screen.md "Video". */
#pragma once

#include "codec/decoder.h"

struct viewer_videos;

/* What the host must be told about a video stream: VideoControl of session.proto. */
struct viewer_video_wish {
    uint8_t stream;
    bool key;  /* a packet was refused */
    bool none; /* nothing decodes here */
};

/* NULL when out of memory. */
struct viewer_videos *viewer_videos_create(void);
void viewer_videos_destroy(struct viewer_videos *videos);

/* ScreenStart.video: 0 without a decoder. */
unsigned viewer_videos_kinds(struct viewer_videos *videos);

/* After a message was decoded: follow its events, paint what it brought, and add that to decoded->dirty.
 * out has room for CODEC_MAX_VIDEOS; returns how many wishes there are. The message must still be there. */
size_t viewer_videos_take(struct viewer_videos *videos, struct codec_decoder *decoder,
    struct codec_decoded *decoded, struct viewer_video_wish *out);
