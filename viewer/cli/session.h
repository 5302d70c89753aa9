/* A command's session with one device: online, found by name, dialled, hello said. */
#pragma once

#include "viewer/cli/cli.h"
#include "viewer/core/remote.h"

struct cli_session {
    struct cli *cli;
    struct viewer_remote *remote;
    uint8_t device[CHANNEL_ID_LEN];
    char device_name[CHANNEL_LOG_NAME_MAX + 1];
    const char *agent;                    /* NULL = "cli" */
    bool view, control, clipboard, files; /* what to ask for */
    bool ready;
    bool files_read, files_write, may_control, may_view; /* what was given */
    bool has_screen;
    char screen_error[300];
    uint64_t dialled_us, ready_us; /* uv_hrtime, in us */
    /* Of the command. on_ready may be NULL: the loop is then stopped with CLI_OK. on_closed NULL: a
     * message and its exit code. */
    void (*on_ready)(struct cli_session *session);
    void (*on_closed)(struct cli_session *session, int code, const char *why);
    void (*on_screen)(struct cli_session *session, const uint8_t *data, size_t len);
    void (*on_gap)(struct cli_session *session);
    void (*on_flowing)(struct cli_session *session, bool flowing);
    /* What is no answer to a request: cursor, clipboard, rights. */
    void (*on_message)(struct cli_session *session, const Hearth__Session__FromHost *message);
    void *user;
};

/* Go online and dial. 0 or an exit code after a message. Callbacks come from cli_run. */
int cli_session_open(struct cli_session *session, struct cli *cli, const char *device);
/* Dial again after an end. 0 or -1. */
int cli_session_dial(struct cli_session *session);
void cli_session_close(struct cli_session *session);
uint64_t cli_now_us(void);
