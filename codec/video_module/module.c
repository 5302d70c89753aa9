#include "codec/video_module/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The module of a file, found from where the program itself lies: no environment, no search path. */
static const struct codec_video_module *load(const char *file)
{
    char program[PATH_MAX], path[PATH_MAX + 64];
    const ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0)
        return NULL;
    program[len] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    (void)snprintf(path, sizeof path, "%s/../lib/hearth/%s", program, file);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return NULL;
    const struct codec_video_module *module = dlsym(library, CODEC_VIDEO_MODULE_SYMBOL);
    if (module && module->version == CODEC_VIDEO_MODULE_VERSION)
        return module;
    (void)dlclose(library);
    return NULL;
}

const struct codec_video_coder *codec_video_coder_load(void)
{
    const struct codec_video_module *module = load(CODEC_VIDEO_CODER_FILE);
    return module ? module->coder : NULL;
}

const struct codec_video_reader *codec_video_reader_load(void)
{
    const struct codec_video_module *module = load(CODEC_VIDEO_READER_FILE);
    return module ? module->reader : NULL;
}
