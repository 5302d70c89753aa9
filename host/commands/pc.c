#include "host/commands/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int host_fail(enum host_exit code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("hearth-host: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    return (int)code;
}

void host_pc_name(char *out, size_t cap)
{
    char name[HOST_NAME_MAX + 1] = "";
    (void)gethostname(name, sizeof name - 1);
    name[strcspn(name, ".")] = '\0';
    (void)snprintf(out, cap, "%s", name[0] ? name : "PC");
}

void host_pc_os(char *out, size_t cap)
{
    struct utsname kernel;
    (void)snprintf(out, cap, "%s", uname(&kernel) == 0 ? kernel.sysname : "unknown");
    FILE *file = fopen("/etc/os-release", "re");
    if (!file)
        return;
    static const char key[] = "PRETTY_NAME=";
    char line[256];
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, key, sizeof key - 1) != 0)
            continue;
        char *value = line + sizeof key - 1;
        value[strcspn(value, "\n")] = '\0';
        size_t len = strlen(value);
        if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
            value[len - 1] = '\0';
            value++;
        }
        (void)snprintf(out, cap, "%s", value);
        break;
    }
    (void)fclose(file);
}
