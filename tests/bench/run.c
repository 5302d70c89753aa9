#include "tests/bench/run.h"

#include <sys/mman.h>
#include <time.h>

uint64_t bench_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

struct bench_run *bench_run_map(int fd)
{
    void *map = mmap(NULL, BENCH_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}
