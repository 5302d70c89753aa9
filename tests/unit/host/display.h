/* A display of the test's own: Xvfb on a free number, ended with the test, and programs run on it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct test_display {
    pid_t pid;
    char name[16]; /* ":N" */
};

/* Whether Xvfb is installed; says so when it is not. */
bool test_display_possible(void);

/* Any failure ends the test. HEARTH_TEST_XVFB in the environment adds arguments. mode such as "800x600x24".
 * Sets DISPLAY for programs started later. */
bool test_display_start(struct test_display *display, const char *mode);
void test_display_stop(struct test_display *display);

/* Run a shell command to its end; returns its exit status. */
int test_run(const char *command);

/* Start a program, found by PATH, without waiting; argv ends with NULL. */
pid_t test_spawn(const char *const argv[]);
void test_end(pid_t pid);

uint64_t test_now_us(void);

/* Wait until the file holds at least len bytes, at most timeout_ms; returns bytes read into out. */
size_t test_file_wait(const char *path, char *out, size_t cap, size_t len, int timeout_ms);
