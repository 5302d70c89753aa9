#include "viewer/cli/jobs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "viewer/cli/cli.h"
#include "viewer/core/path.h"

int cli_jobs_add(struct cli_jobs *jobs, const char *local, const char *remote, bool folder, uint64_t size)
{
    if (jobs->count == CLI_JOBS_MAX) {
        (void)cli_fail(CLI_ERROR, "There are too many files for one copy.");
        return -1;
    }
    if (jobs->count == jobs->cap) {
        const size_t cap = jobs->cap ? jobs->cap * 2 : 64;
        struct cli_job *grown = realloc(jobs->list, cap * sizeof *grown);
        if (!grown) {
            return -1;
        }
        jobs->list = grown;
        jobs->cap = cap;
    }
    struct cli_job job = {.local = strdup(local), .remote = strdup(remote), .folder = folder, .size = size};
    if (!job.local || !job.remote) {
        free(job.local);
        free(job.remote);
        return -1;
    }
    jobs->list[jobs->count++] = job;
    jobs->total += size;
    return 0;
}

static int walk_one(struct cli_jobs *jobs, const char *local, const char *remote)
{
    struct stat stat;
    if (lstat(local, &stat) != 0) {
        (void)cli_fail(CLI_LOCAL, "%s cannot be read: %s.", local, strerror(errno));
        return 0;
    }
    if (S_ISDIR(stat.st_mode)) {
        return cli_jobs_walk(jobs, local, remote);
    }
    if (!S_ISREG(stat.st_mode)) {
        (void)cli_fail(CLI_LOCAL, "%s is not a plain file; skipped.", local);
        return 0;
    }
    return cli_jobs_add(jobs, local, remote, false, (uint64_t)stat.st_size);
}

int cli_jobs_walk(struct cli_jobs *jobs, const char *local, const char *remote)
{
    char child[VIEWER_PATH_MAX + 1], far[VIEWER_PATH_MAX + 1];
    if (cli_jobs_add(jobs, local, remote, true, 0) != 0) {
        return -1;
    }
    struct dirent **names = NULL;
    const int count = scandir(local, &names, NULL, alphasort);
    if (count < 0) {
        (void)cli_fail(CLI_LOCAL, "%s cannot be read: %s.", local, strerror(errno));
        return 0;
    }
    int result = 0;
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (result == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            if (viewer_path_join(child, sizeof child, local, name) != 0 ||
                viewer_path_join(far, sizeof far, remote, name) != 0) {
                (void)cli_fail(CLI_LOCAL, "%s/%s is too long a path; skipped.", local, name);
            } else {
                result = walk_one(jobs, child, far);
            }
        }
        free(names[i]);
    }
    free(names);
    return result;
}

void cli_jobs_finish(struct cli_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        free(jobs->list[i].local);
        free(jobs->list[i].remote);
    }
    free(jobs->list);
    memset(jobs, 0, sizeof *jobs);
}
