#include "codec/dirty.h"

static struct codec_rect join(struct codec_rect a, struct codec_rect b)
{
    const int32_t x0 = a.x < b.x ? a.x : b.x, y0 = a.y < b.y ? a.y : b.y;
    const int32_t x1 = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w;
    const int32_t y1 = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
    return (struct codec_rect){x0, y0, x1 - x0, y1 - y0};
}

static int64_t area(struct codec_rect r)
{
    return (int64_t)r.w * r.h;
}

void codec_dirty_add(struct codec_dirty *d, struct codec_rect r)
{
    /* Tiles arrive row by row: most join one of the last few without covering more than both. */
    size_t best = 0;
    int64_t least = INT64_MAX;
    for (size_t i = d->count; i-- > 0;) {
        const int64_t extra = area(join(d->rect[i], r)) - area(d->rect[i]);
        if (extra - area(r) <= 0) {
            d->rect[i] = join(d->rect[i], r);
            return;
        }
        if (extra < least) {
            least = extra;
            best = i;
        }
    }
    if (d->count < CODEC_MAX_DIRTY)
        d->rect[d->count++] = r;
    else
        d->rect[best] = join(d->rect[best], r);
}
