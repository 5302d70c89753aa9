/* A record from nobody knows whom: header, opening, peek, resume. */
#include "channel/core/resume.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t key[32] = {1};
    static uint8_t out[CHANNEL_RECORD_PLAIN_MAX];
    uint8_t id[CHANNEL_ID_LEN];
    enum channel_first first;
    struct channel_record record;
    struct channel_resume resume;
    if (channel_crypto_init() < 0)
        abort();
    (void)channel_session_peek(data, len, id, &first);
    if (channel_record_parse(data, len, &record) < 0)
        return 0;
    (void)channel_resume_read(&record, CHANNEL_INITIATOR, key, &resume);
    struct channel_lane_key lane_key;
    channel_lane_key_init(&lane_key, record.lane, key, key);
    if (channel_record_open(&lane_key, &record, out) >= 0)
        abort(); /* nobody made a tag for this key */

    /* what is sealed opens, and only once it is the same */
    uint8_t sealed[CHANNEL_RECORD_MAX];
    size_t plain = record.len < CHANNEL_RECORD_PLAIN_MAX ? record.len : CHANNEL_RECORD_PLAIN_MAX;
    struct channel_lane_key tx = lane_key, rx = lane_key;
    size_t n = channel_record_seal(&tx, record.lane, sealed, record.body, plain);
    if (channel_record_parse(sealed, n, &record) < 0 || channel_record_open(&rx, &record, out) != (int)plain)
        abort();
    return 0;
}
