#include "tests/unit/host/display.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "display: %s: %s\n", what, strerror(errno));
    exit(1);
}

static pid_t spawn_with_fd(const char *const argv[], int keep_fd)
{
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        if (!getenv("HEARTH_TEST_VERBOSE")) {
            dup2(null, 1);
            dup2(null, 2);
        }
        if (keep_fd >= 0)
            fcntl(keep_fd, F_SETFD, 0);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

bool test_display_possible(void)
{
    bool possible = system("command -v Xvfb >/dev/null") == 0;
    if (!possible)
        fprintf(stderr, "SKIPPED: Xvfb is not installed (package xvfb); nothing was tested\n");
    return possible;
}

bool test_display_start(struct test_display *display, const char *mode)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe");
    char fd[16];
    snprintf(fd, sizeof fd, "%d", ends[1]);
    /* -noreset: the server must not start over when a test's last window closes. */
    const char *argv[16] = {"Xvfb", "-displayfd", fd, "-screen", "0", mode, "-nolisten", "tcp", "-noreset"};
    char extra[64] = {0};
    if (getenv("HEARTH_TEST_XVFB"))
        strncpy(extra, getenv("HEARTH_TEST_XVFB"), sizeof extra - 1);
    size_t args = 9;
    for (char *rest = extra, *word; args < 15 && (word = strsep(&rest, " ")) && *word;)
        argv[args++] = word;
    display->pid = spawn_with_fd(argv, ends[1]);
    close(ends[1]);
    char number[16] = {0};
    size_t len = 0;
    while (len < sizeof number - 1 && !memchr(number, '\n', len)) {
        struct pollfd wait = {.fd = ends[0], .events = POLLIN};
        if (poll(&wait, 1, 10000) <= 0)
            fail("Xvfb did not answer within 10 s");
        ssize_t got = read(ends[0], number + len, sizeof number - 1 - len);
        if (got <= 0)
            fail("Xvfb ended");
        len += (size_t)got;
    }
    close(ends[0]);
    snprintf(display->name, sizeof display->name, ":%d", atoi(number));
    setenv("DISPLAY", display->name, 1);
    return true;
}

void test_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

void test_display_stop(struct test_display *display)
{
    test_end(display->pid);
    display->pid = 0;
}

int test_run(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

pid_t test_spawn(const char *const argv[])
{
    return spawn_with_fd(argv, -1);
}

uint64_t test_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

size_t test_file_wait(const char *path, char *out, size_t cap, size_t len, int timeout_ms)
{
    uint64_t end = test_now_us() + (uint64_t)timeout_ms * 1000;
    for (;;) {
        size_t got = 0;
        FILE *file = fopen(path, "rb");
        if (file) {
            got = fread(out, 1, cap, file);
            fclose(file);
        }
        if (got >= len || test_now_us() > end)
            return got;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}
