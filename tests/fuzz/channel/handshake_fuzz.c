/* Records from a stranger during the handshake, to both roles: (u8 path, u16 length, bytes) again and again.
 */
#include "channel/core/bytes.h"
#include "channel/core/session.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void drain(struct channel_session *s, const uint8_t secret[static 32], uint64_t now_us)
{
    static uint8_t record[CHANNEL_RECORD_MAX];
    struct channel_event event;
    uint8_t shared[32];
    for (int round = 0; round < 2; round++) {
        while (channel_session_event(s, &event)) {
            if (event.type == CHANNEL_EVENT_WANT_DH) {
                if (channel_crypto_x25519(shared, secret, event.point) < 0)
                    memset(shared, 0, sizeof shared);
                (void)channel_session_give_dh(s, shared);
            } else if (event.type == CHANNEL_EVENT_VERDICT) {
                (void)channel_session_verdict(s, true);
            }
        }
        for (int path = 0; path < 2; path++)
            while (channel_session_send(s, path, record, sizeof record, now_us) > 0) {
            }
    }
}

static void run(enum channel_role role, const uint8_t *data, size_t len)
{
    static const uint8_t secret[32] = {1}, peer[32] = {9};
    struct channel_session_config config = {.role = role, .payload_len = 3, .prologue_len = 2};
    uint64_t now_us = 5;
    channel_crypto_x25519_public(config.local_public, secret);
    channel_crypto_x25519_public(config.peer_public, peer);
    struct channel_session *s = channel_session_create(&config, now_us);
    if (!s)
        return;
    (void)channel_session_path_add(s, now_us);
    (void)channel_session_path_add(s, now_us);
    drain(s, secret, now_us);
    while (len >= 3) {
        int path = data[0] & 1;
        size_t n = channel_get_u16(data + 1);
        data += 3;
        len -= 3;
        if (n > len)
            n = len;
        now_us += 10000;
        (void)channel_session_receive(s, path, data, n, now_us);
        drain(s, secret, now_us);
        channel_session_tick(s, now_us);
        drain(s, secret, now_us);
        data += n;
        len -= n;
    }
    if (channel_session_state(s) == CHANNEL_STATE_OPEN)
        abort(); /* nobody here knows the peer's secret */
    channel_session_destroy(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (channel_crypto_init() < 0)
        abort();
    run(CHANNEL_RESPONDER, data, len);
    run(CHANNEL_INITIATOR, data, len);
    return 0;
}
