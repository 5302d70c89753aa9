#include "host/commands/command.h"
#include "host/policy/policy.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct status {
    bool enrolled, revoked;
    const char *account, *broker, *device;
};

static void read_status(struct status *out, const struct channel_home *home)
{
    *out = (struct status){.account = "", .broker = "", .device = ""};
    if (!home || !channel_home_enrolled(home))
        return;
    const struct channel_device *device =
        channel_log_find(channel_home_log(home), channel_home_device_id(home));
    out->enrolled = true;
    out->revoked = !device || device->revoked;
    out->account = channel_home_account(home);
    out->broker = channel_home_broker(home);
    out->device = device ? device->name : "";
}

static void print_json(const struct status *status, const struct host_policy *policy)
{
    json_t *roots = json_array();
    for (size_t i = 0; i < host_policy_root_count(policy); i++) {
        const struct host_policy_root *root = host_policy_root(policy, i);
        (void)json_array_append_new(roots, json_pack("{s:s, s:s, s:s, s:b}", "id", root->id, "name",
                                               root->name, "path", root->path, "write", (int)root->write));
    }
    json_t *line = json_pack("{s:b, s:b, s:s, s:s, s:s, s:o}", "enrolled", (int)status->enrolled, "revoked",
        (int)status->revoked, "account", status->account, "broker", status->broker, "device", status->device,
        "roots", roots);
    if (line && json_dumpf(line, stdout, JSON_COMPACT) == 0)
        (void)putchar('\n');
    json_decref(line);
}

static void print_text(const struct status *status, const struct host_policy *policy)
{
    if (!status->enrolled)
        (void)puts("Not enrolled. Begin with: hearth-host enroll URL");
    else
        (void)printf(
            "Account  %s\nBroker   %s\nName     %s\n", status->account, status->broker, status->device);
    if (status->revoked)
        (void)puts("This PC was removed from the account; nothing is shared.");
    for (size_t i = 0; !status->revoked && i < host_policy_root_count(policy); i++) {
        const struct host_policy_root *root = host_policy_root(policy, i);
        (void)printf("Folder   %s (%s%s)\n", root->path, root->id, root->write ? "" : ", read-only");
    }
}

int host_command_status(const struct host_options *options)
{
    struct channel_home *home = NULL;
    struct host_policy *policy;
    struct status status;
    /* Looking leaves no directory behind. */
    int code = host_home_exists(options) ? host_home_open(options, &home) : HOST_EXIT_OK;
    if (code != HOST_EXIT_OK)
        return code;
    int err = host_policy_load(options->home, &policy);
    if (err != HOST_POLICY_OK) {
        channel_home_destroy(home);
        return host_fail(HOST_EXIT_IO, "%s", host_policy_strerror(err));
    }
    read_status(&status, home);
    if (options->json)
        print_json(&status, policy);
    else
        print_text(&status, policy);
    host_policy_unref(policy);
    channel_home_destroy(home);
    return HOST_EXIT_OK;
}
