#include "host/files/path.h"

#include <string.h>

static bool name_valid(const uint8_t *name, size_t len)
{
    if (len == 0 || len > FILES_NAME_MAX)
        return false;
    if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
        return false;
    return memchr(name, 0, len) == NULL;
}

int files_path_check(const uint8_t *path, size_t len)
{
    if (len == 0)
        return FILES_OK;
    if (len > FILES_PATH_MAX)
        return FILES_ERR_PATH;
    size_t depth = 0, start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && path[i] != '/')
            continue;
        if (!name_valid(path + start, i - start) || ++depth > FILES_DEPTH_MAX)
            return FILES_ERR_PATH;
        start = i + 1;
    }
    return FILES_OK;
}

int files_path_split(const uint8_t *path, size_t len, char out_parent[static FILES_PATH_MAX + 1],
    char out_name[static FILES_NAME_MAX + 1])
{
    if (len == 0 || files_path_check(path, len) != FILES_OK)
        return FILES_ERR_PATH;
    size_t name = len;
    while (name > 0 && path[name - 1] != '/')
        name--;
    size_t parent = name > 0 ? name - 1 : 0;
    if (parent > 0)
        memcpy(out_parent, path, parent);
    out_parent[parent] = '\0';
    memcpy(out_name, path + name, len - name);
    out_name[len - name] = '\0';
    return FILES_OK;
}
