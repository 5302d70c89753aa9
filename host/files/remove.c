#include "host/files/remove.h"

#include "host/files/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct level {
    DIR *dir;
    char name[FILES_NAME_MAX + 1]; /* in the level above */
};

struct removal {
    struct level *levels; /* FILES_DEPTH_MAX of them */
    size_t depth;
    size_t removed;
    dev_t device;
    const atomic_bool *stop;
};

static int enter(struct removal *removal, int parent_fd, const char *name)
{
    if (removal->depth == FILES_DEPTH_MAX)
        return FILES_ERR_LIMIT;
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return files_error_from_errno(errno);
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_dev != removal->device) {
        close(fd);
        return FILES_ERR_BUSY;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return FILES_ERR_NOMEM;
    }
    struct level *level = &removal->levels[removal->depth++];
    level->dir = dir;
    memcpy(level->name, name, strlen(name) + 1);
    return FILES_OK;
}

static int remove_one(struct removal *removal, int dir_fd, const char *name, int flags)
{
    if (removal->removed == FILES_REMOVE_MAX)
        return FILES_ERR_LIMIT;
    if (unlinkat(dir_fd, name, flags) != 0)
        return files_error_from_errno(errno);
    removal->removed++;
    return FILES_OK;
}

static int step(struct removal *removal, int parent_fd)
{
    struct level *level = &removal->levels[removal->depth - 1];
    int fd = dirfd(level->dir);
    errno = 0;
    const struct dirent *entry = readdir(level->dir);
    if (!entry && errno != 0)
        return files_error_from_errno(errno);
    if (!entry) {
        closedir(level->dir);
        removal->depth--;
        int above = removal->depth > 0 ? dirfd(removal->levels[removal->depth - 1].dir) : parent_fd;
        return remove_one(removal, above, level->name, AT_REMOVEDIR);
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return FILES_OK;
    struct stat st;
    if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? FILES_OK : files_error_from_errno(errno);
    if (S_ISDIR(st.st_mode))
        return enter(removal, fd, entry->d_name);
    return remove_one(removal, fd, entry->d_name, 0);
}

static int remove_folder(int parent_fd, const char *name, dev_t device, const atomic_bool *stop)
{
    struct removal removal = {.device = device, .stop = stop};
    removal.levels = calloc(FILES_DEPTH_MAX, sizeof *removal.levels);
    if (!removal.levels)
        return FILES_ERR_NOMEM;
    int err = enter(&removal, parent_fd, name);
    while (err == FILES_OK && removal.depth > 0)
        err = stop && atomic_load(stop) ? FILES_ERR_CANCELLED : step(&removal, parent_fd);
    while (removal.depth > 0)
        closedir(removal.levels[--removal.depth].dir);
    free(removal.levels);
    return err;
}

int files_remove(const struct files_at *at, bool recursive, const atomic_bool *stop)
{
    char name[FILES_NAME_MAX + 1];
    if (!at->write)
        return FILES_ERR_READ_ONLY;
    int fd = files_tree_open_parent(at, name);
    if (fd < 0)
        return fd;
    struct stat st, parent;
    int err = FILES_OK;
    if (fstat(fd, &parent) != 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        err = files_error_from_errno(errno);
    else if (files_tree_kept(at, fd, name))
        err = FILES_ERR_DENIED;
    else if (S_ISDIR(st.st_mode) && recursive)
        err = remove_folder(fd, name, parent.st_dev, stop);
    else if (unlinkat(fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0)
        err = files_error_from_errno(errno);
    close(fd);
    return err;
}
