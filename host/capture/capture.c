#include "host/capture/capture.h"

#include <string.h>

const char *capture_strerror(int err)
{
    switch ((enum capture_error)err) {
    case CAPTURE_OK:
        return "no error";
    case CAPTURE_ERR_NOMEM:
        return "out of memory";
    case CAPTURE_ERR_LOST:
        return "the display is gone";
    case CAPTURE_ERR_SIZE:
        return "the display is too large";
    case CAPTURE_ERR_RESIZED:
        return "the display changed its size";
    case CAPTURE_ERR_NONE:
        return "there is none";
    }
    return "unknown error";
}

void capture_close(struct capture_source *source)
{
    if (source)
        source->ops->close(source);
}

void capture_geometry(const struct capture_source *source, struct capture_geometry *out)
{
    source->ops->geometry(source, out);
}

size_t capture_fds(const struct capture_source *source, int out_fds[CAPTURE_MAX_FDS])
{
    return source->ops->fds(source, out_fds);
}

int capture_dispatch(struct capture_source *source, uint64_t now_us, struct capture_changes *out)
{
    return source->ops->dispatch(source, now_us, out);
}

uint64_t capture_deadline_us(const struct capture_source *source)
{
    return source->ops->deadline_us ? source->ops->deadline_us(source) : UINT64_MAX;
}

int capture_watch(struct capture_source *source, bool watch)
{
    return source->ops->watch(source, watch);
}

int capture_grab(struct capture_source *source, const struct codec_rect *rects, size_t count,
    capture_changed_fn *changed, void *data)
{
    return source->ops->grab(source, rects, count, changed, data);
}

const uint32_t *capture_pixels(const struct capture_source *source, size_t *out_stride_px)
{
    return source->ops->pixels(source, out_stride_px);
}

int capture_cursor(struct capture_source *source, struct capture_cursor *out)
{
    return source->ops->cursor ? source->ops->cursor(source, out) : CAPTURE_ERR_NONE;
}

int capture_layout(const struct capture_source *source, char *out, size_t cap)
{
    if (source->ops->layout)
        return source->ops->layout(source, out, cap);
    if (cap)
        out[0] = '\0';
    return 0;
}

const char *capture_input_problem(const struct capture_source *source)
{
    return source->ops->input_problem ? source->ops->input_problem(source) : NULL;
}

struct capture_seat *capture_seat_create(struct capture_source *source)
{
    return source->ops->seat_create ? source->ops->seat_create(source) : NULL;
}

void capture_seat_destroy(struct capture_seat *seat)
{
    if (seat)
        seat->source->ops->seat_destroy(seat);
}

void capture_key(struct capture_seat *seat, const struct input_key *key)
{
    if (seat)
        seat->source->ops->key(seat, key);
}

void capture_pointer(struct capture_seat *seat, const struct input_pointer *pointer)
{
    if (seat)
        seat->source->ops->pointer(seat, pointer);
}

void capture_wheel(struct capture_seat *seat, const struct input_wheel *wheel)
{
    if (seat)
        seat->source->ops->wheel(seat, wheel);
}

void capture_text(struct capture_seat *seat, const char *text, size_t len)
{
    if (seat)
        seat->source->ops->text(seat, text, len);
}

void capture_release_all(struct capture_seat *seat)
{
    if (seat)
        seat->source->ops->release_all(seat);
}

void capture_clipboard_watch(struct capture_source *source, capture_clipboard_fn *fn, void *data)
{
    if (source->ops->clipboard_watch)
        source->ops->clipboard_watch(source, fn, data);
}

int capture_clipboard_set(struct capture_source *source, const char *text, size_t len, uint64_t now_us)
{
    return source->ops->clipboard_set ? source->ops->clipboard_set(source, text, len, now_us)
                                      : CAPTURE_ERR_NONE;
}
