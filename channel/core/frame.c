#include "channel/core/frame.h"

#include "channel/core/bytes.h"

size_t channel_varint_size(uint64_t value)
{
    return value < 64 ? 1 : value < 16384 ? 2 : value < (1u << 30) ? 4 : 8;
}

int channel_varint_parse(const uint8_t *data, size_t len, uint64_t *out)
{
    if (len < 1)
        return CHANNEL_ERR_FORMAT;
    size_t size = (size_t)1 << (data[0] >> 6);
    if (size > len)
        return CHANNEL_ERR_FORMAT;
    uint64_t value = data[0] & 0x3f;
    for (size_t i = 1; i < size; i++)
        value = value << 8 | data[i];
    if (channel_varint_size(value) != size)
        return CHANNEL_ERR_FORMAT;
    *out = value;
    return (int)size;
}

int channel_varint_write(uint8_t *out, size_t cap, uint64_t value)
{
    size_t size = channel_varint_size(value);
    if (value > CHANNEL_VARINT_MAX)
        return CHANNEL_ERR_FORMAT;
    if (size > cap)
        return CHANNEL_ERR_SPACE;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    static const uint8_t mark[9] = {0, 0x00, 0x40, 0, 0x80, 0, 0, 0, 0xc0};
    out[0] |= mark[size];
    return (int)size;
}

/* ---- reading ---- */

struct reader {
    const uint8_t *data;
    size_t len, pos;
    bool bad;
};

static uint64_t read_varint(struct reader *r)
{
    uint64_t value = 0;
    int n = r->bad ? -1 : channel_varint_parse(r->data + r->pos, r->len - r->pos, &value);
    if (n < 0) {
        r->bad = true;
        return 0;
    }
    r->pos += (size_t)n;
    return value;
}

static uint8_t read_u8(struct reader *r)
{
    if (r->bad || r->pos >= r->len) {
        r->bad = true;
        return 0;
    }
    return r->data[r->pos++];
}

static uint64_t read_u64(struct reader *r)
{
    if (r->bad || r->len - r->pos < 8) {
        r->bad = true;
        return 0;
    }
    r->pos += 8;
    return channel_get_u64(r->data + r->pos - 8);
}

static void read_rest(struct reader *r, struct channel_frame *frame)
{
    if (r->bad)
        return;
    frame->bytes = r->data + r->pos;
    frame->len = r->len - r->pos;
    r->pos = r->len;
}

/* Does this type speak of the session (stream 0) rather than of one stream? */
static bool of_session(uint8_t type)
{
    return type == CHANNEL_FRAME_ACK || type == CHANNEL_FRAME_PING || type == CHANNEL_FRAME_PONG ||
           type == CHANNEL_FRAME_GOAWAY;
}

static void read_body(struct reader *r, struct channel_frame *frame)
{
    switch (frame->type) {
    case CHANNEL_FRAME_OPEN:
        frame->kind = read_varint(r);
        frame->param = read_varint(r);
        frame->offset = read_varint(r);
        r->bad |= frame->kind > UINT16_MAX;
        break;
    case CHANNEL_FRAME_DATA:
        frame->offset = read_varint(r);
        read_rest(r, frame);
        r->bad |= frame->len == 0; /* nothing said: only good for flooding */
        break;
    case CHANNEL_FRAME_FIN:
    case CHANNEL_FRAME_CREDIT:
        frame->offset = read_varint(r);
        break;
    case CHANNEL_FRAME_RESET:
        frame->code = read_varint(r);
        frame->offset = read_varint(r);
        break;
    case CHANNEL_FRAME_STOP:
        frame->code = read_varint(r);
        break;
    case CHANNEL_FRAME_ACK:
        frame->lane = read_u8(r);
        frame->number = read_varint(r);
        break;
    case CHANNEL_FRAME_PING:
    case CHANNEL_FRAME_PONG:
        frame->number = read_u64(r);
        break;
    case CHANNEL_FRAME_MESSAGE:
        frame->flags = read_u8(r);
        frame->number = read_varint(r);
        read_rest(r, frame);
        r->bad |= frame->flags > (CHANNEL_FRAME_FIRST | CHANNEL_FRAME_LAST);
        break;
    case CHANNEL_FRAME_GOAWAY:
        frame->code = read_varint(r);
        read_rest(r, frame);
        r->bad |= frame->len > CHANNEL_GOAWAY_TEXT_MAX || frame->code > UINT32_MAX;
        break;
    default:
        r->bad |= !(frame->type & CHANNEL_FRAME_SKIPPED);
        frame->type = CHANNEL_FRAME_SKIPPED;
        read_rest(r, frame);
        break;
    }
}

int channel_frame_parse(const uint8_t *data, size_t len, struct channel_frame *out)
{
    struct reader head = {.data = data, .len = len};
    struct channel_frame frame = {0};
    uint64_t stream = read_varint(&head);
    frame.type = read_u8(&head);
    uint64_t body_len = read_varint(&head);
    if (head.bad || stream > CHANNEL_STREAM_ID_MAX || body_len > len - head.pos)
        return CHANNEL_ERR_FORMAT;
    frame.stream = (uint32_t)stream;
    if (!(frame.type & CHANNEL_FRAME_SKIPPED) && of_session(frame.type) != (stream == 0))
        return CHANNEL_ERR_FORMAT;
    struct reader body = {.data = data + head.pos, .len = (size_t)body_len};
    read_body(&body, &frame);
    if (body.bad || body.pos != body.len)
        return CHANNEL_ERR_FORMAT;
    *out = frame;
    return (int)(head.pos + body.len);
}

/* ---- writing ---- */

/* The fixed part of a body, into fixed (room for 24 bytes). */
static size_t write_fixed(const struct channel_frame *frame, uint8_t fixed[static 24])
{
    uint64_t values[3];
    size_t count = 0, len = 0;
    switch (frame->type) {
    case CHANNEL_FRAME_OPEN:
        values[count++] = frame->kind;
        values[count++] = frame->param;
        values[count++] = frame->offset;
        break;
    case CHANNEL_FRAME_DATA:
    case CHANNEL_FRAME_FIN:
    case CHANNEL_FRAME_CREDIT:
        values[count++] = frame->offset;
        break;
    case CHANNEL_FRAME_RESET:
        values[count++] = frame->code;
        values[count++] = frame->offset;
        break;
    case CHANNEL_FRAME_STOP:
    case CHANNEL_FRAME_GOAWAY:
        values[count++] = frame->code;
        break;
    case CHANNEL_FRAME_ACK:
        fixed[len++] = frame->lane;
        values[count++] = frame->number;
        break;
    case CHANNEL_FRAME_PING:
    case CHANNEL_FRAME_PONG:
        channel_put_u64(fixed, frame->number);
        len = 8;
        break;
    case CHANNEL_FRAME_MESSAGE:
        fixed[len++] = frame->flags;
        values[count++] = frame->number;
        break;
    default:
        break;
    }
    for (size_t i = 0; i < count; i++) {
        int n = channel_varint_write(fixed + len, 24 - len, values[i]);
        if (n < 0)
            return 0;
        len += (size_t)n;
    }
    return len;
}

size_t channel_frame_overhead(const struct channel_frame *frame, size_t body_cap)
{
    uint8_t fixed[24];
    return channel_varint_size(frame->stream) + 1 + channel_varint_size(body_cap) + write_fixed(frame, fixed);
}

int channel_frame_write(uint8_t *out, size_t cap, const struct channel_frame *frame)
{
    uint8_t fixed[24];
    size_t fixed_len = write_fixed(frame, fixed);
    if (fixed_len == 0 || frame->len > CHANNEL_RECORD_PLAIN_MAX)
        return CHANNEL_ERR_FORMAT;
    size_t body = fixed_len + frame->len;
    size_t total = channel_varint_size(frame->stream) + 1 + channel_varint_size(body) + body;
    if (total > cap)
        return CHANNEL_ERR_SPACE;
    uint8_t *p = out;
    p += channel_varint_write(p, 8, frame->stream);
    *p++ = frame->type;
    p += channel_varint_write(p, 8, body);
    memcpy(p, fixed, fixed_len);
    if (frame->len && frame->bytes)
        memcpy(p + fixed_len, frame->bytes, frame->len);
    return (int)total;
}
