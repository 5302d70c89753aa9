/* Small files of a private directory, whole or not at all. Blocking; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Make path and its missing parents, 0700. 0 or -errno. */
int channel_dir_make(const char *path);
/* Open path as a directory that only its owner, who must be us, can read: descriptor, -errno, or -EACCES
 * when others can. */
int channel_dir_open(const char *path);
/* Read a file of at most cap bytes. Returns its length, -ENOENT, -EACCES when others can read it, -EFBIG when
 * it is longer, or another -errno. */
int channel_file_read(int dir, const char *name, uint8_t *out, size_t cap);
/* Write, flush and rename into place, mode 0600. 0 or -errno. */
int channel_file_write(int dir, const char *name, const uint8_t *data, size_t len);
/* Open for appending work, made when absent, checked like a read. Descriptor or -errno. */
int channel_file_open(int dir, const char *name);
/* All of data at offset. 0 or -errno. */
int channel_file_put(int fd, const uint8_t *data, size_t len, uint64_t offset);
