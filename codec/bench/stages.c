#include "codec/bench/stages.h"

#include "codec/encoder_internal.h"

#include <time.h>

double stage_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double spent[STAGE_COUNT];

void stage_take(double out_ms[STAGE_COUNT])
{
    for (int i = 0; i < STAGE_COUNT; i++) {
        out_ms[i] = spent[i];
        spent[i] = 0;
    }
}

size_t __real_codec_job_find_dirty(struct codec_job *j, const struct codec_encoder_frame *frame);
size_t __wrap_codec_job_find_dirty(struct codec_job *j, const struct codec_encoder_frame *frame);
size_t __real_codec_job_find_swaps(struct codec_job *j);
size_t __wrap_codec_job_find_swaps(struct codec_job *j);
void __real_codec_job_send_swaps(struct codec_job *j);
void __wrap_codec_job_send_swaps(struct codec_job *j);
void __real_codec_job_send_moves(struct codec_job *j, const struct codec_encoder_frame *frame);
void __wrap_codec_job_send_moves(struct codec_job *j, const struct codec_encoder_frame *frame);
void __real_codec_job_find_loads(struct codec_job *j);
void __wrap_codec_job_find_loads(struct codec_job *j);
void __real_codec_job_send_saves(struct codec_job *j, const struct codec_copy *moves, size_t move_count);
void __wrap_codec_job_send_saves(struct codec_job *j, const struct codec_copy *moves, size_t move_count);
void __real_codec_job_send_loads(struct codec_job *j);
void __wrap_codec_job_send_loads(struct codec_job *j);
void __real_codec_job_send_fills(struct codec_job *j);
void __wrap_codec_job_send_fills(struct codec_job *j);
void __real_codec_job_send_pixels(struct codec_job *j);
void __wrap_codec_job_send_pixels(struct codec_job *j);

static void timed(enum stage stage, void (*run)(struct codec_job *), struct codec_job *j)
{
    const double from = stage_now_ms();
    run(j);
    spent[stage] += stage_now_ms() - from;
}

size_t __wrap_codec_job_find_dirty(struct codec_job *j, const struct codec_encoder_frame *frame)
{
    const double from = stage_now_ms();
    const size_t n = __real_codec_job_find_dirty(j, frame);
    spent[STAGE_DIFF] += stage_now_ms() - from;
    return n;
}

size_t __wrap_codec_job_find_swaps(struct codec_job *j)
{
    const double from = stage_now_ms();
    const size_t n = __real_codec_job_find_swaps(j);
    spent[STAGE_MOTION] += stage_now_ms() - from;
    return n;
}

void __wrap_codec_job_send_swaps(struct codec_job *j)
{
    timed(STAGE_MOTION, __real_codec_job_send_swaps, j);
}

void __wrap_codec_job_send_moves(struct codec_job *j, const struct codec_encoder_frame *frame)
{
    const double from = stage_now_ms();
    __real_codec_job_send_moves(j, frame);
    spent[STAGE_MOTION] += stage_now_ms() - from;
}

void __wrap_codec_job_find_loads(struct codec_job *j)
{
    timed(STAGE_SLOTS, __real_codec_job_find_loads, j);
}

/* Inside of the moves when there are any: counted there as well. */
void __wrap_codec_job_send_saves(struct codec_job *j, const struct codec_copy *moves, size_t move_count)
{
    const double from = stage_now_ms();
    __real_codec_job_send_saves(j, moves, move_count);
    spent[STAGE_SLOTS] += stage_now_ms() - from;
}

void __wrap_codec_job_send_loads(struct codec_job *j)
{
    timed(STAGE_SLOTS, __real_codec_job_send_loads, j);
}

void __wrap_codec_job_send_fills(struct codec_job *j)
{
    timed(STAGE_CODE, __real_codec_job_send_fills, j);
}

void __wrap_codec_job_send_pixels(struct codec_job *j)
{
    timed(STAGE_CODE, __real_codec_job_send_pixels, j);
}
