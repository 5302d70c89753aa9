/* Paths below a root, as bytes: checking and cutting. Pure; any thread. */
#pragma once

#include "host/files/files.h"

/* 0 when every name is 1..FILES_NAME_MAX bytes, not "." or "..", without NUL, and the whole is within
 * FILES_PATH_MAX bytes and FILES_DEPTH_MAX names; len 0 is the root and fine. Else FILES_ERR_PATH.
 * A path that begins or ends with '/' has an empty name and is refused. */
int files_path_check(const uint8_t *path, size_t len);

/* Check and cut off the last name. Both outputs are terminated; parent "" is the root. Returns 0,
 * or FILES_ERR_PATH for what is no path and for the root itself, which has no name. */
int files_path_split(const uint8_t *path, size_t len, char out_parent[static FILES_PATH_MAX + 1],
    char out_name[static FILES_NAME_MAX + 1]);
