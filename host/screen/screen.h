/* The screen of this PC, captured once and shared by all viewers.
 *
 * Owns the capture source (opened again with backoff when there is none), the newest picture, and
 * for each viewer what it has not seen yet. A viewer's encoder reads the newest picture when the
 * viewer's link can take it: there is no queue of frames. Also the door for a viewer's input and
 * for the clipboard, because they belong to the same display.
 *
 * Nothing runs while nothing changes: no timer is armed on a still screen that all viewers have.
 * Loop thread only. Callbacks run from inside the loop or from inside calls of this header; they
 * may call screen_viewer_* on any viewer, screen_viewer_destroy included. */
#pragma once

#include "host/capture/capture.h"
#include "host/screen/window.h"

#include <uv.h>

enum {
    SCREEN_MAX_VIEWERS = 16,
    SCREEN_ENVELOPE_BYTES = 9, /* version, input id, capture and encode time */
    SCREEN_ENVELOPE_VERSION = 1,
    SCREEN_FRAME_US = 16667,   /* pace of a moving screen */
    SCREEN_ECHO_GAP_US = 4000, /* pace within SCREEN_ECHO_US of an input */
    SCREEN_ECHO_US = 150000,
    SCREEN_RETRY_MIN_US = 2000000, /* between tries to open the display, doubling */
    SCREEN_RETRY_MAX_US = 15000000,
    SCREEN_SLOTS_MAX = 4096,  /* of one viewer, for exact tiles */
    SCREEN_STORE_TILES = 4096 /* kept for all viewers together, 64 MiB */
};

struct codec_video_wish;
struct screen;
struct screen_viewer;

/* What a viewer is told. Every entry may be NULL except send and can_send. */
struct screen_viewer_ops {
    /* One whole screen message (envelope and codec message, docs/wire.md), borrowed for the call. It
     * must reach the viewer, in order, or the caller calls screen_viewer_reset(). False: it could
     * not be taken; the viewer's picture starts over with the next message. */
    bool (*send)(void *data, const uint8_t *message, size_t len);
    /* Whether a message can be taken now without queueing behind much. When it turns true again
     * call screen_viewer_wake(). */
    bool (*can_send)(void *data);
    /* Shape or visibility changed; called once after start as well. */
    void (*cursor)(void *data, const struct capture_cursor *cursor);
    /* Somebody else moved the pointer: at the PC, or another viewer. Only while started. */
    void (*pointer)(void *data, int32_t x_px, int32_t y_px);
    /* There is a screen and this is its size (also when it changed), or there is none and why. */
    void (*geometry)(void *data, const struct capture_geometry *geometry);
    void (*unavailable)(void *data, const char *problem);
    /* Someone copied text on the host. Only when watching: screen_viewer_watch_clipboard(). */
    void (*clipboard)(void *data, const char *text, size_t len, bool too_large);
};

struct screen_stats {
    uint64_t grabs, frames, bytes;  /* since the start; frames and bytes over all viewers */
    uint32_t capture_us, encode_us; /* of the last frame */
    uint32_t viewers;               /* that see the picture */
};

struct screen_viewer_stats {
    uint64_t frames, bytes;
    uint32_t rtt_us, min_rtt_us; /* of the way, without the viewer's own time; 0 = not known yet */
    uint32_t serve_us;           /* what the viewer needs for a message */
    uint64_t rate_Bps;           /* what the link delivered lately, bytes/s; 0 = not known */
    size_t in_flight_bytes, window_bytes;
    uint32_t capture_us, encode_us; /* of the last frame */
    bool exact;                     /* the viewer has been sent the picture exactly */
};

/* open: capture_x11_open or another; display: its argument, copied, NULL = $DISPLAY. Opening is tried
 * at once; failure is not an error here (see screen_problem). NULL when out of memory. */
struct screen *screen_create(uv_loop_t *loop, capture_open_fn *open, const char *display);

/* Viewers must be destroyed before. The memory goes when the loop has run the close callbacks. */
void screen_destroy(struct screen *screen);

/* True with *out written when there is a screen. */
bool screen_geometry(const struct screen *screen, struct capture_geometry *out);

/* Why there is no screen; NULL when there is one. Lives until the next turn of the loop. */
const char *screen_problem(const struct screen *screen);

/* Why the screen can be seen but not controlled; NULL when it can be, or when there is none. */
const char *screen_input_problem(const struct screen *screen);

/* "x11" or "none". */
const char *screen_session_type(const struct screen *screen);

/* Keyboard layout such as "fr"; "" when unknown. Returns its length. */
int screen_layout(const struct screen *screen, char *out, size_t cap);

void screen_stats(const struct screen *screen, struct screen_stats *out);

/* Put text on the host's clipboard. Other viewers that watch are told; the giver (may be NULL) is
 * not. 0, or CAPTURE_ERR_* (CAPTURE_ERR_LOST when there is no display). */
int screen_clipboard_set(
    struct screen *screen, const struct screen_viewer *giver, const char *text, size_t len);

/* A viewer that does not see yet: input, clipboard and geometry work, pictures come after
 * screen_viewer_start(). ops and data are kept. NULL when out of memory or SCREEN_MAX_VIEWERS. */
struct screen_viewer *screen_viewer_create(
    struct screen *screen, const struct screen_viewer_ops *ops, void *data);

/* Releases what it holds down. NULL is fine. */
void screen_viewer_destroy(struct screen_viewer *viewer);

/* Begin or end sending pictures. Start sends the whole screen first and tells the cursor. */
int screen_viewer_start(struct screen_viewer *viewer);
void screen_viewer_stop(struct screen_viewer *viewer);

/* The viewer lost its way (or a message was lost): a new epoch begins with a whole screen. */
void screen_viewer_reset(struct screen_viewer *viewer);

/* What the viewer can hold, as it said: pixels of a screen (0 = any; of a larger one it is told that it is)
 * and slots for exact tiles. Counts from the next start on. */
void screen_viewer_set_limits(struct screen_viewer *viewer, uint32_t max_pixels, uint32_t slots);

/* What video the viewer decodes, ScreenStart.video: bits of enum codec_video_kind. Counts from the next
 * start on; none at first. */
void screen_viewer_set_video(struct screen_viewer *viewer, unsigned kinds);

/* What the viewer says about one of its video streams; untrusted, unknown numbers are ignored. */
void screen_viewer_video(struct screen_viewer *viewer, uint8_t stream, const struct codec_video_wish *wish);

/* The link can take more. */
void screen_viewer_wake(struct screen_viewer *viewer);

/* An ACK as it came from the viewer; untrusted, wrong numbers are ignored. hidden: nobody looks, so
 * pictures come slowly. */
void screen_viewer_ack(struct screen_viewer *viewer, const struct screen_window_ack *ack);

void screen_viewer_watch_clipboard(struct screen_viewer *viewer, bool watch);

/* Input; `input` is the viewer's number of the event, echoed in later screen messages. The caller
 * has checked the right to control. */
void screen_viewer_key(struct screen_viewer *viewer, uint32_t input, const struct input_key *key);
void screen_viewer_pointer(struct screen_viewer *viewer, uint32_t input, const struct input_pointer *pointer);
void screen_viewer_wheel(struct screen_viewer *viewer, uint32_t input, const struct input_wheel *wheel);
void screen_viewer_text(struct screen_viewer *viewer, uint32_t input, const char *text, size_t len);
void screen_viewer_release_all(struct screen_viewer *viewer, uint32_t input);

void screen_viewer_stats(const struct screen_viewer *viewer, struct screen_viewer_stats *out);
