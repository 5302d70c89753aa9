/* What sealing costs, primitive by primitive and through a whole session.
 *
 *   channel_bench [seconds per line]
 *
 * One line each: what, record size, MB/s (10^6), ns a record. Of processor time on one core, so that what
 * else runs on the machine counts little. */
#include "channel/core/session.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LARGE = 16384 };

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void line(const char *what, size_t size, uint64_t count, double seconds)
{
    printf("%-34s %6zu B %9.0f MB/s %9.0f ns\n", what, size, (double)count * (double)size / seconds / 1e6,
        seconds / (double)count * 1e9);
}

typedef void seal_fn(uint8_t *out, const uint8_t *in, size_t len, uint64_t number);

static void seal_port(uint8_t *out, const uint8_t *in, size_t len, uint64_t number)
{
    static const uint8_t key[32] = {1};
    channel_crypto_seal(out, key, number, in, 10, in, len);
}

static void seal_sodium(uint8_t *out, const uint8_t *in, size_t len, uint64_t number)
{
    static const uint8_t key[32] = {1};
    uint8_t nonce[12] = {0};
    memcpy(nonce + 4, &number, 8);
    (void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len, in, 10, NULL, nonce, key);
}

static void seal_openssl(uint8_t *out, const uint8_t *in, size_t len, uint64_t number)
{
    static const uint8_t key[32] = {1};
    uint8_t nonce[12] = {0};
    int n = 0;
    memcpy(nonce + 4, &number, 8);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    (void)EVP_EncryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, nonce);
    (void)EVP_EncryptUpdate(ctx, NULL, &n, in, 10);
    (void)EVP_EncryptUpdate(ctx, out, &n, in, (int)len);
    (void)EVP_EncryptFinal_ex(ctx, out + len, &n);
    (void)EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len);
    EVP_CIPHER_CTX_free(ctx);
}

static void bench_seal(const char *what, seal_fn *seal, size_t size, double seconds)
{
    static uint8_t in[LARGE], out[LARGE + CHANNEL_TAG_LEN];
    uint64_t count = 0;
    double start = now_s(), end = start;
    while (end - start < seconds) {
        for (int i = 0; i < 64; i++)
            seal(out, in, size, count++);
        end = now_s();
    }
    line(what, size, count, end - start);
}

static void bench_open(size_t size, double seconds)
{
    static uint8_t in[LARGE + CHANNEL_TAG_LEN], out[LARGE];
    static const uint8_t key[32] = {1};
    uint64_t count = 0;
    channel_crypto_seal(in, key, 7, NULL, 0, out, size);
    double start = now_s(), end = start;
    while (end - start < seconds) {
        for (int i = 0; i < 64; i++, count++)
            if (channel_crypto_open(out, key, 7, NULL, 0, in, size + CHANNEL_TAG_LEN) < 0)
                abort();
        end = now_s();
    }
    line("open, as the channel chooses", size, count, end - start);
}

/* ---- a whole session ---- */

struct side {
    struct channel_session *session;
    uint8_t secret[32], public_key[32];
    uint64_t received;
    bool open;
};

static void drain(struct side *side)
{
    struct channel_event event;
    uint8_t shared[32];
    while (channel_session_event(side->session, &event)) {
        if (event.type == CHANNEL_EVENT_WANT_DH) {
            if (channel_crypto_x25519(shared, side->secret, event.point) < 0)
                abort();
            (void)channel_session_give_dh(side->session, shared);
        } else if (event.type == CHANNEL_EVENT_VERDICT) {
            (void)channel_session_verdict(side->session, true);
        } else if (event.type == CHANNEL_EVENT_OPEN) {
            side->open = true;
        } else if (event.type == CHANNEL_EVENT_STREAM_DATA) {
            side->received += event.len;
            (void)channel_stream_consumed(side->session, event.stream, event.len);
        } else if (event.type == CHANNEL_EVENT_CLOSED) {
            abort();
        }
    }
}

static double send_s, receive_s;

/* One record from one side to the other; its length or 0. */
static int pass(struct side *from, struct side *to, uint64_t now_us)
{
    static uint8_t record[CHANNEL_RECORD_MAX];
    double t0 = now_s();
    int n = channel_session_send(from->session, 0, record, sizeof record, now_us);
    double t1 = now_s();
    drain(from);
    if (n <= 0)
        return 0;
    double t2 = now_s();
    if (channel_session_receive(to->session, 0, record, (size_t)n, now_us) < 0)
        abort();
    drain(to);
    double t3 = now_s();
    send_s += t1 - t0;
    receive_s += t3 - t2;
    return n;
}

static void bench_session(double seconds)
{
    static uint8_t data[256 << 10];
    struct side side[2] = {0};
    struct channel_session_config config = {.prologue_len = 1};
    uint64_t now_us = 1;
    for (int i = 0; i < 2; i++) {
        channel_crypto_random(side[i].secret, 32);
        channel_crypto_x25519_public(side[i].public_key, side[i].secret);
    }
    double start = now_s();
    for (int i = 0; i < 2; i++) {
        config.role = i == 0 ? CHANNEL_INITIATOR : CHANNEL_RESPONDER;
        memcpy(config.local_public, side[i].public_key, 32);
        memcpy(config.peer_public, side[!i].public_key, 32);
        side[i].session = channel_session_create(&config, now_us);
        if (!side[i].session || channel_session_path_add(side[i].session, now_us) != 0)
            abort();
    }
    drain(&side[0]);
    while (!side[1].open) {
        (void)pass(&side[0], &side[1], now_us);
        (void)pass(&side[1], &side[0], now_us);
    }
    printf("%-34s %6s   %9s      %9.0f ns\n", "handshake, both sides", "", "", (now_s() - start) * 1e9);

    int id = channel_stream_open(side[0].session, CHANNEL_LANE_B, CHANNEL_KIND_FILE, 0);
    uint64_t records = 0;
    size_t at = 0;
    send_s = receive_s = 0;
    start = now_s();
    double end = start;
    while (end - start < seconds) {
        for (int i = 0; i < 64; i++) {
            double t0 = now_s();
            int taken = channel_stream_write(side[0].session, (uint32_t)id, data + at, sizeof data - at);
            send_s += now_s() - t0;
            if (taken < 0)
                abort();
            at = (at + (size_t)taken) % sizeof data;
            now_us += 20;
            if (pass(&side[0], &side[1], now_us) > LARGE)
                records++;
            while (pass(&side[1], &side[0], now_us) > 0) {
            }
        }
        end = now_s();
    }
    line("session: write, send", LARGE, records, send_s);
    line("session: receive, events, consume", LARGE, records, receive_s);
    line("session: both on one core", LARGE, records, end - start);
    for (int i = 0; i < 2; i++)
        channel_session_destroy(side[i].session);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    static const size_t sizes[] = {64, 256, 1024, 4096, LARGE};
    if (channel_crypto_init() < 0 || seconds <= 0)
        return 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench_seal("seal, libsodium", seal_sodium, sizes[i], seconds);
        bench_seal("seal, OpenSSL", seal_openssl, sizes[i], seconds);
        bench_seal("seal, as the channel chooses", seal_port, sizes[i], seconds);
    }
    bench_open(64, seconds);
    bench_open(LARGE, seconds);
    bench_session(seconds * 2);
    return 0;
}
