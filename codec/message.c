#include "codec/message.h"

#include "codec/bytes.h"

/* By type: bytes with the type byte (0: no such type), and place in a message. */
static const struct {
    uint8_t bytes, phase;
} OP[] = {
    [CODEC_OP_SIZE] = {5, 0},
    [CODEC_OP_SAVE] = {7, 1},
    [CODEC_OP_COPY] = {14, 2},
    [CODEC_OP_SWAP] = {9, 3},
    [CODEC_OP_LOAD] = {7, 4},
    [CODEC_OP_FILL] = {12, 5},
    [CODEC_OP_EXACT] = {5, 6},
    [CODEC_OP_JPEG] = {13, 7},
    [CODEC_OP_VIDEO_OPEN] = {13, 8},
    [CODEC_OP_VIDEO] = {7, 9},
    [CODEC_OP_VIDEO_CLOSE] = {2, 10},
    [CODEC_OP_VIDEO_COVER] = {10, 11},
    [CODEC_OP_CHECK] = {9, 12},
};

int codec_op_phase(enum codec_op_type type)
{
    return OP[type].phase;
}

void codec_message_write(uint8_t *out, const struct codec_message *m)
{
    uint8_t *p = codec_put8(out, CODEC_MESSAGE_TYPE_SCREEN);
    p = codec_put8(p, m->flags);
    p = codec_put16(p, m->epoch);
    p = codec_put32(p, m->seq);
    p = codec_put32(p, m->capture_us);
    p = codec_put32(p, m->ops_len);
    (void)codec_put32(p, m->payload_len);
}

int codec_message_parse(const uint8_t *data, size_t len, struct codec_message *out)
{
    if (len < CODEC_MESSAGE_HEADER_BYTES || len > CODEC_MAX_MESSAGE_BYTES)
        return CODEC_ERR_LENGTH;
    if (data[0] != CODEC_MESSAGE_TYPE_SCREEN ||
        (data[1] & ~(CODEC_MESSAGE_FLAG_START | CODEC_MESSAGE_FLAG_COMPLETE)))
        return CODEC_ERR_UNKNOWN;
    const struct codec_message m = {
        .flags = data[1],
        .epoch = codec_get16(data + 2),
        .seq = codec_get32(data + 4),
        .capture_us = codec_get32(data + 8),
        .ops_len = codec_get32(data + 12),
        .payload_len = codec_get32(data + 16),
    };
    const size_t rest = len - CODEC_MESSAGE_HEADER_BYTES;
    if (m.ops_len > rest || m.payload_len != rest - m.ops_len)
        return CODEC_ERR_LENGTH;
    *out = m;
    return 0;
}

bool codec_message_starts(const uint8_t *data, size_t len)
{
    return len >= CODEC_MESSAGE_HEADER_BYTES && (data[1] & CODEC_MESSAGE_FLAG_START);
}

static uint8_t *put_rect(uint8_t *p, struct codec_rect r)
{
    p = codec_put16(p, (uint32_t)r.x);
    p = codec_put16(p, (uint32_t)r.y);
    p = codec_put16(p, (uint32_t)r.w);
    return codec_put16(p, (uint32_t)r.h);
}

static struct codec_rect get_rect(const uint8_t *p)
{
    return (struct codec_rect){codec_get16(p), codec_get16(p + 2), codec_get16(p + 4), codec_get16(p + 6)};
}

int codec_op_write(uint8_t *out, size_t cap, const struct codec_op *op)
{
    const int n = OP[op->type].bytes;
    if (cap < (size_t)n)
        return CODEC_ERR_SPACE;
    uint8_t *p = codec_put8(out, (uint32_t)op->type);
    switch (op->type) {
    case CODEC_OP_SIZE:
        p = codec_put16(p, (uint32_t)op->rect.w);
        (void)codec_put16(p, (uint32_t)op->rect.h);
        break;
    case CODEC_OP_COPY:
        p = put_rect(p, op->rect);
        p = codec_put16(p, (uint32_t)op->src_x);
        p = codec_put16(p, (uint32_t)op->src_y);
        (void)codec_put8(p, op->under);
        break;
    case CODEC_OP_SWAP:
        (void)put_rect(p, op->rect);
        break;
    case CODEC_OP_FILL:
        p = put_rect(p, op->rect);
        p = codec_put8(p, op->colour >> 16);
        p = codec_put8(p, op->colour >> 8);
        (void)codec_put8(p, op->colour);
        break;
    case CODEC_OP_EXACT:
        p = codec_put8(p, (uint32_t)op->rect.x);
        p = codec_put8(p, (uint32_t)op->rect.y);
        p = codec_put8(p, (uint32_t)op->rect.w);
        (void)codec_put8(p, (uint32_t)op->rect.h);
        break;
    case CODEC_OP_JPEG:
        p = put_rect(p, op->rect);
        (void)codec_put32(p, op->len);
        break;
    case CODEC_OP_SAVE:
    case CODEC_OP_LOAD:
        p = codec_put16(p, op->tile);
        p = codec_put16(p, op->slot);
        (void)codec_put16(p, op->count);
        break;
    case CODEC_OP_VIDEO_OPEN:
        p = codec_put8(p, op->stream);
        p = put_rect(p, op->rect);
        p = codec_put8(p, op->sps[0]);
        p = codec_put8(p, op->sps[1]);
        (void)codec_put8(p, op->sps[2]);
        break;
    case CODEC_OP_VIDEO:
        p = codec_put8(p, op->stream);
        p = codec_put8(p, op->key);
        (void)codec_put32(p, op->len);
        break;
    case CODEC_OP_VIDEO_CLOSE:
        (void)codec_put8(p, op->stream);
        break;
    case CODEC_OP_CHECK:
        p = codec_put16(p, op->tile);
        p = codec_put16(p, op->count);
        (void)codec_put32(p, op->sum);
        break;
    case CODEC_OP_VIDEO_COVER:
        p = codec_put8(p, op->stream);
        (void)put_rect(p, op->rect);
        break;
    }
    return n;
}

int codec_op_parse(const uint8_t *data, size_t len, struct codec_op *out)
{
    if (len == 0)
        return CODEC_ERR_LENGTH;
    if (data[0] >= sizeof OP / sizeof OP[0] || OP[data[0]].bytes == 0)
        return CODEC_ERR_UNKNOWN;
    const int n = OP[data[0]].bytes;
    if (len < (size_t)n)
        return CODEC_ERR_LENGTH;
    struct codec_op op = {.type = (enum codec_op_type)data[0]};
    const uint8_t *p = data + 1;
    switch (op.type) {
    case CODEC_OP_SIZE:
        op.rect.w = codec_get16(p);
        op.rect.h = codec_get16(p + 2);
        break;
    case CODEC_OP_COPY:
        op.rect = get_rect(p);
        op.src_x = codec_get16(p + 8);
        op.src_y = codec_get16(p + 10);
        if (p[12] > 1)
            return CODEC_ERR_UNKNOWN;
        op.under = p[12] == 1;
        break;
    case CODEC_OP_SWAP:
        op.rect = get_rect(p);
        break;
    case CODEC_OP_FILL:
        op.rect = get_rect(p);
        op.colour = (uint32_t)p[8] << 16 | (uint32_t)p[9] << 8 | p[10];
        break;
    case CODEC_OP_EXACT:
        op.rect = (struct codec_rect){p[0], p[1], p[2], p[3]};
        break;
    case CODEC_OP_JPEG:
        op.rect = get_rect(p);
        op.len = codec_get32(p + 8);
        break;
    case CODEC_OP_SAVE:
    case CODEC_OP_LOAD:
        op.tile = codec_get16(p);
        op.slot = codec_get16(p + 2);
        op.count = codec_get16(p + 4);
        break;
    case CODEC_OP_VIDEO_OPEN:
        op.stream = p[0];
        op.rect = get_rect(p + 1);
        op.sps[0] = p[9];
        op.sps[1] = p[10];
        op.sps[2] = p[11];
        break;
    case CODEC_OP_VIDEO:
        op.stream = p[0];
        if (p[1] > 1)
            return CODEC_ERR_UNKNOWN;
        op.key = p[1] == 1;
        op.len = codec_get32(p + 2);
        break;
    case CODEC_OP_VIDEO_CLOSE:
        op.stream = p[0];
        break;
    case CODEC_OP_CHECK:
        op.tile = codec_get16(p);
        op.count = codec_get16(p + 2);
        op.sum = codec_get32(p + 4);
        break;
    case CODEC_OP_VIDEO_COVER:
        op.stream = p[0];
        op.rect = get_rect(p + 1);
        break;
    }
    *out = op;
    return n;
}
