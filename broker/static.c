#include "broker/static.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *extension, *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"json", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"webp", "image/webp"},
    {"ico", "image/x-icon"},
    {"woff2", "font/woff2"},
    {"txt", "text/plain; charset=utf-8"},
    {"map", "application/json"},
};

const char *broker_static_type(const char *name)
{
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(dot + 1, types[i].extension) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

bool broker_static_map(const char *path, char *out, size_t cap)
{
    static const char index[] = "index.html";
    size_t len = strlen(path);
    if (path[0] != '/' || len >= cap || cap < sizeof index)
        return false;
    const char *last = path + 1;
    for (const char *at = path; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
        if (c != '/')
            continue;
        last = at + 1;
        if (at[1] == '.' || at[1] == '/') /* "..", ".", hidden names, empty parts */
            return false;
    }
    if (strchr(last, '.'))
        (void)snprintf(out, cap, "%s", path + 1);
    else
        (void)snprintf(out, cap, "%s", index);
    return true;
}

/* Open below the folder, never outside it, whatever links say. */
static int open_below(int folder, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
}

static int open_file(int folder, const char *name, struct stat *out_info)
{
    int file = open_below(folder, name);
    if (file < 0)
        return -1;
    if (fstat(file, out_info) == 0 && S_ISREG(out_info->st_mode) &&
        out_info->st_size <= BROKER_STATIC_FILE_MAX)
        return file;
    (void)close(file);
    return -1;
}

/* Whether a coding is in the header and not switched off ("br;q=0"). */
static bool accepts(const char *header, const char *coding)
{
    size_t len = strlen(coding);
    for (const char *at = strstr(header, coding); at; at = strstr(at + 1, coding)) {
        bool starts = at == header || at[-1] == ' ' || at[-1] == ',';
        const char *rest = at + len;
        if (starts && (*rest == '\0' || *rest == ',' || *rest == ' ' || *rest == ';'))
            return strncmp(rest, ";q=0", 4) != 0 || rest[4] == '.';
    }
    return false;
}

static void missing_page(struct broker_http *http)
{
    static const char text[] =
        "<!doctype html><html lang=\"en\"><title>Hearth</title>"
        "<h1>The page is not built</h1>"
        "<p>This broker runs, but its folder of the page is empty. Build the page with "
        "<code>scripts/build</code>, or give its folder with <code>--web DIR</code>, then load this "
        "again.</p>";
    broker_http_bytes(http, 503, "text/html; charset=utf-8", text, sizeof text - 1);
}

static int open_coded(
    int folder, const char *name, const char *accept, struct stat *out_info, const char **out_coding)
{
    static const struct {
        const char *coding, *suffix;
    } codings[] = {{"br", ".br"}, {"gzip", ".gz"}};
    char coded[BROKER_HTTP_PATH_MAX + 8];
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        if (!accepts(accept, codings[i].coding))
            continue;
        (void)snprintf(coded, sizeof coded, "%s%s", name, codings[i].suffix);
        int file = open_file(folder, coded, out_info);
        if (file >= 0) {
            *out_coding = codings[i].coding;
            return file;
        }
    }
    *out_coding = NULL;
    return open_file(folder, name, out_info);
}

void broker_static_request(struct broker_http *http, const char *accept_encoding, const char *if_none_match)
{
    char name[BROKER_HTTP_PATH_MAX + 1];
    struct stat info;
    const char *coding = NULL;
    http->page = true;
    if (!broker_static_map(http->path, name, sizeof name)) {
        broker_http_bytes(http, 404, "text/plain", "There is no such page.\n", 23);
        return;
    }
    int folder = open(http->broker->options->web_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = folder < 0 ? -1 : open_coded(folder, name, accept_encoding, &info, &coding);
    if (folder >= 0)
        (void)close(folder);
    if (file < 0) {
        if (strcmp(name, "index.html") == 0)
            missing_page(http);
        else
            broker_http_bytes(http, 404, "text/plain", "There is no such page.\n", 23);
        return;
    }
    /* The build puts a hash of the content into the names of assets; all else is asked for each time. */
    http->cache = strncmp(name, "assets/", 7) == 0 ? "public, max-age=31536000, immutable" : "no-cache";
    (void)snprintf(http->etag, sizeof http->etag, "\"%llx-%llx%s%s\"", (unsigned long long)info.st_size,
        (unsigned long long)info.st_mtim.tv_sec * 1000 + (unsigned long long)info.st_mtim.tv_nsec / 1000000,
        coding ? "-" : "", coding ? coding : "");
    http->encoding = coding;
    if (strstr(if_none_match, http->etag)) {
        (void)close(file);
        http->encoding = NULL;
        broker_http_bytes(http, 304, "text/plain", "", 0);
        return;
    }
    broker_http_file(http, broker_static_type(name), file, (size_t)info.st_size);
}
