/* The number of a frame as 16 black and white squares of 16 px in a row: 11 bits of the number and 5 that
 * check them. Read from the middle of each square, so lossy coding does not hurt it, and refused when a
 * square is neither black nor white or the check fails (a torn or blended picture). Pure. */
#pragma once

#include <stdint.h>

#define BARCODE_SQUARE_PX 16
#define BARCODE_SQUARES 16
#define BARCODE_W (BARCODE_SQUARE_PX * BARCODE_SQUARES)
#define BARCODE_H BARCODE_SQUARE_PX
#define BARCODE_NUMBERS 2048u

/* The 16 bits for a number below BARCODE_NUMBERS, the leftmost square in bit 15. */
uint16_t barcode_word(uint32_t number);

/* Paint number at px, whose rows are stride pixels apart; 0xXXRRGGBB. */
void barcode_paint(uint32_t *px, int32_t stride, uint32_t number);

/* The number at px, or -1. */
int32_t barcode_read(const uint32_t *px, int32_t stride);
