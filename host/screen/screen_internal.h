/* Inside of the shared screen: screen.c (source, loop, pacing), viewer.c (one viewer's messages and input)
 * and encode.c (one viewer's encoder). Loop thread only. */
#pragma once

#include "host/screen/encode.h"
#include "host/screen/moves.h"
#include "host/screen/screen.h"
#include "host/screen/tiles.h"

struct screen_viewer {
    struct screen *screen;
    struct screen_viewer *next;
    const struct screen_viewer_ops *ops;
    void *data;
    struct capture_seat *seat; /* made at the first input */
    bool gone;                 /* destroyed inside a callback; freed at the end of the turn */
    bool started, clipboard;
    uint32_t max_pixels;        /* 0 = any */
    uint32_t slots, made_slots; /* announced; those the encoder was made for */
    unsigned video_kinds;       /* that it decodes; the encoder was made for made_kinds */
    unsigned made_kinds;
    struct screen_encode *encode; /* only while started and while there is a screen */
    struct screen_tiles dirty;    /* grabbed, not yet encoded for this viewer */
    struct screen_moves moves;
    struct screen_window window;
    uint64_t due_us;                /* pace: no message before */
    uint32_t input, captured_input; /* last applied; last applied before the grab */
    uint32_t told_input;            /* in the last message */
    uint64_t frames, bytes;
    uint32_t encode_us;
    bool exact;
};

struct screen {
    uv_loop_t *loop;
    capture_open_fn *open;
    char *display;
    struct capture_source *source; /* NULL: no display now */
    struct capture_problem problem;
    struct capture_geometry geometry;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_poll_t *poll[CAPTURE_MAX_FDS];
    size_t poll_count;
    size_t handles; /* libuv handles not yet closed */
    bool closing;
    bool attention;            /* something happened: look at the source before waiting again */
    bool watching, clipboard;  /* what the source was last told */
    unsigned busy;             /* depth of calls that walk the viewers */
    struct screen_tiles dirty; /* damaged, not yet grabbed */
    struct screen_moves moves;
    struct screen_viewer *viewers;
    size_t viewer_count;
    uint64_t retry_us, retry_gap_us;
    uint64_t echo_us; /* last input of anyone */
    uint32_t capture_us;
    uint64_t grabs, frames, bytes;
    struct codec_store *store;             /* what viewers have in their slots; NULL: they have none */
    const struct codec_video_coder *video; /* NULL: none on this PC */
    struct codec_video_pace video_pace;    /* the coders', on any thread */
    struct screen_pool *pool;
    struct screen_pictures pictures;
    size_t encodes; /* running on the pool, each with a picture; at most SCREEN_PICTURES */
};

uint64_t screen_now_us(void);

/* Keep viewers alive while they are walked; end frees those that went. */
void screen_enter(struct screen *screen);
void screen_leave(struct screen *screen);

/* Look again before the loop waits. */
void screen_touch(struct screen *screen);

/* Tell all viewers but mover (may be NULL) where the pointer is. */
void screen_tell_pointer(struct screen *screen, const struct screen_viewer *mover, int32_t x, int32_t y);

/* Grab what is damaged, and take what happened meanwhile: viewers may end in it. 0 or CAPTURE_ERR_*. */
int screen_grab(struct screen *screen);

/* Make or renew the encoder for the screen as it is; false when out of memory. */
bool screen_viewer_renew(struct screen_viewer *viewer);
void screen_viewer_drop_encoder(struct screen_viewer *viewer);

/* When this viewer's next message could go; UINT64_MAX when only an event can tell. */
uint64_t screen_viewer_deadline_us(const struct screen_viewer *viewer, uint64_t now_us);

/* Encode what there is, on the loop thread when it is little. Returns CAPTURE_ERR_* of a grab, else 0. */
int screen_viewer_turn(struct screen_viewer *viewer, uint64_t now_us);

/* Its message is made: send it. */
void screen_viewer_encoded(struct screen_viewer *viewer);
