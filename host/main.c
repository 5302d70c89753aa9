/* hearth-host: shares this PC with the devices of its account. */
#include "host/commands/command.h"

#include <string.h>

static const struct {
    const char *name;
    int (*run)(const struct host_options *options);
} commands[] = {
    {"enroll", host_command_enroll},
    {"run", host_command_run},
    {"status", host_command_status},
    {"roots", host_command_roots},
};

int main(int argc, char **argv)
{
    struct host_options options;
    int code;
    if (!host_options_parse(&options, argc, argv, &code))
        return code;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(options.command, commands[i].name) == 0)
            return commands[i].run(&options);
    return host_fail(HOST_EXIT_USAGE, "There is no command of that name. See hearth-host --help.");
}
