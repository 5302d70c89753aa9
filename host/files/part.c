#include "host/files/part.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PART_MARK ".hearth-part-"

enum {
    PART_DIGITS = 32,
    PART_MARK_LEN = sizeof PART_MARK - 1,
    PART_NAME_KEPT = FILES_NAME_MAX - 1 - PART_MARK_LEN - PART_DIGITS,
    PART_LOCK_TRIES = 100,
    PART_LOCK_WAIT_NS = 20000000
};

void files_part_name(
    char out[static FILES_NAME_MAX + 1], const char *name, const uint8_t *key, size_t key_len)
{
    uint8_t input[FILES_KEY_MAX + FILES_NAME_MAX], hash[EVP_MAX_MD_SIZE] = {0};
    size_t name_len = strnlen(name, FILES_NAME_MAX);
    memcpy(input, key, key_len);
    memcpy(input + key_len, name, name_len);
    (void)EVP_Digest(input, key_len + name_len, hash, NULL, EVP_sha256(), NULL);
    size_t kept = name_len < PART_NAME_KEPT ? name_len : PART_NAME_KEPT;
    /* Not in the middle of a UTF-8 character: some file systems refuse such names. */
    while (kept > 0 && kept < name_len && ((unsigned char)name[kept] & 0xc0) == 0x80)
        kept--;
    size_t at = (size_t)snprintf(out, FILES_NAME_MAX + 1, ".%.*s" PART_MARK, (int)kept, name);
    for (size_t i = 0; i < PART_DIGITS / 2; i++)
        at += (size_t)snprintf(out + at, FILES_NAME_MAX + 1 - at, "%02x", hash[i]);
}

bool files_part_is(const char *name)
{
    size_t len = strlen(name);
    if (name[0] != '.' || len < 1 + PART_MARK_LEN + PART_DIGITS)
        return false;
    const char *digits = name + len - PART_DIGITS;
    return strspn(digits, "0123456789abcdef") == PART_DIGITS &&
           memcmp(digits - PART_MARK_LEN, PART_MARK, PART_MARK_LEN) == 0;
}

static int part_lock(int fd)
{
    for (int i = 0; i < PART_LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return FILES_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return FILES_OK; /* no locks on this file system: go without */
        const struct timespec wait = {.tv_nsec = PART_LOCK_WAIT_NS};
        (void)nanosleep(&wait, NULL);
    }
    return FILES_ERR_BUSY;
}

int files_part_open(int dir_fd, const char *part, uint64_t *out_size)
{
    int fd = openat(dir_fd, part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EACCES ? FILES_ERR_READ_ONLY : files_error_from_errno(errno);
    struct stat st, named;
    int err = part_lock(fd);
    if (err == FILES_OK && fstat(fd, &st) != 0)
        err = files_error_from_errno(errno);
    if (err == FILES_OK && (!S_ISREG(st.st_mode) || st.st_nlink > 1))
        err = FILES_ERR_KIND;
    /* Its owner could change the file after its hash was checked. */
    if (err == FILES_OK && st.st_uid != geteuid())
        err = FILES_ERR_DENIED;
    /* Who held the lock may have renamed or removed it meanwhile. */
    if (err == FILES_OK && (fstatat(dir_fd, part, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
                               named.st_ino != st.st_ino || named.st_dev != st.st_dev))
        err = FILES_ERR_BUSY;
    if (err != FILES_OK) {
        close(fd);
        return err;
    }
    *out_size = (uint64_t)st.st_size;
    return fd;
}

bool files_part_expire(int dir_fd, const char *part, int64_t now_s)
{
    struct stat st;
    if (!files_part_is(part) || fstatat(dir_fd, part, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || now_s - (int64_t)st.st_mtim.tv_sec < FILES_PART_LIFE_S)
        return false;
    int fd = openat(dir_fd, part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool removed = flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir_fd, part, 0) == 0;
    close(fd);
    return removed;
}
