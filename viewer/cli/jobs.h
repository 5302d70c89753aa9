/* What a copy has to do: folders to make and files to move, in an order that makes folders first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLI_JOBS_MAX = 2000000 };

enum cli_job_state { CLI_JOB_WAITING, CLI_JOB_RUNNING, CLI_JOB_DONE, CLI_JOB_FAILED };

struct cli_job {
    char *local, *remote; /* remote: below the root */
    bool folder;
    enum cli_job_state state;
    uint64_t size, moved; /* bytes */
};

struct cli_jobs {
    struct cli_job *list;
    size_t count, cap;
    uint64_t total; /* bytes of all files */
};

/* 0, or -1: out of memory or over CLI_JOBS_MAX. Copies both paths. */
int cli_jobs_add(struct cli_jobs *jobs, const char *local, const char *remote, bool folder, uint64_t size);
/* Walk a folder of this computer. Links and devices are skipped with a message. 0 or -1. */
int cli_jobs_walk(struct cli_jobs *jobs, const char *local, const char *remote);
void cli_jobs_finish(struct cli_jobs *jobs);
