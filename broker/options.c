#include "broker/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: hearth-broker --listen ADDR:PORT --data DIR [OPTION...]\n"
    "Join the devices of accounts: sign-in, presence, matching and the relay of sealed sessions.\n"
    "\n"
    "  --listen ADDR:PORT   where to serve; port 0 takes a free one\n"
    "  --data DIR           database and secret; made if missing, readable by the owner only\n"
    "  --public-url URL     how people reach this broker, when it is not by its own address\n"
    "  --tls-cert FILE      certificate chain (PEM); with --tls-key\n"
    "  --tls-key FILE       its private key (PEM)\n"
    "  --web DIR            the built page (default: beside the program)\n"
    "  --proxy ADDR         believe X-Forwarded-For from this address; up to 8 times\n"
    "  --metrics ADDR:PORT  serve /metrics for Prometheus there\n"
    "  --name NAME          name of this broker, shown to people\n"
    "  --no-limits          no rate limits: for measurements, never on a network\n"
    "  --help, --version\n"
    "\n"
    "Prints \"ready URL\" when it serves. SIGTERM asks the endpoints to come back later, then ends.\n";

bool broker_options_address(const char *text, char out_address[static BROKER_ADDRESS_MAX], uint16_t *out_port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !colon[1])
        return false;
    char *end;
    errno = 0;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (errno || *end || port > 65535 || colon[1] == '-' || colon[1] == '+' || colon[1] == ' ')
        return false;
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    char address[BROKER_ADDRESS_MAX];
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (len == 0)
        memcpy(address, "0.0.0.0", sizeof "0.0.0.0");
    else if (strcmp(address, "localhost") == 0)
        memcpy(address, "127.0.0.1", sizeof "127.0.0.1");
    struct in6_addr parsed;
    if (inet_pton(AF_INET, address, &parsed) != 1 && inet_pton(AF_INET6, address, &parsed) != 1)
        return false;
    memcpy(out_address, address, strlen(address) + 1);
    *out_port = (uint16_t)port;
    return true;
}

bool broker_options_url(
    const char *url, char out_origin[static BROKER_HOST_MAX + 16], char out_host[static BROKER_HOST_MAX + 1])
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    size_t len = strlen(url);
    if (len && url[len - 1] == '/')
        len--;
    if (!scheme || len <= scheme || len - scheme > BROKER_HOST_MAX)
        return false;
    for (size_t i = scheme; i < len; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]", url[i]))
            return false;
    }
    memcpy(out_origin, url, len);
    out_origin[len] = '\0';
    memcpy(out_host, url + scheme, len - scheme);
    out_host[len - scheme] = '\0';
    return true;
}

/* The page beside the program: installed, or in the source tree that build/NAME/bin belongs to. */
static void find_web(char *out, size_t cap)
{
    static const char *const places[] = {"../share/hearth/web", "../../../viewer/web/dist"};
    char program[4096];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    out[0] = '\0';
    if (len <= 0)
        return;
    program[len] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct stat info;
        int used = snprintf(out, cap, "%s/%s", program, places[i]);
        if (used > 0 && (size_t)used < cap && stat(out, &info) == 0 && S_ISDIR(info.st_mode))
            return;
    }
}

static bool usage(int *out_exit, const char *what, const char *value)
{
    (void)fprintf(stderr, "hearth-broker: %s%s%s\nTry: hearth-broker --help\n", what, value ? ": " : "",
        value ? value : "");
    *out_exit = BROKER_EXIT_USAGE;
    return false;
}

static bool complete(struct broker_options *o, bool listen, int *out_exit)
{
    if (!listen)
        return usage(out_exit, "--listen ADDR:PORT is missing", NULL);
    if (!o->data_dir)
        return usage(out_exit, "--data DIR is missing", NULL);
    if (!o->tls_cert != !o->tls_key)
        return usage(out_exit, "--tls-cert and --tls-key go together", NULL);
    if (o->public_url && !broker_options_url(o->public_url, o->public_origin, o->public_host))
        return usage(out_exit, "--public-url must be http(s)://HOST[:PORT]", o->public_url);
    if (!o->web_dir[0])
        find_web(o->web_dir, sizeof o->web_dir);
    return true;
}

bool broker_options_parse(int argc, char **argv, struct broker_options *out, int *out_exit)
{
    enum {
        LISTEN = 1,
        DATA,
        PUBLIC_URL,
        TLS_CERT,
        TLS_KEY,
        WEB,
        PROXY,
        METRICS,
        NAME,
        NO_LIMITS,
        HELP,
        VERSION
    };
    static const struct option table[] = {
        {"listen", required_argument, NULL, LISTEN},
        {"data", required_argument, NULL, DATA},
        {"public-url", required_argument, NULL, PUBLIC_URL},
        {"tls-cert", required_argument, NULL, TLS_CERT},
        {"tls-key", required_argument, NULL, TLS_KEY},
        {"web", required_argument, NULL, WEB},
        {"proxy", required_argument, NULL, PROXY},
        {"metrics", required_argument, NULL, METRICS},
        {"name", required_argument, NULL, NAME},
        {"no-limits", no_argument, NULL, NO_LIMITS},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {0},
    };
    *out = (struct broker_options){.name = "Hearth"};
    bool listen = false;
    int option;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (option) {
        case LISTEN:
            listen = broker_options_address(optarg, out->listen_address, &out->listen_port);
            if (!listen)
                return usage(out_exit, "--listen must be ADDR:PORT", optarg);
            break;
        case METRICS:
            out->metrics = broker_options_address(optarg, out->metrics_address, &out->metrics_port);
            if (!out->metrics)
                return usage(out_exit, "--metrics must be ADDR:PORT", optarg);
            break;
        case DATA:
            out->data_dir = optarg;
            break;
        case PUBLIC_URL:
            out->public_url = optarg;
            break;
        case TLS_CERT:
            out->tls_cert = optarg;
            break;
        case TLS_KEY:
            out->tls_key = optarg;
            break;
        case WEB:
            if (strlen(optarg) >= sizeof out->web_dir)
                return usage(out_exit, "--web is too long", NULL);
            memcpy(out->web_dir, optarg, strlen(optarg) + 1);
            break;
        case PROXY:
            if (out->proxy_count == BROKER_PROXIES_MAX)
                return usage(out_exit, "--proxy can be given 8 times", NULL);
            out->proxies[out->proxy_count++] = optarg;
            break;
        case NAME:
            out->name = optarg;
            break;
        case NO_LIMITS:
            out->no_limits = true;
            break;
        case HELP:
            (void)fputs(help, stdout);
            *out_exit = BROKER_EXIT_OK;
            return false;
        case VERSION:
            (void)puts("hearth-broker " HEARTH_VERSION);
            *out_exit = BROKER_EXIT_OK;
            return false;
        default:
            *out_exit = BROKER_EXIT_USAGE;
            return false;
        }
    }
    if (optind < argc)
        return usage(out_exit, "unexpected argument", argv[optind]);
    return complete(out, listen, out_exit);
}
