#include "channel/core/message.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_AT_FIRST = 64 << 10,
    BUFFER_KEPT = 1 << 20 /* a larger one is given back once it was delivered */
};

int channel_message_out_set(
    struct channel_message_out *out, struct channel_stream *stream, const uint8_t *data, size_t len)
{
    if (out->stream)
        return CHANNEL_ERR_STATE;
    if (len > CHANNEL_MESSAGE_MAX)
        return CHANNEL_ERR_LIMIT;
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        return CHANNEL_ERR_NOMEM;
    if (len)
        memcpy(copy, data, len);
    *out = (struct channel_message_out){
        .data = copy, .len = len, .stream = stream->id, .number = stream->message_next++};
    return 0;
}

void channel_message_out_clear(struct channel_message_out *out)
{
    free(out->data);
    *out = (struct channel_message_out){0};
}

size_t channel_message_out_write(struct channel_message_out *out, uint8_t *dst, size_t cap)
{
    struct channel_frame frame = {
        .stream = out->stream, .type = CHANNEL_FRAME_MESSAGE, .number = out->number};
    size_t overhead = channel_frame_overhead(&frame, cap);
    size_t left = out->len - out->pos;
    if (cap < overhead || (cap == overhead && left > 0))
        return 0;
    size_t take = left < cap - overhead ? left : cap - overhead;
    if (out->pos == 0)
        frame.flags |= CHANNEL_FRAME_FIRST;
    if (take == left)
        frame.flags |= CHANNEL_FRAME_LAST;
    frame.bytes = out->data + out->pos;
    frame.len = take;
    int n = channel_frame_write(dst, cap, &frame);
    if (n < 0)
        return 0;
    out->pos += take;
    if (take == left)
        channel_message_out_clear(out);
    return (size_t)n;
}

/* ---- coming in ---- */

static int buffer_add(struct channel_message_buffer *buffer, const uint8_t *data, size_t len)
{
    if (len > CHANNEL_MESSAGE_MAX - buffer->len)
        return CHANNEL_ERR_LIMIT;
    size_t need = buffer->len + len;
    if (need > buffer->cap) {
        size_t cap = buffer->cap ? buffer->cap : BUFFER_AT_FIRST;
        while (cap < need)
            cap *= 2;
        if (cap > CHANNEL_MESSAGE_MAX)
            cap = CHANNEL_MESSAGE_MAX;
        uint8_t *grown = realloc(buffer->data, cap);
        if (!grown)
            return CHANNEL_ERR_NOMEM;
        buffer->data = grown;
        buffer->cap = cap;
    }
    if (len)
        memcpy(buffer->data + buffer->len, data, len);
    buffer->len = need;
    return 0;
}

static void buffer_finish(struct channel_message_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct channel_message_buffer){0};
}

void channel_message_in_next_record(struct channel_message_in *in)
{
    struct channel_message_buffer *lent = &in->buffer[!in->filling];
    lent->len = 0;
    if (lent->cap > BUFFER_KEPT)
        buffer_finish(lent);
    in->ended_in_record = false;
}

void channel_message_in_drop(struct channel_message_in *in)
{
    in->stream = 0;
    in->buffer[in->filling].len = 0;
}

void channel_message_in_finish(struct channel_message_in *in)
{
    buffer_finish(&in->buffer[0]);
    buffer_finish(&in->buffer[1]);
    in->stream = 0;
}

/* The first piece of a message. */
static int take_first(struct channel_message_in *in, struct channel_stream *stream,
    const struct channel_frame *frame, const uint8_t **out_data, size_t *out_len, bool *out_gap)
{
    if (in->stream == stream->id || (stream->message_seen && frame->number != stream->message_next))
        *out_gap = !stream->message_gap_told; /* the one before never ended, or never came */
    if (frame->number < stream->message_next)
        return CHANNEL_ERR_FORMAT;
    if (in->stream)
        channel_message_in_drop(in);
    stream->message_seen = true;
    stream->message_gap_told = false;
    stream->message_next = frame->number + 1;
    if (frame->flags & CHANNEL_FRAME_LAST) { /* whole in one record: no copy */
        *out_data = frame->bytes;
        *out_len = frame->len;
        return CHANNEL_MESSAGE_WHOLE;
    }
    int err = buffer_add(&in->buffer[in->filling], frame->bytes, frame->len);
    if (err < 0)
        return err;
    in->stream = stream->id;
    in->number = frame->number;
    return CHANNEL_MESSAGE_PART;
}

int channel_message_in_take(struct channel_message_in *in, struct channel_stream *stream,
    const struct channel_frame *frame, const uint8_t **out_data, size_t *out_len, bool *out_gap)
{
    if (frame->flags & CHANNEL_FRAME_FIRST)
        return take_first(in, stream, frame, out_data, out_len, out_gap);
    if (in->stream != stream->id || in->number != frame->number) {
        *out_gap = !stream->message_gap_told;
        stream->message_gap_told = true;
        return CHANNEL_MESSAGE_LOST;
    }
    int err = buffer_add(&in->buffer[in->filling], frame->bytes, frame->len);
    if (err < 0)
        return err;
    if (!(frame->flags & CHANNEL_FRAME_LAST))
        return CHANNEL_MESSAGE_PART;
    if (in->ended_in_record)
        return CHANNEL_ERR_FORMAT; /* one end of a message in pieces a record: the buffer is still lent */
    in->ended_in_record = true;
    in->stream = 0;
    *out_data = in->buffer[in->filling].data;
    *out_len = in->buffer[in->filling].len;
    in->filling = !in->filling;
    return CHANNEL_MESSAGE_WHOLE;
}
