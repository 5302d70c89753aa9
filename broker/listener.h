/* A listening socket on the loop that hands over what it accepts: bound before anything else is set up, so
 * that an address in use is told plainly, and closed first when the broker drains. Loop thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct broker_listener;

/* accepted owns the socket (non-blocking, TCP_NODELAY, TCP_NOTSENT_LOWAT set). Returns 0, or -errno.
 * *out_port = the port in the end. */
int broker_listener_open(uv_loop_t *loop, const char *address, uint16_t port,
    void (*accepted)(int socket, const char *address, void *context), void *context,
    struct broker_listener **out_listener, uint16_t *out_port);
/* Begin to accept. Returns 0 or -errno. */
int broker_listener_start(struct broker_listener *listener);
void broker_listener_close(struct broker_listener *listener);
