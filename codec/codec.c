#include "codec/codec.h"

const char *codec_strerror(int err)
{
    switch ((enum codec_error)err) {
    case CODEC_OK:
        return "no error";
    case CODEC_ERR_NOMEM:
        return "out of memory";
    case CODEC_ERR_LENGTH:
        return "a length does not fit the message";
    case CODEC_ERR_RANGE:
        return "a rectangle or size is out of bounds";
    case CODEC_ERR_ORDER:
        return "an operation or message is out of order";
    case CODEC_ERR_CORRUPT:
        return "coded pixels are corrupt";
    case CODEC_ERR_UNKNOWN:
        return "an unknown operation or flag";
    case CODEC_ERR_LIMIT:
        return "more work than one message may cost";
    case CODEC_ERR_SPACE:
        return "the buffer is too small";
    case CODEC_ERR_MISMATCH:
        return "an exact pixel differs from the host's";
    case CODEC_ERR_SLOT:
        return "a slot does not hold what is asked of it";
    }
    return "unknown error";
}
