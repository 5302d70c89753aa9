/* What this PC gives to its account's devices at most: rights, and the folders it shares. Kept in
 * HOME/host.json, written by `hearth-host roots` or by hand:
 *
 *   { "version": 1,
 *     "rights": ["view", "control", "clipboard_in", "clipboard_out", "files_read", "files_write"],
 *     "roots": [ { "id": "home", "name": "Home", "path": "/home/ann", "write": true } ] }
 *
 * Without the file, or without an entry of it: all rights, and the user's home as the one root. A file
 * that cannot be read is an error, never the default. Counted, immutable once shared; loop thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOST_POLICY_ROOTS_MAX = 64,
    HOST_POLICY_ID_MAX = 32,   /* bytes: a-z 0-9 - _ */
    HOST_POLICY_NAME_MAX = 64, /* bytes of UTF-8 */
    HOST_POLICY_FILE_MAX = 256 * 1024
};

enum host_policy_error {
    HOST_POLICY_OK = 0,
    HOST_POLICY_ERR_NOMEM = -1,
    HOST_POLICY_ERR_FORMAT = -2, /* not such a file */
    HOST_POLICY_ERR_IO = -3,
    HOST_POLICY_ERR_LIMIT = -4,
    HOST_POLICY_ERR_EXISTS = -5, /* a root of that id is there */
    HOST_POLICY_ERR_NOT_FOUND = -6,
    HOST_POLICY_ERR_PATH = -7 /* not an absolute path of a folder */
};
const char *host_policy_strerror(int err);

struct host_policy_root {
    char id[HOST_POLICY_ID_MAX + 1];
    char name[HOST_POLICY_NAME_MAX + 1];
    char *path; /* absolute */
    bool write;
};

struct host_policy;

/* 0 with one reference in *out, or HOST_POLICY_ERR_*. */
int host_policy_load(const char *home, struct host_policy **out);
/* Atomically, mode 0600. */
int host_policy_save(const struct host_policy *policy, const char *home);

struct host_policy *host_policy_ref(struct host_policy *policy);
void host_policy_unref(struct host_policy *policy); /* NULL is fine */

/* Bits of enum channel_right. */
uint32_t host_policy_rights(const struct host_policy *policy);
/* Take away what would change anything here: control, clipboard in, writing files. */
void host_policy_view_only(struct host_policy *policy);

/* The folder with this PC's keys, resolved: never served, whatever root it lies below. All of
 * .../hearth when home is in a folder of that name, for the command line keeps its keys beside the host's. */
const char *host_policy_keep_out(const struct host_policy *policy);

size_t host_policy_root_count(const struct host_policy *policy);
const struct host_policy_root *host_policy_root(const struct host_policy *policy, size_t index);
const struct host_policy_root *host_policy_find(const struct host_policy *policy, const char *id);

/* Before sharing only. path is made absolute and must be a folder; the id is made from the name. */
int host_policy_add(struct host_policy *policy, const char *name, const char *path, bool write);
int host_policy_remove(struct host_policy *policy, const char *id);
