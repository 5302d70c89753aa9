/* Inside the encoder: its state and one call of codec_encoder_encode(), shared by encoder.c (life, message),
 * encoder_areas.c (what changed, moves, fills), encoder_slots.c (screens that come back) and encoder_pixels.c
 * (exact tiles, pictures, refinement). */
#pragma once

#include "codec/classify.h"
#include "codec/encoder.h"
#include "codec/encoder_video.h"
#include "codec/message.h"
#include "codec/motion.h"
#include "codec/slots.h"

enum {
    CODEC_OPS_RESERVE_BYTES = 64 << 10, /* ends every list of operations early rather than late */
    CODEC_MAX_PICTURES = 512,           /* per message; more wait for the next */
    CODEC_SMALL_CELLS = 4               /* fewer changed cells of a tile are a small change */
};

/* About what the work of a call costs on one core of a server of 2020, measured with codec_bench: what the
 * encoder stops by, so that the same input always gives the same messages. */
enum {
    CODEC_WORK_NS = 40000000,  /* of one call that may take any time: even so a large screen comes in parts */
    CODEC_PIXELS_NS = 4000000, /* at least so much for pixels, whatever was done before */
    CODEC_COMPARE_CELL_NS = 100,
    CODEC_MOTION_CELL_NS = 500 /* finding moves, and looking at what they leave */
};

/* A tile shows what is in a slot as long as neither has changed since. */
struct codec_shown {
    uint64_t changed_us; /* of the tile; 0 = never loaded */
    uint32_t serial;     /* of the slot */
    int32_t slot;
};

/* What a tile was taken for: holds until it changes. */
struct codec_known {
    uint64_t changed_us; /* of the tile when it was classified; 0 = never */
    uint16_t dirty;      /* the cells that were looked at */
    struct codec_class is;
};

struct codec_encoder {
    struct codec_encoder_config config;
    codec_compare_fn *compare;
    bool start; /* the next message opens an epoch */
    uint16_t epoch;
    uint32_t seq;             /* of the last message */
    bool told_complete;       /* by the last message */
    uint64_t check_us;        /* of the last CHECK; 0 = none yet */
    uint32_t check_tile;      /* where the next one begins */
    struct codec_screen sent; /* the viewer's screen; lossy cells hold what they stand for */
    size_t tiles;
    uint16_t *suspect;         /* owned, per tile: cells that damage touched */
    uint16_t *dirty;           /* owned, per tile: cells that differ from sent */
    uint16_t *picture;         /* owned, per tile: cells that are to go as JPEG */
    uint16_t *extra;           /* owned, per tile: cells of a further exact pass */
    uint16_t *swap;            /* owned, per tile: cells to exchange with what lies under them */
    uint16_t *load;            /* owned, per tile: slot + 1 that shows the tile as it is now, else 0 */
    struct codec_shown *shown; /* owned, per tile: the slot it was last loaded from */
    uint8_t *stood;       /* owned, per tile: STOOD_* of encoder_slots.c, as it was before this message */
    uint64_t *changed_us; /* owned, per tile: last change seen */
    struct codec_known *known; /* owned, per tile */
    uint32_t *flat;            /* owned, per tile: colour of a flat dirty tile, else FLAT_NONE */
    size_t dirty_cells;
    /* Where the last message stopped for lack of budget, as tiles. */
    size_t next_tile, next_picture, next_refine;
    bool picture_waits;    /* the last message had no room for all pictures */
    uint32_t picture_cost; /* of JPEG bytes against the usual, 1/256 */
    bool picture_found;    /* any cell of picture is set */
    size_t rect_count;
    struct codec_rect rect[CODEC_MAX_PICTURES]; /* pictures of this message */
    uint64_t deadline_us;
    uint64_t refine_us;          /* no refinement before */
    struct codec_videos *videos; /* NULL: the viewer decodes none */
    struct codec_motion *motion;
    struct codec_slots *slots; /* owned; NULL when the viewer has none */
    struct codec_tile_models *models;
    struct codec_tile_scratch *scratch; /* owned */
    struct codec_patch patch;
    uint32_t src[CODEC_TILE_PX * CODEC_PATCH_STRIDE];
    bool tile_row[CODEC_MAX_SIDE_PX / CODEC_TILE_PX];
    uint8_t ops[CODEC_OPS_RESERVE_BYTES];
};

/* One call of codec_encoder_encode. */
struct codec_job {
    struct codec_encoder *e;
    struct codec_truth truth;
    uint64_t now_us;
    size_t ops_len;
    size_t budget;     /* bytes of the whole message, soft */
    uint64_t rate_Bps; /* of the link; 0 = not known */
    size_t cap;        /* bytes of payload, hard */
    uint8_t *payload;
    size_t coded;              /* bytes of finished payload */
    struct codec_tile_out out; /* exact tiles, while open */
    bool out_open;
    uint64_t paint, max_paint; /* px */
    uint64_t work_ns, most_ns; /* done so far, and what this call may do */
    bool tried;                /* a tile was looked at: at least one is, for progress */
    size_t loads;              /* tiles marked in e->load */
    bool back;                 /* most of what changed is in the slots */
    bool saved;                /* codec_job_send_saves() was done */
    bool echo;                 /* what is not natural goes first and alone */
    bool urgent;               /* e->extra marks small fresh changes that go first */
    struct codec_encoder_stats stats;
};

static inline int32_t codec_tile_x_of(const struct codec_encoder *e, size_t tile)
{
    return (int32_t)(tile % (size_t)e->sent.tiles_x);
}

static inline int32_t codec_tile_y_of(const struct codec_encoder *e, size_t tile)
{
    return (int32_t)(tile / (size_t)e->sent.tiles_x);
}

/* Cells of a tile that a rectangle touches, both in cells. */
uint16_t codec_cells_in(int32_t cx0, int32_t cy0, int32_t cx1, int32_t cy1, int32_t tx, int32_t ty);
/* Per tile masks of cells: whether a cell is set; set or clear those of a rectangle in cells. */
bool codec_mask_has(const struct codec_encoder *e, const uint16_t *mask, int32_t cx, int32_t cy);
void codec_mask_change(const struct codec_encoder *e, uint16_t *mask, struct codec_rect r, bool set);
/* Cells to pixels, cut at the edge. */
struct codec_rect codec_cells_rect(const struct codec_encoder *e, struct codec_rect cells);
/* Tiles to pixels, cut at the edge. */
struct codec_rect codec_tiles_rect(const struct codec_encoder *e, struct codec_rect tiles);

void codec_job_set_dirty(struct codec_encoder *e, size_t tile, uint16_t mask);
/* False when there is no room. */
bool codec_job_put_op(struct codec_job *j, const struct codec_op *op);
/* Count the pixels of a rectangle; false when the message would paint too much. */
bool codec_job_may_paint(struct codec_job *j, struct codec_rect r);
/* Bytes of the message so far. */
size_t codec_job_used(const struct codec_job *j);

/* Compare what damage touched and what was left over. Returns the cells that newly differ. When they are
 * few and more was waiting, their tiles are marked in extra and urgent is set. */
size_t codec_job_find_dirty(struct codec_job *j, const struct codec_encoder_frame *frame);
/* Mark in swap the cells of dirty tiles that what lies under them would make right; how many are dirty. */
size_t codec_job_find_swaps(struct codec_job *j);
void codec_job_send_swaps(struct codec_job *j);
/* Before anything else: remember which tiles have stood long enough to be worth a slot. */
void codec_job_begin_slots(struct codec_job *j);
/* Mark in load the changed tiles that the viewer has in a slot. When these are most of what changed they are
 * no longer dirty (back), though they will be right only after send_loads. After find_dirty. */
void codec_job_find_loads(struct codec_job *j);
/* Have the viewer save what is about to be replaced, but for what stays on the screen as the source of one
 * of these moves. The first call in a message counts; it must come before anything is changed. */
void codec_job_send_saves(struct codec_job *j, const struct codec_copy *moves, size_t move_count);
void codec_job_send_loads(struct codec_job *j);
void codec_job_send_moves(struct codec_job *j, const struct codec_encoder_frame *frame);
void codec_job_send_fills(struct codec_job *j);
void codec_job_send_pixels(struct codec_job *j);
void codec_job_set_deadline(struct codec_encoder *e, uint64_t now_us);
