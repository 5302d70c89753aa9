#include "tests/bench/barcode.h"

/* Below and above these a square counts as black or white. */
#define BLACK_MOST 80u
#define WHITE_LEAST 175u

static uint32_t check(uint32_t number)
{
    /* Distinct for neighbours and never 0 or 31 for number 0 and 2047: an all-black or all-white area is
     * no barcode. */
    return ((number * 2654435761u) >> 27) ^ 0x15u;
}

uint16_t barcode_word(uint32_t number)
{
    return (uint16_t)((number & (BARCODE_NUMBERS - 1)) << 5 | (check(number) & 31u));
}

void barcode_paint(uint32_t *px, int32_t stride, uint32_t number)
{
    const uint32_t word = barcode_word(number);
    for (int32_t y = 0; y < BARCODE_H; y++)
        for (int32_t x = 0; x < BARCODE_W; x++)
            px[(int64_t)y * stride + x] = word >> (15 - x / BARCODE_SQUARE_PX) & 1u ? 0xffffffu : 0;
}

static uint32_t luma(uint32_t pixel)
{
    return ((pixel >> 16 & 255u) + 2 * (pixel >> 8 & 255u) + (pixel & 255u)) / 4;
}

int32_t barcode_read(const uint32_t *px, int32_t stride)
{
    /* Two points of each square, in its upper and lower half: both must agree, so a torn square is seen. */
    static const int32_t row[2] = {4, 11};
    uint32_t word = 0;
    for (int32_t i = 0; i < BARCODE_SQUARES; i++) {
        uint32_t bits = 0;
        for (int32_t k = 0; k < 2; k++) {
            const uint32_t *at = px + (int64_t)row[k] * stride + i * BARCODE_SQUARE_PX;
            const uint32_t mean = (luma(at[5]) + luma(at[8]) + luma(at[10])) / 3;
            if (mean > BLACK_MOST && mean < WHITE_LEAST)
                return -1;
            bits += mean >= WHITE_LEAST;
        }
        if (bits == 1)
            return -1;
        word = word << 1 | (bits == 2);
    }
    const uint32_t number = word >> 5;
    return barcode_word(number) == word ? (int32_t)number : -1;
}
