/* The command line of hearth-broker. */
#pragma once

#include <stdbool.h>

#include "broker/broker.h"

/* Exit codes of the program. */
enum broker_exit {
    BROKER_EXIT_OK = 0,
    BROKER_EXIT_FAILED = 1, /* it ran and failed */
    BROKER_EXIT_USAGE = 2,
    BROKER_EXIT_ADDRESS = 3, /* the address is in use or not ours */
    BROKER_EXIT_DATA = 4     /* the data folder cannot be used */
};

/* Fill out from the arguments (borrowed). True to go on; else *out_exit is how to exit (help and version
 * print on stdout, mistakes on stderr). */
bool broker_options_parse(int argc, char **argv, struct broker_options *out, int *out_exit);
/* "ADDR:PORT", "[V6]:PORT" or ":PORT". Pure. */
bool broker_options_address(
    const char *text, char out_address[static BROKER_ADDRESS_MAX], uint16_t *out_port);
/* "http(s)://HOST[:PORT]" with at most a final "/": origin without it, host with its port. Pure. */
bool broker_options_url(
    const char *url, char out_origin[static BROKER_HOST_MAX + 16], char out_host[static BROKER_HOST_MAX + 1]);
