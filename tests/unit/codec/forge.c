#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void forge_put(struct forge *f, struct codec_op op)
{
    const int n = codec_op_write(f->ops + f->ops_len, sizeof f->ops - f->ops_len, &op);
    assert_true(n > 0);
    f->ops_len += (size_t)n;
}

int forge_send(struct forge *f)
{
    f->head.ops_len = (uint32_t)f->ops_len;
    f->head.payload_len = (uint32_t)f->payload_len;
    const size_t len = CODEC_MESSAGE_HEADER_BYTES + f->ops_len + f->payload_len;
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    codec_message_write(bytes, &f->head);
    memcpy(bytes + CODEC_MESSAGE_HEADER_BYTES, f->ops, f->ops_len);
    memcpy(bytes + CODEC_MESSAGE_HEADER_BYTES + f->ops_len, f->payload, f->payload_len);
    struct codec_decoded out = {.seq = 4711};
    const int err = codec_decoder_decode(f->decoder, bytes, len, &out);
    assert_true(err == 0 ? out.seq == f->head.seq : out.seq == 4711);
    free(bytes);
    f->ops_len = f->payload_len = 0;
    return err;
}

void forge_start(struct forge *f)
{
    f->head = (struct codec_message){.flags = CODEC_MESSAGE_FLAG_START, .epoch = 3, .seq = 10};
    f->ops_len = f->payload_len = 0;
    forge_put(f, (struct codec_op){.type = CODEC_OP_SIZE, .rect = {0, 0, FORGE_W_PX, FORGE_H_PX}});
    assert_int_equal(forge_send(f), 0);
    f->head = (struct codec_message){.epoch = 3, .seq = 11};
}

int forge_setup(void **state)
{
    struct forge *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->decoder = codec_decoder_create(FORGE_W_PX * FORGE_H_PX, FORGE_SLOTS);
    *state = f;
    forge_start(f);
    return 0;
}

int forge_teardown(void **state)
{
    struct forge *f = *state;
    codec_decoder_destroy(f->decoder);
    free(f);
    return 0;
}

void forge_fill(struct forge *f, int32_t x, int32_t y, int32_t w, int32_t h)
{
    forge_put(f, (struct codec_op){.type = CODEC_OP_FILL, .rect = {x, y, w, h}, .colour = 0x112233});
}
