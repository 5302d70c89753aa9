#include "channel/link/peer.h"
#include "channel/path/net.h"
#include "channel/proto/link.pb-c.h"
#include "host/commands/command.h"
#include "host/log.h"
#include "host/policy/policy.h"
#include "host/session/sessions.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RUN_SIGNALS = 3,
    RUN_STOP_MS = 5000 /* a disk that hangs does not keep the program alive for longer */
};

/* libuv's workers do what may block: disk, hashing, looking up the broker's name. A network drive that hangs
 * keeps a worker for each request to it; with the usual four, one folder of one viewer stops everybody's
 * files and the way back to the broker. Sixteen sleeping threads cost stacks that are never touched. */
static const char run_workers[] = "16";

struct run {
    uv_loop_t loop;
    uv_signal_t signals[RUN_SIGNALS];
    uv_timer_t deadline;
    struct channel_home *home;
    struct channel_net *net;
    struct screen *screen;
    struct channel_link *link;
    struct sessions *sessions;
    struct channel_peer_set *peers;
    bool stopping;
    int code;
};

/* ---- end */

static void net_gone(void *user)
{
    struct run *run = user;
    uv_close((uv_handle_t *)&run->deadline, NULL);
}

static void link_gone(void *user)
{
    struct run *run = user;
    channel_net_destroy(run->net, net_gone, run);
}

static void on_deadline(uv_timer_t *timer)
{
    const struct run *run = timer->data;
    host_log("host", "something hangs; ending without it");
    _exit(run->code);
}

static void stop(struct run *run, int code, const char *reason)
{
    if (run->stopping)
        return;
    run->stopping = true;
    run->code = code;
    host_log("host", "ending: %s", reason);
    (void)uv_timer_start(&run->deadline, on_deadline, RUN_STOP_MS, 0);
    uv_unref((uv_handle_t *)&run->deadline);
    for (size_t i = 0; i < RUN_SIGNALS; i++)
        uv_close((uv_handle_t *)&run->signals[i], NULL);
    sessions_end(run->sessions, reason);
    channel_peer_set_destroy(run->peers);
    sessions_destroy(run->sessions);
    screen_destroy(run->screen);
    channel_link_destroy(run->link, link_gone, run);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    stop(handle->data, HOST_EXIT_OK, "This PC stops sharing.");
}

/* ---- link */

static void on_link_state(void *user, enum channel_link_state state, const char *why)
{
    struct run *run = user;
    switch (state) {
    case CHANNEL_LINK_CONNECTING:
        host_log("link", "connecting to %s", channel_home_broker(run->home));
        return;
    case CHANNEL_LINK_ONLINE:
        host_log("link", "online");
        return;
    case CHANNEL_LINK_WAITING:
        host_log("link", "offline, will try again: %s", why ? why : "");
        return;
    case CHANNEL_LINK_REFUSED:
        break;
    }
    const struct channel_device *self =
        channel_log_find(channel_home_log(run->home), channel_home_device_id(run->home));
    bool other_key = channel_net_endpoint(run->net)->refused_pin[0] != '\0';
    enum host_exit code =
        other_key || channel_link_untrusted(run->link) ? HOST_EXIT_VERIFY : HOST_EXIT_DENIED;
    if (self && self->revoked)
        code = HOST_EXIT_DENIED;
    host_log("link", "refused, code %d: %s", (int)code, why ? why : "");
    stop(run, (int)code, why ? why : "The broker refused this PC.");
}

static void on_log_changed(void *user)
{
    struct run *run = user;
    if (run->stopping)
        return;
    const struct channel_device *self =
        channel_log_find(channel_home_log(run->home), channel_home_device_id(run->home));
    host_log("link", "account log has %llu entries",
        (unsigned long long)channel_log_count(channel_home_log(run->home)));
    channel_peer_set_check(run->peers);
    if (!self || self->revoked)
        stop(run, HOST_EXIT_DENIED, "This PC was removed from the account.");
}

static void on_incoming(void *user, const struct channel_relay *relay)
{
    struct run *run = user;
    if (!run->stopping)
        channel_peer_set_incoming(run->peers, relay);
}

/* ---- begin */

static bool make_parts(struct run *run, const struct host_options *options)
{
    const struct channel_device *self =
        channel_log_find(channel_home_log(run->home), channel_home_device_id(run->home));
    char os[65];
    const char *why = NULL;
    mode_t mask = umask(077);
    (void)umask(mask);
    host_pc_os(os, sizeof os);
    run->net = channel_net_create(
        &run->loop, channel_home_broker(run->home), channel_home_pin(run->home), true, &why);
    if (!run->net) {
        (void)host_fail(HOST_EXIT_FAILED, "%s", why);
        return false;
    }
    run->screen = screen_create(&run->loop, capture_x11_open, options->display);
    run->link = channel_link_create(&(struct channel_link_config){.kind = HEARTH__LINK__KIND__KIND_HOST,
        .os = os,
        .home = run->home,
        .net = run->net,
        .callbacks = {.state = on_link_state, .log_changed = on_log_changed, .incoming = on_incoming},
        .user = run});
    if (!run->screen || !run->link)
        return false;
    run->sessions = sessions_create(&(struct sessions_config){.loop = &run->loop,
        .screen = run->screen,
        .link = run->link,
        .home = options->home,
        .name = self ? self->name : "",
        .os = os,
        .view_only = options->view_only,
        .umask = mask});
    if (run->sessions)
        run->peers = channel_peer_set_create(run->link, SESSIONS_MAX, sessions_accept, run->sessions);
    return run->peers != NULL;
}

static void tell_start(const struct run *run, const struct host_policy *policy)
{
    struct capture_geometry geometry;
    if (screen_geometry(run->screen, &geometry))
        host_log("host", "sharing the display %s, %d x %d px", geometry.name, geometry.width_px,
            geometry.height_px);
    else
        host_log("host", "no display, files only: %s", screen_problem(run->screen));
    host_log("host", "%zu shared folders, rights 0x%x", host_policy_root_count(policy),
        host_policy_rights(policy));
}

static int share(struct run *run, const struct host_options *options, struct host_policy *policy)
{
    static const int numbers[RUN_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);                     /* a file over the limit is an error of its write */
    (void)setenv("UV_THREADPOOL_SIZE", run_workers, 0); /* who set another knows why */
    (void)uv_loop_init(&run->loop);
    if (!make_parts(run, options))
        return run->net ? host_fail(HOST_EXIT_FAILED, "This PC is out of memory.") : HOST_EXIT_FAILED;
    (void)uv_timer_init(&run->loop, &run->deadline);
    run->deadline.data = run;
    for (size_t i = 0; i < RUN_SIGNALS; i++) {
        (void)uv_signal_init(&run->loop, &run->signals[i]);
        run->signals[i].data = run;
        (void)uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
    tell_start(run, policy);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&run->loop);
    return run->code;
}

int host_command_run(const struct host_options *options)
{
    struct run run = {0};
    struct host_policy *policy;
    if (options->argc != 0)
        return host_fail(HOST_EXIT_USAGE, "run takes no arguments. See hearth-host --help.");
    int code = host_home_open(options, &run.home);
    if (code != HOST_EXIT_OK)
        return code;
    int err = host_policy_load(options->home, &policy);
    if (!channel_home_enrolled(run.home)) {
        code = host_fail(HOST_EXIT_FAILED, "This PC is not enrolled. Begin with: hearth-host enroll URL");
    } else if (err != HOST_POLICY_OK) {
        code = host_fail(HOST_EXIT_IO, "%s", host_policy_strerror(err));
    } else {
        if (options->view_only)
            host_policy_view_only(policy);
        code = share(&run, options, policy);
    }
    if (err == HOST_POLICY_OK)
        host_policy_unref(policy);
    channel_home_destroy(run.home);
    return code;
}
