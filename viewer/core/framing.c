#include "viewer/core/framing.h"

#include <stdlib.h>
#include <string.h>

void viewer_framing_init(struct viewer_framing *framing)
{
    memset(framing, 0, sizeof *framing);
}

void viewer_framing_finish(struct viewer_framing *framing)
{
    free(framing->buffer);
    memset(framing, 0, sizeof *framing);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int reserve(struct viewer_framing *framing, size_t need)
{
    if (need <= framing->cap) {
        return 0;
    }
    uint8_t *grown = realloc(framing->buffer, need);
    if (!grown) {
        return VIEWER_FRAMING_ERR_NOMEM;
    }
    framing->buffer = grown;
    framing->cap = need;
    return 0;
}

int viewer_framing_take(struct viewer_framing *framing, const uint8_t **data, size_t *len,
    const uint8_t **out_message, size_t *out_len)
{
    if (framing->header_have < VIEWER_FRAME_HEADER_BYTES) {
        const size_t take = least(*len, VIEWER_FRAME_HEADER_BYTES - framing->header_have);
        memcpy(framing->header + framing->header_have, *data, take);
        framing->header_have += take;
        *data += take;
        *len -= take;
        if (framing->header_have < VIEWER_FRAME_HEADER_BYTES) {
            return 0;
        }
        framing->need = (size_t)framing->header[0] << 24 | (size_t)framing->header[1] << 16 |
                        (size_t)framing->header[2] << 8 | framing->header[3];
        framing->have = 0;
        if (framing->need > VIEWER_FRAME_MAX_BYTES) {
            return VIEWER_FRAMING_ERR_LENGTH;
        }
    }
    const size_t take = least(*len, framing->need - framing->have);
    /* Memory follows what arrived, not what was announced. */
    const int error = reserve(framing, framing->have + take + (framing->have + take == 0));
    if (error != 0) {
        return error;
    }
    memcpy(framing->buffer + framing->have, *data, take);
    framing->have += take;
    *data += take;
    *len -= take;
    if (framing->have < framing->need) {
        return 0;
    }
    framing->header_have = 0;
    *out_message = framing->buffer;
    *out_len = framing->need;
    return 1;
}

void viewer_framing_header(uint8_t out[static VIEWER_FRAME_HEADER_BYTES], size_t len)
{
    out[0] = (uint8_t)(len >> 24);
    out[1] = (uint8_t)(len >> 16);
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
}
