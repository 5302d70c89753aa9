/* The hidden file beside its target in which an upload grows: ".NAME.hearth-part-KEY", mode 0600. KEY is
 * 32 hex digits made of the transfer's key and the name, so a later try with the same key finds it.
 * Blocks on the disk; any thread. */
#pragma once

#include "host/files/files.h"

/* Pure. key_len FILES_KEY_MIN..FILES_KEY_MAX. A long name is cut; the digits keep it apart. */
void files_part_name(
    char out[static FILES_NAME_MAX + 1], const char *name, const uint8_t *key, size_t key_len);

/* Pure: is this the name of a part? */
bool files_part_is(const char *name);

/* Open or make it in folder dir_fd, locked against another transfer of the same key (waits up to
 * 2 s for one that is just ending). A link, anything but a plain file, and a file of somebody else are
 * refused. Returns a descriptor and its size, or FILES_ERR_*. */
int files_part_open(int dir_fd, const char *part, uint64_t *out_size);

/* Remove this part when nobody holds it and it was last written FILES_PART_LIFE_S before now_s (Unix
 * time). Returns whether it did. */
bool files_part_expire(int dir_fd, const char *part, int64_t now_s);
