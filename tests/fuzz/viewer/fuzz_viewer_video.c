/* Video streams of a hostile host, as hearth-view meets them: opened, closed and covered at will, with
 * packets of any bytes, through the decoder of the screen to libavcodec and back. Layout of the input:
 * video_script.h; what it leaves to the messages is right, so that mutations reach the streams. */
#include "codec/bytes.h"
#include "codec/message.h"
#include "tests/fuzz/viewer/video_script.h"
#include "viewer/core/screen.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SIDE_PX = 128,
    CELLS = MAX_SIDE_PX / CODEC_CELL_PX,
    MAX_COMMANDS = 96,
    OPS_MAX_BYTES = MAX_COMMANDS * CODEC_OP_MAX_BYTES,
    PAYLOAD_MAX_BYTES = 64 << 10,
    STEP_US = 20000000 /* between two messages: no guard against floods stands in the way */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct host {
    const uint8_t *data;
    size_t size;
    struct viewer_screen *screen;
    uint64_t now_us;
    int32_t width_px, height_px;
    bool started, video[CELLS][CELLS]; /* cells of streams since the start */
    uint32_t seq;
    int phase;
    size_t ops_len, payload_len;
    uint8_t ops[OPS_MAX_BYTES], payload[PAYLOAD_MAX_BYTES];
};

static uint32_t take(struct host *h)
{
    if (h->size == 0)
        return 0;
    h->size--;
    return *h->data++;
}

/* What holds after every message, whatever was in it. */
static void check(const struct host *h, const struct viewer_screen_update *update)
{
    int32_t w = 0, height = 0;
    size_t stride = 0;
    const uint32_t *px = codec_decoder_pixels(viewer_screen_decoder(h->screen), &w, &height, &stride);
    if (!px || w != h->width_px || height != h->height_px || update->wish_count > CODEC_MAX_VIDEOS ||
        update->decoded.dirty_count > CODEC_MAX_DIRTY)
        abort();
    for (size_t i = 0; i < update->decoded.dirty_count; i++) {
        const struct codec_rect r = update->decoded.dirty[i];
        if (r.x < 0 || r.y < 0 || r.w < 1 || r.h < 1 || r.w > w - r.x || r.h > height - r.y)
            abort();
    }
    /* Everything else is black: only a stream's own rectangle may show its picture. */
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < w; x++) {
            const uint32_t pixel = px[(size_t)y * stride + (size_t)x];
            if (pixel > 0xffffffu || (pixel != 0 && !h->video[y / CODEC_CELL_PX][x / CODEC_CELL_PX]))
                abort();
        }
}

static void send(struct host *h)
{
    const size_t len =
        VIEWER_SCREEN_ENVELOPE_BYTES + CODEC_MESSAGE_HEADER_BYTES + h->ops_len + h->payload_len;
    uint8_t *message = calloc(1, len); /* of its own size: a read beyond it is seen */
    if (!message)
        abort();
    message[0] = VIEWER_SCREEN_ENVELOPE_VERSION;
    uint8_t *at = message + VIEWER_SCREEN_ENVELOPE_BYTES;
    codec_message_write(at, &(struct codec_message){.flags = h->started ? 0 : CODEC_MESSAGE_FLAG_START,
                                .epoch = 1,
                                .seq = ++h->seq,
                                .ops_len = (uint32_t)h->ops_len,
                                .payload_len = (uint32_t)h->payload_len});
    memcpy(at + CODEC_MESSAGE_HEADER_BYTES, h->ops, h->ops_len);
    memcpy(at + CODEC_MESSAGE_HEADER_BYTES + h->ops_len, h->payload, h->payload_len);
    struct viewer_screen_update update;
    const int result = viewer_screen_receive(h->screen, message, len, h->now_us += STEP_US, &update);
    free(message);
    h->started = result == VIEWER_SCREEN_OK;
    h->ops_len = h->payload_len = 0;
    h->phase = 0;
    if (h->started)
        check(h, &update);
}

static void start(struct host *h, int32_t width_px, int32_t height_px)
{
    h->started = false;
    memset(h->video, 0, sizeof h->video);
    h->width_px = width_px;
    h->height_px = height_px;
    h->ops_len = h->payload_len = 0;
    const struct codec_op op = {.type = CODEC_OP_SIZE, .rect = {0, 0, width_px, height_px}};
    h->ops_len = (size_t)codec_op_write(h->ops, sizeof h->ops, &op);
    send(h);
    if (!h->started)
        abort(); /* a new epoch is always taken */
}

static void add(struct host *h, const struct codec_op *op)
{
    if (codec_op_phase(op->type) < h->phase)
        send(h);
    if (!h->started) /* the last message was refused: as a host answers a reset */
        start(h, h->width_px, h->height_px);
    h->phase = codec_op_phase(op->type);
    const int n = codec_op_write(h->ops + h->ops_len, sizeof h->ops - h->ops_len, op);
    if (n < 0)
        abort();
    h->ops_len += (size_t)n;
}

static struct codec_rect take_rect(struct host *h)
{
    struct codec_rect r;
    r.x = (int32_t)take(h) * VIDEO_STEP_PX;
    r.y = (int32_t)take(h) * VIDEO_STEP_PX;
    r.w = ((int32_t)take(h) + 1) * VIDEO_STEP_PX;
    r.h = ((int32_t)take(h) + 1) * VIDEO_STEP_PX;
    if (r.x < h->width_px && r.w > h->width_px - r.x)
        r.w = h->width_px - r.x;
    if (r.y < h->height_px && r.h > h->height_px - r.y)
        r.h = h->height_px - r.y;
    return r;
}

static void open_stream(struct host *h)
{
    struct codec_op op = {.type = CODEC_OP_VIDEO_OPEN, .stream = (uint8_t)take(h)};
    op.sps[0] = (uint8_t)take(h);
    op.rect = take_rect(h);
    add(h, &op);
    const struct codec_rect r = op.rect;
    for (int32_t y = r.y; y < r.y + r.h && y < MAX_SIDE_PX; y++)
        for (int32_t x = r.x; x < r.x + r.w && x < MAX_SIDE_PX; x++)
            h->video[y / CODEC_CELL_PX][x / CODEC_CELL_PX] = true;
}

static void put_packet(struct host *h, bool key)
{
    struct codec_op op = {.type = CODEC_OP_VIDEO, .key = key, .stream = (uint8_t)take(h)};
    size_t len = take(h);
    len |= (size_t)take(h) << 8;
    len = len < h->size ? len : h->size;
    if (len > sizeof h->payload - h->payload_len)
        send(h);
    op.len = (uint32_t)len;
    add(h, &op); /* may send, and begin a payload anew */
    memcpy(h->payload + h->payload_len, h->data, len);
    h->payload_len += len;
    h->data += len;
    h->size -= len;
}

static void command(struct host *h)
{
    switch ((enum video_command)(take(h) % VIDEO_COMMANDS)) {
    case VIDEO_SEND:
        send(h);
        break;
    case VIDEO_START: {
        const int32_t width_px = (int32_t)take(h) % MAX_SIDE_PX + 1;
        const int32_t height_px = (int32_t)take(h) % MAX_SIDE_PX + 1;
        start(h, width_px, height_px);
        break;
    }
    case VIDEO_OPEN:
        open_stream(h);
        break;
    case VIDEO_DELTA:
        put_packet(h, false);
        break;
    case VIDEO_KEY:
        put_packet(h, true);
        break;
    case VIDEO_CLOSE:
        add(h, &(struct codec_op){.type = CODEC_OP_VIDEO_CLOSE, .stream = (uint8_t)take(h)});
        break;
    case VIDEO_COVER: {
        struct codec_op op = {.type = CODEC_OP_VIDEO_COVER, .stream = (uint8_t)take(h)};
        op.rect = take_rect(h);
        add(h, &op);
        break;
    }
    case VIDEO_FILL:
        add(h, &(struct codec_op){.type = CODEC_OP_FILL, .rect = take_rect(h)});
        break;
    case VIDEO_COMMANDS:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host h; /* large: not on the stack */
    memset(&h, 0, offsetof(struct host, ops));
    h.data = data;
    h.size = size;
    h.now_us = STEP_US;
    h.screen = viewer_screen_create(MAX_SIDE_PX * MAX_SIDE_PX);
    if (!h.screen)
        return 0;
    if (viewer_screen_video(h.screen) == 0)
        abort(); /* the module is not where the programs find it: nothing would be tested */
    start(&h, MAX_SIDE_PX, MAX_SIDE_PX);
    for (int i = 0; i < MAX_COMMANDS && h.size > 0; i++) {
        if (!h.started)
            start(&h, h.width_px, h.height_px);
        command(&h);
    }
    if (h.started)
        send(&h);
    viewer_screen_destroy(h.screen);
    return 0;
}
