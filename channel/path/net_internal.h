/* What net and socket share. */
#pragma once

#include <libwebsockets.h>

#include "channel/path/net.h"

enum { CHANNEL_NET_CHUNK_BYTES = 32 * 1024 };

struct channel_net {
    uv_loop_t *loop;
    struct channel_endpoint endpoint;
    SSL_CTX *ssl;
    struct lws_context *context; /* NULL again when libwebsockets has ended it */
    void *loops[1];
    size_t sockets; /* of ours that are not freed */
    size_t wsis;    /* of libwebsockets */
    bool destroying;
    unsigned calm_turns; /* in a row with none of both */
    uv_timer_t ending;
    uv_check_t turn;
    uint64_t ending_since_ms;
    void (*done)(void *user);
    void *user;
};

int channel_socket_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
