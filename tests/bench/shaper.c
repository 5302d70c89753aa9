#include "tests/bench/shaper.h"

void shaper_init(struct shaper *shaper, const struct shaper_config *config, uint32_t seed)
{
    *shaper = (struct shaper){.config = *config, .random = seed * 2654435761u | 1u};
}

static uint32_t draw_ppm(struct shaper *shaper)
{
    shaper->random ^= shaper->random << 13;
    shaper->random ^= shaper->random >> 17;
    shaper->random ^= shaper->random << 5;
    return (uint32_t)((uint64_t)shaper->random * 1000000u >> 32);
}

bool shaper_take(struct shaper *shaper, uint32_t len, uint64_t now_us, uint64_t *out_leave_us)
{
    const struct shaper_config *c = &shaper->config;
    uint64_t sent_us = now_us;
    if (c->rate_bps > 0) {
        const uint64_t start_us = shaper->free_us > now_us ? shaper->free_us : now_us;
        /* What waits is what the rate still has to send. */
        if ((start_us - now_us) * c->rate_bps / 8000000u + len > c->queue_bytes) {
            shaper->dropped++;
            return false;
        }
        sent_us = start_us + ((uint64_t)len * 8000000u + c->rate_bps - 1) / c->rate_bps;
        shaper->free_us = sent_us;
    }
    if (c->loss_ppm > 0 && draw_ppm(shaper) < c->loss_ppm) {
        shaper->lost++;
        return false;
    }
    *out_leave_us = sent_us + c->delay_us;
    return true;
}
