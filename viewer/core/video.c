#include "viewer/core/video.h"

#include <stdlib.h>

#include "codec/video_module/module.h"

enum { REFUSALS_MAX = 3 }; /* packets of a stream that cannot be decoded: the third ends all video */

struct stream {
    bool open;
    uint8_t id;
    struct codec_rect rect;
    void *reader;
    bool key_wanted; /* deltas mean nothing until a key comes */
    unsigned refusals;
};

struct viewer_videos {
    const struct codec_video_reader *ops;
    bool looked;
    struct stream stream[CODEC_MAX_VIDEOS];
};

struct viewer_videos *viewer_videos_create(void)
{
    return calloc(1, sizeof(struct viewer_videos));
}

static void stream_close(struct viewer_videos *videos, struct stream *stream)
{
    if (stream->reader) {
        videos->ops->close(stream->reader);
    }
    *stream = (struct stream){0};
}

static void close_all(struct viewer_videos *videos)
{
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        stream_close(videos, &videos->stream[i]);
    }
}

void viewer_videos_destroy(struct viewer_videos *videos)
{
    if (!videos) {
        return;
    }
    close_all(videos);
    free(videos);
}

unsigned viewer_videos_kinds(struct viewer_videos *videos)
{
    if (!videos->looked) {
        videos->ops = codec_video_reader_load();
        videos->looked = true;
    }
    return videos->ops ? 1u << CODEC_VIDEO_H264 | 1u << CODEC_VIDEO_H264_444 : 0;
}

static struct stream *find(struct viewer_videos *videos, uint8_t id)
{
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        if (videos->stream[i].open && videos->stream[i].id == id) {
            return &videos->stream[i];
        }
    }
    return NULL;
}

static bool stream_open(struct viewer_videos *videos, const struct codec_video_event *event)
{
    for (size_t i = 0; i < CODEC_MAX_VIDEOS; i++) {
        struct stream *stream = &videos->stream[i];
        if (stream->open) {
            continue;
        }
        const struct codec_video_format format = {codec_video_even(event->rect.w),
            codec_video_even(event->rect.h), (enum codec_video_kind)codec_video_kind_of(event->sps)};
        *stream = (struct stream){.open = true, .id = event->stream, .rect = event->rect};
        stream->reader = videos->ops ? videos->ops->open(&format) : NULL;
        return stream->reader != NULL;
    }
    return false;
}

static void add_dirty(struct codec_decoded *decoded, struct codec_rect rect)
{
    if (decoded->dirty_count == CODEC_MAX_DIRTY) {
        decoded->dirty[0] = (struct codec_rect){0, 0, decoded->width_px, decoded->height_px};
        decoded->dirty_count = 1;
        return;
    }
    decoded->dirty[decoded->dirty_count++] = rect;
}

/* False when the host should be asked for a key. */
static bool show(struct viewer_videos *videos, struct stream *stream, const struct codec_video_event *event,
    struct codec_decoder *decoder, struct codec_decoded *decoded)
{
    struct codec_yuv picture;
    if (stream->key_wanted && !event->key) {
        return true;
    }
    const int result = videos->ops->decode(stream->reader, event->data, event->len, &picture);
    stream->key_wanted = result < 0;
    if (result < 0) {
        stream->refusals++;
        return false;
    }
    if (result == 1 && codec_decoder_video_paint(decoder, stream->id, &picture) == CODEC_OK) {
        add_dirty(decoded, stream->rect);
    }
    return true;
}

size_t viewer_videos_take(struct viewer_videos *videos, struct codec_decoder *decoder,
    struct codec_decoded *decoded, struct viewer_video_wish *out)
{
    size_t wishes = 0;
    if (decoded->resized) {
        close_all(videos);
    }
    for (size_t i = 0; i < decoded->video_count; i++) {
        const struct codec_video_event *event = &decoded->video[i];
        struct stream *stream = find(videos, event->stream);
        struct viewer_video_wish wish = {.stream = event->stream};
        if (event->type == CODEC_OP_VIDEO_OPEN) {
            wish.none = !stream_open(videos, event);
        } else if (event->type == CODEC_OP_VIDEO_CLOSE && stream) {
            stream_close(videos, stream);
        } else if (event->type == CODEC_OP_VIDEO && stream && stream->reader) {
            wish.key = !show(videos, stream, event, decoder, decoded);
            wish.none = stream->refusals >= REFUSALS_MAX;
        }
        if ((wish.key || wish.none) && wishes < CODEC_MAX_VIDEOS) {
            out[wishes++] = wish;
        }
    }
    return wishes;
}
