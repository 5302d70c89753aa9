/* Moves one file between this computer and a host: resumable, verified by SHA-256 of the whole, named
 * only when complete, never over another file unless told. libuv loop thread only; reads and writes of
 * the local disk happen in the loop, a chunk at a time. channel/proto/session.proto "files". */
#pragma once

#include "viewer/core/remote.h"

enum { VIEWER_FILE_CHUNK_BYTES = 256 * 1024 };

/* Codes of a transfer's end: 0, Code of session.proto, or these. */
enum viewer_file_code {
    VIEWER_FILE_LOCAL = 100,  /* the disk of this computer; the message names the reason */
    VIEWER_FILE_LOST = 101,   /* the session ended: try again, it goes on where it stopped */
    VIEWER_FILE_HOSTILE = 102 /* the host broke the protocol, or its bytes do not match its hash */
};

struct viewer_transfer;

struct viewer_transfer_config {
    struct viewer_remote *remote;
    const char *root, *path; /* on the host; copied */
    const char *local;       /* on this computer; copied */
    bool replace;
    /* done and total in bytes; at most once per chunk. May be NULL. */
    void (*progress)(void *user, uint64_t done, uint64_t total);
    /* Last, once, also for failures at the start, never from inside create. why is NULL for code 0. */
    void (*done)(void *user, int code, const char *why);
    void *user;
};

/* From the host to here, or from here to the host. NULL when out of memory. */
struct viewer_transfer *viewer_transfer_get(const struct viewer_transfer_config *config);
struct viewer_transfer *viewer_transfer_put(const struct viewer_transfer_config *config);
/* Stop: what has travelled stays for a later try. Required after done; safe inside callbacks. The
 * remote must still exist. NULL is fine. */
void viewer_transfer_destroy(struct viewer_transfer *transfer);

/* 16 bytes that name an upload, the same in a later try of the same file. Pure. */
void viewer_transfer_key(uint8_t out[static 16], const uint8_t device[static 16], const char *root,
    const char *path, uint64_t size, int64_t mtime_ms);
