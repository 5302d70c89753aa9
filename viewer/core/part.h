/* A file on its way to this computer: bytes gather in ".NAME.hearth-part" beside the target, with a
 * small ".NAME.hearth-state" that says what they are part of, so that a later try goes on from there
 * and never mixes two sources. The name appears only when all is verified. Blocks on the disk; one
 * thread at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct viewer_part;

struct viewer_part_source {
    uint8_t id[32]; /* hash of device, root and path */
    uint64_t size;
    int64_t mtime_ms;
};

/* Open or make the part for target (a path of this computer). out_source: what the kept bytes belong to,
 * out_have: how many there are (0 = none, or of another source than id). 0, or -errno; -EBUSY: another
 * transfer writes it. */
int viewer_part_open(struct viewer_part **out, const char *target, const uint8_t id[static 32],
    struct viewer_part_source *out_source, uint64_t *out_have);
/* Say what the bytes are part of, before the first of them, keeping `keep` of those there. -errno. */
int viewer_part_begin(struct viewer_part *part, const struct viewer_part_source *source, uint64_t keep);
/* -errno. */
int viewer_part_write(struct viewer_part *part, const uint8_t *data, size_t len);
/* SHA-256 of all written so far, kept bytes included. */
void viewer_part_hash(struct viewer_part *part, uint8_t out[static 32]);
/* Sync, set the time, give the name. replace: an existing file is replaced. 0, -EEXIST or -errno. */
int viewer_part_commit(struct viewer_part *part, bool replace, int64_t mtime_ms);
/* Remove part and state. */
void viewer_part_discard(struct viewer_part *part);
/* Close; what was not committed or discarded stays for a later try. NULL is fine. */
void viewer_part_close(struct viewer_part *part);
