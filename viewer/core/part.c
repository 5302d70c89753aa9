#include "viewer/core/part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "viewer/core/path.h"

enum { CHUNK_BYTES = 256 * 1024, STEM_MAX = 200, STATE_MAX = 256 };

struct viewer_part {
    int folder, fd;
    char name[NAME_MAX + 1], part[NAME_MAX + 1], state[NAME_MAX + 1];
    uint64_t at;
    EVP_MD_CTX *hash;
    bool locked;
    bool settled; /* committed or discarded */
};

static int split(struct viewer_part *part, const char *target)
{
    char folder[VIEWER_PATH_MAX + 2];
    const char *name = viewer_path_name(target);
    const size_t folder_len = (size_t)(name - target);
    if (!viewer_name_ok(name, strlen(name)) || folder_len > VIEWER_PATH_MAX) {
        return -ENAMETOOLONG;
    }
    (void)snprintf(
        folder, sizeof folder, "%.*s", folder_len ? (int)folder_len : 1, folder_len ? target : ".");
    (void)snprintf(part->name, sizeof part->name, "%s", name);
    (void)snprintf(part->part, sizeof part->part, ".%.*s.hearth-part", STEM_MAX, name);
    (void)snprintf(part->state, sizeof part->state, ".%.*s.hearth-state", STEM_MAX, name);
    part->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return part->folder < 0 ? -errno : 0;
}

/* One line: format, source hash, size, time. */
static bool read_state(const struct viewer_part *part, struct viewer_part_source *out)
{
    char text[STATE_MAX];
    const int fd = openat(part->folder, part->state, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (len <= 0) {
        return false;
    }
    text[len] = '\0';
    size_t got = 0;
    static const char head[] = "hearth-part-1 ";
    const char *id = text + sizeof head - 1;
    if ((size_t)len < sizeof head - 1 + 64 + 1 || memcmp(text, head, sizeof head - 1) != 0 || id[64] != ' ' ||
        sodium_hex2bin(out->id, sizeof out->id, id, 64, NULL, &got, NULL) != 0 || got != sizeof out->id) {
        return false;
    }
    const char *size = id + 65;
    char *end = NULL;
    out->size = strtoull(size, &end, 10);
    if (end == size || *end != ' ') {
        return false;
    }
    const char *mtime = end + 1;
    out->mtime_ms = strtoll(mtime, &end, 10);
    return end != mtime && *end == '\n';
}

static int write_state(const struct viewer_part *part, const struct viewer_part_source *source)
{
    char text[STATE_MAX], hex[65];
    (void)sodium_bin2hex(hex, sizeof hex, source->id, sizeof source->id);
    const int len = snprintf(
        text, sizeof text, "hearth-part-1 %s %" PRIu64 " %" PRId64 "\n", hex, source->size, source->mtime_ms);
    const int fd =
        openat(part->folder, part->state, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -errno;
    }
    const ssize_t wrote = write(fd, text, (size_t)len);
    const int error = wrote == len ? (fsync(fd) == 0 ? 0 : -errno) : (wrote < 0 ? -errno : -ENOSPC);
    (void)close(fd);
    return error;
}

int viewer_part_open(struct viewer_part **out, const char *target, const uint8_t id[static 32],
    struct viewer_part_source *out_source, uint64_t *out_have)
{
    struct viewer_part *part = calloc(1, sizeof *part);
    if (!part) {
        return -ENOMEM;
    }
    part->fd = -1;
    part->folder = -1;
    part->hash = EVP_MD_CTX_new();
    int error = part->hash && EVP_DigestInit_ex(part->hash, EVP_sha256(), NULL) == 1 ? 0 : -ENOMEM;
    error = error ? error : split(part, target);
    if (error == 0) {
        part->fd = openat(part->folder, part->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        error = part->fd < 0 ? -errno : 0;
    }
    struct stat stat = {0};
    if (error == 0 && flock(part->fd, LOCK_EX | LOCK_NB) != 0) {
        error = errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    part->locked = error == 0;
    if (error == 0 && (fstat(part->fd, &stat) != 0 || !S_ISREG(stat.st_mode))) {
        error = -EINVAL;
    }
    if (error != 0) {
        viewer_part_close(part);
        return error;
    }
    struct viewer_part_source source = {0};
    const bool ours = stat.st_size > 0 && read_state(part, &source) && memcmp(source.id, id, 32) == 0 &&
                      (uint64_t)stat.st_size <= source.size;
    *out_source = source;
    *out_have = ours ? (uint64_t)stat.st_size : 0;
    *out = part;
    return 0;
}

/* The kept bytes count for the hash of the whole. */
static int hash_kept(struct viewer_part *part, uint64_t keep)
{
    uint8_t *chunk = malloc(CHUNK_BYTES);
    int error = chunk ? 0 : -ENOMEM;
    while (error == 0 && part->at < keep) {
        const size_t want = keep - part->at < CHUNK_BYTES ? (size_t)(keep - part->at) : CHUNK_BYTES;
        const ssize_t got = pread(part->fd, chunk, want, (off_t)part->at);
        if (got <= 0) {
            error = got < 0 ? -errno : -EIO;
        } else {
            (void)EVP_DigestUpdate(part->hash, chunk, (size_t)got);
            part->at += (uint64_t)got;
        }
    }
    free(chunk);
    return error;
}

int viewer_part_begin(struct viewer_part *part, const struct viewer_part_source *source, uint64_t keep)
{
    part->at = 0;
    (void)EVP_DigestInit_ex(part->hash, EVP_sha256(), NULL);
    if (ftruncate(part->fd, (off_t)keep) != 0) {
        return -errno;
    }
    const int error = write_state(part, source);
    return error ? error : hash_kept(part, keep);
}

int viewer_part_write(struct viewer_part *part, const uint8_t *data, size_t len)
{
    (void)EVP_DigestUpdate(part->hash, data, len);
    while (len > 0) {
        const ssize_t wrote = pwrite(part->fd, data, len, (off_t)part->at);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return wrote < 0 ? -errno : -EIO;
        }
        data += wrote;
        len -= (size_t)wrote;
        part->at += (uint64_t)wrote;
    }
    return 0;
}

void viewer_part_hash(struct viewer_part *part, uint8_t out[static 32])
{
    unsigned int len = 0;
    uint8_t digest[EVP_MAX_MD_SIZE] = {0};
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    if (copy && EVP_MD_CTX_copy_ex(copy, part->hash) == 1) {
        (void)EVP_DigestFinal_ex(copy, digest, &len);
    }
    EVP_MD_CTX_free(copy);
    memcpy(out, digest, 32);
}

int viewer_part_commit(struct viewer_part *part, bool replace, int64_t mtime_ms)
{
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = mtime_ms / 1000, .tv_nsec = (mtime_ms % 1000 + 1000) % 1000 * 1000000},
    };
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)futimens(part->fd, times);
    (void)fchmod(part->fd, 0666 & ~mask);
    if (fsync(part->fd) != 0) {
        return -errno;
    }
    /* A file that appeared meanwhile is not lost: the kernel decides and names in one step. */
    int result =
        renameat2(part->folder, part->part, part->folder, part->name, replace ? 0 : RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL && !replace) {
        /* This file system has no such step; a link fails on an existing name just the same. */
        result = linkat(part->folder, part->part, part->folder, part->name, 0);
        if (result == 0) {
            (void)unlinkat(part->folder, part->part, 0);
        }
    }
    if (result != 0) {
        return -errno;
    }
    (void)unlinkat(part->folder, part->state, 0);
    (void)fsync(part->folder);
    part->settled = true;
    return 0;
}

void viewer_part_discard(struct viewer_part *part)
{
    (void)unlinkat(part->folder, part->part, 0);
    (void)unlinkat(part->folder, part->state, 0);
    part->settled = true;
}

void viewer_part_close(struct viewer_part *part)
{
    if (!part) {
        return;
    }
    if (part->fd >= 0) {
        struct stat stat;
        if (part->locked && !part->settled && fstat(part->fd, &stat) == 0 && stat.st_size == 0) {
            viewer_part_discard(part); /* nothing worth keeping */
        }
        (void)close(part->fd);
    }
    if (part->folder >= 0) {
        (void)close(part->folder);
    }
    EVP_MD_CTX_free(part->hash);
    free(part);
}
