#include "channel/path/net_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { ENDING_TURN_MS = 1, ENDING_CALM_TURNS = 3, ENDING_SOCKETS_MS = 3000, ENDING_MAX_MS = 5000 };

static const struct lws_protocols protocols[] = {
    {.name = "hearth", .callback = channel_socket_callback, .rx_buffer_size = CHANNEL_NET_CHUNK_BYTES},
    {0},
};

struct channel_net *channel_net_create(
    uv_loop_t *loop, const char *url, const char *pin, bool insecure, const char **out_why)
{
    struct channel_net *net = calloc(1, sizeof *net);
    if (!net) {
        *out_why = "Out of memory.";
        return NULL;
    }
    net->loop = loop;
    if (channel_endpoint_parse(&net->endpoint, url, pin, insecure, out_why) != 0) {
        free(net);
        return NULL;
    }
    *out_why = "The WebSocket library could not start. Is libwebsockets-evlib-uv installed?";
    net->ssl = SSL_CTX_new(TLS_client_method());
    if (!net->ssl) {
        goto fail;
    }
    channel_endpoint_guard(net->ssl, &net->endpoint);
    lws_set_log_level(0, NULL);
    net->loops[0] = loop;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .user = net,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = net->loops,
        .pcontext = &net->context,
        .provided_client_ssl_ctx = net->ssl,
        .pt_serv_buf_size = CHANNEL_NET_CHUNK_BYTES,
        .http_proxy_address = "",
        .connect_timeout_secs = 8,
        .timeout_secs = 10,
        .ka_time = 60,
        .ka_probes = 3,
        .ka_interval = 10,
    };
    net->context = lws_create_context(&info);
    if (!net->context) {
        goto fail;
    }
    /* A context unloads its libuv plugin when it ends, while handles of the loop still have to call back
     * into it: the program would jump into nothing. So the plugin stays. */
    (void)dlopen("libwebsockets-evlib_uv.so", RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    return net;
fail:
    SSL_CTX_free(net->ssl);
    free(net);
    return NULL;
}

static void ended(uv_handle_t *handle)
{
    struct channel_net *net = handle->data;
    void (*done)(void *) = net->done;
    void *user = net->user;
    SSL_CTX_free(net->ssl);
    free(net);
    if (done) {
        done(user);
    }
}

static void turn_closed(uv_handle_t *handle)
{
    struct channel_net *net = handle->data;
    uv_close((uv_handle_t *)&net->ending, ended);
}

/* libwebsockets closes its handles over several turns of a foreign loop. Destroying the context while
 * one of its connections is half closed writes through a stale pointer, so those go first; then each
 * further call goes on where the handles allow, and the end shows only by our pointer being cleared. */
static void ending_turn(uv_check_t *check)
{
    struct channel_net *net = check->data;
    const uint64_t waited_ms = uv_now(net->loop) - net->ending_since_ms;
    net->calm_turns = net->sockets > 0 || net->wsis > 0 ? 0 : net->calm_turns + 1;
    /* The last connection's handle is closed at the end of a turn, after it was reported gone. */
    if (!net->destroying && net->calm_turns < ENDING_CALM_TURNS && waited_ms < ENDING_SOCKETS_MS) {
        return;
    }
    net->destroying = true;
    if (net->context && waited_ms < ENDING_MAX_MS) {
        lws_context_destroy(net->context);
        if (net->context) {
            return;
        }
    }
    uv_close((uv_handle_t *)check, turn_closed);
}

static void ending_tick(uv_timer_t *timer)
{
    (void)timer; /* only so that the loop turns */
}

void channel_net_destroy(struct channel_net *net, void (*done)(void *user), void *user)
{
    if (!net) {
        return;
    }
    net->done = done;
    net->user = user;
    net->ending_since_ms = uv_now(net->loop);
    (void)uv_timer_init(net->loop, &net->ending);
    net->ending.data = net;
    (void)uv_timer_start(&net->ending, ending_tick, ENDING_TURN_MS, ENDING_TURN_MS);
    /* A check handle runs once a turn, a timer may run twice; libwebsockets needs the closing of handles,
     * which ends each turn, between two calls. */
    (void)uv_check_init(net->loop, &net->turn);
    net->turn.data = net;
    (void)uv_check_start(&net->turn, ending_turn);
}

const struct channel_endpoint *channel_net_endpoint(const struct channel_net *net)
{
    return &net->endpoint;
}

uv_loop_t *channel_net_loop(const struct channel_net *net)
{
    return net->loop;
}
