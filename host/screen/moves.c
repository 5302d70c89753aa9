#include "host/screen/moves.h"

void screen_moves_add(struct screen_moves *moves, const struct codec_move *move)
{
    for (size_t i = 0; i < moves->count; i++) {
        struct codec_move *m = &moves->move[i];
        if (m->from.w != move->from.w || m->from.h != move->from.h ||
            (int64_t)m->from.x + m->dx != move->from.x || (int64_t)m->from.y + m->dy != move->from.y)
            continue;
        const int64_t dx = (int64_t)m->dx + move->dx, dy = (int64_t)m->dy + move->dy;
        if (dx < -CODEC_MAX_SIDE_PX || dx > CODEC_MAX_SIDE_PX || dy < -CODEC_MAX_SIDE_PX ||
            dy > CODEC_MAX_SIDE_PX)
            return;
        m->dx = (int32_t)dx;
        m->dy = (int32_t)dy;
        return;
    }
    if (moves->count < SCREEN_MOVES_MAX)
        moves->move[moves->count++] = *move;
}

void screen_moves_unite(struct screen_moves *moves, const struct screen_moves *later)
{
    for (size_t i = 0; i < later->count; i++)
        screen_moves_add(moves, &later->move[i]);
}

void screen_moves_clear(struct screen_moves *moves)
{
    moves->count = 0;
}
