#include "host/screen/pool.h"

#include <stdbool.h>
#include <stdlib.h>

struct queue {
    struct screen_work *first, **last;
};

struct screen_pool {
    void (*closed)(void *data);
    void *data;
    uv_async_t async;
    uv_thread_t thread[SCREEN_POOL_THREADS];
    unsigned threads, most;
    uv_mutex_t mutex; /* guards what follows */
    uv_cond_t wake;
    struct queue todo, finished;
    unsigned queued, idle;
    bool ending;
};

static void push(struct queue *queue, struct screen_work *work)
{
    work->next = NULL;
    *queue->last = work;
    queue->last = &work->next;
}

static struct screen_work *pop(struct queue *queue)
{
    struct screen_work *work = queue->first;
    if (work) {
        queue->first = work->next;
        if (!queue->first)
            queue->last = &queue->first;
    }
    return work;
}

static void work_on(void *data)
{
    struct screen_pool *pool = data;
    uv_mutex_lock(&pool->mutex);
    for (;;) {
        struct screen_work *work = pop(&pool->todo);
        if (work) {
            pool->queued--;
            uv_mutex_unlock(&pool->mutex);
            work->run(work);
            uv_mutex_lock(&pool->mutex);
            push(&pool->finished, work);
            (void)uv_async_send(&pool->async);
            continue;
        }
        if (pool->ending)
            break;
        pool->idle++;
        uv_cond_wait(&pool->wake, &pool->mutex);
        pool->idle--;
    }
    uv_mutex_unlock(&pool->mutex);
}

static void deliver(struct screen_pool *pool)
{
    for (;;) {
        uv_mutex_lock(&pool->mutex);
        struct screen_work *work = pop(&pool->finished);
        uv_mutex_unlock(&pool->mutex);
        if (!work)
            return;
        work->done(work);
    }
}

static void on_async(uv_async_t *async)
{
    deliver(async->data);
}

struct screen_pool *screen_pool_create(uv_loop_t *loop, void (*closed)(void *data), void *data)
{
    struct screen_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->closed = closed;
    pool->data = data;
    pool->todo.last = &pool->todo.first;
    pool->finished.last = &pool->finished.first;
    pool->most = uv_available_parallelism();
    pool->most = pool->most < SCREEN_POOL_THREADS ? pool->most : SCREEN_POOL_THREADS;
    if (uv_mutex_init(&pool->mutex) != 0)
        goto no_mutex;
    if (uv_cond_init(&pool->wake) != 0)
        goto no_cond;
    if (uv_async_init(loop, &pool->async, on_async) != 0)
        goto no_async;
    pool->async.data = pool;
    return pool;

no_async:
    uv_cond_destroy(&pool->wake);
no_cond:
    uv_mutex_destroy(&pool->mutex);
no_mutex:
    free(pool);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    struct screen_pool *pool = handle->data;
    void (*closed)(void *) = pool->closed;
    void *data = pool->data;
    uv_cond_destroy(&pool->wake);
    uv_mutex_destroy(&pool->mutex);
    free(pool);
    closed(data);
}

void screen_pool_destroy(struct screen_pool *pool)
{
    if (!pool)
        return;
    uv_mutex_lock(&pool->mutex);
    pool->ending = true;
    uv_cond_broadcast(&pool->wake);
    uv_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->threads; i++)
        (void)uv_thread_join(&pool->thread[i]);
    deliver(pool);
    uv_close((uv_handle_t *)&pool->async, on_closed);
}

void screen_pool_submit(struct screen_pool *pool, struct screen_work *work)
{
    uv_mutex_lock(&pool->mutex);
    push(&pool->todo, work);
    /* One that was woken and has not begun is still counted idle, and its work still queued. */
    const bool need = ++pool->queued > pool->idle;
    uv_cond_signal(&pool->wake);
    uv_mutex_unlock(&pool->mutex);
    if (need && pool->threads < pool->most &&
        uv_thread_create(&pool->thread[pool->threads], work_on, pool) == 0)
        pool->threads++;
    if (pool->threads > 0)
        return;
    /* No thread can be had: slower, but it goes on. */
    uv_mutex_lock(&pool->mutex);
    work = pop(&pool->todo);
    pool->queued--;
    uv_mutex_unlock(&pool->mutex);
    work->run(work);
    uv_mutex_lock(&pool->mutex);
    push(&pool->finished, work);
    uv_mutex_unlock(&pool->mutex);
    (void)uv_async_send(&pool->async);
}
