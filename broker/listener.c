#include "broker/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/broker.h"

enum {
    LISTEN_BACKLOG = 1024,
    LISTEN_BATCH = 64,            /* accepted in one turn, so that others get theirs */
    LISTEN_NOTSENT_BYTES = 16384, /* what the kernel may hold unsent before we wait */
    LISTEN_REST_MS = 100          /* when no more files can be opened */
};

struct broker_listener {
    uv_poll_t poll;
    uv_timer_t rest;
    int socket, handles;
    void (*accepted)(int socket, const char *address, void *context);
    void *context;
};

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

int broker_listener_open(uv_loop_t *loop, const char *address, uint16_t port,
    void (*accepted)(int socket, const char *address, void *context), void *context,
    struct broker_listener **out_listener, uint16_t *out_port)
{
    struct sockaddr_storage at;
    socklen_t len = make_address(address, port, &at);
    if (!len)
        return -EINVAL;
    struct broker_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return -ENOMEM;
    listener->accepted = accepted;
    listener->context = context;
    int err, one = 1;
    listener->socket = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->socket < 0 ||
        setsockopt(listener->socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(listener->socket, (struct sockaddr *)&at, len) != 0 ||
        listen(listener->socket, LISTEN_BACKLOG) != 0 ||
        getsockname(listener->socket, (struct sockaddr *)&at, &len) != 0) {
        err = -errno;
        goto fail;
    }
    uint16_t bound = at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                             : ((struct sockaddr_in6 *)&at)->sin6_port;
    err = uv_poll_init(loop, &listener->poll, listener->socket);
    if (err < 0)
        goto fail;
    (void)uv_timer_init(loop, &listener->rest);
    listener->poll.data = listener->rest.data = listener;
    listener->handles = 2;
    *out_listener = listener;
    *out_port = ntohs(bound);
    return 0;
fail:
    if (listener->socket >= 0)
        (void)close(listener->socket);
    free(listener);
    return err;
}

static void on_rested(uv_timer_t *timer)
{
    (void)broker_listener_start(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct broker_listener *listener = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < LISTEN_BATCH; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int socket = accept4(listener->socket, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                broker_log("listener", "cannot accept: %s; resting", strerror(errno));
                (void)uv_poll_stop(&listener->poll);
                (void)uv_timer_start(&listener->rest, on_rested, LISTEN_REST_MS, 0);
            }
            return;
        }
        int one = 1, notsent = LISTEN_NOTSENT_BYTES;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent, sizeof notsent);
        (void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
        char text[BROKER_ADDRESS_MAX] = "?";
        if (from.ss_family == AF_INET)
            (void)inet_ntop(AF_INET, &((struct sockaddr_in *)&from)->sin_addr, text, sizeof text);
        else if (from.ss_family == AF_INET6)
            (void)inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from)->sin6_addr, text, sizeof text);
        listener->accepted(socket, text, listener->context);
    }
}

int broker_listener_start(struct broker_listener *listener)
{
    return uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

static void on_closed(uv_handle_t *handle)
{
    struct broker_listener *listener = handle->data;
    if (--listener->handles == 0)
        free(listener);
}

void broker_listener_close(struct broker_listener *listener)
{
    if (!listener)
        return;
    (void)uv_poll_stop(&listener->poll);
    uv_close((uv_handle_t *)&listener->poll, on_closed);
    uv_close((uv_handle_t *)&listener->rest, on_closed);
    (void)close(listener->socket);
    listener->socket = -1;
}
