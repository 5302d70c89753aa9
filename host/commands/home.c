#include "host/commands/command.h"

#include <unistd.h>

int host_home_open(const struct host_options *options, struct channel_home **out)
{
    char why[CHANNEL_HOME_WHY_MAX] = "";
    int err = channel_home_load(options->home, out, why, sizeof why);
    if (err == CHANNEL_HOME_OK)
        return HOST_EXIT_OK;
    enum host_exit code = err == CHANNEL_HOME_ERR_ROLLBACK || err == CHANNEL_LOG_ERR_FORK ||
                                  err == CHANNEL_LOG_ERR_CHAIN || err == CHANNEL_LOG_ERR_SIGNATURE
                              ? HOST_EXIT_VERIFY
                              : HOST_EXIT_IO;
    return host_fail(code, "%s", why);
}

bool host_home_exists(const struct host_options *options)
{
    return access(options->home, F_OK) == 0;
}
