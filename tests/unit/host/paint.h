/* A program on the test's display that paints, and reads the root window back by plain GetImage: the
 * judge of what is captured. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct paint;

struct paint *paint_open(void);
void paint_close(struct paint *paint);

/* Fill a rectangle of a window that covers the screen. */
void paint_fill(struct paint *paint, int x, int y, int w, int h, uint32_t rgb);

/* Many small rectangles of arbitrary colours, the same for the same seed. */
void paint_noise(struct paint *paint, unsigned seed, unsigned count);

/* The root as 0x00RRGGBB (24 bit displays), malloc'ed. */
uint32_t *paint_read(struct paint *paint, int *out_w, int *out_h);
