/* One display of this PC as the rest of the host sees it: pixels, cursor, input and clipboard
 * behind one table of functions, so that X11, Wayland, VNC and RDP look the same.
 *
 * A source never blocks and has no thread and no timer: the owner waits on its descriptors (and on
 * its deadline when there is one), calls capture_dispatch(), then grabs what changed. A display at
 * rest makes none of the descriptors readable. Loop thread only. */
#pragma once

#include "codec/codec.h"
#include "host/input/input.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CAPTURE_MAX_DAMAGE = 256, /* rectangles told by one dispatch; more are joined */
    CAPTURE_MAX_MOVES = 16,   /* moves told by one dispatch; more are left out */
    CAPTURE_MAX_FDS = 3,
    CAPTURE_CURSOR_MAX_PX = 256, /* a larger shape is cut at the right and bottom */
    CAPTURE_NAME_BYTES = 64,
    CAPTURE_ERROR_BYTES = 256
};

enum capture_error {
    CAPTURE_OK = 0,
    CAPTURE_ERR_NOMEM = -1,
    CAPTURE_ERR_LOST = -2,    /* the display is gone: close the source, open again later */
    CAPTURE_ERR_SIZE = -3,    /* larger than CODEC_MAX_SIDE_PX or CODEC_MAX_PIXELS */
    CAPTURE_ERR_RESIZED = -4, /* the size changed under the grab: dispatch, then grab again */
    CAPTURE_ERR_NONE = -5     /* there is no such thing now (cursor shape, ...) */
};

const char *capture_strerror(int err);

/* Why there is no picture: what happened, then what to do. Shown to people as it is. */
struct capture_problem {
    char text[CAPTURE_ERROR_BYTES];
};

struct capture_geometry {
    int32_t width_px, height_px;
    char name[CAPTURE_NAME_BYTES]; /* of the display, UTF-8, terminated */
};

/* What capture_dispatch() found since the last call. */
struct capture_changes {
    bool resized; /* read capture_geometry() and damage everything */
    bool cursor;  /* read capture_cursor() */
    bool keymap;
    bool pointer;                 /* somebody else moved it: to pointer_x, pointer_y */
    int32_t pointer_x, pointer_y; /* the keyboard layout changed */
    size_t move_count;
    struct codec_move moves[CAPTURE_MAX_MOVES]; /* windows that were moved: hints, any rectangles */
    size_t damage_count;
    struct codec_rect damage[CAPTURE_MAX_DAMAGE]; /* inside the geometry, may overlap */
};

struct capture_cursor {
    bool visible;
    uint32_t serial;              /* grows with every new shape */
    uint32_t width_px, height_px; /* at most CAPTURE_CURSOR_MAX_PX */
    uint32_t hot_x_px, hot_y_px;
    const uint8_t *rgba; /* straight alpha, width*height*4 bytes; the source's, until its next call */
};

/* Clipboard text of the display arrived: UTF-8, borrowed for the call. too_large: text is NULL. */
typedef void capture_clipboard_fn(void *data, const char *text, size_t len, bool too_large);

struct capture_source;
struct capture_seat;

/* An area of the picture that a grab really changed, inside one tile of CODEC_TILE_PX. */
typedef void capture_changed_fn(void *data, const struct codec_rect *area);

struct capture_ops {
    /* mandatory */
    void (*geometry)(const struct capture_source *source, struct capture_geometry *out);
    size_t (*fds)(const struct capture_source *source, int out_fds[CAPTURE_MAX_FDS]);
    int (*dispatch)(struct capture_source *source, uint64_t now_us, struct capture_changes *out);
    int (*grab)(struct capture_source *source, const struct codec_rect *rects, size_t count,
        capture_changed_fn *changed, void *data);
    const uint32_t *(*pixels)(const struct capture_source *source, size_t *out_stride_px);
    int (*watch)(struct capture_source *source, bool watch);
    void (*close)(struct capture_source *source);
    /* optional: NULL when the source has no such thing */
    uint64_t (*deadline_us)(const struct capture_source *source);
    int (*cursor)(struct capture_source *source, struct capture_cursor *out);
    int (*layout)(const struct capture_source *source, char *out, size_t cap);
    const char *(*input_problem)(const struct capture_source *source);
    struct capture_seat *(*seat_create)(struct capture_source *source);
    void (*seat_destroy)(struct capture_seat *seat);
    void (*key)(struct capture_seat *seat, const struct input_key *key);
    void (*pointer)(struct capture_seat *seat, const struct input_pointer *pointer);
    void (*wheel)(struct capture_seat *seat, const struct input_wheel *wheel);
    void (*text)(struct capture_seat *seat, const char *text, size_t len);
    void (*release_all)(struct capture_seat *seat);
    void (*clipboard_watch)(struct capture_source *source, capture_clipboard_fn *fn, void *data);
    int (*clipboard_set)(struct capture_source *source, const char *text, size_t len, uint64_t now_us);
};

/* First member of every source. */
struct capture_source {
    const struct capture_ops *ops;
};

/* First member of every seat. */
struct capture_seat {
    struct capture_source *source;
};

/* Opens a source; NULL with *out_problem written when it cannot. */
typedef struct capture_source *capture_open_fn(const char *display, struct capture_problem *out_problem);

/* display: "host:N", ":N", or NULL for $DISPLAY. */
struct capture_source *capture_x11_open(const char *display, struct capture_problem *out_problem);

/* NULL is fine. Seats must be destroyed before. */
void capture_close(struct capture_source *source);

void capture_geometry(const struct capture_source *source, struct capture_geometry *out);

/* Descriptors to wait on for reading; returns how many. They stay the same until close. */
size_t capture_fds(const struct capture_source *source, int out_fds[CAPTURE_MAX_FDS]);

/* Take all that has arrived, without blocking. Returns 0, or CAPTURE_ERR_LOST. Must be called when
 * a descriptor is readable, at the deadline, and after any other call of this header (answers to a
 * call may bring events along that no descriptor will announce). */
int capture_dispatch(struct capture_source *source, uint64_t now_us, struct capture_changes *out);

/* Monotonic time of the next wanted capture_dispatch(); UINT64_MAX when none is. */
uint64_t capture_deadline_us(const struct capture_source *source);

/* Begin or end watching for damage and cursor shapes (resizes are always told). Off at first, so that a
 * display nobody looks at costs nothing. After the start everything counts as damaged and the cursor as
 * changed. 0 or CAPTURE_ERR_LOST. */
int capture_watch(struct capture_source *source, bool watch);

/* Bring rects (inside the geometry, best disjoint) of the source's picture up to date with what the
 * display shows; the cursor is not in it. What changes from then on is told as damage again. changed (may
 * be NULL) is called for what is not as it was: compositors damage whole windows in which little changed.
 * Blocks for one round trip to the display. Returns 0 or CAPTURE_ERR_*; after an error those areas are
 * unspecified, and what was told before it has changed. */
int capture_grab(struct capture_source *source, const struct codec_rect *rects, size_t count,
    capture_changed_fn *changed, void *data);

/* The picture: 0x00RRGGBB, of the geometry's size, black where never grabbed. The source's; stays until
 * a dispatch that tells of a resize. */
const uint32_t *capture_pixels(const struct capture_source *source, size_t *out_stride_px);

/* The shape now; 0, CAPTURE_ERR_NONE or CAPTURE_ERR_LOST. */
int capture_cursor(struct capture_source *source, struct capture_cursor *out);

/* Name of the keyboard layout, such as "fr" ("" when unknown), for statistics. Returns its length. */
int capture_layout(const struct capture_source *source, char *out, size_t cap);

/* Why the display takes no input, in words for people; NULL when it does. The source's. */
const char *capture_input_problem(const struct capture_source *source);

/* A viewer's hands on this display; NULL when out of memory or when the source takes no input.
 * Destroying a seat releases what it holds; NULL is fine. Input calls on a NULL seat do nothing. */
struct capture_seat *capture_seat_create(struct capture_source *source);
void capture_seat_destroy(struct capture_seat *seat);
void capture_key(struct capture_seat *seat, const struct input_key *key);
void capture_pointer(struct capture_seat *seat, const struct input_pointer *pointer);
void capture_wheel(struct capture_seat *seat, const struct input_wheel *wheel);
void capture_text(struct capture_seat *seat, const char *text, size_t len);
void capture_release_all(struct capture_seat *seat);

/* Tell fn each time someone on the display copies text (and once at the start what is there); what
 * capture_clipboard_set() put there is not told back. fn NULL stops watching. */
void capture_clipboard_watch(struct capture_source *source, capture_clipboard_fn *fn, void *data);

/* Put UTF-8 text on the display's clipboard; copied. 0 or CAPTURE_ERR_*. */
int capture_clipboard_set(struct capture_source *source, const char *text, size_t len, uint64_t now_us);
