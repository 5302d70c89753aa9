#include "viewer/cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "channel/core/crypto.h"
#include "viewer/cli/cli.h"

/* One line, byte by byte: stdio would keep a copy of the secret in its buffer. */
static int read_line(int fd, char *out, size_t cap)
{
    size_t len = 0;
    for (;;) {
        char c = 0;
        const ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 || c == '\n') {
            break;
        }
        if (c == 3) {
            return -2; /* Ctrl-C while the terminal passes it on as a byte */
        }
        if (len + 1 >= cap) {
            return -1;
        }
        out[len++] = c;
    }
    if (len > 0 && out[len - 1] == '\r') {
        len--;
    }
    out[len] = '\0';
    return 0;
}

static int ask_hidden(int tty, const char *question, char *out, size_t cap)
{
    struct termios old, hidden;
    if (tcgetattr(tty, &old) != 0) {
        return -1;
    }
    hidden = old;
    /* No signals either: one would leave the terminal mute. */
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    (void)dprintf(tty, "%s: ", question);
    (void)tcsetattr(tty, TCSAFLUSH, &hidden);
    const int result = read_line(tty, out, cap);
    (void)tcsetattr(tty, TCSAFLUSH, &old);
    (void)dprintf(tty, "\n");
    return result;
}

static int from_file(char *out, const char *file)
{
    const int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return cli_fail(CLI_LOCAL, "%s cannot be read: %s.", file, strerror(errno));
    }
    const int result = read_line(fd, out, CLI_SECRET_MAX + 1);
    if (fd != STDIN_FILENO) {
        (void)close(fd);
    }
    if (result != 0) {
        return cli_fail(CLI_USAGE, "The first line of %s is too long.", file);
    }
    return CLI_OK;
}

static int from_terminal(int tty, char *out, const char *question, bool again)
{
    char repeat[CLI_SECRET_MAX + 1];
    const int first = ask_hidden(tty, question, out, CLI_SECRET_MAX + 1);
    if (first != 0) {
        return first == -2 ? CLI_INTERRUPTED : cli_fail(CLI_USAGE, "That is too long.");
    }
    if (!again) {
        return CLI_OK;
    }
    const int result = ask_hidden(tty, "The same again", repeat, sizeof repeat);
    const bool same = result == 0 && strcmp(repeat, out) == 0;
    channel_crypto_wipe(repeat, sizeof repeat);
    return same ? CLI_OK : cli_fail(CLI_USAGE, "The two are not the same. Nothing was done.");
}

int cli_secret(char out[static CLI_SECRET_MAX + 1], const char *file, const char *question, bool again)
{
    int result = CLI_OK;
    if (file) {
        result = from_file(out, file);
    } else {
        const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (tty >= 0 && isatty(STDIN_FILENO)) {
            result = from_terminal(tty, out, question, again);
        } else {
            result = from_file(out, "-");
        }
        if (tty >= 0) {
            (void)close(tty);
        }
    }
    if (result == CLI_OK && !out[0]) {
        result =
            cli_fail(CLI_USAGE, "%s is missing. Type it, or name a file with --password-file.", question);
    }
    return result;
}

bool cli_confirm(const char *question)
{
    char line[16] = "";
    if (!isatty(STDIN_FILENO)) {
        return false;
    }
    (void)fprintf(stderr, "%s [y/N] ", question);
    if (read_line(STDIN_FILENO, line, sizeof line) != 0) {
        return false;
    }
    return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}
