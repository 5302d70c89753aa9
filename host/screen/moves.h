/* What moved on a screen since a viewer's last picture: a short list of hints for its encoder. Moves of the
 * same area one after the other are joined into one. Fixed size, no allocation. Loop thread only. */
#pragma once

#include "codec/codec.h"

enum { SCREEN_MOVES_MAX = 16 /* more are left out: they only save time */ };

struct screen_moves {
    size_t count;
    struct codec_move move[SCREEN_MOVES_MAX];
};

void screen_moves_add(struct screen_moves *moves, const struct codec_move *move);
void screen_moves_unite(struct screen_moves *moves, const struct screen_moves *later);
void screen_moves_clear(struct screen_moves *moves);
