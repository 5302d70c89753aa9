/* What the two directions of a transfer share. */
#pragma once

#include "viewer/core/files.h"
#include "viewer/core/part.h"
#include "viewer/core/path.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct viewer_transfer {
    struct viewer_transfer_config config;
    char root[VIEWER_ROOT_MAX + 1], path[VIEWER_PATH_MAX + 1], local[VIEWER_PATH_MAX + 1];
    uv_timer_t timer; /* the start and the end come from the loop */
    bool put, started, ended, dead;
    int code;
    char why[400];
    uint32_t request; /* FileGet or FilePut; 0 = none */
    uint64_t at, total;
    int64_t mtime_ms;
    bool stream_done;
    /* get */
    struct viewer_part *part;
    bool answered, retried, has_hash;
    uint8_t hash[32];
    /* put */
    int fd;
    uint32_t stream, commit;
    uint8_t *chunk;
    size_t chunk_len, chunk_at;
    EVP_MD_CTX *digest;
};

void transfer_get_start(struct viewer_transfer *transfer);
void transfer_put_start(struct viewer_transfer *transfer);

/* The end, told from the loop. why NULL for code 0. */
void transfer_end(struct viewer_transfer *transfer, int code, const char *why);
void transfer_end_local(struct viewer_transfer *transfer, int error, const char *doing);
/* An answer that is an error: code and message as they came. */
void transfer_end_remote(struct viewer_transfer *transfer, int code, const char *message);
void transfer_progress(struct viewer_transfer *transfer);
/* root and path as the schema wants them; path points into transfer. */
void transfer_at(struct viewer_transfer *transfer, Hearth__Session__FilePath *out);
