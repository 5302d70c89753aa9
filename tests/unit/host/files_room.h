/* A fresh folder for one test, removed afterwards. */
#pragma once

#include "host/files/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct room {
    char root[64];
};

#define room_at(room, text)                                                                                  \
    ((struct files_at){                                                                                      \
        .root = (room)->root, .write = true, .path = (const uint8_t *)(text), .len = strlen(text)})

/* Static storage: good until the next call. */
static inline const char *room_path(const struct room *room, const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", room->root, name);
    return path;
}

static inline void room_write(const struct room *room, const char *name, const void *data, size_t len)
{
    int fd = open(room_path(room, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static inline int room_setup(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    (void)snprintf(room->root, sizeof room->root, "/tmp/hearth-files-XXXXXX");
    if (!mkdtemp(room->root))
        return -1;
    *state = room;
    return 0;
}

static inline int room_teardown(void **state)
{
    struct room *room = *state;
    char command[256];
    (void)snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", room->root, room->root);
    int rc = system(command);
    free(room);
    return rc;
}
