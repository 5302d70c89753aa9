#include "channel/identity/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int channel_dir_make(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return -ENAMETOOLONG;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int owned_alone(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    return st.st_uid == geteuid() && (st.st_mode & 077) == 0 ? 0 : -EACCES;
}

int channel_dir_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = owned_alone(fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

int channel_file_read(int dir, const char *name, uint8_t *out, size_t cap)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    int err = owned_alone(fd);
    size_t len = 0;
    while (err == 0) {
        uint8_t extra;
        ssize_t n = len < cap ? read(fd, out + len, cap - len) : read(fd, &extra, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            err = -errno;
        else if (n > 0 && len == cap)
            err = -EFBIG;
        else if (n == 0)
            break;
        else
            len += (size_t)n;
    }
    close(fd);
    return err < 0 ? err : (int)len;
}

int channel_file_put(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        data += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

int channel_file_write(int dir, const char *name, const uint8_t *data, size_t len)
{
    char temporary[NAME_MAX + 1];
    int n = snprintf(temporary, sizeof temporary, ".%s.%ld", name, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary)
        return -ENAMETOOLONG;
    (void)unlinkat(dir, temporary, 0); /* left by a process of the same number that died here */
    int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int err = channel_file_put(fd, data, len, 0);
    if (err == 0 && fsync(fd) != 0)
        err = -errno;
    if (close(fd) != 0 && err == 0)
        err = -errno;
    if (err == 0 && renameat(dir, temporary, dir, name) != 0)
        err = -errno;
    if (err == 0 && fsync(dir) != 0)
        err = -errno;
    if (err < 0)
        (void)unlinkat(dir, temporary, 0);
    return err;
}

int channel_file_open(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    int err = owned_alone(fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}
