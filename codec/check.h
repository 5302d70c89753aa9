/* A sum over exact cells, by which a host and its viewer find out that their pictures differ where they
 * must not: a bug, or memory gone bad. It guards against nobody. Layout: docs/wire-screen.md "Checks".
 * Any thread; no allocation. */
#pragma once

#include "codec/screen.h"

enum { CODEC_CHECK_TILES = 64 }; /* an encoder's share of one message: a tenth of a millisecond */

/* Of the exact cells of a run of tiles, which must be on the screen. */
uint32_t codec_check_sum(const struct codec_screen *s, uint32_t tile, uint32_t count);
