/* Secrets and yes-or-no questions from a person or a script. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { CLI_SECRET_MAX = 1024 };

/* The first line of file ("-" = standard input); without a file: asked on the terminal with echo off, or
 * the first line of standard input when it is none. again: asked twice on a terminal. The caller wipes
 * out. 0, or an exit code after a message. */
int cli_secret(char out[static CLI_SECRET_MAX + 1], const char *file, const char *question, bool again);

/* true only after y or yes; false on anything else and without a terminal. */
bool cli_confirm(const char *question);
