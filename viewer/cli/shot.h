/* A picture as a PNG file. */
#pragma once

#include "codec/decoder.h"

/* 0, or -errno (-EINVAL: there is no picture). The file appears whole or not at all. */
int cli_shot_write(const char *file, const struct codec_decoder *decoder);
