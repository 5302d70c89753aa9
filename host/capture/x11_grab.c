#include "host/capture/x11_grab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

const char *x11_grab_init(struct x11_grab *grab, xcb_connection_t *conn, const xcb_screen_t *screen)
{
    const xcb_setup_t *setup = xcb_get_setup(conn);
    memset(grab, 0, sizeof *grab);
    grab->conn = conn;
    grab->root = screen->root;
    grab->depth = screen->root_depth;
    grab->compare = codec_compare_best();

    for (xcb_format_iterator_t it = xcb_setup_pixmap_formats_iterator(setup); it.rem; xcb_format_next(&it)) {
        if (it.data->depth == screen->root_depth) {
            grab->bits_per_pixel = it.data->bits_per_pixel;
            grab->pad_bits = it.data->scanline_pad;
        }
    }
    for (xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen); d.rem; xcb_depth_next(&d)) {
        for (xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data); v.rem;
             xcb_visualtype_next(&v)) {
            if (v.data->visual_id != screen->root_visual)
                continue;
            if (v.data->_class != XCB_VISUAL_CLASS_TRUE_COLOR &&
                v.data->_class != XCB_VISUAL_CLASS_DIRECT_COLOR)
                return "it shows colours by a palette";
            grab->mask[0] = v.data->red_mask;
            grab->mask[1] = v.data->green_mask;
            grab->mask[2] = v.data->blue_mask;
        }
    }
    if (setup->image_byte_order != XCB_IMAGE_ORDER_LSB_FIRST)
        return "it sends pixels in big-endian order";
    if ((grab->bits_per_pixel != 32 && grab->bits_per_pixel != 16) || grab->depth < 15)
        return "its colour depth is not 15, 16, 24, 30 or 32 bits";
    if (!grab->mask[0] || !grab->mask[1] || !grab->mask[2])
        return "its pixel layout is unknown";
    grab->plain = grab->bits_per_pixel == 32 && grab->mask[0] == 0xff0000 && grab->mask[1] == 0xff00 &&
                  grab->mask[2] == 0xff;

    /* File descriptors pass only over a local socket. */
    struct sockaddr_storage peer = {0};
    socklen_t peer_len = sizeof peer;
    if (getpeername(xcb_get_file_descriptor(conn), (struct sockaddr *)&peer, &peer_len) != 0 ||
        peer.ss_family != AF_UNIX)
        return NULL;
    const xcb_query_extension_reply_t *ext = xcb_get_extension_data(conn, &xcb_shm_id);
    if (ext && ext->present) {
        xcb_shm_query_version_reply_t *version =
            xcb_shm_query_version_reply(conn, xcb_shm_query_version(conn), NULL);
        grab->shm_wanted = version && (version->major_version > 1 ||
                                          (version->major_version == 1 && version->minor_version >= 2));
        free(version);
    }
    return NULL;
}

static void release(struct x11_grab *grab)
{
    if (grab->shm_active)
        xcb_shm_detach(grab->conn, grab->seg);
    if (grab->map)
        munmap(grab->map, grab->map_len);
    grab->shm_active = false;
    grab->map = NULL;
    grab->map_len = 0;
    grab->width_px = 0;
    grab->height_px = 0;
}

void x11_grab_finish(struct x11_grab *grab)
{
    release(grab);
}

int x11_grab_resize(struct x11_grab *grab, int32_t width_px, int32_t height_px)
{
    release(grab);
    if (width_px < 1 || height_px < 1 || width_px > CODEC_MAX_SIDE_PX || height_px > CODEC_MAX_SIDE_PX ||
        (int64_t)width_px * height_px > CODEC_MAX_PIXELS)
        return CAPTURE_ERR_SIZE;

    /* Second half: what comes, until it is compared. Untouched pages cost nothing. */
    size_t len = (size_t)width_px * (size_t)height_px * 4 * 2;
    int fd = memfd_create("hearth-screen", MFD_CLOEXEC);
    if (fd < 0)
        return CAPTURE_ERR_NOMEM;
    void *map = ftruncate(fd, (off_t)len) == 0 ? mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                                               : MAP_FAILED;
    if (map == MAP_FAILED) {
        close(fd);
        return CAPTURE_ERR_NOMEM;
    }
    if (grab->shm_wanted) {
        grab->seg = xcb_generate_id(grab->conn);
        /* The connection closes fd once it is sent. */
        xcb_generic_error_t *error =
            xcb_request_check(grab->conn, xcb_shm_attach_fd_checked(grab->conn, grab->seg, fd, false));
        grab->shm_active = !error;
        grab->shm_wanted = grab->shm_active;
        free(error);
    } else {
        close(fd);
    }
    grab->map = map;
    grab->map_len = len;
    grab->width_px = width_px;
    grab->height_px = height_px;
    return 0;
}

static uint32_t channel(uint32_t pixel, uint32_t mask)
{
    unsigned shift = (unsigned)__builtin_ctz(mask);
    unsigned bits = (unsigned)__builtin_popcount(mask);
    uint32_t value = (pixel & mask) >> shift;
    if (bits >= 8)
        return value >> (bits - 8);
    value <<= 8 - bits;
    for (unsigned have = bits; have < 8; have *= 2)
        value |= value >> have;
    return value;
}

void x11_grab_convert(uint32_t *dst, const void *src, size_t count, unsigned bits, const uint32_t mask[3])
{
    for (size_t i = 0; i < count; i++) {
        uint32_t pixel = bits == 16 ? ((const uint16_t *)src)[i] : ((const uint32_t *)src)[i];
        dst[i] = channel(pixel, mask[0]) << 16 | channel(pixel, mask[1]) << 8 | channel(pixel, mask[2]);
    }
}

struct told {
    capture_changed_fn *changed;
    void *data;
};

/* Bring one part of the picture, inside one tile, up to date. Whether it was not as it is now. */
static bool store_part(
    struct x11_grab *grab, const struct codec_rect *part, const uint8_t *src, size_t src_stride)
{
    uint32_t *dst = (uint32_t *)grab->map + (size_t)part->y * (size_t)grab->width_px + (size_t)part->x;
    uint32_t converted[CODEC_TILE_PX];
    bool changed = false;
    for (int32_t y = 0; y < part->h; y++, dst += grab->width_px, src += src_stride) {
        const uint32_t *row = (const uint32_t *)src;
        if (!grab->plain) {
            x11_grab_convert(converted, src, (size_t)part->w, grab->bits_per_pixel, grab->mask);
            row = converted;
        }
        if (!grab->compare(row, dst, part->w))
            continue;
        changed = true;
        for (int32_t x = 0; x < part->w; x++)
            dst[x] = row[x] & 0xffffff;
    }
    return changed;
}

/* Compare one fetched rectangle with the picture, tile by tile, and take over what differs. */
static void store(struct x11_grab *grab, const struct codec_rect *rect, const uint8_t *src, size_t src_stride,
    const struct told *told)
{
    const int32_t right = rect->x + rect->w, bottom = rect->y + rect->h;
    for (int32_t y = rect->y, y1; y < bottom; y = y1) {
        y1 = (y / CODEC_TILE_PX + 1) * CODEC_TILE_PX;
        y1 = y1 < bottom ? y1 : bottom;
        for (int32_t x = rect->x, x1; x < right; x = x1) {
            x1 = (x / CODEC_TILE_PX + 1) * CODEC_TILE_PX;
            x1 = x1 < right ? x1 : right;
            const struct codec_rect part = {x, y, x1 - x, y1 - y};
            const uint8_t *from = src + (size_t)(y - rect->y) * src_stride +
                                  (size_t)(x - rect->x) * (grab->bits_per_pixel / 8u);
            if (store_part(grab, &part, from, src_stride) && told->changed)
                told->changed(told->data, &part);
        }
    }
}

static size_t stride_bytes(const struct x11_grab *grab, int32_t width)
{
    size_t bits = (size_t)width * grab->bits_per_pixel;
    return (bits + grab->pad_bits - 1) / grab->pad_bits * (grab->pad_bits / 8u);
}

/* A failed request on a living connection means that the window is no longer that large. */
static int failed(struct x11_grab *grab, xcb_generic_error_t *error)
{
    free(error);
    return xcb_connection_has_error(grab->conn) ? CAPTURE_ERR_LOST : CAPTURE_ERR_RESIZED;
}

static int fetch_image(struct x11_grab *grab, const struct codec_rect *rect, const struct told *told)
{
    xcb_generic_error_t *error = NULL;
    xcb_get_image_reply_t *reply = xcb_get_image_reply(grab->conn,
        xcb_get_image(grab->conn, XCB_IMAGE_FORMAT_Z_PIXMAP, grab->root, (int16_t)rect->x, (int16_t)rect->y,
            (uint16_t)rect->w, (uint16_t)rect->h, ~0u),
        &error);
    if (!reply)
        return failed(grab, error);
    size_t stride = stride_bytes(grab, rect->w);
    int result = CAPTURE_ERR_RESIZED;
    if ((size_t)xcb_get_image_data_length(reply) >= stride * (size_t)rect->h) {
        store(grab, rect, xcb_get_image_data(reply), stride, told);
        result = 0;
    }
    free(reply);
    return result;
}

/* One batch of shared-memory requests: all are sent, then all are waited for. */
enum { BATCH = 64 };

struct batch {
    struct codec_rect rect[BATCH];
    size_t offset[BATCH];
    xcb_shm_get_image_cookie_t cookie[BATCH];
    size_t count;
    size_t scratch_used;
};

static int finish_batch(struct x11_grab *grab, struct batch *batch, const struct told *told)
{
    int result = 0;
    for (size_t i = 0; i < batch->count; i++) {
        xcb_generic_error_t *error = NULL;
        xcb_shm_get_image_reply_t *reply = xcb_shm_get_image_reply(grab->conn, batch->cookie[i], &error);
        if (!reply) {
            result = failed(grab, error);
            continue;
        }
        free(reply);
        const struct codec_rect *rect = &batch->rect[i];
        store(grab, rect, (const uint8_t *)grab->map + batch->offset[i], stride_bytes(grab, rect->w), told);
    }
    batch->count = 0;
    batch->scratch_used = 0;
    return result;
}

static int fetch_shm(
    struct x11_grab *grab, const struct codec_rect *rects, size_t count, const struct told *told)
{
    struct batch batch = {0};
    const size_t half = grab->map_len / 2;
    for (size_t i = 0; i < count; i++) {
        const struct codec_rect rect = rects[i];
        const size_t need = stride_bytes(grab, rect.w) * (size_t)rect.h;
        if (batch.count == BATCH || need > half - batch.scratch_used) {
            int result = finish_batch(grab, &batch, told);
            if (result)
                return result;
        }
        const size_t offset = half + batch.scratch_used;
        batch.scratch_used += need;
        batch.rect[batch.count] = rect;
        batch.offset[batch.count] = offset;
        batch.cookie[batch.count] =
            xcb_shm_get_image(grab->conn, grab->root, (int16_t)rect.x, (int16_t)rect.y, (uint16_t)rect.w,
                (uint16_t)rect.h, ~0u, XCB_IMAGE_FORMAT_Z_PIXMAP, grab->seg, (uint32_t)offset);
        batch.count++;
    }
    return finish_batch(grab, &batch, told);
}

int x11_grab_rects(struct x11_grab *grab, const struct codec_rect *rects, size_t count,
    capture_changed_fn *changed, void *data)
{
    if (!grab->map)
        return CAPTURE_ERR_SIZE;
    for (size_t i = 0; i < count; i++) {
        const struct codec_rect *r = &rects[i];
        if (r->x < 0 || r->y < 0 || r->w < 1 || r->h < 1 || r->w > grab->width_px - r->x ||
            r->h > grab->height_px - r->y)
            return CAPTURE_ERR_RESIZED;
    }
    const struct told told = {changed, data};
    if (grab->shm_active)
        return fetch_shm(grab, rects, count, &told);
    for (size_t i = 0; i < count; i++) {
        int result = fetch_image(grab, &rects[i], &told);
        if (result)
            return result;
    }
    return 0;
}
