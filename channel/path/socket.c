#include "channel/path/socket.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "channel/path/net_internal.h"

enum { WHY_MAX = 420 };

struct tail {
    struct tail *next;
    size_t len;
    uint8_t data[]; /* LWS_PRE bytes of room, then the message */
};

/* Freed when both the resolver and libwebsockets let go of it and the caller has closed it. */
struct channel_socket {
    struct channel_net *net;
    const struct channel_socket_ops *ops;
    void *user;
    char path[128], protocol[32];
    size_t message_max, send_max;

    uv_getaddrinfo_t resolve;
    struct addrinfo *addresses, *next_address;
    struct lws *wsi;
    uv_timer_t timer; /* the next try, outside of libwebsockets' callbacks */
    bool resolving, connecting, opened, closed_told, dead, timer_closed;

    uint8_t *out; /* LWS_PRE + send_max */
    uint8_t *in;
    size_t in_len, in_cap;
    struct tail *tail, **tail_end;
    size_t tail_bytes;
    int ws_code;
    char why[WHY_MAX];
};

static void timer_closed(uv_handle_t *handle);

static void release(struct channel_socket *socket)
{
    if (!socket->dead || socket->resolving || socket->wsi || socket->connecting) {
        return;
    }
    if (!socket->timer_closed) {
        if (!uv_is_closing((uv_handle_t *)&socket->timer)) {
            uv_close((uv_handle_t *)&socket->timer, timer_closed);
        }
        return;
    }
    if (socket->addresses) {
        uv_freeaddrinfo(socket->addresses);
    }
    while (socket->tail) {
        struct tail *tail = socket->tail;
        socket->tail = tail->next;
        free(tail);
    }
    socket->net->sockets--;
    free(socket->out);
    free(socket->in);
    free(socket);
}

static void timer_closed(uv_handle_t *handle)
{
    struct channel_socket *socket = handle->data;
    socket->timer_closed = true;
    release(socket);
}

static void tell_closed(struct channel_socket *socket)
{
    if (socket->dead || socket->closed_told) {
        return;
    }
    socket->closed_told = true;
    socket->ops->closed(socket->user, socket->ws_code, socket->why);
}

static void explain(struct channel_socket *socket, const char *detail)
{
    const struct channel_endpoint *endpoint = &socket->net->endpoint;
    if (endpoint->refused_pin[0]) {
        (void)snprintf(socket->why, sizeof socket->why,
            "The broker's certificate is not trusted: %s. It shows %s. If the broker is yours and you "
            "changed it, sign "
            "in again with --pin.",
            endpoint->refused_why, endpoint->refused_pin);
    } else {
        (void)snprintf(socket->why, sizeof socket->why, "The broker at %s does not answer (%.80s).",
            endpoint->authority, detail);
    }
}

/* The next address, or the end when all were tried. */
static void try_next(uv_timer_t *timer)
{
    struct channel_socket *socket = timer->data;
    struct channel_net *net = socket->net;
    while (!socket->dead && socket->next_address && net->context) {
        char address[INET6_ADDRSTRLEN];
        const struct addrinfo *info = socket->next_address;
        socket->next_address = info->ai_next;
        const int named = info->ai_family == AF_INET6
                              ? uv_ip6_name((const struct sockaddr_in6 *)(const void *)info->ai_addr, address,
                                    sizeof address)
                              : uv_ip4_name((const struct sockaddr_in *)(const void *)info->ai_addr, address,
                                    sizeof address);
        if (named != 0) {
            continue;
        }
        struct lws_client_connect_info connect = {
            .context = net->context,
            .address = address,
            .port = net->endpoint.port,
            .ssl_connection = net->endpoint.tls ? LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK : 0,
            .path = socket->path,
            .host = net->endpoint.authority,
            .protocol = socket->protocol,
            .local_protocol_name = "hearth",
            .alpn = "http/1.1",
            .userdata = socket,
            .pwsi = &socket->wsi,
        };
        /* A failure inside the call reports itself as well; connecting holds the memory meanwhile. */
        socket->connecting = true;
        const bool begun = lws_client_connect_via_info(&connect) != NULL;
        socket->connecting = false;
        if (begun && socket->wsi) {
            return;
        }
        socket->wsi = NULL;
        if (socket->closed_told || uv_is_active((uv_handle_t *)timer)) {
            return;
        }
    }
    if (socket->dead) {
        release(socket);
        return;
    }
    if (!socket->why[0]) {
        explain(socket, "no address to connect to");
    }
    tell_closed(socket);
}

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct channel_socket *socket = request->data;
    socket->resolving = false;
    socket->addresses = addresses;
    if (socket->dead) {
        release(socket);
        return;
    }
    if (status != 0) {
        (void)snprintf(socket->why, sizeof socket->why,
            "The broker's name %.120s could not be found (%s). Check the network.",
            socket->net->endpoint.host, uv_strerror(status));
        tell_closed(socket);
        return;
    }
    socket->next_address = addresses;
    try_next(&socket->timer);
}

struct channel_socket *channel_socket_create(const struct channel_socket_config *config)
{
    struct channel_socket *socket = calloc(1, sizeof *socket);
    if (!socket) {
        return NULL;
    }
    socket->net = config->net;
    socket->net->sockets++;
    socket->ops = config->ops;
    socket->user = config->user;
    socket->message_max = config->message_max;
    socket->send_max = config->send_max;
    socket->tail_end = &socket->tail;
    (void)snprintf(socket->path, sizeof socket->path, "%s", config->path);
    (void)snprintf(socket->protocol, sizeof socket->protocol, "%s", config->protocol);
    socket->out = malloc(LWS_PRE + config->send_max);
    (void)uv_timer_init(config->net->loop, &socket->timer);
    socket->timer.data = socket;
    socket->resolve.data = socket;
    if (!socket->out) {
        socket->dead = true;
        release(socket);
        return NULL;
    }
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    socket->resolving = true;
    if (uv_getaddrinfo(
            config->net->loop, &socket->resolve, resolved, config->net->endpoint.host, NULL, &hints) != 0) {
        socket->resolving = false;
        socket->dead = true;
        release(socket);
        return NULL;
    }
    return socket;
}

void channel_socket_wake(struct channel_socket *socket)
{
    if (socket->wsi && socket->opened) {
        (void)lws_callback_on_writable(socket->wsi);
    }
}

size_t channel_socket_queued(const struct channel_socket *socket)
{
    int unsent = 0;
    if (!socket->wsi || !socket->opened || ioctl(lws_get_socket_fd(socket->wsi), SIOCOUTQNSD, &unsent) != 0) {
        return 0;
    }
    return unsent > 0 ? (size_t)unsent : 0;
}

int channel_socket_push(struct channel_socket *socket, const uint8_t *data, size_t len)
{
    if (!socket->opened || !socket->wsi || len > CHANNEL_SOCKET_TAIL_BYTES - socket->tail_bytes) {
        return -1;
    }
    struct tail *tail = malloc(sizeof *tail + LWS_PRE + len);
    if (!tail) {
        return -1;
    }
    tail->next = NULL;
    tail->len = len;
    memcpy(tail->data + LWS_PRE, data, len);
    *socket->tail_end = tail;
    socket->tail_end = &tail->next;
    socket->tail_bytes += len;
    return 0;
}

void channel_socket_close(struct channel_socket *socket)
{
    if (!socket || socket->dead) {
        return;
    }
    socket->dead = true;
    if (socket->resolving) {
        (void)uv_cancel((uv_req_t *)&socket->resolve);
    }
    if (socket->wsi) {
        if (socket->opened) {
            lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, CHANNEL_SOCKET_TAIL_MS / 1000);
            (void)lws_callback_on_writable(socket->wsi);
        } else {
            lws_set_timeout(socket->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        }
        return;
    }
    release(socket);
}

static void established(struct channel_socket *socket)
{
    const int fd = lws_get_socket_fd(socket->wsi);
    const int one = 1;
    const int notsent = CHANNEL_SOCKET_NOTSENT_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent, sizeof notsent);
    socket->opened = true;
    socket->ops->open(socket->user);
    if (!socket->dead) {
        (void)lws_callback_on_writable(socket->wsi);
    }
}

/* -1 closes the socket. */
static int take(struct channel_socket *socket, const uint8_t *data, size_t len)
{
    struct lws *wsi = socket->wsi;
    if (socket->dead) {
        return 0;
    }
    const bool last = lws_remaining_packet_payload(wsi) == 0 && lws_is_final_fragment(wsi);
    if (lws_is_first_fragment(wsi)) {
        socket->in_len = 0;
    }
    if (len > socket->message_max - socket->in_len) {
        (void)snprintf(socket->why, sizeof socket->why, "The broker sent a message that is too long.");
        return -1;
    }
    if (last && socket->in_len == 0) {
        if (lws_frame_is_binary(wsi)) {
            socket->ops->message(socket->user, data, len);
        }
        return 0;
    }
    if (len > socket->in_cap - socket->in_len) {
        size_t cap = socket->in_cap ? socket->in_cap * 2 : CHANNEL_NET_CHUNK_BYTES;
        while (cap < socket->in_len + len) {
            cap *= 2;
        }
        uint8_t *grown = realloc(socket->in, cap);
        if (!grown) {
            (void)snprintf(socket->why, sizeof socket->why, "Out of memory.");
            return -1;
        }
        socket->in = grown;
        socket->in_cap = cap;
    }
    memcpy(socket->in + socket->in_len, data, len);
    socket->in_len += len;
    if (last) {
        const size_t whole = socket->in_len;
        socket->in_len = 0;
        if (lws_frame_is_binary(wsi)) {
            socket->ops->message(socket->user, socket->in, whole);
        }
    }
    return 0;
}

/* -1 closes the socket. */
static int give(struct channel_socket *socket)
{
    struct tail *tail = socket->tail;
    if (tail && socket->dead) {
        socket->tail = tail->next;
        const int wrote = lws_write(socket->wsi, tail->data + LWS_PRE, tail->len, LWS_WRITE_BINARY);
        free(tail);
        if (wrote < 0) {
            return -1;
        }
        (void)lws_callback_on_writable(socket->wsi);
        return 0;
    }
    if (socket->dead) {
        lws_close_reason(socket->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    const size_t len = socket->ops->produce(socket->user, socket->out + LWS_PRE, socket->send_max);
    if (socket->dead || len == 0) {
        return 0;
    }
    if (lws_write(socket->wsi, socket->out + LWS_PRE, len, LWS_WRITE_BINARY) < 0) {
        return -1;
    }
    (void)lws_callback_on_writable(socket->wsi);
    return 0;
}

/* The broker's close code and text, if any. */
static void hear_close(struct channel_socket *socket, const uint8_t *in, size_t len)
{
    if (len < 2) {
        return;
    }
    socket->ws_code = in[0] << 8 | in[1];
    if (!socket->why[0]) {
        (void)snprintf(
            socket->why, sizeof socket->why, "The broker closed the connection (%d).", socket->ws_code);
    }
}

int channel_socket_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct channel_socket *socket = user;
    struct channel_net *net = lws_context_user(lws_get_context(wsi));
    if (reason == LWS_CALLBACK_WSI_CREATE) {
        net->wsis++;
    } else if (reason == LWS_CALLBACK_WSI_DESTROY && net->wsis > 0) {
        net->wsis--;
    }
    if (!socket) {
        return 0;
    }
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER: {
        /* The last door before a request leaves: whatever the library's flags did, the certificate must
         * have passed our own check. */
        SSL *ssl = lws_get_ssl(wsi);
        if (socket->net->endpoint.tls && (!ssl || SSL_get_verify_result(ssl) != X509_V_OK)) {
            explain(socket, "certificate");
            return -1;
        }
        return 0;
    }
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        socket->wsi = wsi;
        if (socket->dead) {
            return -1;
        }
        established(socket);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return take(socket, in, len);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return socket->opened ? give(socket) : 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        hear_close(socket, in, len);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        if (!socket->why[0]) {
            explain(socket, in ? (const char *)in : "no reason given");
        }
        lws_set_wsi_user(wsi, NULL);
        socket->wsi = NULL;
        if (!socket->dead && socket->next_address) {
            socket->why[0] = '\0';
            (void)uv_timer_start(&socket->timer, try_next, 0, 0);
            return 0;
        }
        tell_closed(socket);
        release(socket);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        /* libwebsockets destroys its side turns later, when ours may be gone. */
        lws_set_wsi_user(wsi, NULL);
        socket->wsi = NULL;
        if (!socket->why[0]) {
            (void)snprintf(socket->why, sizeof socket->why, "The connection to the broker was lost.");
        }
        tell_closed(socket);
        release(socket);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        /* A connection that ends before it began reports nothing else. */
        if (socket->wsi == wsi) {
            lws_set_wsi_user(wsi, NULL);
            socket->wsi = NULL;
            if (!socket->why[0]) {
                explain(socket, "connection ended");
            }
            tell_closed(socket);
            release(socket);
        }
        return 0;
    default:
        return 0;
    }
}
