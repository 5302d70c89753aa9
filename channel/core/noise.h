/* Noise_IK_25519_ChaChaPoly_SHA256 as a pure state machine (noiseprotocol.org revision 34). The static
 * secret stays outside: when a DH with it is needed the step becomes WANT_DH with the point to multiply,
 * and the caller gives the result, at once or later. Ephemerals are passed in, so that the published
 * vectors can be run. No I/O, no allocation. Internal to channel/core. Loop thread only. */
#pragma once

#include "channel/core/session.h"

enum {
    CHANNEL_NOISE_1_FIXED = 32 + 48 + 16, /* e | sealed s | tag of the payload */
    CHANNEL_NOISE_2_FIXED = 32 + 16,
    CHANNEL_NOISE_MAX = CHANNEL_NOISE_1_FIXED + CHANNEL_PAYLOAD_MAX
};

enum channel_noise_step {
    CHANNEL_NOISE_START,   /* initiator: channel_noise_start; responder: channel_noise_read */
    CHANNEL_NOISE_WANT_DH, /* X25519(own static secret, point) -> channel_noise_give */
    CHANNEL_NOISE_SENT,    /* initiator: message is ready to go; the answer -> channel_noise_read */
    CHANNEL_NOISE_VERDICT, /* responder: payload and peer_public are known -> channel_noise_answer */
    CHANNEL_NOISE_DONE,    /* responder: message is ready to go. Keys are split */
    CHANNEL_NOISE_FAILED
};

struct channel_noise {
    enum channel_role role;
    enum channel_noise_step step;
    int dh_count; /* how many results were given */
    uint8_t h[32], ck[32], k[32];
    uint64_t n;
    uint8_t local_public[32], peer_public[32];
    uint8_t ephemeral[32], peer_ephemeral[32];
    uint8_t point[32];
    uint8_t out_payload[CHANNEL_PAYLOAD_MAX];
    size_t out_payload_len;
    uint8_t in[CHANNEL_NOISE_MAX]; /* the message being read, while a DH is waited for */
    size_t in_len;
    uint8_t message[CHANNEL_NOISE_MAX]; /* to send, at SENT and DONE of the responder */
    size_t message_len;
    uint8_t payload[CHANNEL_PAYLOAD_MAX]; /* the peer's */
    size_t payload_len;
    uint8_t key_initiator[32], key_responder[32]; /* at DONE: what each side sends with */
};

/* peer_public is the initiator's knowledge of the responder; the responder passes NULL.
 * payload_len <= CHANNEL_PAYLOAD_MAX, copied. */
void channel_noise_init(struct channel_noise *noise, enum channel_role role, const uint8_t *prologue,
    size_t prologue_len, const uint8_t local_public[static 32], const uint8_t *peer_public,
    const uint8_t *payload, size_t payload_len);
void channel_noise_finish(struct channel_noise *noise);

/* Each returns 0, CHANNEL_ERR_STATE out of turn, or CHANNEL_ERR_FORMAT / _AUTH: the step is then FAILED. */
int channel_noise_start(struct channel_noise *noise, const uint8_t ephemeral[static 32]);
int channel_noise_read(struct channel_noise *noise, const uint8_t *data, size_t len);
int channel_noise_give(struct channel_noise *noise, const uint8_t shared[static 32]);
int channel_noise_answer(struct channel_noise *noise, const uint8_t ephemeral[static 32]);
