/* Taking away a file, or a folder with all that is in it. Blocks on the disk; any thread. */
#pragma once

#include "host/files/files.h"

#include <stdatomic.h>

/* Links are removed, never followed; another disk mounted inside is not entered (FILES_ERR_BUSY).
 * Bounds: FILES_DEPTH_MAX folders deep, FILES_REMOVE_MAX entries (FILES_ERR_LIMIT; what went is
 * gone). stop, when not NULL, is looked at between entries (FILES_ERR_CANCELLED).
 * recursive false: a folder must be empty. The root itself is refused. */
int files_remove(const struct files_at *at, bool recursive, const atomic_bool *stop);
