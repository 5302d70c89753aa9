#include "host/screen/encode.h"

#include "host/screen/screen_internal.h"

#include <stdlib.h>

static void destroy(struct screen_encode *encode)
{
    codec_encoder_destroy(encode->encoder);
    free(encode->message);
    free(encode);
}

struct screen_encode *screen_encode_create(
    struct screen_viewer *viewer, const struct codec_encoder_config *config)
{
    struct screen_encode *encode = calloc(1, sizeof *encode);
    if (!encode)
        return NULL;
    encode->screen = viewer->screen;
    encode->viewer = viewer;
    /* Pages that no message reached cost nothing. */
    encode->message = malloc(SCREEN_ENVELOPE_BYTES + (size_t)CODEC_MAX_MESSAGE_BYTES);
    struct codec_encoder_config own = *config;
    own.video_data = &viewer->screen->video_pace;
    encode->encoder = codec_encoder_create(&own);
    if (encode->message && encode->encoder)
        return encode;
    destroy(encode);
    return NULL;
}

void screen_encode_drop(struct screen_encode *encode)
{
    if (encode && encode->running)
        encode->viewer = NULL;
    else if (encode)
        destroy(encode);
}

void screen_encode_video(struct screen_encode *encode, uint8_t stream, const struct codec_video_wish *wish)
{
    if (!encode->running) {
        codec_encoder_video_control(encode->encoder, stream, wish);
        return;
    }
    size_t i = 0;
    while (i < encode->wish_count && encode->wishes[i].stream != stream)
        i++;
    if (i == SCREEN_ENCODE_WISHES)
        return;
    struct codec_video_wish *kept = &encode->wishes[i].wish;
    if (i == encode->wish_count) {
        encode->wish_count++;
        encode->wishes[i].stream = stream;
        *kept = (struct codec_video_wish){0};
    }
    kept->pause = wish->pause;
    kept->key = kept->key || wish->key;
    kept->none = kept->none || wish->none;
}

void screen_encode_now(struct screen_encode *encode)
{
    const uint64_t start_us = screen_now_us();
    encode->stats = (struct codec_encoder_stats){0};
    encode->len = codec_encoder_encode(encode->encoder, &encode->frame,
        encode->message + SCREEN_ENVELOPE_BYTES, CODEC_MAX_MESSAGE_BYTES, &encode->stats);
    encode->took_us = (uint32_t)(screen_now_us() - start_us);
}

static struct screen_encode *of(struct screen_work *work)
{
    return (struct screen_encode *)((char *)work - offsetof(struct screen_encode, work));
}

static void on_run(struct screen_work *work)
{
    screen_encode_now(of(work));
}

static void on_done(struct screen_work *work)
{
    struct screen_encode *encode = of(work);
    encode->running = false;
    encode->screen->encodes--;
    screen_touch(encode->screen);
    screen_picture_give(encode->picture);
    encode->picture = NULL;
    for (size_t i = 0; i < encode->wish_count; i++)
        codec_encoder_video_control(encode->encoder, encode->wishes[i].stream, &encode->wishes[i].wish);
    encode->wish_count = 0;
    if (encode->viewer)
        screen_viewer_encoded(encode->viewer);
    else
        destroy(encode);
}

struct coding {
    struct screen_work work;
    struct screen *screen;
    struct codec_video_task *task;
};

static void on_code(struct screen_work *work)
{
    codec_video_task_run(((struct coding *)work)->task);
}

static void on_coded(struct screen_work *work)
{
    screen_touch(((struct coding *)work)->screen);
    free(work);
}

void screen_encode_videos(struct screen_encode *encode)
{
    struct codec_video_task *task;
    while ((task = codec_encoder_video_task(encode->encoder)) != NULL) {
        struct coding *coding = malloc(sizeof *coding);
        if (!coding) {
            codec_video_task_run(task);
            screen_touch(encode->screen);
            continue;
        }
        *coding = (struct coding){{.run = on_code, .done = on_coded}, encode->screen, task};
        screen_pool_submit(encode->screen->pool, &coding->work);
    }
}

void screen_encode_later(struct screen_encode *encode, struct screen_picture *picture)
{
    encode->screen->encodes++;
    encode->running = true;
    encode->picture = picture;
    encode->work.run = on_run;
    encode->work.done = on_done;
    screen_pool_submit(encode->screen->pool, &encode->work);
}
