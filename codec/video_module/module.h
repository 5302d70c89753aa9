/* H.264 coders and decoders that live in libraries of their own, loaded when they are there. Neither the
 * codec nor the programs link them: x264 is under the GPL, and libavcodec brings a hundred libraries that
 * `hearth ls` need not wait for. Without a module there is no video, and pictures go as JPEG.
 *
 * A module is one file in lib/hearth beside the program's folder, and nowhere else. */
#pragma once

#include "codec/video.h"

enum { CODEC_VIDEO_MODULE_VERSION = 1 }; /* of the three tables below and in codec/video.h */

#define CODEC_VIDEO_MODULE_SYMBOL "hearth_video_module"
#define CODEC_VIDEO_CODER_FILE "hearth-video-x264.so"
#define CODEC_VIDEO_READER_FILE "hearth-video-libavcodec.so"

/* The other direction: packets to pictures. */
struct codec_video_reader {
    /* NULL when it cannot. */
    void *(*open)(const struct codec_video_format *format);
    /* One packet in, its picture out, borrowed until the next call. 1 with *out, 0 when there is none (it was
     * held back, or the packet has none), negative when the packet cannot be decoded: ask for a key. */
    int (*decode)(void *reader, const uint8_t *data, size_t len, struct codec_yuv *out);
    void (*close)(void *reader);
};

struct codec_video_module {
    uint32_t version;
    const struct codec_video_coder *coder;   /* NULL: it has none */
    const struct codec_video_reader *reader; /* NULL: it has none */
};

/* NULL when the module is not there or is another version's. What is loaded stays until the program ends. */
const struct codec_video_coder *codec_video_coder_load(void);
const struct codec_video_reader *codec_video_reader_load(void);
