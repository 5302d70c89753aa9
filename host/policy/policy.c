#include "host/policy/policy.h"

#include "channel/identity/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICY_FILE "host.json"

struct host_policy {
    unsigned refs;
    uint32_t rights;
    char *keep_out;
    size_t count;
    struct host_policy_root roots[HOST_POLICY_ROOTS_MAX];
};

static const struct {
    const char *name;
    uint32_t bit;
} right_names[] = {
    {"view", CHANNEL_RIGHT_VIEW},
    {"control", CHANNEL_RIGHT_CONTROL},
    {"clipboard_in", CHANNEL_RIGHT_CLIPBOARD_IN},
    {"clipboard_out", CHANNEL_RIGHT_CLIPBOARD_OUT},
    {"files_read", CHANNEL_RIGHT_FILES_READ},
    {"files_write", CHANNEL_RIGHT_FILES_WRITE},
};
enum { RIGHT_NAMES = sizeof right_names / sizeof *right_names };

const char *host_policy_strerror(int err)
{
    switch (err) {
    case HOST_POLICY_OK:
        return "Done.";
    case HOST_POLICY_ERR_NOMEM:
        return "This PC is out of memory.";
    case HOST_POLICY_ERR_FORMAT:
        return "host.json cannot be understood. Mend it, or remove it to begin with the defaults.";
    case HOST_POLICY_ERR_IO:
        return "host.json cannot be read or written.";
    case HOST_POLICY_ERR_LIMIT:
        return "That is over a limit: 64 folders, names of 64 bytes.";
    case HOST_POLICY_ERR_EXISTS:
        return "A shared folder of that name is there already. Choose another name.";
    case HOST_POLICY_ERR_NOT_FOUND:
        return "There is no shared folder of that id.";
    case HOST_POLICY_ERR_PATH:
        return "That is not a folder of this PC.";
    default:
        return "Unknown error.";
    }
}

static bool id_valid(const char *id)
{
    size_t len = strlen(id);
    return len > 0 && len <= HOST_POLICY_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static bool name_valid(const char *name)
{
    size_t len = strlen(name);
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            return false;
    return len > 0 && len <= HOST_POLICY_NAME_MAX;
}

static int add_root(
    struct host_policy *policy, const char *id, const char *name, const char *path, bool write)
{
    if (policy->count == HOST_POLICY_ROOTS_MAX || !name_valid(name))
        return HOST_POLICY_ERR_LIMIT;
    if (!id_valid(id) || path[0] != '/' || strlen(path) >= PATH_MAX)
        return HOST_POLICY_ERR_FORMAT;
    if (host_policy_find(policy, id))
        return HOST_POLICY_ERR_EXISTS;
    struct host_policy_root *root = &policy->roots[policy->count];
    root->path = strdup(path);
    if (!root->path)
        return HOST_POLICY_ERR_NOMEM;
    (void)snprintf(root->id, sizeof root->id, "%s", id);
    (void)snprintf(root->name, sizeof root->name, "%s", name);
    root->write = write;
    policy->count++;
    return HOST_POLICY_OK;
}

static int add_home(struct host_policy *policy)
{
    const char *path = getenv("HOME");
    if (!path || path[0] != '/') {
        const struct passwd *user = getpwuid(getuid());
        path = user ? user->pw_dir : NULL;
    }
    if (!path || path[0] != '/')
        return HOST_POLICY_OK; /* no home, nothing shared */
    return add_root(policy, "home", "Home", path, true);
}

static int read_rights(struct host_policy *policy, const json_t *list)
{
    if (!json_is_array(list))
        return HOST_POLICY_ERR_FORMAT;
    policy->rights = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        size_t n = 0;
        while (name && n < RIGHT_NAMES && strcmp(name, right_names[n].name) != 0)
            n++;
        if (!name || n == RIGHT_NAMES)
            return HOST_POLICY_ERR_FORMAT;
        policy->rights |= right_names[n].bit;
    }
    return HOST_POLICY_OK;
}

static int read_json(struct host_policy *policy, const json_t *json)
{
    const json_t *rights = json_object_get(json, "rights"), *roots = json_object_get(json, "roots");
    if (!json_is_object(json) || json_integer_value(json_object_get(json, "version")) != 1)
        return HOST_POLICY_ERR_FORMAT;
    int err = rights ? read_rights(policy, rights) : HOST_POLICY_OK;
    if (err != HOST_POLICY_OK || !roots)
        return err != HOST_POLICY_OK ? err : add_home(policy);
    if (!json_is_array(roots))
        return HOST_POLICY_ERR_FORMAT;
    for (size_t i = 0; err == HOST_POLICY_OK && i < json_array_size(roots); i++) {
        const json_t *root = json_array_get(roots, i);
        const char *id = json_string_value(json_object_get(root, "id"));
        const char *name = json_string_value(json_object_get(root, "name"));
        const char *path = json_string_value(json_object_get(root, "path"));
        if (!id || !name || !path)
            return HOST_POLICY_ERR_FORMAT;
        err = add_root(policy, id, name, path, json_is_true(json_object_get(root, "write")));
    }
    return err;
}

/* The file as text, *out NULL when there is none. */
static int read_file(const char *home, char **out, size_t *out_len)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" POLICY_FILE, home) >= (int)sizeof path)
        return HOST_POLICY_ERR_PATH;
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT) {
        *out = NULL;
        *out_len = 0;
        return HOST_POLICY_OK;
    }
    if (!file)
        return HOST_POLICY_ERR_IO;
    char *text = malloc(HOST_POLICY_FILE_MAX);
    size_t len = text ? fread(text, 1, HOST_POLICY_FILE_MAX, file) : 0;
    bool bad = ferror(file) != 0;
    (void)fclose(file);
    if (!text || bad || len == HOST_POLICY_FILE_MAX) {
        free(text);
        return text && !bad ? HOST_POLICY_ERR_LIMIT : HOST_POLICY_ERR_IO;
    }
    *out = text;
    *out_len = len;
    return HOST_POLICY_OK;
}

static int set_keep_out(struct host_policy *policy, const char *home)
{
    static const char folder[] = "/hearth";
    char *path = realpath(home, NULL);
    if (!path) /* not there, so no keys are either */
        return errno == ENOENT ? HOST_POLICY_OK : HOST_POLICY_ERR_IO;
    char *slash = strrchr(path, '/');
    size_t above = (size_t)(slash - path), len = sizeof folder - 1;
    if (above > len && memcmp(slash - len, folder, len) == 0)
        *slash = '\0';
    policy->keep_out = path;
    return HOST_POLICY_OK;
}

int host_policy_load(const char *home, struct host_policy **out)
{
    char *text;
    size_t len;
    int err = read_file(home, &text, &len);
    if (err != HOST_POLICY_OK)
        return err;
    struct host_policy *policy = calloc(1, sizeof *policy);
    json_t *json = text ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!policy)
        err = HOST_POLICY_ERR_NOMEM;
    if (policy) {
        policy->refs = 1;
        for (size_t i = 0; i < RIGHT_NAMES; i++)
            policy->rights |= right_names[i].bit;
        err = set_keep_out(policy, home);
    }
    if (err == HOST_POLICY_OK)
        err = !text ? add_home(policy) : json ? read_json(policy, json) : HOST_POLICY_ERR_FORMAT;
    json_decref(json);
    free(text);
    if (err != HOST_POLICY_OK)
        host_policy_unref(policy);
    else
        *out = policy;
    return err;
}

static json_t *to_json(const struct host_policy *policy)
{
    json_t *rights = json_array(), *roots = json_array();
    for (size_t i = 0; i < RIGHT_NAMES; i++)
        if (policy->rights & right_names[i].bit)
            (void)json_array_append_new(rights, json_string(right_names[i].name));
    for (size_t i = 0; i < policy->count; i++) {
        const struct host_policy_root *root = &policy->roots[i];
        (void)json_array_append_new(roots, json_pack("{s:s, s:s, s:s, s:b}", "id", root->id, "name",
                                               root->name, "path", root->path, "write", (int)root->write));
    }
    return json_pack("{s:i, s:o, s:o}", "version", 1, "rights", rights, "roots", roots);
}

int host_policy_save(const struct host_policy *policy, const char *home)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" POLICY_FILE, home) >= (int)sizeof path ||
        snprintf(fresh, sizeof fresh, "%s/." POLICY_FILE ".new", home) >= (int)sizeof fresh)
        return HOST_POLICY_ERR_PATH;
    json_t *json = to_json(policy);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return HOST_POLICY_ERR_NOMEM;
    size_t len = strlen(text);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    free(text);
    ok = ok && rename(fresh, path) == 0;
    return ok ? HOST_POLICY_OK : HOST_POLICY_ERR_IO;
}

struct host_policy *host_policy_ref(struct host_policy *policy)
{
    policy->refs++;
    return policy;
}

void host_policy_unref(struct host_policy *policy)
{
    if (!policy || --policy->refs > 0)
        return;
    for (size_t i = 0; i < policy->count; i++)
        free(policy->roots[i].path);
    free(policy->keep_out);
    free(policy);
}

uint32_t host_policy_rights(const struct host_policy *policy)
{
    return policy->rights;
}

void host_policy_view_only(struct host_policy *policy)
{
    policy->rights &=
        ~(uint32_t)(CHANNEL_RIGHT_CONTROL | CHANNEL_RIGHT_CLIPBOARD_IN | CHANNEL_RIGHT_FILES_WRITE);
}

const char *host_policy_keep_out(const struct host_policy *policy)
{
    return policy->keep_out;
}

size_t host_policy_root_count(const struct host_policy *policy)
{
    return policy->count;
}

const struct host_policy_root *host_policy_root(const struct host_policy *policy, size_t index)
{
    return index < policy->count ? &policy->roots[index] : NULL;
}

const struct host_policy_root *host_policy_find(const struct host_policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->count; i++)
        if (strcmp(policy->roots[i].id, id) == 0)
            return &policy->roots[i];
    return NULL;
}

int host_policy_add(struct host_policy *policy, const char *name, const char *path, bool write)
{
    char full[PATH_MAX], id[HOST_POLICY_ID_MAX + 1];
    struct stat st;
    if (!realpath(path, full) || stat(full, &st) != 0 || !S_ISDIR(st.st_mode))
        return HOST_POLICY_ERR_PATH;
    size_t len = 0;
    for (const char *c = name; *c && len < HOST_POLICY_ID_MAX; c++)
        if (isalnum((unsigned char)*c) && (unsigned char)*c < 0x80)
            id[len++] = (char)tolower((unsigned char)*c);
        else if (len > 0 && id[len - 1] != '-')
            id[len++] = '-';
    id[len] = '\0';
    return add_root(policy, len > 0 ? id : "folder", name, full, write);
}

int host_policy_remove(struct host_policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->count; i++) {
        if (strcmp(policy->roots[i].id, id) != 0)
            continue;
        free(policy->roots[i].path);
        memmove(&policy->roots[i], &policy->roots[i + 1], (policy->count - i - 1) * sizeof policy->roots[0]);
        policy->count--;
        return HOST_POLICY_OK;
    }
    return HOST_POLICY_ERR_NOT_FOUND;
}
