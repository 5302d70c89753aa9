/* The threads that encode: a few, made when first needed, asleep while there is nothing to do. Not
 * libuv's own pool, where disk work may stand in front. All calls are for the loop thread. */
#pragma once

#include <uv.h>

enum { SCREEN_POOL_THREADS = 4 /* at most, and no more than there are processors */ };

struct screen_work {
    struct screen_work *next;               /* the pool's */
    void (*run)(struct screen_work *work);  /* on a thread of the pool, or at once when there can be none */
    void (*done)(struct screen_work *work); /* on the loop thread; may free the work */
};

struct screen_pool;

/* NULL when out of memory. closed: called once destroy is complete. */
struct screen_pool *screen_pool_create(uv_loop_t *loop, void (*closed)(void *data), void *data);

/* Waits for what is running, then calls done for all that was submitted. */
void screen_pool_destroy(struct screen_pool *pool);

/* Work is borrowed until done. First come, first served; the submitter bounds how many there are. */
void screen_pool_submit(struct screen_pool *pool, struct screen_work *work);
