/* What a person types for a place: "DEVICE:ROOT/folder/name", or a path of this computer. Pure.
 * Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    VIEWER_PATH_MAX = 4095, /* bytes below a root */
    VIEWER_DEVICE_MAX = 64,
    VIEWER_ROOT_MAX = 255,
    VIEWER_NAME_MAX = 255
};

struct viewer_place {
    bool remote;
    char device[VIEWER_DEVICE_MAX + 1]; /* name or start of an id */
    char root[VIEWER_ROOT_MAX + 1];     /* "" = the list of roots */
    char path[VIEWER_PATH_MAX + 1];     /* remote: below the root, "" = the root itself; local: as typed */
};

/* A ':' before the first '/' makes it a place on a device; "./a:b" is local. 0, or -1 with *out_why a
 * sentence: empty, too long, "." or ".." in a remote path. Double and trailing slashes are forgiven. */
int viewer_place_parse(struct viewer_place *out, const char *text, const char **out_why);

/* The last name of a path ("" for a root). Points into path. */
const char *viewer_path_name(const char *path);

/* "a/b" and "c" to "a/b/c"; "" and "c" to "c". 0, or -1 when it would be longer than cap - 1. */
int viewer_path_join(char *out, size_t cap, const char *folder, const char *name);

/* Is this one name that may be made here: not empty, ".", "..", no '/', at most VIEWER_NAME_MAX bytes.
 * What a host sends as a name is checked by this before it touches a disk. */
bool viewer_name_ok(const char *name, size_t len);
