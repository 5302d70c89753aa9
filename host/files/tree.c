#include "host/files/tree.h"

#include "host/files/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* openat2 says EAGAIN when a rename elsewhere made its walk uncertain. */
enum { RESOLVE_TRIES = 32 };

static int open_root(const char *root)
{
    int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : files_error_from_errno(errno);
}

/* Whether path is folder, or lies below it. */
static bool path_within(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Where the kernel says that a descriptor is; no link is left in it. False: unknown. */
static bool path_of(int fd, char out[static PATH_MAX])
{
    char link[32];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, out, PATH_MAX - 1);
    if (len <= 0)
        return false;
    out[len] = '\0';
    return true;
}

/* Not known is not let in. */
static int let_in(const struct files_at *at, int fd)
{
    char path[PATH_MAX];
    if (!at->keep_out || (path_of(fd, path) && !path_within(path, at->keep_out)))
        return fd;
    close(fd);
    return FILES_ERR_DENIED;
}

bool files_tree_kept(const struct files_at *at, int dir_fd, const char *name)
{
    char path[PATH_MAX];
    if (!at->keep_out)
        return false;
    if (!path_of(dir_fd, path))
        return true;
    size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
    if (snprintf(path + len, sizeof path - len, "/%s", name) >= (int)(sizeof path - len))
        return false; /* longer than what is kept, and not below it: dir_fd was let in */
    return path_within(at->keep_out, path);
}

static int open_beneath(const struct files_at *at, int root_fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    for (int i = 0; i < RESOLVE_TRIES; i++) {
        long fd = syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof how);
        if (fd >= 0)
            return let_in(at, (int)fd);
        if (errno != EAGAIN && errno != EINTR)
            return files_error_from_errno(errno);
    }
    return FILES_ERR_BUSY;
}

int files_tree_open(const struct files_at *at, int flags)
{
    char path[FILES_PATH_MAX + 1];
    if (files_path_check(at->path, at->len) != FILES_OK)
        return FILES_ERR_PATH;
    if (at->len > 0)
        memcpy(path, at->path, at->len);
    path[at->len] = '\0';
    int root_fd = open_root(at->root);
    if (root_fd < 0)
        return root_fd;
    int fd = open_beneath(at, root_fd, path, flags);
    close(root_fd);
    return fd;
}

int files_tree_open_parent(const struct files_at *at, char out_name[static FILES_NAME_MAX + 1])
{
    char parent[FILES_PATH_MAX + 1], name[FILES_NAME_MAX + 1];
    int err = files_path_split(at->path, at->len, parent, name);
    if (err != FILES_OK)
        return err;
    int root_fd = open_root(at->root);
    if (root_fd < 0)
        return root_fd;
    int fd = open_beneath(at, root_fd, parent, O_PATH | O_DIRECTORY);
    close(root_fd);
    if (fd >= 0)
        memcpy(out_name, name, sizeof name);
    return fd;
}

void files_entry_from_stat(struct files_entry *out, const char *name, const struct stat *st, bool write)
{
    *out = (struct files_entry){.write = write};
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    if (S_ISREG(st->st_mode))
        out->kind = FILES_FILE;
    else if (S_ISDIR(st->st_mode))
        out->kind = FILES_FOLDER;
    else if (S_ISLNK(st->st_mode))
        out->kind = FILES_LINK;
    else
        out->kind = FILES_OTHER;
    if (out->kind == FILES_FILE)
        out->size = (uint64_t)st->st_size;
    out->mtime_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

int files_tree_stat(const struct files_at *at, struct files_entry *out)
{
    char parent[FILES_PATH_MAX + 1], name[FILES_NAME_MAX + 1] = "";
    if (at->len > 0) {
        int err = files_path_split(at->path, at->len, parent, name);
        if (err != FILES_OK)
            return err;
    }
    int fd = files_tree_open(at, O_PATH);
    if (fd < 0)
        return fd;
    struct stat st;
    int err = fstat(fd, &st) == 0 ? FILES_OK : files_error_from_errno(errno);
    if (err == FILES_OK) {
        bool write = at->write && faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0;
        files_entry_from_stat(out, name, &st, write);
    }
    close(fd);
    return err;
}

static int make_one(const struct files_at *at, int root_fd, char *path)
{
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (slash)
        *slash = '\0';
    int parent_fd = open_beneath(at, root_fd, slash ? path : "", O_PATH | O_DIRECTORY);
    if (slash)
        *slash = '/';
    if (parent_fd < 0)
        return parent_fd;
    int err = mkdirat(parent_fd, name, 0777) == 0 ? FILES_OK : files_error_from_errno(errno);
    err = err == FILES_ERR_DENIED ? FILES_ERR_READ_ONLY : err; /* DENIED is for what may not be seen */
    close(parent_fd);
    if (err != FILES_ERR_EXISTS)
        return err;
    int fd = open_beneath(at, root_fd, path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd == FILES_ERR_KIND ? FILES_ERR_EXISTS : fd;
    close(fd);
    return FILES_OK;
}

int files_tree_make_folder(const struct files_at *at, bool parents)
{
    char path[FILES_PATH_MAX + 1];
    if (!at->write)
        return FILES_ERR_READ_ONLY;
    int err = files_path_check(at->path, at->len);
    if (err != FILES_OK || at->len == 0)
        return err;
    memcpy(path, at->path, at->len);
    path[at->len] = '\0';
    int root_fd = open_root(at->root);
    if (root_fd < 0)
        return root_fd;
    for (size_t i = 0; parents && err == FILES_OK && i < at->len; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        err = make_one(at, root_fd, path);
        path[i] = '/';
    }
    if (err == FILES_OK)
        err = make_one(at, root_fd, path);
    close(root_fd);
    return err;
}

int files_tree_rename_at(int from_fd, const char *from, int to_fd, const char *to)
{
    if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return FILES_OK;
    if (errno != EINVAL && errno != ENOSYS)
        return errno == EXDEV ? FILES_ERR_KIND : files_error_from_errno(errno);
    /* EINVAL: the file system cannot, or a folder was to go into itself; link() refuses folders. */
    if (linkat(from_fd, from, to_fd, to, 0) != 0)
        return errno == EPERM ? FILES_ERR_PATH : files_error_from_errno(errno);
    if (unlinkat(from_fd, from, 0) != 0)
        return files_error_from_errno(errno);
    return FILES_OK;
}

int files_tree_rename(const struct files_at *from, const uint8_t *to, size_t to_len)
{
    char from_name[FILES_NAME_MAX + 1], to_name[FILES_NAME_MAX + 1];
    if (!from->write)
        return FILES_ERR_READ_ONLY;
    const struct files_at target = {
        .root = from->root, .keep_out = from->keep_out, .write = true, .path = to, .len = to_len};
    int from_fd = files_tree_open_parent(from, from_name);
    if (from_fd < 0)
        return from_fd;
    int to_fd = files_tree_open_parent(&target, to_name);
    int err = to_fd < 0 ? to_fd
              : files_tree_kept(from, from_fd, from_name)
                  ? FILES_ERR_DENIED
                  : files_tree_rename_at(from_fd, from_name, to_fd, to_name);
    if (to_fd >= 0)
        close(to_fd);
    close(from_fd);
    return err;
}

int files_tree_free(const char *root, uint64_t *out_bytes)
{
    int fd = open_root(root);
    if (fd < 0)
        return fd;
    struct statvfs vfs;
    int err = fstatvfs(fd, &vfs) == 0 ? FILES_OK : files_error_from_errno(errno);
    close(fd);
    if (err == FILES_OK && __builtin_mul_overflow(vfs.f_bavail, vfs.f_frsize, out_bytes))
        *out_bytes = UINT64_MAX;
    return err;
}
