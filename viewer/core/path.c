#include "viewer/core/path.h"

#include <stdio.h>
#include <string.h>

bool viewer_name_ok(const char *name, size_t len)
{
    if (len == 0 || len > VIEWER_NAME_MAX || memchr(name, '/', len) || memchr(name, '\0', len)) {
        return false;
    }
    return !(len == 1 && name[0] == '.') && !(len == 2 && name[0] == '.' && name[1] == '.');
}

const char *viewer_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int viewer_path_join(char *out, size_t cap, const char *folder, const char *name)
{
    const int len = snprintf(out, cap, "%s%s%s", folder, *folder && *name ? "/" : "", name);
    return len >= 0 && (size_t)len < cap ? 0 : -1;
}

/* Copy the names of text, one slash between two. */
static int tidy(char *out, size_t cap, const char *text, const char **out_why)
{
    size_t at = 0;
    out[0] = '\0';
    while (*text) {
        const size_t len = strcspn(text, "/");
        if (len > 0) {
            if (!viewer_name_ok(text, len)) {
                *out_why =
                    "A path on a device may not hold \".\" or \"..\", or a name of more than 255 bytes.";
                return -1;
            }
            if (len + 2 > cap - at) {
                *out_why = "That path is too long.";
                return -1;
            }
            if (at > 0) {
                out[at++] = '/';
            }
            memcpy(out + at, text, len);
            at += len;
            out[at] = '\0';
        }
        text += len + (text[len] == '/');
    }
    return 0;
}

int viewer_place_parse(struct viewer_place *out, const char *text, const char **out_why)
{
    struct viewer_place place = {0};
    const char *colon = strchr(text, ':');
    const char *slash = strchr(text, '/');
    if (!*text) {
        *out_why = "A path is missing.";
        return -1;
    }
    if (!colon || (slash && slash < colon)) {
        if (strlen(text) > VIEWER_PATH_MAX) {
            *out_why = "That path is too long.";
            return -1;
        }
        (void)snprintf(place.path, sizeof place.path, "%s", text);
        *out = place;
        return 0;
    }
    const size_t device_len = (size_t)(colon - text);
    if (device_len == 0 || device_len > VIEWER_DEVICE_MAX) {
        *out_why = "Before the ':' stands the name of a device.";
        return -1;
    }
    char tidied[VIEWER_PATH_MAX + 1];
    if (tidy(tidied, sizeof tidied, colon + 1, out_why) != 0) {
        return -1;
    }
    const size_t root_len = strcspn(tidied, "/");
    place.remote = true;
    memcpy(place.device, text, device_len);
    memcpy(place.root, tidied, root_len);
    (void)snprintf(place.path, sizeof place.path, "%s", tidied[root_len] == '/' ? tidied + root_len + 1 : "");
    *out = place;
    return 0;
}
