/* The framebuffer of an Xvfb that was started with -fbdir: mapped and read without asking the server, so
 * watching costs it nothing. Layout: X11/XWDFile.h. */
#pragma once

#include "tests/bench/picture.h"

#include <stdint.h>

/* Map the file; 0, or -1 when it is not a 32-bit picture of BENCH_W x BENCH_H. Stays mapped for good. */
int target_map(const char *path, struct picture *out_picture);
