#include "channel/core/noise.h"

#include <string.h>

static const char protocol_name[] =
    "Noise_IK_25519_ChaChaPoly_SHA256"; /* 32 bytes: h starts as the name itself */
_Static_assert(
    sizeof protocol_name - 1 == CHANNEL_HASH_LEN, "a name of any other length is padded or hashed");

/* ---- symmetric state (section 5.2) ---- */

static void mix_hash(struct channel_noise *noise, const uint8_t *data, size_t len)
{
    /* what is mixed in is never longer than a message's payload */
    uint8_t input[32 + CHANNEL_PAYLOAD_MAX + CHANNEL_TAG_LEN];
    memcpy(input, noise->h, 32);
    if (len)
        memcpy(input + 32, data, len);
    channel_crypto_sha256(noise->h, input, 32 + len);
}

static void mix_key(struct channel_noise *noise, const uint8_t shared[static 32])
{
    uint8_t out[64];
    channel_crypto_hkdf(out, sizeof out, noise->ck, 32, shared, 32, NULL, 0);
    memcpy(noise->ck, out, 32);
    memcpy(noise->k, out + 32, 32);
    noise->n = 0;
    channel_crypto_wipe(out, sizeof out);
}

static void seal(struct channel_noise *noise, uint8_t *out, const uint8_t *in, size_t len)
{
    channel_crypto_seal(out, noise->k, noise->n++, noise->h, 32, in, len);
    mix_hash(noise, out, len + CHANNEL_TAG_LEN);
}

static int open_sealed(struct channel_noise *noise, uint8_t *out, const uint8_t *in, size_t len)
{
    if (channel_crypto_open(out, noise->k, noise->n, noise->h, 32, in, len) < 0)
        return CHANNEL_ERR_AUTH;
    noise->n++;
    mix_hash(noise, in, len);
    return 0;
}

static int fail(struct channel_noise *noise, int err)
{
    channel_noise_finish(noise);
    return err;
}

/* Mix in a DH of the ephemeral, which we hold. */
static int mix_ephemeral_dh(struct channel_noise *noise, const uint8_t point[static 32])
{
    uint8_t shared[32];
    if (channel_crypto_x25519(shared, noise->ephemeral, point) < 0)
        return CHANNEL_ERR_AUTH;
    mix_key(noise, shared);
    channel_crypto_wipe(shared, sizeof shared);
    return 0;
}

static void want_dh(struct channel_noise *noise, const uint8_t point[static 32])
{
    memcpy(noise->point, point, 32);
    noise->step = CHANNEL_NOISE_WANT_DH;
}

static void split(struct channel_noise *noise)
{
    uint8_t out[64];
    channel_crypto_hkdf(out, sizeof out, noise->ck, 32, NULL, 0, NULL, 0);
    memcpy(noise->key_initiator, out, 32);
    memcpy(noise->key_responder, out + 32, 32);
    channel_crypto_wipe(out, sizeof out);
    channel_crypto_wipe(noise->ck, sizeof noise->ck);
    channel_crypto_wipe(noise->k, sizeof noise->k);
    channel_crypto_wipe(noise->ephemeral, sizeof noise->ephemeral);
    noise->step = CHANNEL_NOISE_DONE;
}

/* ---- the pattern IK: <- s ... -> e, es, s, ss  <- e, ee, se ---- */

void channel_noise_init(struct channel_noise *noise, enum channel_role role, const uint8_t *prologue,
    size_t prologue_len, const uint8_t local_public[static 32], const uint8_t *peer_public,
    const uint8_t *payload, size_t payload_len)
{
    memset(noise, 0, sizeof *noise);
    noise->role = role;
    memcpy(noise->h, protocol_name, 32);
    memcpy(noise->ck, protocol_name, 32);
    memcpy(noise->local_public, local_public, 32);
    if (role == CHANNEL_INITIATOR)
        memcpy(noise->peer_public, peer_public, 32);
    memcpy(noise->out_payload, payload, payload_len);
    noise->out_payload_len = payload_len;
    mix_hash(noise, prologue, prologue_len);
    mix_hash(noise, role == CHANNEL_INITIATOR ? noise->peer_public : noise->local_public, 32);
}

void channel_noise_finish(struct channel_noise *noise)
{
    channel_crypto_wipe(noise, sizeof *noise);
    noise->step = CHANNEL_NOISE_FAILED;
}

int channel_noise_start(struct channel_noise *noise, const uint8_t ephemeral[static 32])
{
    if (noise->role != CHANNEL_INITIATOR || noise->step != CHANNEL_NOISE_START)
        return CHANNEL_ERR_STATE;
    memcpy(noise->ephemeral, ephemeral, 32);
    channel_crypto_x25519_public(noise->message, ephemeral);
    mix_hash(noise, noise->message, 32);                   /* e */
    int err = mix_ephemeral_dh(noise, noise->peer_public); /* es */
    if (err < 0)
        return fail(noise, err);
    seal(noise, noise->message + 32, noise->local_public, 32); /* s */
    want_dh(noise, noise->peer_public);                        /* ss */
    return 0;
}

static int read_first(struct channel_noise *noise, const uint8_t *data, size_t len)
{
    if (len < CHANNEL_NOISE_1_FIXED || len > CHANNEL_NOISE_MAX)
        return fail(noise, CHANNEL_ERR_FORMAT);
    memcpy(noise->in, data, len);
    noise->in_len = len;
    memcpy(noise->peer_ephemeral, data, 32);
    mix_hash(noise, noise->peer_ephemeral, 32); /* e */
    want_dh(noise, noise->peer_ephemeral);      /* es */
    return 0;
}

static int read_answer(struct channel_noise *noise, const uint8_t *data, size_t len)
{
    if (len < CHANNEL_NOISE_2_FIXED || len > CHANNEL_NOISE_2_FIXED + CHANNEL_PAYLOAD_MAX)
        return fail(noise, CHANNEL_ERR_FORMAT);
    memcpy(noise->in, data, len);
    noise->in_len = len;
    memcpy(noise->peer_ephemeral, data, 32);
    mix_hash(noise, noise->peer_ephemeral, 32);               /* e */
    int err = mix_ephemeral_dh(noise, noise->peer_ephemeral); /* ee */
    if (err < 0)
        return fail(noise, err);
    want_dh(noise, noise->peer_ephemeral); /* se */
    return 0;
}

int channel_noise_read(struct channel_noise *noise, const uint8_t *data, size_t len)
{
    if (noise->role == CHANNEL_RESPONDER && noise->step == CHANNEL_NOISE_START)
        return read_first(noise, data, len);
    if (noise->role == CHANNEL_INITIATOR && noise->step == CHANNEL_NOISE_SENT)
        return read_answer(noise, data, len);
    return CHANNEL_ERR_STATE;
}

static int give_initiator(struct channel_noise *noise)
{
    if (noise->dh_count == 1) { /* ss: message 1 is complete */
        seal(noise, noise->message + 80, noise->out_payload, noise->out_payload_len);
        noise->message_len = CHANNEL_NOISE_1_FIXED + noise->out_payload_len;
        noise->step = CHANNEL_NOISE_SENT;
        return 0;
    }
    noise->payload_len = noise->in_len - CHANNEL_NOISE_2_FIXED; /* se: message 2 can be opened */
    int err = open_sealed(noise, noise->payload, noise->in + 32, noise->in_len - 32);
    if (err < 0)
        return fail(noise, err);
    split(noise);
    return 0;
}

static int give_responder(struct channel_noise *noise)
{
    int err;
    if (noise->dh_count == 1) { /* es: who is it? */
        err = open_sealed(noise, noise->peer_public, noise->in + 32, 48);
        if (err < 0)
            return fail(noise, err);
        want_dh(noise, noise->peer_public);
        return 0;
    }
    noise->payload_len = noise->in_len - CHANNEL_NOISE_1_FIXED; /* ss: it is */
    err = open_sealed(noise, noise->payload, noise->in + 80, noise->in_len - 80);
    if (err < 0)
        return fail(noise, err);
    noise->step = CHANNEL_NOISE_VERDICT;
    return 0;
}

int channel_noise_give(struct channel_noise *noise, const uint8_t shared[static 32])
{
    static const uint8_t zeros[32];
    if (noise->step != CHANNEL_NOISE_WANT_DH)
        return CHANNEL_ERR_STATE;
    if (channel_crypto_equal(shared, zeros, 32)) /* a point of small order: section 12.1 leaves it to us */
        return fail(noise, CHANNEL_ERR_AUTH);
    mix_key(noise, shared);
    noise->dh_count++;
    return noise->role == CHANNEL_INITIATOR ? give_initiator(noise) : give_responder(noise);
}

int channel_noise_answer(struct channel_noise *noise, const uint8_t ephemeral[static 32])
{
    if (noise->step != CHANNEL_NOISE_VERDICT)
        return CHANNEL_ERR_STATE;
    memcpy(noise->ephemeral, ephemeral, 32);
    channel_crypto_x25519_public(noise->message, ephemeral);
    mix_hash(noise, noise->message, 32);                      /* e */
    int err = mix_ephemeral_dh(noise, noise->peer_ephemeral); /* ee */
    if (err == 0)
        err = mix_ephemeral_dh(noise, noise->peer_public); /* se */
    if (err < 0)
        return fail(noise, err);
    seal(noise, noise->message + 32, noise->out_payload, noise->out_payload_len);
    noise->message_len = CHANNEL_NOISE_2_FIXED + noise->out_payload_len;
    split(noise);
    return 0;
}
