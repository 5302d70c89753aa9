/* What the file modules share: errors, limits and what is known of one file.
 *
 * host/files serves folders of this PC ("roots") to viewers. Paths are bytes: names joined by '/',
 * relative to a root, "" being the root itself. Every path is resolved by the kernel with
 * openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS), so neither "..", nor a link, nor a race can
 * lead out of the root. docs/wire.md section 8, channel/proto/session.proto "files".
 *
 * The folder with this PC's own keys lies below most people's home, so a root may hold a folder that is
 * never served (files_at.keep_out): whoever may only read files must not read the keys of a device.
 *
 * Rights are the caller's business (host/session); files_at.write says whether the root may be
 * changed and is checked here once more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILES_PATH_MAX = 4095,                /* bytes of a path below its root */
    FILES_NAME_MAX = 255,                 /* bytes of one name */
    FILES_DEPTH_MAX = 128,                /* names in a path; folders inside each other in a removal */
    FILES_LIST_MAX = 1000,                /* entries of one page of a listing */
    FILES_REMOVE_MAX = 1000000,           /* entries that one removal may take away */
    FILES_CHUNK_BYTES = 256 * 1024,       /* read, hashed and written at a time */
    FILES_PREFIX_BYTES = 8 * 1024 * 1024, /* of a resumed file, hashed between two looks at "stop" */
    FILES_HASH_LEN = 32,
    FILES_KEY_MIN = 16,
    FILES_KEY_MAX = 32,
    FILES_PART_LIFE_S = 7 * 24 * 3600 /* an abandoned part is removed after so long */
};

enum files_error {
    FILES_OK = 0,
    FILES_ERR_NOMEM = -1,
    FILES_ERR_PATH = -2,   /* not a path: "..", an empty name, a NUL, too long */
    FILES_ERR_DENIED = -3, /* the account of this PC may not */
    FILES_ERR_NOT_FOUND = -4,
    FILES_ERR_EXISTS = -5,
    FILES_ERR_NO_SPACE = -6,
    FILES_ERR_READ_ONLY = -7,
    FILES_ERR_OUTSIDE = -8,   /* a link leads out of the root */
    FILES_ERR_CHANGED = -9,   /* changed while it was read, or since the earlier try */
    FILES_ERR_MISMATCH = -10, /* bytes and hash differ */
    FILES_ERR_KIND = -11,     /* a folder where a file is needed, or the other way round */
    FILES_ERR_NOT_EMPTY = -12,
    FILES_ERR_LIMIT = -13,
    FILES_ERR_BUSY = -14, /* another transfer holds it, or a disk is mounted there */
    FILES_ERR_IO = -15,
    FILES_ERR_CANCELLED = -16,
    FILES_ERR_UNSUPPORTED = -17 /* the kernel has no openat2 */
};

/* One sentence or two for people: what happened, what to do. Static. */
const char *files_strerror(int err);

/* The files_error for an errno of a system call. */
int files_error_from_errno(int number);

/* Something below a root; borrowed for the call that takes it. */
struct files_at {
    const char *root;     /* absolute path of the root on this PC */
    const char *keep_out; /* resolved absolute path of the folder that is never entered; NULL = none */
    bool write;           /* the root may be changed */
    const uint8_t *path;  /* may be NULL when len is 0 */
    size_t len;
};

enum files_kind { FILES_OTHER = 0, FILES_FILE = 1, FILES_FOLDER = 2, FILES_LINK = 3 };

struct files_entry {
    char name[FILES_NAME_MAX + 1]; /* any bytes but '/' and NUL, terminated */
    enum files_kind kind;
    uint64_t size; /* bytes; 0 for folders */
    int64_t mtime_ms;
    bool write;
};
