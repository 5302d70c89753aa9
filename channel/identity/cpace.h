/* CPace, a balanced PAKE: CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace-21 in the initiator-responder
 * setting, with explicit key confirmation (its section 10.4). Pure functions; scalars are passed in, so
 * that the draft's vectors can be run. Any thread. */
#pragma once

#include "channel/core/crypto.h"

enum { CHANNEL_CPACE_SID_LEN = 16, CHANNEL_CPACE_FIELD_MAX = 64 };

struct channel_cpace_share {
    uint8_t y[32];
    uint8_t ad[CHANNEL_CPACE_FIELD_MAX];
    size_t ad_len;
};

/* prs_len, ci_len <= CHANNEL_CPACE_FIELD_MAX. */
void channel_cpace_generator(uint8_t out[static 32], const uint8_t *prs, size_t prs_len, const uint8_t *ci,
    size_t ci_len, const uint8_t sid[static CHANNEL_CPACE_SID_LEN]);
/* ISK from the own scalar and the peer's share; a and b are the initiator's and the responder's.
 * 0, or -1 when the peer's share is not a point or gives the identity. */
__attribute__((warn_unused_result)) int channel_cpace_isk(uint8_t out[static 64],
    const uint8_t sid[static CHANNEL_CPACE_SID_LEN], const uint8_t scalar[static 32],
    const uint8_t peer[static 32], const struct channel_cpace_share *a, const struct channel_cpace_share *b);
/* The tag that whoever sent share proves ISK with. */
void channel_cpace_tag(uint8_t out[static 64], const uint8_t isk[static 64],
    const uint8_t sid[static CHANNEL_CPACE_SID_LEN], const struct channel_cpace_share *share);
