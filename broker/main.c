#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

#include "broker/options.h"
#include "broker/server.h"
#include "channel/core/crypto.h"

int main(int argc, char **argv)
{
    static struct broker_options options;
    int status = BROKER_EXIT_FAILED;
    if (!broker_options_parse(argc, argv, &options, &status))
        return status;
    if (sodium_init() < 0 || channel_crypto_init() < 0) {
        (void)fputs("hearth-broker: no randomness on this machine\n", stderr);
        return BROKER_EXIT_FAILED;
    }
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* which characters are letters, in account names */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file over its limit is an error of the write, not our end */
    (void)umask(077);
    struct broker_server *server = broker_server_create(&options, &status);
    if (!server)
        return status;
    (void)printf("ready %s\n", broker_server_url(server));
    (void)fflush(stdout);
    broker_server_run(server);
    broker_server_destroy(server);
    return BROKER_EXIT_OK;
}
