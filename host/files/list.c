#include "host/files/list.h"

#include "host/files/part.h"
#include "host/files/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The smallest names after `after` so far, largest on top. One more than a page, to know of `more`. */
struct heap {
    char *names[FILES_LIST_MAX + 1];
    size_t count, cap;
};

static void heap_finish(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; i++)
        free(heap->names[i]);
}

static void heap_down(struct heap *heap, size_t at)
{
    for (;;) {
        size_t top = at, left = 2 * at + 1, right = left + 1;
        if (left < heap->count && strcmp(heap->names[left], heap->names[top]) > 0)
            top = left;
        if (right < heap->count && strcmp(heap->names[right], heap->names[top]) > 0)
            top = right;
        if (top == at)
            return;
        char *swap = heap->names[at];
        heap->names[at] = heap->names[top];
        heap->names[top] = swap;
        at = top;
    }
}

static void heap_up(struct heap *heap, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (strcmp(heap->names[parent], heap->names[at]) >= 0)
            return;
        char *swap = heap->names[at];
        heap->names[at] = heap->names[parent];
        heap->names[parent] = swap;
        at = parent;
    }
}

static int heap_add(struct heap *heap, const char *name)
{
    if (heap->count == heap->cap && strcmp(name, heap->names[0]) >= 0)
        return FILES_OK;
    char *copy = strdup(name);
    if (!copy)
        return FILES_ERR_NOMEM;
    if (heap->count == heap->cap) {
        free(heap->names[0]);
        heap->names[0] = copy;
        heap_down(heap, 0);
    } else {
        heap->names[heap->count] = copy;
        heap_up(heap, heap->count++);
    }
    return FILES_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* strcmp compares bytes as unsigned, so this is the order of the wire. */
static int collect(DIR *dir, const struct files_at *at, const char *after, bool hidden, int64_t now_s,
    const atomic_bool *stop, struct heap *heap)
{
    for (;;) {
        if (stop && atomic_load(stop))
            return FILES_ERR_CANCELLED;
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno == 0 ? FILES_OK : files_error_from_errno(errno);
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (files_part_is(name)) {
            if (at->write)
                (void)files_part_expire(dirfd(dir), name, now_s);
            continue;
        }
        if ((!hidden && name[0] == '.') || (after[0] && strcmp(name, after) <= 0))
            continue;
        int err = heap_add(heap, name);
        if (err != FILES_OK)
            return err;
    }
}

static int fill(int dir_fd, const struct files_at *at, const struct heap *heap, const atomic_bool *stop,
    struct files_list *out)
{
    size_t want = heap->count < heap->cap ? heap->count : heap->cap - 1;
    struct files_list list = {.more = heap->count > want};
    list.entries = calloc(want ? want : 1, sizeof *list.entries);
    if (!list.entries)
        return FILES_ERR_NOMEM;
    for (size_t i = 0; i < want; i++) {
        struct stat st;
        const char *name = heap->names[i];
        if (stop && atomic_load(stop)) {
            free(list.entries);
            return FILES_ERR_CANCELLED;
        }
        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* gone since */
        bool write = at->write && faccessat(dir_fd, name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0;
        files_entry_from_stat(&list.entries[list.count++], name, &st, write);
    }
    *out = list;
    return FILES_OK;
}

int files_list_read(const struct files_at *at, const uint8_t *after, size_t after_len, size_t limit,
    bool hidden, int64_t now_s, const atomic_bool *stop, struct files_list *out)
{
    char from[FILES_NAME_MAX + 1];
    if (after_len > FILES_NAME_MAX || (after_len > 0 && memchr(after, 0, after_len)))
        return FILES_ERR_PATH;
    if (after_len > 0)
        memcpy(from, after, after_len);
    from[after_len] = '\0';
    int fd = files_tree_open(at, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (fd < 0)
        return fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int err = files_error_from_errno(errno);
        close(fd);
        return err;
    }
    struct heap heap = {.cap = (limit == 0 || limit > FILES_LIST_MAX ? FILES_LIST_MAX : limit) + 1};
    int err = collect(dir, at, from, hidden, now_s, stop, &heap);
    if (err == FILES_OK) {
        qsort(heap.names, heap.count, sizeof heap.names[0], compare_names);
        err = fill(dirfd(dir), at, &heap, stop, out);
    }
    heap_finish(&heap);
    closedir(dir);
    return err;
}

void files_list_finish(struct files_list *list)
{
    free(list->entries);
    *list = (struct files_list){0};
}
