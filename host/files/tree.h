/* Looking at and changing what is below a root, one call at a time. Blocks on the disk: for worker
 * threads (and tests). Any thread; no shared state. Descriptors returned are the caller's. */
#pragma once

#include "host/files/files.h"

#include <sys/stat.h>

/* Open what `at` names, links inside the root followed. flags: of open(2), O_CLOEXEC is added.
 * Returns a descriptor or FILES_ERR_*. The root is opened anew each time, so that a disk can be
 * unmounted while nobody uses it. */
int files_tree_open(const struct files_at *at, int flags);

/* Open the folder that holds `at` as O_PATH and give its last name. */
int files_tree_open_parent(const struct files_at *at, char out_name[static FILES_NAME_MAX + 1]);

/* Would moving or removing this name take away the folder that is never entered? dir_fd: from
 * files_tree_open_parent(). */
bool files_tree_kept(const struct files_at *at, int dir_fd, const char *name);

/* What stat found, as an entry. The name is copied. */
void files_entry_from_stat(struct files_entry *out, const char *name, const struct stat *st, bool write);

/* Links inside the root are followed, so the kind is that of what is reached. The entry bears the
 * last name of the path ("" for the root). 0 or FILES_ERR_*. */
int files_tree_stat(const struct files_at *at, struct files_entry *out);

/* A folder that is there already is fine. parents: those missing on the way are made too. */
int files_tree_make_folder(const struct files_at *at, bool parents);

/* Move within the root; never overwrites (FILES_ERR_EXISTS). Links are moved, not followed. */
int files_tree_rename(const struct files_at *from, const uint8_t *to, size_t to_len);

/* Give `from` in folder `from_fd` the name `to` in `to_fd` unless that exists. Falls back to link
 * and unlink where the file system has no RENAME_NOREPLACE. 0 or FILES_ERR_*. */
int files_tree_rename_at(int from_fd, const char *from, int to_fd, const char *to);

/* Bytes that the account of this PC may still write there. 0 or FILES_ERR_*. */
int files_tree_free(const char *root, uint64_t *out_bytes);
