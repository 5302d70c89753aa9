/* One page of a folder, sorted by the bytes of the names. Blocks on the disk; any thread. Memory is
 * one page however large the folder is; a page begins after a name, so what appears or goes
 * between two pages moves nothing else. */
#pragma once

#include "host/files/files.h"

#include <stdatomic.h>

struct files_list {
    struct files_entry *entries;
    size_t count;
    bool more; /* entries follow the last one */
};

/* after: name seen last, len 0 = from the start; limit: 0 or more than FILES_LIST_MAX = that. hidden: with
 * names that begin with '.'. Parts of uploads are never listed; abandoned ones are removed (now_s
 * is Unix time) when the root may be written. stop, when not NULL, is looked at between entries
 * (FILES_ERR_CANCELLED). 0 and *out to be finished, or FILES_ERR_*. */
int files_list_read(const struct files_at *at, const uint8_t *after, size_t after_len, size_t limit,
    bool hidden, int64_t now_s, const atomic_bool *stop, struct files_list *out);
void files_list_finish(struct files_list *list);
