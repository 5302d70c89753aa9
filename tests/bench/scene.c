#include "tests/bench/scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct scene_ops scene_all[] = {
    {.name = "typing", .interval_us = 125000, .start = scene_typing_start, .frame = scene_typing_frame},
    {.name = "scroll", .interval_us = 66667, .start = scene_scroll_start, .frame = scene_scroll_frame},
    {.name = "terminal", .interval_us = 33333, .start = scene_terminal_start, .frame = scene_terminal_frame},
    {.name = "window", .interval_us = 33333, .start = scene_window_start, .frame = scene_window_frame},
    {.name = "alttab", .interval_us = 1000000, .start = scene_alttab_start, .frame = scene_alttab_frame},
    {.name = "slides", .interval_us = 1000000, .start = scene_slides_start, .frame = scene_slides_frame},
    {.name = "photo", .interval_us = 2000000, .start = scene_photo_start, .frame = scene_photo_frame},
    {.name = "video", .interval_us = 41667, .start = scene_video_start, .frame = scene_video_frame},
    {.name = "fullvideo",
        .interval_us = 41667,
        .start = scene_fullvideo_start,
        .frame = scene_fullvideo_frame},
    {.name = "spinner", .interval_us = 50000, .start = scene_spinner_start, .frame = scene_spinner_frame},
    {.name = "idle", .start = scene_idle_start},
    {.name = "keys", .keys = true, .start = scene_keys_start},
    {.name = "keys-video",
        .interval_us = 41667,
        .keys = true,
        .start = scene_video_start,
        .frame = scene_video_frame},
    /* The conductor copies files meanwhile. */
    {.name = "keys-transfer", .keys = true, .start = scene_keys_start},
    {.name = "page",
        .interval_us = 50000,
        .held_out = true,
        .start = scene_page_start,
        .frame = scene_page_frame},
    {.name = "sheet",
        .interval_us = 100000,
        .held_out = true,
        .start = scene_sheet_start,
        .frame = scene_sheet_frame},
    {0},
};

const struct scene_ops *scene_find(const char *name)
{
    for (const struct scene_ops *ops = scene_all; ops->name; ops++)
        if (strcmp(ops->name, name) == 0)
            return ops;
    return NULL;
}

/* The pixels from the cache, or false. */
static bool load(struct canvas *photo, const char *path)
{
    const size_t size = (size_t)photo->w * (size_t)photo->h * sizeof *photo->px;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t have = 0;
    for (ssize_t n = 1; have < size && n > 0; have += n > 0 ? (size_t)n : 0)
        n = read(fd, (unsigned char *)photo->px + have, size - have);
    close(fd);
    cairo_surface_mark_dirty(photo->surface);
    return have == size;
}

static void keep(const struct canvas *photo, const char *path)
{
    char part[512];
    if ((size_t)snprintf(part, sizeof part, "%s.%ld", path, (long)getpid()) >= sizeof part)
        return;
    FILE *file = fopen(part, "wb");
    if (!file)
        return;
    const size_t count = (size_t)photo->w * (size_t)photo->h;
    const bool whole = fwrite(photo->px, sizeof *photo->px, count, file) == count;
    if (fclose(file) != 0 || !whole || rename(part, path) != 0)
        (void)unlink(part);
}

struct canvas *scene_photo(struct scene *scene, uint32_t i)
{
    struct canvas *photo = &scene->photos[i % SCENE_PHOTOS_MAX];
    if (photo->px)
        return photo;
    canvas_init(photo, NULL, BENCH_W, BENCH_H);
    char path[480];
    const int len = snprintf(
        path, sizeof path, "%s/photo-1-%u.raw", scene->cache ? scene->cache : "", i % SCENE_PHOTOS_MAX);
    const bool cached = scene->cache && (size_t)len < sizeof path;
    if (cached && load(photo, path))
        return photo;
    canvas_photo(photo, 11 + i % SCENE_PHOTOS_MAX);
    if (cached)
        keep(photo, path);
    return photo;
}

void scene_changed(struct scene *scene, int32_t x, int32_t y, int32_t w, int32_t h)
{
    if (scene->changed_count < SCENE_RECTS_MAX)
        scene->changed[scene->changed_count++] = (struct bench_area){x, y, w, h};
}

void scene_square(struct scene *scene, bool on)
{
    canvas_fill(&scene->screen, BENCH_FLIP_X, BENCH_FLIP_Y, BENCH_FLIP_PX, BENCH_FLIP_PX,
        on ? BENCH_FLIP_ON : BENCH_FLIP_OFF);
}

void scene_finish(struct scene *scene)
{
    for (uint32_t i = 0; i < SCENE_PHOTOS_MAX; i++)
        if (scene->photos[i].px)
            canvas_finish(&scene->photos[i]);
    if (scene->sheet.px)
        canvas_finish(&scene->sheet);
    if (scene->second.px)
        canvas_finish(&scene->second);
    free(scene->counts);
    canvas_finish(&scene->screen);
}
