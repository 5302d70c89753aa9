/* A path from a viewer: what is accepted cannot name anything but something below its root. */
#include "host/files/path.h"
#include "host/files/part.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char parent[FILES_PATH_MAX + 1], name[FILES_NAME_MAX + 1], part[FILES_NAME_MAX + 1];
    static const uint8_t key[FILES_KEY_MIN] = "0123456789abcde";
    if (files_path_split(data, size, parent, name) != FILES_OK)
        return 0;
    if (strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || name[0] == '\0')
        abort();
    if (parent[0] == '/' || strncmp(parent, "../", 3) == 0 || strstr(parent, "/../") || strstr(parent, "//"))
        abort();
    files_part_name(part, name, key, sizeof key);
    if (!files_part_is(part) || strchr(part, '/'))
        abort();
    return 0;
}
