/* The whole broker: it makes every part, runs the loop with its clock, and drains at the end. */
#pragma once

#include "broker/broker.h"

struct broker_server;

/* Set everything up and begin to serve. *out_exit (options.h) and a line on stderr say why it failed.
 * options is borrowed for the life of the server. */
struct broker_server *broker_server_create(const struct broker_options *options, int *out_exit);
/* Run until SIGTERM or SIGINT and the drain after it. */
void broker_server_run(struct broker_server *server);
void broker_server_destroy(struct broker_server *server);
/* The URL to print; valid while the server lives. */
const char *broker_server_url(const struct broker_server *server);
