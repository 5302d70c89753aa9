#include "viewer/cli/session.h"

#include <stdio.h>
#include <string.h>

uint64_t cli_now_us(void)
{
    return uv_hrtime() / 1000;
}

static void on_ready(void *user, const Hearth__Session__HostHello *hello)
{
    struct cli_session *session = user;
    session->ready = true;
    session->ready_us = cli_now_us();
    session->may_view = hello->rights->view;
    session->may_control = hello->rights->control;
    session->files_read = hello->rights->files_read;
    session->files_write = hello->rights->files_write;
    session->has_screen = hello->screen != NULL;
    (void)snprintf(session->screen_error, sizeof session->screen_error, "%s",
        hello->screen_error ? hello->screen_error->message : "");
    if (session->on_ready) {
        session->on_ready(session);
    } else {
        cli_stop(session->cli, CLI_OK);
    }
}

static void on_screen(void *user, const uint8_t *data, size_t len)
{
    struct cli_session *session = user;
    if (session->on_screen) {
        session->on_screen(session, data, len);
    }
}

static void on_gap(void *user)
{
    struct cli_session *session = user;
    if (session->on_gap) {
        session->on_gap(session);
    }
}

static void on_flowing(void *user, bool flowing)
{
    struct cli_session *session = user;
    if (session->on_flowing) {
        session->on_flowing(session, flowing);
    }
}

static void on_message(void *user, const Hearth__Session__FromHost *message)
{
    struct cli_session *session = user;
    if (session->on_message) {
        session->on_message(session, message);
    }
}

static void on_closed(void *user, int code, const char *why)
{
    struct cli_session *session = user;
    session->ready = false;
    if (session->on_closed) {
        session->on_closed(session, code, why);
    } else {
        cli_stop(session->cli, cli_fail(code ? cli_exit_of_link(code) : CLI_OFFLINE, "%s",
                                   why && *why ? why : "The session ended."));
    }
}

int cli_session_dial(struct cli_session *session)
{
    const struct viewer_remote_config config = {
        .loop = &session->cli->loop,
        .link = session->cli->link,
        .agent = session->agent ? session->agent : "cli",
        .view = session->view,
        .control = session->control,
        .clipboard = session->clipboard,
        .files = session->files,
        .view_only = session->view && !session->control,
        .callbacks = {.ready = on_ready,
            .message = on_message,
            .screen = on_screen,
            .gap = on_gap,
            .flowing = on_flowing,
            .closed = on_closed},
        .user = session,
    };
    struct viewer_remote_config with_device = config;
    memcpy(with_device.device, session->device, CHANNEL_ID_LEN);
    session->ready = false;
    session->dialled_us = cli_now_us();
    session->remote = viewer_remote_create(&with_device);
    return session->remote ? 0 : -1;
}

int cli_session_open(struct cli_session *session, struct cli *cli, const char *name)
{
    int exit = CLI_OK;
    session->cli = cli;
    const int code = cli_online(cli);
    if (code != CLI_OK) {
        return code;
    }
    const struct channel_device *device = cli_device(cli, name, true, &exit);
    if (!device) {
        return exit;
    }
    memcpy(session->device, device->id, CHANNEL_ID_LEN);
    (void)snprintf(session->device_name, sizeof session->device_name, "%s", device->name);
    return cli_session_dial(session) == 0 ? CLI_OK : cli_fail(CLI_ERROR, "Out of memory.");
}

void cli_session_close(struct cli_session *session)
{
    viewer_remote_destroy(session->remote);
    session->remote = NULL;
}
