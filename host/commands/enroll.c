#include "channel/link/enroll_link.h"
#include "channel/path/net.h"
#include "host/commands/command.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ENROLL_WAIT_MS = 600000, /* for a person to approve */
    ENROLL_REACH_MS = 15000, /* for the broker to answer at all */
    ENROLL_SIGNALS = 2
};

struct enrolment {
    const struct host_options *options;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[ENROLL_SIGNALS];
    struct channel_home *home;
    struct channel_net *net;
    struct channel_enroll_waiting *waiting;
    bool shown; /* a code was */
    bool stopping;
    int code;
    char why[256];
};

static void stop(struct enrolment *enrolment, int code)
{
    if (enrolment->stopping)
        return;
    enrolment->stopping = true;
    enrolment->code = code;
    channel_enroll_waiting_destroy(enrolment->waiting);
    uv_close((uv_handle_t *)&enrolment->timer, NULL);
    for (size_t i = 0; i < ENROLL_SIGNALS; i++)
        uv_close((uv_handle_t *)&enrolment->signals[i], NULL);
    channel_net_destroy(enrolment->net, NULL, NULL);
}

static void print_json(json_t *line)
{
    if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
        (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(line);
}

static json_t *split_words(const char *words)
{
    json_t *list = json_array();
    while (*words) {
        size_t len = strcspn(words, " ");
        if (len > 0)
            (void)json_array_append_new(list, json_stringn(words, len));
        words += len + (words[len] == ' ');
    }
    return list;
}

static void on_code(void *user, const char *code, const char *words, uint32_t expires_s)
{
    struct enrolment *enrolment = user;
    char link[CHANNEL_URL_MAX + 32];
    (void)snprintf(link, sizeof link, "%s/#add=%s", channel_net_endpoint(enrolment->net)->url, code);
    bool first = !enrolment->shown;
    enrolment->shown = true;
    if (first)
        (void)uv_timer_start(&enrolment->timer, enrolment->timer.timer_cb, ENROLL_WAIT_MS, 0);
    if (enrolment->options->json) {
        print_json(json_pack("{s:s, s:s, s:o, s:i}", "code", code, "link", link, "words", split_words(words),
            "expires_s", (int)expires_s));
        return;
    }
    (void)printf("\nCode         %s\nLink         %s\nCheck words  %s\n\n", code, link, words);
    if (isatty(STDOUT_FILENO))
        host_qr_print(link);
    (void)printf(
        "On a device that is signed in, open the link or type the code, check that it shows the same\n"
        "four words, and approve. Waiting %u minutes.\n",
        expires_s / 60);
    (void)fflush(stdout);
}

static int on_approved(void *user, struct channel_log *log, const char *account)
{
    struct enrolment *enrolment = user;
    const char *pin = enrolment->options->pin;
    int err = channel_home_save(
        enrolment->home, channel_net_endpoint(enrolment->net)->url, account, pin ? pin : "", log);
    channel_log_destroy(log);
    if (err != CHANNEL_HOME_OK)
        (void)snprintf(enrolment->why, sizeof enrolment->why, "%s", channel_home_why(enrolment->home));
    return err;
}

static void on_done(void *user)
{
    struct enrolment *enrolment = user;
    char hex[2 * CHANNEL_ID_LEN + 1];
    const uint8_t *id = channel_home_device_id(enrolment->home);
    const struct channel_device *device = channel_log_find(channel_home_log(enrolment->home), id);
    const char *name = device ? device->name : "", *account = channel_home_account(enrolment->home);
    for (size_t i = 0; i < CHANNEL_ID_LEN; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
    if (enrolment->options->json)
        print_json(json_pack(
            "{s:b, s:s, s:s, s:s}", "enrolled", 1, "account", account, "device", name, "device_id", hex));
    else
        (void)printf("This PC now belongs to the account %s as \"%s\". Start sharing it: hearth-host run\n",
            account, name);
    stop(enrolment, HOST_EXIT_OK);
}

static void on_failed(void *user, const char *why, bool final)
{
    struct enrolment *enrolment = user;
    const struct channel_endpoint *endpoint = channel_net_endpoint(enrolment->net);
    if (!final) {
        (void)snprintf(enrolment->why, sizeof enrolment->why, "%s", why);
        if (enrolment->shown)
            (void)fprintf(stderr, "hearth-host: %s\n", why);
        return;
    }
    if (endpoint->refused_pin[0])
        stop(enrolment, host_fail(HOST_EXIT_VERIFY,
                            "%s If whoever runs the broker names the same certificate, add --pin %s.", why,
                            endpoint->refused_pin));
    else if (channel_home_enrolled(enrolment->home) || enrolment->why[0])
        stop(enrolment, host_fail(HOST_EXIT_IO, "%s %s", why, enrolment->why));
    else
        stop(enrolment, host_fail(HOST_EXIT_FAILED, "%s", why));
}

static void on_late(uv_timer_t *timer)
{
    struct enrolment *enrolment = timer->data;
    if (enrolment->shown)
        stop(enrolment, host_fail(HOST_EXIT_UNREACHABLE,
                            "Nobody approved this PC within 10 minutes. Start again for a new code."));
    else
        stop(enrolment, host_fail(HOST_EXIT_UNREACHABLE, "The broker at %s cannot be reached. %s",
                            channel_net_endpoint(enrolment->net)->url, enrolment->why));
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data, HOST_EXIT_FAILED);
}

static int enroll(struct enrolment *enrolment)
{
    static const int numbers[ENROLL_SIGNALS] = {SIGINT, SIGTERM};
    const struct host_options *options = enrolment->options;
    char name[CHANNEL_LOG_NAME_MAX + 1], os[65];
    host_pc_name(name, sizeof name);
    host_pc_os(os, sizeof os);
    (void)uv_timer_init(&enrolment->loop, &enrolment->timer);
    enrolment->timer.data = enrolment;
    (void)uv_timer_start(&enrolment->timer, on_late, ENROLL_REACH_MS, 0);
    for (size_t i = 0; i < ENROLL_SIGNALS; i++) {
        (void)uv_signal_init(&enrolment->loop, &enrolment->signals[i]);
        enrolment->signals[i].data = enrolment;
        (void)uv_signal_start(&enrolment->signals[i], on_signal, numbers[i]);
    }
    const struct channel_enroll_waiting_config config = {.net = enrolment->net,
        .sign_public = channel_home_sign_public(enrolment->home),
        .dh_public = channel_home_dh_public(enrolment->home),
        .name = options->name ? options->name : name,
        .os = os,
        .callbacks = {.code = on_code, .approved = on_approved, .done = on_done, .failed = on_failed},
        .user = enrolment};
    enrolment->waiting = channel_enroll_wait(&config);
    if (!enrolment->waiting)
        stop(enrolment, host_fail(HOST_EXIT_FAILED, "This PC is out of memory."));
    (void)uv_run(&enrolment->loop, UV_RUN_DEFAULT);
    return enrolment->code;
}

int host_command_enroll(const struct host_options *options)
{
    struct enrolment enrolment = {.options = options};
    const char *why = NULL;
    if (options->argc != 1)
        return host_fail(HOST_EXIT_USAGE, "enroll takes the URL of a broker. See hearth-host --help.");
    if (options->name && (options->name[0] == '\0' || strlen(options->name) > CHANNEL_LOG_NAME_MAX))
        return host_fail(HOST_EXIT_USAGE, "A name has 1 to %d bytes.", CHANNEL_LOG_NAME_MAX);
    int code = host_home_open(options, &enrolment.home);
    if (code != HOST_EXIT_OK)
        return code;
    (void)uv_loop_init(&enrolment.loop);
    if (channel_home_enrolled(enrolment.home))
        code = host_fail(HOST_EXIT_FAILED,
            "This PC belongs to the account %s at %s already. To begin anew, remove it there and delete %s.",
            channel_home_account(enrolment.home), channel_home_broker(enrolment.home), options->home);
    else if (channel_home_make_keys(enrolment.home) != CHANNEL_HOME_OK)
        code = host_fail(HOST_EXIT_IO, "%s", channel_home_why(enrolment.home));
    else if (!(enrolment.net = channel_net_create(
                   &enrolment.loop, options->argv[0], options->pin, options->insecure, &why)))
        code = host_fail(HOST_EXIT_USAGE, "%s", why);
    else
        code = enroll(&enrolment);
    (void)uv_loop_close(&enrolment.loop);
    channel_home_destroy(enrolment.home);
    return code;
}
