/* One direction of a link: a rate with a queue in front of it, then a delay, then loss. Pure: time is passed
 * in, packets are only counted here; whoever calls keeps their bytes. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shaper_config {
    uint64_t rate_bps; /* 0: not limited */
    uint32_t delay_us;
    uint32_t queue_bytes; /* what waits for the rate; a packet that does not fit is dropped */
    uint32_t loss_ppm;    /* dropped at random behind the queue */
};

struct shaper {
    struct shaper_config config;
    uint64_t free_us; /* when the rate has sent all it was given */
    uint32_t random;
    uint64_t dropped, lost;
};

void shaper_init(struct shaper *shaper, const struct shaper_config *config, uint32_t seed);

/* A packet of len bytes arrives. True and its departure time, never before now and never before an earlier
 * packet's, or false when it is dropped. */
bool shaper_take(struct shaper *shaper, uint32_t len, uint64_t now_us, uint64_t *out_leave_us);
