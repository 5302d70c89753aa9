/* The inside of cp, for cp.c (the copying, and being away) and cp_plan.c (what there is to copy). */
#pragma once

#include "viewer/cli/jobs.h"
#include "viewer/cli/listing.h"
#include "viewer/cli/progress.h"
#include "viewer/core/files.h"

enum { CP_SLOTS = 4 }; /* files at a time; a host takes eight from one viewer */

enum phase {
    PHASE_ROOTS, /* which root is meant */
    PHASE_PLACE, /* what is at the far place */
    PHASE_WALK,  /* folders of the device, when copying from it */
    PHASE_COPY
};

struct cp;

struct slot {
    struct cp *cp;
    struct viewer_transfer *transfer;
    size_t job;
    uint32_t folder_request; /* FileMakeFolder under way */
    bool used;
};

struct cp {
    struct cli *cli;
    struct cli_session session;
    bool recursive, force, up;
    struct viewer_place local, remote;
    char root_id[VIEWER_ROOT_MAX + 1];
    struct cli_roots_request roots;
    struct cli_listing_request listing;
    enum phase phase;
    struct cli_jobs jobs;
    size_t walked, next;
    struct slot slots[CP_SLOTS];
    struct cli_progress progress;
    uv_timer_t redial;
    uint64_t away_us; /* since when nothing flows; 0 = it flows */
    uint64_t began_us, moved;
    size_t files;
    bool told_away;
    int worst;     /* exit code of the first file that failed */
    char why[400]; /* of the last loss */
};

/* cp.c: end with a message. */
void cp_give_up(struct cp *cp, int code, const char *message);
/* An answer that ends the whole copy, unless the session is only lost. */
void cp_failed(struct cp *cp, int code, const char *message);
/* Begin what can begin; ends the copy when nothing is left. */
void cp_fill_slots(struct cp *cp);

/* cp_plan.c: ask (again) for what this phase needs. */
void cp_go_on(struct cp *cp);
void cp_roots_known(struct cli_roots_request *request, int code, const char *message);
