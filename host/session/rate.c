#include "host/session/rate.h"

enum { EVENT_COST_US = 1000000 / SESSION_INPUT_RATE };
static const uint64_t purse_max_us = (uint64_t)SESSION_INPUT_BURST * EVENT_COST_US;

void session_rate_init(struct session_rate *rate, uint64_t now_us)
{
    *rate = (struct session_rate){.tokens_us = purse_max_us, .last_us = now_us};
}

bool session_rate_take(struct session_rate *rate, uint64_t events, uint64_t now_us)
{
    uint64_t passed = now_us > rate->last_us ? now_us - rate->last_us : 0;
    rate->last_us = now_us > rate->last_us ? now_us : rate->last_us;
    rate->tokens_us = passed >= purse_max_us - rate->tokens_us ? purse_max_us : rate->tokens_us + passed;
    if (events > SESSION_INPUT_BURST || events * EVENT_COST_US > rate->tokens_us)
        return false;
    rate->tokens_us -= events * EVENT_COST_US;
    return true;
}
