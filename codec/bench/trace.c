#include "codec/bench/trace.h"

#include "codec/screen.h"

#include <string.h>

static const char MAGIC[4] = {'H', 'T', 'R', '1'};

bool trace_write_start(FILE *f, int32_t width_px, int32_t height_px)
{
    const int32_t size[2] = {width_px, height_px};
    return fwrite(MAGIC, sizeof MAGIC, 1, f) == 1 && fwrite(size, sizeof size, 1, f) == 1;
}

bool trace_read_start(FILE *f, int32_t *out_width_px, int32_t *out_height_px)
{
    char magic[sizeof MAGIC];
    int32_t size[2];
    if (fread(magic, sizeof magic, 1, f) != 1 || memcmp(magic, MAGIC, sizeof magic) != 0 ||
        fread(size, sizeof size, 1, f) != 1 || !codec_size_ok(size[0], size[1], CODEC_MAX_PIXELS))
        return false;
    *out_width_px = size[0];
    *out_height_px = size[1];
    return true;
}

bool trace_write_frame(FILE *f, const struct trace_frame *frame, const uint32_t *px, size_t stride_px)
{
    const uint32_t head[3] = {frame->time_us, frame->rect_count, frame->move_count};
    if (fwrite(head, sizeof head, 1, f) != 1 ||
        fwrite(frame->rect, sizeof frame->rect[0], head[1], f) != head[1] ||
        fwrite(frame->move, sizeof frame->move[0], head[2], f) != head[2])
        return false;
    for (uint32_t i = 0; i < frame->rect_count; i++) {
        const struct codec_rect r = frame->rect[i];
        for (int32_t y = r.y; y < r.y + r.h; y++)
            if (fwrite(px + (size_t)y * stride_px + (size_t)r.x, sizeof *px, (size_t)r.w, f) != (size_t)r.w)
                return false;
    }
    return true;
}

bool trace_read_frame(FILE *f, struct trace_frame *out, uint32_t *px, int32_t width_px, int32_t height_px)
{
    uint32_t head[3];
    if (fread(head, sizeof head, 1, f) != 1 || head[1] > TRACE_MAX_RECTS || head[2] > TRACE_MAX_MOVES ||
        fread(out->rect, sizeof out->rect[0], head[1], f) != head[1] ||
        fread(out->move, sizeof out->move[0], head[2], f) != head[2])
        return false;
    out->time_us = head[0];
    out->rect_count = head[1];
    out->move_count = head[2];
    const struct codec_screen screen = {.width_px = width_px, .height_px = height_px};
    for (uint32_t i = 0; i < out->rect_count; i++) {
        const struct codec_rect r = out->rect[i];
        if (!codec_screen_has(&screen, r))
            return false;
        for (int32_t y = r.y; y < r.y + r.h; y++)
            if (fread(px + (size_t)y * (size_t)width_px + (size_t)r.x, sizeof *px, (size_t)r.w, f) !=
                (size_t)r.w)
                return false;
    }
    return true;
}
