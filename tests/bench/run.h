/* What one measured run shares between the program that draws (bench_scene) and the one that watches
 * (bench_watch): a memory file with this header, then the source's picture, then copies of the moving area
 * of the newest frames. Times are CLOCK_MONOTONIC in µs, comparable across processes. The scene writes,
 * the watcher reads, except state. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_W 1920
#define BENCH_H 1080
#define BENCH_PIXELS ((size_t)BENCH_W * BENCH_H)
/* The number in a barcode has 11 bits; a run has fewer frames than that. */
#define BENCH_FRAMES_MAX 2048u
#define BENCH_KEYS_MAX 512u
/* Half a second of the fastest scene: a frame shown later than that is not compared. */
#define BENCH_SLOTS 16u
/* The square that a key flips, and its two colours. */
#define BENCH_FLIP_X 860
#define BENCH_FLIP_Y 440
#define BENCH_FLIP_PX 200
#define BENCH_FLIP_OFF 0x285ac8u
#define BENCH_FLIP_ON 0xe6b428u

enum bench_state {
    BENCH_PREPARING,
    BENCH_READY, /* frame 0 is on the source */
    BENCH_GO,    /* set by the watcher: move */
    BENCH_ENDED, /* the last frame is on the source */
};

struct bench_area {
    int32_t x, y, w, h;
};

struct bench_run {
    _Atomic uint32_t state;
    struct bench_area area;  /* where the scene moves; valid from BENCH_READY on */
    uint32_t interval_us;    /* between two frames, 0 when nothing moves */
    _Atomic uint32_t frames; /* issued so far, frame 0 not counted */
    _Atomic uint32_t flips;
    uint64_t go_us, ended_us;
    uint64_t issued_us[BENCH_FRAMES_MAX]; /* frame n handed to the X server */
    uint64_t drawn_us[BENCH_FRAMES_MAX];  /* the X server has answered after it */
    uint64_t flipped_us[BENCH_KEYS_MAX];  /* the flip was handed to the X server */
    _Atomic uint32_t slot[BENCH_SLOTS];   /* which frame the copy holds, UINT32_MAX while it is written */
};

#define BENCH_PICTURE_AT ((size_t)128 << 10)
#define BENCH_SLOTS_AT (BENCH_PICTURE_AT + BENCH_PIXELS * 4)
#define BENCH_FILE_BYTES (BENCH_SLOTS_AT + BENCH_PIXELS * 4 * BENCH_SLOTS)

_Static_assert(sizeof(struct bench_run) <= BENCH_PICTURE_AT, "the header has room");

/* The monotonic clock. */
uint64_t bench_now_us(void);

/* Map the file of a run, made by bench_scene; NULL and errno when it cannot. */
struct bench_run *bench_run_map(int fd);

static inline uint32_t *bench_run_picture(struct bench_run *run)
{
    return (uint32_t *)(void *)((unsigned char *)run + BENCH_PICTURE_AT);
}

/* The copy of frame n's area, rows area.w apart. */
static inline uint32_t *bench_run_slot(struct bench_run *run, uint32_t n)
{
    return (uint32_t *)(void *)((unsigned char *)run + BENCH_SLOTS_AT) + BENCH_PIXELS * (n % BENCH_SLOTS);
}
