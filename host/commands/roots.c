#include "host/commands/command.h"
#include "host/files/tree.h"
#include "host/policy/policy.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void print_list(const struct host_policy *policy, bool json)
{
    json_t *list = json_array();
    for (size_t i = 0; i < host_policy_root_count(policy); i++) {
        const struct host_policy_root *root = host_policy_root(policy, i);
        if (json)
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "id", root->id, "name",
                                                  root->name, "path", root->path, "write", (int)root->write));
        else
            (void)printf("%-16s %-10s %s\n", root->id, root->write ? "read+write" : "read", root->path);
    }
    if (json && json_dumpf(list, stdout, JSON_COMPACT) == 0)
        (void)putchar('\n');
    json_decref(list);
}

static int report(int err)
{
    if (err == HOST_POLICY_OK)
        return HOST_EXIT_OK;
    bool usage = err == HOST_POLICY_ERR_PATH || err == HOST_POLICY_ERR_EXISTS ||
                 err == HOST_POLICY_ERR_NOT_FOUND || err == HOST_POLICY_ERR_LIMIT;
    return host_fail(usage ? HOST_EXIT_FAILED : HOST_EXIT_IO, "%s", host_policy_strerror(err));
}

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

int host_command_roots(const struct host_options *options)
{
    const char *verb = options->argc > 0 ? options->argv[0] : "list";
    const char *what = options->argc > 1 ? options->argv[1] : NULL;
    struct host_policy *policy;
    int err = host_policy_load(options->home, &policy);
    if (err != HOST_POLICY_OK)
        return report(err);
    int code = HOST_EXIT_OK;
    if (strcmp(verb, "list") == 0 && options->argc <= 1) {
        print_list(policy, options->json);
    } else if (strcmp(verb, "add") == 0 && options->argc == 2) {
        err = host_policy_add(
            policy, options->name ? options->name : last_name(what), what, !options->read_only);
        code = report(err == HOST_POLICY_OK ? host_policy_save(policy, options->home) : err);
    } else if (strcmp(verb, "remove") == 0 && options->argc == 2) {
        err = host_policy_remove(policy, what);
        code = report(err == HOST_POLICY_OK ? host_policy_save(policy, options->home) : err);
    } else {
        code = host_fail(HOST_EXIT_USAGE,
            "roots takes: list, add FOLDER [--name NAME] [--read-only], remove ID. See hearth-host --help.");
    }
    host_policy_unref(policy);
    return code;
}
