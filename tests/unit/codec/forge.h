/* Messages put together by hand, for what no honest encoder sends: a decoder with a screen at epoch 3,
 * sequence 10, and a message in the making. Aborts on broken use: only for tests. */
#pragma once

#include "codec/decoder.h"
#include "codec/message.h"

enum { FORGE_W_PX = 200, FORGE_H_PX = 100, FORGE_SLOTS = 100, FORGE_CAP_BYTES = 1 << 20 };

struct forge {
    struct codec_decoder *decoder;
    struct codec_message head;
    uint8_t ops[FORGE_CAP_BYTES];
    size_t ops_len;
    uint8_t payload[FORGE_CAP_BYTES];
    size_t payload_len;
};

/* For cmocka: *state is a struct forge whose epoch is open, the next message being head. */
int forge_setup(void **state);
int forge_teardown(void **state);

/* Open an epoch again. */
void forge_start(struct forge *f);
void forge_put(struct forge *f, struct codec_op op);
void forge_fill(struct forge *f, int32_t x, int32_t y, int32_t w, int32_t h);
/* Send what was put together, from memory of exactly its length; returns what the decoder says. */
int forge_send(struct forge *f);
