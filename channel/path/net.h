/* The WebSocket client of one broker on the caller's libuv loop: one libwebsockets context with the
 * broker's certificate rule. Environment proxies are ignored. Loop thread only.
 *
 * Sets libwebsockets' log level once for the process: it would write to stderr on its own. */
#pragma once

#include <uv.h>

#include "channel/path/endpoint.h"

struct channel_net;

/* url, pin, insecure: as channel_endpoint_parse. NULL with *out_why a sentence for people. */
struct channel_net *channel_net_create(
    uv_loop_t *loop, const char *url, const char *pin, bool insecure, const char **out_why);

/* Close all its sockets before. Waits until their last words have left (3 s at most); done (may be NULL)
 * comes from the loop, the memory is gone then. NULL calls nothing. */
void channel_net_destroy(struct channel_net *net, void (*done)(void *user), void *user);

const struct channel_endpoint *channel_net_endpoint(const struct channel_net *net);
uv_loop_t *channel_net_loop(const struct channel_net *net);
