#include "codec/yuv.h"

#include "codec/video.h"

/* BT.709: Kr 0.2126, Kb 0.0722. Full range needs no scaling of y; u = (b - y) / 1.8556, v = (r - y) / 1.5748.
 * Forward in 1/65536, so that the three of y sum to one; back in 1/8192. */
enum {
    Y_R = 13933,
    Y_G = 46871,
    Y_B = 4732,
    U_R = -7509,
    U_G = -25259,
    U_B = 32768,
    V_R = 32768,
    V_G = -29763,
    V_B = -3005,
    HALF = 1 << 15,
    R_V = 12901,
    G_U = -1535,
    G_V = -3835,
    B_U = 15201,
    HALF_BACK = 1 << 12
};

static uint8_t clamp(int32_t v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void luma_row(const uint32_t *px, int32_t n, uint8_t *restrict y)
{
    for (int32_t x = 0; x < n; x++) {
        const int32_t r = (int32_t)(px[x] >> 16 & 255), g = (int32_t)(px[x] >> 8 & 255),
                      b = (int32_t)(px[x] & 255);
        y[x] = (uint8_t)((Y_R * r + Y_G * g + Y_B * b + HALF) >> 16);
    }
}

static void chroma_row(const uint32_t *px, int32_t n, uint8_t *restrict u, uint8_t *restrict v)
{
    for (int32_t x = 0; x < n; x++) {
        const int32_t r = (int32_t)(px[x] >> 16 & 255), g = (int32_t)(px[x] >> 8 & 255),
                      b = (int32_t)(px[x] & 255);
        u[x] = clamp(((U_R * r + U_G * g + U_B * b + HALF) >> 16) + 128);
        v[x] = clamp(((V_R * r + V_G * g + V_B * b + HALF) >> 16) + 128);
    }
}

/* Two rows to one of half the width; n pixels, even. The sums of four are divided with the weights. */
static void chroma_half_row(
    const uint32_t *px, const uint32_t *below, int32_t n, uint8_t *restrict u, uint8_t *restrict v)
{
    for (int32_t x = 0; x < n / 2; x++) {
        const uint32_t a = px[2 * x], b = px[2 * x + 1], c = below[2 * x], d = below[2 * x + 1];
        const uint32_t rb = (a & 0xff00ffu) + (b & 0xff00ffu) + (c & 0xff00ffu) + (d & 0xff00ffu);
        const int32_t red = (int32_t)(rb >> 16), blue = (int32_t)(rb & 0xffffu);
        const int32_t green = (int32_t)((a >> 8 & 255) + (b >> 8 & 255) + (c >> 8 & 255) + (d >> 8 & 255));
        u[x] = clamp(((U_R * red + U_G * green + U_B * blue + 4 * HALF) >> 18) + 128);
        v[x] = clamp(((V_R * red + V_G * green + V_B * blue + 4 * HALF) >> 18) + 128);
    }
}

void codec_yuv_from_rgb(const uint32_t *pixels, size_t stride_px, struct codec_rect r, bool chroma_full,
    uint8_t *y, size_t stride_y, uint8_t *u, uint8_t *v, size_t stride_uv)
{
    const int32_t w = codec_video_even(r.w), h = codec_video_even(r.h);
    /* An odd last pixel has no partner: it is its own. */
    uint32_t last[2][2];
    for (int32_t row = 0; row < h; row += 2) {
        const uint32_t *a = pixels + (size_t)(r.y + row) * stride_px + (size_t)r.x;
        const uint32_t *b = row + 1 < r.h ? a + stride_px : a;
        uint8_t *ya = y + (size_t)row * stride_y, *yb = ya + stride_y;
        luma_row(a, r.w, ya);
        luma_row(b, r.w, yb);
        if (w != r.w) {
            ya[r.w] = ya[r.w - 1];
            yb[r.w] = yb[r.w - 1];
        }
        if (chroma_full) {
            uint8_t *ua = u + (size_t)row * stride_uv, *va = v + (size_t)row * stride_uv;
            chroma_row(a, r.w, ua, va);
            chroma_row(b, r.w, ua + stride_uv, va + stride_uv);
            for (int32_t i = 0; i < 2 && w != r.w; i++, ua += stride_uv, va += stride_uv) {
                ua[r.w] = ua[r.w - 1];
                va[r.w] = va[r.w - 1];
            }
            continue;
        }
        uint8_t *uh = u + (size_t)(row / 2) * stride_uv, *vh = v + (size_t)(row / 2) * stride_uv;
        chroma_half_row(a, b, r.w & ~1, uh, vh);
        if (w != r.w) {
            last[0][0] = last[0][1] = a[r.w - 1];
            last[1][0] = last[1][1] = b[r.w - 1];
            chroma_half_row(last[0], last[1], 2, uh + r.w / 2, vh + r.w / 2);
        }
    }
}

static inline uint32_t to_rgb(int32_t y, int32_t u, int32_t v)
{
    const uint32_t r = clamp(y + ((R_V * v + HALF_BACK) >> 13));
    const uint32_t g = clamp(y + ((G_U * u + G_V * v + HALF_BACK) >> 13));
    const uint32_t b = clamp(y + ((B_U * u + HALF_BACK) >> 13));
    return r << 16 | g << 8 | b;
}

void codec_yuv_to_rgb_row(const struct codec_yuv *p, int32_t x0, int32_t x1, int32_t y, uint32_t *out)
{
    const uint8_t *restrict py = p->y + (size_t)y * p->stride_y;
    const size_t row = (size_t)(p->chroma_full ? y : y / 2) * p->stride_uv;
    const uint8_t *restrict pu = p->u + row, *restrict pv = p->v + row;
    if (p->chroma_full && p->step_uv == 1) { /* the loops that compilers make wide */
        for (int32_t x = x0; x < x1; x++)
            *out++ = to_rgb(py[x], pu[x] - 128, pv[x] - 128);
    } else if (!p->chroma_full && p->step_uv == 1 && x0 % 2 == 0) {
        const int32_t pairs = (x1 - x0) / 2;
        py += x0;
        pu += x0 / 2;
        pv += x0 / 2;
        for (int32_t x = 0; x < pairs; x++) {
            out[2 * x] = to_rgb(py[2 * x], pu[x] - 128, pv[x] - 128);
            out[2 * x + 1] = to_rgb(py[2 * x + 1], pu[x] - 128, pv[x] - 128);
        }
        if ((x1 - x0) % 2 != 0)
            out[2 * pairs] = to_rgb(py[2 * pairs], pu[pairs] - 128, pv[pairs] - 128);
    } else {
        for (int32_t x = x0; x < x1; x++) {
            const size_t at = (size_t)(p->chroma_full ? x : x / 2) * p->step_uv;
            *out++ = to_rgb(py[x], pu[at] - 128, pv[at] - 128);
        }
    }
}
